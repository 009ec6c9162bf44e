"""A goal that is made of pasted lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.goal import Goal
from goals_tui.domain.outline import read_goal
from goals_tui.domain.project import currency_digits
from goals_tui.format import plural
from goals_tui.tui.goals.step_table import FIELDS, with_cell
from goals_tui.tui.widgets.lines_dialog import AskLines

if TYPE_CHECKING:
    from goals_tui.services.context import Services

HINT = (
    "The first line is the goal's name, the second its initial step, each further line a step; the last one, or those "
    "marked ◎, complete the goal. Cost savings, revenue and time may follow a step's name after tabs."
)


def ask_for_goal(services: Services, text: str) -> AskLines:
    """Return the dialog for the lines of a goal."""

    def read(lines: str) -> str:
        goal = goal_of_lines(services, services.goals.draft(), lines)
        return f"{goal.name}: {plural(len(goal.steps), 'step')}, completed by {_completing(goal)}."

    return AskLines("New goal from lines", HINT, read, save="Create", text=text)


def goal_of_lines(services: Services, draft: Goal, text: str) -> Goal:
    """Return a draft with the name and the steps in pasted lines.

    Raises RefusedError for lines that are no goal, for a value that can't be read, and for too many steps.
    """
    outlined, goals = read_goal(text), services.goals
    most, digits = services.features.max_steps, currency_digits(services.project.get().currency)
    if len(outlined.steps) > most:
        raise RefusedError(f"These are {len(outlined.steps)} steps; a goal may have {most} here.")
    steps = []
    for place, line in enumerate(outlined.steps):
        step = goals.new_step("completion" if line.completes else "step") if place else draft.initial
        # The initial step has no values.
        for field, cell in list(zip(FIELDS[:-1], line.cells, strict=False))[: None if place else 1]:
            try:
                step = with_cell(step, field, cell, digits)
            except RefusedError as error:
                raise RefusedError(f"{line.cells[0]}: {error}") from None
        steps.append(step)
    return draft.model_copy(update={"name": outlined.name, "steps": tuple(steps)})


def _completing(goal: Goal) -> str:
    names = [step.name for step in goal.steps if step.kind == "completion"]
    return names[0] if len(names) == 1 else f"any of {len(names)} steps"
