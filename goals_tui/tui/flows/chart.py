"""The flow chart widget: selecting nodes and moving among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
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

from goals_tui.domain import flow_edit
from goals_tui.domain.errors import NotFoundError
from goals_tui.domain.flow import Flow, Node, walk_nodes
from goals_tui.format import plural
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.flows.blocks import COMPACT, NARROW, START, Blocks
from goals_tui.tui.flows.chart_paint import CLASSES, COLOURS, Paint, Palette
from goals_tui.tui.flows.kinds import Appearance, Line, Names, appearance_of
from goals_tui.tui.flows.layout import Box, Layout

Direction = Literal["up", "down", "left", "right", "previous", "next", "first", "last"]
Visited = Mapping[str, int]
"""The number of the branch visited last, by node id; moving up or down enters that branch."""


def step(layout: Layout, key: str, direction: Direction, visited: Visited) -> str:
    """Return the key of the box that a move from the box `key` leads to; `key` itself if there is none.

    `previous` and `next` skip the branches of nodes; `first` is Start, `last` the last node of the outermost sequence.
    """
    box = layout.boxes[key]
    match direction:
        case "down":
            return _down(layout, box, visited)
        case "up":
            return _up(layout, box, visited)
        case "left":
            return _across(layout, box, -1)
        case "right":
            return _across(layout, box, 1)
        case "previous":
            return _beside(layout, box, -1) or box.parent or START
        case "next":
            return _beside(layout, box, 1) or _after(layout, box) or key
        case "first":
            return START
        case "last":
            return (layout.sequence(None, 0) or [START])[-1]


def page(layout: Layout, key: str, lines: int) -> str:
    """Return the key of the box about `lines` lines further down (up if negative), near the same column."""
    box = layout.boxes[key]
    wanted = min(max(box.y + lines, 0), layout.height)
    beyond = [other for other in layout.walk() if (other.y > box.y if lines > 0 else other.y < box.y)]
    nearest = min(beyond, key=lambda other: (abs(other.y - wanted) // 4, abs(other.spine - box.spine)), default=box)
    return nearest.key


def ancestors(layout: Layout, key: str) -> list[tuple[str, int]]:
    """Return the ids of the nodes that contain a box, innermost first, each with the number of the branch."""
    found = []
    box = layout.boxes[key]
    while box.parent is not None:
        found.append((box.parent, box.branch))
        box = layout.boxes[box.parent]
    return found


def nearest(before: Layout | None, after: Layout, key: str) -> str:
    """Return the key of the box to select in place of one that no longer exists.

    This is the box at the same place, else the last one of its sequence, else its parent or Start.
    """
    gone = before.boxes.get(key) if before else None
    if gone is None:
        return START
    sequence = after.sequence(gone.parent, gone.branch)
    if sequence:
        return sequence[min(gone.place, len(sequence) - 1)]
    return gone.parent if gone.parent in after.boxes and gone.parent is not None else START


def _down(layout: Layout, box: Box, visited: Visited) -> str:
    if box.key == START:
        return (layout.sequence(None, 0) or [START])[0]
    if inside := layout.sequence(box.key, _last_visited(box, visited)):
        return inside[0]
    return _beside(layout, box, 1) or _after(layout, box) or box.key


def _up(layout: Layout, box: Box, visited: Visited) -> str:
    before = _beside(layout, box, -1)
    if before is None:
        return box.parent or START
    return _bottom(layout, layout.boxes[before], visited)


def _bottom(layout: Layout, box: Box, visited: Visited) -> str:
    """Return the key of the box from which the line leads to the next node: the last one in the visited branch."""
    while inside := layout.sequence(box.key, _last_visited(box, visited)):
        box = layout.boxes[inside[-1]]
    return box.key


def _last_visited(box: Box, visited: Visited) -> int:
    count = len(box.node.branches) if box.node else 0
    return min(visited.get(box.key, 0), count - 1)


def _beside(layout: Layout, box: Box, by: int) -> str | None:
    if box.key == START:
        return None
    sequence = layout.sequence(box.parent, box.branch)
    place = box.place + by
    return sequence[place] if 0 <= place < len(sequence) else None


def _after(layout: Layout, box: Box) -> str | None:
    """Return the key of the next node after the branches that contain a box; None if there is none."""
    while box.parent is not None:
        box = layout.boxes[box.parent]
        following = _beside(layout, box, 1)
        if following is not None:
            return following
    return None


def _across(layout: Layout, box: Box, by: int) -> str:
    for parent, branch in ancestors(layout, box.key):
        sequence = layout.sequence(parent, branch + by)
        if sequence:
            return min(sequence, key=lambda key: abs(layout.boxes[key].y - box.y))
    return box.key


Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""All severities, the worst first."""


