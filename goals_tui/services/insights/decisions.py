"""Analyses of the event log that support decisions: why a rate changed, where cycles drop off (docs/semantics.md)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeVar

from goals_tui.domain.decisions import (
    DimensionEffects,
    DropOff,
    DropOffs,
    Explanation,
    Moved,
    Release,
    ReleasedGoal,
    StepWorth,
    Times,
    WhatIf,
)
from goals_tui.domain.report import BREAKDOWN_DIMENSIONS, BreakdownDimension, Change, Figures, Outcome
from goals_tui.domain.statistics import NO_CYCLES, Share, at_equal_mix, effects, incidence, verdict
from goals_tui.domain.words import fold
from goals_tui.services.insights.cycles import arrival_places
from goals_tui.services.insights.definitions import Definition, bits_of
from goals_tui.services.insights.query import FigureTotals, Query, time_range_of
from goals_tui.services.insights.report import DropOffCounts, keys_of, part_name, shown
from goals_tui.store.cycles.queries import (
    CURRENT,
    PREVIOUS,
    Tally,
    TimeRange,
    tally,
    tally_each,
)
from goals_tui.store.cycles.reader import instant, microseconds
from goals_tui.store.cycles.step_bits import masks_of
from goals_tui.store.cycles.steps import came_next, choose, waits

if TYPE_CHECKING:
    from goals_tui.domain.filters import Span
    from goals_tui.domain.goal import Goal

Named = TypeVar("Named", str, tuple[Outcome, Outcome])

NOTHING_MORE = "nothing more"
SAME_GOAL = "the same goal again"


def make_totals(query: Query) -> Figures:
    """Return the figures of all selected cycles together."""
    totals: FigureTotals[None] = FigureTotals()
    for row in tally(query.reader, query.selection, by=[]):
        if row.period == CURRENT:
            totals.add(None, query.definitions.by_number[row.goal], row)
    return totals[None]


def make_explanation(query: Query) -> Explanation:
    """Explain by every dimension why the completion rate differs from that of the previous period."""
    previous = query.span.previous()
    if previous is None:
        return Explanation(None, None, query.span, make_totals(query), ())
    return _explained(query, previous, _Earlier(time_range=time_range_of(previous)))


def make_release_explanation(query: Query, release: str, against: str) -> Explanation:
    """Explain why the completion rate of a snapshot differs from that of another. `query` must be limited to both."""
    earlier = tuple(value for value in query.selection.snapshots.values if shown(value) == shown(against))
    found = _explained(query, query.span, _Earlier(snapshots=earlier), without="snapshot")
    return replace(found, releases=(against, release))


@dataclass(frozen=True)
class _Earlier:
    """The cycles that others are compared with: those of an earlier range of time, or of a snapshot."""

    time_range: TimeRange | None = None
    snapshots: tuple[str, ...] = ()


def _explained(query: Query, before_span: Span, earlier: _Earlier, without: str = "") -> Explanation:
    """Explain by every dimension but one why the completion rate differs from that of the earlier cycles."""
    ways: list[BreakdownDimension] = [each for each in BREAKDOWN_DIMENSIONS if each != without]
    keyed = [each for each in ways if each != "goal"]
    found = tally_each(
        query.reader,
        query.selection,
        by=list(keys_of(query, keyed, earlier.time_range).values()),
        previous=earlier.time_range,
        earlier=earlier.snapshots,
    )
    periods: FigureTotals[int] = FigureTotals()
    for row in found[0]:
        periods.add(row.period, query.definitions.by_number[row.goal], row)
    before, after = periods[PREVIOUS], periods[CURRENT]
    dimensions = []
    if before.started and after.started:
        # Each list of rows counts every cycle and its goal, so any of them gives the breakdown by goal.
        rows_of = {"goal": found[0], **dict(zip(keyed, found, strict=True))}
        for dimension in ways:
            shares = _shares(query, dimension, rows_of[dimension])
            dimensions.append(DimensionEffects(dimension, tuple(effects(shares[PREVIOUS], shares[CURRENT]))))
    ranked = sorted(dimensions, key=lambda each: -each.largest)
    return Explanation(before_span, before, query.span, after, tuple(ranked))


def _shares(query: Query, dimension: BreakdownDimension, rows: Iterable[Tally]) -> dict[int, dict[str | None, Share]]:
    """Return the share of completed cycles of each part, by period."""
    found: dict[int, dict[str | None, Share]] = {PREVIOUS: {}, CURRENT: {}}
    for row in rows:
        definition = query.definitions.by_number[row.goal]
        part = part_name(dimension, row.key[0], definition)
        completed = row.cycles if definition.worth(row.masks).outcome == "completed" else 0
        shares = found[row.period]
        shares[part] = shares.get(part, NO_CYCLES) + Share(completed, row.cycles)
    return found


def make_releases(query: Query) -> list[Release]:
    """Compare each snapshot with the one that appeared before it, in the order of their first events in the log."""
    by_goal: FigureTotals[tuple[str, int]] = FigureTotals()
    cells: dict[str, dict[tuple[str | None, str | None], Share]] = defaultdict(dict)
    between: dict[str, tuple[int, int]] = {}
    for row in tally(query.reader, query.selection, by=["snapshot", "endpoint", "locale"], extent=True):
        if row.period != CURRENT or row.key[0] is None:
            continue
        definition = query.definitions.by_number[row.goal]
        snapshot, *cell = (part_name(each, key, definition) for each, key in zip(_RELEASE_KEYS, row.key, strict=True))
        assert snapshot is not None
        by_goal.add((snapshot, row.goal), definition, row)
        first, last = between.get(snapshot, (row.first, row.last))
        between[snapshot] = min(first, row.first), max(last, row.last)
        completed = row.cycles if definition.worth(row.masks).outcome == "completed" else 0
        share = cells[snapshot].get((cell[0], cell[1]), NO_CYCLES)
        cells[snapshot][cell[0], cell[1]] = share + Share(completed, row.cycles)
    days = {
        snapshot: (_local(query, last).date() - _local(query, first).date()).days + 1
        for snapshot, (first, last) in between.items()
    }
    sums = by_goal.by(lambda key: key[0])
    goals: dict[str, set[int]] = defaultdict(set)
    for snapshot, goal in by_goal:
        goals[snapshot].add(goal)

    def released(snapshot: str, before: Release | None) -> Iterator[ReleasedGoal]:
        for number in goals[snapshot] | (goals[before.snapshot] if before else set()):
            definition = query.definitions.by_number[number]
            earlier = by_goal[before.snapshot, number] if before else None
            yield ReleasedGoal(definition.id, definition.name, earlier, by_goal[snapshot, number])

    found: list[Release] = []
    for snapshot in (each for each in _in_order_of_appearance(query) if each in cells):
        before = found[-1] if found else None
        figures = sums[snapshot]
        found.append(
            Release(
                snapshot=snapshot,
                against=before.snapshot if before else None,
                figures=figures,
                days=days[snapshot],
                change=Change(before.figures, figures) if before else None,
                equal_mix=at_equal_mix(cells[before.snapshot], cells[snapshot]) if before else None,
                verdict=verdict(before.figures.completed_share, figures.completed_share) if before else None,
                goals=tuple(
                    sorted(
                        released(snapshot, before),
                        key=lambda each: (-each.figures.started, fold(each.goal), each.goal_id),
                    )
                ),
            )
        )
    return found


_RELEASE_KEYS: tuple[BreakdownDimension, ...] = ("snapshot", "endpoint", "locale")


def _in_order_of_appearance(query: Query) -> list[str]:
    first: dict[str, int] = {}
    for value, moment in query.reader.first_seen("snapshotName"):
        if value is not None:
            name = shown(value) or value
            first[name] = min(moment, first.get(name, moment))
    return sorted(first, key=lambda snapshot: (first[snapshot], fold(snapshot), snapshot))


@dataclass(frozen=True)
class FirstAppearance:
    """The time of the first event of a goal's version or, if `goal_id` is None, of a snapshot."""

    at: datetime
    goal_id: str | None
    name: str


