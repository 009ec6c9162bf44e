"""The layout of a flow chart: the position and size of each box and line."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from goals_tui.domain.flow import End, Flow, GoTo, Handover, Node
from goals_tui.tui.flows.kinds import Appearance

START = "start"
"""The key of the Start box."""
PAGE = 64
"""The number of lines in a block of the index; a block is built when one of its lines is first read."""


class Box(NamedTuple):
    """A box that can be selected: Start, a node, or the slot of an empty branch.

    `parent` is the id of the node that contains the box (None under Start), `branch` the number of that node's branch,
    and `place` the index in it.
    """

    key: str
    x: int
    y: int
    width: int
    height: int
    node: Node | None
    face: Appearance | None
    parent: str | None
    branch: int
    place: int
    line_in: bool
    line_out: bool

    @property
    def spine(self) -> int:
        """The column at which lines enter and leave."""
        return self.x + self.width // 2

    @property
    def is_slot(self) -> bool:
        """True if the box is the slot of an empty branch."""
        return self.node is None and self.key != START


class HorizontalLine(NamedTuple):
    """A horizontal line or, if `is_title`, a text such as the title of a branch."""

    x: int
    y: int
    text: str
    is_title: bool = False


class VerticalLine(NamedTuple):
    """A vertical line from `top` to `bottom`, both included."""

    x: int
    top: int
    bottom: int


class Span(NamedTuple):
    """The cells that an item covers in one line of the chart; `row` is the line within a box."""

    x: int
    width: int
    item: Box | HorizontalLine | VerticalLine
    row: int


class Layout:
    """The boxes and lines of a flow.

    `boxes` maps keys to boxes, in reading order.
    """

    def __init__(
        self,
        boxes: list[Box],
        horizontals: list[HorizontalLine],
        verticals: list[VerticalLine],
        width: int,
        height: int,
    ) -> None:
        self.boxes = {box.key: box for box in boxes}
        self.width = width
        self.height = height
        self._pages: list[list[Box | HorizontalLine | VerticalLine]] = [[] for _ in range(height // PAGE + 1)]
        self._rows: dict[int, list[Span]] = {}
        # Most items are within a page; a flow of 2,000 nodes has 8,000 of them.
        for across in horizontals:
            self._pages[across.y // PAGE].append(across)
        for box in boxes:
            self._put(box, box.y // PAGE, (box.y + box.height - 1) // PAGE)
        for down in verticals:
            self._put(down, down.top // PAGE, down.bottom // PAGE)

    def _put(self, item: Box | VerticalLine, first: int, last: int) -> None:
        self._pages[first].append(item)
        for page in range(first + 1, last + 1):
            self._pages[page].append(item)

    @cached_property
    def sequences(self) -> dict[tuple[str | None, int], list[str]]:
        """The keys of the boxes of each parent and branch, in order."""
        found: dict[tuple[str | None, int], list[str]] = {}
        for box in self.boxes.values():
            if box.key != START:
                found.setdefault((box.parent, box.branch), []).append(box.key)
        return found

    def row(self, y: int) -> list[Span]:
        """Return the spans of line `y`, from left to right."""
        if not 0 <= y < self.height:
            return []
        if y not in self._rows:
            self._index(y // PAGE)
        return self._rows[y]

    def visible(self, y: int, left: int, right: int) -> list[Span]:
        """Return the spans of line `y` that overlap the columns from `left` up to, but not including, `right`."""
        row = self.row(y)
        first = max(0, bisect_right(row, left, key=lambda span: span.x) - 1)
        spans = []
        for place in range(first, len(row)):
            span = row[place]
            if span.x >= right:
                break
            if span.x + span.width > left:
                spans.append(span)
        return spans

    def at(self, x: int, y: int) -> Box | None:
        """Return the box that covers a point; None if there is none."""
        for span in self.visible(y, x, x + 1):
            if isinstance(span.item, Box):
                return span.item
        return None

    def _index(self, page: int) -> None:
        first, last = page * PAGE, min(self.height, (page + 1) * PAGE) - 1
        rows: dict[int, list[Span]] = {y: [] for y in range(first, last + 1)}
        for item in self._pages[page]:
            if isinstance(item, HorizontalLine):
                rows[item.y].append(Span(item.x, cell_len(item.text), item, 0))
            elif isinstance(item, VerticalLine):
                for y in range(max(first, item.top), min(last, item.bottom) + 1):
                    rows[y].append(Span(item.x, 1, item, 0))
            else:
                for y in range(max(first, item.y), min(last, item.y + item.height - 1) + 1):
                    rows[y].append(Span(item.x, item.width, item, y - item.y))
        for spans in rows.values():
            spans.sort(key=lambda span: span.x)
        self._rows.update(rows)


def slot_key(node_id: str, branch: int) -> str:
    """Return the key of the slot in an empty branch."""
    return f"{node_id}/{branch}"


@dataclass(frozen=True)
class Measures:
    """The sizes of a chart's parts, in cells."""

    box: int
    """The width of a node's box."""

    gap: int
    """The space between the branches of a node."""


