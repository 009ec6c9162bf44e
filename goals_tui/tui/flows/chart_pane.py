"""The pane of the Flows screen with the chart: above it the way to the selection, beside it a map of large flows."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from goals_tui.domain.flow import Flow, If, Lookup, Node, title
from goals_tui.domain.goal import Goal
from goals_tui.tui.flows.blocks import START
from goals_tui.tui.flows.chart import FlowChart
from goals_tui.tui.flows.chart_paint import FlowMap
from goals_tui.tui.flows.kinds import KIND_GLYPHS, condition_text, one_line
from goals_tui.tui.flows.layout import Box, Layout

_NAME = 24
"""The maximum width, in cells, of a goal's name in the line above the chart."""

_LONGEST = 28
"""The maximum width, in cells, of a stop in the line above the chart."""


class ChartPane(Vertical):
    """A flow's chart; the line above it shows the way to the selected box, or where a goal is to be tracked.

    The map of the whole flow is shown in huge terminals where the flow is larger than the view, or as the user chose.
    """

    DEFAULT_CSS = """
    ChartPane { width: 1fr; height: 1fr; }
    ChartPane #crumbs { height: 1; width: 1fr; margin-bottom: 1; }
    ChartPane #picture { height: 1fr; }
    ChartPane #map { display: none; margin-left: 2; }
    """

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._flow: Flow | None = None
        self._placed: Goal | None = None
        self._shows_map: bool | None = None
        """Whether the user wants the map; None if the room decides."""

    def compose(self) -> ComposeResult:
        yield Static("", id="crumbs")
        with Horizontal(id="picture"):
            yield FlowChart(id="chart")
            yield FlowMap(id="map")

    @property
    def chart(self) -> FlowChart:
        """The chart."""
        return self.query_one(FlowChart)

    def show_way(self, flow: Flow | None, placed: Goal | None) -> None:
        """Show the way to the selected box of a flow, or where the goal `placed` would be tracked."""
        self._flow, self._placed = flow, placed
        self.chart.placing = placed is not None
        self._draw_way()

    def toggle_map(self) -> None:
        """Show or hide the map."""
        self._shows_map = not self.query_one(FlowMap).display
        self.follow()

    @on(FlowChart.Moved)
    @on(FlowChart.Selected)
    def follow(self) -> None:
        """Draw the map and the way as the chart is now."""
        chart, small = self.chart, self.query_one(FlowMap)
        # The map narrows the chart, so hide it only if the flow fits without it.
        needed = not chart.shows_all or (small.display and not self._fits_without_map())
        small.display = self.screen.has_class("-huge") and needed if self._shows_map is None else self._shows_map
        small.show(chart.layout_of_flow, chart.selected)
        small.view = chart.view
        self._draw_way()

    @on(FlowMap.Pointed)
    def _pointed(self, event: FlowMap.Pointed) -> None:
        self.chart.show_point(event.x, event.y)

    def _fits_without_map(self) -> bool:
        layout, room = self.chart.layout_of_flow, self.query_one("#picture").size
        return layout is None or (layout.width <= room.width and layout.height <= room.height)

    def _draw_way(self) -> None:
        chart, line = self.chart, self.query_one("#crumbs", Static)
        layout, box = chart.layout_of_flow, chart.box
        if self._flow is None or layout is None or box is None:
            return
        if self._placed is not None:
            way = Content.assemble(
                Content.styled("⚑ Where is ", "$primary"),
                Content.styled(self._placed.name, "bold $primary").truncate(_NAME, ellipsis=True),
                Content.styled(f" tracked?  Here it comes {where(box)}.", "$primary"),
            )
        else:
            way = crumbs(self._flow, layout, box, line.size.width)
            if len(chart.run) > 1:
                way = Content.assemble((f"{len(chart.run)} nodes selected", "bold $primary"), "  ", way)
        way = way.truncate(max(1, line.size.width), ellipsis=True)
        # Drawn together with the map, an unchanged line would have all that stands between them drawn, too.
        if not (isinstance(line.content, Content) and way.is_same(line.content)):
            line.update(way, layout=False)


def where(box: Box) -> str:
    """Return the place of a node added at a box, in words."""
    if box.node is not None:
        return one_line(f"after {title(box.node)!r}")
    return "at the start" if box.key == START else "in this branch"


def crumbs(flow: Flow, layout: Layout, box: Box, width: int) -> Content:
    """Return the path from the flow to a box, through nodes and branches.

    If it is longer than `width`, an ellipsis replaces the middle.
    """
    parts: list[Content] = []
    at = box
    while at.parent is not None:
        parent = layout.boxes[at.parent]
        assert parent.node is not None
        parts += [_short(parent.node.branches[at.branch].title, "$text-secondary italic"), _stop(parent.node)]
        at = parent
    parts.append(_short(flow.name, "bold"))
    last = _short("empty branch" if box.is_slot else "Start", "$quiet") if box.node is None else _stop(box.node)
    way = whole = [*reversed(parts), last]
    if not flow.nodes:
        return Content.assemble(_joined(way), Content.styled("   This flow is empty: add a node.", "$quiet"))
    for first in range(2, len(way)):
        if _joined(way).cell_length <= width:
            break
        way = [way[0], Content.styled("…", "$quiet"), *whole[first:]]
    return _joined(way)


def _joined(way: list[Content]) -> Content:
    return Content.styled(" › ", "$quiet").join(way)


def _stop(node: Node) -> Content:
    text = title(node)
    if isinstance(node, If):
        condition = condition_text(node.condition)
        text = f"{node.label} ({condition})" if node.label else f"If {condition}"
    elif isinstance(node, Lookup) and not node.label:
        text = f"Lookup {node.of or 'answer'}"
    return Content.assemble(f"{KIND_GLYPHS[node.kind]} ", _short(text, ""))


def _short(text: str, style: str) -> Content:
    return Content.styled(text, style).truncate(_LONGEST, ellipsis=True)
