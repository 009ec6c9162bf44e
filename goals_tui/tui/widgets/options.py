"""A list whose rows are chosen from, in the look of all of our lists."""

from __future__ import annotations

from typing import Literal

from textual.widgets import OptionList


class Options(OptionList):
    """Textual's list of options; where it has no room yet, or none at all, there are no pages to turn."""

    DEFAULT_CSS = """
    Options > .option-list--option-highlighted {
        background: $foreground 8%; color: $foreground; text-style: none;
    }
    Options:focus > .option-list--option-highlighted {
        background: $primary 22%; color: $foreground; text-style: none;
    }
    """

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        if self.scrollable_content_region:
            super()._move_page(direction)
