"""The choice of a time span, with a calendar."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Grid, Vertical
from textual.content import Content
from textual.events import Click, Key
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget
from textual.widgets import Input, Label, Static
from textual.widgets.option_list import Option

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.filters import SPAN_TITLES, SPANS_BY_LENGTH, Filters, SpanName, parse_moment
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import Dialog
from goals_tui.tui.widgets.fields import Options


class SpanPane(Vertical):
    """An editor for the span of filters.

    Typing a day makes it a custom span; the down arrow in a field opens a calendar.
    """

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
        """Posted when another span was chosen."""

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
            yield Input(self.since, placeholder="e.g. 2026-10-01", id="since")
            yield Input(self.until, placeholder="e.g. 2026-10-31", id="until")
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
        """Return the fields of `Filters` that this pane edits."""
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
        """Open a calendar on the down arrow, for the day that is being typed."""
        focused = self.screen.focused
        if event.key == "down" and isinstance(focused, Input) and focused.id in ("since", "until"):
            event.stop()
            self.open_calendar(focused)

    @work
    async def open_calendar(self, field: Input) -> None:
        """Choose the day of a field in a calendar; a time in the field is kept."""
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


_FIRST, _LAST = date(1970, 1, 1), date(2199, 12, 31)


def month_later(day: date, months: int) -> date:
    """Return the same day some months later, or the last day of a shorter month.

    Beyond the years of the calendar, return `day` itself.
    """
    months += day.year * 12 + day.month - 1
    year, month = divmod(months, 12)
    if not _FIRST.year <= year <= _LAST.year:
        return day
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


class Month(Widget):
    """The weeks of the month of `day`, Monday first."""

    DEFAULT_CSS = """
    Month { width: 28; height: 8; }
    """

    day: reactive[date] = reactive(date(2026, 1, 1))

    def __init__(self, day: date, today: date) -> None:
        super().__init__()
        self.today = today
        self.set_reactive(Month.day, day)

    def render(self) -> Content:
        weeks = calendar.Calendar().monthdatescalendar(self.day.year, self.day.month)
        lines = [
            Content.styled(f"{self.day:%B %Y}".center(28), "bold"),
            Content.styled(" Mo  Tu  We  Th  Fr  Sa  Su ", "$quiet"),
            *(Content("").join([self._cell(day) for day in week]) for week in weeks),
        ]
        return Content("\n").join(lines)

    def _cell(self, day: date) -> Content:
        text = f"[{day.day:>2}]" if day == self.day else f" {day.day:>2} "
        look = "$foreground" if day.month == self.day.month else "$quiet"
        if day == self.today:
            look = "bold $primary underline"
        if day == self.day:
            look = "bold $block-cursor-foreground on $primary"
        return Content.styled(text, look).stylize(Style.from_meta({"day": day.isoformat()}))


class Calendar(Dialog[date]):
    """A calendar. Returns the chosen day, or None."""

    CONTEXT = "insights.calendar"
    BINDINGS = bindings("insights.calendar")
    DEFAULT_CSS = """
    Calendar > #dialog { width: 36; }
    """

    def __init__(self, title: str, day: date, today: date) -> None:
        super().__init__(title)
        self.month = Month(day, today)

    def compose_dialog(self) -> ComposeResult:
        yield self.month

    def action_move(self, days: int) -> None:
        """Move the cursor by some days."""
        self.month.day = max(_FIRST, min(_LAST, self.month.day + timedelta(days=days)))

    def action_month(self, months: int) -> None:
        """Move the cursor by some months."""
        self.month.day = month_later(self.month.day, months)

    def action_today(self) -> None:
        """Move the cursor to today."""
        self.month.day = self.month.today

    def action_take(self) -> None:
        """Close the calendar with the chosen day."""
        self.dismiss(self.month.day)

    def on_click(self, event: Click) -> None:
        """Choose the clicked day."""
        day = event.style.meta.get("day")
        if day:
            self.dismiss(date.fromisoformat(day))
