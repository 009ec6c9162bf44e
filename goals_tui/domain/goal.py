"""Goals and their steps (the seed's *Create a Goal*, DESIGN 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import StringConstraints

from goals_tui.domain.errors import NotFoundError
from goals_tui.domain.model import MAX_NAME, MAX_TEXT, Instant, Line, Model, Text
from goals_tui.domain.value import NO_METRICS, SuccessMetrics
from goals_tui.domain.words import fold

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]
"""24 hexadecimal digits."""

Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]

StepKind = Literal["initial", "step", "completion"]

GLYPHS: dict[StepKind, str] = {"initial": "●", "step": "○", "completion": "◎"}
"""How a step is drawn, everywhere."""

Name = Annotated[Line, StringConstraints(max_length=MAX_NAME)]
Description = Annotated[Text, StringConstraints(max_length=MAX_TEXT)]


class Step(Model):
    """One step of a goal. The initial one opens a cycle and is worth nothing."""

    id: Id
    name: Name
    description: Description = ""
    kind: StepKind = "step"
    metrics: SuccessMetrics = NO_METRICS

    @property
    def glyph(self) -> str:
        """●, ○ or ◎."""
        return GLYPHS[self.kind]


class Goal(Model):
    """A goal as it was saved: `steps` in order, the initial one first.

    Which goals may be saved is decided by `goal_rules`; a draft may break those rules.
    `version` names this state of the definition, `revision` counts saves of the document.
    """

    id: Id
    reference_id: Uuid
    version: Uuid
    revision: int = 0
    name: Name
    description: Description = ""
    steps: tuple[Step, ...]
    created_at: Instant
    changed_at: Instant

    @property
    def initial(self) -> Step:
        """The initial step: always the first."""
        return self.steps[0]

    @property
    def further(self) -> tuple[Step, ...]:
        """Every step after the initial one."""
        return self.steps[1:]

    def step(self, wanted: str) -> Step:
        """The step with this id or name (case ignored where that is unambiguous); raises NotFoundError."""
        for step in self.steps:
            if wanted in (step.id, step.name):
                return step
        folded = [step for step in self.steps if fold(step.name) == fold(wanted.strip())]
        if len(folded) == 1:
            return folded[0]
        raise NotFoundError(f"step of the goal {self.name!r} called", wanted, [step.name for step in self.steps])

    def order_of(self, step_id: str) -> int:
        """The place of a step, 0 for the initial one; after all others where the goal has no such step."""
        for place, step in enumerate(self.steps):
            if step.id == step_id:
                return place
        return len(self.steps)

    def in_order(self, step_ids: Iterable[str]) -> tuple[str, ...]:
        """These step ids without repetition, in the goal's order."""
        return tuple(sorted(dict.fromkeys(step_ids), key=self.order_of))


def same_definition(one: Goal, other: Goal) -> bool:
    """Whether two goals say the same, apart from version, revision and times."""
    apart = {"version", "revision", "created_at", "changed_at"}
    return one.model_dump(exclude=apart) == other.model_dump(exclude=apart)


def changed_fields(before: Goal, after: Goal) -> Iterator[str]:
    """What differs between two states of a goal, in words (for conflicts and for undo)."""
    if before.name != after.name:
        yield "name"
    if before.description != after.description:
        yield "description"
    old = {step.id: step for step in before.steps}
    new = {step.id: step for step in after.steps}
    yield from (f"step {step.name!r} added" for step in after.steps if step.id not in old)
    yield from (f"step {step.name!r} deleted" for step in before.steps if step.id not in new)
    yield from (f"step {new[i].name!r}" for i in old if i in new and old[i] != new[i])
    if [i for i in old if i in new] != [i for i in new if i in old]:
        yield "order of the steps"
