"""Views over time: the completion rate with its interval, target and annotations; what cycles were worth."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC
from decimal import Decimal
from itertools import chain
from typing import Literal

from goals_tui.domain.drill_down import DrillDown
from goals_tui.domain.filters import Choice, Filters
from goals_tui.domain.report import OUTCOME_GLYPHS, OUTCOME_TITLES, Figures, GoalFigures, Outcome
from goals_tui.domain.words import fold
from goals_tui.format import hours, percent, short_interval
from goals_tui.services.annotations import Annotation, AnnotationKind
from goals_tui.tui.charts.axis import PERCENT, TIME
from goals_tui.tui.charts.canvas import Place
from goals_tui.tui.charts.spec import Bars, Column, Columns, Lines, Note, Nothing, Series, ranked
from goals_tui.tui.filters.texts import Formats, rate_cell, text_cell, time_cell
from goals_tui.tui.insights.model import Axis
from goals_tui.tui.insights.table import Cell, Heading, Table
from goals_tui.tui.insights.view import View, figure_table, nothing, outcome_of

Metric = Literal["cost", "revenue", "time"]
METRIC_TITLES: dict[Metric, str] = {"cost": "Cost savings", "revenue": "Revenue", "time": "Time saved"}


def rate(
    axis: Axis | None,
    words: Formats,
    *,
    goal_id: str | None = None,
    target: float | None = None,
    annotations: Sequence[Annotation] = (),
    fitted: bool = False,
) -> View:
    """Return the view of the rates of completed and partially completed cycles over time.

    Buckets in which nothing was started are gaps in the lines. With `goal_id`, the rates are those of one goal, and
    `target` is its target.
    """
    title = "Completion rate"
    if axis is None or not axis.figures:
        return nothing(title)
    if goal_id not in (None, *axis.goals):
        hint = "Press g for another goal, or ] for a longer span."
        return nothing(title, Nothing("The chosen goal was not started in this span", hint))
    places = range(len(axis.buckets))
    figures = [axis.of(place, goal_id) for place in places] if goal_id else list(axis.totals)
    spec = Lines(
        tuple(axis.label(place) for place in places),
        tuple(axis.title(place) for place in places),
        (_rate_series("completed", figures), _rate_series("partial", figures)),
        PERCENT,
        running=axis.running_place,
        few=frozenset(place for place in places if figures[place].few),
        notes=_placed(axis, annotations, goal_id),
        target=target,
        fitted=fitted,
    )
    of = f" of {axis.goals[goal_id]}" if goal_id else ""
    names = [[Cell(axis.title(place), _when(axis, place))] for place in places]
    return View(
        f"{title}{of} by {axis.unit}{axis.note}",
        spec,
        lambda: _annotated(
            figure_table([Heading(axis.unit.capitalize(), axis.unit, numeric=False)], names, figures, words),
            spec.notes,
            target,
        ),
        lambda place: DrillDown(bucket=axis.buckets[place.mark], goal_id=goal_id, outcome=outcome_of(place)),
        tuple(DrillDown(bucket=bucket, goal_id=goal_id) for bucket in axis.buckets),
        hints=(("g", "one goal" if goal_id is None else "another goal"), ("+", "whole axis" if fitted else "zoom")),
    )


def _rate_series(outcome: Outcome, figures: Sequence[Figures]) -> Series:
    """Return the rates of an outcome, in words with their numbers; that of completed cycles has its intervals."""
    shares = [each.completed_share if outcome == "completed" else each.partial_share for each in figures]
    intervals = tuple(share.interval for share in shares)
    sure = (f"{short_interval(interval)}, " if interval else "" for interval in intervals)
    texts = (
        f"{percent(share.rate)} ({between}{share.part:,} of {share.whole:,})"
        for share, between in zip(shares, sure, strict=True)
    )
    return Series(
        OUTCOME_TITLES[outcome],
        outcome,
        tuple(share.rate for share in shares),
        OUTCOME_GLYPHS[outcome],
        tuple(text if share.whole else "—" for text, share in zip(texts, shares, strict=True)),
        band=intervals if outcome == "completed" else (),
    )


ANNOTATION_GLYPHS: dict[AnnotationKind, str] = {"manual": "✎", "version": "◆", "snapshot": "◆"}
"""The glyph of each kind of annotation: those of versions and snapshots come by themselves."""


def _placed(axis: Axis, annotations: Iterable[Annotation], goal_id: str | None) -> tuple[Note, ...]:
    """Return the annotations of the time that is shown, those made by hand last."""
    starts = [bucket.start.astimezone(UTC) for bucket in axis.buckets]
    found = []
    for each in sorted(annotations, key=lambda annotation: annotation.kind == "manual"):
        place = bisect(starts, each.at) - 1
        inside = place >= 0 and each.at < axis.buckets[-1].end.astimezone(UTC)
        if inside and (goal_id is None or each.goal_id in (None, goal_id)):
            found.append(Note(place, each.text, ANNOTATION_GLYPHS[each.kind]))
    return tuple(found)


def _annotated(table: Table, notes: Sequence[Note], target: float | None = None) -> Table:
    """Return the table with the target and the annotations of each row, if there are any."""
    if target is not None:
        table = _with_column(table, Heading("Target", "target"), [rate_cell(target)] * len(table.rows))
    if notes:
        texts = ["; ".join(note.text for note in notes if note.mark == place) for place in range(len(table.rows))]
        heading = Heading("Annotations", "annotations", numeric=False, minor=True)
        table = _with_column(table, heading, list(map(text_cell, texts)))
    return table


def _with_column(table: Table, heading: Heading, cells: Sequence[Cell]) -> Table:
    rows = tuple((*row, cell) for row, cell in zip(table.rows, cells, strict=True))
    total = None if table.total is None else (*table.total, text_cell(""))
    return Table((*table.headings, heading), rows, total)


def _when(axis: Axis, place: int) -> str:
    bucket = axis.buckets[place]
    return bucket.start.isoformat() if axis.unit == "hour" else bucket.first.isoformat()


def value_of(figures: Figures, metric: Metric) -> int | Decimal:
    """Return the value of a metric: seconds for the time saved, else an amount of money."""
    if metric == "time":
        return figures.time_saved_seconds
    return figures.cost_savings if metric == "cost" else figures.revenue


def value_over_time(
    axis: Axis | None, metric: Metric, words: Formats, filters: Filters, annotations: Sequence[Annotation] = ()
) -> View:
    """Return the view of cost savings, revenue or time saved over time, stacked by goal.

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
                texts=tuple(_said(value, words) for value in values[goal_id]),
                key=(goal_id,),
            )
            for goal_id, name in axis.goals.items()
        ],
        "other goals",
    )
    if not series:
        return _no_value(title)
    kept = [goal_id for one in series for goal_id in one.key]
    totals = [value_of(total, metric) for total in axis.totals]
    spec = Columns(
        tuple(axis.label(place) for place in places),
        tuple(axis.title(place) for place in places),
        series,
        TIME if metric == "time" else words.money_unit,
        running=axis.running_place,
        notes=_placed(axis, annotations, None),
        totals=tuple(_said(value, words) for value in totals),
    )
    words = words.aligned(value for value in (*totals, *chain(*values.values())) if isinstance(value, Decimal))
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
                _cell(totals[place], words),
                *(_cell(values[goal_id][place], words) for goal_id in kept),
            )
            for place in places
        ),
        (text_cell("Total"), *(_cell(_sum(each), words) for each in (totals, *(values[goal_id] for goal_id in kept)))),
    )

    def drill_down(place: Place) -> DrillDown:
        goals = () if place.part is None else series[place.part].key
        one = goals[0] if len(goals) == 1 else None
        some = filters.model_copy(update={"goals": Choice(values=goals)}) if goals and not one else None
        return DrillDown(bucket=axis.buckets[place.mark], goal_id=one, filters=some)

    rows = tuple(DrillDown(bucket=bucket) for bucket in axis.buckets)
    return View(
        f"{title} by {axis.unit} and goal{axis.note}", spec, lambda: _annotated(table, spec.notes), drill_down, rows
    )


