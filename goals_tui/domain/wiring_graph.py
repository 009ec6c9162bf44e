"""Which flows start conversations, and flows as flat arrays for the analysis of how goals are wired into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum

from goals_tui.domain.flow import BranchKind, End, ExecuteFlow, Flow, GoTo, Handover, If, Lookup, Node, Once, Other


def references(flow: Flow) -> set[str]:
    """The ids of the flows that Go To and Execute Flow nodes of this one lead to; without the empty one."""
    return {node.flow_id for node in flow.walk() if isinstance(node, GoTo | ExecuteFlow) and node.flow_id}


def _entered(flow: Flow) -> set[str]:
    """The ids of the flows that nodes of this one lead to the start of."""
    return {node.flow_id for node in flow.walk() if isinstance(node, GoTo | ExecuteFlow) and not node.node_id}


def flow_groups(flows: Sequence[Flow]) -> list[list[Flow]]:
    """Flows that lead to each other, together; what a group leads to comes before it (Tarjan's algorithm)."""
    by_id = {flow.id: flow for flow in flows}
    leads_to = {flow.id: sorted(references(flow) & by_id.keys()) for flow in flows}
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_ids: dict[str, None] = {}
    groups: list[list[Flow]] = []
    for root in by_id:
        if root in number:
            continue
        trail: list[tuple[str, Iterator[str]]] = []
        at: str | None = root
        while at is not None or trail:
            if at is not None:
                number[at] = lowest[at] = len(number)
                open_ids[at] = None
                trail.append((at, iter(leads_to[at])))
                at = None
            here, targets = trail[-1]
            for target in targets:
                if target not in number:
                    at = target
                    break
                if target in open_ids:
                    lowest[here] = min(lowest[here], number[target])
            if at is not None:
                continue
            trail.pop()
            if trail:
                before = trail[-1][0]
                lowest[before] = min(lowest[before], lowest[here])
            if lowest[here] == number[here]:
                group: list[Flow] = []
                while not group or group[-1].id != here:
                    group.append(by_id[open_ids.popitem()[0]])
                groups.append(group)
    return groups


def entry_flows(flows: Sequence[Flow]) -> list[Flow]:
    """The flows in which conversations start: those to whose start no other flow leads.

    Of flows that only lead to each other the oldest is where conversations start.
    """
    groups = flow_groups(flows)
    group_of = {flow.id: place for place, group in enumerate(groups) for flow in group}
    led_to = {
        group_of[target]
        for flow in flows
        for target in _entered(flow)
        if target in group_of and group_of[target] != group_of[flow.id]
    }
    oldest = [
        min(group, key=lambda flow: (flow.created_at, flow.id))
        for place, group in enumerate(groups)
        if place not in led_to
    ]
    return sorted(oldest, key=lambda flow: (flow.created_at, flow.id))


class Op(IntEnum):
    """How a node hands control on."""

    PASS = 0
    BRANCH = 1
    ONCE = 2
    CALL = 3
    JUMP = 4
    END = 5
    STOP = 6


class FlowGraph:
    """The nodes of a flow in reading order, which no edge within the flow goes against.

    `ways[i]` holds the places that can follow node i; the place `exit` is the end of the flow.
    """

    def __init__(self, flow: Flow, known: Mapping[str, Flow]) -> None:
        self.flow = flow
        self.nodes: list[Node] = list(flow.walk())
        self.exit = len(self.nodes)
        self.place = {node.id: place for place, node in enumerate(self.nodes)}
        self.ops = [_op(node, known) for node in self.nodes]
        self.ways: list[tuple[int, ...]] = [()] * self.exit
        self.first = self._head(flow.nodes, self.exit)
        pending: list[tuple[tuple[Node, ...], int]] = [(flow.nodes, self.exit)]
        while pending:
            nodes, after = pending.pop()
            for node in reversed(nodes):
                place = self.place[node.id]
                self.ways[place] = self._ways(node, after)
                pending.extend((branch.nodes, after) for branch in node.branches)
                after = place

    def entry(self, node_id: str) -> int:
        """The place where a node leads that names the node `node_id` of this flow; the first for none."""
        return self.place.get(node_id, self.first)

    def _head(self, nodes: tuple[Node, ...], after: int) -> int:
        return self.place[nodes[0].id] if nodes else after

    def _ways(self, node: Node, after: int) -> tuple[int, ...]:
        heads: dict[BranchKind, list[int]] = {}
        for branch in node.branches:
            heads.setdefault(branch.kind, []).append(self._head(branch.nodes, after))

        def one(kind: BranchKind) -> int:
            return heads[kind][0] if kind in heads else after

        match node:
            case If():
                return one("then"), one("else")
            case Once():
                return one("first"), one("afterwards")
            case Lookup():
                return (*heads.get("case", ()), one("default"))
            case Other():
                # It may run its branches in the system that it comes from.
                return (after, *(head for places in heads.values() for head in places))
            case _:
                return (after,)


def _op(node: Node, known: Mapping[str, Flow]) -> Op:
    match node:
        case If() | Lookup() | Other():
            return Op.BRANCH
        case Once():
            return Op.ONCE
        case ExecuteFlow():
            # What a missing flow would have done is unknown: nothing is the least surprising.
            return Op.CALL if node.flow_id in known else Op.PASS
        case GoTo():
            return Op.JUMP if node.flow_id in known else Op.STOP
        case End():
            return Op.END
        case Handover():
            return Op.STOP
        case _:
            return Op.PASS
