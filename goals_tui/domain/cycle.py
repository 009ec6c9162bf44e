"""Goal cycles: the cycle that a step joins, the event that records it, and the outcome and value of a cycle."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from goals_tui.domain.event import EARLIEST, GoalEvent, Source
from goals_tui.domain.filters import PriceBy
from goals_tui.domain.goal import Goal, Step, StepKind
from goals_tui.domain.report import Cycle, Moment, Outcome, Timeline
from goals_tui.domain.value import NO_METRICS


def outcome(kinds: Collection[StepKind | None]) -> Outcome:
    """Return the outcome of a cycle that reached steps of these kinds; None stands for an unknown step.

    A cycle without an initial step is an orphan. An unknown step counts as an ordinary one: it makes a cycle partial.
    """
    if "initial" not in kinds:
        return "orphan"
    if "completion" in kinds:
        return "completed"
    return "partial" if any(kind != "initial" for kind in kinds) else "incomplete"


class Definitions:
    """The definitions of goals, by version and current, with which events are interpreted.

    `versions` is keyed by goal id and version.
    """

    def __init__(self, versions: Mapping[tuple[str, str], Goal], current: Iterable[Goal] = ()) -> None:
        self._versions = versions
        self._current = {goal.id: goal for goal in current}
        self._steps: dict[tuple[str, str], Step] = {}
        self._orders: dict[tuple[str, str], int] = {}
        for (goal_id, _), goal in sorted(versions.items(), key=lambda item: (item[1].revision, item[0])):
            self._learn(goal_id, goal)
        for goal in self._current.values():
            self._learn(goal.id, goal)

    def _learn(self, goal_id: str, goal: Goal) -> None:
        for place, step in enumerate(goal.steps):
            self._steps[goal_id, step.id] = step
            self._orders[goal_id, step.id] = place

    def goal_name(self, goal_id: str, version: str = "") -> str:
        """Return the current name of a goal, else its name in that version, else its id."""
        goal = self._current.get(goal_id) or self._versions.get((goal_id, version))
        return goal.name if goal else goal_id

    def step(self, event: GoalEvent) -> Step | None:
        """Return the step of an event by its recorded version, else by the current definition, else by any version."""
        recorded = _step(self._versions.get((event.goal_id, event.version)), event.step_id)
        return recorded or self._steps.get((event.goal_id, event.step_id))

    def order(self, event: GoalEvent) -> int:
        """Return the place of the event's step among the steps of its goal; unknown steps come after all others."""
        recorded = self._versions.get((event.goal_id, event.version))
        if recorded is not None and _step(recorded, event.step_id):
            return recorded.order_of(event.step_id)
        return self._orders.get((event.goal_id, event.step_id), 1_000_000)

    def priced(self, event: GoalEvent, price_by: PriceBy) -> Step | None:
        """Return the step definition that prices the event; None if there is none and the event is unpriced."""
        if price_by == "current":
            return _step(self._current.get(event.goal_id), event.step_id)
        return _step(self._versions.get((event.goal_id, event.version)), event.step_id)


def cycles_of(
    events: Iterable[GoalEvent], definitions: Definitions, *, price_by: PriceBy = "recorded"
) -> list[Timeline]:
    """Return the cycles of these events, each with all its events, in the order of their first event.

    Events with the same id count once. A step counts and pays once per cycle, when it first fires, and is priced by
    the version which that event recorded, or by the current definition if `price_by` is "current". The start, endpoint,
    locale, snapshot and version of a cycle are those of its first initial event, in the order (timestamp, step order,
    id); those of an orphan are those of its first event.
    """
    by_cycle: dict[tuple[str, str], list[GoalEvent]] = {}
    for event in {event.id: event for event in events}.values():
        by_cycle.setdefault((event.goal_id, event.goal_cycle_id), []).append(event)
    timelines = [timeline(of_cycle, definitions, price_by=price_by) for of_cycle in by_cycle.values()]
    return sorted(
        timelines, key=lambda line: (line.moments[0].event.timestamp, line.cycle.goal_id, line.cycle.cycle_id)
    )


