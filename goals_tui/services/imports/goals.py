"""Save imported goals with their original ids and versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from goals_tui.domain import goal as goal_rules
from goals_tui.domain.goal import Goal, same_definition, with_triggers_of
from goals_tui.domain.limits import HIGHEST_MAX_STEPS
from goals_tui.domain.names import first_free
from goals_tui.domain.words import fold
from goals_tui.services.imports.odata_goals import ReadGoal
from goals_tui.services.imports.result import Broken
from goals_tui.services.stored import parse

if TYPE_CHECKING:
    from goals_tui.services.history import Document, Editing

KIND = "goals"
VERSIONS = "goal_versions"

LABEL = "Import goals (their events stay)"
"""The label of an import in the undo history. Undo removes the goals, not their events, which data health reports."""


@dataclass(frozen=True, slots=True)
class SavedGoals:
    """Counts of the saved goals.

    `known` goals were in the project unchanged. `earlier` goals got only versions that are not their current one.
    `kept` goals kept the values that they have in the project.
    """

    added: int
    changed: int
    earlier: int
    known: int
    kept: int


def save_read_goals(edit: Editing, goals: Iterable[ReadGoal], broken: Broken, max_steps: int) -> SavedGoals:
    """Save every version that is new or differs from the one in the project, as a part of an edit.

    The newest version of a goal becomes the current one, unless the goal was changed later in the project. A goal
    whose name is taken gets a free name. One that breaks a rule is added to `broken` and left out. Where no metrics
    were read, a known version keeps the values that it has in the project.
    """
    kept: set[str] = set()
    here = edit.all(KIND)
    before, names = set(here), _Names(here)
    saved = {(one.goal.id, _save(edit, one, broken, kept, names, max_steps)) for one in goals}
    of = {done: {goal_id for goal_id, what in saved if what == done} for done in get_args(_Done)}
    changed = of["current"] & before
    earlier = (of["earlier"] & before) - changed
    added = (of["current"] | of["earlier"]) - before
    known = of["known"] - added - changed - earlier
    return SavedGoals(len(added), len(changed), len(earlier), len(known), len(kept))


class _Names:
    """The names of all goals, regardless of case, indexed once so that checking each imported goal is fast."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._of = {id_: fold(str(document["name"])) for id_, document in documents.items()}
        self._counts = Counter(self._of.values())

    def taken(self, name: str, goal_id: str) -> bool:
        """Return whether another goal has the name."""
        folded = fold(name)
        return self._counts[folded] > (self._of.get(goal_id) == folded)

    def give(self, name: str, goal_id: str) -> None:
        """Record that the goal has the name from now on."""
        if goal_id in self._of:
            self._counts[self._of[goal_id]] -= 1
        self._of[goal_id] = fold(name)
        self._counts[self._of[goal_id]] += 1


_Done = Literal["current", "earlier", "known"]


def _save(
    edit: Editing, read: ReadGoal, broken: Broken, kept_values: set[str], names: _Names, max_steps: int
) -> _Done | None:
    """Save a version and return whether it is now the current one, an earlier one or was known; None if left out."""
    document, kept = edit.get(KIND, read.goal.id), edit.get(VERSIONS, read.goal.version)
    stored = parse(Goal, document) if document else None
    known = parse(Goal, kept) if kept else None
    if known is not None and known.id != read.goal.id:
        broken.add(read.place.file, read.place.record, f"the goal {known.name!r} has this version already")
        return None
    goal = read.goal.model_copy(update={"name": _name(read.goal, stored, names)})
    if known is not None and not read.valued:
        valued = _with_values_of(known, goal)
        if valued != goal:
            kept_values.add(goal.id)
        goal = valued
    taken = [goal.name] if names.taken(goal.name, goal.id) else []
    most = max_steps if read.current else HIGHEST_MAX_STEPS
    for problem in goal_rules.problems(goal, max_steps=most, taken_names=taken):
        why = f"the goal {goal.name!r} can't be saved: {problem.message}"
        broken.add(read.place.file, read.place.record, why)
        return None
    if known is not None and same_definition(known, goal):
        return "known"
    is_current = _is_current(read, stored, known)
    revision = (stored.revision + 1 if stored else 1) if is_current else (known.revision if known else 0)
    # Target and triggers exist only in this project: the original system has none.
    goal = goal.model_copy(update={"revision": revision, "target": stored.target if stored and is_current else None})
    goal = with_triggers_of(goal, stored if is_current else None)
    content = goal.model_dump(mode="json")
    if is_current:
        edit.put(KIND, goal.id, content)
        names.give(goal.name, goal.id)
    edit.keep(VERSIONS, goal.version, content)
    return "current" if is_current else "earlier"


def _with_values_of(known: Goal, goal: Goal) -> Goal:
    worth = {step.id: step.metrics for step in known.further}
    steps = [step.model_copy(update={"metrics": worth.get(step.id, step.metrics)}) for step in goal.further]
    return goal.model_copy(update={"steps": (goal.initial, *steps)})


def _is_current(read: ReadGoal, stored: Goal | None, known: Goal | None) -> bool:
    if stored is None or stored.version == read.goal.version:
        return True
    return read.current and known is None and read.goal.changed_at >= stored.changed_at


def _name(goal: Goal, stored: Goal | None, names: _Names) -> str:
    if not names.taken(goal.name, goal.id):
        return goal.name
    if stored and not names.taken(stored.name, goal.id):
        return stored.name
    return first_free(goal.name, lambda name: names.taken(name, goal.id))
