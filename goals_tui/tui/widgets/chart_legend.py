"""The legend of a chart: the series that hold anything, each with its glyph and colour."""

from __future__ import annotations

from rich.cells import cell_len

from goals_tui.tui.widgets.chart_canvas import Canvas
from goals_tui.tui.widgets.chart_spec import ChartSpec, legend

_SHORTEST = 14
"""Names are not cut below so many cells: rather fewer of them are shown."""


def legend_width(spec: ChartSpec) -> int:
    """How wide the legend is with every name in full."""
    return sum(cell_len(series.name) + 5 for series in legend(spec))


def draw_legend(canvas: Canvas, x: int, y: int, width: int, spec: ChartSpec) -> None:
    """One line; names are shortened evenly where they do not fit, and what is left out is counted."""
    series = legend(spec)
    if not series:
        return
    room = max(_SHORTEST, width // len(series) - 5)
    wanted = [cell_len(one.name) for one in series]
    longest = max(wanted) if legend_width(spec) <= width else room
    for place, one in enumerate(series):
        name = min(cell_len(one.name), longest)
        more = len(series) - place - 1
        if x + name + 2 > width - (4 if more else 0):
            canvas.put(x, y, f"+{more + 1}", "muted")
            return
        canvas.put(x, y, one.glyph, one.tone)
        x = canvas.label(x + 2, y, one.name, name, "muted") + 3
