"""A flow chart that is laid out: positioned boxes and pieces of line, and which of them show where. No Textual."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len

from goals_tui.domain.flow import Node
from goals_tui.tui.flows.faces import Face

START = "start"
"""The key of the spot where every flow begins."""

PAGE = 64
"""Lines are indexed in blocks of so many, each when it is first looked at."""


class Spot(NamedTuple):
    """Something that can be selected: Start, a node's box, or the slot of an empty branch.

    `parent` is the key of the node whose branch number `branch` it lies in (None: under Start), at `index`.
    """

    key: str
    x: int
    y: int
    width: int
    height: int
    node: Node | None
    face: Face | None
    parent: str | None
    branch: int
    place: int
    line_in: bool
    line_out: bool

    @property
    def spine(self) -> int:
        """The column on which lines come in and go out."""
        return self.x + self.width // 2

    @property
    def is_slot(self) -> bool:
        """Whether it is an empty branch."""
        return self.node is None and self.key != START


class Run(NamedTuple):
    """A horizontal piece of line, or (`is_title`) the title of a branch."""

    x: int
    y: int
    text: str
    is_title: bool = False


class Pole(NamedTuple):
    """A vertical piece of line, `top` and `bottom` included."""

    x: int
    top: int
    bottom: int


class Span(NamedTuple):
    """What one line of the chart shows from column `x` on; `row` counts within a spot."""

    x: int
    width: int
    item: Spot | Run | Pole
    row: int


class Layout:
    """A laid out flow. `spots` are by key, in reading order."""

    def __init__(self, spots: list[Spot], runs: list[Run], poles: list[Pole], width: int, height: int) -> None:
        self.spots = {spot.key: spot for spot in spots}
        self.width = width
        self.height = height
        self.sequences: dict[tuple[str | None, int], list[str]] = {}
        for spot in spots:
            if spot.key != START:
                self.sequences.setdefault((spot.parent, spot.branch), []).append(spot.key)
        self._pages: list[list[Spot | Run | Pole]] = [[] for _ in range(height // PAGE + 1)]
        self._rows: dict[int, list[Span]] = {}
        for item, top, bottom in _extents(spots, runs, poles):
            for page in range(top // PAGE, bottom // PAGE + 1):
                self._pages[page].append(item)

    def row(self, y: int) -> list[Span]:
        """What line `y` shows, from left to right."""
        if not 0 <= y < self.height:
            return []
        if y not in self._rows:
            self._index(y // PAGE)
        return self._rows[y]

    def visible(self, y: int, left: int, right: int) -> list[Span]:
        """The part of `row` between two columns, `right` not included."""
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

    def at(self, x: int, y: int) -> Spot | None:
        """The spot that covers a point."""
        for span in self.visible(y, x, x + 1):
            if isinstance(span.item, Spot):
                return span.item
        return None

    def _index(self, page: int) -> None:
        first, last = page * PAGE, min(self.height, (page + 1) * PAGE) - 1
        rows: dict[int, list[Span]] = {y: [] for y in range(first, last + 1)}
        for item in self._pages[page]:
            if isinstance(item, Run):
                rows[item.y].append(Span(item.x, cell_len(item.text), item, 0))
            elif isinstance(item, Pole):
                for y in range(max(first, item.top), min(last, item.bottom) + 1):
                    rows[y].append(Span(item.x, 1, item, 0))
            else:
                for y in range(max(first, item.y), min(last, item.y + item.height - 1) + 1):
                    rows[y].append(Span(item.x, item.width, item, y - item.y))
        for spans in rows.values():
            spans.sort(key=lambda span: span.x)
        self._rows.update(rows)


def slot_key(node_id: str, branch: int) -> str:
    """The key of the slot in an empty branch."""
    return f"{node_id}/{branch}"


def _extents(spots: list[Spot], runs: list[Run], poles: list[Pole]) -> Iterator[tuple[Spot | Run | Pole, int, int]]:
    for spot in spots:
        yield spot, spot.y, spot.y + spot.height - 1
    for run in runs:
        yield run, run.y, run.y
    for pole in poles:
        yield pole, pole.top, pole.bottom
