"""The blocks of a flow chart: nodes with their branches, laid out relative to what is around them.

So a large flow of which little changed is laid out again quickly: only the blocks that changed, and those around them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from goals_tui.domain.flow import End, Flow, GoTo, Handover, Node
from goals_tui.tui.flows.kinds import Appearance

START = "start"
"""The key of the Start box."""


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

    def trunk(self, width: int) -> int:
        """Return the width of boxes outside of branches, which have no neighbours, in a view of `width` columns."""
        return max(self.box, min(TRUNK, (width - 2 * MARGIN - 1) | 1))


ROOMY = Measures(box=37, gap=3)
COMPACT = Measures(box=25, gap=1)
SIZES = (ROOMY, Measures(box=33, gap=3), Measures(box=29, gap=1), COMPACT)
"""Measures from wide to narrow; box and gap are both odd, so that a node is centred over its branches."""
TRUNK = 45
"""The width of a box that has no neighbours, if there is room. It is odd, as are those of other boxes."""
NARROW = 60
"""The width in columns below which a flow that does not fit is drawn compact."""
START_WIDTH = 11
SLOT_WIDTH = 9
MARGIN = 2


class Extent(NamedTuple):
    """The cells that a block covers to the left and to the right of its spine."""

    left: int
    right: int

    @property
    def width(self) -> int:
        return self.left + 1 + self.right

    def around(self, other: Extent) -> Extent:
        return Extent(max(self.left, other.left), max(self.right, other.right))


class Fork(NamedTuple):
    """The columns of a node's branches, relative to its spine."""

    titles: list[str]
    spines: list[int]
    starts: list[int]
    """The first column of each branch."""

    extent: Extent


class Branches:
    """The branches of a node, relative to its spine and to the line below its box."""

    def __init__(self, fork: Fork, sequences: list[Sequence]) -> None:
        self.fork = fork
        self.sequences = sequences
        self.lowest = 2 + max(sequence.height for sequence in sequences)
        """The line in which the branches join."""

        self.joined = [at for at, sequence in zip(fork.spines, sequences, strict=True) if sequence.goes_on]

    @property
    def height(self) -> int:
        return self.lowest + bool(self.joined)

    @cached_property
    def opening(self) -> tuple[int, str]:
        """The line from the node to its branches, with its first column."""
        return _fan(self.fork.spines, top=True)

    @cached_property
    def closing(self) -> tuple[int, str]:
        """The line from the branches back to the node's spine, with its first column."""
        return _fan(self.joined, top=False)


class Block(NamedTuple):
    """A node with its branches; `branches` is None if it has none, or they are collapsed."""

    node: Node
    face: Appearance
    branches: Branches | None
    goes_on: bool
    height: int
    """The height of the node's box."""


class Sequence(NamedTuple):
    """The nodes of a branch, or its slot, relative to its spine and to the line that leads to the first box."""

    keys: list[str]
    blocks: list[Block]
    """The nodes; empty for a slot."""

    tops: list[int]
    """The line above each box."""

    height: int
    goes_on: bool


Place = tuple[str | None, int, int]
"""The parent, the number of the branch and the index of a box."""


class _Kept(NamedTuple):
    """The parts of nodes by their ids; forks and branches stay while they are collapsed."""

    forks: dict[str, Fork]
    branches: dict[str, Branches]
    blocks: dict[str, Block]


