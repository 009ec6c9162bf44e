"""Whether cycles can be open or closed where a conversation passes: a may-analysis over all paths and all flows.

Conditions are taken to go either way. Everything that a conversation can have done before is one bit: a goal's cycle
was opened, a node ran, a Once was passed. A state is two sets of bits, those that may not have happened and those
that may; nothing that happened is undone, so a flow is summed up by what it makes of "nothing happened yet".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from goals_tui.domain.flow import ExecuteFlow, Flow, GoTo, Node, Once, Other, Question, Say, TrackGoal, walk_nodes
from goals_tui.domain.goal import Goal
from goals_tui.domain.wiring_graph import FlowGraph, Op, entry_flows, flow_groups

State = tuple[int, int]
"""Bits that may not have happened, and bits that may have. The first holds REACHED wherever control can get to."""

REACHED = 1
NOWHERE: State = (0, 0)


class Paths:
    """What can have happened before each node, in any conversation that starts in an entry flow."""

    def __init__(self, flows: Sequence[Flow], goals: Iterable[Goal], entries: Iterable[str] | None = None) -> None:
        self.known = {flow.id: flow for flow in flows}
        self.graphs = [FlowGraph(flow, self.known) for group in flow_groups(flows) for flow in group]
        self._bits: dict[object, int] = {}
        self._goals = {goal.id: goal for goal in goals}
        self._marks = {graph.flow.id: [self._mark(graph, node) for node in graph.nodes] for graph in self.graphs}
        self._inside: dict[int, int] = {}
        """By the bit of a Once, the bits of the nodes in its First time: none of them ran before it does."""
        self._sure: dict[int, int] = {}
        """By the bit of a Once, what its First time does at once: all of it happened before its Afterwards runs."""
        self._look_into_onces()
        self._everything = (1 << (len(self._bits) + 1)) - 1
        chosen = [flow.id for flow in entry_flows(flows)] if entries is None else list(entries)
        self._passed_before = 0
        while True:
            self._sums: dict[str, State] = dict.fromkeys(self.known, NOWHERE)
            self._sum_up()
            self._before = self._spread(chosen)
            passed = self._onces_passed_before()
            if passed == self._passed_before:
                break
            self._passed_before = passed

    def reached(self, graph: FlowGraph, place: int) -> bool:
        """Whether any conversation gets to a node."""
        return bool(self._state(graph, place)[0])

    def is_run(self, graph: FlowGraph) -> bool:
        """Whether any conversation gets into a flow."""
        return graph.flow.id in self._before

    def may_be_closed(self, graph: FlowGraph, place: int, goal: Goal) -> bool:
        """Whether a conversation can get to a node while no cycle of the goal is open."""
        return bool(self._state(graph, place)[0] & self._bits.get(goal.id, REACHED))

    def may_be_open(self, graph: FlowGraph, place: int, goal: Goal) -> bool:
        """Whether a conversation can get to a node while a cycle of the goal is open."""
        return bool(self._state(graph, place)[1] & self._bits.get(goal.id, 0))

    def runs_again(self, graph: FlowGraph, place: int) -> bool:
        """Whether a node that tracks an initial step can run more than once in a conversation."""
        return bool(self._state(graph, place)[1] & self._bits.get((graph.flow.id, place), 0))

    def tracks_initial(self, node: TrackGoal) -> bool:
        """Whether a node tracks its goal's initial step."""
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

    def _look_into_onces(self) -> None:
        for graph in self.graphs:
            marks = self._marks[graph.flow.id]
            for place, node in enumerate(graph.nodes):
                if not isinstance(node, Once):
                    continue
                first = next((branch.nodes for branch in node.branches if branch.kind == "first"), ())
                inside = [(graph.flow.id, graph.place[child.id]) for child in walk_nodes(first)]
                self._inside[marks[place]] = sum(self._bits.get(here, 0) for here in inside)
                sure = 0
                for child in first:
                    if child.branches or not isinstance(child, Say | Question | TrackGoal | Other):
                        break
                    sure |= marks[graph.place[child.id]]
                self._sure[marks[place]] = sure

    def _sum_up(self) -> None:
        callers: dict[str, list[FlowGraph]] = {}
        for graph in self.graphs:
            for target in _targets(graph):
                callers.setdefault(target, []).append(graph)
        pending = dict.fromkeys(self.graphs)
        while pending:
            graph = next(iter(pending))
            del pending[graph]
            closed, opened = self._run(graph, (self._everything, 0))
            total = (closed[graph.exit], opened[graph.exit])
            if total != self._sums[graph.flow.id]:
                self._sums[graph.flow.id] = total
                pending.update(dict.fromkeys(callers.get(graph.flow.id, ())))

    def _spread(self, entries: Iterable[str]) -> dict[str, tuple[list[int], list[int]]]:
        at_entry: dict[str, State] = {flow_id: (self._everything, 0) for flow_id in entries if flow_id in self.known}
        before: dict[str, tuple[list[int], list[int]]] = {}
        changed = set(at_entry)
        while changed:
            for graph in reversed(self.graphs):
                if graph.flow.id not in changed:
                    continue
                changed.discard(graph.flow.id)
                states = before[graph.flow.id] = self._run(graph, at_entry[graph.flow.id])
                for place, op in enumerate(graph.ops):
                    node = graph.nodes[place]
                    if op not in (Op.CALL, Op.JUMP) or not states[0][place] or not isinstance(node, GoTo | ExecuteFlow):
                        continue
                    old = at_entry.get(node.flow_id, NOWHERE)
                    new = (old[0] | states[0][place], old[1] | states[1][place])
                    if new != old:
                        at_entry[node.flow_id] = new
                        changed.add(node.flow_id)
        return before

    def _onces_passed_before(self) -> int:
        passed = self._passed_before
        for graph in self.graphs:
            for place, op in enumerate(graph.ops):
                if op is Op.ONCE:
                    passed |= self._state(graph, place)[1] & self._marks[graph.flow.id][place]
        return passed

    def _run(self, graph: FlowGraph, entry: State) -> tuple[list[int], list[int]]:
        """The states before each node of a flow that is entered in the state `entry`; its exit's is the last."""
        closed, opened = [0] * (graph.exit + 1), [0] * (graph.exit + 1)
        closed[graph.first], opened[graph.first] = entry
        marks, ways, ops = self._marks[graph.flow.id], graph.ways, graph.ops
        for place in range(graph.exit):
            may_not, may = closed[place], opened[place]
            if not may_not:
                continue
            op, mark = ops[place], marks[place]
            if op is Op.PASS or op is Op.BRANCH:
                may_not &= ~mark
                may |= mark
                for way in ways[place]:
                    closed[way] |= may_not
                    opened[way] |= may
            elif op is Op.ONCE:
                first, afterwards = ways[place]
                if may_not & mark:
                    closed[first] |= may_not & ~mark
                    opened[first] |= (may & ~self._inside[mark]) | mark
                if self._passed_before & mark:
                    happened = mark | self._sure[mark]
                    closed[afterwards] |= may_not & ~happened
                    opened[afterwards] |= may | happened
            elif op is Op.CALL or op is Op.JUMP:
                left_closed, left_open = self._sums[_target(graph.nodes[place])]
                if left_closed:
                    way = ways[place][0] if op is Op.CALL else graph.exit
                    closed[way] |= may_not & left_closed
                    opened[way] |= may | (may_not & left_open)
            elif op is Op.END:
                closed[graph.exit] |= may_not
                opened[graph.exit] |= may
        return closed, opened


def _targets(graph: FlowGraph) -> set[str]:
    return {_target(node) for node, op in zip(graph.nodes, graph.ops, strict=True) if op is Op.CALL or op is Op.JUMP}


def _target(node: Node) -> str:
    assert isinstance(node, GoTo | ExecuteFlow)
    return node.flow_id
