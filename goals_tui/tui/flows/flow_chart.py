"""The flow chart: one widget that draws a flow's boxes and lines, and only those in view (DESIGN 6, *Flows*)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from goals_tui.domain.flow import Flow
from goals_tui.tui.actions import bindings
from goals_tui.tui.flows.faces import Names, face_of
from goals_tui.tui.flows.flow_chart_paint import CLASSES, COLOURS, Paint, Palette
from goals_tui.tui.flows.layout import START, Layout, Spot
from goals_tui.tui.flows.layout_builder import COMPACT, NARROW, fitting, lay_out
from goals_tui.tui.flows.walk import Direction, ancestors, nearest, page, step

Severity = Literal["error", "warning", "info"]


class FlowChart(ScrollView, can_focus=True):
    """Draws a flow; one spot of it is selected, and the view follows the selection.

    `selected` is the key of a spot: `layout.START`, a node's id, or a `layout.slot_key` for an empty branch.
    """

    DEFAULT_CSS = f"""
    FlowChart {{
        background: $background;
        color: $foreground;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;
        {COLOURS}
    }}
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"flow-chart--{name}" for name in CLASSES}

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("flows.chart"), *bindings("flows.place")]

    selected: reactive[str] = reactive(START, init=False)
    compact: reactive[bool | None] = reactive(None, init=False)
    """Whether boxes are narrow; None: as the width wants it."""

    placing: reactive[bool] = reactive(False, init=False, bindings=True)
    """Whether a place for a new node is looked for."""

    @dataclass
    class Selected(Message):
        """Another spot is selected."""

        chart: FlowChart
        key: str

        @property
        def control(self) -> FlowChart:
            """The chart."""
            return self.chart

    @dataclass
    class Opened(Message):
        """A spot was double clicked."""

        chart: FlowChart
        key: str

        @property
        def control(self) -> FlowChart:
            """The chart."""
            return self.chart

    @dataclass
    class Placed(Message):
        """The new node is to be where the selection is; or nowhere at all."""

        chart: FlowChart
        here: bool

        @property
        def control(self) -> FlowChart:
            """The chart."""
            return self.chart

    @dataclass
    class Moved(Message):
        """Another part of the flow is in view, or another layout."""

        chart: FlowChart

        @property
        def control(self) -> FlowChart:
            """The chart."""
            return self.chart

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._flow: Flow | None = None
        self._names = Names()
        self._badges: Mapping[str, Severity] = {}
        self._layout: Layout | None = None
        self._is_compact = False
        self._visited: dict[str, int] = {}
        self._strips: LRUCache[tuple[object, ...], Strip] = LRUCache(1024)
        self._palette: Palette | None = None
        self._paint: Paint | None = None

    def show(self, flow: Flow | None, names: Names, badges: Mapping[str, Severity]) -> None:
        """Draw this flow. The selection stays where it is, or on what is nearest to where it was.

        The same flow is not laid out again, and not painted again under the same badges.
        """
        # Revisions do not tell: whoever edits the file by hand leaves them as they are.
        before, same = self._layout, flow is self._flow or flow == self._flow
        laid_out = before is not None and same and names == self._names
        as_it_is = laid_out and badges == self._badges
        self._flow, self._names, self._badges = flow, names, badges
        if as_it_is:
            return
        if laid_out:
            self._strips.clear()
            self._paint = None
        else:
            self._lay_out()
        if self._layout is not None and self.selected not in self._layout.spots:
            self.selected = nearest(before, self._layout, self.selected)
        self.refresh()

    def select(self, key: str) -> None:
        """Select a spot and bring it into view; a key that is not there selects Start."""
        self.selected = key if self._layout is not None and key in self._layout.spots else START

    @property
    def layout_of_flow(self) -> Layout | None:
        """Where everything lies; None before a flow is shown."""
        return self._layout

    @property
    def view(self) -> Region:
        """What is in view, in the cells of the layout."""
        x, y = self.scroll_offset
        return Region(x - self._left, y, self.size.width, self.size.height)

    @property
    def shows_all(self) -> bool:
        """Whether nothing of the flow is out of view."""
        layout = self._layout
        return layout is None or (layout.width <= self.size.width and layout.height <= self.size.height)

    def show_point(self, x: int, y: int) -> None:
        """Bring a point of the layout into the middle of the view."""
        width, height = self.size
        self.scroll_to(x - width // 2, y - height // 2, animate=False, force=True)

    @property
    def spot(self) -> Spot | None:
        """The selected spot."""
        return self._layout.spots.get(self.selected) if self._layout else None

    @property
    def is_compact(self) -> bool:
        """Whether the boxes are narrow now."""
        return self._is_compact

    def watch_selected(self, key: str) -> None:
        """Remember the way and follow."""
        if self._layout is None or key not in self._layout.spots:
            return
        self._visited.update(ancestors(self._layout, key))
        self.refresh()
        self._follow()
        self.post_message(self.Selected(self, key))

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Say that the view moved."""
        super().watch_scroll_x(old_value, new_value)
        self.post_message(self.Moved(self))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say that the view moved."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Moved(self))

    def watch_compact(self) -> None:
        """Lay out anew in the other size."""
        self._lay_out()

    def action_walk(self, direction: Direction) -> None:
        """Go on along the lines."""
        if self._layout is not None:
            self.selected = step(self._layout, self.selected, direction, self._visited)

    def action_page(self, by: int) -> None:
        """Go on by about a page."""
        if self._layout is not None:
            self.selected = page(self._layout, self.selected, by * max(4, self.size.height - 4))

    def action_here(self) -> None:
        """Say that the place is found."""
        self.post_message(self.Placed(self, here=True))

    def action_cancel(self) -> None:
        """Say that no place is wanted."""
        self.post_message(self.Placed(self, here=False))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A place can be taken only while one is looked for."""
        return self.placing if action in ("here", "cancel") else super().check_action(action, parameters)

    def on_resize(self) -> None:
        """The size of the boxes follows the width."""
        self._lay_out()
        self._follow()

    def on_click(self, event: events.Click) -> None:
        """Select; open on the second click."""
        if self._layout is None:
            return
        offset = event.get_content_offset(self)
        if offset is None:
            return
        spot = self._layout.at(offset.x + self.scroll_offset.x - self._left, offset.y + self.scroll_offset.y)
        if spot is None:
            return
        self.selected = spot.key
        if event.chain == 2:
            self.post_message(self.Opened(self, spot.key))

    def notify_style_update(self) -> None:
        """Colours are looked up again when the theme or the focus changes."""
        super().notify_style_update()
        self._palette = None
        self._paint = None
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """One line of what is in view."""
        width = self.size.width
        line = y + self.scroll_offset.y
        left = self.scroll_offset.x - self._left
        layout = self._layout
        spot = self.spot
        touched = spot is not None and spot.y <= line < spot.y + spot.height
        key = (line, left, width, self.selected if touched else None, touched and self.has_focus)
        strip = self._strips.get(key)
        if strip is None:
            paint = self._painter()
            spans = layout.visible(line, left, left + width) if layout else []
            strip = paint.line(spans, left, width, self.selected if touched else None, focused=self.has_focus)
            self._strips[key] = strip
        return strip

    @property
    def _left(self) -> int:
        """How far a chart that is narrower than the widget is moved to the middle."""
        return max(0, (self.size.width - self._layout.width) // 2) if self._layout else 0

    def _painter(self) -> Paint:
        if self._paint is None:
            if self._palette is None:
                self._palette = {name: self._style_of(f"flow-chart--{name}") for name in CLASSES}
            self._paint = Paint(self._palette, self.rich_style, self._badges)
        return self._paint

    def _style_of(self, component: str) -> Style:
        """A component's style with its translucent colours mixed into the background of the chart."""
        styles = self.get_component_styles(component)
        base = self.background_colors[1]
        fill = base + styles.background
        own = styles.color if styles.has_rule("color") else self.styles.color
        colors = Style(color=(fill + own).rich_color, bgcolor=fill.rich_color if fill != base else None)
        return colors + styles.text_style

    def _lay_out(self) -> None:
        self._strips.clear()
        self._paint = None
        if self._flow is None:
            self._layout = None
            self.virtual_size = Size(0, 0)
            return
        self._layout = self._fitting(self._flow)
        self.virtual_size = Size(self._layout.width, self._layout.height)
        self.refresh()
        self.post_message(self.Moved(self))

    def _fitting(self, flow: Flow) -> Layout:
        """The layout in the chosen size of boxes, or in the widest that fits the widget."""
        names = self._names
        measures = fitting(flow, self.size.width or NARROW, compact=self.compact)
        self._is_compact = compact = measures is COMPACT
        return lay_out(flow, lambda node: face_of(node, names, compact=compact), measures)

    def _follow(self) -> None:
        """Bring the selection into view: in the middle from left to right, with some lines above and below it."""
        spot = self.spot
        if spot is None or not self.size:
            return
        top, bottom = spot.y - 2, spot.y + spot.height + 3
        y = min(self.scroll_y, top) if top < self.scroll_y else max(self.scroll_y, bottom - self.size.height)
        self.scroll_to(spot.spine - self.size.width // 2, min(y, max(top, 0)), animate=False, force=True)
