"""Figures from the event log: reports, series for charts, and breakdowns (docs/semantics.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from goals_tui.domain.buckets import TimeBucket, Unit, days_at, hour_at
from goals_tui.domain.filters import Choice, Dimension
from goals_tui.domain.project import currency_digits
from goals_tui.domain.report import (
    NOTHING,
    BreakdownDimension,
    CrossedFigures,
    DayFigures,
    Figures,
    GoalFigures,
    Health,
    Loss,
    PartFigures,
    Report,
    Stake,
)
from goals_tui.domain.text import clean_line
from goals_tui.domain.words import fold
from goals_tui.services.insights.definitions import Definition, bits_of
from goals_tui.services.insights.query import FigureTotals, Query, later_than_now, time_range_of
from goals_tui.store.cycles.queries import CURRENT, LATER, PREVIOUS, Bucket, TimeRange, tally
from goals_tui.store.cycles.reader import instant

_NO_PART: dict[Dimension, str] = {
    "endpoint": "No endpoint",
    "locale": "No locale",
    "snapshot": "No snapshot",
    "version": "No version",
    "channel": "No channel",
    "session": "No session",
}
_EPOCH_DAY = date(1970, 1, 1)


class DropOffCounts:
    """What became of the cycles of one goal after each of its steps, by the places of the steps in their order.

    At each step, reached = went_on + dropped + completed; the last two reached no later step.
    """

    def __init__(self, steps: int) -> None:
        self.reached, self.went_on = [0] * steps, [0] * steps
        self.dropped, self.completed = [0] * steps, [0] * steps
        self._later = [[Decimal(0), Decimal(0)] for _ in range(steps)]
        self._seconds = [0] * steps

    def add(
        self, definition: Definition, place_of: Mapping[str, int], masks: tuple[int, ...], cycles: int
    ) -> tuple[int, bool]:
        """Add cycles with the same masks; return the place of their last step, and whether they are completed."""
        bits = [definition.places[number] for number in bits_of(masks)]
        places = sorted({0, *(place_of[bit.step_id] for bit in bits)})
        last, completed = places[-1], definition.worth(masks).outcome == "completed"
        for place in places:
            self.reached[place] += cycles
            if place == last:
                continue
            self.went_on[place] += cycles
            later = self._later[place]
            for bit in bits:
                if bit.metrics is not None and place_of[bit.step_id] > place:
                    later[0] += bit.metrics.cost_savings * cycles
                    later[1] += bit.metrics.revenue * cycles
                    self._seconds[place] += bit.metrics.time_saved_seconds * cycles
        (self.completed if completed else self.dropped)[last] += cycles
        return last, completed

    def at_stake(self, place: int) -> Stake | None:
        """Return what the cycles that dropped off after a step would have been worth; None if no cycle went on."""
        dropped, went_on = self.dropped[place], self.went_on[place]
        if not went_on:
            return None
        cost, revenue = (worth * dropped / went_on for worth in self._later[place])
        return Stake(cost, revenue, self._seconds[place] * dropped / went_on)


@dataclass(frozen=True)
class SeriesPoint:
    """The figures of the cycles of one goal that started in one bucket."""

    bucket: TimeBucket
    goal_id: str
    name: str
    figures: Figures


def make_report(query: Query, health: Callable[[int], Health]) -> Report:
    """Return the report. `health` makes the data health from the number of orphans, which the same scan counts."""
    previous = query.span.previous()
    days: FigureTotals[tuple[int, int]] = FigureTotals()
    before: FigureTotals[None] = FigureTotals()
    masks: Counter[tuple[int, tuple[int, ...]]] = Counter()
    orphans = later = 0
    found = tally(
        query.reader,
        query.selection,
        by=[query.bucket("day")],
        previous=time_range_of(previous) if previous else None,
        later=later_than_now(query.span),
    )
    for row in found:
        if row.period == CURRENT:
            days.add((row.key[0], row.goal), query.definitions.by_number[row.goal], row)
            masks[row.goal, row.masks] += row.cycles
        elif row.period == PREVIOUS:
            before.add(None, query.definitions.by_number[row.goal], row)
        elif row.period == LATER:
            later += row.cycles
        else:
            orphans += row.cycles
    goals = days.by(lambda key: key[1])
    totals = goals.by(lambda _: None)[None]
    return Report(
        span=query.span,
        time_zone=query.zone.key,
        currency=query.project.currency,
        filters=query.filters_in_words(),
        totals=totals,
        previous=before[None] if previous else None,
        previous_span=previous,
        now=query.now.astimezone(query.zone),
        largest_loss=_largest_loss(query, masks),
        later_cycles=later,
        events_between=None if totals.started else query.events_between(),
        goals=tuple(_goal_rows(query, goals)),
        days=tuple(_day_rows(query, days)),
        health=health(orphans),
    )


def _largest_loss(query: Query, masks: Mapping[tuple[int, tuple[int, ...]], int]) -> Loss | None:
    """Return the step of a goal of the project after which most money is at stake; None where none is.

    `masks` counts the cycles of each goal by what they reached.
    """
    digits = currency_digits(query.project.currency)
    counts: dict[int, DropOffCounts] = {}
    orders: dict[int, dict[str, int]] = {}
    for (goal, reached), cycles in masks.items():
        definition = query.definitions.by_number[goal]
        if definition.current is None:
            continue
        if goal not in counts:
            orders[goal] = {step_id: place for place, step_id in enumerate(definition.all_in_order())}
            counts[goal] = DropOffCounts(len(orders[goal]))
        counts[goal].add(definition, orders[goal], reached, cycles)
    losses = []
    for goal, counted in counts.items():
        definition = query.definitions.by_number[goal]
        for step_id, place in orders[goal].items():
            stake = counted.at_stake(place)
            if stake is not None and stake.value(digits) > 0:
                step, reached_it = definition.step_name(step_id), counted.reached[place]
                losses.append(
                    Loss(definition.id, definition.name, step_id, step, reached_it, counted.dropped[place], stake)
                )
    largest_first = sorted(losses, key=lambda loss: (-loss.stake.value(digits), -loss.dropped, loss.goal_id))
    return largest_first[0] if largest_first else None


def _goal_rows(query: Query, sums: FigureTotals[int]) -> list[GoalFigures]:
    """Return the figures of every goal that passes the filters, including goals without cycles, by name."""
    definitions = query.definitions
    rows = []
    for goal_id, document in definitions.goal_documents.items():
        if _lets_through(query.filters.goals, goal_id):
            definition = definitions.by_id.get(goal_id)
            figures = sums[definition.number] if definition else NOTHING
            rows.append(GoalFigures(goal_id=goal_id, name=clean_line(document["name"]), figures=figures, known=True))
    for number in sums:
        definition = definitions.by_number[number]
        if definition.current is None:
            rows.append(
                GoalFigures(goal_id=definition.id, name=definition.name, figures=sums[number], known=False),
            )
    return sorted(rows, key=lambda row: (fold(row.name), row.goal_id))


def _lets_through(choice: Choice, value: str) -> bool:
    return not choice or (value in choice.values) != choice.negated


def _day_rows(query: Query, sums: FigureTotals[tuple[int, int]]) -> list[DayFigures]:
    by_number = query.definitions.by_number
    rows = [
        DayFigures(
            day=_EPOCH_DAY + timedelta(days=day),
            goal_id=by_number[number].id,
            name=by_number[number].name,
            figures=sums[day, number],
        )
        for day, number in sums
    ]
    return sorted(rows, key=lambda row: (row.day, fold(row.name), row.goal_id))


def make_series(query: Query, unit: Unit) -> list[SeriesPoint]:
    """Return figures by bucket and goal, sorted by time and name. Buckets without cycles are left out."""
    sums: FigureTotals[tuple[TimeBucket, int]] = FigureTotals()
    buckets: dict[int, TimeBucket] = {}
    for row in tally(query.reader, query.selection, by=[query.bucket("hour" if unit == "hour" else "day")]):
        if row.period != CURRENT:
            continue
        key = row.key[0]
        if key not in buckets:
            buckets[key] = _bucket_at(query, unit, key)
        sums.add((buckets[key], row.goal), query.definitions.by_number[row.goal], row)
    points = []
    for bucket, number in sums:
        definition = query.definitions.by_number[number]
        points.append(SeriesPoint(bucket, definition.id, definition.name, sums[bucket, number]))
    return sorted(points, key=lambda point: (point.bucket.start, fold(point.name), point.goal_id))


def _bucket_at(query: Query, unit: Unit, key: int) -> TimeBucket:
    """Return the bucket of a key: an hour in microseconds since 1970, for other units a day in days since 1970."""
    if unit == "hour":
        return hour_at(instant(key), query.zone)
    return days_at(unit, _EPOCH_DAY + timedelta(days=key), query.zone)


def make_breakdown(query: Query, dimension: Dimension) -> list[PartFigures]:
    """Return the figures of each part of a dimension, most started cycles first."""
    sums: FigureTotals[str | None] = FigureTotals()
    titles: dict[str | None, str] = {}
    for row in tally(query.reader, query.selection, by=[dimension]):
        if row.period != CURRENT:
            continue
        definition = query.definitions.by_number[row.goal]
        # Values that are displayed alike are one part, as they are one value of a filter.
        key: str | None = row.key[0]
        part = key if dimension == "version" else shown(key)
        sums.add(part, definition, row)
        if dimension == "version":
            titles[part] = definition.version_title(key or "")
    rows = [
        PartFigures(part=part, title=clean_line(titles.get(part) or part or _NO_PART[dimension]), figures=sums[part])
        for part in sums
    ]
    return sorted(rows, key=lambda row: (-row.figures.started, fold(row.title), row.title))


def shown(value: str | None) -> str | None:
    """Return a value of the log as it is displayed. Values that are displayed alike are one part."""
    return clean_line(value or "") or value


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def make_crossed_breakdown(query: Query, dimensions: Sequence[BreakdownDimension]) -> list[CrossedFigures]:
    """Return the figures of each combination of parts, weekdays and hours in order, else most started cycles first."""
    by = keys_of(query, dimensions)
    sums: FigureTotals[tuple[str | None, ...]] = FigureTotals()
    for row in tally(query.reader, query.selection, by=list(by.values())):
        if row.period == CURRENT:
            definition = query.definitions.by_number[row.goal]
            keys = dict(zip(by, row.key, strict=True))
            sums.add(tuple(part_name(each, keys.get(each), definition) for each in dimensions), definition, row)
    rows = [CrossedFigures(parts=parts, figures=sums[parts]) for parts in sums]
    return sorted(rows, key=lambda row: _crossed_order(dimensions, row))


def keys_of(
    query: Query, dimensions: Sequence[BreakdownDimension], previous: TimeRange | None = None
) -> dict[str, Bucket | Dimension]:
    """Return the query key of each dimension except the goal, by which cycles are always counted.

    `previous` is an earlier range that the query covers, too.
    """
    by: dict[str, Bucket | Dimension] = {}
    for dimension in dimensions:
        if dimension == "weekday":
            by[dimension] = query.bucket("weekday", previous)
        elif dimension == "hour":
            by[dimension] = query.bucket("hour_of_day", previous)
        elif dimension != "goal":
            by[dimension] = dimension
    return by


def part_name(dimension: BreakdownDimension, key: Any, definition: Definition) -> str | None:
    """Return the name of the part of a dimension with this key; None for cycles without a value."""
    if dimension == "goal":
        return definition.name
    if dimension == "weekday":
        return WEEKDAYS[key]
    if dimension == "hour":
        return f"{key:02d}"
    if dimension == "version":
        return definition.version_title(key)
    return shown(key)


def _crossed_order(dimensions: Sequence[BreakdownDimension], row: CrossedFigures) -> tuple[object, ...]:
    in_time: list[int] = []
    for dimension, part in zip(dimensions, row.parts, strict=True):
        if dimension == "weekday" and part:
            in_time.append(WEEKDAYS.index(part))
        elif dimension == "hour" and part:
            in_time.append(int(part))
    names = [(part is None, fold(part or ""), part or "") for part in row.parts]
    return (*in_time, -row.figures.started, *names)
