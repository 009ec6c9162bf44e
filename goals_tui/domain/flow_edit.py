"""Edits of flows: each returns a new flow, so that keeping the old one is enough to undo an edit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.flow import MAX_DEPTH, Branch, ExecuteFlow, Flow, GoTo, Node, title, walk_nodes
from goals_tui.domain.ids import Ids

Nodes = tuple[Node, ...]
_Way = tuple[tuple[int, int], ...]
"""The path from Start to a sequence: pairs of a node's place and a branch's number, outermost first."""


@dataclass(frozen=True)
class Position:
    """A place in a flow: before the node at `index` in a branch of `parent_id`, or under Start if that is None."""

    parent_id: str | None
    branch: int
    index: int


def position_of(flow: Flow, node_id: str) -> Position:
    """Return the position of a node. Raises NotFoundError."""
    way, index = _locate(flow, node_id)
    if not way:
        return Position(None, 0, index)
    nodes: Nodes = flow.nodes
    for place, branch in way[:-1]:
        nodes = nodes[place].branches[branch].nodes
    place, branch = way[-1]
    return Position(nodes[place].id, branch, index)


def siblings(flow: Flow, position: Position) -> Nodes:
    """Return the sequence of nodes that a position is in. Raises NotFoundError or RefusedError."""
    if position.parent_id is None:
        return flow.nodes
    return _branch(flow.node(position.parent_id), position.branch).nodes


def insert_at(flow: Flow, position: Position, *nodes: Node) -> Flow:
    """Insert nodes at a position, in this order. Raises RefusedError for ids in use and for branches too deep."""
    place = position.index
    if not 0 <= place <= len(siblings(flow, position)):
        raise RefusedError(f"There is no place {place} in that sequence of the flow {flow.name!r}.")
    way: _Way = ()
    if position.parent_id is not None:
        outer, index = _locate(flow, position.parent_id)
        way = (*outer, (index, position.branch))
    _check_insert(flow, nodes, len(way))
    return _changed(flow, way, lambda old: (*old[:place], *nodes, *old[place:]))


def replace(flow: Flow, node: Node) -> Flow:
    """Replace the node that has the id of `node`, branches included."""
    way, place = _locate(flow, node.id)
    _check_insert(remove(flow, node.id)[0], (node,), len(way))
    return _changed(flow, way, lambda old: (*old[:place], node, *old[place + 1 :]))


def run_between(flow: Flow, first_id: str, last_id: str) -> Nodes:
    """Return the nodes from one to another, in either order, that follow each other in one sequence.

    Where the two are in different branches, the run is of the nodes that contain them. Raises NotFoundError.
    """
    first, last = ((*way, (index, -1)) for way, index in (_locate(flow, first_id), _locate(flow, last_id)))
    nodes: Nodes = flow.nodes
    for one, other in zip(first, last, strict=False):
        if one != other or one[1] < 0:
            low, high = sorted((one[0], other[0]))
            return nodes[low : high + 1]
        nodes = nodes[one[0]].branches[one[1]].nodes
    raise AssertionError("two ways differ, or both end")


def remove(flow: Flow, node_id: str, count: int = 1) -> tuple[Flow, Nodes]:
    """Remove a node with its branches, or a run of `count` nodes from it on; return the new flow and the nodes."""
    way, place = _locate(flow, node_id)
    removed = siblings(flow, position_of(flow, node_id))[place : place + count]
    return _changed(flow, way, lambda old: (*old[:place], *old[place + count :])), removed


def move_up(flow: Flow, node_id: str, count: int = 1) -> Flow:
    """Move a node, or a run of `count` nodes from it on, before the node above; the first one stays."""
    way, place = _locate(flow, node_id)
    if place == 0:
        return flow
    return _changed(flow, way, lambda old: _moved(old, place - 1, place + count - 1))


def move_down(flow: Flow, node_id: str, count: int = 1) -> Flow:
    """Move a node, or a run of `count` nodes from it on, after the node below; the last one stays."""
    way, place = _locate(flow, node_id)
    if place + count >= len(siblings(flow, position_of(flow, node_id))):
        return flow
    return _changed(flow, way, lambda old: _moved(old, place + count, place))


def with_new_ids(node: Node, ids: Ids) -> Node:
    """Return a copy of a node and its branches with new ids, as for pasting it."""
    (new,) = every_node((node,), lambda old: old.model_copy(update={"id": ids.hex24()}))
    return new


def nodes_of_copy(flow: Flow, copy_id: str, ids: Ids) -> Nodes:
    """Return the nodes for a copy of a flow, with new ids; links to the flow itself lead to the copy."""

    new_ids = {node.id: ids.hex24() for node in flow.walk()}

    def copied(node: Node) -> Node:
        changes = {"id": new_ids[node.id]}
        if isinstance(node, GoTo | ExecuteFlow) and node.flow_id == flow.id:
            changes |= {"flow_id": copy_id, "node_id": new_ids.get(node.node_id, node.node_id)}
        return node.model_copy(update=changes)

    return every_node(flow.nodes, copied)


def every_node(nodes: Nodes, change: Callable[[Node], Node]) -> Nodes:
    """Return the nodes with `change` applied to each, those in branches included."""

    def changed(node: Node) -> Node:
        inner = (branch.model_copy(update={"nodes": every_node(branch.nodes, change)}) for branch in node.branches)
        return change(_with_branches(node, tuple(inner)))

    return tuple(map(changed, nodes))


def _locate(flow: Flow, node_id: str) -> tuple[_Way, int]:
    for way, nodes in _sequences(flow.nodes):
        for index, node in enumerate(nodes):
            if node.id == node_id:
                return way, index
    raise NotFoundError(f"node of the flow {flow.name!r} with the id", node_id)


def _sequences(nodes: Nodes) -> Iterator[tuple[_Way, Nodes]]:
    pending: list[tuple[_Way, Nodes]] = [((), nodes)]
    while pending:
        way, sequence = pending.pop()
        yield way, sequence
        for place, node in enumerate(sequence):
            pending.extend(((*way, (place, number)), branch.nodes) for number, branch in enumerate(node.branches))


def _changed(flow: Flow, way: _Way, edit: Callable[[Nodes], Nodes]) -> Flow:
    return flow.model_copy(update={"nodes": _changed_sequence(flow.nodes, way, edit)})


def _changed_sequence(nodes: Nodes, way: _Way, edit: Callable[[Nodes], Nodes]) -> Nodes:
    if not way:
        return edit(nodes)
    (place, number), inner = way[0], way[1:]
    node = nodes[place]
    branch = node.branches[number]
    changed = branch.model_copy(update={"nodes": _changed_sequence(branch.nodes, inner, edit)})
    branches = (*node.branches[:number], changed, *node.branches[number + 1 :])
    return (*nodes[:place], _with_branches(node, branches), *nodes[place + 1 :])


def _with_branches(node: Node, branches: tuple[Branch, ...]) -> Node:
    return node.model_copy(update={"branches": branches})


def _moved(nodes: Nodes, place: int, to: int) -> Nodes:
    rest = (*nodes[:place], *nodes[place + 1 :])
    return (*rest[:to], nodes[place], *rest[to:])


def _check_insert(flow: Flow, nodes: Nodes, depth: int) -> None:
    # model_copy does not validate, and validating the whole flow would cost more than the edit.
    taken = {node.id for node in flow.walk()}
    for node in walk_nodes(nodes):
        if node.id in taken:
            raise RefusedError(f"The flow {flow.name!r} has a node with the id {node.id} already. Paste it again.")
        taken.add(node.id)
    deepest = depth + max((len(way) for way, sequence in _sequences(nodes) if sequence), default=0)
    if deepest > MAX_DEPTH:
        raise RefusedError(
            f"Branches lie within branches at most {MAX_DEPTH} deep. Put the inner part into a flow of its own."
        )


def _branch(node: Node, index: int) -> Branch:
    if not 0 <= index < len(node.branches):
        raise RefusedError(f"{title(node)!r} has no branch number {index + 1}.")
    return node.branches[index]
