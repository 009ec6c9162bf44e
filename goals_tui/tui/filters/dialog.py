"""The dialog that edits all filters: kinds of filters on the left, the values of one of them on the right."""

from __future__ import annotations

from datetime import date
from typing import Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Key
from textual.widget import Widget
from textual.widgets import Button, ContentSwitcher, Input, Static
from textual.widgets.option_list import Option

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.filters import FILTER_DIMENSIONS, SPAN_TITLES, Choice, FilterDimension, Filters, resolve_span
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import AskText, Dialog
from goals_tui.tui.filters.choices import ChoicePane, Tick
from goals_tui.tui.filters.span import SpanPane
from goals_tui.tui.widgets.fields import Options, ProblemLine

_KINDS = ("span", *(dimension.field for dimension in FILTER_DIMENSIONS), "more")


class FilterDialog(Dialog[Filters]):
    """An editor for all filters. Returns the edited filters, or None."""

    CONTEXT = "insights.edit"
    BINDINGS = bindings("insights.edit")
    HELP = "Left: what to filter by. Enter or → goes to its values, ← comes back."
    DEFAULT_CSS = """
    FilterDialog > #dialog { width: 92; height: 22; }
    FilterDialog #dialog-body { height: 1fr; max-height: 1fr; }
    FilterDialog #filter-columns { height: 1fr; }
    FilterDialog #kinds { width: 32; height: 1fr; margin-right: 2; }
    FilterDialog ContentSwitcher { height: 1fr; }
    FilterDialog #more Tick { margin-bottom: 1; }
    """

    def __init__(self, filters: Filters, today: date) -> None:
        super().__init__("Filters")
        self.start = filters
        self.today = today

    def compose_dialog(self) -> ComposeResult:
        start = self.start
        with Horizontal(id="filter-columns"):
            yield Options(*(Option(kind.capitalize()) for kind in _KINDS), id="kinds")
            with ContentSwitcher(initial="span"):
                yield SpanPane(start, self.today)
                for dimension in FILTER_DIMENSIONS:
                    yield self._pane(dimension)
                with Vertical(id="more"):
                    yield Tick("With Interaction Panel and playbooks", start.include_test, id="test")
                    yield Tick(
                        "Use current goal values",
                        start.price_by == "current",
                        id="current",
                    )
                    yield Static("Otherwise the values recorded when each cycle ran.", classes="quiet", markup=False)
        yield ProblemLine(id="filter-problem")

    def _pane(self, dimension: FilterDimension) -> ChoicePane:
        start, field = self.start, dimension.field
        if dimension.name != "snapshot":
            return ChoicePane(field, start.choice(dimension), id=field)
        return ChoicePane(
            field,
            start.snapshots,
            none="without a snapshot",
            none_chosen=start.no_snapshot or start.any_snapshot,
            but=start.any_snapshot,
            id=field,
        )

    def compose_buttons(self) -> ComposeResult:
        yield Button("Save as…", id="save")
        yield Button("Reset", id="reset")
        yield Button("Cancel", id="cancel")
        yield Button("Apply", id="apply", variant="primary")

    def on_mount(self) -> None:
        kinds = self.query_one("#kinds", Options)
        kinds.highlighted = 0
        kinds.focus()
        self.query_one("#goals", ChoicePane).fill((row.id, row.name) for row in self.services.goals.summaries())
        self.load("values", self._values, self._fill)
        self._say()

    def _values(self) -> dict[str, list[str]]:
        insights = self.services.insights
        return {each.field: insights.dimension_values(each.name) for each in FILTER_DIMENSIONS if each.name != "goal"}

    def _fill(self, found: dict[str, list[str]]) -> None:
        for pane, values in found.items():
            self.query_one(f"#{pane}", ChoicePane).fill((value, value) for value in values)

    # -- choices

    @property
    def draft(self) -> Filters:
        """The filters as edited so far."""
        snapshots = self.query_one("#snapshots", ChoicePane)
        fields: dict[str, Any] = {
            **self.query_one(SpanPane).changes(),
            **{each.field: self.query_one(f"#{each.field}", ChoicePane).choice for each in FILTER_DIMENSIONS},
            "no_snapshot": snapshots.none_chosen and not snapshots.all_but,
            "any_snapshot": snapshots.none_chosen and snapshots.all_but,
            "include_test": self.query_one("#test", Tick).value,
            "price_by": "current" if self.query_one("#current", Tick).value else "recorded",
        }
        return self.start.model_copy(update=fields)

    def problem(self) -> str:
        """Return the reason why the filters can't be used; empty where they can."""
        draft = self.draft
        where = self.services.project.get().zone_or(draft.time_zone)
        try:
            resolve_span(draft, self.services.clock(), where)
        except GoalsError as error:
            return str(error).replace("--from", "From").replace("--to", "To")
        return ""

    @on(SpanPane.Changed)
    @on(ChoicePane.Changed)
    @on(Tick.Changed)
    def _say(self) -> None:
        self.query_one("#filter-problem", ProblemLine).say(self.problem())
        draft, kinds = self.draft, self.query_one("#kinds", Options)
        more = [
            word for word, on in (("panel", draft.include_test), ("current values", draft.price_by == "current")) if on
        ]
        words = (
            SPAN_TITLES[draft.span],
            *(
                self._snapshots(draft) if each.name == "snapshot" else self._summary(each.field, draft.choice(each))
                for each in FILTER_DIMENSIONS
            ),
            ", ".join(more) or "—",
        )
        for place, (kind, word) in enumerate(zip(_KINDS, words, strict=True)):
            look = "$quiet" if word in ("all", "—") else "bold"
            text = Content.assemble(f"{kind.capitalize():<11}", Content.styled(word, look).truncate(18, ellipsis=True))
            kinds.replace_option_prompt_at_index(place, text)

    def _summary(self, pane: str, choice: Choice) -> str:
        if not choice:
            return "all"
        one = self.query_one(f"#{pane}", ChoicePane).title(choice.values[0])
        names = one if len(choice.values) == 1 else str(len(choice.values))
        return f"not {names}" if choice.negated else names

    def _snapshots(self, draft: Filters) -> str:
        if draft.any_snapshot:
            return f"{self._summary('snapshots', draft.snapshots)} nor none" if draft.snapshots else "any"
        if not draft.no_snapshot:
            return self._summary("snapshots", draft.snapshots)
        return "none" if not draft.snapshots else f"{self._summary('snapshots', draft.snapshots)} or none"

    # -- moving about

    @on(Options.OptionHighlighted, "#kinds")
    def _show_kind(self, event: Options.OptionHighlighted) -> None:
        self.query_one(ContentSwitcher).current = _KINDS[event.option_index]

    @on(Options.OptionSelected, "#kinds")
    def _enter_kind(self) -> None:
        pane = self.query_one(ContentSwitcher).visible_content
        first = next((w for w in pane.query("*") if w.focusable), None) if pane else None
        if first is not None:
            first.focus()

    def on_key(self, event: Key) -> None:
        """Move from the kinds to their values by →, and back by ←: in text only from its beginning."""
        kinds = self.query_one("#kinds", Options)
        if event.key == "right" and kinds.has_focus:
            event.stop()
            self._enter_kind()
        elif event.key == "left" and not kinds.has_focus and _at_left_edge(self.focused):
            event.stop()
            kinds.focus()

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#apply")
    def action_apply(self) -> None:
        """Apply the filters."""
        if not self.problem():
            self.dismiss(self.draft)

    @on(Button.Pressed, "#reset")
    def action_reset(self) -> None:
        """Reset the filters to everything of the last seven days."""
        plain = Filters()
        self.query_one(SpanPane).reset(plain)
        for pane in self.query(ChoicePane):
            pane.reset(Choice(), none_chosen=False)
        self.query_one("#test", Tick).value = False
        self.query_one("#current", Tick).value = False
        self.start = plain
        self._say()

    @on(Button.Pressed, "#save")
    def _save(self) -> None:
        self.action_save()

    @work
    async def action_save(self) -> None:
        """Save the filters under a name."""
        if self.problem():
            return
        name = await self.app.push_screen_wait(AskText("Save the filters under a name"))
        if name is None:
            return
        draft = self.draft
        if await self.attempt_change("Saving the filters", lambda: self.services.filters.save(name, draft)) is not None:
            self.app.notify(f"Filters saved as {name!r}.")


def _at_left_edge(focused: Widget | None) -> bool:
    if isinstance(focused, Input):
        return focused.cursor_position == 0
    return not isinstance(focused, Button)
