"""What a goal must be like to be saved (the seed's *Create a Goal*, *Delete a Step*, *Limitations*)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from goals_tui.domain.goal import Goal, Step
from goals_tui.domain.text import clean_line
from goals_tui.domain.words import fold

DEFAULT_MAX_STEPS = 10
HIGHEST_MAX_STEPS = 20


@dataclass(frozen=True)
class Problem:
    """Why a goal can't be saved. `field` is name, steps, step.name, step.metrics or initial.name."""

    field: str
    message: str
    step_id: str | None = None


def problems(goal: Goal, *, max_steps: int = DEFAULT_MAX_STEPS, taken_names: Collection[str] = ()) -> list[Problem]:
    """Everything that keeps `goal` from being saved, in the order of the form; empty when it may be.

    `taken_names` are the names of the other goals of the project. `max_steps` includes the initial step.
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
    """Why this step can't go from the goal, or None when it can (the seed's *Delete a Step*)."""
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
    """What is wrong with the name of one step; `repeated` when another step of the goal has it too."""
    if not clean_line(step.name):
        return [Problem("step.name", "A step needs a name.", step.id)]
    if repeated:
        return [Problem("step.name", f"The goal has a step {step.name!r} already. Choose another name.", step.id)]
    return []


def _how_to_raise(max_steps: int) -> str:
    if max_steps >= HIGHEST_MAX_STEPS:
        return "Delete a step, or split the goal."
    return f"Set FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL (up to {HIGHEST_MAX_STEPS}) to raise the limit."
