"""Jump mode: a letter on every part of the screen that can have the focus; press it and be there."""

from __future__ import annotations

from typing import Any

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Label

from goals_tui.tui.background import ClosesOnce

LETTERS = "asdfghjklqwertyuiopzxcvbnm"


class Jump(ModalScreen[Widget | None], ClosesOnce[Widget | None]):
    """Letters over the screen below. Returns the widget that was chosen, or None."""

    CONTEXT = "app.dialog"
    DEFAULT_CSS = """
    Jump { background: $background 40%; layers: letters; }
    Jump Label {
        layer: letters; position: absolute; width: 3; padding: 0 1;
        background: $warning; color: $background; text-style: bold;
    }
    """

    def __init__(self, targets: dict[str, Widget]) -> None:
        super().__init__()
        self.targets = targets

    @classmethod
    def over(cls, screen: Screen[Any]) -> Jump:
        """Letters for what can be focused on this screen, in its order."""
        seen = [widget for widget in screen.focus_chain if widget.region and widget.region.overlaps(screen.region)]
        return cls(dict(zip(LETTERS, seen, strict=False)))

    def compose(self) -> ComposeResult:
        for letter, widget in self.targets.items():
            label = Label(letter)
            region = widget.region
            label.styles.offset = (max(0, min(region.x, self.app.size.width - 3)), max(0, region.y))
            yield label

    def on_key(self, event: events.Key) -> None:
        """A letter chooses; any other key puts the letters away."""
        event.stop()
        self.dismiss(self.targets.get(event.key))

    def on_click(self) -> None:
        """So does a click."""
        self.dismiss(None)
