"""Draws `Lines`: plotext plots them in dots of an eighth of a cell; axes, grid and cursor are ours.

plotext gets coordinates in dots and colours that only number the series, so that nothing of its themes or of its
scaling shows: the same frame, the same cursor and the theme's own colours as in every other chart.
"""

from __future__ import annotations

from itertools import groupby

from rich.color import ColorType
from rich.text import Text

from goals_tui.tui.widgets.chart_axis import marks
from goals_tui.tui.widgets.chart_canvas import Canvas, Drawing, Place, tone_of
from goals_tui.tui.widgets.chart_frame import Frame
from goals_tui.tui.widgets.chart_spec import Lines, Series

_DOTS_ACROSS, _DOTS_UP = 2, 4
_FIRST_NUMBER = 16
"""The first of the 256 terminal colours that no theme redefines: series 0 is drawn in it, series 1 in the next."""


def draw_lines(spec: Lines, width: int, height: int, cursor: Place | None) -> Drawing:
    """The whole chart: legend, axis, one line a series, a dot where a value has no neighbour."""
    canvas = Canvas(width, height)
    highest = max((value for series in spec.series for value in series.values if value is not None), default=0)
    scale = marks(highest, height - 4, spec.unit)
    frame = Frame(canvas, spec, scale)
    frame.axes(exact_tops=False)
    frame.cursor(cursor)
    for y, row in enumerate(_plotted(spec, frame)):
        for x, (character, part) in enumerate(row):
            if part is not None:
                canvas.put(frame.left + x, frame.top + y, character, spec.series[part].tone)
    _points(canvas, spec, frame, cursor)

    def at(x: int, y: int) -> Place | None:
        mark = frame.mark_at(x, y)
        return None if mark is None else Place(mark)

    return Drawing(canvas, at)


def _points(canvas: Canvas, spec: Lines, frame: Frame, cursor: Place | None) -> None:
    for part, series in reversed(list(enumerate(spec.series))):
        for mark, value in enumerate(series.values):
            here = cursor is not None and cursor.mark == mark
            if value is not None and (here or frame.cell >= 4 or _alone(series, mark)):
                tone = tone_of(series.tone, part, cursor, mark)
                canvas.put(frame.middle(mark), frame.row_of(value, exact_tops=False), "●", tone, bold=here)


def _alone(series: Series, mark: int) -> bool:
    before = series.values[mark - 1] if mark else None
    after = series.values[mark + 1] if mark + 1 < len(series.values) else None
    return before is None and after is None


def _plotted(spec: Lines, frame: Frame) -> list[list[tuple[str, int | None]]]:
    """What plotext draws, row by row: each character with the series that it belongs to."""
    from textual_plotext import Plot

    across, up = frame.width * _DOTS_ACROSS, frame.height * _DOTS_UP
    plot = Plot()
    plot.theme("clear")
    plot.plotsize(frame.width, frame.height)
    # plotsize alone keeps the size of the first terminal that plotext saw (textual-plotext issue 5).
    plot._set_size(frame.width, frame.height)
    plot.frame(False)
    plot.xticks([])
    plot.yticks([])
    plot.xlim(0, across - 1)
    plot.ylim(0, up - 1)
    drawn = False
    for part, series in reversed(list(enumerate(spec.series))):
        for stretch in _stretches(series):
            xs = [(frame.middle(mark) - frame.left) * _DOTS_ACROSS + 1 for mark, _ in stretch]
            ys = [round(value / frame.scale[-1] * (up - 1)) for _, value in stretch]
            # There and, one dot higher, back: one dot is too thin to be followed across a wide terminal.
            back = [min(y + 1, up - 1) for y in reversed(ys)]
            plot.plot(xs + xs[::-1], ys + back, marker="braille", color=_FIRST_NUMBER + part)
            drawn = True
    return [_numbered(line) for line in plot.build().split("\n")[: frame.height]] if drawn else []


def _stretches(series: Series) -> list[list[tuple[int, float]]]:
    """The values between gaps; a value alone draws no line."""
    groups = groupby(enumerate(series.values), key=lambda item: item[1] is not None)
    runs = [[(mark, value) for mark, value in run if value is not None] for known, run in groups if known]
    return [run for run in runs if len(run) > 1]


def _numbered(line: str) -> list[tuple[str, int | None]]:
    text = Text.from_ansi(line)
    cells: list[tuple[str, int | None]] = [(character, None) for character in text.plain]
    for start, end, style in text.spans:
        color = None if isinstance(style, str) else style.color
        if color is not None and color.type is ColorType.EIGHT_BIT and color.number is not None:
            for place in range(start, min(end, len(cells))):
                if cells[place][0] != " ":
                    cells[place] = (cells[place][0], color.number - _FIRST_NUMBER)
    return cells
