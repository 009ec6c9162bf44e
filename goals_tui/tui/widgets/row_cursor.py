"""A cursor over lines that scroll: keys and mouse move it and choose; what the lines look like is the subclass's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView

from goals_tui.tui.actions import bindings


class RowCursor(ScrollView, can_focus=True):
    """`count` lines under `header` lines that stay; the one at `cursor` is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("app.list")

    cursor: reactive[int] = reactive(0, repaint=False)
    hover: reactive[int] = reactive(-1, repaint=False)

    @dataclass
    class Highlighted(Message):
        """The cursor is on this row now."""

        list: RowCursor
        index: int

        @property
        def control(self) -> RowCursor:
            """The list, for `@on(..., "#id")`."""
            return self.list

    @dataclass
    class Selected(Message):
        """Enter was pressed on this row, or it was double-clicked."""

        list: RowCursor
        index: int

        @property
        def control(self) -> RowCursor:
            """The list, for `@on(..., "#id")`."""
            return self.list

    def __init__(self, *, id: str | None = None, header: int = 1) -> None:
        super().__init__(id=id)
        self.header = header
        self.count = 0

    # -- moving

    @property
    def page(self) -> int:
        """How many rows are seen at once."""
        return max(1, self.scrollable_content_region.height - self.header)

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.count - 1))

    def watch_cursor(self, before: int, now: int) -> None:
        self._redraw_rows(before, now)
        self.scroll_to_row(now)
        self._say_highlighted()

    def watch_hover(self, before: int, now: int) -> None:
        self._redraw_rows(before, now)

    def watch_has_focus(self, focused: bool) -> None:
        super().watch_has_focus(focused)
        self._redraw_rows(self.cursor)

    def _say_highlighted(self) -> None:
        self.post_message(self.Highlighted(self, self.cursor))

    def _redraw_rows(self, *indexes: int) -> None:
        for index in indexes:
            self.refresh(Region(0, index + self.header - self.scroll_offset.y, self.size.width, 1))

    def scroll_to_row(self, index: int) -> None:
        """Bring a row into view."""
        top = self.scroll_offset.y
        if index < top:
            self.scroll_to(y=index, animate=False, immediate=True)
        elif index >= top + self.page:
            self.scroll_to(y=index - self.page + 1, animate=False, immediate=True)

    def action_move(self, rows: int) -> None:
        """Move the cursor by some rows."""
        self.cursor += rows

    def action_page(self, pages: int) -> None:
        """Move the cursor by what is seen at once."""
        self.cursor += pages * max(1, self.page - 1)

    def action_edge(self, last: int) -> None:
        """Move the cursor to the first or last row."""
        self.cursor = self.count - 1 if last else 0

    def action_select(self) -> None:
        """Open the row that the cursor is on."""
        if self.count:
            self.post_message(self.Selected(self, self.cursor))

    def key_enter(self, event: events.Key) -> None:
        # No binding: the screen's own key for it is what the footer shows.
        event.stop()
        event.prevent_default()
        self.action_select()

    # -- mouse

    def _row_at(self, event: events.MouseEvent) -> int:
        index = event.y - self.header + self.scroll_offset.y
        return index if event.y >= self.header and 0 <= index < self.count else -1

    def on_click(self, event: events.Click) -> None:
        index = self._row_at(event)
        if index < 0:
            return
        if index == self.cursor and event.chain > 1:
            self.action_select()
        self.cursor = index

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self.hover = self._row_at(event)

    def on_leave(self) -> None:
        self.hover = -1
