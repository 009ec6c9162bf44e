"""Lists of cycles, served in pages; funnels; and the timeline of one cycle."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from goals_tui.domain.cycle import Definitions, timeline
from goals_tui.domain.drill_down import DrillDown, Part
from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.filters import Dimension, Filters
from goals_tui.domain.goal import Goal
from goals_tui.domain.report import Cycle, Funnel, FunnelStep, Timeline
from goals_tui.domain.text import clean_line
from goals_tui.services.insights.definitions import NO_WORTH, Definition
from goals_tui.services.insights.query import Queries, Query
from goals_tui.services.insights.report import WEEKDAYS
from goals_tui.services.stored import parse
from goals_tui.store.cycles.queries import Arrival, Bucket, CycleRow, Restriction, list_cycles, page
from goals_tui.store.cycles.reader import COLUMNS, instant, microseconds
from goals_tui.store.cycles.step_bits import masks_of
from goals_tui.store.cycles.steps import step_times
from goals_tui.store.engines.engine import Cancellation

if TYPE_CHECKING:
    from types import TracebackType

    from goals_tui.store.cycles.reader import EventReader
    from goals_tui.store.documents import Documents

_EPOCH_DAY = date(1970, 1, 1)


class CycleList:
    """The cycles that a figure counts, found once and then served quickly in pages. It is thread-safe.

    New events don't change the list; create a new one to see them. Close it, or use it as a context manager.
    """

    def __init__(
        self,
        queries: Queries,
        filters: Filters,
        drill_down: DrillDown,
        cancellation: Cancellation | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._reader = queries.reader(cancellation)
        try:
            query = queries.on(self._reader, filters, goal_id=drill_down.goal_id)
            self._definitions = query.definitions
            self._count = list_cycles(self._reader, query.selection, _restriction(query, drill_down))
        except BaseException:
            self._reader.close()
            raise

    def __len__(self) -> int:
        return self._count

    def __enter__(self) -> CycleList:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def page(self, offset: int = 0, limit: int | None = None) -> list[Cycle]:
        """Return the cycles from `offset` on, at most `limit` of them."""
        with self._lock:
            rows = page(self._reader, offset, limit)
        return [self._cycle(row) for row in rows]

    def close(self) -> None:
        """Close the list. It can't be read any more."""
        with self._lock:
            self._reader.close()

    def _cycle(self, row: CycleRow) -> Cycle:
        definition = self._definitions.by_number[row.goal]
        orphan = row.started is None
        worth = NO_WORTH if orphan else definition.worth(row.masks)
        reached, kinds = definition.reached(None if orphan else row.initial_step, row.masks, row.version)
        return Cycle.model_construct(
            cycle_id=clean_line(row.cycle),
            goal_id=definition.id,
            goal=definition.name,
            session_id=clean_line(row.session),
            started_at=None if row.started is None else instant(row.started),
            outcome=row.outcome,
            reached=reached,
            kinds=kinds,
            time_saved_seconds=worth.time_saved_seconds,
            cost_savings=worth.cost_savings,
            revenue=worth.revenue,
            unpriced_steps=worth.unpriced_steps,
            endpoint=row.endpoint and clean_line(row.endpoint),
            locale=row.locale and clean_line(row.locale),
            snapshot=row.snapshot and clean_line(row.snapshot),
            version=clean_line(row.version),
        )