def make_first_appearances(query: Query) -> list[FirstAppearance]:
    """Return the first appearance of each version of each goal, and of each snapshot."""
    found = []
    for goal_id, version, moment in query.reader.first_seen("goalId", "version"):
        definition = query.definitions.by_id.get(goal_id)
        if definition is not None:
            found.append(FirstAppearance(instant(moment), goal_id, definition.version_title(version or "")))
    for snapshot, moment in query.reader.first_seen("snapshotName"):
        if snapshot is not None:
            found.append(FirstAppearance(instant(moment), None, shown(snapshot) or snapshot))
    return sorted(found, key=lambda each: (each.at, each.goal_id or "", each.name))


def _local(query: Query, micros: int) -> datetime:
    return instant(micros).astimezone(query.zone)


# -- the steps of one goal


def make_drop_offs(query: Query, goal: Goal) -> DropOffs:
    """Return what became of the cycles that reached each step of a goal, and what followed the drop-offs."""
    definition = query.definitions.by_id.get(goal.id)
    order = definition.all_in_order() if definition else [step.id for step in goal.steps]
    place_of = {step_id: place for place, step_id in enumerate(order)}
    only = query.selection.goals
    allowed = definition is not None and (only is None or definition.number in only)
    rows: list[Tally] = []
    if definition is not None and allowed:
        rows = choose(query.reader, replace(query.selection, goals=(definition.number,)))
    counted = DropOffCounts(len(order))
    dropped: dict[tuple[int, tuple[int, ...]], int] = {}
    for row in rows:
        assert definition is not None
        last, completed = counted.add(definition, place_of, row.masks, row.cycles)
        if not completed:
            dropped[row.goal, row.masks] = last
    following = _following(query, definition, dropped, counted.dropped) if definition else {}
    names = [definition.step_name(each) if definition else goal.step(each).name for each in order]
    return DropOffs(
        goal_id=goal.id,
        goal=goal.name,
        started=sum(row.cycles for row in rows),
        steps=tuple(
            DropOff(
                step_id=step_id,
                name=names[place],
                reached=counted.reached[place],
                dropped=counted.dropped[place],
                went_on=counted.went_on[place],
                completed=counted.completed[place],
                stake=counted.at_stake(place),
                next=following.get(place, ()),
            )
            for place, step_id in enumerate(order)
        ),
    )


