"""A view of the Insights screen: a chart, the same numbers as a table, and the way from each to its cycles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from goals_tui.domain.drill_down import ALL_CYCLES, DrillDown
from goals_tui.domain.report import NOTHING, OUTCOME_GLYPHS, OUTCOME_TITLES, Figures, Outcome
from goals_tui.domain.statistics import Share
from goals_tui.format import percent, short_interval
from goals_tui.tui.charts.axis import PERCENT, short_time
from goals_tui.tui.charts.canvas import Place
from goals_tui.tui.charts.spec import Bars, ChartSpec, Column, Columns, Nothing, Series
from goals_tui.tui.filters.texts import Formats, count_cell, rate_cell, text_cell, time_cell
from goals_tui.tui.insights.model import Axis
from goals_tui.tui.insights.table import Cell, Heading, Table, Value

COUNTED: tuple[Outcome, ...] = ("completed", "partial", "incomplete")
NO_CYCLES = Nothing("No goal was started in this span", "")
NO_GOALS = Nothing("No goal yet", "Press 1, then n, to define the first one.")


@dataclass(frozen=True)
class View:
    """The chart and the table of one tab.

    `drill_down` returns the link to the cycles of a place in the chart, or None if there is no list of them; `rows`
    holds the links of the rows of the table. Rows without a link, such as the total, lead to all cycles.
    """

    title: str
    spec: ChartSpec
    make_table: Callable[[], Table]
    """Return the table. It is made when it is first shown: making it can take longer than drawing the chart."""

    drill_down: Callable[[Place], DrillDown | None]
    rows: tuple[DrillDown | None, ...]
    table_title: str = ""
    """The title of the table, if it differs from the title of the chart."""

    summary: str = ""
    """The numbers of the whole view in a sentence."""

    notes: tuple[str, ...] = ()
    """Sentences that explain unexpected numbers."""

    hints: tuple[tuple[str, str], ...] = ()
    """Keys that not all views have, each with a short description of its effect."""

    below: Callable[[Place], View | None] | None = None
    """The chart that belongs below this one where there is room, by the place of the cursor."""

    @cached_property
    def table(self) -> Table:
        """The same numbers as a table."""
        return self.make_table()


def nothing(view_title: str, spec: Nothing = NO_CYCLES) -> View:
    """Return a view without data; `spec` says why there is none."""
    return View(view_title, spec, lambda: Table((), ()), lambda _place: ALL_CYCLES, ())


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
        Heading("Time saved", "time_saved_seconds", brief_title="Time", brief=_brief_time),
        Heading("Cost savings", "cost_savings", brief_title="Savings", brief=words.brief_money),
        Heading("Revenue", "revenue", brief=words.brief_money),
    )


def _brief_time(seconds: Value) -> str:
    return short_time(float(seconds or 0))


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
    headings: Sequence[Heading], names: Sequence[Sequence[Cell]], rows: Sequence[Figures], words: Formats
) -> Table:
    """Return a table with one or more names and figures in each row, and their total."""
    total = sum(rows, NOTHING)
    words = words.aligned(amount for row in (*rows, total) for amount in (row.cost_savings, row.revenue))
    return Table(
        (*headings, *figure_headings(words)),
        tuple((*name, *figure_cells(row, words)) for name, row in zip(names, rows, strict=True)),
        (text_cell("Total"), *(text_cell("") for _ in headings[1:]), *figure_cells(total, words)),
    )


def outcome_series(rows: Sequence[Figures]) -> tuple[Series, ...]:
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


def share_columns(rows: Sequence[Figures]) -> tuple[Column, ...]:
    """Return the columns of rates and counts that stand beside stacked bars of outcomes."""
    intervals = [f.completed_share.interval for f in rows]
    return (
        Column("Completed", tuple(rate_of(f.completion_rate, f) for f in rows), "completed"),
        Column("95 %", tuple(short_interval(i) if i else "" for i in intervals), "muted", wide_only=True),
        Column("Partial", tuple(percent(f.partial_rate) for f in rows), "partial"),
        Column("Incomplete", tuple(percent(f.incomplete_rate) for f in rows), "incomplete", wide_only=True),
        Column("Started", tuple(f"{f.started:,}" for f in rows)),
    )


def rate_of(rate: float | None, figures: Figures) -> str:
    """Return a rate of some figures in words; of few cycles, it says of how many."""
    return f"{percent(rate)} of {figures.started}" if figures.few else percent(rate)


def few_of(rows: Sequence[Figures]) -> frozenset[int]:
    """Return the places of the figures that rest on few cycles."""
    return frozenset(place for place, figures in enumerate(rows) if figures.few)


def outcome_of(place: Place) -> Outcome | None:
    """Return the outcome that a part of a bar shows, or None for the whole bar."""
    return None if place.part is None else COUNTED[place.part]


def outcome_bars(labels: Sequence[str], rows: Sequence[Figures]) -> Bars:
    """Return the chart of outcomes: one stacked bar for each label, its rates beside it."""
    return Bars(tuple(labels), outcome_series(rows), share_columns(rows), few=few_of(rows))


def whiskers(
    labels: Sequence[str],
    shares: Sequence[Share],
    columns: Sequence[Column],
    few: frozenset[int],
    texts: Sequence[str],
    *,
    start: int = 0,
) -> Bars:
    """Return a chart of rates of completed cycles, each a dot with its interval, on an axis that holds all of them.

    `texts` tell each rate in words; the cursor begins at the mark `start`.
    """
    intervals = [None if share.interval is None else (share.rate or 0.0, share.interval) for share in shares]
    ends = [end for each in intervals if each for end in each[1]]
    return Bars(
        tuple(labels),
        (Series("Completed", "completed", tuple(share.rate for share in shares), "●", tuple(texts)),),
        tuple(columns),
        PERCENT,
        top=min(1.0, -(-max(ends, default=1.0) * 10 // 1) / 10) or 1.0,
        low=max(0.0, min(ends, default=0.0) * 10 // 1 / 10),
        few=few,
        intervals=tuple(intervals),
        start=start,
    )


def goal_trend(axis: Axis | None, goal_id: str | None) -> View | None:
    """Return a view of the outcomes of a goal, one column per time bucket, or None if it was not started."""
    if axis is None or goal_id not in axis.goals:
        return None
    places = range(len(axis.buckets))
    figures = [axis.of(place, goal_id) for place in places]
    if sum(figures, NOTHING).started == 0:
        return None
    spec = Columns(
        tuple(axis.label(place) for place in places),
        tuple(axis.title(place) for place in places),
        outcome_series(figures),
        running=axis.running_place,
        totals=tuple(f"{each.started:,} started" for each in figures),
        named=False,
    )
    return View(
        f"{axis.goals[goal_id]} by {axis.unit}{axis.note}",
        spec,
        lambda: Table((), ()),
        lambda place: DrillDown(goal_id=goal_id, bucket=axis.buckets[place.mark], outcome=outcome_of(place)),
        (),
    )
