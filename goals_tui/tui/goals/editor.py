"""The editor of a goal: its form, its steps, saving and leaving."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Resize
from textual.widgets import Button, Input, Static, TextArea

from goals_tui.domain.errors import ConflictError, GoalsError, RefusedError
from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal, Problem, Step, why_not_delete
from goals_tui.domain.project import currency_digits
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import ask_to_leave
from goals_tui.tui.app.screen import ScreenFrame
from goals_tui.tui.goals.draft import Draft
from goals_tui.tui.goals.goal_form import GoalForm, field_name
from goals_tui.tui.goals.step_form import Currency, StepForm
from goals_tui.tui.goals.step_table import FIELDS as CELLS
from goals_tui.tui.goals.step_table import StepTable, with_cell
from goals_tui.tui.goals.steps import Steps
from goals_tui.tui.goals.what_if import Basis, Shown, WhatIfPanel, read_basis
from goals_tui.tui.widgets.fields import Field

if TYPE_CHECKING:
    from goals_tui.services.goals import Consequences
    from goals_tui.tui.app.dialogs import Resolution


class StepEditing(ScreenFrame[str]):
    """The part of the editor that edits the table of steps; `show_state` draws the form after each change."""

    draft: Draft
    currency: Currency
    basis: Basis | None = None
    """The recorded cycles that the draft is tried on; None while they are read, and for a goal that isn't saved."""

    def show_state(self, chosen: str | None = None) -> None:
        """Draw everything that depends on the draft; the cursor goes to the step `chosen`."""

    @property
    def at_steps(self) -> bool:
        """True if the table of steps has the focus and a chosen step."""
        return self.query_one(StepTable).has_focus and self.query_one(StepTable).chosen is not None

    @property
    def cells(self) -> Steps:
        """The table of steps with the field over the cell that is edited."""
        return self.query_one(Steps)

    @on(Button.Pressed, "#add-step")
    def action_add_step(self) -> None:
        """Add a further step and edit its name; the first one is a completion step."""
        goal, most = self.draft.goal, self.services.features.max_steps
        if len(goal.steps) >= most:
            self.notify(self._limit(goal, most), severity="warning")
            self.cells.finish()
            return
        step = self._new_step(not goal.further)
        self.draft.put_step(step)
        self.show_state(step.id)
        self.cells.edit("name")

    def _new_step(self, first: bool) -> Step:
        step = self.services.goals.new_step("completion" if first else "step")
        if first:
            self.draft.forced = step.id
        return step

    @on(Steps.Pasted)
    def _pasted(self, event: Steps.Pasted) -> None:
        """Make a step of each row that was pasted, as far as the limit of steps allows."""
        filled = next((step for step in self.draft.goal.further if step.id == event.step_id), None)
        room = self.services.features.max_steps - len(self.draft.goal.steps)
        steps: list[Step] = []
        left_out = 0
        for row in event.rows:
            step = filled if filled and not steps else self._new_step(first=False)
            if step is not filled and len(steps) - (filled is not None) >= room:
                left_out += 1
                continue
            for field, text in zip(CELLS[:-1], row, strict=False):
                try:
                    step = with_cell(step, field, text, self.currency.digits)
                except RefusedError as error:
                    self.notify(f"{step.name}: {error}", severity="warning")
            steps.append(step)
        if left_out:
            self.notify(self._limit(self.draft.goal, self.services.features.max_steps), severity="warning")
        if steps:
            self.draft.touched.add("steps")
            further = self.draft.goal.further
            if all(step.id == self.draft.forced for step in further):
                # The first steps after the initial one: the last of them completes the goal.
                pasted = {step.id for step in steps}
                steps = [*(step for step in further if step.id not in pasted), *steps]
                kinds = ["step"] * (len(steps) - 1) + ["completion"]
                steps = [step.model_copy(update={"kind": kind}) for step, kind in zip(steps, kinds, strict=True)]
                self.draft.forced = steps[-1].id
            self.draft.add_steps(steps)
            self.show_state(steps[-1].id)
        self.query_one(StepTable).focus()

    @on(Steps.Typed)
    def _typed(self, event: Steps.Typed) -> None:
        self.draft.touched.add("initial.name" if event.before.kind == "initial" else "steps")
        problem = ""
        try:
            step = with_cell(event.before, event.field, event.text, self.currency.digits)
        except RefusedError as error:
            step, problem = event.before, str(error)
        self.draft.put_step(step, f"{step.id} {event.field}")
        self.show_state()
        if event.field != "name":
            self.cells.say(problem)

    @on(Steps.Left)
    def _left(self, event: Steps.Left) -> None:
        self.draft.drop_blank(event.step_id)
        self.show_state()

    def action_switch_completion(self) -> None:
        """Make the chosen step a completion step, or an ordinary one."""
        step = self.query_one(StepTable).chosen
        if step is not None and step.kind != "initial":
            if step.id == self.draft.forced:
                self.draft.forced = ""
            self.draft.touched.add("steps")
            kind = "step" if step.kind == "completion" else "completion"
            self.draft.put_step(step.model_copy(update={"kind": kind}))
            self.show_state()

    def _limit(self, goal: Goal, most: int) -> str:
        one_more = goal.model_copy(update={"steps": (*goal.steps, self.services.goals.new_step())})
        found = [problem.message for problem in self.services.goals.problems(one_more) if "at most" in problem.message]
        return found[0] if found else f"A goal has at most {most} steps."

    @work
    async def action_edit_step(self) -> None:
        """Edit the chosen step in its form, which has its description as well."""
        step = self.query_one(StepTable).chosen
        if step is None:
            return
        taken = frozenset(fold(other.name) for other in self.draft.goal.steps if other.id != step.id)
        only = len(self.draft.goal.further) == 1
        form = StepForm(step, self.currency, taken, only=only, what_if=self._what_if_with)
        filled = await self.app.push_screen_wait(form)
        if filled is not None and form.marked and filled.id == self.draft.forced:
            self.draft.forced = ""
        if filled is not None and filled != step:
            self.draft.touched.add("steps")
            self.draft.put_step(filled)
            self.show_state(filled.id)
        self.query_one(StepTable).focus()

    def _what_if_with(self, step: Step) -> Shown | None:
        """Return the figures under the draft with a step as it is being edited."""
        return self.basis.under(self.draft.with_step(step)) if self.basis else None

    @work
    async def action_triggers(self) -> None:
        """Edit which activities fire the chosen step, or the initial step outside the table."""
        from goals_tui.tui.goals.triggers import TriggerEditor

        table = self.query_one(StepTable)
        step = table.chosen if self.at_steps and table.chosen else self.draft.goal.initial
        triggers = await self.app.push_screen_wait(TriggerEditor(step))
        if triggers is not None and triggers != step.triggers:
            self.draft.put_step(step.model_copy(update={"triggers": triggers}))
            self.show_state(step.id)

    def action_step_up(self) -> None:
        """Move the chosen step up."""
        self._move(-1)

    def action_step_down(self) -> None:
        """Move the chosen step down."""
        self._move(1)

    def _move(self, by: int) -> None:
        table = self.query_one(StepTable)
        if table.chosen and table.cursor and self.draft.move_step(table.chosen.id, table.cursor - 1 + by):
            self.show_state(table.chosen.id)

    @on(StepTable.Dragged)
    def _dragged(self, event: StepTable.Dragged) -> None:
        if self.draft.move_step(event.step_id, event.place):
            self.show_state(event.step_id)

    def action_delete_step(self) -> None:
        """Delete the chosen step from the draft, or say why it can't be deleted."""
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


