"""A number explained: the rule in a sentence with the real numbers, the filters, the versions, and some cycles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from goals_tui.domain.drill_down import DrillDown
from goals_tui.domain.report import (
    BREAKDOWN_DIMENSIONS,
    NOTHING,
    OUTCOME_GLYPHS,
    OUTCOME_TITLES,
    Cycle,
    Figures,
    Outcome,
)
from goals_tui.domain.statistics import Share
from goals_tui.format import hours, percent, plural
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import Reading
from goals_tui.tui.charts.axis import between_times
from goals_tui.tui.filters.screen import copy_command
from goals_tui.tui.filters.texts import Formats, minute
from goals_tui.tui.insights.focus import Focus
from goals_tui.tui.sessions.cycle_list import outcome_words
from goals_tui.tui.widgets.columns import Column
from goals_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from goals_tui.domain.decisions import StepWorth
    from goals_tui.services.context import Services

EXAMPLES = 5
_LEAST_EXAMPLES = 2
"""The examples that are in view even where the rule is long."""

_MOST_STEPS = 8
_COUNTED: tuple[Outcome, ...] = ("completed", "partial", "incomplete")
_DOES: dict[Outcome, str] = {
    "completed": "reached a completion step",
    "partial": "reached a step beyond the initial one, but no completion step",
    "incomplete": "reached nothing beyond the initial step",
}
_SUMS = {"time_saved_seconds": "Time saved", "cost_savings": "Cost savings", "revenue": "Revenue"}


@dataclass(frozen=True)
class Making:
    """Everything that the dialog tells about a number."""

    focus: Focus
    figures: Figures
    count: int
    """The number of cycles that the drill-down counts."""

    worths: Sequence[StepWorth]
    origin: str
    examples: Sequence[Cycle]
    step: str
    """The name of the step that the number is about; empty if it is about none."""

    formats: Formats
    zone: ZoneInfo


def read_making(services: Services, focus: Focus) -> Making:
    """Read how a number is made. Call it in a thread."""
    insights, filters = services.insights, focus.filters
    figures = insights.totals(filters)[1]
    if focus.rest:
        dimensions = [each for name, _ in focus.rest for each in BREAKDOWN_DIMENSIONS if each == name]
        rows = insights.crossed_breakdown(dimensions, filters)
        title = focus.drill_down.part_title
        wanted = tuple(title if title and name == "version" else value for name, value in focus.rest)
        figures = next((row.figures for row in rows if row.parts == wanted), NOTHING)
    with insights.cycle_list(filters, focus.drill_down) as cycles:
        count, examples = len(cycles), cycles.page(0, EXAMPLES)
    drill_down = focus.drill_down
    step_id = drill_down.step_id or drill_down.dropped_after
    step = ""
    if step_id is not None and drill_down.goal_id is not None:
        names = {each.id: each.name for each in services.goals.get(drill_down.goal_id).steps}
        step = names.get(step_id, step_id)
    worths = insights.step_worths(filters) if focus.metric in _SUMS and not focus.rest else []
    project = services.project.get()
    zone = project.zone_or(filters.time_zone)
    origin = insights.origin(filters).partition(" Made ")[0]
    return Making(focus, figures, count, worths, origin, examples, step, Formats(project.currency), zone)


def explained(made: Making) -> Content:
    """Return the rule with the real numbers, then where they come from."""
    return Content("\n").join([*_sentences(made), Content(""), Content.styled(made.origin, "$quiet")])


def _sentences(made: Making) -> Iterator[Content]:
    drill_down, figures = made.focus.drill_down, made.figures
    if made.focus.metric in _SUMS:
        yield from _sum(made)
    elif made.step and drill_down.dropped_after:
        does = f"reached {made.step!r}, nothing later in the goal's order, and are not completed"
        yield _share(made.count, figures.started, does)
    elif drill_down.took is not None:
        took = f"took {between_times(*drill_down.took)} until {repr(made.step) if made.step else 'they were completed'}"
        yield _share(made.count, figures.started, took)
    elif made.step and drill_down.in_order:
        does = f"reached {made.step!r} and all steps before it, in their order"
        yield _share(made.count, figures.started, does)
    elif made.step:
        yield _share(made.count, figures.started, f"reached {made.step!r}, however often it fired")
    elif drill_down.outcome == "orphan":
        yield Content(f"{plural(made.count, 'orphan')}: cycles without an initial step, which are in no rate.")
    else:
        for outcome in (drill_down.outcome,) if drill_down.outcome else _COUNTED:
            title = (f"{OUTCOME_GLYPHS[outcome]} {OUTCOME_TITLES[outcome]}: ", f"bold ${outcome}")
            yield Content.assemble(title, _share(getattr(figures, outcome), figures.started, _DOES[outcome]))


def _share(part: int, whole: int, does: str) -> Content:
    if not whole:
        return Content("No cycle was started: there is no rate.")
    low, high = Share(part, whole).interval or (0.0, 1.0)
    rate = f"{part:,} / {whole:,} = {percent(part / whole)}"
    between = f"95 % interval {percent(low)} to {percent(high)}"
    of = f"{part:,} of the {whole:,} cycles that were started {does}: "
    return Content.assemble(of, (rate, "bold"), f" ({between}).")


def _sum(made: Making) -> Iterator[Content]:
    metric, words = made.focus.metric, made.formats
    total = getattr(made.figures, metric)
    yield Content.assemble(
        (f"{_SUMS[metric]}: {_amount(total, words)}", "bold"),
        f" is the sum over {plural(made.figures.started, 'cycle')} of what each step was worth, once per cycle however "
        "often it fired:",
    )
    rows = [(each, value * each.cycles) for each in made.worths if (value := _value(each, metric))]
    rows.sort(key=lambda row: -row[1])
    for each, product in rows[:_MOST_STEPS]:
        factor = _amount(_value(each, metric), words)
        of = f"{each.cycles:,} × {factor} = {_amount(product, words)}"
        yield Content.assemble(f"  {each.goal} › {each.step}: ", (of, "bold"))
    rest = rows[_MOST_STEPS:]
    if rest:
        yield Content(f"  {plural(len(rest), 'other step')}: {_amount(sum(product for _, product in rest), words)}")
    if made.figures.unpriced_steps:
        unpriced = plural(made.figures.unpriced_steps, "step")
        yield Content.styled(f"  {unpriced} of unknown value are counted, and in no sum.", "$warning")


def _value(worth: StepWorth, metric: str) -> int | Decimal:
    value: int | Decimal = 0 if worth.metrics is None else getattr(worth.metrics, metric)
    return value


def _amount(value: int | Decimal, words: Formats) -> str:
    return words.money(value) if isinstance(value, Decimal) else hours(value)


class HowMade(Reading[DrillDown]):
    """The explanation of one number. Returns the way to the session of an example, or None."""

    CONTEXT = "insights.how-made"
    BINDINGS = bindings("insights.how-made")
    DEFAULT_CSS = """
    HowMade > #dialog { width: 100; max-height: 100%; }
    HowMade #rule-part { height: auto; }
    HowMade #rule { height: auto; width: 1fr; }
    HowMade #examples { height: 6; margin-top: 1; }
    """

    def __init__(self, focus: Focus) -> None:
        super().__init__(f"How it is made: {focus.title}")
        self.asked_for = focus
        self.made: Making | None = None

    def compose_dialog(self) -> ComposeResult:
        columns = (
            Column("Some cycles", 17),
            Column("Goal", 12, share=1, drop=2),
            Column("Outcome", 12),
            Column("Reached", 12, share=2, drop=1),
        )
        with VerticalScroll(id="rule-part"):
            yield Static("Looking …", id="rule", markup=False)
        yield VirtualList(columns, id="examples")

    def compose_buttons(self) -> ComposeResult:
        yield Button("Close", id="close")

    def on_mount(self) -> None:
        self.query_one(VirtualList).focus()
        services, focus = self.services, self.asked_for
        self.load("how made", lambda: read_making(services, focus), self._show)

    def _show(self, made: Making) -> None:
        self.made = made
        self.query_one("#rule", Static).update(explained(made))
        rows = self.query_one(VirtualList)
        rows.display = bool(made.examples)
        rows.show(len(made.examples), self._cells)
        self.call_after_refresh(self.fit)
        self.refresh_bindings()

    def fit(self) -> None:
        """Show the whole rule first, and the examples in the lines that it leaves: two of them at least."""
        super().fit()
        rows, most = self.query_one(VirtualList), self.query_one("#dialog-body").styles.max_height
        room, below = int(most.value if most else 0), 0
        if rows.display:
            examples = len(self.made.examples) if self.made else EXAMPLES
            left = room - self.query_one("#rule").virtual_size.height - rows.styles.margin.top
            height = max(min(examples, _LEAST_EXAMPLES) + 1, min(examples + 1, left))
            rows.styles.height = height
            below = height + rows.styles.margin.top
        self.query_one("#rule-part").styles.max_height = max(3, room - below)

    def _cells(self, index: int) -> list[Content]:
        assert self.made is not None
        cycle = self.made.examples[index]
        started = f"{minute(cycle.started_at, self.made.zone):>17}" if cycle.started_at else "—"
        return [
            Content(started),
            Content(cycle.goal),
            outcome_words(cycle.outcome),
            Content(", ".join(cycle.reached)),
        ]

    @on(VirtualList.Selected)
    def action_session(self) -> None:
        """Close the dialog and show the session of the chosen cycle."""
        cursor = self.query_one(VirtualList).cursor
        if self.made is not None and cursor < len(self.made.examples):
            self.dismiss(DrillDown.of_session(self.made.examples[cursor].session_id))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the way to a session where there is no example."""
        return bool(self.made and self.made.examples) if action == "session" else True

    def action_copy_command(self) -> None:
        """Copy the command that gives the number."""
        from goals_tui.services.insights.saved_filters import cycles_command

        focus = self.asked_for
        drill_down = focus.drill_down
        if focus.rest or drill_down.step_id or drill_down.dropped_after or drill_down.took:
            goal_id = drill_down.goal_id
            goal = self.attempt(lambda: self.services.goals.get(goal_id)) if goal_id else None
            words = cycles_command(drill_down, goal)
        else:
            words = ["report"]
        copy_command(self, words, focus.filters)

    @on(Button.Pressed, "#close")
    def _close(self) -> None:
        self.dismiss(None)
