"""Goals, their steps, and the rules that goals must obey."""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, StringConstraints

from goals_tui.domain.activity import Trigger
from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.limits import DEFAULT_MAX_STEPS, HIGHEST_MAX_STEPS
from goals_tui.domain.model import MAX_NAME, MAX_TEXT, Instant, Line, Model, Text
from goals_tui.domain.text import clean_line
from goals_tui.domain.value import NO_METRICS, SuccessMetrics
from goals_tui.domain.words import fold

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]
"""24 hexadecimal digits."""
Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
StepKind = Literal["initial", "step", "completion"]
GLYPHS: dict[StepKind, str] = {"initial": "●", "step": "○", "completion": "◎"}
"""The symbol of each kind of step, used everywhere."""
Name = Annotated[Line, StringConstraints(max_length=MAX_NAME)]
Description = Annotated[Text, StringConstraints(max_length=MAX_TEXT)]


Target = Annotated[Decimal, Field(gt=0, le=1, max_digits=7), PlainSerializer(float, return_type=float)]
"""A completion rate to reach, as a fraction of 1."""

_RATE = re.compile(r"(\d{1,3}(?:\.\d{1,5})?)\s*(%?)", re.ASCII)


def parse_target(text: str) -> Decimal:
    """Parse a target completion rate, such as `0.6` or `60 %`. Raises RefusedError."""
    read = _RATE.fullmatch(text.strip())
    target = Decimal(read[1]) / (100 if read[2] else 1) if read else Decimal(0)
    if not 0 < target <= 1:
        raise RefusedError(f"A target is a rate above 0 and up to 1, such as 0.6 or 60%; not {text.strip()!r}.")
    return target


def format_target(target: Decimal) -> str:
    """Return a target in percent, exactly: 60 % or 62.5 %."""
    return f"{(target * 100).normalize():f} %"


class Step(Model):
    """One step of a goal. The initial step opens a cycle and is worth nothing.

    When the goal is derived, an activity that matches any of the `triggers` fires the step.
    """

    id: Id
    name: Name
    description: Description = ""
    kind: StepKind = "step"
    metrics: SuccessMetrics = NO_METRICS
    # Left out if empty, so that version 0.1.0 can read goals that do not need it.
    triggers: tuple[Trigger, ...] = Field((), exclude_if=operator.not_)

    @property
    def glyph(self) -> str:
        """●, ○ or ◎."""
        return GLYPHS[self.kind]


class Goal(Model):
    """A goal: `steps` in order, the initial step first.

    A draft may break the rules for saving; see `problems`. `version` identifies this state of the definition,
    `revision` counts saves of the document. `target` is the completion rate that the goal should reach; it is not
    part of the definition, so changing it makes no new version.
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
    # Left out if None, so that version 0.1.0 can read goals without a target.
    target: Target | None = Field(None, exclude_if=lambda target: target is None)

    @property
    def initial(self) -> Step:
        """The initial step, which is always the first."""
        return self.steps[0]

    @property
    def further(self) -> tuple[Step, ...]:
        """Every step after the initial one."""
        return self.steps[1:]

    def step(self, wanted: str) -> Step:
        """Return the step with this id or name; case is ignored if that is unambiguous. Raises NotFoundError."""
        for step in self.steps:
            if wanted in (step.id, step.name):
                return step
        folded = [step for step in self.steps if fold(step.name) == fold(wanted.strip())]
        if len(folded) == 1:
            return folded[0]
        raise NotFoundError(f"step of the goal {self.name!r} called", wanted, [step.name for step in self.steps])

    def order_of(self, step_id: str) -> int:
        """Return the place of a step, 0 for the initial step; a step of another goal comes after all others."""
        for place, step in enumerate(self.steps):
            if step.id == step_id:
                return place
        return len(self.steps)

    def in_order(self, step_ids: Iterable[str]) -> tuple[str, ...]:
        """Return the step ids without duplicates, in the goal's order."""
        return tuple(sorted(dict.fromkeys(step_ids), key=self.order_of))


def same_content(one: Goal, other: Goal) -> bool:
    """Return whether two goals are equal apart from version, revision and times."""
    stamps = ("version", "revision", "created_at", "changed_at")
    return one == other.model_copy(update={name: getattr(one, name) for name in stamps})


def same_definition(one: Goal, other: Goal) -> bool:
    """Return whether two goals are equal apart from version, revision, times, target and triggers."""
    return _definition(one) == _definition(other)


def _definition(goal: Goal) -> dict[str, Any]:
    apart = ("version", "revision", "created_at", "changed_at", "target")
    steps = [step.model_dump(exclude={"triggers"}) for step in goal.steps]
    return {**goal.model_dump(exclude={*apart, "steps"}), "steps": steps}


