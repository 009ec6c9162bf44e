"""Charts as SVG for documents: light colours, words beside every colour, all text escaped."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import assert_never

from goals_tui.domain.statistics import Interval
from goals_tui.domain.text import clean_line

_INK, _FAINT, _GRID = "#1f2933", "#616e7c", "#d9dee4"
_COMPLETED, _PARTIAL, _INCOMPLETE = "#2f855a", "#ecc94b", "#cbd5e0"
_BAND = "#c6e6d5"
_WIDTH, _ROW, _BAR, _TOP = 760, 26, 16, 58
_LONGEST_LABEL = 34
"""The longest label of a row, in columns; wide East Asian characters take two."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a chart: the numbers of completed, partially completed and incomplete cycles."""

    label: str
    completed: int
    partial: int
    incomplete: int
    note: str
    """The text at the end of the row: the rate with its interval."""

    @property
    def total(self) -> int:
        """The number of all cycles of the row."""
        return self.completed + self.partial + self.incomplete


@dataclass(frozen=True, slots=True)
class OutcomeBars:
    """A chart of stacked outcomes, with a row for each goal, day or part."""

    title: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class RatePoint:
    """A completion rate with its interval; both None if no cycle started. `over` is False for the current day."""

    label: str
    rate: float | None
    interval: Interval | None
    note: str = ""
    over: bool = True


@dataclass(frozen=True, slots=True)
class RateWhiskers:
    """A chart of completion rates, with a row for each part: a dot, and the 95 % interval as whiskers."""

    title: str
    points: Sequence[RatePoint]


@dataclass(frozen=True, slots=True)
class RateCourse:
    """A chart of a rate over time, with its 95 % interval as a band."""

    title: str
    points: Sequence[RatePoint]


