"""The list of cycles: rows over pages that are fetched when they are seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from textual.content import Content

from goals_tui.domain.goal import Goal
from goals_tui.domain.report import Cycle
from goals_tui.tui.insights.words import Words
from goals_tui.tui.sessions.pages import CyclePages
from goals_tui.tui.sessions.rows import COLUMNS, cells
from goals_tui.tui.widgets.virtual_list import VirtualList


class CycleRows(VirtualList):
    """Shows `CyclePages` and lets go of them when it shows others, or none."""

    def __init__(self, *, id: str) -> None:
        super().__init__(COLUMNS, id=id)
        self.pages: CyclePages | None = None

    def show_pages(
        self, pages: CyclePages, cursor: int, goal_of: Callable[[Cycle], Goal | None], words: Words, zone: ZoneInfo
    ) -> None:
        """Show other cycles with the cursor on one of them; `goal_of` gives the goal that a cycle is drawn by."""
        self.close()
        self.pages = pages

        def row(index: int) -> Sequence[Content] | None:
            cycle = pages.at(index)
            return None if cycle is None else cells(cycle, goal_of(cycle), words, zone)

        self.show(pages.count, row, cursor=cursor)

    def close(self) -> None:
        """Let go of the log."""
        if self.pages is not None:
            self.pages.close()
            self.pages = None

    @property
    def chosen(self) -> Cycle | None:
        """The cycle that the cursor is on; None while it is fetched."""
        return None if self.pages is None else self.pages.at(self.cursor)

    def reaches(self, rows: int) -> bool:
        """Whether there is a row so far from the cursor."""
        return self.pages is not None and 0 <= self.cursor + rows < self.pages.count
