"""The Goals screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from goals_tui.tui.actions import bindings
from goals_tui.tui.screen import ScreenFrame


class GoalsScreen(ScreenFrame[None]):
    """Goals."""

    AREA = CONTEXT = "goals"
    BINDINGS = bindings("goals")

    def compose_body(self) -> ComposeResult:
        yield Static("Goals", classes="quiet", markup=False)

    def on_mount(self) -> None:
        self.place = "Goals"
