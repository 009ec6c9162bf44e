"""Drawing of heat maps: a number in each cell, on a background that grows stronger with the value."""

from __future__ import annotations

from goals_tui.tui.charts.canvas import Canvas, Drawing, Place
from goals_tui.tui.charts.frame import INDENT
from goals_tui.tui.charts.spec import HEAT_LEVELS, Heat

_WIDEST, _THICKEST = 7, 3
"""The greatest size of a cell, in columns and rows."""


def draw_heat(spec: Heat, width: int, height: int, cursor: Place | None) -> Drawing:
    """Draw the legend, the names of rows and columns, and the cells."""
    canvas = Canvas(width, height)
    left = max(map(len, spec.rows)) + INDENT + 1
    wide = max(1, min(_WIDEST, (width - left) // len(spec.columns)))
    thick = max(1, min(_THICKEST, (height - 2) // len(spec.rows)))
    top, ends = 2, spec.ends()
    _legend(canvas, spec, ends)
    for column, name in enumerate(spec.columns):
        if len(name) < wide or column % 2 == 0:
            canvas.put(left + column * wide + max(0, (wide - len(name)) // 2), 1, name, "muted")
    for row, name in enumerate(spec.rows):
        y = top + row * thick
        canvas.put(INDENT, y + (thick - 1) // 2, name, "muted")
        for column in range(len(spec.columns)):
            mark = row * len(spec.columns) + column
            _cell(canvas, spec, mark, ends, (left + column * wide, y, wide, thick), cursor)

    def at(x: int, y: int) -> Place | None:
        column, row = (x - left) // wide, (y - top) // thick
        if x < left or y < top or column >= len(spec.columns) or row >= len(spec.rows):
            return None
        return Place(row * len(spec.columns) + column)

    return Drawing(canvas, at)


def _legend(canvas: Canvas, spec: Heat, ends: tuple[float, float] | None) -> None:
    x = canvas.put(INDENT, 0, spec.legend, "muted") + 2
    if ends is None:
        return
    low, high = (spec.unit.short(end) for end in ends)
    x = canvas.put(x, 0, f"{low} ", "muted")
    for level in range(1, HEAT_LEVELS + 1):
        x = canvas.put(x, 0, "▇▇", f"heat-{level}-{spec.tone}")
    canvas.put(x + 1, 0, f"{high} or more", "muted")


def _cell(
    canvas: Canvas,
    spec: Heat,
    mark: int,
    ends: tuple[float, float] | None,
    box: tuple[int, int, int, int],
    cursor: Place | None,
) -> None:
    x, y, wide, thick = box
    level, here = spec.level(mark, ends), cursor is not None and cursor.mark == mark
    tone = "muted"
    if level is not None:
        background = f"heat-{level}-{spec.tone}"
        canvas.shade(x, y, wide, thick, background)
        tone = f"on-{background}"
    if here:
        canvas.shade(x, y, wide, thick, "accent")
        tone = "on-accent"
    text = spec.texts[mark]
    if len(text) > wide:
        text = "+"
    start, middle = x + (wide - len(text) + 1) // 2, y + (thick - 1) // 2
    canvas.put(start, middle, text, tone, bold=here)
    if here and wide > len(text):
        canvas.put(start - 1, middle, "▸", tone, bold=True)
