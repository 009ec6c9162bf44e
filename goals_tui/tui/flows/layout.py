"""The layout of a flow chart: the position and size of each box and line, computed when it is asked for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rich.cells import cell_len

from goals_tui.domain.flow import Node
from goals_tui.tui.flows.blocks import (
    MARGIN,
    ROOMY,
    SLOT_WIDTH,
    START,
    START_WIDTH,
    Blocks,
    Branches,
    Measures,
    Place,
    Sequence,
    centred,
)
from goals_tui.tui.flows.kinds import Appearance


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
    """The part of a vertical line in line `y` of the chart."""

    x: int
    y: int


class Span(NamedTuple):
    """The cells that an item covers in one line of the chart; `row` is the line within a box."""

    x: int
    width: int
    item: Box | HorizontalLine | VerticalLine
    row: int


class _Boxes(Mapping[str, Box]):
    """The boxes of a layout by their keys, in reading order."""

    def __init__(self, places: Mapping[str, Place], root: Sequence, spine: int, trunk: int, width: int) -> None:
        self._places = places
        self._start = Box(START, spine - START_WIDTH // 2, 0, START_WIDTH, 3, None, None, None, 0, -1, False, True)
        self._trunk = trunk
        self._width = width
        self._sequences: dict[tuple[str | None, int], tuple[Sequence, int, int]] = {(None, 0): (root, spine, 3)}

    def __getitem__(self, key: str) -> Box:
        if key == START:
            return self._start
        parent, branch, index = self._places[key]
        return self.box(*self.sequence(parent, branch), parent, branch, index)

    def __iter__(self) -> Iterator[str]:
        return (box.key for box in self.walk())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def walk(self) -> Iterator[Box]:
        """Iterate over all boxes, in reading order."""
        yield self._start
        yield from self._within(*self.sequence(None, 0), None, 0)

    def _within(self, inside: Sequence, spine: int, top: int, parent: str | None, branch: int) -> Iterator[Box]:
        for index in range(len(inside.keys)):
            box = self.box(inside, spine, top, parent, branch, index)
            yield box
            branches = inside.blocks[index].branches if inside.blocks else None
            if branches is not None:
                below = box.y + box.height + 2
                for number, each in enumerate(branches.sequences):
                    yield from self._within(each, spine + branches.fork.spines[number], below, box.key, number)

    def sequence(self, parent: str | None, branch: int) -> tuple[Sequence, int, int]:
        """Return a sequence, its spine and its first line. Raises KeyError if it is not drawn."""
        known = self._sequences.get((parent, branch))
        if known is None:
            if parent is None:
                raise KeyError(branch)
            around, number, index = self._places[parent]
            sequence, spine, y = self.sequence(around, number)
            block = sequence.blocks[index] if sequence.blocks else None
            if block is None or block.branches is None or not 0 <= branch < len(block.branches.sequences):
                raise KeyError(parent)
            below = y + sequence.tops[index] + 1 + block.height + 2
            known = block.branches.sequences[branch], spine + block.branches.fork.spines[branch], below
            self._sequences[parent, branch] = known
        return known

    def box(self, sequence: Sequence, spine: int, y: int, parent: str | None, branch: int, index: int) -> Box:
        """Return a box of a sequence whose spine and first line are given."""
        if not sequence.blocks:
            x = spine - SLOT_WIDTH // 2
            return Box(sequence.keys[0], x, y + 1, SLOT_WIDTH, 1, None, None, parent, branch, 0, True, True)
        node, face, branches, goes_on, height = sequence.blocks[index]
        line_in = index == 0 or sequence.blocks[index - 1].goes_on
        line_out = goes_on or branches is not None
        width = self._trunk if parent is None else self._width
        x, y = spine - width // 2, y + sequence.tops[index] + 1
        return Box(node.id, x, y, width, height, node, face, parent, branch, index, line_in, line_out)


class Layout:
    """The boxes and lines of a flow.

    `boxes` maps keys to boxes, in reading order. `trunk` is the width of boxes outside of branches, if it isn't that of
    the others.
    """

    def __init__(self, blocks: Blocks, measures: Measures = ROOMY, *, trunk: int = 0) -> None:
        trunk = max(trunk, measures.box)
        extent, self._root = blocks.extent(measures).around(centred(trunk)), blocks.under_start(measures)
        self._spine = MARGIN + extent.left
        self._boxes = _Boxes(blocks.places, self._root, self._spine, trunk, measures.box)
        self.width = extent.width + 2 * MARGIN
        self.height = 3 + self._root.height + 2 * self._root.goes_on

    @property
    def boxes(self) -> Mapping[str, Box]:
        """The boxes by their keys."""
        return self._boxes

    def sequence(self, parent: str | None, branch: int) -> list[str]:
        """Return the keys of the boxes in a branch of a node, under Start if `parent` is None; empty if not drawn."""
        try:
            return self._boxes.sequence(parent, branch)[0].keys
        except KeyError:
            return []

    def row(self, y: int) -> list[Span]:
        """Return the spans of line `y`, from left to right."""
        return self.visible(y, 0, self.width)

    def visible(self, y: int, left: int, right: int) -> list[Span]:
        """Return the spans of line `y` that overlap the columns from `left` up to, but not including, `right`."""
        if not 0 <= y < self.height:
            return []
        line = y - 3 - self._root.height
        if y < 3:
            spans = iter((_box_span(self.boxes[START], y),))
        elif line < 0:
            spans = self._in_sequence(self._root, self._spine, 3, None, 0, y, left, right)
        elif line == 0:
            spans = iter((_pole(self._spine, y),))
        else:
            spans = iter((_title(self._spine, y, "end of flow"),))
        return [span for span in spans if span.x < right and span.x + span.width > left]

    def walk(self) -> Iterator[Box]:
        """Iterate over all boxes, in reading order."""
        return self._boxes.walk()

    def at(self, x: int, y: int) -> Box | None:
        """Return the box that covers a point; None if there is none."""
        for span in self.visible(y, x, x + 1):
            if isinstance(span.item, Box):
                return span.item
        return None

    def _in_sequence(
        self, inside: Sequence, spine: int, top: int, parent: str | None, branch: int, y: int, left: int, right: int
    ) -> Iterator[Span]:
        """Yield the spans of line `y` in a sequence whose first line is `top`."""
        if not inside.blocks:
            box = self._boxes.box(inside, spine, top, parent, branch, 0)
            yield _box_span(box, y) if y == box.y else _pole(spine, y)
            return
        index = bisect_right(inside.tops, y - top) - 1
        box = self._boxes.box(inside, spine, top, parent, branch, index)
        below = box.y + box.height
        branches = inside.blocks[index].branches
        if y < box.y:
            if box.line_in:
                yield _pole(spine, y)
        elif y < below:
            yield _box_span(box, y)
        elif branches is not None:
            yield from self._in_branches(branches, spine, below, box.key, y, left, right)

    def _in_branches(
        self, branches: Branches, spine: int, top: int, parent: str, y: int, left: int, right: int
    ) -> Iterator[Span]:
        """Yield the spans of line `y` in the branches of a node, which begin with line `top`."""
        fork, line = branches.fork, y - top
        if line in (0, branches.lowest):
            x, text = branches.closing if line else branches.opening
            yield Span(spine + x, len(text), HorizontalLine(spine + x, y, text), 0)
            return
        for number in range(max(0, bisect_right(fork.starts, left - spine) - 1), len(fork.starts)):
            if spine + fork.starts[number] >= right:
                break
            at, inside = spine + fork.spines[number], branches.sequences[number]
            if line == 1:
                yield _title(at, y, fork.titles[number])
            elif line - 2 < inside.height:
                yield from self._in_sequence(inside, at, top + 2, parent, number, y, left, right)
            elif inside.goes_on:
                yield _pole(at, y)


def _box_span(box: Box, y: int) -> Span:
    return Span(box.x, box.width, box, y - box.y)


def _pole(x: int, y: int) -> Span:
    return Span(x, 1, VerticalLine(x, y), 0)


def _title(spine: int, y: int, text: str) -> Span:
    width = cell_len(text)
    x = spine - width // 2
    return Span(x, width, HorizontalLine(x, y, text, is_title=True), 0)