def value_by_goal(goals: Sequence[GoalFigures], metric: Metric, words: Formats) -> View:
    """Return the view of cost savings, revenue or time saved by goal, and for each cycle that was started."""
    title = METRIC_TITLES[metric]
    started = [goal for goal in goals if goal.figures.started]
    if not started:
        return nothing(title)
    ordered = sorted(started, key=lambda goal: (-value_of(goal.figures, metric), fold(goal.name)))
    figures = [goal.figures for goal in ordered]
    values = [value_of(each, metric) for each in figures]
    if not any(values):
        return _no_value(title)
    each = [value / of.started for value, of in zip(values, figures, strict=True)]
    aligned = words.aligned(value for value in values if isinstance(value, Decimal))
    per_cycle = words.aligned(round(Decimal(value), words.digits) for value in each)
    spec = Bars(
        tuple(goal.name for goal in ordered),
        (Series(title, "primary", tuple(map(float, values)), texts=tuple(_said(value, words) for value in values)),),
        (
            Column(title, tuple(_said(value, aligned) for value in values), "primary"),
            Column(
                "Per cycle",
                tuple(
                    hours(round(v)) if metric == "time" else per_cycle.money(round(Decimal(v), words.digits))
                    for v in each
                ),
            ),
            Column("Started", tuple(f"{of.started:,}" for of in figures)),
        ),
        TIME if metric == "time" else words.money_unit,
        few=frozenset(place for place, of in enumerate(figures) if of.few),
    )
    leads = tuple(DrillDown(goal_id=goal.goal_id) for goal in ordered)
    names = [[text_cell(goal.name)] for goal in ordered]
    table = figure_table([Heading("Goal", "goal", numeric=False)], names, figures, words)
    return View(f"{title} by goal", spec, lambda: table, lambda place: leads[place.mark], leads)


def with_metric_keys(view: View, metric: Metric, by: str) -> View:
    """Return the view with the keys for the next metric and the next grouping."""
    metrics = list(METRIC_TITLES)
    following = METRIC_TITLES[metrics[(metrics.index(metric) + 1) % len(metrics)]].lower()
    return replace(view, hints=(("m", following), ("d", by)))


def _no_value(title: str) -> View:
    hint = "Give steps of your goals a value: press 1, open a goal, and add success metrics to a step."
    return nothing(title, Nothing(f"{title}: nothing in this span", hint))


def _said(value: int | Decimal, words: Formats) -> str:
    return words.money(value) if isinstance(value, Decimal) else hours(value)


def _cell(value: int | Decimal, words: Formats) -> Cell:
    return words.money_cell(value) if isinstance(value, Decimal) else time_cell(value)


def _sum(values: Sequence[int | Decimal]) -> int | Decimal:
    total = values[0]
    for value in values[1:]:
        total += value
    return total
