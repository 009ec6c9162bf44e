"""The graph of a project's flows, and the analysis of the paths that conversations can take through it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from heapq import heappop, heappush
from operator import itemgetter

from goals_tui.domain.flow import (
    BranchKind,
    End,
    ExecuteFlow,
    Flow,
    GoTo,
    Handover,
    If,
    Lookup,
    Node,
    Once,
    Other,
    Question,
    Say,
    TrackGoal,
    walk_nodes,
)
from goals_tui.domain.goal import Goal


def references(flow: Flow) -> set[str]:
    """Return the ids of the flows to which Go To and Execute Flow nodes of this flow lead."""
    return {node.flow_id for node in flow.walk() if isinstance(node, GoTo | ExecuteFlow) and node.flow_id}


def _entered(flow: Flow) -> set[str]:
    """Return the ids of the flows to whose start nodes of this flow lead."""
    return {node.flow_id for node in flow.walk() if isinstance(node, GoTo | ExecuteFlow) and not node.node_id}


def flow_groups(flows: Sequence[Flow]) -> list[list[Flow]]:
    """Return groups of flows that lead to each other; each comes after those it leads to (Tarjan's algorithm)."""
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
    """Return the flows in which conversations start: those to whose start no other flow leads.

    Among flows that are reached only from each other, it is the oldest.
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
    """The way in which a node passes control on."""

    PASS = 0
    BRANCH = 1
    ONCE = 2
    CALL = 3
    JUMP = 4
    END = 5
    STOP = 6


class FlowGraph:
    """A flow as a graph: its nodes in reading order, so that `ways` only lead forward.

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
        """Return the place of the node `node_id`, or the first place if the flow has no such node."""
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
                # In the original system the node may run its branches.
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
            # The effect of a missing flow is unknown; assuming none is the least surprising.
            return Op.CALL if node.flow_id in known else Op.PASS
        case GoTo():
            return Op.JUMP if node.flow_id in known else Op.STOP
        case End():
            return Op.END
        case Handover():
            return Op.STOP
        case _:
            return Op.PASS


State = tuple[int, int]
"""Two sets of bits: for what may not have happened yet, and for what may have. The first has REACHED if reachable."""
States = dict[int, State]
"""The state of conversations for each set of Once nodes passed, given by their bits."""
_Call = tuple[str, int, int]
"""An entry into a flow: its id, the place in it, and the bits of the Once nodes passed before."""
REACHED = 1
NOWHERE: State = (0, 0)
TOLD_APART = (6, 3, 1, 0)
"""The numbers of Once nodes to follow exactly, tried in this order until the analysis is fast enough.

Other Once nodes may take either branch, so that findings about them can be overcautious.
"""
MOST_STATES = 200_000
"""The most states to look at (or MOST_STATES_OF_A_NODE per node, if more) before fewer Once nodes are followed."""
MOST_STATES_OF_A_NODE = 20


class _TooMany(Exception):
    """Following this many Once nodes exactly takes too long."""


class Paths:
    """The analysis of what may have happened before each node, in any conversation that starts in an entry flow."""

    def __init__(self, flows: Sequence[Flow], goals: Iterable[Goal], entries: Iterable[str] | None = None) -> None:
        self.known = {flow.id: flow for flow in flows}
        self.graphs = [FlowGraph(flow, self.known) for group in flow_groups(flows) for flow in group]
        self.graph_of = {graph.flow.id: graph for graph in self.graphs}
        self._bits: dict[object, int] = {}
        self._left: int | None = None
        self._goals = {goal.id: goal for goal in goals}
        self._marks = {graph.flow.id: [self._mark(graph, node) for node in graph.nodes] for graph in self.graphs}
        self._everything = (1 << (len(self._bits) + 1)) - 1
        chosen = [flow.id for flow in entry_flows(flows)] if entries is None else list(entries)
        entered = [flow_id for flow_id in chosen if flow_id in self.known]
        self._told_apart, self._either_way = 0, self._everything
        self._before = self._look(entered, None)
        if any(op is Op.ONCE for graph in self.graphs for op in graph.ops):
            self._tell_onces_apart(entered)

    def reached(self, graph: FlowGraph, place: int) -> bool:
        """Return whether any conversation can reach a node."""
        return bool(self._state(graph, place)[0])

    def is_run(self, graph: FlowGraph) -> bool:
        """Return whether any conversation can enter a flow."""
        return graph.flow.id in self._before

    def may_be_closed(self, graph: FlowGraph, place: int, goal: Goal) -> bool:
        """Return whether a conversation can reach a node while no cycle of the goal is open."""
        return bool(self._state(graph, place)[0] & self._bits.get(goal.id, REACHED))

    def may_be_open(self, graph: FlowGraph, place: int, goal: Goal) -> bool:
        """Return whether a conversation can reach a node while a cycle of the goal is open."""
        return bool(self._state(graph, place)[1] & self._bits.get(goal.id, 0))

    def runs_again(self, graph: FlowGraph, place: int) -> bool:
        """Return whether a node that tracks an initial step can run more than once in a conversation."""
        return bool(self._state(graph, place)[1] & self._bits.get((graph.flow.id, place), 0))

    def tracks_initial(self, node: TrackGoal) -> bool:
        """Return whether a node tracks its goal's initial step."""
        goal = self._goals.get(node.goal_id)
        return goal is not None and goal.initial.id in node.step_ids

    def _state(self, graph: FlowGraph, place: int) -> State:
        before = self._before.get(graph.flow.id)
        return (before[0][place], before[1][place]) if before else NOWHERE

    def _bit(self, what: object) -> int:
        return self._bits.setdefault(what, 2 << len(self._bits))

    def _mark(self, graph: FlowGraph, node: Node) -> int:
        here = (graph.flow.id, graph.place[node.id])
        if isinstance(node, Once):
            return self._bit(here)
        if isinstance(node, TrackGoal) and self.tracks_initial(node):
            return self._bit(node.goal_id) | self._bit(here)
        return 0

    def _tell_onces_apart(self, entered: Iterable[str]) -> None:
        again = self._onces_passed_before()
        most = max(MOST_STATES, MOST_STATES_OF_A_NODE * sum(graph.exit for graph in self.graphs))
        for many in TOLD_APART:
            self._told_apart, self._either_way = sum(again[:many]), sum(again[many:])
            try:
                self._before = self._look(entered, most if many else None)
            except _TooMany:
                continue
            break

    def _onces_passed_before(self) -> list[int]:
        """Return the bits of the Once nodes to which a conversation may return.

        Those that contain other nodes than Say, Question and Once come first, because they matter most.
        """
        found = [
            (all(isinstance(node, Say | Question | Once) for node in walk_nodes((graph.nodes[place],))), mark)
            for graph in self.graphs
            for place, mark in enumerate(self._marks[graph.flow.id])
            if graph.ops[place] is Op.ONCE and self._state(graph, place)[1] & mark
        ]
        return [mark for _, mark in sorted(found, key=itemgetter(0))]

    def _look(self, entered: Iterable[str], most: int | None) -> dict[str, tuple[list[int], list[int]]]:
        """Return the states before each node, by flow, for conversations that start in one of these flows.

        Raises _TooMany if it takes more than `most` states.
        """
        self._left = most
        self._sums: dict[_Call, States] = {}
        order = {graph.flow.id: place for place, graph in enumerate(self.graphs)}
        # Flows come after those that they lead to, so that most are summed up only once.
        pending = [(place, graph.first, 0) for place, graph in enumerate(self.graphs)]
        callers: dict[_Call, set[tuple[int, int, int]]] = {}
        while pending:
            here = heappop(pending)
            graph, entry, passed = self.graphs[here[0]], here[1], here[2]
            states = self._run(graph, {entry: {passed: (self._everything, 0)}})
            for target, _ in self._calls(graph, states):
                callers.setdefault(target, set()).add(here)
                if target not in self._sums:
                    self._sums[target] = {}
                    heappush(pending, (order[target[0]], target[1], target[2]))
            call = (graph.flow.id, entry, passed)
            if states[graph.exit] != self._sums.get(call, {}):
                for caller in callers.get(call, ()):
                    if caller not in pending:
                        heappush(pending, caller)
            self._sums[call] = states[graph.exit]
        return self._spread(entered)

    def _spread(self, entered: Iterable[str]) -> dict[str, tuple[list[int], list[int]]]:
        at_entry: dict[str, dict[int, States]] = {
            flow_id: {self.graph_of[flow_id].first: {0: (self._everything, 0)}} for flow_id in entered
        }
        before: dict[str, tuple[list[int], list[int]]] = {}
        changed = set(at_entry)
        while changed:
            for graph in reversed(self.graphs):
                if graph.flow.id not in changed:
                    continue
                changed.discard(graph.flow.id)
                states = self._run(graph, at_entry[graph.flow.id])
                before[graph.flow.id] = ([_either(each, 0) for each in states], [_either(each, 1) for each in states])
                for (flow_id, entry, passed), state in self._calls(graph, states):
                    if _join(at_entry.setdefault(flow_id, {}).setdefault(entry, {}), passed, *state):
                        changed.add(flow_id)
        return before

    def _calls(self, graph: FlowGraph, states: Sequence[States]) -> Iterator[tuple[_Call, State]]:
        """Yield every entry into other flows, with the state in which it is reached."""
        for place, op in enumerate(graph.ops):
            if op is Op.CALL or op is Op.JUMP:
                flow_id, entry = self._target(graph.nodes[place])
                for passed, state in states[place].items():
                    yield (flow_id, entry, passed), state

    def _run(self, graph: FlowGraph, entries: Mapping[int, States]) -> list[States]:
        """Return the states before each node, and at the exit, of a flow that is entered at these places and states."""
        states: list[States] = [{} for _ in range(graph.exit + 1)]
        for place, entered in entries.items():
            states[place] = dict(entered)
        marks, ways, ops = self._marks[graph.flow.id], graph.ways, graph.ops
        for place in range(graph.exit):
            op, mark = ops[place], marks[place]
            if self._left is not None:
                self._left -= len(states[place])
                if self._left < 0:
                    raise _TooMany
            for passed, (may_not, may) in states[place].items():
                if op is Op.ONCE and not mark & self._either_way:
                    first, afterwards = ways[place]
                    if passed & mark:
                        _join(states[afterwards], passed, may_not, may)
                    else:
                        _join(states[first], passed | (mark & self._told_apart), may_not, may)
                elif op is Op.PASS or op is Op.BRANCH or op is Op.ONCE:
                    for way in ways[place]:
                        _join(states[way], passed, may_not & ~mark, may | mark)
                elif op is Op.CALL or op is Op.JUMP:
                    way = ways[place][0] if op is Op.CALL else graph.exit
                    for after, (left_closed, left_open) in self._sum(graph.nodes[place], passed).items():
                        _join(states[way], after, may_not & left_closed, may | (may_not & left_open))
                elif op is Op.END:
                    _join(states[graph.exit], passed, may_not, may)
        return states

    def _sum(self, node: Node, passed: int) -> States:
        """Return the states at the end of the flow that a node leads to, starting from "nothing has happened"."""
        return self._sums.get((*self._target(node), passed), {})

    def _target(self, node: Node) -> tuple[str, int]:
        """Return the id of the flow that a node leads to, and the place in it."""
        assert isinstance(node, GoTo | ExecuteFlow)
        return node.flow_id, self.graph_of[node.flow_id].entry(node.node_id)


def _join(states: States, passed: int, may_not: int, may: int) -> bool:
    """Add a state to `states`, and return whether that changed it."""
    old = states.get(passed, NOWHERE)
    new = states[passed] = (old[0] | may_not, old[1] | may)
    return new != old


def _either(states: States, side: int) -> int:
    """Return the union of one side of all states, whichever Once nodes were passed."""
    whole = 0
    for state in states.values():
        whole |= state[side]
    return whole
