"""A goal while it is edited: what was changed, how to take it back, and what is wrong with it so far."""

from __future__ import annotations

from goals_tui.domain.goal import Goal, Problem, Step, same_definition
from goals_tui.domain.model import MAX_TEXT
from goals_tui.domain.text import clean_line, clean_text

MOST_CHANGES = 200


class Draft:
    """The goal in the editor. `base` is what it was read as; `goal` is what the form says now.

    `touched` holds the fields that somebody typed in: problems of others are no news yet.
    """

    def __init__(self, goal: Goal) -> None:
        self.base = goal
        self.goal = goal
        self.touched: set[str] = set()
        self.forced = ""
        """The id of the step that completes the goal only because it was the only one, and nobody said so."""
        self._undone: list[Goal] = []
        self._done: list[Goal] = []
        self._typing = ""

    @property
    def is_new(self) -> bool:
        """Whether the goal was never saved."""
        return self.base.revision == 0

    @property
    def changed(self) -> bool:
        """Whether leaving would lose anything."""
        return not same_definition(self.base, self.goal)

    @property
    def can_undo(self) -> bool:
        """Whether a change can be taken back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether an undone change can be done again."""
        return bool(self._undone)

    def write(self, field: str, text: str) -> None:
        """What was typed in name, description, initial.name or initial.description; one undo for the whole of it."""
        initial, goal = self.goal.initial, self.goal
        match field:
            case "name":
                goal = goal.model_copy(update={"name": clean_line(text)})
            case "description":
                goal = goal.model_copy(update={"description": clean_text(text).strip()})
            case _:
                name = field.rpartition(".")[2]
                cleaned = clean_line(text) if name == "name" else clean_text(text).strip()
                goal = self._with([initial.model_copy(update={name: cleaned}), *goal.further])
        if goal != self.goal:
            self._change(goal, field)

    def put_step(self, step: Step) -> None:
        """Add a step at the end, or replace the one with its id; a mark that was forced goes when another has it."""
        steps = list(self.goal.steps)
        places = [place for place, known in enumerate(steps) if known.id == step.id]
        if places:
            steps[places[0]] = step
        else:
            if step.kind == "completion":
                steps = [self._released(known) for known in steps]
            steps.append(step)
        self._change(self._with(steps))

    def _released(self, step: Step) -> Step:
        return step.model_copy(update={"kind": "step"}) if step.id == self.forced else step

    def delete_step(self, step_id: str) -> None:
        """Take a step out; whether it may go is decided by `goal_rules.why_not_delete`."""
        self._change(self._with([step for step in self.goal.steps if step.id != step_id]))

    def move_step(self, step_id: str, place: int) -> bool:
        """Move a further step to a place among the further ones (0 is the first). False where it is there already."""
        further = list(self.goal.further)
        now = next(at for at, step in enumerate(further) if step.id == step_id)
        place = max(0, min(place, len(further) - 1))
        if place == now:
            return False
        further.insert(place, further.pop(now))
        self._change(self._with([self.goal.initial, *further]), f"move {step_id}")
        return True

    def end_typing(self) -> None:
        """What is typed from now on is a change of its own."""
        self._typing = ""

    def undo(self) -> None:
        """Take the last change back."""
        self._undone.append(self.goal)
        self.goal = self._done.pop()
        self._typing = ""

    def redo(self) -> None:
        """Do the last undone change again."""
        self._done.append(self.goal)
        self.goal = self._undone.pop()
        self._typing = ""

    def saved(self, goal: Goal) -> None:
        """It was saved as this."""
        self.base = self.goal = goal
        self._done.clear()
        self._undone.clear()

    def reload(self, goal: Goal) -> None:
        """Show what somebody else saved; undo brings back what this form said."""
        mine = self.goal
        self.base = goal
        stamps = {"revision": goal.revision, "version": goal.version, "created_at": goal.created_at}
        self._done = [mine.model_copy(update=stamps)]
        self._undone.clear()
        self.goal = goal

    def problems(self) -> list[Problem]:
        """What is too long to be kept; the rules of the product are the service's."""
        long = f"is longer than {MAX_TEXT:,} characters. Shorten it."
        found = []
        if len(self.goal.description) > MAX_TEXT:
            found.append(Problem("description", f"The description {long}"))
        if len(self.goal.initial.description) > MAX_TEXT:
            found.append(Problem("initial.description", f"The description {long}"))
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
