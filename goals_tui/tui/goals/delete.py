"""The dialogs for deleting goals and for replacing their steps in nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Label, Static
from textual.widgets.option_list import Option as Row

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.goal import Goal, Step
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.services.goal_list import NodeUse
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.dialogs import Dialog, Form
from goals_tui.tui.widgets.fields import Options, ProblemLine

if TYPE_CHECKING:
    from goals_tui.services.goal_list import GoalSummary
    from goals_tui.services.goals import Consequences


class DeleteGoal(Dialog[bool]):
    """A dialog that deletes a goal; returns True after the deletion, otherwise None."""

    DEFAULT_CSS = """
    DeleteGoal #taken { margin-bottom: 1; }
    DeleteGoal #instead { height: 1; margin-bottom: 1; }
    DeleteGoal #instead Button { margin-right: 1; }
    """

    def __init__(self, goal: GoalSummary) -> None:
        super().__init__(f"Delete {goal.name}", danger=True)
        self.goal = goal
        self.taken: Consequences | None = None

    def compose_dialog(self) -> ComposeResult:
        yield Static("Counting what will be deleted with it…", id="taken", classes="dialog-text", markup=False)
        yield Static("Do this first?", id="first", classes="quiet", markup=False)
        with Horizontal(id="instead"):
            yield Button("Replace in nodes…", id="replace")
            yield Button("Remove the nodes", id="remove")
            yield Button("Export a package…", id="export")
        yield Label(
            "To delete, type the goal's name. This can't be undone.", id="ask", classes="dialog-text", markup=False
        )
        yield Input(placeholder=self.goal.name, id="name", select_on_focus=False)
        yield ProblemLine()

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Delete", id="delete", variant="error")

    def on_mount(self) -> None:
        self.query_one("#delete", Button).disabled = True
        self.query_one("#cancel", Button).focus()
        self._offer(None)
        self._count()

    def _count(self) -> None:
        goals = self.services.goals
        self.load("count", lambda: goals.consequences(self.goal.id), self._counted)

    def _counted(self, taken: Consequences) -> None:
        self.taken = taken
        self._say()

    def _say(self) -> None:
        if self.taken is None:
            return
        self.query_one("#taken", Static).update(what_goes(self.taken))
        self._offer(None if self.taken.why_kept else self.taken)
        for part in ("#name", "#ask"):
            self.query_one(part).display = not self.taken.why_kept

    def _offer(self, taken: Consequences | None) -> None:
        for part in ("#first", "#instead"):
            self.query_one(part).display = bool(taken)
        for part in ("#replace", "#remove"):
            self.query_one(part).display = bool(taken and taken.uses)

    def on_key(self, event: events.Key) -> None:
        """Pass typed characters to the field for the name, even while Cancel has the focus."""
        field = self.query_one("#name", Input)
        if not field.display:
            return
        if event.is_printable and event.character and not event.character.isspace() and not field.has_focus:
            event.stop()
            event.prevent_default()
            field.focus()
            field.insert_text_at_cursor(event.character)

    @on(Input.Changed, "#name")
    def _typed(self, event: Input.Changed) -> None:
        self.query_one("#delete", Button).disabled = event.value.strip() != self.goal.name
        self.query_one(ProblemLine).say("")

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Input.Submitted, "#name")
    @on(Button.Pressed, "#delete")
    def _delete(self) -> None:
        typed, goals = self.query_one("#name", Input).value, self.services.goals
        # In the background, as rewriting the events without the goal's can take a while.
        self.write(
            f"Deleting {self.goal.name!r}",
            lambda: goals.delete(self.goal.id, confirm=typed),
            self._deleted,
            refused=self._refused,
        )

    def _refused(self, error: BaseException) -> None:
        if isinstance(error, GoalsError):
            self.query_one(ProblemLine).say(str(error))
        else:
            self.goals_app.show_error(error)

    def _deleted(self, taken: Consequences) -> None:
        self.dismiss(True)

    @on(Button.Pressed, "#replace")
    @work
    async def _replace(self) -> None:
        goals = self.services.goals
        options = [Option(row.id, row.name) for row in goals.summaries() if row.id != self.goal.id]
        if not options:
            self.query_one(ProblemLine).say("There is no other goal to replace it by.")
            return
        text = "Its nodes track this goal instead. Which steps take the place of which is asked next."
        other = await self.app.push_screen_wait(Choose("Replace by", options, text=text))
        if other is None:
            return

        try:
            dialog = ReplaceSteps(goals.get(self.goal.id), goals.get(other), goals.where_used(self.goal.id))
        except GoalsError as error:
            self._refused(error)
            return
        steps = await self.app.push_screen_wait(dialog)
        if steps is not None:
            await self._instead(lambda: goals.uses.replace_goal(self.goal.id, other, steps))

    @on(Button.Pressed, "#remove")
    @work
    async def _remove(self) -> None:
        await self._instead(lambda: self.services.goals.uses.remove_goal(self.goal.id))

    @on(Button.Pressed, "#export")
    @work
    async def _export(self) -> None:
        from goals_tui.tui.packages.steps import export_package

        await export_package(self.goals_app, [self.goal.id], with_events=True)
        self.query_one("#cancel", Button).focus()

    async def _instead(self, change: Callable[[], int]) -> None:
        try:
            changed = await self.change("Changing the nodes", change)
        except GoalsError as error:
            self.query_one(ProblemLine).say(str(error))
            return
        self.notify(f"{plural(changed, 'node')} changed. {self.named_key('app.undo')} takes that back.")
        self.goals_app.changed()
        self.query_one("#cancel", Button).focus()
        self._count()


def what_goes(taken: Consequences) -> Content:
    """Return what a deletion removes, in words: events, and nodes flow by flow."""
    events = f"{taken.events:,} event{'s' * (taken.events != 1)} in {taken.cycles:,} cycle{'s' * (taken.cycles != 1)}"
    if taken.why_kept and taken.step_id is None:
        return Content(f"The goal can't be deleted now. {taken.why_kept}")
    if taken.why_kept:
        lines = [Content(f"The events of the step stay in the log. {taken.why_kept}")]
    elif taken.events:
        lines = [Content.assemble("Deletes ", (events, "bold"), " of analytics.")]
    else:
        lines = [Content("No events yet.")]
    if taken.uses:
        number = len(taken.uses)
        lines.append(
            Content(f"{number} Track Goal Process node{'s' * (number != 1)} stop{'s' * (number == 1)} working:")
        )
        for flow, count in Counter(use.flow for use in taken.uses).items():
            lines.append(Content.assemble(("  → ", "$quiet"), flow, (f"  {count}", "$quiet")))
    else:
        lines.append(Content("No flow tracks it."))
    return Content("\n").join(lines)


NOBODY = "nobody"


class StepRows(Options):
    """The steps that nodes track, each with its replacement."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("goals.replace")]