HELP = """
A goal begins with its **initial step** ●: it opens a cycle, and nothing counts before it. Then come **steps** ○ and
at least one **completion step** ◎: reaching it completes the goal. If there is one step only, it must be the completion
step. Saving makes a new version; what was tracked before keeps the values of its own version. A **target** is the
completion rate that the goal should reach; another target makes no new version.

Steps are edited **in their table**: enter edits the chosen cell, tab goes on to the next, and enter in the last row
adds a step. Lines that are pasted become steps; name, cost savings, revenue and time may be separated by tabs.
Descriptions are in the form of a step.
"""


class GoalEditor(StepEditing):
    """The screen that edits one goal; returns its id, or None if a new goal was not saved."""

    AREA = "goals"
    CONTEXT = "goals.editor"
    HELP = HELP
    BINDINGS = bindings("goals.editor")
    AUTO_FOCUS = "#field-name Input"
    DEFAULT_CSS = """
    GoalEditor.-wide #form, GoalEditor.-huge #form { layout: horizontal; overflow-y: hidden; }
    GoalEditor.-wide #about, GoalEditor.-huge #about { width: 35; height: 1fr; overflow-y: auto; margin-right: 4; }
    GoalEditor.-wide #steps-part, GoalEditor.-huge #steps-part { width: 1fr; height: 1fr; }
    GoalEditor #edited { height: 1fr; }
    GoalEditor #what-if { margin-top: 1; }
    GoalEditor.-new #what-if { display: none; }
    GoalEditor.-wide #what-if.-whole { padding-left: 39; }
    GoalEditor.-huge #edited { layout: horizontal; }
    GoalEditor.-huge.-new #steps-part { max-width: 100; }
    GoalEditor.-huge #what-if { width: 68; margin: 0 0 0 4; }
    GoalEditor #what-next { height: auto; min-height: 1; max-height: 2; color: $quiet; }
    GoalEditor #what-next.-wrong { color: $error; }
    """

    def __init__(self, goal: Goal, filled: Goal | None = None) -> None:
        super().__init__()
        self.draft = Draft(goal)
        if filled is not None:
            self.draft.goal = filled
        self._mark_new()
        self._whole: bool | None = None
        """True if the user chose What-if as a table, False if in brief, None if the room decides."""
        self._filters: Filters | None = None
        """The filters of What-if that were chosen here."""
        self._tried = False
        self._saving = asyncio.Lock()
        """Held while the goal is saved, and while the user is asked about that."""

    def compose_body(self) -> ComposeResult:
        self.currency = self._currency()
        key = self.named_key("goals.editor.add-step")
        with Container(id="edited"):
            yield GoalForm(self.draft.goal, self.currency, key, self.action_add_step, id="form")
            yield WhatIfPanel(id="what-if")
        yield Static("", id="what-next", markup=False)

    def _currency(self) -> Currency:
        from goals_tui.services.currencies import symbol

        code = self.services.project.get().currency
        return Currency(symbol(code), currency_digits(code))

    def on_mount(self) -> None:
        self.call_after_refresh(self.form.scroll_home, animate=False)

    @property
    def form(self) -> GoalForm:
        """The form of the goal."""
        return self.query_one(GoalForm)

    # -- drawing

    @property
    def undo_label(self) -> str:
        """The name of the change that undo takes back; empty if there is none."""
        return "last change" if self.draft.can_undo else ""

    def show_data(self) -> None:
        """Show the draft in the form; a draft without changes is first updated to what others saved."""
        if not self.draft.changed and not self.draft.is_new:
            stored = self._stored()
            if stored is not None and stored.revision != self.draft.base.revision:
                self.draft.saved(stored)
        self._fill()
        self._mark_new()
        if not self.draft.is_new:
            self.later(self._read_basis)

    def _stored(self) -> Goal | None:
        try:
            return self.services.goals.get(self.draft.goal.id)
        except GoalsError:
            return None

    def _mark_new(self) -> None:
        self.set_class(self.draft.is_new, "-new")

    def _fill(self) -> None:
        self.form.fill(self.draft.goal)
        self.show_state()

    def show_state(self, chosen: str | None = None) -> None:
        """Draw messages, steps, title and keys for the current draft."""
        draft, problems = self.draft, self.problems()
        news = [problem for problem in problems if self._is_news(problem)]
        self.form.show(draft.goal, news, self.services.features.max_steps, chosen)
        self.place = f"Goals › {draft.base.name or 'New goal'}"
        self.unsaved = draft.changed
        self.show_title()
        self._say_what_next(problems)
        self._show_what_if()
        self.refresh_bindings()

    def _say_what_next(self, problems: list[Problem]) -> None:
        unsaid = [problem for problem in problems if not self._is_news(problem)]
        text = f"Ready: {self.named_key('goals.editor.save')} saves."
        if unsaid:
            text = f"Before saving: {unsaid[0].message}"
        elif problems:
            text = f"Before saving: {plural(len(problems), 'problem')}, said above."
        line = self.query_one("#what-next", Static)
        line.update(text if self.draft.changed else "")
        line.set_class(self._tried and bool(problems), "-wrong")

    def problems(self) -> list[Problem]:
        """Return everything that prevents the draft from being saved."""
        return [*self.draft.problems(), *self.services.goals.problems(self.draft.goal)]

    def _is_news(self, problem: Problem) -> bool:
        """Return whether to show a problem: all of them after saving was tried, before that only in edited fields."""
        if self._tried:
            return True
        if problem.step_id is not None and problem.step_id == self.cells.edited:
            step = self.draft.goal.step(problem.step_id)
            if not step.name:
                return False  # It is about to be typed.
        field = "steps" if problem.field.startswith("step") else problem.field
        return field in self.draft.touched

    # -- what if

    @property
    def what_if_filters(self) -> Filters:
        """The filters of What-if: those chosen here, else those of Insights, else the last 30 days."""
        shared = self.goals_app.filters
        return self._filters or (shared if shared != Filters() else Filters(span="last-30-days"))

    def _read_basis(self) -> None:
        services, goal_id, filters = self.services, self.draft.base.id, self.what_if_filters
        self.load("what-if", lambda: read_basis(services, goal_id, filters), self._take_basis)

    def _take_basis(self, basis: Basis) -> None:
        self.basis = basis
        self._show_what_if()

    def _show_what_if(self) -> None:
        """Show the figures under the draft, which must not take longer than a key may."""
        panel, size = self.query_one(WhatIfPanel), self.app.size
        whole = size.width >= 120 and size.height >= 30 if self._whole is None else self._whole
        panel.set_class(whole, "-whole")
        panel.show(self.basis.under(self.draft.goal) if self.basis else None, whole=whole)

    def on_resize(self, event: Resize) -> None:
        """Show What-if as a table if there is room for it."""
        self._show_what_if()

    def action_what_if(self) -> None:
        """Show What-if as a table or in brief, and keep the chosen step in view beside it."""
        self._whole = not self.query_one(WhatIfPanel).whole
        self._show_what_if()
        table = self.query_one(StepTable)
        if self.at_steps:
            self.call_after_refresh(lambda: table.scroll_to_row(table.cursor))

    @work
    async def action_what_if_filters(self) -> None:
        """Choose the cycles that What-if reads; Insights has the same filters from then on."""
        from goals_tui.tui.filters.dialog import FilterDialog

        today = self.services.clock().astimezone(self.services.project.get().zone).date()
        chosen = await self.app.push_screen_wait(FilterDialog(self.what_if_filters, today))
        if chosen is not None:
            self._filters = self.goals_app.filters = chosen
            self._read_basis()

    # -- typing

    @on(Field.Edited)
    def _edited(self, event: Field.Edited) -> None:
        name = field_name(event.field)
        self.draft.touched.add(name)
        self.draft.write(name, event.value)
        self.show_state()

    def on_descendant_focus(self) -> None:
        self.draft.end_typing()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable step actions if a step is chosen, and undo and redo if the form has a change for them."""
        if not self.is_mounted:
            return True
        if action in {"edit_step", "step_up", "step_down", "delete_step"}:
            return self.at_steps
        if action in {"what_if", "what_if_filters"}:
            return not self.draft.is_new
        if action == "switch_completion":
            return self.at_steps and self.query_one(StepTable).chosen_field == "completion"
        if action == "undo":
            return self.draft.can_undo
        if action == "redo":
            return self.draft.can_redo
        return True

    def action_undo(self) -> None:
        """Undo the last change of the form."""
        self._travel(self.draft.undo)

    def action_redo(self) -> None:
        """Redo the last undone change."""
        self._travel(self.draft.redo)

    def _travel(self, step: Callable[[], None]) -> None:
        """Undo or redo, and move the cursor to the step that this brought back or changed, else to the chosen one."""
        self.cells.finish()
        before, chosen = self.draft.goal.steps, self.form.steps.chosen
        step()
        self.form.fill(self.draft.goal)
        changed = [step.id for step in self.draft.goal.steps if step not in before]
        self.show_state(changed[-1] if changed else chosen.id if chosen else None)
        if changed and not isinstance(self.focused, Input | TextArea):
            self.form.steps.focus()

    # -- leaving and saving

    async def may_leave(self) -> bool:
        """Ask whether to save or discard unsaved changes; return whether the editor can be left."""
        async with self._saving:
            if not self.draft.changed:
                return True
            name = self.draft.goal.name or "The new goal"
            answer = await self.app.push_screen_wait(ask_to_leave(name))
            if answer == "save":
                return await self.save()
            return answer == "discard"

    @work
    async def action_back(self) -> None:
        """Return to the list, after asking about unsaved changes."""
        if await self.may_leave():
            self.dismiss(self.draft.base.id if not self.draft.is_new else None)

    @work
    async def action_save(self) -> None:
        """Save the goal and go back to the list."""
        if self._saving.locked() or not self.is_current:
            return
        async with self._saving:
            if await self.save():
                self.dismiss(self.draft.base.id)

    async def save(self, *, overwrite: bool = False) -> bool:
        """Save the goal; return whether it was saved.

        Shows problems that prevent saving, and asks before anything is lost.
        """
        from goals_tui.tui.goals.saving import resolve_conflict, settle_lost_steps

        problems = self.problems()
        if problems:
            self._tried = True
            self.show_state()
            self.form.go_to(problems[0])
            return False
        try:
            lost = await self._lost(overwrite)
            if not await settle_lost_steps(self, self.draft.goal, lost):
                return False
            goal = await self._store(overwrite, lost)
        except ConflictError as conflict:
            resolved = await resolve_conflict(self, conflict, self.draft.goal)
            return resolved is not None and await self._go_on(*resolved)
        except GoalsError as error:
            self.goals_app.show_error(error)
            return False
        self.saved(goal, f"Saved {goal.name!r}.")
        return True

    async def _go_on(self, resolution: Resolution, goal: Goal) -> bool:
        """Act on the answer to a conflict; return whether the draft was saved."""
        if resolution == "overwrite":
            return await self.save(overwrite=True)
        if resolution == "copy":
            self.saved(goal, f"Saved yours as {goal.name!r}.")
            return True
        self.reload(goal)
        undo = self.named_key("goals.editor.undo")
        self.notify(f"This is their version. {undo} brings yours back; it is on the clipboard too.")
        return False

    def saved(self, goal: Goal, said: str) -> None:
        """Go on from the goal as it is stored, and say so."""
        self.draft.saved(goal)
        self.unsaved = False
        self.notify(said)
        self.goals_app.changed()

    async def _lost(self, overwrite: bool) -> list[Consequences]:
        """Return what saving deletes from the stored goal, to which others may have added steps. Raises GoalsError."""
        return await asyncio.to_thread(self.services.goals.lost_by_saving, self.draft.goal, overwrite=overwrite)

    async def _store(self, overwrite: bool, lost: list[Consequences]) -> Goal:
        """Save the goal and delete what the user agreed to. Raises GoalsError."""
        goal = self.draft.goal
        label = f"Create goal {goal.name!r}" if self.draft.is_new else None
        doomed = {taken.step_id for taken in lost if taken.step_id and not taken.why_kept}
        return await self.change(
            "Saving the goal",
            lambda: self.services.goals.save(goal, overwrite=overwrite, label=label, delete_events_of=doomed),
        )

    def reload(self, goal: Goal) -> None:
        """Show what somebody else saved; undo brings the draft back."""
        self.draft.reload(goal)
        self._fill()
