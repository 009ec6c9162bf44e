"""The form of a goal, with the table of its steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input

from goals_tui.domain.goal import Goal, Problem
from goals_tui.domain.model import MAX_NAME
from goals_tui.tui.goals.draft import target_text
from goals_tui.tui.goals.step_form import Currency
from goals_tui.tui.goals.step_table import StepTable
from goals_tui.tui.goals.steps import Steps
from goals_tui.tui.widgets.fields import Field, text_area

TARGET_HINT = "%, optional"
FIELDS = ("name", "description", "target")
"""The fields of a goal outside its steps, named as in `Problem.field`."""


class GoalForm(VerticalScroll, can_focus=False):
    """The form of a goal.

    Typing posts `Field.Edited`; the table of steps posts its own messages.
    """

    DEFAULT_CSS = """
    GoalForm { height: 1fr; scrollbar-size-vertical: 1; }
    GoalForm > Vertical { height: auto; }
    GoalForm #field-target .field-head { layout: vertical; }
    GoalForm #field-target .field-problem { padding: 0; }
    """

    def __init__(self, goal: Goal, currency: Currency, key: str, add_step: Callable[[], None], *, id: str) -> None:
        """Create the form; `key` and `add_step` are those of `Steps`."""
        super().__init__(id=id)
        self.add_step = add_step
        self.key = key
        self.goal = goal
        self.currency = currency

    def compose(self) -> ComposeResult:
        goal = self.goal
        with Vertical(id="about"):
            yield Field("Name", _name_input(goal.name), id="field-name")
            yield Field("Description", text_area(goal.description), id="field-description", hint="optional")
            target = Input(target_text(goal), placeholder="none", max_length=12, select_on_focus=False)
            yield Field("Target completion rate", target, id="field-target", hint=TARGET_HINT)
        yield Steps(self.currency, self.key, self.add_step, id="steps-part")

    @property
    def steps(self) -> StepTable:
        """The table of the steps."""
        return self.query_one(StepTable)

    @property
    def cells(self) -> Steps:
        """The table of the steps with the field over the cell that is edited."""
        return self.query_one(Steps)

    def fill(self, goal: Goal) -> None:
        """Put the texts of a goal into the fields."""
        for name, value in zip(FIELDS, (goal.name, goal.description, target_text(goal)), strict=True):
            field = self._field(name)
            # The field being typed in may have spaces at its ends that the goal does not have.
            if field.value.strip() != value or not field.entry.has_focus:
                field.put(value)

    def show(self, goal: Goal, problems: Sequence[Problem], most_steps: int, chosen: str | None = None) -> None:
        """Draw problems and steps; the cursor of the table goes to the step `chosen`, or stays."""
        for name in FIELDS:
            self._field(name).say(next((p.message for p in problems if p.field == name), ""))
        target, understood = self._field("target"), target_text(goal)
        written = target.value.strip().replace(" ", "") in ("", understood.replace(" ", ""))
        target.set_hint(TARGET_HINT if written or target.has_class("-wrong") else f"= {understood}")
        of_step = {p.step_id: p.message for p in reversed(problems) if p.step_id}
        of_all = [p.message for p in problems if p.field not in FIELDS and not p.step_id]
        self.cells.show(goal, of_step, of_all[0] if of_all else "", most_steps, chosen)

    def go_to(self, problem: Problem) -> None:
        """Focus the field or the step that has a problem."""
        if problem.field in FIELDS:
            self._field(problem.field).entry.focus()
            return
        ids = [step.id for step in self.steps.steps]
        if problem.step_id in ids:
            self.steps.cursor = ids.index(problem.step_id)
            if problem.field.endswith(".name"):
                self.cells.edit("name")
                return
        (self.steps if len(ids) > 1 else self.query_one("#add-step")).focus()

    def _field(self, name: str) -> Field:
        return self.query_one(f"#field-{name.replace('.', '-')}", Field)


def field_name(field: Field) -> str:
    """Return the name in `FIELDS` of a field."""
    return (field.id or "").removeprefix("field-").replace("-", ".")


def _name_input(name: str) -> Input:
    # If the text were selected on focus, the first key would replace an existing name.
    return Input(name, max_length=MAX_NAME, select_on_focus=False)
