"""A list that draws only the rows in view, and its cursor."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style as VisualStyle

from goals_tui.tui.app.actions import bindings
from goals_tui.tui.widgets.columns import GAP, Cell, Column, fitted, layout


class RowCursor(ScrollView, can_focus=True):
    """A list of `count` lines below `header` lines that stay; the line at `cursor` is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("app.list")

    cursor: reactive[int] = reactive(0, repaint=False)
    hover: reactive[int] = reactive(-1, repaint=False)

    @dataclass
    class Highlighted(Message):
        """Posted when the cursor is on a row, after a move or new data."""

        list: RowCursor
        index: int

        @property
        def control(self) -> RowCursor:
            """The list, for `@on(..., "#id")`."""
            return self.list

    @dataclass
    class Selected(Message):
        """Posted when enter was pressed on a row, or the row was double-clicked."""

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
        """The number of rows that are visible at once."""
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
        """Move the cursor by a number of rows."""
        self.cursor += rows

    def action_page(self, pages: int) -> None:
        """Move the cursor by pages."""
        self.cursor += pages * max(1, self.page - 1)

    def action_edge(self, last: int) -> None:
        """Move the cursor to the first or last row."""
        self.cursor = self.count - 1 if last else 0

    def action_select(self) -> None:
        """Open the row that the cursor is on."""
        if self.count:
            self.post_message(self.Selected(self, self.cursor))

    def key_enter(self, event: events.Key) -> None:
        # Not a binding, so that the footer shows the screen's own binding of enter.
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


BAR = "▌"
"""The first character of the row under the cursor, in every list: it shows the row without colours, too."""


def under_cursor(line: Strip, look: VisualStyle, mark: Style) -> Strip:
    """Return a line of the row under the cursor: with the bar, and in plain text only.

    The colours of outcomes and of quiet text have no contrast on the background of the cursor.
    """
    plain = look.rich_style.color
    segments = [Segment(text, style and style + Style(color=plain)) for text, style, _ in line.crop(1)]
    before = line.crop(0, 1)
    meta = next((style.meta for _, style, _ in before if style), {})
    bar = Segment(BAR, look.rich_style + Style(color=mark.color, meta=meta))
    return Strip([bar, *segments], line.cell_length)


Cells = Sequence[Cell]
MARGIN = 2
"""The width in cells of the mark left of the chosen row."""
AROUND = MARGIN + 2
"""The cells that a list needs besides its columns: the mark, a blank cell and the scroll bar."""