def _restriction(query: Query, drill_down: DrillDown) -> Restriction:
    restriction = _of_parts(query, drill_down.parts, Restriction(outcome=drill_down.outcome))
    if drill_down.goal_id is not None:
        definition = query.definitions.by_id.get(drill_down.goal_id)
        restriction = replace(restriction, goal=definition.number if definition else -1)
    if drill_down.step_id is not None:
        restriction = _of_step(query, drill_down.step_id, restriction)
    if drill_down.dropped_after is not None:
        restriction = _dropped_after(query, drill_down.dropped_after, restriction)
    restriction = _on_the_way(query, drill_down, restriction)
    bucket = drill_down.bucket
    if drill_down.day is not None:
        day = (drill_down.day - _EPOCH_DAY).days
        return _within(restriction, query.bucket("day"), day, day)
    if bucket is not None and bucket.unit == "hour":
        start = microseconds(bucket.start)
        return _within(restriction, query.bucket("hour"), start, start)
    if bucket is not None:
        first, last = (bucket.first - _EPOCH_DAY).days, (bucket.last - _EPOCH_DAY).days
        return _within(restriction, query.bucket("day"), first, last)
    return restriction


def _within(restriction: Restriction, bucket: Bucket, first: int, last: int) -> Restriction:
    return replace(restriction, buckets=(*restriction.buckets, (bucket, first, last)))


def _of_parts(query: Query, parts: Sequence[Part], restriction: Restriction) -> Restriction:
    """Restrict to the cycles that are in all of the parts. A weekday or an hour that does not exist has none."""
    for dimension, value in parts:
        if dimension == "weekday":
            place = WEEKDAYS.index(value) if value in WEEKDAYS else -1
            restriction = _within(restriction, query.bucket("weekday"), place, place)
        elif dimension == "hour":
            hour = int(value) if value and value.isdecimal() else -1
            restriction = _within(restriction, query.bucket("hour_of_day"), hour, hour)
        else:
            values = None if value is None else (value, *_meant(query, dimension, value))
            restriction = replace(restriction, parts=(*restriction.parts, (dimension, values)))
    return restriction


def _meant(query: Query, dimension: Dimension, value: str) -> list[str]:
    """Return the other values in the log that are displayed like this one; of versions, those with this title."""
    found = list(query.reader.shown_as(COLUMNS[dimension], [value]))
    if dimension == "version":
        for goal_id, version in {(triple.goal_id, triple.version) for triple in query.reader.triples}:
            definition = query.definitions.by_id.get(goal_id)
            if definition is not None and definition.version_title(version or "") == value:
                found.append(version)
    return found


def _of_step(query: Query, step_id: str, restriction: Restriction) -> Restriction:
    """Restrict to the cycles that reached a step. Every cycle with a start reached the initial step of its goal."""
    goals = {step_bit.goal for step_bit in query.definitions.step_bits if step_bit.step_id == step_id}
    # In imported data, several goals may have the same step id: then the requested goal decides.
    wanted = goals if restriction.goal is None else goals & {restriction.goal}
    number = min(wanted, default=-1)
    places = query.definitions.by_number[number].places_of(step_id) if number >= 0 else []
    reached = (masks_of(places, query.reader.words),) if places else ()
    return replace(restriction, goal=number, steps=(*restriction.steps, *reached))


def _dropped_after(query: Query, step_id: str, restriction: Restriction) -> Restriction:
    """Restrict to the cycles that reached a step and no later step of the goal, and are not completed."""
    restriction = _of_step(query, step_id, restriction)
    if restriction.goal is None or restriction.goal < 0:
        return restriction
    definition = query.definitions.by_number[restriction.goal]
    later = [place for each in definition.steps_after(step_id) for place in definition.places_of(each)]
    return replace(restriction, lacks=masks_of(later, query.reader.words), completed=False)


def _on_the_way(query: Query, drill_down: DrillDown, restriction: Restriction) -> Restriction:
    """Restrict to the cycles that took all steps up to one in order, or as long as wanted until a step.

    The goal must be chosen.
    """
    if restriction.goal is None or restriction.goal < 0:
        return restriction
    definition, step_id = query.definitions.by_number[restriction.goal], drill_down.step_id
    if drill_down.in_order and step_id is not None:
        order = definition.all_in_order()
        until = order.index(step_id) + 1 if step_id in order else 0
        restriction = replace(restriction, in_order=tuple(order[:until]))
    if drill_down.took is not None:
        places = arrival_places(definition, step_id)
        mask = None if places is None else masks_of(places, query.reader.words)
        since, until = (seconds * 1_000_000 for seconds in drill_down.took)
        restriction = replace(restriction, arrived=Arrival(mask, since, until))
    return restriction