@dataclass(frozen=True, slots=True)
class StackedBars:
    """A chart of stacked values: a row of a label, one value for each name, and a note at the end of the bar."""

    title: str
    names: Sequence[str]
    rows: Sequence[tuple[str, Sequence[float], str]]


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid of texts on backgrounds that grow stronger with the value, from 0 to 1; None for no background."""

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Sequence[tuple[str, float | None]]]


Chart = OutcomeBars | RateWhiskers | RateCourse | StackedBars | Grid


def draw(chart: Chart) -> str:
    """Return a chart as an SVG element for a file of its own or an HTML page."""
    if isinstance(chart, OutcomeBars):
        height, drawn = _outcome_bars(chart)
    elif isinstance(chart, RateWhiskers):
        height, drawn = _rate_whiskers(chart)
    elif isinstance(chart, RateCourse):
        height, drawn = _rate_course(chart)
    elif isinstance(chart, StackedBars):
        height, drawn = _stacked_bars(chart)
    elif isinstance(chart, Grid):
        height, drawn = _grid(chart)
    else:
        assert_never(chart)
    title = _escaped(chart.title)
    body = "\n  ".join([f"<title>{title}</title>", _text(0, 18, chart.title, size=15, weight="bold"), *drawn])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" font-family="Helvetica, Arial, sans-serif">\n'
        f'  <rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>\n  {body}\n</svg>'
    )


_LEGEND = ((_COMPLETED, "✔ Completed"), (_PARTIAL, "◐ Partially completed"), (_INCOMPLETE, "✕ Incomplete"))


def _outcome_bars(chart: OutcomeBars) -> tuple[int, list[str]]:
    left = _label_width(bar.label for bar in chart.bars)
    right = 8 + max((_text_width(bar.note, 12) for bar in chart.bars), default=0)
    room = max(_WIDTH - left - right, 120)
    most = max((bar.total for bar in chart.bars), default=0)
    drawn, x = [], 0.0
    for colour, words in _LEGEND:
        drawn += [f'<rect x="{x:.1f}" y="31" width="12" height="12" fill="{colour}"/>', _text(x + 17, 41, words)]
        x += 35 + _text_width(words, 12)
    y = _TOP
    for bar in chart.bars:
        drawn.append(_label(bar.label, y))
        place = float(left)
        for count, colour in ((bar.completed, _COMPLETED), (bar.partial, _PARTIAL), (bar.incomplete, _INCOMPLETE)):
            width = room * count / most if most else 0.0
            if count:
                drawn.append(f'<rect x="{place:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}" fill="{colour}"/>')
            place += width
        drawn.append(_text(place + 6, y + 12, bar.note, colour=_FAINT))
        y += _ROW
    return y + 4, drawn


def _rate_whiskers(chart: RateWhiskers) -> tuple[int, list[str]]:
    left = _label_width(point.label for point in chart.points)
    right = 16 + max((_text_width(point.note, 12) for point in chart.points), default=0)
    room = max(_WIDTH - left - right, 120)
    bottom = _TOP + _ROW * len(chart.points)
    drawn = [_text(left, 42, "Completion rate; the line is its 95 % interval", colour=_FAINT)]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = left + room * share
        drawn.append(_line(x, _TOP - 6, x, bottom, _GRID))
        drawn.append(_text(x, bottom + 16, f"{share:.0%}", anchor="middle", colour=_FAINT))
    y = _TOP
    for point in chart.points:
        drawn.append(_label(point.label, y))
        middle = y + _BAR / 2
        if point.rate is not None and point.interval is not None:
            low, high = (left + room * end for end in point.interval)
            drawn.append(_line(low, middle, high, middle, _COMPLETED, width=2))
            drawn += [_line(end, middle - 4, end, middle + 4, _COMPLETED, width=2) for end in (low, high)]
            drawn.append(f'<circle cx="{left + room * point.rate:.1f}" cy="{middle:.1f}" r="5" fill="{_COMPLETED}"/>')
        drawn.append(_text(left + room + 10, y + 12, point.note, colour=_FAINT))
        y += _ROW
    return bottom + 26, drawn


def _rate_course(chart: RateCourse) -> tuple[int, list[str]]:
    left, right, top, bottom = 44, _WIDTH - 12, _TOP, _TOP + 180
    explained = "The band is the 95 % interval; a hollow point is of a period that is not over"
    if all(point.interval is None for point in chart.points):
        explained = ""
    drawn = [_text(left, 42, explained, colour=_FAINT)]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = bottom - (bottom - top) * share
        drawn += [_line(left, y, right, y, _GRID), _text(left - 6, y + 4, f"{share:.0%}", anchor="end", colour=_FAINT)]
    count = len(chart.points)
    step = (right - left) / max(count, 1)

    def at(place: int, share: float) -> tuple[float, float]:
        return left + step * (place + 0.5), bottom - (bottom - top) * share

    for run in _runs(chart.points):
        points = [(place, chart.points[place]) for place in run]
        band = [at(place, point.interval[1]) for place, point in points if point.interval]
        band += [at(place, point.interval[0]) for place, point in reversed(points) if point.interval]
        drawn.append(f'<polygon points="{_listed(band)}" fill="{_BAND}"/>')
        line = [at(place, point.rate) for place, point in points if point.rate is not None]
        drawn.append(f'<polyline points="{_listed(line)}" fill="none" stroke="{_COMPLETED}" stroke-width="2"/>')
        for (x, y), (_, point) in zip(line, points, strict=True):
            fill = _COMPLETED if point.over else "#ffffff"
            radius = 3 if count <= 60 or not point.over else 1.5
            mark = f'fill="{fill}" stroke="{_COMPLETED}" stroke-width="1.5"'
            drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" {mark}/>')
    every = max(1, -(-count // 8))
    for place in range(0, count, every):
        x, _ = at(place, 0)
        drawn.append(_text(x, bottom + 18, chart.points[place].label, anchor="middle", colour=_FAINT, size=11))
    return bottom + 28, drawn


_COLOURS = ("#2f6f9f", "#8a5fa8", "#2a9d8f", "#b5651d", "#5b6abf", "#c0547a", "#6b8e23", "#7a7a7a")
"""The colours of stacked values; as many as a chart of the screen has."""


def _stacked_bars(chart: StackedBars) -> tuple[int, list[str]]:
    left = _label_width(label for label, _, _ in chart.rows)
    right = 8 + max((_text_width(note, 12) for _, _, note in chart.rows), default=0)
    room = max(_WIDTH - left - right, 120)
    most = max((sum(values) for _, values, _ in chart.rows), default=0)
    drawn, x, y = [], 0.0, _TOP
    for place, name in enumerate(chart.names):
        if x and x + 35 + _text_width(name, 12) > _WIDTH:
            x, y = 0.0, y + 18
        drawn.append(f'<rect x="{x:.1f}" y="{y - 27}" width="12" height="12" fill="{_colour(place)}"/>')
        drawn.append(_text(x + 17, y - 17, name))
        x += 35 + _text_width(name, 12)
    for label, values, note in chart.rows:
        drawn.append(_label(label, y))
        end = float(left)
        for place, value in enumerate(values):
            width = room * value / most if most else 0.0
            if value:
                drawn.append(
                    f'<rect x="{end:.1f}" y="{y}" width="{width:.1f}" height="{_BAR}" fill="{_colour(place)}"/>'
                )
            end += width
        drawn.append(_text(end + 6, y + 12, note, colour=_FAINT))
        y += _ROW
    return y + 4, drawn


def _colour(place: int) -> str:
    return _COLOURS[place % len(_COLOURS)]


def _grid(chart: Grid) -> tuple[int, list[str]]:
    left = _label_width(iter(chart.rows))
    wide = (_WIDTH - left) / max(len(chart.columns), 1)
    top = 50
    drawn = [
        _text(left + wide * (place + 0.5), top - 6, name, anchor="middle", colour=_FAINT, size=11)
        for place, name in enumerate(chart.columns)
    ]
    for row, (name, cells) in enumerate(zip(chart.rows, chart.cells, strict=True)):
        y = top + row * _ROW
        drawn.append(_text(0, y + 17, name))
        for place, (text, strength) in enumerate(cells):
            x = left + wide * place
            if strength is not None:
                box = f'x="{x:.1f}" y="{y}" width="{wide - 1:.1f}" height="{_ROW - 1}"'
                drawn.append(f'<rect {box} fill="{_COMPLETED}" fill-opacity="{0.1 + 0.6 * strength:.2f}"/>')
            colour = _FAINT if strength is None else _INK
            drawn.append(_text(x + wide / 2, y + 17, text, anchor="middle", colour=colour, size=11))
    return top + len(chart.rows) * _ROW + 8, drawn


def _runs(points: Sequence[RatePoint]) -> Iterator[list[int]]:
    """Yield the places of each run of points that all have a rate; a line across a gap would suggest data."""
    run: list[int] = []
    for place, point in enumerate(points):
        if point.rate is not None:
            run.append(place)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _listed(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, width: float = 1) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="{width}"/>'


def _text(
    x: float, y: float, text: str, *, size: int = 12, anchor: str = "start", colour: str = _INK, weight: str = "normal"
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}" font-weight="{weight}">{_escaped(text)}</text>'


def _label(label: str, y: float) -> str:
    """Return the label of a row, shortened if it is too long; its full text is then in a title element."""
    label = clean_line(label)
    cut = label
    while _columns(cut) > _LONGEST_LABEL:
        cut = cut[:-1]
    if cut == label:
        return _text(0, y + 12, label)
    return f"<g><title>{_escaped(label)}</title>{_text(0, y + 12, cut[:-1] + '…')}</g>"


def _label_width(labels: Iterator[str]) -> int:
    widest = max((min(_columns(clean_line(label)), _LONGEST_LABEL) for label in labels), default=0)
    return round(widest * 6.8) + 14


def _text_width(text: str, size: int) -> float:
    return _columns(clean_line(text)) * size * 0.56


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _escaped(text: str) -> str:
    return escape(clean_line(text))
