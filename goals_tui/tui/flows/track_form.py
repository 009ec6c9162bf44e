"""The form of a Track Goal Process node: Select Goal, then Select Steps."""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Label, Static
from textual.widgets.option_list import Option

from goals_tui.domain.flow import Node, TrackGoal
from goals_tui.domain.flow_edit import position_of
from goals_tui.domain.goal import Goal, Step
from goals_tui.tui.app.actions import bindings, shown_key
from goals_tui.tui.app.choose import Choose
from goals_tui.tui.app.choose import Option as Row
from goals_tui.tui.app.textual_compat import keymap
from goals_tui.tui.flows import edits
from goals_tui.tui.flows.forms import EditorData, NodeForm
from goals_tui.tui.widgets.fields import Hanging, Options


class StepList(Options):
    """A list of a goal's steps in their order, each chosen or not; enter and space toggle a step."""

    DEFAULT_CSS = """
    StepList { height: auto; max-height: 24; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("flows.steps")]


class TrackForm(NodeForm):
    """A form to choose a goal and its steps, which shows where else each step is tracked."""

    def __init__(self, node: Node, data: EditorData) -> None:
        super().__init__(node, data)
        assert isinstance(node, TrackGoal)
        self.goal_id = node.goal_id
        self.chosen = set(node.step_ids)

    def fields(self) -> ComposeResult:
        yield Label("Select Goal", classes="-first")
        yield Button(Content(self._goal_title()), id="goal")
        yield Label("Select Steps", id="steps-label")
        yield StepList(id="steps")
        yield Static("", id="steps-hint", classes="hint", markup=False)

    def on_mount(self) -> None:
        """Choose the goal of a new node if there is only one, otherwise ask for it at once."""
        if not self.goal_id:
            self._take_only_goal()
        self._show_goal()
        if not self.goal_id and self.data.names.goals:
            self.choose_goal()

    def first_field(self) -> Widget:
        """Return the list of steps, or the button to choose a goal if there is none yet."""
        return self.query_one("#steps" if self.goal else "#goal")

    @property
    def goal(self) -> Goal | None:
        """The chosen goal; None if none is chosen or it no longer exists."""
        return self.data.names.goals.get(self.goal_id)

    def values(self) -> dict[str, Any]:
        """Return the goal and its chosen steps, in the goal's order; steps that no longer exist are left out."""
        goal = self.goal
        if goal is None:
            return {"goal_id": self.goal_id, "step_ids": self._node.step_ids}
        known = {step.id for step in goal.steps}
        return {"goal_id": goal.id, "step_ids": goal.in_order(self.chosen & known)}

    @property
    def _node(self) -> TrackGoal:
        assert isinstance(self.node, TrackGoal)
        return self.node

    def _take_only_goal(self) -> None:
        if len(self.data.names.goals) == 1:
            self._take_goal(next(iter(self.data.names.goals)))

    def _take_goal(self, goal_id: str) -> None:
        if goal_id == self.goal_id:
            return
        self.goal_id = goal_id
        self.chosen = set()
        goal, flow = self.goal, self.data.flow
        if goal is not None and flow is not None:
            self.chosen = {edits.step_to_track(flow, position_of(flow, self.node.id), goal)}

    @on(Button.Pressed, "#goal")
    @work(group="waits")
    async def choose_goal(self) -> None:
        """Ask for the goal."""
        options = [Row(goal.id, goal.name, f"{goal.steps} steps", goal.description) for goal in self.data.goals()]
        chosen = await self.app.push_screen_wait(Choose("Select Goal", options, chosen=self.goal_id))
        if chosen is None:
            return
        self._take_goal(chosen)
        self._show_goal()
        self.post_message(self.Edited())
        self.query_one(StepList).focus()

    @on(Options.OptionSelected, "#steps")
    def _choose_step(self, event: Options.OptionSelected) -> None:
        event.stop()
        goal = self.goal
        if goal is not None and event.option_id in {step.id for step in goal.steps}:
            self.chosen ^= {event.option_id}
            self._show_steps()
            self.post_message(self.Edited())

    def _show_goal(self) -> None:
        self.query_one("#goal", Button).label = Content(self._goal_title())
        self._show_steps()

    def _show_steps(self) -> None:
        goal = self.goal
        steps = self.query_one(StepList)
        highlighted = steps.highlighted
        steps.clear_options()
        steps.display = self.query_one("#steps-label").display = goal is not None
        hint = self.query_one("#steps-hint", Static)
        if goal is None:
            goals = shown_key(keymap(self.app), "app.goals")
            hint.update(
                "No goal is chosen: this node tracks nothing."
                if self.data.names.goals
                else f"There are no goals yet. Press {goals} to create one, then come back."
            )
            return
        steps.add_options([Option(self._row(step), id=step.id) for step in goal.steps])
        first = next((place for place, step in enumerate(goal.steps) if step.id in self.chosen), 0)
        steps.highlighted = first if highlighted is None else min(highlighted, len(goal.steps) - 1)
        hint.update(self._advice(goal))

    def _row(self, step: Step) -> Hanging:
        chosen = step.id in self.chosen
        mark = Content.styled("☑ " if chosen else "☐ ", "bold $primary" if chosen else "$quiet")
        look = "$completed" if step.kind == "completion" else ""
        begin = Content.assemble(mark, (f"{step.glyph} ", look))
        name = Content.styled(step.name, "bold" if chosen else "")
        elsewhere = self._elsewhere(step)
        where = "Also tracked in " + ", ".join(elsewhere) if elsewhere else "Not tracked elsewhere"
        return Hanging(begin, Content("\n").join([name, Content.styled(where, "$quiet")]))

    def _advice(self, goal: Goal) -> str:
        if not self.chosen:
            return f"Choose a step with {shown_key(keymap(self.app), 'flows.steps.choose')}."
        if goal.initial.id not in self.chosen and not self._elsewhere(goal.initial):
            return f"▲ {goal.initial.name!r}, the initial step, is tracked nowhere: nothing of this goal counts."
        return "space chooses, ctrl+s or esc saves"

    def _elsewhere(self, step: Step) -> list[str]:
        uses = [use for use in self.data.uses(self.goal_id) if step.id in use.step_ids and use.node_id != self.node.id]
        flows = Counter("this flow" if use.flow_id == self.data.flow_id else use.flow for use in uses)
        return [f"{flow} ({count} times)" if count > 1 else flow for flow, count in flows.items()]

    def _goal_title(self) -> str:
        if not self.goal_id:
            return "Choose a goal…"
        return self.goal.name if self.goal else "It does not exist: choose another…"