def _following(
    query: Query,
    definition: Definition,
    dropped: Mapping[tuple[int, tuple[int, ...]], int],
    counts: Sequence[int],
) -> dict[int, tuple[tuple[str, int], ...]]:
    """Count what came next in the sessions, by the place of the step after which a cycle dropped off."""
    found: dict[int, Counter[str]] = {place: Counter() for place, count in enumerate(counts) if count}
    for row in came_next(query.reader, dropped) if dropped else ():
        other = query.definitions.by_number[row.goal]
        same = other is definition
        what = SAME_GOAL if same else f"another goal: {other.name}, {other.step_name(row.step_id)}"
        found[row.after][what] += row.cycles
    for place, after in found.items():
        nothing = counts[place] - sum(after.values())
        if nothing:
            after[NOTHING_MORE] = nothing
    return {place: _most_first(after) for place, after in found.items()}


def _most_first(counts: Counter[Named]) -> tuple[tuple[Named, int], ...]:
    """Return the counts, the greatest first, equal ones by name: rows of a query come in any order."""
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def make_times(query: Query, goal: Goal, step_id: str | None) -> Times:
    """Return how long the cycles of a goal took to reach a step or, if `step_id` is None, to complete.

    `query` must be limited to this goal.
    """
    definition = query.definitions.by_id.get(goal.id)
    departures = []
    if definition is not None:
        places = arrival_places(definition, step_id)
        mask = None if places is None else masks_of(places, query.reader.words)
        departures = waits(query.reader, query.selection, mask, microseconds(query.now))
    return Times(
        goal=goal.name,
        step=definition.step_name(step_id) if definition and step_id else step_id and goal.step(step_id).name,
        started=sum(each.reached + each.superseded + each.open for each in departures),
        open=sum(each.open for each in departures),
        seconds=tuple((each.seconds, each.reached) for each in departures if each.reached),
        incidence=tuple(incidence(departures)),
    )


