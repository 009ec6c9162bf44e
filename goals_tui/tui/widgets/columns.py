"""Sharing a line among columns: each as wide as it needs, the least important ones left out where room is short."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from textual.content import Content

Cell = Content | tuple[Content, ...]
"""The content of a cell; of several wordings, the longest first, the first one that fits is drawn."""

GAP = 2
"""Cells between two columns."""


@dataclass(frozen=True)
class Column:
    """A column of a list.

    `width` is its least width. A `share` of the room that is left is added, up to a width of `most`. Where not all
    columns fit, those with the highest `drop` are left out first; a column with 0 always stays.
    """

    title: str
    width: int
    share: int = 0
    most: int = 10_000
    align: Literal["left", "right"] = "left"
    drop: int = 0


def layout(columns: Sequence[Column], room: int) -> tuple[int, ...]:
    """Return the width of each column in `room` cells; 0 for one that is left out."""
    kept = list(range(len(columns)))

    def needed() -> int:
        return sum(columns[place].width for place in kept) + GAP * (len(kept) - 1)

    while needed() > room and any(columns[place].drop for place in kept):
        kept.remove(max(kept, key=lambda place: columns[place].drop))
    widths = [columns[place].width if place in kept else 0 for place in range(len(columns))]
    left = room - needed()
    growing = [place for place in kept if columns[place].share]
    while left > 0 and growing:
        shares = sum(columns[place].share for place in growing)
        given = 0
        for place in growing:
            more = min(max(1, left * columns[place].share // shares), left - given, columns[place].most - widths[place])
            widths[place] += more
            given += more
        left -= given
        growing = [place for place in growing if widths[place] < columns[place].most]
    return tuple(widths)


def whole(columns: Sequence[Column]) -> int:
    """Return the cells that all columns take at their greatest width."""
    return sum(column.most if column.share else column.width for column in columns) + GAP * (len(columns) - 1)


def fitted(columns: Sequence[Column], widths: Sequence[int], cells: Sequence[Cell]) -> Iterator[Content]:
    """Yield the cells that are shown, cut or padded to their columns."""
    for column, width, cell in zip(columns, widths, cells, strict=True):
        if width > 0:
            content = _wording(cell, width).truncate(width, ellipsis=True)
            missing = max(0, width - content.cell_length)
            yield content.pad_left(missing) if column.align == "right" else content.pad_right(missing)


def _wording(cell: Cell, width: int) -> Content:
    if isinstance(cell, Content):
        return _one_line(cell)
    return _one_line(next((wording for wording in cell if wording.cell_length <= width), cell[-1]))


def _one_line(content: Content) -> Content:
    plain = content.plain
    return content.split("\n")[0].expand_tabs(1) if "\n" in plain or "\t" in plain else content
