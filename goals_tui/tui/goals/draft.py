"""A goal while it is edited: its changes, undo and redo, and its problems."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.goal import Goal, Problem, Step, format_target, parse_target, same_content
from goals_tui.domain.model import MAX_TEXT
from goals_tui.domain.text import clean_line, clean_text

MOST_CHANGES = 200


class Draft:
    """The goal in the editor: `base` is the goal as it was read, `goal` as the form shows it now.

    `touched` holds the names of the edited fields; problems of other fields need not be shown yet.
    """

    def __init__(self, goal: Goal) -> None:
        self.base = goal
        self.goal = goal
        self.touched: set[str] = set()
        self.forced = ""
        """The id of the completion step that was not marked by the user, but is one because it was the only step."""
        self._target_problem = ""
        """The problem with the text in the field of the target; the goal keeps the last one that could be read."""
        self._undone: list[Goal] = []
        self._done: list[Goal] = []
        self._typing = ""

    @property
    def is_new(self) -> bool:
        """True if the goal was never saved."""
        return self.base.revision == 0

    @property
    def changed(self) -> bool:
        """True if there are unsaved changes."""
        return bool(self._target_problem) or not same_content(self.base, self.goal)

    @property
    def can_undo(self) -> bool:
        """True if there is a change to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """True if there is an undone change to redo."""
        return bool(self._undone)

    def write(self, field: str, text: str) -> None:
        """Set the name, the description or the target.

        Text typed into one field without a break is a single change for undo.
        """
        if field == "target":
            goal = self._with_target(text)
        else:
            cleaned = clean_line(text) if field == "name" else clean_text(text).strip()
            goal = self.goal.model_copy(update={field: cleaned})
        if goal != self.goal:
            self._change(goal, field)

    def _with_target(self, text: str) -> Goal:
        """Return the goal with the target that was typed; without a change where that can't be read."""
        self._target_problem = ""
        try:
            return self.goal.model_copy(update={"target": read_target(text)})
        except RefusedError as error:
            self._target_problem = str(error)
            return self.goal

    def put_step(self, step: Step, typing: str = "") -> None:
        """Add a step at the end, or replace the step with its id.

        Changes with the same `typing` and nothing between them are a single one for undo.
        """
        goal = self.with_step(step)
        if goal != self.goal:
            self._change(goal, typing)

    def with_step(self, step: Step) -> Goal:
        """Return the goal with a step added at the end, or in place of the step with its id.

        Another completion step makes the `forced` one an ordinary step again.
        """
        before = next((known for known in self.goal.steps if known.id == step.id), None)
        steps = list(self.goal.steps)
        if step.kind == "completion" and (before is None or before.kind != "completion"):
            steps = [self._released(known) for known in steps]
        if before is None:
            steps.append(step)
        else:
            steps[self.goal.order_of(step.id)] = step
        return self._with(steps)

    def add_steps(self, steps: Sequence[Step]) -> None:
        """Add steps at the end, or replace those with their ids, as a single change for undo."""
        new = {step.id: step for step in steps}
        kept = [new.pop(known.id, known) for known in self.goal.steps]
        self._change(self._with([*kept, *new.values()]))

    def drop_blank(self, step_id: str) -> None:
        """Remove a step that was added in the table and is empty, as if it had not been added."""
        step = next((step for step in self.goal.further if step.id == step_id), None)
        if step is None or step.name or step.description or step.metrics or self._was_saved(step_id):
            return
        goal = self._with([known for known in self.goal.steps if known.id != step_id])
        while self._done and self._done[-1] in (goal, self.goal):
            self._done.pop()
        self.goal, self._typing = goal, ""

    def _was_saved(self, step_id: str) -> bool:
        return any(step.id == step_id for step in self.base.steps)

    def _released(self, step: Step) -> Step:
        return step.model_copy(update={"kind": "step"}) if step.id == self.forced else step

    def delete_step(self, step_id: str) -> None:
        """Delete a step; call `why_not_delete` first to find out whether it can be deleted."""
        self._change(self._with([step for step in self.goal.steps if step.id != step_id]))

    def move_step(self, step_id: str, place: int) -> bool:
        """Move a further step to a place among the further steps, from 0; return False if it is there already."""
        further = list(self.goal.further)
        now = next(at for at, step in enumerate(further) if step.id == step_id)
        place = max(0, min(place, len(further) - 1))
        if place == now:
            return False
        further.insert(place, further.pop(now))
        self._change(self._with([self.goal.initial, *further]), f"move {step_id}")
        return True

    def end_typing(self) -> None:
        """Make the text typed from now on a separate change."""
        self._typing = ""

    def undo(self) -> None:
        """Undo the last change."""
        self._undone.append(self.goal)
        self.goal = self._done.pop()
        self._typing = self._target_problem = ""

    def redo(self) -> None:
        """Redo the last undone change."""
        self._done.append(self.goal)
        self.goal = self._undone.pop()
        self._typing = self._target_problem = ""

    def saved(self, goal: Goal) -> None:
        """Continue with the goal as it was saved, with nothing to undo."""
        self.base = self.goal = goal
        self._done.clear()
        self._undone.clear()

    def reload(self, goal: Goal) -> None:
        """Replace the draft by what somebody else saved; undo brings the draft back."""
        mine = self.goal
        self.base = goal
        stamps = {"revision": goal.revision, "version": goal.version, "created_at": goal.created_at}
        self._target_problem = ""
        self._done = [mine.model_copy(update=stamps)]
        self._undone.clear()
        self.goal = goal

    def problems(self) -> list[Problem]:
        """Return what is wrong with the texts themselves; all other rules are checked by the goals service."""
        long = f"is longer than {MAX_TEXT:,} characters. Shorten it."
        found = []
        if len(self.goal.description) > MAX_TEXT:
            found.append(Problem("description", f"The description {long}"))
        if self._target_problem:
            found.append(Problem("target", self._target_problem))
        return found

    def _with(self, steps: list[Step]) -> Goal:
        return self.goal.model_copy(update={"steps": tuple(steps)})

    def _change(self, goal: Goal, typing: str = "") -> None:
        if not (typing and typing == self._typing):
            self._done.append(self.goal)
            del self._done[:-MOST_CHANGES]
        self._typing = typing
        self._undone.clear()
        self.goal = goal


def read_target(text: str) -> Decimal | None:
    """Return a target as it is typed in the form: 60, 60 % and 0.6 are the same; None for nothing.

    Raises RefusedError.
    """
    text = text.strip()
    if not text:
        return None
    try:
        return parse_target(text)
    except RefusedError:
        # People write percentages without their sign, too.
        return parse_target(f"{text}%") if "%" not in text else parse_target(text)


def target_text(goal: Goal) -> str:
    """Return the target of a goal for its field; empty if it has none."""
    return "" if goal.target is None else format_target(goal.target)
