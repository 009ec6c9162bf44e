"""Draws `Columns`: stacked vertical bars exact to an eighth of a row, over an axis of time.

Not through plotext: its bars have the precision of a whole cell, uneven widths, and holes where two colours meet.
"""

from __future__ import annotations

from goals_tui.tui.widgets.chart_axis import marks
from goals_tui.tui.widgets.chart_canvas import Canvas, Drawing, Place, ends_of, split_cell, tone_of
from goals_tui.tui.widgets.chart_frame import Frame
from goals_tui.tui.widgets.chart_spec import Columns

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_WIDEST = 12
"""How wide one bar becomes where there are few."""


def draw_columns(spec: Columns, width: int, height: int, cursor: Place | None) -> Drawing:
    """The whole chart: legend, axis, bars, labels of time."""
    canvas = Canvas(width, height)
    highest = max((spec.total(mark) for mark in range(spec.size)), default=0)
    scale = marks(highest, height - (3 if spec.named else 2), spec.unit)
    frame = Frame(canvas, spec, scale, exact_tops=True)
    frame.axes()
    frame.cursor(cursor)
    for mark in range(spec.size):
        ends = _ends(spec, mark, scale[-1], frame.height)
        x, bar = frame.slot(mark, _WIDEST)
        _bar(canvas, spec, mark, ends, x, bar, frame, cursor)

    def at(x: int, y: int) -> Place | None:
        mark = frame.mark_at(x, y)
        if mark is None:
            return None
        place = (frame.top + frame.height - y) * 8 - 4
        part = next((part for part, end in enumerate(_ends(spec, mark, scale[-1], frame.height)) if place < end), None)
        return Place(mark, part)

    return Drawing(canvas, at)


def _ends(spec: Columns, mark: int, top: float, rows: int) -> list[int]:
    return ends_of([series.values[mark] for series in spec.series], top, rows)


def _bar(
    canvas: Canvas, spec: Columns, mark: int, ends: list[int], x: int, bar: int, frame: Frame, cursor: Place | None
) -> None:
    for row in range(((ends[-1] if ends else 0) + 7) // 8):
        eighths, part, behind = split_cell(ends, row * 8)
        tones = [tone_of(spec.series[each].tone, each, cursor, mark) for each in (part, behind)]
        y = frame.top + frame.height - 1 - row
        canvas.put(x, y, _EIGHTHS[eighths] * bar, tones[0], bg=None if behind == part else tones[1])