def timeline(events: Iterable[GoalEvent], definitions: Definitions, *, price_by: PriceBy = "recorded") -> Timeline:
    """Return one cycle from its events, of which there must be at least one; see `cycles_of`."""
    ordered = sorted(events, key=lambda event: (event.timestamp, definitions.order(event), event.id))
    reached: dict[str, GoalEvent] = {}
    moments: list[Moment] = []
    initial = next((e for e in ordered if _kind(definitions, e) == "initial"), None)
    start = initial or ordered[0]
    before = ordered[0]
    for event in ordered:
        counts = event.step_id not in reached
        reached.setdefault(event.step_id, event)
        step, priced = definitions.step(event), definitions.priced(event, price_by)
        # An orphan is in no report, so its steps are worth nothing.
        metrics = priced.metrics if priced and counts and initial else NO_METRICS
        moments.append(
            Moment(
                event=event,
                step=step.name if step else event.step_id,
                kind=step.kind if step else None,
                since_start=(event.timestamp - start.timestamp).total_seconds(),
                since_previous=(event.timestamp - before.timestamp).total_seconds(),
                counts=counts,
                time_saved_seconds=metrics.time_saved_seconds,
                cost_savings=metrics.cost_savings,
                revenue=metrics.revenue,
                # The initial step is worth nothing in any definition, so an unknown version does not matter.
                priced=(priced is not None and not priced.metrics.unpriced)
                or (step is not None and step.kind == "initial"),
            )
        )
        before = event
    return Timeline(cycle=_cycle(moments, start, definitions), moments=tuple(moments))


def _cycle(moments: list[Moment], start: GoalEvent, definitions: Definitions) -> Cycle:
    counted = [moment for moment in moments if moment.counts]
    in_order = sorted(counted, key=lambda moment: definitions.order(moment.event))
    how = outcome([moment.kind for moment in counted])
    return Cycle(
        cycle_id=start.goal_cycle_id,
        goal_id=start.goal_id,
        goal=definitions.goal_name(start.goal_id, start.version),
        session_id=start.session_id,
        started_at=None if how == "orphan" else start.timestamp,
        outcome=how,
        reached=tuple(moment.step for moment in in_order),
        kinds=tuple(moment.kind or "step" for moment in in_order),
        time_saved_seconds=sum(moment.time_saved_seconds for moment in counted),
        cost_savings=sum((moment.cost_savings for moment in counted), Decimal(0)),
        revenue=sum((moment.revenue for moment in counted), Decimal(0)),
        unpriced_steps=0 if how == "orphan" else sum(not moment.priced for moment in counted),
        endpoint=start.endpoint_name or None,
        locale=start.locale_name or None,
        snapshot=start.snapshot_name or None,
        version=start.version,
    )


def _kind(definitions: Definitions, event: GoalEvent) -> StepKind | None:
    step = definitions.step(event)
    return step.kind if step else None


def _step(goal: Goal | None, step_id: str) -> Step | None:
    return next((step for step in goal.steps if step.id == step_id), None) if goal else None


class Joined(NamedTuple):
    """The result of assigning steps that fired together to a cycle; `cycle_id` is None if none was tracked."""

    cycle_id: str | None
    tracked: tuple[str, ...]
    not_tracked: tuple[str, ...]


def join_cycle(goal: Goal, step_ids: Sequence[str], open_cycle: str | None, new_cycle: Callable[[], str]) -> Joined:
    """Assign steps of `goal` that fire at one moment to a cycle, in the goal's order.

    The initial step opens a new cycle, even while one is open, and the other steps join it. Without the initial step
    they join the open cycle; without an open cycle they are not tracked.
    """
    steps = tuple(step_ids) if len(step_ids) == 1 else goal.in_order(step_ids)
    if goal.steps[0].id in steps:
        return Joined(new_cycle(), steps, ())
    if open_cycle is not None:
        return Joined(open_cycle, steps, ())
    return Joined(None, (), steps)


class EventTemplates:
    """Validated events by goal and source, with the goal's current version, from which new events are copied.

    Validating an event takes ten times as long as the rest of tracking it; copies of a valid one need no validation.
    """

    MOST = 1000

    def __init__(self) -> None:
        self._made: dict[tuple[str, str, Source], GoalEvent] = {}

    def of(self, goal: Goal, source: Source) -> GoalEvent:
        """Return the event to copy with `id`, `timestamp`, `goal_cycle_id`, `step_id` and `session_id`."""
        key = (goal.id, goal.version, source)
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= self.MOST:
                self._made.clear()
            made = self._made[key] = GoalEvent(
                id="-",
                version=goal.version,
                timestamp=EARLIEST,
                goal_cycle_id="-",
                step_id=goal.initial.id,
                goal_id=goal.id,
                session_id="-",
                **source.model_dump(),
            )
        return made
