"""Drawing of horizontal and vertical bars."""

from __future__ import annotations

from rich.cells import cell_len

from goals_tui.tui.charts.axis import marks
from goals_tui.tui.charts.canvas import PATTERNS, Canvas, Drawing, Place, ends_of, split_cell, tone_of, whole_cells
from goals_tui.tui.charts.frame import INDENT, Frame, draw_legend, legend_width
from goals_tui.tui.charts.spec import Bars, Column, Columns, legend

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_PITCHES = ((5, 3), (3, 2), (2, 1), (1, 1))
"""The distance from one bar to the next, and the thickness of a bar, in rows: the first pair that fits is used."""
_PITCHES_BELOW = ((4, 2), (3, 1), (2, 1))
"""The same where each bar stands below its name."""
_COMFORTABLE, _COMFORTABLE_BELOW = (3, 2), (3, 1)
_LONGEST_LABEL = 36
"""The greatest width of a label in cells, so that a long name leaves room for the bars."""
_LEAST_BAR = 22
"""The width in cells that is left for the bars and the cursor, unless less of it shows every name in full."""
_SHORTEST_BAR = 12
"""The width in cells that is left for the bars where it shows every name in full."""
WIDE = 100
"""The width in columns from which on all columns of texts are shown for which there is room."""


def draw_bars(
    spec: Bars, width: int, height: int, cursor: Place | None, first: int = 0, *, patterns: bool = False
) -> Drawing:
    """Draw the bars from mark `first` on, moved so that the cursor is visible.

    With `patterns`, parts are told apart by patterns instead of colours.
    """
    canvas = Canvas(width, height)
    layout = _Layout(spec, width, patterns=patterns)
    if layout.cuts_names and not spec.intervals and height - _headings_at(spec, layout) > spec.size * 2:
        layout = _Layout(spec, width, patterns=patterns, below=True)
    top = _headings_at(spec, layout)
    if len(legend(spec)) > 1:
        draw_legend(canvas, INDENT, 0, width, spec, patterns=patterns)
    layout.headings(canvas, top)
    above = 1 if layout.below else 0
    top += 2 if height - top > spec.size * (2 + above) else 1
    rows = max(1, height - top)
    pitches = _PITCHES_BELOW if layout.below else _PITCHES
    pitch, thick = next((p, t) for p, t in pitches if (p, t) == pitches[-1] or spec.size * p - (p - t - above) <= rows)
    visible = max(1, (rows + pitch - thick - above) // pitch)
    first = _scrolled(first, visible, spec.size, cursor)
    for mark in range(first, min(spec.size, first + visible)):
        layout.bar(canvas, top + (mark - first) * pitch, thick, mark, cursor)

    def at(x: int, y: int) -> Place | None:
        mark = first + (y - top) // pitch
        if y < top or not 0 <= mark < spec.size:
            return None
        return Place(mark, layout.part_at(mark, x))

    return Drawing(canvas, at, first)


def comfortable_rows(spec: Bars, width: int) -> int:
    """Return the height at which every bar is two rows thick with a gap to the next."""
    layout = _Layout(spec, width)
    pitch, thick = _COMFORTABLE_BELOW if layout.cuts_names and not spec.intervals else _COMFORTABLE
    return _headings_at(spec, layout) + 2 + spec.size * pitch - (pitch - thick)


def least_rows(spec: Bars, width: int) -> int:
    """Return the height at which every bar has a row, and a row between it and the next unless it is only a line."""
    layout = _Layout(spec, width)
    gaps = 0 if spec.intervals else spec.size if layout.cuts_names else spec.size - 1
    return _headings_at(spec, layout) + 1 + spec.size + gaps


def _headings_at(spec: Bars, layout: _Layout) -> int:
    """Return the row of the headings: that of the legend where both fit beside each other."""
    return 1 if len(legend(spec)) > 1 and INDENT + legend_width(spec) >= layout.texts_left else 0


def _scrolled(first: int, visible: int, size: int, cursor: Place | None) -> int:
    first = max(0, min(first, size - visible))
    if cursor is not None:
        first = min(first, cursor.mark)
        first = max(first, cursor.mark - visible + 1)
    return first


def _width_of(column: Column) -> int:
    return max(cell_len(text) for text in (column.title, *column.texts))


class _Layout:
    """The positions of labels, bars and columns in a chart of a given width.

    With `below`, each bar stands below its label and takes the whole width.
    """

    def __init__(self, spec: Bars, width: int, *, patterns: bool = False, below: bool = False) -> None:
        self.spec = spec
        self.patterns = patterns
        self.below = below
        mark = 2 if spec.glyphs else 0
        longest = max((cell_len(label) for label in spec.labels), default=0)
        self.columns = list(spec.columns)
        needed = mark + min(longest, _LONGEST_LABEL) + _LEAST_BAR
        spare = [column for column in spec.columns if column.wide_only]
        while spare and (width < WIDE or needed + self._beside() > width):
            self.columns.remove(spare.pop())
        self.widths = [_width_of(column) for column in self.columns]
        beside = self._beside()
        around = 2 + mark + 1 + beside
        if below:
            self.label_width = max(1, min(longest, width - around))
        else:
            room = min(max((width - beside) // 2, width - beside - _LEAST_BAR, 10), _LONGEST_LABEL) - mark
            fits = longest <= min(width - around - _SHORTEST_BAR, _LONGEST_LABEL)
            self.label_width = longest if fits else min(longest, room)
        self.cuts_names = self.label_width < longest
        self.width = width
        self.texts_left = max(width - beside, 0)
        self.left = 2 + mark if below else 2 + mark + self.label_width + 1
        self.bar_width = max(1, (width if below else self.texts_left) - self.left)
        self.top = spec.top or max((spec.total(mark) for mark in range(spec.size)), default=0) or 1

    def _beside(self) -> int:
        """Return the width that the columns of texts take up."""
        return sum(_width_of(column) + 2 for column in self.columns)

    def headings(self, canvas: Canvas, y: int) -> None:
        x = self.texts_left
        if self.spec.intervals:
            low, high = self.spec.unit.short(self.spec.low), self.spec.unit.short(self.top)
            canvas.put(self.left, y, low, "muted")
            canvas.put(x - len(high), y, high, "muted")
        for column, width in zip(self.columns, self.widths, strict=True):
            canvas.label(x + 2 + width - cell_len(column.title), y, column.title, cell_len(column.title), "muted")
            x += width + 2

    def bar(self, canvas: Canvas, y: int, thick: int, mark: int, cursor: Place | None) -> None:
        here = cursor is not None and cursor.mark == mark
        first = y + 1 if self.below else y
        middle = y if self.below else y + (thick - 1) // 2
        if here:
            canvas.shade(0, y, self.width, thick + first - y, "cursor")
            canvas.put(0, middle, "▸", "accent", bold=True)
        x = 2
        if self.spec.glyphs:
            x = canvas.put(x, middle, self.spec.glyphs[mark], "text" if here else "muted") + 1
        few = mark in self.spec.few
        # On the background of the cursor only plain text has contrast.
        tone = "muted" if few and not here else "text"
        canvas.label(x, middle, self.spec.labels[mark], self.label_width, tone, bold=here)
        if self.spec.intervals:
            self._whisker(canvas, middle, mark, few)
        else:
            for row in range(thick):
                self._blocks(canvas, first + row, mark, cursor)
        x = self.texts_left
        for column, width in zip(self.columns, self.widths, strict=True):
            text = column.texts[mark]
            tone = "text" if here else "muted" if few else column.tone_at(mark)
            canvas.label(x + 2 + width - cell_len(text), middle, text, cell_len(text), tone, bold=here)
            x += width + 2

    def _whisker(self, canvas: Canvas, y: int, mark: int, few: bool) -> None:
        """Draw the value of a mark as a dot, and its interval as a line with ends."""
        canvas.put(self.left, y, "·" * self.bar_width, "grid")
        found = self.spec.intervals[mark]
        if found is None:
            return
        value, (low, high) = found
        start, dot, end = (self._column(each) for each in (low, value, high))
        tone = "muted" if few else self.spec.series[0].tone
        canvas.put(start, y, "├" + "─" * max(0, end - start - 1) + "┤" if end > start else "│", tone)
        canvas.put(dot, y, "○" if few else "●", tone, bold=True)

    def _column(self, value: float) -> int:
        share = (value - self.spec.low) / (self.top - self.spec.low)
        return self.left + round(min(max(share, 0.0), 1.0) * (self.bar_width - 1))

    def _blocks(self, canvas: Canvas, y: int, mark: int, cursor: Place | None) -> None:
        ends = self._ends(mark)
        total = ends[-1] if ends else 0
        if self.spec.ghost:
            canvas.put(self.left, y, "·" * self.bar_width, "grid")
        for cell in range((total + 7) // 8):
            eighths, part, behind = split_cell(ends, cell * 8)
            tones = [tone_of(self.spec.series[each].tone, each, cursor, mark) for each in (part, behind)]
            bg = None if behind == part else tones[1]
            canvas.put(self.left + cell, y, PATTERNS[part] if self.patterns else _EIGHTHS[eighths], tones[0], bg=bg)

    def _ends(self, mark: int) -> list[int]:
        values = [series.values[mark] for series in self.spec.series]
        return (whole_cells if self.patterns else ends_of)(values, self.top, self.bar_width)

    def part_at(self, mark: int, x: int) -> int | None:
        """Return the series whose bar is at this column of cells, or None beside the bar."""
        if self.spec.intervals:
            return None
        place = (x - self.left) * 8 + 4
        if place < 0:
            return None
        return next((part for part, end in enumerate(self._ends(mark)) if place < end), None)


_EIGHTHS_UP = " ▁▂▃▄▅▆▇█"
HATCH = "▒"
"""The character of bars in a bucket that is not over."""
_WIDEST = 12
"""The greatest width of a bar in cells, where there are few."""


def draw_columns(spec: Columns, width: int, height: int, cursor: Place | None, *, patterns: bool = False) -> Drawing:
    """Draw a chart of vertical bars: legend, axis, bars and time labels.

    With `patterns`, parts are told apart by patterns instead of colours.
    """
    canvas = Canvas(width, height)
    highest = max((spec.total(mark) for mark in range(spec.size)), default=0)
    scale = marks(highest, height - (3 if spec.named else 2), spec.unit)
    frame = Frame(canvas, spec, scale, exact_tops=True, patterns=patterns)
    frame.axes()
    frame.cursor(cursor)

    def ends_at(mark: int) -> list[int]:
        values = [series.values[mark] for series in spec.series]
        # Hatched cells have one colour each, like patterns.
        if patterns or mark == spec.running:
            return whole_cells(values, scale[-1], frame.height, grow=not patterns)
        return ends_of(values, scale[-1], frame.height)

    for mark in range(spec.size):
        ends = ends_at(mark)
        x, bar = frame.slot(mark, _WIDEST)
        _bar(canvas, spec, mark, ends, x, bar, frame, cursor, patterns)

    def at(x: int, y: int) -> Place | None:
        mark = frame.mark_at(x, y)
        if mark is None:
            return None
        place = (frame.top + frame.height - y) * 8 - 4
        part = next((part for part, end in enumerate(ends_at(mark)) if place < end), None)
        return Place(mark, part)

    return Drawing(canvas, at)


def _bar(
    canvas: Canvas,
    spec: Columns,
    mark: int,
    ends: list[int],
    x: int,
    bar: int,
    frame: Frame,
    cursor: Place | None,
    patterns: bool,
) -> None:
    hatch = HATCH if mark == spec.running and not patterns else ""
    dashed = patterns and mark == spec.running
    for row in range(((ends[-1] if ends else 0) + 7) // 8):
        eighths, part, behind = split_cell(ends, row * 8)
        tones = [tone_of(spec.series[each].tone, each, cursor, mark) for each in (part, behind)]
        y = frame.top + frame.height - 1 - row
        block = hatch or (PATTERNS[part] if patterns else _EIGHTHS_UP[eighths])
        # Without colours a bar has a pattern of its own already: one that is not over is drawn in dashes.
        text = f"{block} " * ((bar + 1) // 2) if dashed else block * bar
        canvas.put(x, y, text[:bar], tones[0], bg=None if behind == part or hatch else tones[1])
