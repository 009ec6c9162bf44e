"""The Tasks screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from goals_tui.tui.actions import bindings
from goals_tui.tui.screen import ScreenFrame


class TasksScreen(ScreenFrame[None]):
    """Tasks."""

    AREA = CONTEXT = "tasks"
    BINDINGS = bindings("tasks")

    def compose_body(self) -> ComposeResult:
        yield Static("Tasks come with a later version. Press 1 for the goals.", classes="quiet", markup=False)

    def on_mount(self) -> None:
        self.place = "Tasks"
