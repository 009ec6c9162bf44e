"""Drawing of heat maps: a number in each cell, on a background that grows stronger with the value."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence

from goals_tui.tui.charts.canvas import Canvas, Drawing, Place
from goals_tui.tui.charts.frame import INDENT
from goals_tui.tui.charts.spec import HEAT_LEVELS, Heat

_THICKEST = 6
"""The greatest height of a cell in rows."""


def draw_heat(spec: Heat, width: int, height: int, cursor: Place | None) -> Drawing:
    """Draw the legend, the names of rows and columns, and the cells."""
    canvas = Canvas(width, height)
    left = max(map(len, spec.rows)) + INDENT + 1
    cell = max(1.0, (width - left) / len(spec.columns))
    edges = [left + int(column * cell) for column in range(len(spec.columns) + 1)]
    texts, read = _texts(spec, int(cell))
    thick = max(1, min(_THICKEST, (height - 2) // len(spec.rows)))
    top, ends = 2, spec.ends()
    _legend(canvas, spec, ends, read)
    for column, name in enumerate(spec.columns):
        if len(name) < cell or column % 2 == 0:
            wide = edges[column + 1] - edges[column]
            canvas.put(edges[column] + max(0, (wide - len(name) + 1) // 2), 1, name, "muted")
    for row, name in enumerate(spec.rows):
        y = top + row * thick
        canvas.put(INDENT, y + (thick - 1) // 2, name, "muted")
        for column in range(len(spec.columns)):
            mark = row * len(spec.columns) + column
            x = edges[column]
            _cell(canvas, spec, mark, texts[mark], ends, (x, y, edges[column + 1] - x, thick), cursor)

    def at(x: int, y: int) -> Place | None:
        column, row = bisect(edges, x) - 1, (y - top) // thick
        if y < top or not 0 <= column < len(spec.columns) or row >= len(spec.rows):
            return None
        return Place(row * len(spec.columns) + column)

    return Drawing(canvas, at)


_SCALES = (10, 100, 1_000, 10_000, 100_000, 1_000_000)


_WHOLE = "✔"
"""The text of a rate of 100 % in a cell that three digits would fill."""


def _texts(spec: Heat, wide: int) -> tuple[Sequence[str], str]:
    """Return the texts of all cells, with a gap between two, and what the legend says of how to read them.

    Where the number of some cell would take its whole width, all are shown in tens, hundreds and so on. Rates are not:
    of them, only 100 % is as long.
    """
    if all(len(text) < wide for text in spec.texts):
        return spec.texts, ""
    if spec.unit.kind == "percent":
        return [_WHOLE if len(text) > 2 else text for text in spec.texts], f"{_WHOLE} {spec.unit.short(1)}"
    most = max((value for value in spec.values if value is not None), default=0.0)
    scale = next((each for each in _SCALES if round(most / each) < 100), _SCALES[-1])
    both = zip(spec.texts, spec.values, strict=True)
    return [text if value is None else f"{value / scale:.0f}" for text, value in both], f"× {spec.unit.short(scale)}"


def _legend(canvas: Canvas, spec: Heat, ends: tuple[float, float] | None, read: str) -> None:
    x = canvas.put(INDENT, 0, spec.legend, "muted")
    if ends is not None:
        low, high = (spec.unit.short(round(end) if spec.unit.kind == "count" else end) for end in ends)
        x = canvas.put(x + 2, 0, f"{low} ", "muted")
        for level in range(1, HEAT_LEVELS + 1):
            x = canvas.put(x, 0, "▇▇", f"heat-{level}-{spec.tone}")
        x = canvas.put(x + 1, 0, f"{high} or more", "muted")
    if read:
        canvas.put(x, 0, f" · {read}", "muted")


def _cell(
    canvas: Canvas,
    spec: Heat,
    mark: int,
    text: str,
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
    if len(text) > wide:
        text = "+"
    start, middle = x + (wide - len(text) + 1) // 2, y + (thick - 1) // 2
    canvas.put(start, middle, text, tone, bold=here)
    if here and wide > len(text):
        canvas.put(start - 1, middle, "▸", tone, bold=True)
