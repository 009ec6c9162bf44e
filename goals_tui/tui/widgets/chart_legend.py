"""The legend of a chart: the series that hold anything, each with its glyph and colour."""

from __future__ import annotations

from rich.cells import cell_len

from goals_tui.tui.widgets.chart_canvas import Canvas
from goals_tui.tui.widgets.chart_spec import OTHERS_TONE, ChartSpec, legend

_SHORTEST = 14
"""Names are not cut below so many cells: rather fewer of them are shown."""


def legend_width(spec: ChartSpec) -> int:
    """How wide the legend is with every name in full."""
    return sum(cell_len(series.name) + 5 for series in legend(spec))


def draw_legend(canvas: Canvas, x: int, y: int, end: int, spec: ChartSpec) -> None:
    """One line from column `x` up to `end`.

    Names are shortened evenly where they do not fit, and what is left out is counted. What the smallest ones add up
    to is named in any case: it is often the largest part of a bar.
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
        canvas.put(x, y, one.glyph, one.tone)
        x = canvas.label(x + 2, y, one.name, widths[one.name], "muted") + 3
    if left_out:
        canvas.put(x, y, f"+{left_out}", "muted")
