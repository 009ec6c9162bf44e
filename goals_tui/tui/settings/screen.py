"""The Settings screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from goals_tui.tui.actions import bindings
from goals_tui.tui.screen import ScreenFrame


class SettingsScreen(ScreenFrame[None]):
    """Settings."""

    AREA = CONTEXT = "settings"
    BINDINGS = bindings("settings")

    def compose_body(self) -> ComposeResult:
        yield Static("Settings", classes="quiet", markup=False)

    def on_mount(self) -> None:
        self.place = "Settings"
