"""Assemble goals from the collections Goals, GoalSteps and GoalStepMetrics of the original system."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Literal

from pydantic import ValidationError

from goals_tui.domain.errors import WrongValueError, nearest_names
from goals_tui.domain.goal import Goal, Step, StepKind
from goals_tui.domain.model import reason
from goals_tui.domain.text import clean_line
from goals_tui.domain.value import MAX_AMOUNT, MAX_SECONDS, SuccessMetrics
from goals_tui.services.imports.result import Broken

Record = Mapping[str, Any]
Collection = Literal["Goals", "GoalSteps", "GoalStepMetrics", "GoalEvents", "Conversations", "ExecutedSteps"]

DURATION_UNITS = {
    "milliseconds": Decimal("0.001"),
    "seconds": Decimal(1),
    "minutes": Decimal(60),
    "hours": Decimal(3600),
}

DURATION_UNIT = "seconds"
"""The default unit of durations."""

ROUNDED = Decimal("0.000001")

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 1 << 40
"""The place of a step without `order`."""


def duration_unit(name: str) -> Decimal:
    """Return the number of seconds in a unit. Raises WrongValueError for an unknown one."""
    if name not in DURATION_UNITS:
        near = nearest_names(name, DURATION_UNITS) or tuple(DURATION_UNITS)
        raise WrongValueError(
            f"{name!r} is not a unit of durations. Use one of: {', '.join(near)}.", field="duration_unit"
        )
    return DURATION_UNITS[name]


def collection_of(record: Record) -> Collection | None:
    """Return the collection of a record according to its keys, or None."""
    if record.get("goalCycleId") is not None or ("stepId" in record and "sessionId" in record):
        return "GoalEvents"
    if record.get("goalStepMetricId") is not None:
        return "GoalStepMetrics"
    if record.get("goalStepId") is not None:
        return "GoalSteps"
    if record.get("goalId") is not None and "name" in record:
        return "Goals"
    if "sessionId" in record and ("stepLabel" in record or "entityReferenceId" in record):
        return "ExecutedSteps"
    if "sessionId" in record and ("inputText" in record or "stepPath" in record):
        return "Conversations"
    return None


@dataclass(frozen=True, slots=True)
class Place:
    """The location of a record: the name of its file and its number in the file."""

    file: str
    record: int


@dataclass(slots=True)
class _Parts:
    """The records of one goal by version; records without a version are under None."""

    goals: dict[str | None, tuple[Record, Place]] = field(default_factory=dict)
    steps: dict[str | None, dict[str, tuple[Record, Place]]] = field(default_factory=lambda: defaultdict(dict))
    metrics: dict[str | None, dict[str, tuple[Record, Place]]] = field(default_factory=lambda: defaultdict(dict))


@dataclass(frozen=True, slots=True)
class ReadGoal:
    """One version of a goal as it was read.

    `current` is true where the collection Goals has this version. `valued` is true where metrics of any goal were
    read; otherwise the worth of the steps is unknown.
    """

    goal: Goal
    place: Place
    current: bool
    valued: bool

    @property
    def unpriced(self) -> list[tuple[str, str]]:
        """The name of the goal paired with that of each step whose value could not be read."""
        return [(self.goal.name, step.name) for step in self.goal.steps if step.metrics.unpriced]


class GoalRecords:
    """Collects the records of the three collections in any order, and assembles the goals.

    `seconds_per_unit` is the length of the unit of durations, `digits` the number of decimals of the currency.
    """

    def __init__(self, broken: Broken, seconds_per_unit: Decimal, digits: int) -> None:
        self._broken = broken
        self._seconds = seconds_per_unit
        self._digits = digits
        self.durations = False
        """True if there were durations above 0, whose length depends on the unit."""

        self.rounded = 0
        """The number of amounts that were rounded, by ROUNDED at most, because of floating-point errors."""
        self._goals: dict[str, _Parts] = defaultdict(_Parts)

    def add(self, kind: Collection, record: Record, place: Place) -> None:
        """Add a record. One with the same id and version replaces the earlier one."""
        goal_id = record.get("goalId")
        if not isinstance(goal_id, str):
            self._broken.add(place.file, place.record, f"a record of {kind} needs a goalId, a text")
            return
        if kind == "GoalSteps" and not isinstance(record["goalStepId"], str):
            self._broken.add(place.file, place.record, "a record of GoalSteps needs a goalStepId, a text")
            return
        version = record.get("version")
        version = version if isinstance(version, str) else None
        parts = self._goals[goal_id]
        if kind == "Goals":
            parts.goals[version] = (record, place)
        elif kind == "GoalSteps":
            parts.steps[version][str(record["goalStepId"])] = (record, place)
        else:
            parts.metrics[version][str(record["goalStepMetricId"])] = (record, place)

    def assemble(self, known: Mapping[str, Goal]) -> list[ReadGoal]:
        """Return every version of every goal that can be assembled, older versions of a goal first.

        `known` are the goals of the project by id. A version of which only steps were read takes its name from another
        version. Records that can't be used are reported as broken.
        """
        valued = any(parts.metrics for parts in self._goals.values())
        made = []
        for goal_id, parts in self._goals.items():
            versions = [version for version in {**parts.goals, **parts.steps} if version is not None]
            if not parts.goals and not parts.steps:
                self._report_lone_metrics(parts)
            if None in parts.goals and not versions:
                _, place = parts.goals[None]
                self._broken.add(place.file, place.record, "a goal needs a version")
            read = [self._version(goal_id, version, parts, known.get(goal_id), valued) for version in versions]
            made += sorted(filter(None, read), key=lambda one: (one.current, one.goal.changed_at))
        return made

    def _report_lone_metrics(self, parts: _Parts) -> None:
        for _, place in (one for records in parts.metrics.values() for one in records.values()):
            self._broken.add(place.file, place.record, "a metric needs the steps of its goal. Import GoalSteps with it")

    def _version(self, goal_id: str, version: str, parts: _Parts, known: Goal | None, valued: bool) -> ReadGoal | None:
        own = parts.goals.get(version)
        record, place = own or next(iter(parts.goals.values()), None) or ({}, None)
        steps = _for_version(parts.steps, version, parts)
        if place is None:
            place = next(iter(steps.values()))[1]
            if known is None:
                self._broken.add(place.file, place.record, f"the goal {goal_id} of this step is in no record of Goals")
                return None
        if not steps:
            if known is None or known.version != version:
                self._broken.add(place.file, place.record, "the goal has no steps. Import its GoalSteps with it")
            return None
        try:
            goal = Goal(
                id=goal_id,
                reference_id=record.get("referenceId") or _reference(goal_id, known),
                version=version,
                name=record.get("name") or (known.name if known and not record else ""),
                description=record.get("description") or "",
                steps=self._steps(steps, _for_version(parts.metrics, version, parts)),
                created_at=record.get("createdAt") or _EARLIEST,
                changed_at=record.get("lastChanged") or record.get("createdAt") or _EARLIEST,
            )
        except ValidationError as error:
            self._broken.add(place.file, place.record, f"the goal is invalid: {reason(error)}")
            return None
        return ReadGoal(goal, place, current=own is not None, valued=valued)

    def _steps(
        self, records: Mapping[str, tuple[Record, Place]], metrics: Mapping[str, tuple[Record, Place]]
    ) -> tuple[Step, ...]:
        by_step: dict[str, list[tuple[Record, Place]]] = defaultdict(list)
        for record, place in metrics.values():
            by_step[str(record.get("goalStepId"))].append((record, place))
        in_order = sorted((record for record, _ in records.values()), key=_place_in_goal)
        steps = []
        for record in in_order:
            kind = _kind(record.get("type"))
            worth = self._metrics(by_step.pop(record["goalStepId"], []), kind)
            steps.append(
                Step(
                    id=record["goalStepId"],
                    name=record.get("name") or "",
                    description=record.get("description") or "",
                    kind=kind,
                    metrics=worth,
                )
            )
        for record, place in (one for orphans in by_step.values() for one in orphans):
            why = f"the metric belongs to the step {record.get('goalStepId')}, which the goal does not have"
            self._broken.add(place.file, place.record, why)
        return tuple(steps)

    def _metrics(self, records: list[tuple[Record, Place]], kind: StepKind) -> SuccessMetrics:
        """Return the sums of a step's metrics. With one that can't be read, the step is unpriced, not worth less."""
        totals = {"cost_savings": Decimal(0), "revenue": Decimal(0), "time": Decimal(0)}
        unpriced = False
        for record, place in records:
            try:
                what, given = _metric(record, self._seconds)
                value = given if what == "time" else _rounded(given, self._digits)
                if kind == "initial" and value:
                    raise ValueError("the initial step has no success metrics")
                most = MAX_SECONDS if what == "time" else MAX_AMOUNT
                if totals[what] + value > most:
                    raise ValueError(f"it comes to more than {most}")
            except ValueError as error:
                self._broken.add(place.file, place.record, f"the metric is invalid: {error}")
                unpriced = kind != "initial"
            else:
                totals[what] += value
                self.durations |= what == "time" and value > 0
                self.rounded += value != given
        seconds = int(totals.pop("time").quantize(Decimal(1), ROUND_HALF_UP))
        return SuccessMetrics(time_saved_seconds=seconds, unpriced=unpriced, **totals)


def _for_version(
    by_version: Mapping[str | None, dict[str, tuple[Record, Place]]], version: str, parts: _Parts
) -> dict[str, tuple[Record, Place]]:
    """Return the records of a version and those without a version.

    Where there are none, and Goals has this version only, return the records of all versions.
    """
    own = {**by_version.get(None, {}), **by_version.get(version, {})}
    if own or len(parts.goals) != 1 or version not in parts.goals:
        return own
    return {key: one for some in by_version.values() for key, one in some.items()}


def _place_in_goal(record: Record) -> tuple[bool, int]:
    """Return a sort key: the initial step first, then by `order`. Steps without it keep the order of the file."""
    order = record.get("order")
    if isinstance(order, str) and order.strip().lstrip("-").isdecimal() and len(order) < 12:
        order = int(order)
    return _kind(record.get("type")) != "initial", order if isinstance(order, int) else _LAST


def _kind(type_: object) -> StepKind:
    return "initial" if type_ == "start" else "completion" if type_ == "completion" else "step"


def _metric(record: Record, seconds_per_unit: Decimal) -> tuple[str, Decimal]:
    """Return what a metric measures (cost_savings, revenue, or time in seconds) and its value. Raises ValueError."""
    given = record.get("value")
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        raise ValueError("its value is not a number")
    try:
        value = Decimal(str(given))
    except InvalidOperation:
        raise ValueError(f"its value {clean_line(str(given))[:40]!r} is not a number") from None
    if not value.is_finite() or not 0 <= value <= MAX_AMOUNT:
        raise ValueError(f"its value {clean_line(str(given))[:40]} is not between 0 and {MAX_AMOUNT}")
    if record.get("type") == "duration":
        return "time", value * seconds_per_unit
    if record.get("type") != "currency":
        raise ValueError("its type is neither duration nor currency")
    name = str(record.get("name") or "").casefold()
    return ("revenue" if "revenue" in name or "earning" in name else "cost_savings"), value


def _rounded(value: Decimal, digits: int) -> Decimal:
    """Return an amount without floating-point errors (19.990000000000002), with `digits` or else 4 decimals.

    Raises ValueError for an amount that rounding would change by more than ROUNDED, or to 0.
    """
    for places in (digits, 4):
        near = round(value, places)
        if near == value or (near and abs(near - value) <= ROUNDED):
            return near
    raise ValueError(f"an amount has 4 decimals at most, not {value}")


def _reference(goal_id: str, known: Goal | None) -> str:
    return known.reference_id if known else str(uuid.uuid5(uuid.NAMESPACE_OID, goal_id))
