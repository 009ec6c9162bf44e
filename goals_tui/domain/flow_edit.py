"""Edits of a flow: each takes a flow and gives a new one; what a screen undoes by keeping the old one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.flow import MAX_DEPTH, Branch, Flow, Lookup, Node, title, walk_nodes
from goals_tui.domain.model import Ids, clean_line

Nodes = tuple[Node, ...]
_Way = tuple[tuple[int, int], ...]
"""How to get to a sequence from Start: the places of nodes and of their branches, outermost first."""


@dataclass(frozen=True)
class Position:
    """A place in a flow: before the node that is now at `index` of a branch of `parent_id` (None: under Start)."""

    parent_id: str | None
    branch: int
    index: int


@dataclass(frozen=True)
class Crumb:
    """One stop on the way to a node: a node that branches, and the branch of it that leads on."""

    node: Node
    branch: Branch

    @property
    def title(self) -> str:
        """How the stop is called in a breadcrumb."""
        return f"{title(self.node)}: {self.branch.title}"


def position_of(flow: Flow, node_id: str) -> Position:
    """Where a node is; raises NotFoundError."""
    way, index = _locate(flow, node_id)
    if not way:
        return Position(None, 0, index)
    nodes: Nodes = flow.nodes
    for place, branch in way[:-1]:
        nodes = nodes[place].branches[branch].nodes
    place, branch = way[-1]
    return Position(nodes[place].id, branch, index)


def path_to(flow: Flow, node_id: str) -> tuple[Crumb, ...]:
    """The nodes and branches that a node lies in, outermost first; empty right under Start."""
    way, _ = _locate(flow, node_id)
    crumbs = []
    nodes: Nodes = flow.nodes
    for place, branch in way:
        crumbs.append(Crumb(nodes[place], nodes[place].branches[branch]))
        nodes = nodes[place].branches[branch].nodes
    return tuple(crumbs)


def siblings(flow: Flow, position: Position) -> Nodes:
    """The sequence that a position lies in; raises NotFoundError or RefusedError."""
    if position.parent_id is None:
        return flow.nodes
    return _branch(flow.node(position.parent_id), position.branch).nodes


def insert_at(flow: Flow, position: Position, *nodes: Node) -> Flow:
    """Insert nodes at a position, in this order. Raises RefusedError for ids that are taken and for too deep a nest."""
    place = position.index
    if not 0 <= place <= len(siblings(flow, position)):
        raise RefusedError(f"There is no place {place} in that sequence of the flow {flow.name!r}.")
    way: _Way = ()
    if position.parent_id is not None:
        outer, index = _locate(flow, position.parent_id)
        way = (*outer, (index, position.branch))
    _check_insert(flow, nodes, len(way))
    return _changed(flow, way, lambda old: (*old[:place], *nodes, *old[place:]))


def insert_after(flow: Flow, node_id: str | None, node: Node) -> Flow:
    """Insert `node` right after another one, in the same sequence; None stands for Start."""
    if node_id is None:
        return insert_at(flow, Position(None, 0, 0), node)
    before = position_of(flow, node_id)
    return insert_at(flow, Position(before.parent_id, before.branch, before.index + 1), node)


def insert_in_branch(flow: Flow, node_id: str, branch_index: int, node: Node) -> Flow:
    """Insert `node` as the first one of a branch of the node `node_id`."""
    return insert_at(flow, Position(node_id, branch_index, 0), node)


def replace(flow: Flow, node: Node) -> Flow:
    """Put `node` in the place of the one with its id, branches included."""
    way, place = _locate(flow, node.id)
    _check_insert(remove(flow, node.id)[0], (node,), len(way))
    return _changed(flow, way, lambda old: (*old[:place], node, *old[place + 1 :]))


def remove(flow: Flow, node_id: str) -> tuple[Flow, Node]:
    """Take a node out, with its branches; what was taken comes back beside the flow."""
    way, place = _locate(flow, node_id)
    removed = flow.node(node_id)
    return _changed(flow, way, lambda old: (*old[:place], *old[place + 1 :])), removed


def move_up(flow: Flow, node_id: str) -> Flow:
    """Swap a node with the one before it in its sequence; the first one stays."""
    way, place = _locate(flow, node_id)
    return flow if place == 0 else _changed(flow, way, lambda old: _swapped(old, place - 1))


def move_down(flow: Flow, node_id: str) -> Flow:
    """Swap a node with the one after it in its sequence; the last one stays."""
    position = position_of(flow, node_id)
    if position.index + 1 == len(siblings(flow, position)):
        return flow
    way, place = _locate(flow, node_id)
    return _changed(flow, way, lambda old: _swapped(old, place))


def add_branch(flow: Flow, node_id: str, value: str, *, index: int | None = None, nodes: Nodes = ()) -> Flow:
    """Add a case to a Lookup, before Default unless `index` says otherwise."""
    node = _lookup(flow, node_id)
    value = _free_value(node, value)
    default = next((place for place, way in enumerate(node.branches) if way.kind == "default"), len(node.branches))
    at = default if index is None else index
    case = Branch(kind="case", value=value, nodes=nodes)
    return replace(flow, _with_branches(node, (*node.branches[:at], case, *node.branches[at:])))


def remove_branch(flow: Flow, node_id: str, branch_index: int) -> tuple[Flow, Branch]:
    """Take a case with its nodes out of a Lookup; Default stays. What was taken comes back beside the flow."""
    node = _lookup(flow, node_id)
    removed = _branch(node, branch_index)
    if removed.kind == "default":
        raise RefusedError("Default can't be removed: it is where a Lookup goes on when no case fits.")
    rest = (*node.branches[:branch_index], *node.branches[branch_index + 1 :])
    return replace(flow, _with_branches(node, rest)), removed


def rename_branch(flow: Flow, node_id: str, branch_index: int, value: str) -> Flow:
    """Change the value of a Lookup's case."""
    node = _lookup(flow, node_id)
    branch = _branch(node, branch_index)
    if branch.kind == "default":
        raise RefusedError("Default has no value: it is where a Lookup goes on when no case fits.")
    value = _free_value(node, value, apart_from=branch_index)
    renamed = branch.model_copy(update={"value": value})
    return replace(
        flow, _with_branches(node, (*node.branches[:branch_index], renamed, *node.branches[branch_index + 1 :]))
    )


