"""The frame with nothing in it yet: drawn first, because models and documents take longer to load."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import Screen

from goals_tui.tui.widgets.bars import KeyBar, TitleBar


class Opening(Screen[None]):
    """What is seen until the workspace is open."""

    def compose(self) -> ComposeResult:
        title = TitleBar()
        title.area = "goals"
        yield title
        yield KeyBar()