ROOMY = Measures(box=37, gap=3)
COMPACT = Measures(box=25, gap=1)
SIZES = (ROOMY, Measures(box=33, gap=3), Measures(box=29, gap=1), COMPACT)
"""Measures from wide to narrow; box and gap are both odd, so that a node is centred over its branches."""
NARROW = 60
"""The width in columns below which a flow that does not fit is drawn compact."""
START_WIDTH = 11
SLOT_WIDTH = 9
MARGIN = 2


def goes_on(node: Node) -> bool:
    """Return whether the conversation can go on after a node in its sequence."""
    if isinstance(node, GoTo | End | Handover):
        return False
    return not node.branches or any(sequence_goes_on(branch.nodes) for branch in node.branches)


def sequence_goes_on(nodes: tuple[Node, ...]) -> bool:
    """Return whether the conversation can reach the end of a sequence."""
    return all(goes_on(node) for node in nodes)


def lay_out(
    flow: Flow,
    face: Callable[[Node], Appearance],
    measures: Measures = ROOMY,
    collapsed: Collection[str] = frozenset(),
) -> Layout:
    """Lay out a flow; `face` returns the texts on a node's box, which determine its height.

    The branches of the nodes whose ids are `collapsed` are left out.
    """
    return _Builder(face, measures, collapsed).build(flow)


def fitting(flow: Flow, width: int, *, compact: bool | None, collapsed: Collection[str] = frozenset()) -> Measures:
    """Return the widest measures with which a flow, with nodes `collapsed`, fits into `width` columns.

    `compact` chooses the narrowest or the widest instead, unless it is None.
    """
    if compact is not None:
        return COMPACT if compact else ROOMY
    found = next((size for size in SIZES if width_of(flow, size, collapsed) <= width), None)
    # A flow that has to be scrolled anyway gets boxes wide enough to read.
    return found or (COMPACT if width < NARROW else SIZES[-2])


def width_of(flow: Flow, measures: Measures, collapsed: Collection[str] = frozenset()) -> int:
    """Return the width of a flow's layout, in cells."""
    return _Builder(lambda node: Appearance("", "", "", ()), measures, collapsed).width(flow)


class _Extent(NamedTuple):
    """The cells that a block covers to the left and to the right of its spine."""

    left: int
    right: int

    @property
    def width(self) -> int:
        return self.left + 1 + self.right

    def around(self, other: _Extent) -> _Extent:
        return _Extent(max(self.left, other.left), max(self.right, other.right))


