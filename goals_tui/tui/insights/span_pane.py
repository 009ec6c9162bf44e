"""The span of time being edited: a named one, or days and times of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Grid, Vertical
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.widgets import Input, Label, Static
from textual.widgets.option_list import Option

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.filters import SPAN_TITLES, Filters, SpanName, parse_moment
from goals_tui.tui.insights.calendar import Calendar
from goals_tui.tui.insights.filtered_screen import SPANS_BY_LENGTH
from goals_tui.tui.widgets.options import Options


class SpanPane(Vertical):
    """The span part of filters. Typing a day makes it a custom span; the down arrow there opens a calendar."""

    DEFAULT_CSS = """
    SpanPane { height: 1fr; }
    SpanPane Options { height: auto; max-height: 7; }
    SpanPane Grid {
        grid-size: 2; grid-columns: 1fr 1fr; grid-rows: 1 auto; grid-gutter: 0 1; height: auto; margin-top: 1;
    }
    SpanPane Grid Label { color: $quiet; }
    SpanPane #span-problem { height: auto; color: $quiet; }
    """

    @dataclass
    class Changed(Message):
        """Another span was chosen."""

        pane: SpanPane

    def __init__(self, filters: Filters, today: date) -> None:
        super().__init__(id="span")
        self.today = today
        self.span: SpanName = filters.span
        self.since, self.until = filters.since or "", filters.until or ""

    def compose(self) -> ComposeResult:
        yield Options(*(Option(self._row(name)) for name in SPANS_BY_LENGTH))
        with Grid():
            yield Label("From")
            yield Label("To, included")
            yield Input(self.since, placeholder="2026-10-01", id="since")
            yield Input(self.until, placeholder="2026-10-31", id="until")
        yield Static("A day or 2026-10-01T08:30; ↓ calendar", id="span-problem", markup=False)

    def on_mount(self) -> None:
        if self.span in SPANS_BY_LENGTH:
            self.query_one(Options).highlighted = SPANS_BY_LENGTH.index(self.span)

    def reset(self, filters: Filters) -> None:
        """Edit the span of other filters."""
        self.span = filters.span
        for id_, value in (("since", filters.since), ("until", filters.until)):
            with self.prevent(Input.Changed):
                self.query_one(f"#{id_}", Input).value = value or ""
        self.since, self.until = filters.since or "", filters.until or ""
        self._redraw()

    def changes(self) -> dict[str, str | None]:
        """The fields of `Filters` that this pane edits."""
        if self.span != "custom":
            return {"span": self.span, "since": None, "until": None}
        return {"span": "custom", "since": self.since or None, "until": self.until or None}

    def _row(self, name: SpanName) -> Content:
        mark = ("● ", "bold $primary") if name == self.span else ("○ ", "$quiet")
        return Content.assemble(mark, SPAN_TITLES[name])

    def _redraw(self) -> None:
        rows = self.query_one(Options)
        for place, name in enumerate(SPANS_BY_LENGTH):
            rows.replace_option_prompt_at_index(place, self._row(name))
        self.post_message(self.Changed(self))

    @on(Options.OptionSelected)
    def _preset(self, event: Options.OptionSelected) -> None:
        event.stop()
        self.reset(Filters(span=SPANS_BY_LENGTH[event.option_index]))

    @on(Options.OptionHighlighted)
    def _keep_highlight_here(self, event: Options.OptionHighlighted) -> None:
        event.stop()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.since, self.until = (self.query_one(id_, Input).value.strip() for id_ in ("#since", "#until"))
        if self.since or self.until:
            self.span = "custom"
        elif self.span == "custom":
            self.span = "last-7-days"
        self._redraw()

    def on_key(self, event: Key) -> None:
        """The down arrow opens a calendar for the day that is being typed."""
        focused = self.screen.focused
        if event.key == "down" and isinstance(focused, Input) and focused.id in ("since", "until"):
            event.stop()
            self.open_calendar(focused)

    @work
    async def open_calendar(self, field: Input) -> None:
        """Pick the day of a field; a time that stands there is kept."""
        _, mark, clock = field.value.strip().partition("T")
        try:
            typed = parse_moment(field.value, "from")
            start = typed.date() if isinstance(typed, datetime) else typed
        except RefusedError:
            start = self.today
        title = "From" if field.id == "since" else "To"
        day = await self.app.push_screen_wait(Calendar(title, start, self.today))
        if day is not None:
            field.value = f"{day.isoformat()}{mark}{clock}"