class ReplaceSteps(Form[Mapping[str, str]]):
    """A dialog that asks which step of `new` replaces each step of `old` that `uses` track.

    Returns the ids of the new steps by the ids of the old ones. Only steps of the same name are filled in; steps
    without a replacement are named, as their nodes have findings afterwards.
    """

    DEFAULT_CSS = """
    ReplaceSteps > #dialog { width: 90; }
    ReplaceSteps StepRows { height: auto; max-height: 20; margin-top: 1; background: $surface; }
    ReplaceSteps #open { margin-top: 1; height: auto; }
    """

    def __init__(self, old: Goal, new: Goal, uses: Sequence[NodeUse]) -> None:
        super().__init__(f"Track {new.name} instead")
        self.new = new
        self.uses = uses
        self.nodes = Counter(step_id for use in uses for step_id in dict.fromkeys(use.step_ids))
        self.rows = [step for step in old.steps if step.id in self.nodes]
        by_name = {fold(step.name): step.id for step in new.steps}
        self.chosen = {step.id: by_name[fold(step.name)] for step in self.rows if fold(step.name) in by_name}

    def compose_dialog(self) -> ComposeResult:
        yield Static(
            "Each step and what its nodes track instead. Steps of the same name are filled in; choose the others. "
            "You can undo this.",
            classes="dialog-text quiet",
            markup=False,
        )
        yield StepRows(id="rows")
        yield Static("", id="open", classes="dialog-text", markup=False)

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Replace", id="replace", variant="primary")

    def on_mount(self) -> None:
        """Put the cursor on the first step without a replacement."""
        self._show()
        still_open = (place for place, step in enumerate(self.rows) if step.id not in self.chosen)
        rows = self.query_one(StepRows)
        rows.highlighted = next(still_open, 0) if self.rows else None
        rows.focus()

    def _show(self) -> None:
        rows = self.query_one(StepRows)
        highlighted = rows.highlighted
        rows.clear_options()
        rows.add_options([Row(self._row(step), id=step.id) for step in self.rows])
        rows.highlighted = highlighted
        self.query_one("#open", Static).update(self._still_open())

    def _row(self, step: Step) -> Content:
        found = self.chosen.get(step.id)
        new = _shown(self.new.step(found)) if found else Content.styled("nothing yet: choose", "$warning")
        count = Content.styled(f"  {plural(self.nodes[step.id], 'node')}  → ", "$quiet")
        return Content.assemble(_shown(step), count, new)

    def _still_open(self) -> Content:
        open_nodes = sum(any(step_id not in self.chosen for step_id in use.step_ids) for use in self.uses)
        if not open_nodes:
            return Content("")
        named = [step.name for step in self.rows if step.id not in self.chosen]
        steps = f" ({', '.join(named)})" if named else ""
        has = "has a finding" if open_nodes == 1 else "have findings"
        return Content.styled(
            f"▲ {plural(open_nodes, 'node')} {has} afterwards: steps without a place{steps}.", "$warning"
        )

    @on(Options.OptionSelected, "#rows")
    @work(group="waits")
    async def _choose(self, event: Options.OptionSelected) -> None:
        event.stop()
        step = next((step for step in self.rows if step.id == event.option_id), None)
        if step is None:
            return
        options = [Option(new.id, f"{new.glyph} {new.name}") for new in self.new.steps]
        options.append(Option(NOBODY, "Nothing: its nodes have a finding"))
        now = self.chosen.get(step.id, NOBODY)
        found = await self.app.push_screen_wait(Choose(f"Instead of {step.name}", options, chosen=now))
        if found is None:
            return
        self.chosen.pop(step.id, None)
        if found != NOBODY:
            self.chosen[step.id] = found
        self._show()

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#replace")
    def _replace(self) -> None:
        self.dismiss(dict(self.chosen))


def _shown(step: Step) -> Content:
    return Content.assemble((f"{step.glyph} ", "$completed" if step.kind == "completion" else ""), Content(step.name))
