"""The seed's form of a goal: its fields, its table of steps, and beside each what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input, Label, Static

from goals_tui.domain.goal import Goal
from goals_tui.domain.goal_rules import Problem
from goals_tui.domain.model import MAX_NAME
from goals_tui.tui.goals.step_form import Currency
from goals_tui.tui.goals.step_table import StepTable
from goals_tui.tui.widgets.fields import Field, text_area

FIELDS = ("name", "description", "initial.name", "initial.description")
"""The fields of a goal outside its steps, as `Problem.field` calls them."""


class GoalForm(VerticalScroll, can_focus=False):
    """Shows a goal that is edited. What is typed comes as `Field.Edited`, what is done in the table as its messages."""

    DEFAULT_CSS = """
    GoalForm { height: 1fr; scrollbar-size-vertical: 1; }
    GoalForm > Vertical { height: auto; }
    GoalForm #steps-head { height: 1; }
    GoalForm #steps-count { color: $quiet; padding-left: 2; width: auto; }
    GoalForm #steps-count.-full { color: $warning; }
    GoalForm #no-steps { height: auto; }
    GoalForm #no-steps Static { color: $quiet; height: auto; padding: 0 2; }
    GoalForm #no-steps Button { margin-left: 2; }
    GoalForm #steps-problem { color: $error; height: auto; }
    """

    def __init__(self, goal: Goal, currency: Currency, key: str, *, id: str) -> None:
        """`key` adds a step, also while a field has the focus."""
        super().__init__(id=id)
        self.key = key
        self.goal = goal
        self.currency = currency

    def compose(self) -> ComposeResult:
        goal = self.goal
        with Vertical(id="about"):
            yield Field("Name", _name_input(goal.name), id="field-name")
            yield Field("Description", text_area(goal.description), id="field-description", hint="optional")
            yield Label("● Initial Step", classes="heading")
            yield Field("Name", _name_input(goal.initial.name), id="field-initial-name")
            yield Field(
                "Description",
                text_area(goal.initial.description),
                id="field-initial-description",
                hint="optional",
            )
        with Vertical(id="steps-part"):
            with Horizontal(id="steps-head"):
                yield Label("Steps", classes="heading")
                yield Label("", id="steps-count", markup=False)
            yield Static("", id="steps-problem", markup=False)
            yield StepTable(self.currency, id="steps")
            with Vertical(id="no-steps"):
                yield Static(f"No steps yet. {self.key} adds the one that completes the goal.", markup=False)
                yield Button("Add step", id="add-step")

    @property
    def steps(self) -> StepTable:
        """The table of the further steps."""
        return self.query_one(StepTable)

    def fill(self, goal: Goal) -> None:
        """Put the texts of a goal into the fields."""
        values = (goal.name, goal.description, goal.initial.name, goal.initial.description)
        for name, value in zip(FIELDS, values, strict=True):
            field = self._field(name)
            # What is typed right now may carry spaces that the goal does not.
            if field.value.strip() != value or not field.entry.has_focus:
                field.put(value)

    def show(self, goal: Goal, problems: Sequence[Problem], most_steps: int, chosen: str | None = None) -> None:
        """Draw messages and steps; the cursor of the table goes to the step `chosen`, or stays."""
        for name in FIELDS:
            self._field(name).say(next((p.message for p in problems if p.field == name), ""))
        self._show_steps(goal, _steps_with(problems), chosen)
        of_steps = [p.message for p in problems if p.field in ("steps", "step.name", "step.metrics")]
        self.query_one("#steps-problem", Static).update(of_steps[0] if of_steps else "")
        self.query_one("#steps-problem").display = bool(of_steps)
        count = self.query_one("#steps-count", Label)
        count.update(f"{len(goal.steps)} of {most_steps}, the initial one included")
        count.set_class(len(goal.steps) >= most_steps, "-full")

    def _show_steps(self, goal: Goal, wrong: Callable[[str], bool], chosen: str | None) -> None:
        self.steps.show_steps(goal.further, wrong, chosen)
        self.steps.display = bool(goal.further)
        self.query_one("#no-steps").display = not goal.further

    def go_to(self, problem: Problem) -> None:
        """Focus what is wrong."""
        if problem.field in FIELDS:
            self._field(problem.field).entry.focus()
            return
        ids = [step.id for step in self.steps.steps]
        if problem.step_id in ids:
            self.steps.cursor = ids.index(problem.step_id)
        (self.steps if ids else self.query_one("#add-step")).focus()

    def _field(self, name: str) -> Field:
        return self.query_one(f"#field-{name.replace('.', '-')}", Field)


def field_name(field: Field) -> str:
    """Which of `FIELDS` this one is."""
    return (field.id or "").removeprefix("field-").replace("-", ".")


def _steps_with(problems: Sequence[Problem]) -> Callable[[str], bool]:
    wrong = {problem.step_id for problem in problems if problem.field.startswith("step.")}
    return lambda step_id: step_id in wrong


def _name_input(name: str) -> Input:
    # Nothing is selected: the first key that is typed must not replace a name that is there.
    return Input(name, max_length=MAX_NAME, select_on_focus=False)
