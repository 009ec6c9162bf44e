"""The form of a goal, with the table of its steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.widgets import Button, Input, Label, Static

from goals_tui.domain.goal import Goal, Problem, Step
from goals_tui.domain.model import MAX_NAME
from goals_tui.domain.value import format_amount, format_duration
from goals_tui.tui.goals.draft import target_text
from goals_tui.tui.goals.journey import STEP_STYLES
from goals_tui.tui.goals.step_form import Currency
from goals_tui.tui.widgets.columns import Column
from goals_tui.tui.widgets.fields import Field, text_area
from goals_tui.tui.widgets.virtual_list import VirtualList


class StepTable(VirtualList):
    """The table of the steps after the initial step, in order."""

    DEFAULT_CSS = """
    StepTable { height: auto; min-height: 2; max-height: 1fr; }
    """

    @dataclass
    class Dragged(Message):
        """Posted when a step is dragged with the mouse over a place among the further steps."""

        step_id: str
        place: int

    def __init__(self, currency: Currency, *, id: str) -> None:
        columns = (
            Column("", 1),
            Column("Name", 12, share=1),
            Column(f"Cost {currency.sign}", 11, align="right", drop=2),
            Column(f"Revenue {currency.sign}", 11, align="right", drop=3),
            Column("Time", 8, align="right", drop=1),
        )
        super().__init__(columns, id=id)
        self.currency = currency
        self.steps: Sequence[Step] = ()
        self._held: str | None = None

    def show_steps(self, steps: Sequence[Step], wrong: Callable[[str], bool], chosen: str | None = None) -> None:
        """Show steps, and mark those for which `wrong(id)` is true; the cursor goes to `chosen`, or stays."""
        self.steps = steps
        ids = [step.id for step in steps]
        cursor = ids.index(chosen) if chosen in ids else None
        self.styles.height = max(2, len(steps) + 1)
        self.show(len(steps), lambda index: self._row(steps[index], wrong(steps[index].id)), cursor=cursor)

    @property
    def chosen(self) -> Step | None:
        """The step under the cursor; None if there are no steps."""
        return self.steps[self.cursor] if self.cursor < len(self.steps) else None

    def _row(self, step: Step, wrong: bool) -> list[Content]:
        metrics = step.metrics
        amounts = [worth for each in self.steps for worth in (each.metrics.cost_savings, each.metrics.revenue)]
        digits = max(len(format_amount(each, self.currency.digits).partition(".")[2]) for each in amounts)

        def amount(value: Decimal) -> Content:
            if value:
                return Content(format_amount(value, digits))
            return Content.styled("unpriced", "$warning") if metrics.unpriced else Content.styled("—", "$quiet")

        time = metrics.time_saved_seconds
        return [
            Content.styled("!", "bold $error") if wrong else Content.styled(step.glyph, STEP_STYLES[step.kind]),
            Content(step.name or "(no name)"),
            amount(metrics.cost_savings),
            amount(metrics.revenue),
            Content(format_duration(time)) if time else Content.styled("—", "$quiet"),
        ]

    def scroll_to_row(self, index: int) -> None:
        """Bring a row into view, also in the form if that scrolls instead of the table."""
        super().scroll_to_row(index)
        self.call_after_refresh(self._show_row, index)

    def _show_row(self, index: int) -> None:
        if not self.has_focus:
            return
        y = self.region.y + self.header + index - self.scroll_offset.y
        for form in self.ancestors:
            if isinstance(form, VerticalScroll):
                inside = y - form.content_region.y + form.scroll_offset.y
                form.scroll_to_region(Region(0, inside, 1, 1), animate=False)

    # -- dragging

    def on_mouse_down(self, event: events.MouseDown) -> None:
        index = self._row_at(event)
        if index >= 0:
            self.cursor = index
            self._held = self.steps[index].id
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._held is None:
            super().on_mouse_move(event)
            return
        place = max(0, min(event.y - self.header + self.scroll_offset.y, len(self.steps) - 1))
        if self.steps[place].id != self._held:
            self.post_message(self.Dragged(self._held, place))

    def on_mouse_up(self) -> None:
        self._held = None
        self.release_mouse()


TARGET_HINT = "%, optional"
FIELDS = ("name", "description", "target", "initial.name", "initial.description")
"""The fields of a goal outside its further steps, named as in `Problem.field`."""


class GoalForm(VerticalScroll, can_focus=False):
    """The form of a goal.

    Typing posts `Field.Edited`; the table of steps posts its own messages.
    """

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
        """Create the form; `key` is the key that adds a step even while a field has the focus."""
        super().__init__(id=id)
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
        initial = goal.initial
        values = (goal.name, goal.description, target_text(goal), initial.name, initial.description)
        for name, value in zip(FIELDS, values, strict=True):
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
        """Focus the field or the step that has a problem."""
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
    """Return the name in `FIELDS` of a field."""
    return (field.id or "").removeprefix("field-").replace("-", ".")


def _steps_with(problems: Sequence[Problem]) -> Callable[[str], bool]:
    wrong = {problem.step_id for problem in problems if problem.field.startswith("step.")}
    return lambda step_id: step_id in wrong


def _name_input(name: str) -> Input:
    # If the text were selected on focus, the first key would replace an existing name.
    return Input(name, max_length=MAX_NAME, select_on_focus=False)
