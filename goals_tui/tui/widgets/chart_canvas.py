"""A grid of character cells with named colours, and what turns it into strips of a widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip


class Paint(NamedTuple):
    """How a cell looks: tones, which the palette of the theme turns into colours. None: what is behind it."""

    fg: str | None = None
    bg: str | None = None
    bold: bool = False


PLAIN = Paint()
StyleOf = Callable[[Paint], Style]


def fit(text: str, width: int) -> str:
    """The text in exactly `width` cells: padded, or cut with an ellipsis; wide characters counted as two."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text + " " * (width - cell_len(text))
    return set_cell_size(text, width - 1) + "…"


class Canvas:
    """`height` rows of `width` cells. What is put outside is cut off."""

    def __init__(self, width: int, height: int) -> None:
        self.width = max(0, width)
        self.height = max(0, height)
        self._cells = [[(" ", PLAIN)] * self.width for _ in range(self.height)]

    def put(self, x: int, y: int, text: str, fg: str | None = "text", bg: str | None = None, bold: bool = False) -> int:
        """Write one-cell characters at a place, and say the column behind them. None keeps the background there."""
        if 0 <= y < self.height:
            row = self._cells[y]
            for place, character in enumerate(text, x):
                if 0 <= place < self.width:
                    row[place] = (character, Paint(fg, row[place][1].bg if bg is None else bg, bold))
        return x + len(text)

    def label(self, x: int, y: int, text: str, width: int, fg: str | None = "text", bold: bool = False) -> int:
        """Write text that anybody may have typed into exactly `width` cells, and say the column behind it."""
        width = min(width, self.width - x)
        if 0 <= y < self.height and width > 0 and x >= 0:
            row = self._cells[y]
            row[x] = (fit(text, width), Paint(fg, row[x][1].bg, bold))
            for place in range(x + 1, x + width):
                row[place] = ("", row[x][1])
        return x + max(0, width)

    def shade(self, x: int, y: int, width: int, height: int, bg: str) -> None:
        """Give a rectangle a background, under whatever is drawn there."""
        for row in self._cells[max(0, y) : y + height]:
            for place in range(max(0, x), min(x + width, self.width)):
                character, paint = row[place]
                row[place] = (character, paint._replace(bg=bg))

    def blank(self, x: int, y: int) -> bool:
        """Whether nothing is drawn there."""
        return 0 <= x < self.width and 0 <= y < self.height and self._cells[y][x][0] == " "

    def text(self) -> str:
        """The characters alone, for tests and for people."""
        return "\n".join("".join(character for character, _ in row).rstrip() for row in self._cells)

    def strips(self, style_of: StyleOf) -> list[Strip]:
        """The rows as a widget's line API wants them."""
        strips = []
        for row in self._cells:
            runs = groupby(row, key=lambda cell: cell[1])
            segments = [Segment("".join(c for c, _ in run), style_of(paint)) for paint, run in runs]
            strips.append(Strip(segments, self.width))
        return strips


@dataclass(frozen=True, slots=True)
class Place:
    """What the cursor stands on: a mark, and one series of it or all of them (None)."""

    mark: int
    part: int | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn chart; `at` says which mark and part is at a cell."""

    canvas: Canvas
    at: Callable[[int, int], Place | None]
    first: int = 0
    """The first mark that is visible."""


def nowhere(_x: int, _y: int) -> Place | None:
    """No mark anywhere: for drawings without data."""
    return None


def tone_of(tone: str, part: int, cursor: Place | None, mark: int) -> str:
    """The tone of a part: fainter where the cursor points at another part of the same mark."""
    if cursor is not None and cursor.mark == mark and cursor.part not in (None, part):
        return f"faint-{tone}"
    return tone


def ends_of(values: Sequence[float | None], top: float, cells: int) -> list[int]:
    """Where each stacked part ends, in eighths of a cell, when `top` fills all cells; above 0 is never nothing."""
    ends, summed, end = [], 0.0, 0
    for value in values:
        summed += value or 0
        if value:
            end = max(round(summed / top * cells * 8), end + 1)
        end = min(end, cells * 8)
        ends.append(end)
    return ends


def split_cell(ends: Sequence[int], low: int) -> tuple[int, int, int]:
    """How to draw the cell of stacked parts that begins at eighth `low`: filled eighths, their part, the part behind.

    A cell has two colours. Where two parts and nothing above them meet in one, the upper part keeps its end.
    """
    high = low + 8
    inside = [part for part, end in enumerate(ends) if end > low and (ends[part - 1] if part else 0) < min(high, end)]
    first, last = inside[0], inside[-1]
    if first == last:
        return min(8, ends[first] - low), first, first
    if ends[last] >= high:
        return ends[first] - low, first, last
    return ends[last] - low, last, last