class VirtualList(RowCursor):
    """Rows in columns below their titles, of which only those in view are drawn."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "virtual-list--row",
        "virtual-list--cursor",
        "virtual-list--cursor-blurred",
        "virtual-list--hover",
        "virtual-list--header",
        "virtual-list--mark",
    }
    DEFAULT_CSS = """
    VirtualList {
        height: 1fr; overflow-x: hidden; background: transparent; scrollbar-size-vertical: 1;
        & > .virtual-list--row { color: $foreground; }
        & > .virtual-list--cursor { background: $primary 22%; color: $foreground; text-style: bold; }
        & > .virtual-list--cursor-blurred { background: $panel; color: $foreground; }
        & > .virtual-list--hover { background: $block-hover-background; color: $foreground; }
        & > .virtual-list--header { color: $quiet; text-style: none; }
        & > .virtual-list--mark { color: $primary; }
    }
    """

    @dataclass
    class Missing(Message):
        """Posted when rows in view had no cells when they were drawn; `last` is included."""

        list: VirtualList
        first: int
        last: int

        @property
        def control(self) -> VirtualList:
            """The list, for `@on(..., "#id")`."""
            return self.list

    @dataclass
    class Marked(Message):
        """Posted when other rows are marked."""

        list: VirtualList

        @property
        def control(self) -> VirtualList:
            """The list, for `@on(..., "#id")`."""
            return self.list

    def __init__(self, columns: Sequence[Column] = (), *, id: str | None = None, header: bool = True) -> None:
        super().__init__(id=id, header=1 if header else 0)
        self.columns: tuple[Column, ...] = tuple(columns)
        self._cells: Callable[[int], Cells | None] = lambda index: None
        self._strips: LRUCache[tuple[object, ...], Strip] = LRUCache(512)
        self._sorted: int | None = None
        self._upwards = False
        self._asking = False
        self.is_marked: Callable[[int], bool] = lambda index: False
        """True if a row is one of several that were marked, which a tick before it shows."""

    # -- data

    def show(self, count: int, cells: Callable[[int], Cells | None], *, cursor: int | None = None) -> None:
        """Show `count` rows; the cursor stays where it is unless `cursor` is given.

        `cells(index)` returns the cells of a row, or None where they are not there yet.
        """
        self.count = count
        self._cells = cells
        # The width is constant: one that follows the content would lay the screen out twice.
        self.virtual_size = Size(1, count + self.header)
        self.refresh_rows()
        wanted = max(0, min(self.cursor if cursor is None else cursor, count - 1))
        if wanted == self.cursor:
            self.call_after_refresh(self.scroll_to_row, wanted)
            self._say_highlighted()
        else:
            self.cursor = wanted

    def set_columns(self, columns: Sequence[Column], sorted_by: int | None = None, *, upwards: bool = False) -> None:
        """Show other columns; `sorted_by` marks the one that orders the rows, `upwards` from least to most."""
        self.columns = tuple(columns)
        self._sorted, self._upwards = sorted_by, upwards
        self.refresh_rows()

    def refresh_rows(self) -> None:
        """Draw the visible rows again, with their current cells."""
        self._strips.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        """Drop drawn rows, because the theme or the style of the list has changed."""
        super().notify_style_update()
        self._strips.clear()

    def on_resize(self) -> None:
        self.scroll_to_row(self.cursor)

    # -- drawing

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if y < self.header:
            return self._header(width)
        index = y - self.header + self.scroll_offset.y
        look = self._look(index)
        marked = index < self.count and self.is_marked(index)
        # A list may draw the first row in view differently.
        key = (index, look, width, marked, index == self.scroll_offset.y)
        strip = self._strips.get(key)
        if strip is None and index >= self.count:
            strip = self._strips[key] = Strip.blank(width, self.rich_style)
        elif strip is None:
            cells = self._cells(index)
            if cells is None:
                self._say_missing()
                cells = [Content.styled("…", "$quiet"), *[Content("")] * (len(self.columns) - 1)]
                return self._draw(cells, look, width)
            strip = self._strips[key] = self._draw(cells, look, width, marked=marked)
        return strip

    def _look(self, index: int) -> str:
        if index == self.cursor:
            return "cursor" if self.has_focus else "cursor-blurred"
        return "hover" if index == self.hover else "row"

    def _header(self, width: int) -> Strip:
        titles = []
        for place, column in enumerate(self.columns):
            mark = (" ↑" if self._upwards else " ↓") if place == self._sorted else ""
            titles.append(Content.styled(column.title + mark, "bold" if mark else ""))
        return self._draw(titles, "header", width)

    def _draw(self, cells: Cells, look: str, width: int, *, marked: bool = False) -> Strip:
        style = self.get_visual_style("virtual-list--row", f"virtual-list--{look}")
        mark = self.get_component_rich_style("virtual-list--mark") if look.startswith("cursor") else None
        base = style.rich_style
        tick = "✓" if marked else " "
        segments = [Segment(f"{BAR}{tick}" if mark else f" {tick}", base)]
        # Drawn without Textual's wrapping and links, which take longer than all else; cells are cut to their columns
        # already.
        for content in fitted(self.columns, layout(self.columns, max(1, width - MARGIN - 1)), cells):
            segments += [*content.render_segments(style), Segment(" " * GAP, base)]
        strip = Strip(segments).simplify().adjust_cell_length(width, base)
        return under_cursor(strip, style, mark) if mark else strip

    def _say_missing(self) -> None:
        # Once a frame, and not while the screen draws: the screen would count as the sender and not receive the
        # message.
        if not self._asking:
            self._asking = True
            self.call_later(self._ask)

    def _ask(self) -> None:
        self._asking = False
        first = self.scroll_offset.y
        last = min(self.count - 1, first + self.scrollable_content_region.height)
        self.post_message(self.Missing(self, first, last))


T = TypeVar("T")


class Marks(Generic[T]):
    """The rows of a list that were marked, to change several together. They stay marked where rows move.

    `row_at` returns the row at an index, or None if there is none or it was not read yet; `key` tells rows apart.
    """

    def __init__(self, rows: VirtualList, row_at: Callable[[int], T | None], key: Callable[[T], Hashable]) -> None:
        self._list = rows
        self._row_at = row_at
        self._key = key
        self._marked: dict[Hashable, T] = {}
        rows.is_marked = self._is_marked

    @property
    def rows(self) -> list[T]:
        """The marked rows as they were when they were marked, in the order of marking."""
        return list(self._marked.values())

    def __contains__(self, row: T) -> bool:
        return self._key(row) in self._marked

    def __len__(self) -> int:
        return len(self._marked)

    def mark(self, *, on: bool | None = None, move: int = 1) -> None:
        """Mark the row at the cursor, or take its mark away, and move the cursor.

        With `on` it is marked either way, and so is the row at which the cursor arrives.
        """
        row = self._row_at(self._list.cursor)
        if row is None:
            return
        if on or row not in self:
            self._marked[self._key(row)] = row
        else:
            del self._marked[self._key(row)]
        self._list.action_move(move)
        reached = self._row_at(self._list.cursor) if on else None
        if reached is not None:
            self._marked[self._key(reached)] = reached
        self._changed()

    def put(self, rows: Collection[T]) -> None:
        """Mark these rows and no others."""
        if rows or self._marked:
            self._marked = {self._key(row): row for row in rows}
            self._changed()

    def keep(self, keys: Collection[Hashable]) -> None:
        """Take the marks of all rows away but of those with these keys."""
        if self._marked:
            self._marked = {key: row for key, row in self._marked.items() if key in keys}

    def _changed(self) -> None:
        self._list.refresh_rows()
        self._list.post_message(VirtualList.Marked(self._list))

    def _is_marked(self, index: int) -> bool:
        row = self._row_at(index) if self._marked else None
        return row is not None and row in self
