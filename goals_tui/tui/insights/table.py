"""The table that shows the same numbers as a chart, and its text and CSV forms."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message

from goals_tui.domain.spreadsheet import harmless
from goals_tui.domain.text import clean_line
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.charts.canvas import fit
from goals_tui.tui.widgets.columns import GAP, Column
from goals_tui.tui.widgets.virtual_list import AROUND, VirtualList

Value = str | int | float | Decimal | None


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a table: its title on the screen, its name in CSV files, and whether it holds numbers.

    Numbers are aligned right. If not all columns fit, the table uses `brief_title` as title and `brief` to format
    the values that are there, and moves `minor` columns to the end.
    """

    title: str
    name: str
    numeric: bool = True
    brief_title: str = ""
    brief: Callable[[Value], str] | None = None
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """The text of a cell, and its exact value: seconds, amounts of money, rates from 0 to 1."""

    text: str
    value: Value


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under headings. `total` is a last row with the sums of the others, or None."""

    headings: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None

    @property
    def lines(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows, followed by the total if there is one."""
        return self.rows if self.total is None else (*self.rows, self.total)

    def as_text(self) -> str:
        """Return the table as tab-separated text, formatted as on the screen, for pasting.

        Texts are escaped so that a spreadsheet does not run them as formulas.
        """
        lines = [[harmless(clean_line(heading.title)) for heading in self.headings]]
        lines += [[_copied(cell) for cell in row] for row in self.lines]
        return "\n".join("\t".join(line) for line in lines) + "\n"

    def as_csv(self) -> str:
        """Return the exact values as CSV with a header of column names, without the total.

        Texts are escaped so that a spreadsheet does not run them as formulas.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([harmless(heading.name) for heading in self.headings])
        writer.writerows([_csv_value(cell.value) for cell in row] for row in self.rows)
        return text.getvalue()


def _copied(cell: Cell) -> str:
    text = clean_line(cell.text)
    return harmless(text) if isinstance(cell.value, str) else text


def _csv_value(value: Value) -> str:
    if value is None:
        return ""
    return harmless(value) if isinstance(value, str) else str(value)


LONGEST = 28
"""The width in cells at which texts are cut on the screen, those of the first column only where no room is left.

Copies and files have them in full.
"""
_LEAST_NAME = 16
"""The width in cells to which the first column may shrink before other columns are left out."""


class TableView(VirtualList):
    """A scrolling list of the rows of a `Table`; enter opens the cycles of a row.

    If not all columns fit, titles and amounts are shortened and minor columns move to the end. `→` then scrolls to
    the next column, while the first column stays in place.
    """

    BINDINGS = bindings("insights.row")

    @dataclass
    class Turned(Message):
        """Posted when the columns were laid out again, so that other ones may be shown."""

        table: TableView

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._table = Table((), ())
        self._widths: dict[tuple[int, bool], int] = {}
        self._order: list[int] = []
        self._brief = False
        self._skipped = 0
        self._places: list[int] = []
        self.is_marked = lambda index: index in self.marked
        self.marked: list[int] = []
        """The rows that are marked to be compared, two at most, in the order in which they were marked."""

    def show_table(self, table: Table) -> None:
        """Show another table.

        If the headings are the same, the cursor stays on the row of the same name and the scrolled columns stay.
        """
        if table == self._table:
            return
        row, lines = self.cursor, self._table.lines
        name = lines[row][0].text if row < len(lines) else None
        if table.headings != self._table.headings:
            self._skipped = 0
            name = None
        self._table = table
        self.marked = []
        self._widths.clear()
        self._arrange()
        names = [cells[0].text for cells in table.lines]
        self.show(len(names), self.row, cursor=names.index(name) if name in names else 0)

    @property
    def hidden(self) -> tuple[int, int]:
        """The number of columns that are left out before and after those that are shown."""
        return self._skipped, max(0, len(self._order) - 1 - self._skipped - (len(self._places) - 1))

    def on_resize(self) -> None:
        """Lay out the columns for the new width."""
        self._arrange()

    def action_turn(self, columns: int) -> None:
        """Scroll by a number of columns, as far as there are any; a negative number scrolls back."""
        before, after = self.hidden
        self._skipped += max(-before, min(after, columns))
        self._arrange()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable scrolling in a direction without further columns."""
        if action == "turn":
            before, after = self.hidden
            return bool(before if parameters == (-1,) else after)
        return super().check_action(action, parameters)

    def action_select_cursor(self) -> None:
        """Open the cycles of the row with the cursor."""
        self.action_select()

    def action_mark(self) -> None:
        """Mark the row with the cursor, or take its mark away. A third mark takes the place of the first."""
        if self.cursor in self.marked:
            self.marked.remove(self.cursor)
        elif self.cursor < len(self._table.rows):
            self.marked = [*self.marked, self.cursor][-2:]
        self.refresh_rows()
        self.post_message(self.Turned(self))

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
            longest = max((cell_len(cells[0].text) for cells in self._table.lines), default=0)
            widths[0] = min(max(widths[0], longest), name + left)
        self.set_columns([self._column(place, width) for place, width in zip(self._places, widths, strict=True)])
        self.refresh_bindings()
        self.post_message(self.Turned(self))

    def _last_first(self, room: int) -> int:
        """Return how many columns to skip so that the last column just fits into `room` cells."""
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
        """Return the width in cells that the longest text of a column needs."""
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
        if self._brief and heading.brief is not None and cell.value is not None:
            return heading.brief(cell.value)
        return _short(cell.text)

    # -- rows

    def row(self, index: int) -> Sequence[Content]:
        """Return the cells of a row for the columns that are shown."""
        cells = self._table.lines[index]
        look = "bold" if cells is self._table.total else ""
        headings = self._table.headings
        texts = [self._text(headings[place], cells[place]) if place else cells[0].text for place in self._places]
        return [Content.styled(text, look) for text in texts]


def _short(text: str) -> str:
    return fit(text, LONGEST) if cell_len(text) > LONGEST else text
