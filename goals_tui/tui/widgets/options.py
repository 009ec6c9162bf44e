"""A list whose rows are chosen from, in the look of all of our lists."""

from __future__ import annotations

from typing import Literal

from textual.events import Click
from textual.widgets import OptionList


class Options(OptionList):
    """Textual's list of options, which takes a key before it was drawn, and a click on what is gone by now.

    One of the class `-follows` stands below a search that has the focus and moves it.
    """

    DEFAULT_CSS = """
    Options > .option-list--option-highlighted {
        background: $foreground 8%; color: $foreground; text-style: none;
    }
    Options:focus > .option-list--option-highlighted {
        background: $primary 22%; color: $foreground; text-style: none;
    }
    Options.-follows > .option-list--option-highlighted { background: $block-cursor-blurred-background; }
    """

    @staticmethod
    def is_there(event: OptionList.OptionMessage) -> bool:
        """Whether the option of a message is still where it was: the list may have changed since it was posted."""
        rows, place = event.option_list, event.option_index
        return place < rows.option_count and rows.get_option_at_index(place) is event.option

    def on_click(self, event: Click) -> None:
        """Nothing, where there are fewer options than when what was clicked was drawn."""
        if event.style.meta.get("option", 0) >= self.option_count:
            event.prevent_default()

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        if self.scrollable_content_region:
            super()._move_page(direction)
