"""The views of the Insights screen, which turn reports and funnels into charts and tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import Literal

from goals_tui.domain.drill_down import ALL_CYCLES, DrillDown
from goals_tui.domain.filters import Choice, Dimension, Filters
from goals_tui.domain.goal import GLYPHS
from goals_tui.domain.report import (
    NOTHING,
    OUTCOME_GLYPHS,
    OUTCOME_TITLES,
    Figures,
    Funnel,
    GoalFigures,
    Outcome,
    PartFigures,
    Report,
)
from goals_tui.domain.words import fold
from goals_tui.format import percent
from goals_tui.tui.charts.axis import PERCENT, TIME
from goals_tui.tui.charts.canvas import Place
from goals_tui.tui.charts.spec import Bars, ChartSpec, Column, Columns, Lines, Nothing, Series, ranked
from goals_tui.tui.filters.texts import (
    Formats,
    count_cell,
    hours,
    lasted_cell,
    rate_cell,
    text_cell,
    time_cell,
)
from goals_tui.tui.insights.model import Axis
from goals_tui.tui.insights.table import Cell, Heading, Table

Metric = Literal["time", "cost", "revenue"]
Rank = Literal["top", "bottom", "all"]
RANKED = 10
"""The number of goals in the top and bottom rankings of the performance view, as in the original report."""
_NEXT_RANK: dict[Rank, str] = {"top": f"bottom {RANKED}", "bottom": "all goals", "all": f"top {RANKED}"}
COUNTED: tuple[Outcome, ...] = ("completed", "partial", "incomplete")
NO_CYCLES = Nothing("No goal was started in this span", "")


@dataclass(frozen=True)
class View:
    """The chart and the table of one tab.

    `lead` returns the link to the cycles of a place in the chart; `rows` holds the links of the rows of the table. Rows
    without a link, such as the total, lead to all cycles.
    """

    title: str
    spec: ChartSpec
    table: Table
    lead: Callable[[Place], DrillDown]
    rows: tuple[DrillDown, ...]
    table_title: str = ""
    """The title of the table, if it differs from the title of the chart."""

    notes: tuple[str, ...] = ()
    """Sentences that explain unexpected numbers."""

    hint: tuple[str, str] | None = None
    """A key that only this view has, and a short description of its effect."""


def nothing(view_title: str, spec: Nothing = NO_CYCLES) -> View:
    """Return a view without data; `spec` says why there is none."""
    return View(view_title, spec, Table((), ()), lambda _place: ALL_CYCLES, ())


def figure_headings(words: Formats) -> tuple[Heading, ...]:
    """Return the headings of the columns of figures.

    If not all columns fit, partial and incomplete cycles come last.
    """
    return (
        Heading("Started", "started"),
        Heading("✔ Completed", "completed", brief_title="✔"),
        Heading("✔ %", "completion_rate"),
        Heading("◐ Partial", "partial", brief_title="◐", minor=True),
        Heading("◐ %", "partial_rate", minor=True),
        Heading("✕ Incomplete", "incomplete", brief_title="✕", minor=True),
        Heading("Time saved", "time_saved_seconds", brief_title="Time"),
        Heading("Cost savings", "cost_savings", brief_title="Savings", brief=words.brief_money),
        Heading("Revenue", "revenue", brief=words.brief_money),
    )


def figure_cells(figures: Figures, words: Formats) -> tuple[Cell, ...]:
    """Return the cells of figures in the order of `figure_headings`."""
    return (
        count_cell(figures.started),
        count_cell(figures.completed),
        rate_cell(figures.completion_rate),
        count_cell(figures.partial),
        rate_cell(figures.partial_rate),
        count_cell(figures.incomplete),
        time_cell(figures.time_saved_seconds),
        words.money_cell(figures.cost_savings),
        words.money_cell(figures.revenue),
    )


def figure_table(
    heading: Heading, names: Sequence[Cell], rows: Sequence[Figures], total: Figures, words: Formats
) -> Table:
    """Return a table with a name and figures in each row, and their total."""
    words = words.aligned(amount for row in (*rows, total) for amount in (row.cost_savings, row.revenue))
    return Table(
        (heading, *figure_headings(words)),
        tuple((name, *figure_cells(row, words)) for name, row in zip(names, rows, strict=True)),
        (text_cell("Total"), *figure_cells(total, words)),
    )


def outcome_series(rows: list[Figures]) -> tuple[Series, ...]:
    """Return the counts of the three outcomes as the series of stacked bars, one bar per row."""
    return tuple(
        Series(
            OUTCOME_TITLES[outcome],
            outcome,
            tuple(getattr(figures, outcome) for figures in rows),
            OUTCOME_GLYPHS[outcome],
            tuple(f"{getattr(figures, outcome):,}" for figures in rows),
        )
        for outcome in COUNTED
    )


def share_columns(rows: list[Figures]) -> tuple[Column, ...]:
    """Return the columns of rates and counts that stand beside stacked bars of outcomes."""
    return (
        Column("Completed", tuple(percent(f.completion_rate) for f in rows), "completed"),
        Column("Partial", tuple(percent(f.partial_rate) for f in rows), "partial"),
        Column("Incomplete", tuple(percent(f.incomplete_rate) for f in rows), "incomplete", wide_only=True),
        Column("Started", tuple(f"{f.started:,}" for f in rows)),
    )


def by_completed(goals: tuple[GoalFigures, ...]) -> list[GoalFigures]:
    """Return the goals ranked by completed cycles, then by started cycles (most first), then by name."""
    return sorted(goals, key=lambda g: (-g.figures.completed, -g.figures.started, fold(g.name), g.goal_id))


def performance(report: Report, words: Formats, rank: Rank = "top") -> View:
    """Return the performance view: one stacked bar of outcomes per goal."""
    title, ordered = "Goals performance", by_completed(report.goals)
    shown = {"top": ordered[:RANKED], "bottom": ordered[::-1][:RANKED], "all": ordered}[rank]
    if not report.totals.started:
        return nothing(title)
    count = len(ordered)
    everything = f"{title} · all {count} goals, most completed first" if count > 1 else title
    which = f"all {count} goals" if count <= RANKED or rank == "all" else f"{rank} {RANKED} of {count} goals"
    order = "fewest completed first" if rank == "bottom" else "most completed first"
    figures = [goal.figures for goal in shown]
    spec = Bars(
        labels=tuple(goal.name if goal.known else f"{goal.name} (unknown)" for goal in shown),
        series=outcome_series(figures),
        columns=share_columns(figures),
    )
    names = [text_cell(goal.name) for goal in ordered]
    heading = Heading("Goal", "goal", numeric=False)
    table = figure_table(heading, names, [goal.figures for goal in ordered], report.totals, words)
    return View(
        f"{title} · {which}, {order}" if count > 1 else title,
        spec,
        table,
        lambda place: DrillDown(goal_id=shown[place.mark].goal_id, outcome=outcome_of(place)),
        tuple(DrillDown(goal_id=goal.goal_id) for goal in ordered),
        everything,
        hint=("o", _NEXT_RANK[rank]) if count > RANKED else None,
    )


def outcome_of(place: Place) -> Outcome | None:
    """Return the outcome that a part of a bar shows, or None for the whole bar."""
    return None if place.part is None else COUNTED[place.part]


def rates(axis: Axis | None, words: Formats) -> View:
    """Return the view of the rates of completed and partially completed cycles over time.

    Buckets in which nothing was started are gaps in the lines.
    """
    if axis is None or not axis.figures:
        return nothing("Completion rate")
    places = range(len(axis.buckets))
    figures = list(axis.totals)
    spec = Lines(
        tuple(axis.label(place) for place in places),
        tuple(axis.title(place) for place in places),
        (
            _rate_series("completed", [f.completed for f in figures], figures),
            _rate_series("partial", [f.partial for f in figures], figures),
        ),
        PERCENT,
    )
    return View(
        f"Completion rate by {axis.unit}{axis.note}",
        spec,
        _time_table(axis, figures, words),
        lambda place: DrillDown(bucket=axis.buckets[place.mark], outcome=outcome_of(place)),
        tuple(DrillDown(bucket=bucket) for bucket in axis.buckets),
    )


def _rate_series(outcome: Outcome, counts: list[int], figures: list[Figures]) -> Series:
    started = [f.started for f in figures]
    return Series(
        OUTCOME_TITLES[outcome],
        outcome,
        tuple(count / whole if whole else None for count, whole in zip(counts, started, strict=True)),
        OUTCOME_GLYPHS[outcome],
        tuple(
            f"{percent(count / whole)} ({count:,} of {whole:,})" if whole else "—"
            for count, whole in zip(counts, started, strict=True)
        ),
    )


def _time_table(axis: Axis, figures: list[Figures], words: Formats) -> Table:
    names = [Cell(axis.title(place), _when(axis, place)) for place in range(len(figures))]
    heading = Heading(axis.unit.capitalize(), axis.unit, numeric=False)
    return figure_table(heading, names, figures, sum(figures, NOTHING), words)


def _when(axis: Axis, place: int) -> str:
    bucket = axis.buckets[place]
    return bucket.start.isoformat() if axis.unit == "hour" else bucket.first.isoformat()


METRIC_TITLES: dict[Metric, str] = {"time": "Time saved", "cost": "Cost savings", "revenue": "Revenue"}


def value_of(figures: Figures, metric: Metric) -> int | Decimal:
    """Return the value of a metric: seconds for the time saved, else an amount of money."""
    if metric == "time":
        return figures.time_saved_seconds
    return figures.cost_savings if metric == "cost" else figures.revenue


def metric_over_time(axis: Axis | None, metric: Metric, words: Formats, filters: Filters) -> View:
    """Return the view of time saved, cost savings or revenue over time, stacked by goal.

    `filters` are those of the figures.
    """
    title = METRIC_TITLES[metric]
    if axis is None or not axis.figures:
        return nothing(title)
    places = range(len(axis.buckets))

    values = {goal_id: [value_of(axis.of(place, goal_id), metric) for place in places] for goal_id in axis.goals}
    series = ranked(
        [
            Series(
                name,
                "",
                tuple(float(value) for value in values[goal_id]),
                texts=tuple(words.money(v) if isinstance(v, Decimal) else hours(v) for v in values[goal_id]),
                key=(goal_id,),
            )
            for goal_id, name in axis.goals.items()
        ],
        "other goals",
    )
    if not series:
        hint = "Give steps of your goals a value: press 1, open a goal, and add success metrics to a step."
        return nothing(title, Nothing(f"{title}: nothing in this span", hint))
    kept = [goal_id for one in series for goal_id in one.key]
    totals = [value_of(total, metric) for total in axis.totals]
    spec = Columns(
        tuple(axis.label(place) for place in places),
        tuple(axis.title(place) for place in places),
        series,
        TIME if metric == "time" else words.money_unit,
        tuple(words.money(v) if isinstance(v, Decimal) else hours(v) for v in totals),
    )
    words = words.aligned(value for value in (*totals, *chain(*values.values())) if isinstance(value, Decimal))
    brief = None if metric == "time" else words.brief_money

    def cell(value: int | Decimal) -> Cell:
        return words.money_cell(value) if isinstance(value, Decimal) else time_cell(value)

    table = Table(
        (
            Heading(axis.unit.capitalize(), axis.unit, numeric=False),
            Heading("Total", "total", brief=brief),
            *(Heading(axis.goals[goal_id], axis.goals[goal_id], brief=brief) for goal_id in kept),
        ),
        tuple(
            (
                Cell(axis.title(place), _when(axis, place)),
                cell(totals[place]),
                *(cell(values[goal_id][place]) for goal_id in kept),
            )
            for place in places
        ),
        (text_cell("Total"), cell(_sum(totals)), *(cell(_sum(values[goal_id])) for goal_id in kept)),
    )

    def lead(place: Place) -> DrillDown:
        goals = () if place.part is None else series[place.part].key
        one = goals[0] if len(goals) == 1 else None
        some = filters.model_copy(update={"goals": Choice(values=goals)}) if goals and not one else None
        return DrillDown(bucket=axis.buckets[place.mark], goal_id=one, filters=some)

    rows = tuple(DrillDown(bucket=bucket) for bucket in axis.buckets)
    return View(f"{title} by {axis.unit} and goal{axis.note}", spec, table, lead, rows)


def _sum(values: list[int | Decimal]) -> int | Decimal:
    total = values[0]
    for value in values[1:]:
        total += value
    return total


NO_GOALS = Nothing("No goal yet", "Press 1, then n, to define the first one.")


def funnel(found: Funnel | None) -> View:
    """Return the funnel view: how many cycles reached each step of a goal, and how long after their start."""
    if found is None:
        return nothing("Funnel", NO_GOALS)
    title = f"Funnel · {found.goal}"
    if not found.started:
        hint = "Press ] for a longer span, or g for another goal."
        return nothing(title, Nothing(f"{found.goal} was not started in this span", hint))
    steps = found.steps
    lasted = [(lasted_cell(step.median_seconds), lasted_cell(step.p90_seconds)) for step in steps]
    reached = Series(
        "Reached",
        "primary",
        tuple(step.reached for step in steps),
        texts=tuple(f"{step.reached:,} of {found.started:,} ({percent(step.from_start)})" for step in steps),
    )
    spec = Bars(
        labels=tuple(step.name for step in steps),
        series=(reached,),
        columns=(
            Column("Cycles", tuple(f"{step.reached:,}" for step in steps)),
            Column("Of start", tuple(percent(step.from_start) for step in steps), "primary"),
            Column("Of previous", tuple(percent(step.from_previous) for step in steps)),
            Column("Median", tuple(median.text for median, _ in lasted), "muted"),
            Column("90 % within", tuple(p90.text for _, p90 in lasted), "muted", wide_only=True),
        ),
        glyphs=tuple(GLYPHS[step.kind] for step in steps),
        top=max(found.started, *(step.reached for step in steps)),
        ghost=True,
    )
    table = Table(
        (
            Heading("Step", "step", numeric=False),
            Heading("Kind", "kind", numeric=False),
            Heading("Cycles", "reached"),
            Heading("Of start", "from_start"),
            Heading("Of previous", "from_previous", brief_title="Of prev."),
            Heading("Median", "median_seconds"),
            Heading("90 % within", "p90_seconds", brief_title="90 %"),
        ),
        tuple(
            (
                text_cell(step.name),
                text_cell(step.kind),
                count_cell(step.reached),
                rate_cell(step.from_start),
                rate_cell(step.from_previous),
                *lasted[place],
            )
            for place, step in enumerate(steps)
        ),
    )
    leads = tuple(DrillDown(goal_id=found.goal_id, step_id=step.step_id) for step in steps)
    return View(
        title, spec, table, lambda place: leads[place.mark], leads, notes=tuple(found.notes), hint=("g", "another goal")
    )


DIMENSIONS: tuple[Dimension, ...] = ("endpoint", "locale", "snapshot", "version")


def breakdown(parts: list[PartFigures], dimension: Dimension, words: Formats) -> View:
    """Return the breakdown view: one stacked bar of outcomes per value of the dimension."""
    title = f"By {dimension}"
    if not parts:
        return nothing(title)
    figures = [part.figures for part in parts]
    following = DIMENSIONS[(DIMENSIONS.index(dimension) + 1) % len(DIMENSIONS)]

    def lead(part: PartFigures, outcome: Outcome | None = None) -> DrillDown:
        return DrillDown(parts=((dimension, part.part),), outcome=outcome, part_title=part.title)

    spec = Bars(
        labels=tuple(part.title for part in parts),
        series=outcome_series(figures),
        columns=share_columns(figures),
    )
    names = [text_cell(part.title) for part in parts]
    heading = Heading(dimension.capitalize(), dimension, numeric=False)
    table = figure_table(heading, names, figures, sum(figures, NOTHING), words)
    return View(
        title,
        spec,
        table,
        lambda place: lead(parts[place.mark], outcome_of(place)),
        tuple(lead(part) for part in parts),
        hint=("d", f"by {following}"),
    )
