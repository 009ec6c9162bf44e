"""The dialog that derives a goal from activities, after showing what would change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Button, Static

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.goal import Goal
from goals_tui.format import plural
from goals_tui.services.tasks.start import derive
from goals_tui.tui.app.dialogs import Form

if TYPE_CHECKING:
    from goals_tui.services.deriving import Derivation


class DeriveDialog(Form[bool]):
    """A dialog that shows what deriving a goal would add and replace; returns True after it has started the task."""

    DEFAULT_CSS = """
    DeriveDialog #found { width: 1fr; height: auto; min-height: 6; }
    """

    def __init__(self, goal: Goal) -> None:
        super().__init__(f"Derive {goal.name}")
        self.goal = goal

    def compose_dialog(self) -> ComposeResult:
        yield Static("Reading the activities…", id="found", classes="dialog-text", markup=False)

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Derive", id="derive", variant="primary", disabled=True)

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus()
        deriving, goal_id = self.services.deriving, self.goal.id
        self.load("dry-run", lambda: deriving.derive(goal_id, dry_run=True), self._show, refused=self._refused)

    def _show(self, found: Derivation) -> None:
        self.query_one("#found", Static).update(in_words(found))
        button = self.query_one("#derive", Button)
        button.disabled = not found.changes
        if found.changes:
            button.focus()
        self.call_after_refresh(self.fit)

    def _refused(self, error: BaseException) -> None:
        if isinstance(error, GoalsError):
            self.query_one("#found", Static).update(Content.styled(str(error), "$error"))
        else:
            self.goals_app.show_error(error)

    @on(Button.Pressed, "#derive")
    @work
    async def _derive(self) -> None:
        services, goal_id = self.services, self.goal.id
        if await self.attempt_change("Starting the task", lambda: derive(services, goal_id)) is not None:
            self.dismiss(True)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)


def in_words(found: Derivation) -> Content:
    """Return what a derivation finds and would change, a line each."""
    if not found.activities:
        lines = [Content("No activity fires a step of this goal.")]
    else:
        activities = f"{found.activities:,} activit{'y fires' if found.activities == 1 else 'ies fire'}"
        fired = f"{activities} a step, in {plural(found.sessions, 'session')}."
        made = f"{plural(found.events, 'event')} in {plural(found.cycles, 'cycle')}."
        lines = [Content(fired), Content(made)]
    changes = [
        (found.added, "added", "$completed"),
        (found.replaced, "replaced, as the goal was edited or more is known", "$warning"),
        (found.removed, "removed, as nothing fires them any more", "$error"),
    ]
    lines.append(Content(""))
    for count, what, look in changes:
        lines.append(Content.assemble((f"{count:>9,} ", f"bold {look}" if count else "$quiet"), what))
    if not found.changes:
        lines += [Content(""), Content("Nothing would change.")]
    if found.left_out():
        lines += [Content(""), *(Content.styled(line, "$quiet") for line in found.left_out())]
    lines += [Content(""), Content.styled("Tracked and imported events stay as they are.", "$quiet")]
    return Content("\n").join(lines)
