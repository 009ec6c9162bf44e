"""A list whose rows are chosen from, in the look of all of our lists."""

from __future__ import annotations

from typing import Literal

from textual.events import Click
from textual.widgets import OptionList


class Options(OptionList):
    """Textual's list of options, which takes a key before it was drawn, and a click on what is gone by now."""

    DEFAULT_CSS = """
    Options > .option-list--option-highlighted {
        background: $foreground 8%; color: $foreground; text-style: none;
    }
    Options:focus > .option-list--option-highlighted {
        background: $primary 22%; color: $foreground; text-style: none;
    }
    """

    def on_click(self, event: Click) -> None:
        """Nothing, where there are fewer options than when what was clicked was drawn."""
        if event.style.meta.get("option", 0) >= self.option_count:
            event.prevent_default()

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        if self.scrollable_content_region:
            super()._move_page(direction)
