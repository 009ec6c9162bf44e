"""The Insights screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from goals_tui.tui.actions import bindings
from goals_tui.tui.screen import ScreenFrame


class InsightsScreen(ScreenFrame[None]):
    """Insights."""

    AREA = CONTEXT = "insights"
    BINDINGS = bindings("insights")

    def compose_body(self) -> ComposeResult:
        yield Static("Insights come with a later version. Press 1 for the goals.", classes="quiet", markup=False)

    def on_mount(self) -> None:
        self.place = "Insights"
