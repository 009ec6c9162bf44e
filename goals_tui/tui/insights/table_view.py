"""Shows a `Table`: whole columns only, numbers aligned right, the total last, the cursor kept while numbers change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message

from goals_tui.tui.actions import bindings
from goals_tui.tui.insights.table import Cell, Heading, Table
from goals_tui.tui.widgets.chart_canvas import fit
from goals_tui.tui.widgets.columns import GAP, Column
from goals_tui.tui.widgets.virtual_list import AROUND, VirtualList

LONGEST = 28
"""Names are cut at so many cells; copies and files have them in full."""

_LEAST_NAME = 16
"""The first column keeps so many cells of its names before further columns are left out."""


class TableView(VirtualList):
    """A list over a `Table`; enter on a row opens what is behind it.

    Where not all columns fit, titles and amounts become brief and minor columns come last; `→` then shows the next
    column, and the first one stays in its place.
    """

    BINDINGS = bindings("insights.row")

    @dataclass
    class Turned(Message):
        """Other columns are shown."""

        table: TableView

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._table = Table((), ())
        self._widths: dict[tuple[int, bool], int] = {}
        self._order: list[int] = []
        self._brief = False
        self._skipped = 0
        self._places: list[int] = []

    def show_table(self, table: Table) -> None:
        """Show another table; the cursor and the columns stay where they can."""
        if table == self._table:
            return
        row, lines = self.cursor, self._table.lines
        name = lines[row][0].text if row < len(lines) else None
        if table.headings != self._table.headings:
            self._skipped = 0
            name = None
        self._table = table
        self._widths.clear()
        self._arrange()
        names = [cells[0].text for cells in table.lines]
        self.show(len(names), self.row, cursor=names.index(name) if name in names else 0)

    @property
    def hidden(self) -> tuple[int, int]:
        """How many columns are left out before those that are shown, and how many after them."""
        return self._skipped, max(0, len(self._order) - 1 - self._skipped - (len(self._places) - 1))

    def on_resize(self) -> None:
        """As many columns as fit now."""
        self._arrange()

    def action_turn(self, columns: int) -> None:
        """Show the next column, or the one before."""
        before, after = self.hidden
        self._skipped += max(-before, min(after, columns))
        self._arrange()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There may be no further column on that side."""
        if action == "turn":
            before, after = self.hidden
            return bool(before if parameters == (-1,) else after)
        return super().check_action(action, parameters)

    def action_select_cursor(self) -> None:
        """Open what is behind the row."""
        self.action_select()

    # -- columns

    def _arrange(self) -> None:
        headings = self._table.headings
        room = self.size.width - AROUND
        self._brief, self._order = False, list(range(len(headings)))
        if self._needed(self._order) > room:
            self._brief = True
            self._order.sort(key=lambda place: headings[place].minor)
        self._places = self._order[:1]
        name = min(_LEAST_NAME, self._width(0)) if headings else 0
        left = room - name
        last_first = self._last_first(left)
        self._skipped = min(self._skipped, last_first)
        for place in self._order[1 + self._skipped :]:
            left -= self._width(place) + GAP
            if left < 0:
                left += self._width(place) + GAP
                break
            self._places.append(place)
        widths = [self._width(place) for place in self._places]
        if widths:
            widths[0] = min(widths[0], name + left)
        self.set_columns([self._column(place, width) for place, width in zip(self._places, widths, strict=True)])
        self.refresh_bindings()
        self.post_message(self.Turned(self))

    def _last_first(self, room: int) -> int:
        """How many columns are skipped where the last one is the last that fits."""
        shown = 0
        for place in reversed(self._order[1:]):
            room -= self._width(place) + GAP
            if room < 0:
                break
            shown += 1
        return len(self._order) - 1 - max(1, shown) if len(self._order) > 1 else 0

    def _needed(self, places: Sequence[int]) -> int:
        return sum(self._width(place) + GAP for place in places) - GAP

    def _width(self, place: int) -> int:
        """How wide a column is, its longest text being whole."""
        width = self._widths.get((place, self._brief))
        if width is None:
            heading = self._table.headings[place]
            longest = max((cell_len(self._text(heading, cells[place])) for cells in self._table.lines), default=0)
            width = max(longest, cell_len(self._title(heading)))
            self._widths[place, self._brief] = width
        return width

    def _column(self, place: int, width: int) -> Column:
        heading = self._table.headings[place]
        return Column(self._title(heading), width, align="right" if heading.numeric else "left")

    def _title(self, heading: Heading) -> str:
        return _short((heading.brief_title if self._brief else "") or heading.title)

    def _text(self, heading: Heading, cell: Cell) -> str:
        return heading.brief(cell.value) if self._brief and heading.brief is not None else _short(cell.text)

    # -- rows

    def row(self, index: int) -> Sequence[Content]:
        """The cells of a row in the columns that are shown."""
        cells = self._table.lines[index]
        look = "bold" if cells is self._table.total else ""
        headings = self._table.headings
        return [Content.styled(self._text(headings[place], cells[place]), look) for place in self._places]


def _short(text: str) -> str:
    return fit(text, LONGEST) if cell_len(text) > LONGEST else text
