"""The one widget that shows charts: it draws any `ChartSpec`, and its cursor leads to what is behind a number."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual.content import Content
from textual.events import Click, MouseMove
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from goals_tui.tui.actions import bindings
from goals_tui.tui.widgets.chart_bars import draw_bars
from goals_tui.tui.widgets.chart_canvas import Canvas, Drawing, Place, nowhere
from goals_tui.tui.widgets.chart_columns import draw_columns
from goals_tui.tui.widgets.chart_lines import draw_lines
from goals_tui.tui.widgets.chart_palette import Palette
from goals_tui.tui.widgets.chart_spec import Bars, ChartSpec, Columns, Lines, Nothing
from goals_tui.tui.widgets.chart_words import GAP, describe, fitted, name_of

NO_CHART = Nothing("", "")


class Chart(Widget, can_focus=True):
    """Shows a spec. Arrows move the cursor over marks and their parts; enter or a second click opens the place.

    The cursor stays on the same bucket or row when newer numbers come in for it.
    """

    DEFAULT_CSS = """
    Chart { width: 1fr; height: 1fr; }
    """

    BINDINGS = bindings("insights.chart")

    @dataclass
    class Moved(Message):
        """The cursor stands somewhere else."""

        chart: Chart
        place: Place

        @property
        def control(self) -> Chart:
            """The chart, for handlers of one of several."""
            return self.chart

    @dataclass
    class Opened(Message):
        """The cycles behind this place are wanted."""

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
        """What is shown."""
        return self._spec

    @property
    def place(self) -> Place | None:
        """Where the cursor stands; None without data."""
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
        """Put the cursor somewhere."""
        if place != self._place and 0 <= place.mark < self._spec.size:
            self._place = place
            self.refresh()
            self.post_message(self.Moved(self, place))

    def caption(self, width: int) -> Content:
        """The cursor's place in words, each series with its glyph in its colour; no wider than that many cells."""
        palette = Palette(self.app.theme_variables, self.background_colors[1])
        parts = [
            Content.assemble(Content.styled(f"{part.glyph} ", palette.color(part.tone).css), Content(part.words))
            if part.glyph
            else Content(part.words)
            for part in fitted(self._spec, self._place, width)
        ]
        return Content(" " * GAP).join(parts).truncate(max(1, width), ellipsis=True)

    def action_move(self, across: int, along: int) -> None:
        """Arrows: over the marks along the axis, and through the parts of one mark across it."""
        marks, parts = (along, across) if isinstance(self._spec, Bars) else (across, -along)
        if not self._spec.size:
            return
        if marks:
            self.select(replace(self._place, mark=max(0, min(self._spec.size - 1, self._place.mark + marks))))
        elif len(self._spec.series) > 1:
            self.select(replace(self._place, part=self._next_part(parts)))

    def _next_part(self, step: int) -> int | None:
        filled = [p for p, series in enumerate(self._spec.series) if series.values[self._place.mark]]
        ring: list[int | None] = [None, *filled]
        here = ring.index(self._place.part) if self._place.part in ring else 0
        return ring[(here + step) % len(ring)]

    def action_jump(self, mark: int) -> None:
        """The first mark, or the last (-1)."""
        if self._spec.size:
            self.select(replace(self._place, mark=mark % self._spec.size))

    def action_open(self) -> None:
        """Ask for what is behind the place."""
        if self._spec.size:
            self.post_message(self.Opened(self, self._place))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without data there is nowhere to go."""
        if action in ("move", "jump", "open"):
            return bool(self._spec.size)
        return super().check_action(action, parameters)

    def on_click(self, event: Click) -> None:
        """Choose what was clicked; a second click opens it."""
        place = self._drawing().at(event.x, event.y)
        if place is not None:
            self.select(place)
            if event.chain == 2:
                self.action_open()

    def on_mouse_move(self, event: MouseMove) -> None:
        """What the mouse points at, in words, as a tooltip."""
        place = self._drawing().at(event.x, event.y)
        self.tooltip = None if place is None else describe(self._spec, place)

    def render_line(self, y: int) -> Strip:
        """One row of the drawing, made anew only when something about it changed."""
        self._drawing()
        assert self._drawn is not None
        strips = self._drawn[2]
        return strips[y] if y < len(strips) else Strip.blank(self.size.width, self.rich_style)

    def _drawing(self) -> Drawing:
        background = self.background_colors[1]
        key = (self.size, self._place, self.has_focus, self.app.theme, background, self.app.ansi_theme)
        if self._drawn is None or self._drawn[0] != key:
            drawing = draw(self._spec, *self.size, self._place if self.has_focus else None, self._first)
            self._first = drawing.first
            palette = Palette(self.app.theme_variables, background)
            self._drawn = key, drawing, drawing.canvas.strips(palette.style)
        return self._drawn[1]

    def on_focus(self) -> None:
        """The cursor appears."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor goes."""
        self.refresh()


def draw(spec: ChartSpec, width: int, height: int, cursor: Place | None = None, first: int = 0) -> Drawing:
    """Draw any spec at a size."""
    if isinstance(spec, Bars) and spec.size:
        return draw_bars(spec, width, height, cursor, first)
    if isinstance(spec, Columns) and spec.size:
        return draw_columns(spec, width, height, cursor)
    if isinstance(spec, Lines) and spec.size:
        return draw_lines(spec, width, height, cursor)
    return Drawing(_empty(spec, width, height), nowhere)


def _empty(spec: ChartSpec, width: int, height: int) -> Canvas:
    canvas = Canvas(width, height)
    if isinstance(spec, Nothing):
        for row, (text, tone, bold) in enumerate(((spec.title, "text", True), (spec.hint, "muted", False))):
            x = max(0, (width - len(text)) // 2)
            canvas.label(x, max(0, height // 2 - 1 + row), text, min(len(text), width), tone, bold)
    return canvas


def _last(spec: ChartSpec) -> int:
    """Where the cursor begins: the first row, or the last bucket in which there is something."""
    if not isinstance(spec, Columns | Lines):
        return 0
    return max((mark for mark in range(spec.size) if any(one.values[mark] for one in spec.series)), default=0)