def with_new_ids(node: Node, ids: Ids) -> Node:
    """The same node, branches and all, under ids of its own: what pasting inserts."""
    branches = tuple(
        branch.model_copy(update={"nodes": tuple(with_new_ids(child, ids) for child in branch.nodes)})
        for branch in node.branches
    )
    return node.model_copy(update={"id": ids.hex24(), "branches": branches})


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


def _swapped(nodes: Nodes, place: int) -> Nodes:
    return (*nodes[:place], nodes[place + 1], nodes[place], *nodes[place + 2 :])


def _check_insert(flow: Flow, nodes: Nodes, depth: int) -> None:
    # model_copy does not validate, and validating the whole flow for each edit would cost more than the edit.
    taken = {node.id for node in flow.walk()}
    for node in walk_nodes(nodes):
        if node.id in taken:
            raise RefusedError(f"The flow {flow.name!r} has a node with the id {node.id} already. Paste it anew.")
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


def _lookup(flow: Flow, node_id: str) -> Lookup:
    node = flow.node(node_id)
    if not isinstance(node, Lookup):
        raise RefusedError(f"{title(node)!r} is not a Lookup: only those have cases to add, rename or remove.")
    return node


def _free_value(node: Lookup, value: str, apart_from: int | None = None) -> str:
    value = clean_line(value)
    if not value:
        raise RefusedError("A case needs a value: what the answer is compared with.", field="value")
    others = (branch for place, branch in enumerate(node.branches) if place != apart_from and branch.kind == "case")
    if any(branch.value.casefold() == value.casefold() for branch in others):
        raise RefusedError(f"The Lookup has a case {value!r} already. Choose another value.", field="value")
    return value
