"""The contents of charts, apart from how they are drawn: plain values that a test can read.

A *mark* is anything that the cursor can stand on: a row of `Bars`, a bucket of `Columns` or `Lines`. A *part* of a mark
is one of its series: an outcome, a goal. Tones name colours (`completed`, `series-1`); the widget looks them up in the
theme.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from goals_tui.domain.statistics import Interval, quantile
from goals_tui.tui.charts.axis import COUNT, DAYS, PERCENT, Unit

SERIES_TONES = 8
"""The most series with colours of their own; the series after them are added up as one."""
OTHERS_TONE = "muted"
"""The tone of the series that adds up the smallest ones."""


@dataclass(frozen=True)
class Note:
    """An annotation of the bucket at the index `mark`."""

    mark: int
    text: str
    glyph: str = "◆"


@dataclass(frozen=True, slots=True)
class Series:
    """One value for each mark, with a name and a tone. A value of None is a gap: nothing is known there."""

    name: str
    tone: str
    values: tuple[float | None, ...]
    glyph: str = "■"
    texts: tuple[str, ...] = ()
    """The exact values in words, for the line below the chart; empty for the unit's short form."""

    key: tuple[str, ...] = ()
    """The ids of the goals that the series stands for; the widget only passes them on."""

    band: tuple[Interval | None, ...] = ()
    """The interval around each value, drawn as a band behind a line; none where it is empty."""

    def text(self, mark: int, unit: Unit) -> str:
        """Return the value at a mark in words."""
        if self.texts:
            return self.texts[mark]
        value = self.values[mark]
        return "—" if value is None else unit.short(value)

    @property
    def empty(self) -> bool:
        """True if all values are 0 or gaps, so that the legend leaves the series out."""
        return not any(self.values)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of texts beside the bars: a title and one text for each mark, aligned right."""

    title: str
    texts: tuple[str, ...]
    tone: str = "text"
    wide_only: bool = False
    """True if the column is left out where the chart is narrower than 100 columns, or has no room for it."""

    tones: tuple[str, ...] = ()
    """The tone of each text, where they differ."""

    def tone_at(self, mark: int) -> str:
        """Return the tone of the text of a mark."""
        return self.tones[mark] if self.tones else self.tone


class Stacked:
    """The bars of a chart in which the values of all series are stacked at each mark."""

    __slots__ = ()
    series: tuple[Series, ...]

    def total(self, mark: int) -> float:
        """Return the length of one whole bar."""
        return sum(series.values[mark] or 0 for series in self.series)


@dataclass(frozen=True, slots=True)
class Bars(Stacked):
    """Horizontal bars of stacked series, one for each label, with columns of texts right of them."""

    labels: tuple[str, ...]
    series: tuple[Series, ...]
    columns: tuple[Column, ...] = ()
    unit: Unit = COUNT
    glyphs: tuple[str, ...] = ()
    """A glyph before each label, such as the kind of a step, or none."""

    top: float | None = None
    """The value that fills the whole width; None for that of the longest bar."""

    ghost: bool = False
    """True if the rest of each bar up to `top` is shown as a faint track."""

    few: frozenset[int] = frozenset()
    """The marks that rest on few cycles: what is said of them is dimmed."""

    intervals: tuple[tuple[float, Interval] | None, ...] = ()
    """For a dot with its interval instead of each bar: the value, and the ends. `low` and `top` bound the scale."""

    low: float = 0.0
    start: int = 0
    """The mark on which the cursor is at first."""

    @property
    def size(self) -> int:
        """The number of marks."""
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class OverTime:
    """The common fields of charts over time, in which a mark is a bucket of time."""

    labels: tuple[str, ...]
    titles: tuple[str, ...]
    """The buckets in full, for the line below the chart: Tue 13 Oct 2026."""

    series: tuple[Series, ...]
    unit: Unit = COUNT
    running: int | None = None
    """The bucket that is not over: its bar is hatched, its point hollow, and the line to it dashed."""

    few: frozenset[int] = frozenset()
    """The buckets with few cycles: their points are hollow."""

    notes: tuple[Note, ...] = ()
    """Annotations; the glyph of the last one in a bucket marks it on the axis."""

    named: bool = True
    """True if there is a legend; it can be left out where the title, or a chart beside this one, says the same."""

    multiples: tuple[int, ...] = DAYS
    """The numbers of buckets for which one label may stand."""

    @property
    def size(self) -> int:
        """The number of marks."""
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Columns(OverTime, Stacked):
    """Vertical bars of stacked series."""

    totals: tuple[str, ...] = ()
    """The exact value of each whole bar in words, or none."""


@dataclass(frozen=True, slots=True)
class Lines(OverTime):
    """Lines, one for each series, with gaps where there is no value."""

    unit: Unit = PERCENT
    target: float | None = None
    """A value that should be reached, drawn as a line across."""

    fitted: bool = False
    """True if the axis shows the range of the values only, instead of beginning at 0."""


HEAT_LEVELS = 8
_ROBUST = (0.05, 0.95)
"""The quantiles of the values at which the colours of a heat map end, so that one odd value can't pale all others."""


