"""The frame of a chart over time: axes, grid and legend."""

from __future__ import annotations

from rich.cells import cell_len

from goals_tui.tui.charts.axis import label_every
from goals_tui.tui.charts.canvas import PATTERNS, Canvas, Place
from goals_tui.tui.charts.spec import OTHERS_TONE, ChartSpec, Columns, Lines, legend

INDENT = 2
"""The column at which legends begin, in every chart."""
_SHORTEST = 14
"""The least length of a name in the legend, in cells; rather than cut names further, it shows fewer of them."""


def legend_width(spec: ChartSpec) -> int:
    """Return the width of the legend with every name in full."""
    return sum(cell_len(series.name) + 5 for series in legend(spec))


def draw_legend(canvas: Canvas, x: int, y: int, end: int, spec: ChartSpec, *, patterns: bool = False) -> None:
    """Draw the legend in one line from column `x` up to `end`.

    Names that do not fit are shortened evenly, and those left out are counted. The sum of the smallest series is always
    named: it is often the largest part of a bar. With `patterns`, these stand before the names.
    """
    series = list(legend(spec))
    if not series:
        return
    room = end - x
    shortest = max(_SHORTEST, room // len(series) - 5)
    longest = shortest if legend_width(spec) - 3 > room else max(cell_len(one.name) for one in series)
    widths = {one.name: min(cell_len(one.name), longest) for one in series}
    others = [series.pop()] if series[-1].tone == OTHERS_TONE else []
    left_out = 0
    while series and sum(widths[one.name] + 5 for one in (*series, *others)) - 3 + (5 if left_out else 0) > room:
        series.pop()
        left_out += 1
    for one in (*series, *others):
        canvas.put(x, y, PATTERNS[spec.series.index(one)] if patterns else one.glyph, one.tone)
        x = canvas.label(x + 2, y, one.name, widths[one.name], "muted") + 3
    if left_out:
        canvas.put(x, y, f"+{left_out}", "muted")


class Frame:
    """The geometry of a chart: a plot of `width` by `height` cells at (`left`, `top`), with marks `cell` columns wide.

    The values of `scale` are equally many rows apart; rows that are left over stay empty above. With `exact_tops` a
    value is the upper edge of its row (bars), else it lies somewhere in it (lines). With `patterns`, the legend shows
    patterns instead of colours.
    """

    def __init__(
        self,
        canvas: Canvas,
        spec: Columns | Lines,
        scale: tuple[float, ...],
        *,
        exact_tops: bool,
        patterns: bool = False,
    ) -> None:
        self.canvas = canvas
        self.patterns = patterns
        self.spec = spec
        self.scale = scale
        self.exact_tops = exact_tops
        self.named = spec.named
        self.texts = [spec.unit.short(value) for value in scale]
        self.left = max(len(text) for text in self.texts) + 2
        self.top = 1 if self.named else 0
        self.width: int = max(1, canvas.width - self.left)
        room = max(1, canvas.height - self.top - 2)
        beside = 0 if exact_tops else 1
        self.height = max(1, (room - beside) // (len(scale) - 1)) * (len(scale) - 1) + beside
        self.height = min(room, self.height)
        self.top += room - self.height
        self.cell: float = self.width / spec.size

    def middle(self, mark: int) -> int:
        """Return the column in the middle of a mark."""
        return self.left + int((mark + 0.5) * self.cell)

    def slot(self, mark: int, widest: int) -> tuple[int, int]:
        """Return the first column of a mark's bar, and its width.

        Where there is room, all bars are equally wide, with a gap between two, and the gaps differ by a column at most,
        so that the last bar reaches the right end; else they touch and share all columns.
        """
        if self.cell < 2:
            start = self.left + int(mark * self.cell)
            return start, max(1, self.left + int((mark + 1) * self.cell) - start)
        width = max(1, min(widest, int(self.cell) - 1))
        return self.middle(mark) - width // 2, width

    def row_of(self, value: float) -> int:
        """Return the row of a value: the one whose upper edge it is, or the one that holds it."""
        low, high = self.scale[0], self.scale[-1]
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        if self.exact_tops:
            return self.top + self.height - round(share * self.height)
        return self.top + self.height - 1 - round(share * (self.height * 4 - 1)) // 4

    def axes(self) -> None:
        """Draw legend, value labels, grid, base line and time labels."""
        canvas = self.canvas
        if self.named:
            draw_legend(canvas, INDENT, 0, canvas.width, self.spec, patterns=self.patterns)
        base = self.top + self.height
        taken: set[int] = set()
        for value, text in zip(self.scale, self.texts, strict=True):
            row = base if self.exact_tops and value == 0 else self.row_of(value)
            if row in taken:
                continue
            taken.add(row)
            canvas.put(self.left - 2 - len(text), row, text, "muted")
            if row < base:
                canvas.put(self.left, row, ("▔" if self.exact_tops else "┈") * self.width, "grid")
        canvas.put(self.left, base, "─" * self.width, "axis")
        for note in self.spec.notes:
            canvas.put(self.middle(note.mark), base, note.glyph, "accent", bold=True)
        self._times(base)

    def _times(self, base: int) -> None:
        every = label_every([len(label) for label in self.spec.labels], self.cell, self.spec.multiples)
        end = 0
        for mark in range(0, self.spec.size, every):
            text, middle = self.spec.labels[mark], self.middle(mark)
            x = max(0, min(middle - len(text) // 2, self.canvas.width - len(text)))
            if x < end:
                continue
            if all(note.mark != mark for note in self.spec.notes):
                self.canvas.put(middle, base, "┬", "axis")
            end = self.canvas.put(x, base + 1, text, "muted") + 1

    def cursor(self, cursor: Place | None) -> None:
        """Mark the place of the cursor, before the data is drawn over it."""
        if cursor is None:
            return
        start = self.left + int(cursor.mark * self.cell)
        width = max(1, self.left + int((cursor.mark + 1) * self.cell) - start)
        self.canvas.shade(start, self.top, width, self.height, "cursor")
        self.canvas.put(self.middle(cursor.mark), self.top + self.height, "▲", "accent", bold=True)

    def mark_at(self, x: int, y: int) -> int | None:
        """Return the mark whose columns hold this cell, or None."""
        if not self.top <= y <= self.top + self.height + 1 or x < self.left:
            return None
        mark = int((x - self.left) / self.cell)
        return mark if mark < self.spec.size else None
