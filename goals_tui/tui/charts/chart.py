"""The chart widget, and its places in words for people who can't see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.events import Click, MouseMove
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from goals_tui.tui.app.actions import bindings
from goals_tui.tui.charts.bars import draw_bars, draw_columns
from goals_tui.tui.charts.canvas import PATTERNS, Canvas, Drawing, Palette, Place, fit, nowhere
from goals_tui.tui.charts.heat import draw_heat
from goals_tui.tui.charts.lines import draw_lines
from goals_tui.tui.charts.spec import Bars, ChartSpec, Columns, Heat, Lines, Nothing, legend

GAP = 2
"""Cells between two parts of a description."""
_SHORTER = (24, 18, 14)
"""The lengths to which names are cut, in cells, one after the other, until all of them fit."""


class Said(NamedTuple):
    """Some words of a description, with a glyph in the colour of a tone; both are empty for the mark as a whole."""

    words: str
    glyph: str = ""
    tone: str = ""

    @property
    def width(self) -> int:
        """The width in cells."""
        return cell_len(self.words) + (cell_len(self.glyph) + 1 if self.glyph else 0)


def name_of(spec: ChartSpec, mark: int) -> str | None:
    """Return the name of a mark, or None where there is no such mark."""
    if isinstance(spec, Nothing) or not 0 <= mark < spec.size:
        return None
    return spec.labels[mark] if isinstance(spec, Bars) else spec.titles[mark]


def describe(spec: ChartSpec, place: Place) -> str:
    """Describe a place in words: the mark, then its values that are above 0, or the value of the chosen series."""
    parts = said(spec, place)
    return (" " * GAP).join(f"{part.glyph} {part.words}" if part.glyph else part.words for part in parts)


def fitted(spec: ChartSpec, place: Place, width: int) -> list[Said]:
    """Return the description of a place in at most `width` cells, unless its name and first value need more.

    These give way, in this order: the names of series whose glyphs differ (title and legend explain them); the long
    name of a bucket of time and the ends of other names; the last values, whose number is shown.
    """
    parts: list[Said] = []
    for parts in _wordings(spec, place):
        if _width(parts) <= width:
            return parts
    left_out = 0
    more: list[Said] = []
    while len(parts) > 2 and _width([*parts, *more]) > width:
        parts.pop()
        left_out += 1
        more = [Said(f"+{left_out} more")]
    return [*parts, *more]


def _wordings(spec: ChartSpec, place: Place) -> Iterator[list[Said]]:
    yield said(spec, place)
    glyphs = [series.glyph for series in spec.series]
    differ = len(set(glyphs)) == len(glyphs)
    if differ:
        yield said(spec, place, named=False)
    for longest in _SHORTER:
        yield said(spec, place, named=not differ, longest=longest)


def _width(parts: Sequence[Said]) -> int:
    return sum(part.width + GAP for part in parts) - GAP


def said(spec: ChartSpec, place: Place, *, named: bool = True, longest: int | None = None) -> list[Said]:
    """Return the description of a place in parts: the mark, its total, each series with its value.

    Without `named`, the names of series are left out; all names are cut to `longest` cells.
    """
    name = name_of(spec, place.mark)
    if name is None or isinstance(spec, Nothing):
        return []

    if isinstance(spec, Heat):
        return [Said(name), Said(spec.words[place.mark])]

    def cut(text: str) -> str:
        return text if longest is None or cell_len(text) <= longest else fit(text, longest)

    series = [s for p, s in enumerate(spec.series) if place.part in (None, p)]
    shown = [s for s in series if s.values[place.mark] is not None and (s.values[place.mark] or place.part is not None)]
    parts = [Said(cut(name) if longest is None or isinstance(spec, Bars) else _brief_name(spec, place.mark))]
    if isinstance(spec, Columns) and spec.totals and place.part is None and len(shown) > 1:
        parts.append(Said(f"{spec.totals[place.mark]} in all"))
    for one in shown:
        value = one.text(place.mark, spec.unit)
        parts.append(Said(f"{cut(one.name)} {value}" if named else value, one.glyph, one.tone))
    if not shown and not (isinstance(spec, Bars) and spec.intervals):
        parts.append(Said("nothing"))
    if isinstance(spec, Columns | Lines):
        parts += [Said(note.text, note.glyph, "accent") for note in spec.notes if note.mark == place.mark]
    return parts


def _brief_name(spec: Columns | Lines, mark: int) -> str:
    return f"{spec.labels[mark]}, not over" if mark == spec.running else spec.labels[mark]


NO_CHART = Nothing("", "")


class Chart(Widget, can_focus=True):
    """A widget that shows a spec.

    Arrows move the cursor over marks and their parts; enter or a second click opens the place. The cursor stays on the
    same bucket or row when newer numbers arrive.
    """

    DEFAULT_CSS = """
    Chart { width: 1fr; height: 1fr; }
    """

    BINDINGS = bindings("insights.chart")

    @dataclass
    class Moved(Message):
        """Posted when the cursor has moved to another place."""

        chart: Chart
        place: Place

        @property
        def control(self) -> Chart:
            """The chart, for handlers of one of several."""
            return self.chart

    @dataclass
    class Opened(Message):
        """Posted when the user wants to see the cycles behind a place."""

        chart: Chart
        place: Place

    def __init__(self, spec: ChartSpec = NO_CHART, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._spec = spec
        self._place = Place(0)
        self._first = 0
        self._drawn: tuple[object, Drawing, list[Strip]] | None = None

    @property
    def spec(self) -> ChartSpec:
        """The spec that is shown."""
        return self._spec

    @property
    def place(self) -> Place | None:
        """The place of the cursor; None without data."""
        return self._place if self._spec.size else None

    def show(self, spec: ChartSpec) -> None:
        """Show another spec; the cursor stays on the mark of the same name where there is one."""
        if spec == self._spec:
            return
        before, name = self._spec, name_of(self._spec, self._place.mark)
        self._spec = spec
        mark = next((m for m in range(spec.size) if name_of(spec, m) == name), None) if name is not None else None
        if mark is None:
            mark = _last(spec)
        same_series = [s.name for s in before.series] == [s.name for s in spec.series]
        self._place = Place(mark, self._place.part if same_series else None)
        self._drawn = None
        self.refresh()
        self.refresh_bindings()

    def select(self, place: Place) -> None:
        """Move the cursor to a place."""
        if place != self._place and 0 <= place.mark < self._spec.size:
            self._place = place
            self.refresh()
            self.post_message(self.Moved(self, place))

    def caption(self, width: int) -> Content:
        """Return the cursor's place in words, in at most `width` cells, each series with its glyph in its colour."""
        palette = Palette(self.app.theme_variables, self.background_colors[1])
        parts = [
            Content.assemble(Content.styled(f"{part.glyph} ", palette.color(part.tone).css), Content(part.words))
            if part.glyph
            else Content(part.words)
            for part in fitted(_patterned(self._spec) if self.app.no_color else self._spec, self._place, width)
        ]
        return Content(" " * GAP).join(parts).truncate(max(1, width), ellipsis=True)

    def action_move(self, across: int, along: int) -> None:
        """Move the cursor: over the marks along the axis, and through the parts of one mark across it."""
        if not self._spec.size:
            return
        if isinstance(self._spec, Heat):
            self._move_in_grid(self._spec, across, along)
            return
        marks, parts = (along, across) if isinstance(self._spec, Bars) else (across, -along)
        if marks:
            self.select(replace(self._place, mark=max(0, min(self._spec.size - 1, self._place.mark + marks))))
        elif len(self._spec.series) > 1:
            self.select(replace(self._place, part=self._next_part(parts)))

    def _move_in_grid(self, spec: Heat, across: int, along: int) -> None:
        wide = len(spec.columns)
        row, column = divmod(self._place.mark, wide)
        row = max(0, min(len(spec.rows) - 1, row + along))
        self.select(Place(row * wide + max(0, min(wide - 1, column + across))))

    def _next_part(self, step: int) -> int | None:
        filled = [p for p, series in enumerate(self._spec.series) if series.values[self._place.mark]]
        ring: list[int | None] = [None, *filled]
        here = ring.index(self._place.part) if self._place.part in ring else 0
        return ring[(here + step) % len(ring)]

    def action_jump(self, mark: int) -> None:
        """Move the cursor to the first mark, or to the last (-1)."""
        if self._spec.size:
            self.select(replace(self._place, mark=mark % self._spec.size))

    def action_open(self) -> None:
        """Request the cycles behind the cursor's place."""
        if self._spec.size:
            self.post_message(self.Opened(self, self._place))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether an action works now; without data the cursor can't move or open anything."""
        if action in ("move", "jump", "open"):
            return bool(self._spec.size)
        return super().check_action(action, parameters)

    def on_click(self, event: Click) -> None:
        """Move the cursor to the clicked place; a second click opens it."""
        place = self._drawing().at(event.x, event.y)
        if place is not None:
            self.select(place)
            if event.chain == 2:
                self.action_open()

    def on_mouse_move(self, event: MouseMove) -> None:
        """Describe the place below the mouse in a tooltip."""
        place = self._drawing().at(event.x, event.y)
        self.tooltip = None if place is None else describe(self._spec, place)

    def render_line(self, y: int) -> Strip:
        """Return one row of the drawing, which is made anew only when something about it has changed."""
        self._drawing()
        assert self._drawn is not None
        strips = self._drawn[2]
        return strips[y] if y < len(strips) else Strip.blank(self.size.width, self.rich_style)

    def _drawing(self) -> Drawing:
        background = self.background_colors[1]
        key = (self.size, self._place, self.has_focus, self.app.theme, background, self.app.ansi_theme)
        if self._drawn is None or self._drawn[0] != key:
            cursor = self._place if self.has_focus else None
            drawing = draw(self._spec, *self.size, cursor, self._first, colors=not self.app.no_color)
            self._first = drawing.first
            palette = Palette(self.app.theme_variables, background)
            self._drawn = key, drawing, drawing.canvas.strips(palette.style)
        return self._drawn[1]

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the cursor."""
        self.refresh()


def draw(
    spec: ChartSpec, width: int, height: int, cursor: Place | None = None, first: int = 0, *, colors: bool = True
) -> Drawing:
    """Draw any spec at a size. Without `colors`, series are told apart by patterns."""
    patterns = not colors and len(legend(spec)) > 1
    if isinstance(spec, Bars) and spec.size:
        return draw_bars(spec, width, height, cursor, first, patterns=patterns)
    if isinstance(spec, Columns) and spec.size:
        return draw_columns(spec, width, height, cursor, patterns=patterns)
    if isinstance(spec, Lines) and spec.size:
        return draw_lines(spec, width, height, cursor, patterns=patterns)
    if isinstance(spec, Heat) and spec.size:
        return draw_heat(spec, width, height, cursor)
    return Drawing(_empty(spec, width, height), nowhere)


def _patterned(spec: ChartSpec) -> ChartSpec:
    """Return a spec of bars whose series have the patterns of the bars for their glyphs."""
    if not isinstance(spec, Bars | Columns) or len(legend(spec)) < 2:
        return spec
    series = [replace(one, glyph=PATTERNS[place]) for place, one in enumerate(spec.series)]
    return replace(spec, series=tuple(series))


def _empty(spec: ChartSpec, width: int, height: int) -> Canvas:
    canvas = Canvas(width, height)
    if isinstance(spec, Nothing):
        lines = [(spec.title, "text", True), ("", "text", False)] if spec.hint else [(spec.title, "text", True)]
        lines += [(line, "muted", False) for line in spec.hint.split("\n")] if spec.hint else []
        tall = len(lines) + (len(spec.ways) + 1 if spec.ways else 0)
        top = max(0, min(height // 2 - 1, (height - tall) // 2))
        for row, (text, tone, bold) in enumerate(lines, top):
            x = max(0, (width - len(text)) // 2)
            canvas.label(x, row, text, min(len(text), width), tone, bold)
        keys = max((len(key) for key, _ in spec.ways), default=0)
        widest = keys + 2 + max((len(does) for _, does in spec.ways), default=0)
        for row, (key, does) in enumerate(spec.ways, top + len(lines) + 1):
            x = max(0, (width - widest) // 2)
            canvas.label(x, row, key.rjust(keys), keys, "primary", bold=True)
            canvas.label(x + keys + 2, row, does, len(does))
    return canvas


def _last(spec: ChartSpec) -> int:
    """Return the first place of the cursor: the row that the spec names, or the last bucket with something in it."""
    if isinstance(spec, Heat):
        return max(range(spec.size), key=lambda mark: spec.values[mark] or 0, default=0)
    if isinstance(spec, Bars):
        return spec.start
    if isinstance(spec, Nothing):
        return 0
    return max((mark for mark in range(spec.size) if any(one.values[mark] for one in spec.series)), default=0)