@dataclass(frozen=True, slots=True)
class Heat:
    """A grid of numbers on backgrounds that grow stronger with the value. Mark = row * number of columns + column."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    titles: tuple[str, ...]
    """Each mark in full, for the line below the chart."""

    values: tuple[float | None, ...]
    texts: tuple[str, ...]
    """The text of each cell, three characters at most."""

    words: tuple[str, ...]
    """The numbers of each cell in full, for the line below the chart."""

    legend: str
    """The unit of the numbers."""

    unit: Unit = COUNT
    few: frozenset[int] = frozenset()
    """The cells that rest on few cycles: they have no colour, and their numbers are dimmed."""

    tone: str = "primary"
    series: tuple[Series, ...] = ()

    @property
    def size(self) -> int:
        """The number of marks; 0 where no cell has a value."""
        return len(self.titles) if any(value is not None for value in self.values) else 0

    def ends(self) -> tuple[float, float] | None:
        """Return the values at which the scale of colours ends; None where no cell has one."""
        known = [(value, 1) for m, value in enumerate(self.values) if value is not None and m not in self.few]
        if not known:
            return None
        known.sort()
        low, high = (quantile(known, share) or 0.0 for share in _ROBUST)
        return low, high

    def level(self, mark: int, ends: tuple[float, float] | None) -> int | None:
        """Return the strength of a cell's colour, from 1 to HEAT_LEVELS; None for no colour."""
        value = self.values[mark]
        if value is None or ends is None or mark in self.few:
            return None
        low, high = ends
        share = (min(max(value, low), high) - low) / (high - low) if high > low else 1.0
        return 1 + round(share * (HEAT_LEVELS - 1))


@dataclass(frozen=True, slots=True)
class Nothing:
    """A chart without data: what it would show, and how to get data, a sentence a line."""

    title: str
    hint: str
    ways: tuple[tuple[str, str], ...] = ()
    """What brings data: a key or a command, and what it does."""

    series: tuple[Series, ...] = ()
    size: int = 0


ChartSpec = Bars | Columns | Lines | Heat | Nothing


def legend(spec: ChartSpec) -> tuple[Series, ...]:
    """Return the series that the chart names: those that are not empty."""
    return tuple(series for series in spec.series if not series.empty)


def ranked(series: Iterable[Series], others: str = "others") -> tuple[Series, ...]:
    """Return the series that are not empty, largest first, each with its tone; the smallest are added up as one.

    At most `SERIES_TONES` are returned, so that no two share a colour.
    """
    kept = sorted((one for one in series if not one.empty), key=_sum, reverse=True)
    if len(kept) > SERIES_TONES:
        rest = kept[SERIES_TONES - 1 :]
        added = tuple(sum(values) for values in zip(*([v or 0 for v in one.values] for one in rest), strict=True))
        ids = tuple(id_ for one in rest for id_ in one.key)
        kept = [*kept[: SERIES_TONES - 1], Series(f"{len(rest)} {others}", OTHERS_TONE, added, key=ids)]
    return tuple(replace(one, tone=one.tone or f"series-{place}") for place, one in enumerate(kept, 1))


def _sum(series: Series) -> float:
    return sum(value or 0 for value in series.values)