def _centred(width: int) -> _Extent:
    return _Extent(width // 2, width - 1 - width // 2)


class _Builder:
    """One run of the layout: measures widths from the inside out, then places boxes from the top down."""

    def __init__(
        self, face: Callable[[Node], Appearance], measures: Measures, collapsed: Collection[str] = frozenset()
    ) -> None:
        self._face = face
        self._collapsed = collapsed
        self._measures = measures
        self._box = _centred(measures.box)
        self._boxes: list[Box] = []
        self._horizontals: list[HorizontalLine] = []
        self._verticals: list[VerticalLine] = []
        self._titles: dict[str, list[str]] = {}
        self._branch_extents: dict[str, list[_Extent]] = {}

    def width(self, flow: Flow) -> int:
        """Return the width of the whole layout."""
        return self._measure(flow.nodes).around(_centred(START_WIDTH)).width + 2 * MARGIN

    def build(self, flow: Flow) -> Layout:
        extent = self._measure(flow.nodes).around(_centred(START_WIDTH))
        spine = MARGIN + extent.left
        left = spine - START_WIDTH // 2
        self._boxes.append(Box(START, left, 0, START_WIDTH, 3, None, None, None, 0, -1, line_in=False, line_out=True))
        bottom, alive = self._place(flow.nodes, spine, 3, None, 0)
        if alive:
            self._verticals.append(VerticalLine(spine, bottom, bottom))
            closing = "end of flow"
            self._horizontals.append(HorizontalLine(spine - len(closing) // 2, bottom + 1, closing, is_title=True))
            bottom += 2
        return Layout(self._boxes, self._horizontals, self._verticals, extent.width + 2 * MARGIN, bottom)

    def _measure(self, nodes: tuple[Node, ...]) -> _Extent:
        extent = self._box if nodes else _centred(SLOT_WIDTH)
        for node in nodes:
            if node.branches and node.id not in self._collapsed:
                extent = extent.around(self._measure_branches(node))
        return extent

    def _measure_branches(self, node: Node) -> _Extent:
        titles = [_shortened(branch.title, self._measures.box) for branch in node.branches]
        extents = [
            self._measure(branch.nodes).around(_centred(cell_len(text) + 2))
            for branch, text in zip(node.branches, titles, strict=True)
        ]
        self._titles[node.id] = titles
        self._branch_extents[node.id] = extents
        total = sum(extent.width for extent in extents) + self._measures.gap * (len(extents) - 1)
        left = _middle(self._spines(extents, 0))
        return self._box.around(_Extent(left, total - 1 - left))

    def _spines(self, extents: list[_Extent], x: int) -> list[int]:
        spines = []
        for extent in extents:
            spines.append(x + extent.left)
            x += extent.width + self._measures.gap
        return spines

    def _place(self, nodes: tuple[Node, ...], spine: int, y: int, parent: str | None, branch: int) -> tuple[int, bool]:
        """Place a sequence from line `y` on; return the first free line, and whether the conversation reaches it."""
        alive = True
        for index, node in enumerate(nodes):
            if alive:
                self._verticals.append(VerticalLine(spine, y, y))
            y += 1
            y, alive = self._place_node(node, spine, y, parent, branch, index, alive)
        return y, alive

    def _place_node(
        self, node: Node, spine: int, y: int, parent: str | None, branch: int, index: int, line_in: bool
    ) -> tuple[int, bool]:
        face = self._face(node)
        height = 3 + len(face.lines)
        width = self._measures.box
        branching = bool(node.branches) and node.id not in self._collapsed
        alive = not branching and goes_on(node)
        line_out = alive or branching
        self._boxes.append(
            Box(node.id, spine - width // 2, y, width, height, node, face, parent, branch, index, line_in, line_out)
        )
        y += height
        return self._place_branches(node, spine, y) if branching else (y, alive)

    def _place_branches(self, node: Node, spine: int, y: int) -> tuple[int, bool]:
        extents = self._branch_extents[node.id]
        spines = self._spines(extents, spine - _middle(self._spines(extents, 0)))
        self._horizontals.append(_fan(y, spine, spines, top=True))
        ends: list[tuple[int, int, bool]] = []
        for number, (at, branch) in enumerate(zip(spines, node.branches, strict=True)):
            text = self._titles[node.id][number]
            self._horizontals.append(HorizontalLine(at - cell_len(text) // 2, y + 1, text, is_title=True))
            if branch.nodes:
                bottom, alive = self._place(branch.nodes, at, y + 2, node.id, number)
            else:
                bottom, alive = self._place_slot(node.id, number, at, y + 2), True
            ends.append((at, bottom, alive))
        joined = [at for at, _, alive in ends if alive]
        lowest = max(bottom for _, bottom, _ in ends)
        if not joined:
            return lowest, False
        for at, bottom, alive in ends:
            if alive and bottom < lowest:
                self._verticals.append(VerticalLine(at, bottom, lowest - 1))
        self._horizontals.append(_fan(lowest, spine, joined, top=False))
        return lowest + 1, True

    def _place_slot(self, node_id: str, branch: int, spine: int, y: int) -> int:
        self._verticals.append(VerticalLine(spine, y, y))
        x = spine - SLOT_WIDTH // 2
        key = slot_key(node_id, branch)
        self._boxes.append(Box(key, x, y + 1, SLOT_WIDTH, 1, None, None, node_id, branch, 0, True, True))
        self._verticals.append(VerticalLine(spine, y + 2, y + 2))
        return y + 3


def _middle(spines: list[int]) -> int:
    return (spines[0] + spines[-1]) // 2


def _shortened(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def _fan(y: int, spine: int, spines: list[int], *, top: bool) -> HorizontalLine:
    """Return the line from a node to its branches (`top`), or from the branches back to the node's spine."""
    first, last = min(*spines, spine), max(*spines, spine)
    ends = set(spines)
    characters = ["─"] * (last - first + 1)
    for x in ends | {spine}:
        characters[x - first] = _joint(x == first, x == last, x == spine, x in ends, top)
    return HorizontalLine(first, y, "".join(characters))


_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_JOINTS = {
    _LEFT | _RIGHT: "─",
    _UP | _DOWN: "│",
    _DOWN | _RIGHT: "╭",
    _DOWN | _LEFT: "╮",
    _UP | _RIGHT: "╰",
    _UP | _LEFT: "╯",
    _DOWN | _LEFT | _RIGHT: "┬",
    _UP | _LEFT | _RIGHT: "┴",
    _UP | _DOWN | _RIGHT: "├",
    _UP | _DOWN | _LEFT: "┤",
    _UP | _DOWN | _LEFT | _RIGHT: "┼",
}


def _joint(first: bool, last: bool, on_spine: bool, on_branch: bool, top: bool) -> str:
    towards_node, towards_branch = (_UP, _DOWN) if top else (_DOWN, _UP)
    directions = (
        (0 if first else _LEFT)
        | (0 if last else _RIGHT)
        | (towards_node if on_spine else 0)
        | (towards_branch if on_branch else 0)
    )
    return _JOINTS[directions]
