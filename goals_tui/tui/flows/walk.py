"""Where an arrow key leads on a flow chart: along the lines, into branches and out of them, across to others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from goals_tui.tui.flows.layout import START, Layout, Spot

Direction = Literal["up", "down", "left", "right", "previous", "next", "first", "last"]

Visited = Mapping[str, int]
"""The branch of a node that was visited last, by the node's id: where its lines lead when one comes again."""


def step(layout: Layout, key: str, direction: Direction, visited: Visited) -> str:
    """The key of the spot that one comes to from the spot `key`; the same one where the line ends.

    `previous` and `next` stay in the sequence and pass branches over; `first` and `last` are Start and the last
    node under it.
    """
    spot = layout.spots[key]
    match direction:
        case "down":
            return _down(layout, spot, visited)
        case "up":
            return _up(layout, spot, visited)
        case "left":
            return _across(layout, spot, -1)
        case "right":
            return _across(layout, spot, 1)
        case "previous":
            return _beside(layout, spot, -1) or spot.parent or START
        case "next":
            return _beside(layout, spot, 1) or _after(layout, spot) or key
        case "first":
            return START
        case "last":
            return (layout.sequences.get((None, 0)) or [START])[-1]


def page(layout: Layout, key: str, lines: int) -> str:
    """The spot about so many lines further down (negative: up), as near to the same column as there is one."""
    spot = layout.spots[key]
    wanted = min(max(spot.y + lines, 0), layout.height)
    beyond = [other for other in layout.spots.values() if (other.y > spot.y if lines > 0 else other.y < spot.y)]
    nearest = min(beyond, key=lambda other: (abs(other.y - wanted) // 4, abs(other.spine - spot.spine)), default=spot)
    return nearest.key


def ancestors(layout: Layout, key: str) -> list[tuple[str, int]]:
    """The nodes that a spot lies in, innermost first, each with the number of the branch."""
    found = []
    spot = layout.spots[key]
    while spot.parent is not None:
        found.append((spot.parent, spot.branch))
        spot = layout.spots[spot.parent]
    return found


def nearest(before: Layout | None, after: Layout, key: str) -> str:
    """What to select when the selected spot is gone: what now is in its place, else before it, else its parent."""
    gone = before.spots.get(key) if before else None
    if gone is None:
        return START
    sequence = after.sequences.get((gone.parent, gone.branch))
    if sequence:
        return sequence[min(gone.place, len(sequence) - 1)]
    return gone.parent if gone.parent in after.spots and gone.parent is not None else START


def _down(layout: Layout, spot: Spot, visited: Visited) -> str:
    if spot.key == START:
        return (layout.sequences.get((None, 0)) or [START])[0]
    if spot.node is not None and spot.node.branches:
        return layout.sequences[spot.key, _last_visited(spot, visited)][0]
    return _beside(layout, spot, 1) or _after(layout, spot) or spot.key


def _up(layout: Layout, spot: Spot, visited: Visited) -> str:
    before = _beside(layout, spot, -1)
    if before is None:
        return spot.parent or START
    return _bottom(layout, layout.spots[before], visited)


def _bottom(layout: Layout, spot: Spot, visited: Visited) -> str:
    """The last spot of what hangs under a node: where the line to the next node comes from."""
    while spot.node is not None and spot.node.branches:
        spot = layout.spots[layout.sequences[spot.key, _last_visited(spot, visited)][-1]]
    return spot.key


def _last_visited(spot: Spot, visited: Visited) -> int:
    count = len(spot.node.branches) if spot.node else 0
    return min(visited.get(spot.key, 0), count - 1)


def _beside(layout: Layout, spot: Spot, by: int) -> str | None:
    if spot.key == START:
        return None
    sequence = layout.sequences[spot.parent, spot.branch]
    place = spot.place + by
    return sequence[place] if 0 <= place < len(sequence) else None


def _after(layout: Layout, spot: Spot) -> str | None:
    """What follows after the branches that a spot lies in."""
    while spot.parent is not None:
        spot = layout.spots[spot.parent]
        following = _beside(layout, spot, 1)
        if following is not None:
            return following
    return None


def _across(layout: Layout, spot: Spot, by: int) -> str:
    for parent, branch in ancestors(layout, spot.key):
        sequence = layout.sequences.get((parent, branch + by))
        if sequence:
            return min(sequence, key=lambda key: abs(layout.spots[key].y - spot.y))
    return spot.key
