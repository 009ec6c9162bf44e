"""The steps in the goal editor: add, fill in, move by keys and mouse, delete."""

from __future__ import annotations

from textual import on, work
from textual.widgets import Button

from goals_tui.domain.goal import Goal, Step
from goals_tui.domain.goal_rules import why_not_delete
from goals_tui.domain.words import fold
from goals_tui.tui.goals.draft import Draft
from goals_tui.tui.goals.step_form import Currency, StepForm
from goals_tui.tui.goals.step_table import StepTable
from goals_tui.tui.screen import ScreenFrame
from goals_tui.tui.widgets.virtual_list import VirtualList


class StepEditing(ScreenFrame[str]):
    """The part of the editor that works on the table of steps; `show_state` draws the form after each change."""

    draft: Draft
    currency: Currency

    def show_state(self, chosen: str | None = None) -> None:
        """Draw what depends on the draft; the cursor goes to the step `chosen`."""

    @property
    def at_steps(self) -> bool:
        """Whether the keys of steps have a step to work on."""
        return self.query_one(StepTable).has_focus and self.query_one(StepTable).chosen is not None

    @on(Button.Pressed, "#add-step")
    @work
    async def action_add_step(self) -> None:
        """Fill in a further step; the first one completes the goal."""
        goal = self.draft.goal
        most = self.services.features.max_steps
        if len(goal.steps) >= most:
            self.notify(self._limit(goal, most), severity="warning")
            return
        first = not goal.further
        step = self.services.goals.new_step("completion" if first else "step")
        await self._fill_in(step, new=True, only=first)

    def _limit(self, goal: Goal, most: int) -> str:
        one_more = goal.model_copy(update={"steps": (*goal.steps, self.services.goals.new_step())})
        found = [problem.message for problem in self.services.goals.problems(one_more) if "at most" in problem.message]
        return found[0] if found else f"A goal has at most {most} steps."

    @on(VirtualList.Selected, "#steps")
    @work
    async def action_edit_step(self) -> None:
        """Fill in the chosen step."""
        step = self.query_one(StepTable).chosen
        if step is not None:
            await self._fill_in(step, new=False, only=len(self.draft.goal.further) == 1)

    async def _fill_in(self, step: Step, *, new: bool, only: bool) -> None:
        taken = frozenset(fold(other.name) for other in self.draft.goal.steps if other.id != step.id)
        form = StepForm(step, self.currency, taken, new=new, only=only)
        filled = await self.app.push_screen_wait(form)
        if filled is not None and form.marked and filled.id == self.draft.forced:
            self.draft.forced = ""
        if filled is not None and (new or filled != step):
            self.draft.touched.add("steps")
            self.draft.put_step(filled)
            if new and only and not form.marked:
                self.draft.forced = filled.id
            self.show_state(filled.id)
        if self.draft.goal.further:
            self.query_one(StepTable).focus()

    def action_step_up(self) -> None:
        """Move the chosen step up."""
        self._move(-1)

    def action_step_down(self) -> None:
        """Move the chosen step down."""
        self._move(1)

    def _move(self, by: int) -> None:
        table = self.query_one(StepTable)
        if table.chosen and self.draft.move_step(table.chosen.id, table.cursor + by):
            self.show_state(table.chosen.id)

    @on(StepTable.Dragged)
    def _dragged(self, event: StepTable.Dragged) -> None:
        if self.draft.move_step(event.step_id, event.place):
            self.show_state(event.step_id)

    def action_delete_step(self) -> None:
        """Take the chosen step out of the draft, or say why it can't go."""
        step = self.query_one(StepTable).chosen
        if step is None:
            return
        why = why_not_delete(self.draft.goal, step.id)
        if why:
            self.notify(why, severity="warning")
            return
        self.draft.touched.add("steps")
        self.draft.delete_step(step.id)
        self.show_state()
        self.notify(f"{step.name!r} will be deleted when you save ({self.named_key('goals.editor.undo')} undoes).")