def with_triggers_of(goal: Goal, other: Goal | None) -> Goal:
    """Return the goal with each step that has no triggers given those of the same step in `other`."""
    if other is None:
        return goal
    known = {step.id: step.triggers for step in other.steps}
    steps = (step.model_copy(update={"triggers": step.triggers or known.get(step.id, ())}) for step in goal.steps)
    return goal.model_copy(update={"steps": tuple(steps)})


def changed_fields(before: Goal, after: Goal) -> Iterator[str]:
    """Yield the differences between two states of a goal in words, for conflicts and for undo."""
    if before.name != after.name:
        yield "name"
    if before.description != after.description:
        yield "description"
    if before.target != after.target:
        yield "target"
    old = {step.id: step for step in before.steps}
    new = {step.id: step for step in after.steps}
    yield from (f"step {step.name!r} added" for step in after.steps if step.id not in old)
    yield from (f"step {step.name!r} deleted" for step in before.steps if step.id not in new)
    yield from (f"step {new[i].name!r}" for i in old if i in new and old[i] != new[i])
    if [i for i in old if i in new] != [i for i in new if i in old]:
        yield "order of the steps"


@dataclass(frozen=True)
class Problem:
    """A reason why a goal can't be saved. `field` is name, target, steps, step.name, step.metrics or initial.name."""

    field: str
    message: str
    step_id: str | None = None


def problems(goal: Goal, *, max_steps: int = DEFAULT_MAX_STEPS, taken_names: Collection[str] = ()) -> list[Problem]:
    """Return every reason why `goal` can't be saved, in the order of the form; empty if it can be.

    `taken_names` are the names of the project's other goals. `max_steps` includes the initial step.
    """
    found: list[Problem] = []
    if not clean_line(goal.name):
        found.append(Problem("name", "The goal needs a name."))
    elif fold(goal.name) in {fold(name) for name in taken_names}:
        found.append(Problem("name", f"There is a goal {goal.name!r} already. Choose another name."))
    if not goal.steps or goal.initial.kind != "initial":
        found.append(Problem("initial.name", "A goal begins with exactly one initial step. Add it first."))
        return found
    found += _initial_problems(goal)
    found += _step_problems(goal)
    if len(goal.steps) > max_steps:
        found.append(
            Problem(
                "steps",
                f"A goal has at most {max_steps} steps, the initial one included; this one has {len(goal.steps)}. "
                f"{_how_to_raise(max_steps)}",
            )
        )
    return found


def why_not_delete(goal: Goal, step_id: str) -> str | None:
    """Return why a step can't be deleted from the goal, or None if it can."""
    step = goal.step(step_id)
    if step.kind == "initial":
        return "The initial step can't be deleted: the goal is activated by it. Rename it instead."
    if len(goal.further) == 1:
        return f"{step.name!r} is the last remaining step. Add another one before you delete it."
    if step.kind == "completion" and sum(s.kind == "completion" for s in goal.further) == 1:
        return f"{step.name!r} is the only completion step. Mark another step as a completion step first."
    return None


def _initial_problems(goal: Goal) -> list[Problem]:
    found = []
    if not clean_line(goal.initial.name):
        found.append(Problem("initial.name", "The initial step needs a name.", goal.initial.id))
    if goal.initial.metrics:
        found.append(Problem("step.metrics", "The initial step has no success metrics.", goal.initial.id))
    if any(step.kind == "initial" for step in goal.further):
        found.append(Problem("steps", "A goal has exactly one initial step, and it comes first."))
    return found


def _step_problems(goal: Goal) -> list[Problem]:
    found = []
    counts = Counter(fold(step.name) for step in goal.steps)
    for step in goal.further:
        found += step_name_problems(step, counts[fold(step.name)] > 1)
    if len({step.id for step in goal.steps}) < len(goal.steps):
        found.append(Problem("steps", "Two steps have the same id. Delete one of them and add it again."))
    if not goal.further:
        found.append(Problem("steps", "Add at least one step: the one that completes the goal."))
    elif not any(step.kind == "completion" for step in goal.further):
        which = "The only step must be" if len(goal.further) == 1 else "At least one step must be"
        found.append(Problem("steps", f"{which} a completion step. Mark the one that achieves the goal."))
    return found


def step_name_problems(step: Step, repeated: bool) -> list[Problem]:
    """Return the problems with the name of a step; `repeated` if another step of the goal has it too."""
    if not clean_line(step.name):
        return [Problem("step.name", "A step needs a name.", step.id)]
    if repeated:
        return [Problem("step.name", f"The goal has a step {step.name!r} already. Choose another name.", step.id)]
    return []


def _how_to_raise(max_steps: int) -> str:
    if max_steps >= HIGHEST_MAX_STEPS:
        return "Delete a step, or split the goal."
    return f"Set FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL (up to {HIGHEST_MAX_STEPS}) to raise the limit."
