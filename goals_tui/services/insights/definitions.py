"""The meaning and worth of the steps in the event log: definitions of goals as bits of a bit mask.

Each combination of step, kind and worth in a goal gets one bit, which all versions share that agree in it, so versions
that differ only in names and descriptions need no further bits. A cycle's mask has one bit per reached step: that of
the event that fired first, because a step counts and pays once per cycle (docs/semantics.md, *Report*).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from goals_tui.domain.cycle import outcome
from goals_tui.domain.filters import Choice, PriceBy
from goals_tui.domain.goal import Goal, Step, StepKind
from goals_tui.domain.report import Outcome
from goals_tui.domain.text import clean_line
from goals_tui.domain.value import SuccessMetrics
from goals_tui.services.stored import parse
from goals_tui.store.cycles.step_bits import BITS_PER_WORD, StepBit, Triple

if TYPE_CHECKING:
    from goals_tui.services.goals import GoalService
    from goals_tui.store.documents import Documents

_LAST = 1_000_000
"""The rank of a step that no version has: after all others."""


@dataclass(frozen=True)
class Worth:
    """A cycle's outcome and what it saved: time in seconds, money in the project's currency."""

    outcome: Outcome
    time_saved_seconds: int
    cost_savings: Decimal
    revenue: Decimal
    unpriced_steps: int


NO_WORTH = Worth("orphan", 0, Decimal(0), Decimal(0), 0)
"""The worth of an orphan."""


@dataclass(frozen=True)
class Place:
    """The meaning of a bit. `metrics` is None where the worth of the step is unknown."""

    step_id: str
    completes: bool
    metrics: SuccessMetrics | None


@dataclass
class Definition:
    """A goal with all its versions. `number` identifies it in queries; `current` is None for a deleted goal."""

    number: int
    id: str
    current: Goal | None
    versions: dict[str, Goal]
    """The definition of each version, oldest first."""

    places: list[Place] = field(default_factory=list)
    _worths: dict[tuple[int, ...], Worth] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The current name, or the last one of a deleted goal."""
        return self._latest.name

    @property
    def _latest(self) -> Goal:
        return self.current or next(reversed(self.versions.values()))

    @cached_property
    def _latest_steps(self) -> dict[str, Step]:
        """Every step of any version by id, as the current definition has it, else the latest version with the step."""
        return {step.id: step for goal in [*self.versions.values(), self._latest] for step in goal.steps}

    def step(self, step_id: str, version: str | None = None) -> Step | None:
        """Return a step as `version` has it, else the current definition, else the latest version with the step.

        None where no version has it.
        """
        goal = self.versions.get(version) if version is not None else None
        recorded = _step_of(goal, step_id) if goal else None
        return recorded or self._latest_steps.get(step_id)

    def rank(self, step_id: str, version: str) -> int:
        """Return the place of a step in `version`, else in the latest version with the step, else after all others."""
        for goal in (self.versions.get(version), self._latest, *reversed(self.versions.values())):
            if goal is not None and _step_of(goal, step_id):
                return goal.order_of(step_id)
        return _LAST

    def step_name(self, step_id: str, version: str | None = None) -> str:
        """Return the name of a step (that of `version`, if it has the step), or its id where no version has it."""
        step = self.step(step_id, version)
        return step.name if step else clean_line(step_id)

    def reached(
        self, initial_step: str | None, masks: tuple[int, ...], version: str
    ) -> tuple[tuple[str, ...], tuple[StepKind, ...]]:
        """Return the names and kinds of the steps that a cycle reached, in order.

        `version` is the version under which the cycle started.
        """
        places = [self.places[number] for number in bits_of(masks)]
        kinds: dict[str, StepKind] = {place.step_id: "completion" if place.completes else "step" for place in places}
        if initial_step:
            kinds[initial_step] = "initial"
        ordered = sorted(kinds, key=lambda step_id: (self.rank(step_id, version), step_id))
        return tuple(self.step_name(each, version) for each in ordered), tuple(kinds[each] for each in ordered)

    def completing(self, masks: tuple[int, ...]) -> dict[str, set[bool]]:
        """Return for each step in the masks whether it completed the cycle; both values where versions differ."""
        found: dict[str, set[bool]] = {}
        for number in bits_of(masks):
            found.setdefault(self.places[number].step_id, set()).add(self.places[number].completes)
        return found

    def places_of(self, step_id: str) -> list[int]:
        """Return the bits of a step; an initial step has none."""
        return [number for number, place in enumerate(self.places) if place.step_id == step_id]

    def kind(self, step_id: str) -> StepKind:
        """Return the current kind of a step; "step" for an unknown one."""
        step = self.step(step_id)
        return step.kind if step else "step"

    def in_order(self, step_ids: Iterable[str]) -> list[str]:
        """Sort step ids in the order of the current definition, followed by steps that it lacks, by name."""
        return sorted(step_ids, key=lambda step_id: (self._latest.order_of(step_id), self.step_name(step_id), step_id))

    def all_in_order(self) -> list[str]:
        """Return the steps of the current (or last) definition in order, then those that only other versions have."""
        order = [step.id for step in self._latest.steps]
        return [*order, *self.in_order({place.step_id for place in self.places} - set(order))]

    def steps_after(self, step_id: str) -> list[str]:
        """Return the steps after a step in the order of `all_in_order`."""
        order = self.all_in_order()
        return order[order.index(step_id) + 1 :] if step_id in order else []

    def version_title(self, version: str) -> str:
        """Return the title of a version: the goal's name and the version's number."""
        number = list(self.versions).index(version) + 1 if version in self.versions else None
        return f"{self.name} v{number}" if number else f"{self.name}, unknown version {version[:8] or '(none)'}"

    def worth(self, masks: tuple[int, ...]) -> Worth:
        """Return the worth of a cycle with these masks."""
        found = self._worths.get(masks)
        if found is None:
            found = self._worths[masks] = self._price(masks)
        return found

    def _price(self, masks: tuple[int, ...]) -> Worth:
        reached = [self.places[number] for number in bits_of(masks)]
        priced = [place.metrics for place in reached if place.metrics is not None]
        return Worth(
            outcome=outcome(["initial", *("completion" if place.completes else "step" for place in reached)]),
            time_saved_seconds=sum(metrics.time_saved_seconds for metrics in priced),
            cost_savings=sum((metrics.cost_savings for metrics in priced), Decimal(0)),
            revenue=sum((metrics.revenue for metrics in priced), Decimal(0)),
            unpriced_steps=sum(place.metrics is None or place.metrics.unpriced for place in reached),
        )


