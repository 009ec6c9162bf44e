"""Tables on a terminal that is too narrow for them: no number, id or amount of money ever loses a character."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Column, Table
    from rich.text import Text

_WORD = 16
"""A column of words can be as narrow as its longest word, or as this: longer words are broken then."""

_BETWEEN = 3
"""The cells between two columns; four more stand around all of them."""


def needed_width(table: Table) -> int:
    """How many cells wide a table of `new_table` must be at least, so that only words are wrapped."""
    return sum(map(_narrowest, table.columns)) + _around(table)


def fitted(table: Table, width: int) -> RenderableType:
    """The table where `width` cells are enough for it; else its rows one below the other, a block of lines each.

    A last column without a heading goes first: a bar draws what the numbers say.
    """
    if needed_width(table) > width and not _heading(table.columns[-1]).plain:
        table.columns.pop()
    if needed_width(table) > width:
        return _stacked(table)
    narrowest = list(map(_narrowest, table.columns))
    widths = [min(width, _widest(column)) for column in table.columns]
    while sum(widths) > width - _around(table):
        spare = [have if have > least else 0 for have, least in zip(widths, narrowest, strict=True)]
        # The last of equally wide ones gives way, as where rich shares the room.
        widths[max(range(len(spare)), key=lambda place: (spare[place], place))] -= 1
    for column, have in zip(table.columns, widths, strict=True):
        column.width = have
    return table


def _around(table: Table) -> int:
    return _BETWEEN * len(table.columns) + 1


def _heading(column: Column) -> Text:
    return cast("Text", column.header)


def _texts(column: Column) -> list[str]:
    return [cast("Text", cell).plain for cell in (column.header, *column.cells)]


def _widest(column: Column) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, _texts(column)))


def _narrowest(column: Column) -> int:
    from rich.cells import cell_len

    if column.no_wrap:
        return _widest(column)
    return min(_WORD, max((cell_len(word) for text in _texts(column) for word in text.split()), default=0))


def _stacked(table: Table) -> RenderableType:
    """Rows as blocks: a line a column, its heading before its value.

    What has no heading goes in front of the next value, as the glyph of a step does.
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    blocks = Table.grid(padding=(0, 2, 0, 0))
    blocks.add_column(style="bold", no_wrap=True)
    blocks.add_column(overflow="fold")
    rows = zip(*(column.cells for column in table.columns), strict=True)
    for row, cells in zip(table.rows, rows, strict=True):
        if blocks.row_count or table.title:
            blocks.add_row()
        unnamed: list[Text | str] = []
        for column, cell in zip(table.columns, cast("tuple[Text, ...]", cells), strict=True):
            if _heading(column).plain:
                blocks.add_row(_heading(column), Text.assemble(*unnamed, cell), style=row.style)
                unnamed = []
            else:
                unnamed = [cell, " "]
    return Group(*(part for part in (table.title, blocks, table.caption) if part))
