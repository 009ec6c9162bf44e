"""A small map of a flow beside its chart: every node as a few dots, what is in view lit up; a click goes there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from goals_tui.tui.flows.layout import Layout, Spot

_NODE, _TRACK, _SELECTED = 1, 2, 3


class FlowMap(Widget, can_focus=False):
    """Two rows of dots a line. `show` gives it the layout; `view` is what the chart shows of it, in its cells."""

    DEFAULT_CSS = """
    FlowMap {
        width: 18; height: 1fr; color: $foreground 45%; background: $background;
        & > .flow-map--view { background: $primary 18%; }
        & > .flow-map--track { color: $accent; }
        & > .flow-map--selected { color: $primary; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"flow-map--view", "flow-map--track", "flow-map--selected"}

    view: reactive[Region] = reactive(Region(), repaint=True)

    @dataclass
    class Pointed(Message):
        """A point of the layout was clicked."""

        x: int
        y: int

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._layout: Layout | None = None
        self._selected = ""
        self._rows: list[bytearray] | None = None

    def show(self, layout: Layout | None, selected: str) -> None:
        """Draw this layout."""
        if layout is not self._layout or selected != self._selected:
            self._layout, self._selected, self._rows = layout, selected, None
            self.refresh()

    def on_resize(self) -> None:
        """Another size, other dots."""
        self._rows = None

    def on_click(self, event: events.Click) -> None:
        """Go to what was clicked."""
        if self._layout is not None and self.size:
            across, down = self._scale(self._layout)
            self.post_message(self.Pointed(int(event.x * across), int(event.y * 2 * down)))

    def render_line(self, y: int) -> Strip:
        """Two rows of dots as half blocks."""
        base = self.rich_style
        layout = self._layout
        if layout is None or not self.size:
            return Strip.blank(self.size.width, base)
        rows = self._dots(layout)
        across, down = self._scale(layout)
        tinted = base + Style(bgcolor=self._color("flow-map--view", background=True))
        colors = {
            _NODE: base.color,
            _TRACK: self._color("flow-map--track"),
            _SELECTED: self._color("flow-map--selected"),
        }
        segments = []
        for x in range(self.size.width):
            top, bottom = rows[2 * y][x], rows[2 * y + 1][x]
            in_view = self.view.overlaps(_box(x * across, 2 * y * down, across, 2 * down))
            style = tinted if in_view else base
            if top or bottom:
                style += Style(color=colors[max(top, bottom)])
            segments.append(Segment(" ▀▄█"[bool(top) + 2 * bool(bottom)], style))
        return Strip(segments, self.size.width).simplify()

    def _color(self, component: str, *, background: bool = False) -> Color:
        styles = self.get_component_styles(component)
        base = self.background_colors[1]
        return (base + (styles.background if background else styles.color)).rich_color

    def _scale(self, layout: Layout) -> tuple[float, float]:
        """How many cells of the layout a dot stands for, across and down; a small flow is not blown up."""
        width, height = self.size
        return max(4.0, layout.width / width), max(3.0, layout.height / (2 * height))

    def _dots(self, layout: Layout) -> list[bytearray]:
        if self._rows is None:
            self._rows = [bytearray(self.size.width) for _ in range(2 * self.size.height)]
            across, down = self._scale(layout)
            for spot in layout.spots.values():
                self._dot(self._rows, spot, across, down)
            chosen = layout.spots.get(self._selected)
            if chosen is not None:
                self._dot(self._rows, chosen, across, down, _SELECTED)
        return self._rows

    def _dot(self, rows: list[bytearray], spot: Spot, across: float, down: float, mark: int = 0) -> None:
        first, last = int(spot.x / across), int((spot.x + spot.width - 1) / across)
        mark = mark or (_TRACK if spot.node is not None and spot.node.kind == "track_goal" else _NODE)
        y = min(int(spot.y / down), len(rows) - 1)
        for x in range(first, min(last, self.size.width - 1) + 1):
            rows[y][x] = max(rows[y][x], mark)


def _box(x: float, y: float, width: float, height: float) -> Region:
    return Region(int(x), int(y), max(1, int(width)), max(1, int(height)))