def make_step_worths(query: Query) -> list[StepWorth]:
    """Return how many of the selected cycles reached each step at each of its worths, most cycles first."""
    counts: Counter[tuple[int, int]] = Counter()
    for row in tally(query.reader, query.selection, by=[]):
        if row.period == CURRENT:
            for number in bits_of(row.masks):
                counts[row.goal, number] += row.cycles
    found = []
    for (goal, number), cycles in counts.most_common():
        definition = query.definitions.by_number[goal]
        place = definition.places[number]
        found.append(StepWorth(definition.name, definition.step_name(place.step_id), cycles, place.metrics))
    return found


# -- what if


class GoalTallies:
    """The selected cycles of a goal, counted by what they reached, to value them again without another query."""

    def __init__(self, query: Query, goal: Goal) -> None:
        self._goal_id, self._name = goal.id, goal.name
        self._bits: dict[str, int] = {}
        """The bit of each reached step in the masks of `_cycles`."""
        self._cycles: Counter[tuple[Outcome, int]] = Counter()
        """The number of cycles by recorded outcome and reached steps."""
        self._reached: Counter[str] = Counter()
        """The number of cycles that reached a step."""
        definition = query.definitions.by_id.get(goal.id)
        recorded: FigureTotals[None] = FigureTotals()
        rows = tally(query.reader, query.selection, by=[]) if definition else []
        for row in rows:
            if definition is None or row.period != CURRENT:
                continue
            recorded.add(None, definition, row)
            mask = 0
            for step_id in {definition.places[number].step_id for number in bits_of(row.masks)}:
                self._reached[step_id] += row.cycles
                mask |= self._bits.setdefault(step_id, 1 << len(self._bits))
            self._cycles[definition.worth(row.masks).outcome, mask] += row.cycles
        self.recorded = recorded[None]
        """The figures as recorded."""
        self._saved = self._figures(goal)[0]

    def under(self, edited: Goal) -> WhatIf:
        """Return the figures as recorded, and as they would be if `edited` had been the goal's definition.

        Reached steps that `edited` lacks count as reached, but are worth nothing and are unpriced.
        """
        figures, moved = self._figures(edited)
        changes = tuple(Moved(before, after, cycles) for (before, after), cycles in _most_first(moved))
        return WhatIf(self._goal_id, self._name, self.recorded, figures, changes, self._saved)

    def _figures(self, edited: Goal) -> tuple[Figures, Counter[tuple[Outcome, Outcome]]]:
        """Return the figures under a definition, and how many cycles move from which recorded outcome to which."""
        steps = {step.id: step for step in edited.steps}
        completing = sum(bit for id_, bit in self._bits.items() if id_ in steps and steps[id_].kind == "completion")
        further = sum(bit for id_, bit in self._bits.items() if id_ not in steps or steps[id_].kind != "initial")
        counts, moved = Counter[Outcome](), Counter[tuple[Outcome, Outcome]]()
        for (before, mask), cycles in self._cycles.items():
            after: Outcome = "completed" if mask & completing else "partial" if mask & further else "incomplete"
            counts[after] += cycles
            if before != after:
                moved[before, after] += cycles
        worth = [(steps[id_].metrics, cycles) for id_, cycles in self._reached.items() if id_ in steps]
        gone = sum(cycles for id_, cycles in self._reached.items() if id_ not in steps)
        figures = Figures(
            started=sum(counts.values()),
            completed=counts["completed"],
            partial=counts["partial"],
            incomplete=counts["incomplete"],
            time_saved_seconds=sum(each.time_saved_seconds * cycles for each, cycles in worth),
            cost_savings=sum((each.cost_savings * cycles for each, cycles in worth), Decimal(0)),
            revenue=sum((each.revenue * cycles for each, cycles in worth), Decimal(0)),
            unpriced_steps=gone + sum(cycles for each, cycles in worth if each.unpriced),
        )
        return figures, moved