class FlowChart(ScrollView, can_focus=True):
    """A chart of a flow with one selected box; the view follows the selection.

    `selected` is the key of a box: `layout.START`, a node's id, or a `layout.slot_key` for an empty branch.
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
    """True for narrow boxes; None chooses by the width of the widget."""

    run: reactive[frozenset[str]] = reactive(frozenset(), init=False)
    """The ids of the nodes of the selected run; empty while no run is selected."""

    collapsed: reactive[frozenset[str]] = reactive(frozenset(), init=False)
    """The ids of the nodes whose branches are not drawn."""

    numbers: reactive[Mapping[str, tuple[Line, ...]]] = reactive(dict, init=False)
    """Further lines on the boxes of nodes, by their ids."""

    placing: reactive[bool] = reactive(False, init=False, bindings=True)
    """True if the user is choosing a place for a new node."""

    @dataclass
    class Selected(Message):
        """Posted when another box is selected."""

        chart: FlowChart
        key: str

        @property
        def control(self) -> FlowChart:
            """The chart."""
            return self.chart

    @dataclass
    class Opened(Message):
        """Posted when a box is double-clicked."""

        chart: FlowChart
        key: str

        @property
        def control(self) -> FlowChart:
            """The chart."""
            return self.chart

    @dataclass
    class Placed(Message):
        """Posted when the selection is chosen as the place of a new node (`here`), or choosing is cancelled."""

        chart: FlowChart
        here: bool

        @property
        def control(self) -> FlowChart:
            """The chart."""
            return self.chart

    @dataclass
    class Moved(Message):
        """Posted when the view has scrolled or the layout has changed."""

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
        self._blocks: Blocks | None = None
        self._layout: Layout | None = None
        self._is_compact = False
        self._visited: dict[str, int] = {}
        self._strips: LRUCache[tuple[object, ...], Strip] = LRUCache(1024)
        self._palette: Palette | None = None
        self._paint: Paint | None = None
        self._faces: dict[int, tuple[Node, Appearance]] = {}
        """The faces of nodes by the ids of their objects, which are new ones after an edit."""

    def show(self, flow: Flow | None, names: Names, badges: Mapping[str, Severity]) -> None:
        """Draw a flow; the selection stays on its box, or moves to the nearest one if that is gone.

        An unchanged flow is not laid out again, nor painted again if its badges are unchanged too.
        """
        # Compare contents, as editing a flow's file by hand does not change its revision.
        before, same = self._layout, flow is self._flow or flow == self._flow
        laid_out = before is not None and same and names == self._names
        as_it_is = laid_out and badges == self._badges
        if names != self._names:
            self._faces = {}
        is_other = flow is not None and (self._flow is None or flow.id != self._flow.id)
        self._flow, self._names, self._badges = flow, names, badges
        if as_it_is:
            return
        if laid_out:
            self._strips.clear()
            self._paint = None
        else:
            self._blocks = Blocks(flow, self._face, self.collapsed) if flow else None
            self._lay_out()
        if self._layout is not None and self.selected not in self._layout.boxes:
            self.selected = START if is_other else nearest(before, self._layout, self.selected)
        elif is_other:
            self._follow()
        self.refresh()

    def select(self, key: str) -> None:
        """Select a box and bring it into view, out of a collapsed branch, too; an unknown key selects Start."""
        if self._layout is not None and key not in self._layout.boxes and self.collapsed:
            self._expand_to(key)
        self.selected = key if self._layout is not None and key in self._layout.boxes else START

    @property
    def layout_of_flow(self) -> Layout | None:
        """The layout of the flow; None before a flow is shown."""
        return self._layout

    @property
    def view(self) -> Region:
        """The region in view, in cells of the layout."""
        x, y = self.scroll_offset
        return Region(x - self._left, y, self.size.width, self.size.height)

    @property
    def shows_all(self) -> bool:
        """True if the whole flow fits into the view."""
        layout = self._layout
        return layout is None or (layout.width <= self.size.width and layout.height <= self.size.height)

    def show_point(self, x: int, y: int) -> None:
        """Bring a point of the layout into the middle of the view."""
        width, height = self.size
        self.scroll_to(x - width // 2, y - height // 2, animate=False, force=True)

    @property
    def box(self) -> Box | None:
        """The selected box."""
        return self._layout.boxes.get(self.selected) if self._layout else None

    @property
    def is_compact(self) -> bool:
        """True if the boxes are drawn narrow now."""
        return self._is_compact

    def watch_selected(self, key: str) -> None:
        """Remember the visited branches and bring the selection into view."""
        if self._layout is None or key not in self._layout.boxes:
            return
        self._visited.update(ancestors(self._layout, key))
        self.refresh()
        self._follow()
        self.post_message(self.Selected(self, key))

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Post `Moved`."""
        super().watch_scroll_x(old_value, new_value)
        self.post_message(self.Moved(self))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Post `Moved`."""
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Moved(self))

    def watch_compact(self) -> None:
        """Lay the flow out again in the new size."""
        self._lay_out()

    def watch_collapsed(self) -> None:
        """Lay the flow out again; a selection that is no longer drawn moves to the collapsed node."""
        before = self._layout
        if self._blocks is not None:
            self._blocks.collapse(self.collapsed)
        self._lay_out()
        if self._layout is not None and self.selected not in self._layout.boxes and before is not None:
            around = (parent for parent, _ in ancestors(before, self.selected) if parent in self.collapsed)
            self.selected = list(around)[-1]
        self._follow()

    def watch_numbers(self, before: Mapping[str, tuple[Line, ...]], now: Mapping[str, tuple[Line, ...]]) -> None:
        """Lay the flow out again, as boxes become higher."""
        if self._blocks is not None:
            self._blocks.change(key for key in {**before, **now} if before.get(key) != now.get(key))
        self._lay_out()
        self._follow()

    def _expand_to(self, key: str) -> None:
        """Draw the branches that contain a box."""
        node_id, _, slot = key.partition("/")
        around = set()
        try:
            at = node_id if slot else flow_edit.position_of(self._flow, node_id).parent_id if self._flow else None
            while at is not None and self._flow is not None:
                around.add(at)
                at = flow_edit.position_of(self._flow, at).parent_id
        except NotFoundError:
            return
        self.collapsed -= around

    def action_walk(self, direction: Direction) -> None:
        """Move the selection along the lines."""
        if self._layout is not None:
            self.selected = step(self._layout, self.selected, direction, self._visited)

    def action_page(self, by: int) -> None:
        """Move the selection by about a page."""
        if self._layout is not None:
            self.selected = page(self._layout, self.selected, by * max(4, self.size.height - 4))

    def action_here(self) -> None:
        """Choose the selection as the place of the new node."""
        self.post_message(self.Placed(self, here=True))

    def action_cancel(self) -> None:
        """Cancel choosing a place."""
        self.post_message(self.Placed(self, here=False))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow choosing a place only while `placing`."""
        return self.placing if action in ("here", "cancel") else super().check_action(action, parameters)

    def on_resize(self) -> None:
        """Lay the flow out again, as the size of its boxes depends on the width."""
        self._lay_out()
        self._follow()

    def on_click(self, event: events.Click) -> None:
        """Select the clicked box; open it on a double click."""
        if self._layout is None:
            return
        offset = event.get_content_offset(self)
        if offset is None:
            return
        box = self._layout.at(offset.x + self.scroll_offset.x - self._left, offset.y + self.scroll_offset.y)
        if box is None:
            return
        self.selected = box.key
        if event.chain == 2:
            self.post_message(self.Opened(self, box.key))

    def notify_style_update(self) -> None:
        """Discard cached colours and lines when the theme or the focus changes."""
        super().notify_style_update()
        self._palette = None
        self._paint = None
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """Render one line of the view."""
        width = self.size.width
        line = y + self.scroll_offset.y
        left = self.scroll_offset.x - self._left
        layout = self._layout
        box = self.box
        touched = box is not None and box.y <= line < box.y + box.height
        key = (line, left, width, self.selected if touched else None, touched and self.has_focus, self.run)
        strip = self._strips.get(key)
        if strip is None:
            paint = self._painter()
            spans = layout.visible(line, left, left + width) if layout else []
            strip = paint.line(spans, left, width, self.selected if touched else None, self.run, focused=self.has_focus)
            self._strips[key] = strip
        return strip

    @property
    def _left(self) -> int:
        """The columns to the left of a centred chart that is narrower than the widget."""
        return max(0, (self.size.width - self._layout.width) // 2) if self._layout else 0

    def _painter(self) -> Paint:
        if self._paint is None:
            if self._palette is None:
                self._palette = {name: self._style_of(f"flow-chart--{name}") for name in CLASSES}
            self._paint = Paint(self._palette, self.rich_style, self._shown_badges())
        return self._paint

    def _shown_badges(self) -> Mapping[str, Severity]:
        """Return the badges of boxes; a collapsed node wears the worst one of its branches, too."""
        badges = dict(self._badges)
        if self._layout is not None and self._badges:
            for key in self.collapsed:
                box = self._layout.boxes.get(key)
                if box is not None and box.node is not None:
                    inside = {self._badges.get(one.id) for one in walk_nodes((box.node,))}
                    found = next((each for each in SEVERITIES if each in inside), None)
                    if found:
                        badges[key] = found
        return badges

    def _style_of(self, component: str) -> Style:
        """Return a component's style with translucent colours mixed into the background of the chart."""
        styles = self.get_component_styles(component)
        base = self.background_colors[1]
        fill = base + styles.background
        own = styles.color if styles.has_rule("color") else self.styles.color
        colors = Style(color=(fill + own).rich_color, bgcolor=fill.rich_color if fill != base else None)
        return colors + styles.text_style

    def _lay_out(self) -> None:
        self._strips.clear()
        self._paint = None
        if self._blocks is None:
            self._layout = None
            self.virtual_size = Size(0, 0)
            return
        width = self.size.width or NARROW
        measures = self._blocks.fitting(width, compact=self.compact)
        if self._is_compact != (measures is COMPACT):
            self._is_compact = measures is COMPACT
            self._faces = {}
        self._layout = Layout(self._blocks, measures, trunk=0 if self.compact else measures.trunk(width))
        self.virtual_size = Size(self._layout.width, self._layout.height)
        self.refresh()
        self.post_message(self.Moved(self))

    def _face(self, node: Node) -> Appearance:
        """Return the texts on a node's box, kept until the node is edited."""
        known = self._faces.get(id(node))
        if known is None or known[0] is not node:
            face = appearance_of(node, self._names, compact=self._is_compact)
            known = self._faces[id(node)] = (node, face)
        more = self.numbers.get(node.id, ())
        if node.branches and node.id in self.collapsed:
            inside = sum(1 for _ in walk_nodes((node,))) - 1
            branches = "1 branch" if len(node.branches) == 1 else f"{len(node.branches)} branches"
            more = (*more, (("target", f"▸ {plural(inside, 'node')} in {branches}"),))
        return replace(known[1], lines=(*known[1].lines, *more)) if more else known[1]

    def _follow(self) -> None:
        """Scroll the selection into view: centred horizontally, with some lines above and below it."""
        box = self.box
        if box is None or not self.size:
            return
        top, bottom = box.y - 2, box.y + box.height + 3
        y = min(self.scroll_y, top) if top < self.scroll_y else max(self.scroll_y, bottom - self.size.height)
        self.scroll_to(box.spine - self.size.width // 2, min(y, max(top, 0)), animate=False, force=True)
