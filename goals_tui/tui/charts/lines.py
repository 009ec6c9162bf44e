"""Drawing of `Lines`: plotext plots them in dots of an eighth of a cell; axes, grid and cursor are drawn here.

plotext gets coordinates in dots, one series at a time, and returns dots. None of its themes or scaling shows, and where
two lines meet no dot of either is lost.
"""

from __future__ import annotations

from itertools import groupby

from rich.text import Text

from goals_tui.tui.charts.axis import fitted_marks, marks
from goals_tui.tui.charts.canvas import Canvas, Drawing, Place, tone_of
from goals_tui.tui.charts.frame import Frame
from goals_tui.tui.charts.spec import Lines, Series

_DOTS_ACROSS, _DOTS_UP = 2, 4
_BLANK = 0x2800
"""The braille character without dots; each dot is a bit that is added to it."""


def draw_lines(spec: Lines, width: int, height: int, cursor: Place | None, *, patterns: bool = False) -> Drawing:
    """Draw a chart of lines: legend, axis, one line for each series, and a dot where a value has no neighbour.

    With `patterns` instead of colours, all lines but the first are dashed, and their points are their glyphs.
    """
    canvas = Canvas(width, height)
    frame = Frame(canvas, spec, _scale(spec, height - (3 if spec.named else 2)), exact_tops=False)
    frame.axes()
    for series in spec.series:
        _band(canvas, series, frame, patterns)
    frame.cursor(cursor)
    if spec.target is not None:
        row = frame.row_of(spec.target)
        canvas.put(frame.left, row, "╌" * frame.width, "accent")
        words = f" target {spec.unit.short(spec.target)} "
        canvas.put(frame.left + frame.width - len(words), row, words, "accent")
    taken: dict[tuple[int, int], int] = {}
    for part, series in reversed(list(enumerate(spec.series))):
        for place, dots in _plotted(spec, series, frame).items():
            if patterns and part and place[0] % (part + 1) == part:
                continue
            taken[place] = taken.get(place, 0) | dots
            x, y = place
            canvas.put(frame.left + x, frame.top + y, chr(_BLANK + taken[place]), series.tone)
    _points(canvas, spec, frame, cursor, patterns)

    def at(x: int, y: int) -> Place | None:
        mark = frame.mark_at(x, y)
        return None if mark is None else Place(mark)

    return Drawing(canvas, at)


def _scale(spec: Lines, rows: int) -> tuple[float, ...]:
    values = [value for series in spec.series for value in series.values if value is not None]
    if not spec.fitted or not values:
        return marks(max(values, default=0), rows, spec.unit)
    shown = [*values, *([spec.target] if spec.target is not None else [])]
    return fitted_marks(min(shown), max(shown), rows)


def _band(canvas: Canvas, series: Series, frame: Frame, patterns: bool) -> None:
    """Shade the interval around each value, and what lies between two neighbours."""
    known = [(mark, ends) for mark, ends in enumerate(series.band) if ends is not None]
    for place, (mark, ends) in enumerate(known):
        after = known[place + 1] if place + 1 < len(known) and known[place + 1][0] == mark + 1 else None
        start, stop = frame.middle(mark), frame.middle(after[0]) if after else frame.middle(mark) + 1
        for x in range(start, stop):
            share = (x - start) / (stop - start)
            low, high = (a + (b - a) * share for a, b in zip(ends, after[1] if after else ends, strict=True))
            top, bottom = frame.row_of(high), frame.row_of(low)
            if patterns:
                for y in {top, bottom}:
                    canvas.put(x, y, "·", series.tone)
            else:
                canvas.shade(x, top, 1, bottom - top + 1, f"band-{series.tone}")


def _points(canvas: Canvas, spec: Lines, frame: Frame, cursor: Place | None, patterns: bool) -> None:
    for part, series in reversed(list(enumerate(spec.series))):
        # A hollow point says that little is known of a bucket; the glyph that tells lines apart goes to one before.
        hollow = spec.few | {spec.running}
        known = [mark for mark, value in enumerate(series.values) if value is not None]
        last = max([mark for mark in known if mark not in hollow] or known, default=0)
        for mark, value in enumerate(series.values):
            here = cursor is not None and cursor.mark == mark
            alone = _alone(series, mark) or mark == spec.running
            shown = here or frame.cell >= 4 or alone or (patterns and mark == last)
            if value is not None and shown:
                tone = tone_of(series.tone, part, cursor, mark)
                point = "○" if mark in hollow else series.glyph if patterns else "●"
                canvas.put(frame.middle(mark), frame.row_of(value), point, tone, bold=here)


def _alone(series: Series, mark: int) -> bool:
    before = series.values[mark - 1] if mark else None
    after = series.values[mark + 1] if mark + 1 < len(series.values) else None
    return before is None and after is None


def _plotted(spec: Lines, series: Series, frame: Frame) -> dict[tuple[int, int], int]:
    """Return the dots of a series as plotext draws its line, by column and row of the plot.

    The line is drawn twice, one dot apart: a line of one dot is too thin to be followed across a wide terminal.
    """
    dots: dict[tuple[int, int], int] = {}
    up = frame.height * _DOTS_UP
    low, high = frame.scale[0], frame.scale[-1]
    for run in _stretches(spec, series):
        xs = [(frame.middle(mark) - frame.left) * _DOTS_ACROSS + 1 for mark, _ in run]
        ys = [round((value - low) / (high - low) * (up - 2)) for _, value in run]
        dashed = run[-1][0] == spec.running and len(run) == 2
        for higher in (0, 1):
            for y, line in enumerate(_drawn(xs, [y + higher for y in ys], frame)):
                for x, character in enumerate(line):
                    if character > chr(_BLANK) and not (dashed and x % 2):
                        dots[x, y] = dots.get((x, y), 0) | (ord(character) - _BLANK)
    return dots


def _drawn(xs: list[int], ys: list[int], frame: Frame) -> list[str]:
    import plotext

    # plotext's figure is global, so lines are drawn by one thread only. The size of the terminal must not matter.
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.theme("clear")
    plotext.plot_size(frame.width, frame.height)
    plotext.frame(False)
    plotext.xticks([])
    plotext.yticks([])
    plotext.xlim(0, frame.width * _DOTS_ACROSS - 1)
    plotext.ylim(0, frame.height * _DOTS_UP - 1)
    plotext.plot(xs, ys, marker="braille")
    return Text.from_ansi(plotext.build()).plain.split("\n")[: frame.height]


def _stretches(spec: Lines, series: Series) -> list[list[tuple[int, float]]]:
    """Return the runs of values between gaps; a single value draws no line.

    The way to a bucket that is not over is a run of its own, and none where that bucket has few cycles yet or a value
    of 0, which may only say that nothing has ended yet.
    """
    groups = groupby(enumerate(series.values), key=lambda item: item[1] is not None)
    runs = [[(mark, value) for mark, value in run if value is not None] for known, run in groups if known]
    last = runs[-1] if runs else []
    if last and last[-1][0] == spec.running:
        runs[-1] = last[:-1]
        if spec.running not in spec.few and last[-1][1]:
            runs.append(last[-2:])
    return [run for run in runs if len(run) > 1]
