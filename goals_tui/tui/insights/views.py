"""The views of Insights: a report becomes a chart, its table, and the way to the cycles behind each number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from goals_tui.domain.report import OUTCOME_GLYPHS, OUTCOME_TITLES, Figures, GoalFigures, Outcome, Report
from goals_tui.domain.words import fold
from goals_tui.services.insights.service import Behind
from goals_tui.tui.insights.buckets import Axis
from goals_tui.tui.insights.table import Cell, Heading, Table
from goals_tui.tui.insights.words import Words, count_cell, hours, rate_cell, text_cell, time_cell
from goals_tui.tui.widgets.chart_axis import PERCENT, TIME, percent
from goals_tui.tui.widgets.chart_canvas import Place
from goals_tui.tui.widgets.chart_spec import Bars, ChartSpec, Column, Columns, Lines, Nothing, Series, ranked

Metric = Literal["time", "cost", "revenue"]
Rank = Literal["top", "bottom", "all"]
RANKED = 10
"""How many goals the performance view shows unless asked for all, as the original report does."""

_NEXT_RANK: dict[Rank, str] = {"top": f"bottom {RANKED}", "bottom": "all goals", "all": f"top {RANKED}"}

COUNTED: tuple[Outcome, ...] = ("completed", "partial", "incomplete")

NO_CYCLES = Nothing("No goal was started in this span", "Press ] for a longer span, or f to change the filters.")


EVERYTHING_BEHIND = Behind()


@dataclass(frozen=True)
class Lead:
    """The cycles behind a number. `goals` narrows the filters to several goals at once."""

    behind: Behind = EVERYTHING_BEHIND
    goals: tuple[str, ...] = ()
    part_title: str = ""
    """The part of `behind` in words."""


@dataclass(frozen=True)
class View:
    """What one tab shows. `rows` say what is behind each row of the table, in its order; None for all."""

    title: str
    spec: ChartSpec
    table: Table
    lead: Callable[[Place], Lead]
    rows: tuple[Lead, ...]
    table_title: str = ""
    """Where the table says something else than the chart."""

    notes: tuple[str, ...] = ()
    """Sentences that explain what looks odd in it."""

    hint: tuple[str, str] | None = None
    """A key that belongs to this view alone, and what it does."""


def nothing(view_title: str, spec: Nothing = NO_CYCLES) -> View:
    """A view without data."""
    return View(view_title, spec, Table((), ()), lambda _place: Lead(), ())


def figure_headings(words: Words) -> tuple[Heading, ...]:
    """The columns of figures; where room is short counts, the completion rate and what was saved come first."""
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


def figure_cells(figures: Figures, words: Words) -> tuple[Cell, ...]:
    """A row of figures under `figure_headings`."""
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


def outcome_series(rows: list[Figures]) -> tuple[Series, ...]:
    """The three outcomes of some figures, as the series of stacked bars."""
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
    """Rates and counts beside stacked bars of outcomes."""
    return (
        Column("Completed", tuple(percent(f.completion_rate) for f in rows), "completed"),
        Column("Partial", tuple(percent(f.partial_rate) for f in rows), "partial"),
        Column("Incomplete", tuple(percent(f.incomplete_rate) for f in rows), "incomplete", wide_only=True),
        Column("Started", tuple(f"{f.started:,}" for f in rows)),
    )


def by_completed(goals: tuple[GoalFigures, ...]) -> list[GoalFigures]:
    """Goals as the performance view ranks them: most completed first, then most started, then by name."""
    return sorted(goals, key=lambda g: (-g.figures.completed, -g.figures.started, fold(g.name), g.goal_id))


def performance(report: Report, words: Words, rank: Rank = "top") -> View:
    """One stacked bar a goal: completed, partially completed, incomplete."""
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
    table = Table(
        (Heading("Goal", "goal", numeric=False), *figure_headings(words)),
        tuple((text_cell(goal.name), *figure_cells(goal.figures, words)) for goal in ordered),
        (text_cell("Total"), *figure_cells(report.totals, words)),
    )
    return View(
        f"{title} · {which}, {order}" if count > 1 else title,
        spec,
        table,
        lambda place: Lead(Behind(goal_id=shown[place.mark].goal_id, outcome=outcome_of(place))),
        tuple(Lead(Behind(goal_id=goal.goal_id)) for goal in ordered),
        everything,
        hint=("o", _NEXT_RANK[rank]) if count > RANKED else None,
    )


def outcome_of(place: Place) -> Outcome | None:
    """The outcome that a part of a bar of outcomes stands for."""
    return None if place.part is None else COUNTED[place.part]


def rates(axis: Axis | None, words: Words) -> View:
    """The rates of completed and partially completed over time; gaps where nothing started."""
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
        lambda place: Lead(Behind(bucket=axis.buckets[place.mark], outcome=outcome_of(place))),
        tuple(Lead(Behind(bucket=bucket)) for bucket in axis.buckets),
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


def _time_table(axis: Axis, figures: list[Figures], words: Words) -> Table:
    total = sum(figures[1:], figures[0])
    return Table(
        (Heading(axis.unit.capitalize(), axis.unit, numeric=False), *figure_headings(words)),
        tuple(
            (Cell(axis.title(place), _when(axis, place)), *figure_cells(row, words))
            for place, row in enumerate(figures)
        ),
        (text_cell("Total"), *figure_cells(total, words)),
    )


def _when(axis: Axis, place: int) -> str:
    bucket = axis.buckets[place]
    return bucket.start.isoformat() if axis.unit == "hour" else bucket.first.isoformat()


METRIC_TITLES: dict[Metric, str] = {"time": "Time saved", "cost": "Cost savings", "revenue": "Revenue"}


def value_of(figures: Figures, metric: Metric) -> int | Decimal:
    """One of the three metrics: seconds, or an amount."""
    if metric == "time":
        return figures.time_saved_seconds
    return figures.cost_savings if metric == "cost" else figures.revenue


def metric_over_time(axis: Axis | None, metric: Metric, words: Words) -> View:
    """Time saved, cost savings or revenue over time, stacked by goal."""
    title = METRIC_TITLES[metric]
    if axis is None or not axis.figures:
        return nothing(title)
    places = range(len(axis.buckets))

    def cell(value: int | Decimal) -> Cell:
        return words.money_cell(value) if isinstance(value, Decimal) else time_cell(value)

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
    brief = None if metric == "time" else words.brief_money
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

    def lead(place: Place) -> Lead:
        goals = () if place.part is None else series[place.part].key
        one = goals[0] if len(goals) == 1 else None
        return Lead(Behind(bucket=axis.buckets[place.mark], goal_id=one), () if one else goals)

    rows = tuple(Lead(Behind(bucket=bucket)) for bucket in axis.buckets)
    return View(f"{title} by {axis.unit} and goal{axis.note}", spec, table, lead, rows)


def _sum(values: list[int | Decimal]) -> int | Decimal:
    total = values[0]
    for value in values[1:]:
        total += value
    return total