class Blocks:
    """The blocks of a flow, kept from one layout to the next: only those that changed are made anew.

    `face` returns the texts on a node's box, which determine its height.
    """

    def __init__(self, flow: Flow, face: Callable[[Node], Appearance], collapsed: Set[str] = frozenset()) -> None:
        self._flow = flow
        self._face = face
        self._collapsed = collapsed
        self.places: dict[str, Place] = {}
        """The places of all boxes by their keys, in reading order."""

        self._kept: defaultdict[Measures, _Kept] = defaultdict(lambda: _Kept({}, {}, {}))
        self._find(flow.nodes, None, 0)

    def collapse(self, collapsed: Set[str]) -> None:
        """Leave out the branches of the nodes with these ids, and of no others."""
        changed, self._collapsed = collapsed ^ self._collapsed, collapsed
        self.change(changed)

    def change(self, ids: Iterable[str]) -> None:
        """Lay nodes out anew, as the texts on their boxes have changed."""
        for node_id in ids:
            around = self.places[node_id][0] if node_id in self.places else None
            for kept in self._kept.values():
                kept.blocks.pop(node_id, None)
            while around is not None:
                for kept in self._kept.values():
                    for parts in kept:
                        parts.pop(around, None)
                around = self.places[around][0]

    def fitting(self, width: int, *, compact: bool | None) -> Measures:
        """Return the widest measures with which the flow fits into `width` columns.

        `compact` chooses the narrowest or the widest instead, unless it is None.
        """
        if compact is not None:
            return COMPACT if compact else ROOMY
        found = next((size for size in SIZES if self.extent(size).width + 2 * MARGIN <= width), None)
        # A flow that has to be scrolled anyway gets boxes wide enough to read.
        return found or (COMPACT if width < NARROW else SIZES[-2])

    def extent(self, measures: Measures) -> Extent:
        """Return the columns that the flow covers on both sides of its spine."""
        return self._measure(self._flow.nodes, measures).around(centred(START_WIDTH))

    def under_start(self, measures: Measures) -> Sequence:
        """Return the nodes under Start in these measures."""
        return self._sequence(self._flow.nodes, measures)

    def _find(self, nodes: tuple[Node, ...], parent: str | None, branch: int) -> None:
        for index, node in enumerate(nodes):
            self.places[node.id] = (parent, branch, index)
            for number, inside in enumerate(node.branches):
                if inside.nodes:
                    self._find(inside.nodes, node.id, number)
                else:
                    self.places[slot_key(node.id, number)] = (node.id, number, 0)

    def _measure(self, nodes: tuple[Node, ...], measures: Measures) -> Extent:
        extent = centred(measures.box if nodes else SLOT_WIDTH)
        for node in nodes:
            if node.branches and node.id not in self._collapsed:
                extent = extent.around(self._fork(node, measures).extent)
        return extent

    def _fork(self, node: Node, measures: Measures) -> Fork:
        known = self._kept[measures].forks.get(node.id)
        if known is None:
            titles = [_shortened(branch.title, measures.box) for branch in node.branches]
            starts, spines, x = [], [], 0
            for branch, text in zip(node.branches, titles, strict=True):
                extent = self._measure(branch.nodes, measures).around(centred(cell_len(text) + 2))
                starts.append(x)
                spines.append(x + extent.left)
                x += extent.width + measures.gap
            left = (spines[0] + spines[-1]) // 2
            around = Extent(left, x - measures.gap - 1 - left)
            known = Fork(titles, [x - left for x in spines], [x - left for x in starts], around)
            self._kept[measures].forks[node.id] = known
        return known

    def _sequence(self, nodes: tuple[Node, ...], measures: Measures) -> Sequence:
        known = self._kept[measures].blocks
        blocks, tops, y = [], [], 0
        for node in nodes:
            block = known.get(node.id) or self._block(node, measures)
            blocks.append(block)
            tops.append(y)
            y += 1 + block.height + (block.branches.height if block.branches else 0)
        return Sequence([node.id for node in nodes], blocks, tops, y, not blocks or blocks[-1].goes_on)

    def _block(self, node: Node, measures: Measures) -> Block:
        face = self._face(node)
        branches = self._branches(node, measures) if node.branches and node.id not in self._collapsed else None
        alive = bool(branches.joined) if branches else goes_on(node)
        block = self._kept[measures].blocks[node.id] = Block(node, face, branches, alive, 3 + len(face.lines))
        return block

    def _branches(self, node: Node, measures: Measures) -> Branches:
        known = self._kept[measures].branches.get(node.id)
        if known is None:
            sequences = [
                self._sequence(branch.nodes, measures) if branch.nodes else _slot(slot_key(node.id, number))
                for number, branch in enumerate(node.branches)
            ]
            known = self._kept[measures].branches[node.id] = Branches(self._fork(node, measures), sequences)
        return known


def _slot(key: str) -> Sequence:
    return Sequence([key], [], [], 3, goes_on=True)


def centred(width: int) -> Extent:
    """Return the extent of a box on the spine."""
    return Extent(width // 2, width - 1 - width // 2)


def goes_on(node: Node) -> bool:
    """Return whether the conversation can go on after a node in its sequence."""
    if isinstance(node, GoTo | End | Handover):
        return False
    return not node.branches or any(sequence_goes_on(branch.nodes) for branch in node.branches)


def sequence_goes_on(nodes: tuple[Node, ...]) -> bool:
    """Return whether the conversation can reach the end of a sequence."""
    return all(goes_on(node) for node in nodes)


def _shortened(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…"


def _fan(spines: list[int], *, top: bool) -> tuple[int, str]:
    """Return the line from a node, at column 0, to its branches (`top`) or from there back, with its first column."""
    first, last = min(*spines, 0), max(*spines, 0)
    ends = set(spines)
    characters = ["─"] * (last - first + 1)
    for x in ends | {0}:
        characters[x - first] = _joint(x == first, x == last, x == 0, x in ends, top)
    return first, "".join(characters)


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
