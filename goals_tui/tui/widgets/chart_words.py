"""A place of a chart in words: for the line under it, cut to what fits, and for the mouse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len

from goals_tui.tui.widgets.chart_canvas import Place, fit
from goals_tui.tui.widgets.chart_spec import Bars, ChartSpec, Columns, Nothing

GAP = 2
"""Cells between two parts."""

_SHORTER = (24, 18, 14)
"""To how many cells names are cut, one after the other, until all of them fit."""


class Said(NamedTuple):
    """Some words, and before them a glyph in the colour of a tone; both empty where they are about the whole mark."""

    words: str
    glyph: str = ""
    tone: str = ""

    @property
    def width(self) -> int:
        """In cells."""
        return cell_len(self.words) + (cell_len(self.glyph) + 1 if self.glyph else 0)


def name_of(spec: ChartSpec, mark: int) -> str | None:
    """What a mark is called; None where there is no such mark."""
    if isinstance(spec, Nothing) or not 0 <= mark < spec.size:
        return None
    return spec.labels[mark] if isinstance(spec, Bars) else spec.titles[mark]


def describe(spec: ChartSpec, place: Place) -> str:
    """A place in words: the mark, then the values of its series that are above 0, or of the one that is meant."""
    parts = said(spec, place)
    return (" " * GAP).join(f"{part.glyph} {part.words}" if part.glyph else part.words for part in parts)


def fitted(spec: ChartSpec, place: Place, width: int) -> list[Said]:
    """The same in at most so many cells.

    What gives way, in this order: the names of series whose glyphs differ (the legend says what they mean); the long
    name of a bucket of time and the ends of other names; the last values, which are counted.
    """
    parts: list[Said] = []
    for parts in _wordings(spec, place):
        if _width(parts) <= width:
            return parts
    left_out = 0
    while len(parts) > 1 and _width(parts) + (GAP + 3 if left_out else 0) > width:
        parts.pop()
        left_out += 1
    return [*parts, Said(f"+{left_out}")] if left_out else parts


def _wordings(spec: ChartSpec, place: Place) -> Iterator[list[Said]]:
    yield said(spec, place)
    glyphs = [series.glyph for series in spec.series]
    differ = len(set(glyphs)) == len(glyphs) > 1
    if differ:
        yield said(spec, place, named=False)
    for longest in _SHORTER:
        yield said(spec, place, named=not differ, longest=longest)


def _width(parts: Sequence[Said]) -> int:
    return sum(part.width + GAP for part in parts) - GAP


def said(spec: ChartSpec, place: Place, *, named: bool = True, longest: int | None = None) -> list[Said]:
    """A place in parts: the mark, what it is in all, each series with its value. Names are cut to `longest` cells."""
    name = name_of(spec, place.mark)
    if name is None or isinstance(spec, Nothing):
        return []

    def cut(text: str) -> str:
        return text if longest is None or cell_len(text) <= longest else fit(text, longest)

    series = [s for p, s in enumerate(spec.series) if place.part in (None, p)]
    shown = [s for s in series if s.values[place.mark] is not None and (s.values[place.mark] or place.part is not None)]
    parts = [Said(cut(name) if longest is None or isinstance(spec, Bars) else spec.labels[place.mark])]
    if isinstance(spec, Columns) and spec.totals and place.part is None and len(shown) > 1:
        parts.append(Said(f"{spec.totals[place.mark]} in all"))
    for one in shown:
        value = one.text(place.mark, spec.unit)
        parts.append(Said(f"{cut(one.name)} {value}" if named else value, one.glyph, one.tone))
    return parts if shown else [*parts, Said("nothing")]