class Definitions:
    """The definitions of the goals that occur in a log. Others are not parsed, as a project may have many."""

    def __init__(self, documents: Documents, goals: GoalService, triples: Iterable[Triple], price_by: PriceBy) -> None:
        self.goal_documents = documents.all("goals")
        self._triples = list(triples)
        self._price_by = price_by
        wanted = dict.fromkeys(triple.goal_id for triple in self._triples)
        versions: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for document in documents.all("goal_versions").values():
            if document["id"] in wanted:
                versions[document["id"]].append(document)
        self.by_id: dict[str, Definition] = {}
        for goal_id in wanted:
            current = self.goal_documents.get(goal_id)
            now = parse(Goal, current) if current is not None else None
            known = [goals.of_version(document) for document in versions[goal_id]]
            definition = _definition(len(self.by_id), goal_id, now, known)
            if definition is not None:
                self.by_id[goal_id] = definition
        self.by_number = list(self.by_id.values())
        self.step_bits = self._make_step_bits()

    @property
    def unknown_goals(self) -> list[str]:
        """Ids of goals that occur in the log and not in the project, which may still have old versions of them."""
        ids = dict.fromkeys(triple.goal_id for triple in self._triples)
        return [goal_id for goal_id in ids if goal_id not in self.goal_documents]

    @property
    def unknown_versions(self) -> list[tuple[Definition, str]]:
        """Versions of known goals that occur in the log and have no definition."""
        pairs = dict.fromkeys((triple.goal_id, triple.version) for triple in self._triples)
        known = [(self.by_id[goal_id], version) for goal_id, version in pairs if goal_id in self.by_id]
        return [(definition, version) for definition, version in known if version not in definition.versions]

    def numbers(self, choice: Choice) -> tuple[int, ...] | None:
        """Return the numbers of the chosen goals; None for all goals."""
        if not choice:
            return None
        return tuple(
            definition.number for definition in self.by_number if (definition.id in choice.values) != choice.negated
        )

    def _make_step_bits(self) -> list[StepBit]:
        step_bits = []
        places: dict[tuple[int, Place], int] = {}
        known = [triple for triple in self._triples if triple.goal_id in self.by_id]
        for triple in known:
            definition = self.by_id[triple.goal_id]
            step = definition.step(triple.step_id, triple.version)
            place = None
            if step is None or step.kind != "initial":
                meaning = Place(
                    triple.step_id, step is not None and step.kind == "completion", self._metrics(definition, triple)
                )
                key = (definition.number, meaning)
                if key not in places:
                    places[key] = len(definition.places)
                    definition.places.append(meaning)
                place = places[key]
            step_bits.append(
                StepBit(
                    goal_id=triple.goal_id,
                    version=triple.version,
                    step_id=triple.step_id,
                    goal=definition.number,
                    rank=definition.rank(triple.step_id, triple.version),
                    completes=step is not None and step.kind == "completion",
                    place=place,
                )
            )
        return step_bits

    def _metrics(self, definition: Definition, triple: Triple) -> SuccessMetrics | None:
        goal = definition.current if self._price_by == "current" else definition.versions.get(triple.version)
        step = _step_of(goal, triple.step_id) if goal else None
        return step.metrics if step else None


def _definition(number: int, goal_id: str, current: Goal | None, versions: Iterable[Goal]) -> Definition | None:
    known = list(versions)
    if current is not None:
        known = [goal for goal in known if goal.version != current.version] + [current]
    known.sort(key=lambda goal: (goal.revision, goal.changed_at))
    if not known:
        return None
    return Definition(number=number, id=goal_id, current=current, versions={goal.version: goal for goal in known})


def bits_of(masks: tuple[int, ...]) -> Iterator[int]:
    """Yield the positions of the bits that are set in masks, in ascending order."""
    for word, mask in enumerate(masks):
        while mask:
            lowest = mask & -mask
            yield word * BITS_PER_WORD + lowest.bit_length() - 1
            mask ^= lowest


def _step_of(goal: Goal, step_id: str) -> Step | None:
    return next((step for step in goal.steps if step.id == step_id), None)