def arrival_places(definition: Definition, step_id: str | None) -> list[int] | None:
    """Return the bits by which a cycle arrives at a step, or at its completion for None; None for the initial step."""
    if step_id is None:
        return [number for number, place in enumerate(definition.places) if place.completes]
    return definition.places_of(step_id) or (None if definition.kind(step_id) == "initial" else [])


def make_funnel(query: Query, goal: Goal, *, strict: bool = False) -> Funnel:
    """Return the number of cycles that reached each step of a goal, and how long it took them.

    If `strict`, a cycle counts at a step only if it reached all steps before it, in their order. `query` must be
    limited to this goal.
    """
    definition = query.definitions.by_id.get(goal.id)
    in_order = [step.id for step in goal.steps] if strict else None
    started, masks, rows = step_times(query.reader, query.selection, goal.id, in_order) if definition else (0, (), [])
    completes = definition.completing(masks) if definition else {}
    times = {row.step_id: row for row in rows}
    order = [step.id for step in goal.steps]
    if definition and not strict:
        order += [step_id for step_id in definition.in_order(times) if step_id not in order]
    steps: list[FunnelStep] = []
    for step_id in order:
        found = times.get(step_id)
        kind = definition.kind(step_id) if definition else goal.step(step_id).kind
        timed = found if kind != "initial" else None
        steps.append(
            FunnelStep(
                step_id=step_id,
                name=definition.step_name(step_id) if definition else goal.step(step_id).name,
                kind=kind,
                reached=found.reached if found else 0,
                started=started,
                before=steps[-1].reached if steps else None,
                kind_differs=bool(completes.get(step_id, set()) - {kind == "completion"}),
                median_seconds=timed.median if timed else None,
                p90_seconds=timed.p90 if timed else None,
            )
        )
    return Funnel(goal_id=goal.id, goal=goal.name, started=started, steps=tuple(steps), strict=strict)


def make_timeline(documents: Documents, reader: EventReader, cycle_id: str, goal_id: str | None) -> Timeline:
    """Return a cycle with all its events, valued as recorded. The id may be given as it is stored or as it is shown.

    Raises NotFoundError, or RefusedError where no goal is given and cycles of several goals have the id.
    """
    events = reader.events_of(cycle_id)
    if not events and (stored := reader.shown_as("goalCycleId", [cycle_id])):
        events = reader.events_of(stored[0])
    goal_ids = list(dict.fromkeys(event.goal_id for event in events))
    if goal_id is None and len(goal_ids) > 1:
        names = ", ".join(repr(definitions_of(documents, one).goal_name(one)) for one in goal_ids)
        raise RefusedError(
            f"Several goals have a cycle {clean_line(cycle_id)!r}: {names}. Give the goal, too (--goal).",
            field="goal",
        )
    goal_id = goal_id or (goal_ids[0] if goal_ids else "")
    if goal_id not in goal_ids:
        raise NotFoundError("cycle", cycle_id, where="goals-tui cycles lists them.")
    found = timeline([event for event in events if event.goal_id == goal_id], definitions_of(documents, goal_id))
    # Fields of imported events may be cut to the limits of ours; the id must stay the one that finds the cycle.
    return found.model_copy(update={"cycle": found.cycle.model_copy(update={"cycle_id": clean_line(cycle_id)})})


def definitions_of(documents: Documents, goal_id: str) -> Definitions:
    """Return the definitions of one goal: all its versions and the current one."""
    current = documents.get("goals", goal_id)
    versions = documents.find("goal_versions", id=goal_id)
    goals = [parse(Goal, document) for document in ([*versions, current] if current else versions)]
    return Definitions({(goal_id, goal.version): goal for goal in goals}, goals[-1:] if current else ())
