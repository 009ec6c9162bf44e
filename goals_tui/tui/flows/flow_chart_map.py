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
        self._dots: list[bytearray] = []
        self._styles: dict[tuple[bool, int], Style] = {}

    def show(self, layout: Layout | None, selected: str) -> None:
        """Draw this layout."""
        if layout is not self._layout:
            self._layout = layout
            self._draw()
        if selected != self._selected:
            self._selected = selected
            self.refresh()

    def on_resize(self) -> None:
        """Another size, other dots."""
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Go to what was clicked."""
        if self._layout is not None and self.size:
            across, down = self._scale(self._layout)
            self.post_message(self.Pointed(int(event.x * across), int(event.y * 2 * down)))

    def notify_style_update(self) -> None:
        """Colours are looked up again when the theme changes."""
        super().notify_style_update()
        self._styles = {}

    def render_line(self, y: int) -> Strip:
        """Two rows of dots as half blocks."""
        layout, width = self._layout, self.size.width
        if layout is None or 2 * y + 1 >= len(self._dots):
            return Strip.blank(width, self.rich_style)
        styles = self._styles = self._styles or self._looked_up()
        across, down = self._scale(layout)
        lit_top, lit_bottom = self.view.y < (2 * y + 2) * down, self.view.bottom > 2 * y * down
        lit = range(int(self.view.x / across), int(-(-self.view.right // across))) if lit_top and lit_bottom else ()
        top, bottom = self._with_selected(layout, 2 * y), self._with_selected(layout, 2 * y + 1)
        segments = [
            Segment(" ▀▄█"[bool(up) + 2 * bool(low)], styles[x in lit, max(up, low)])
            for x, (up, low) in enumerate(zip(top, bottom, strict=True))
        ]
        return Strip(segments, width).simplify()

    def _looked_up(self) -> dict[tuple[bool, int], Style]:
        base = self.rich_style
        tinted = base + Style(bgcolor=self._color("flow-map--view", background=True))
        marks = {
            0: Style(),
            _NODE: Style(),
            _TRACK: Style(color=self._color("flow-map--track")),
            _SELECTED: Style(color=self._color("flow-map--selected")),
        }
        return {
            (lit, mark): (tinted if lit else base) + style for lit in (False, True) for mark, style in marks.items()
        }

    def _color(self, component: str, *, background: bool = False) -> Color:
        styles = self.get_component_styles(component)
        base = self.background_colors[1]
        return (base + (styles.background if background else styles.color)).rich_color

    def _scale(self, layout: Layout) -> tuple[float, float]:
        """How many cells of the layout a dot stands for, across and down; a small flow is not blown up."""
        width, height = self.size
        return max(4.0, layout.width / width), max(3.0, layout.height / (2 * height))

    def _draw(self) -> None:
        """Mark where every node is, once for each layout and size."""
        width, height = self.size
        self._dots = [bytearray(width) for _ in range(2 * height)]
        if self._layout is not None and self.size:
            for spot in self._layout.spots.values():
                y, columns = self._place(self._layout, spot)
                mark = _TRACK if spot.node is not None and spot.node.kind == "track_goal" else _NODE
                row = self._dots[y]
                for x in columns:
                    row[x] = max(row[x], mark)
        self.refresh()

    def _with_selected(self, layout: Layout, y: int) -> bytearray:
        row, chosen = self._dots[y], layout.spots.get(self._selected)
        if chosen is None:
            return row
        at, columns = self._place(layout, chosen)
        if at != y:
            return row
        marked = bytearray(row)
        for x in columns:
            marked[x] = _SELECTED
        return marked

    def _place(self, layout: Layout, spot: Spot) -> tuple[int, range]:
        across, down = self._scale(layout)
        last = min(int((spot.x + spot.width - 1) / across), self.size.width - 1)
        return min(int(spot.y / down), len(self._dots) - 1), range(int(spot.x / across), last + 1)
