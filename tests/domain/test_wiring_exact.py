"""`check` compared with every way that a conversation can take: it says all that is wrong, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pytest
from hypothesis import assume, given

from goals_tui.domain import wiring_graph as wiring_paths
from goals_tui.domain.flow import End, ExecuteFlow, Flow, GoTo, Handover, If, Lookup, Node, Once, Other, TrackGoal
from goals_tui.domain.goal import Goal
from goals_tui.domain.wiring import Finding, check
from goals_tui.domain.wiring_graph import entry_flows
from tests.builders import flow, flow_sets, go_to, goal, handover, if_, node_id, once, question, say, track
from tests.examples import examples

GOALS = (goal("Book", "Search", "Choose", "◎Pay"), goal("Help", "Ask", "◎Solved"))
BOOK = GOALS[0]
ABOUT_PATHS = (
    "before-initial",
    "maybe-before-initial",
    "initial-in-loop",
    "initial-again",
    "completion-unreachable",
)

Said = tuple[str, str | None, str | None]
"""A code, the node (or the goal, where the whole goal is meant), the step."""


class State(NamedTuple):
    """The state of a conversation: what each flow that runs has still to do, the innermost last; and what it did."""

    rest: tuple[tuple[str, ...], ...]
    opened: frozenset[str] = frozenset()
    passed: frozenset[str] = frozenset()
    ran: frozenset[str] = frozenset()


class Ways:
    """Every way through flows, by trying them all. `before` has, by node, what can be open and have run before it."""

    DEEPEST, MOST = 6, 20_000

    def __init__(self, flows: Sequence[Flow]) -> None:
        self.flows = {flow.id: flow for flow in flows}
        self.nodes = {node.id: node for flow in flows for node in flow.walk()}
        self.before: dict[str, set[tuple[frozenset[str], frozenset[str]]]] = defaultdict(set)
        self.all_tried = True
        for entry in entry_flows(flows):
            self._try(State((_ids(entry.nodes),)))

    def _try(self, start: State) -> None:
        seen, pending = {start}, [start]
        while pending:
            for state in self._next(pending.pop()):
                rest = tuple(filter(None, state.rest))
                state = state._replace(rest=rest)
                if len(rest) > self.DEEPEST or len(seen) > self.MOST:
                    self.all_tried = False
                elif rest and state not in seen:
                    seen.add(state)
                    pending.append(state)

    def _next(self, state: State) -> Iterator[State]:
        *outer, here = state.rest
        if not here:
            return
        node, after = self.nodes[here[0]], here[1:]
        self.before[node.id].add((state.opened, state.ran))

        def go(*rest: tuple[str, ...]) -> State:
            return state._replace(rest=(*outer, *rest))

        match node:
            case If() | Lookup():
                for branch in node.branches:
                    yield go((*_ids(branch.nodes), *after))
            case Other():
                yield go(after)
                for branch in node.branches:
                    yield go((*_ids(branch.nodes), *after))
            case Once():
                kind = "afterwards" if node.id in state.passed else "first"
                chosen = next((_ids(branch.nodes) for branch in node.branches if branch.kind == kind), ())
                yield go((*chosen, *after))._replace(passed=state.passed | {node.id})
            case GoTo():
                if node.flow_id in self.flows:
                    yield go(_from(self.flows[node.flow_id], node.node_id))
            case ExecuteFlow(flow_id=flow_id) if flow_id in self.flows:
                yield go(after, _from(self.flows[flow_id], node.node_id))
            case End():
                yield go()
            case Handover():
                return
            case TrackGoal() if _opens(node):
                yield go(after)._replace(opened=state.opened | {node.goal_id}, ran=state.ran | {node.id})
            case _:
                yield go(after)

    def findings(self, goals: Sequence[Goal]) -> set[Said]:
        """Return the findings about paths."""
        tracks = [node for node in self.nodes.values() if isinstance(node, TrackGoal)]
        said: set[Said] = set()
        for node in tracks:
            before = self.before[node.id]
            if _opens(node):
                if any(node.id in ran for _, ran in before):
                    said.add(("initial-in-loop", node.id, _initial(node)))
                elif any(node.goal_id in opened for opened, _ in before):
                    said.add(("initial-again", node.id, _initial(node)))
                continue
            is_open = {node.goal_id in opened for opened, _ in before}
            if False in is_open:
                code = "maybe-before-initial" if True in is_open else "before-initial"
                said |= {(code, node.id, step_id) for step_id in node.step_ids}
        for each in goals:
            completions = {step.id for step in each.steps if step.kind == "completion"}
            mine = [node for node in tracks if node.goal_id == each.id]
            done = [node for node in mine if completions & set(node.step_ids)]
            if mine and not any(_opens(n) or each.id in opened for n in done for opened, _ in self.before[n.id]):
                said.add(("completion-unreachable", each.id, None))
        return said


def _ids(nodes: Sequence[Node]) -> tuple[str, ...]:
    return tuple(node.id for node in nodes)


def _from(flow: Flow, node_id: str) -> tuple[str, ...]:
    """Return the nodes to run from a node on, or from the start where the flow has no such node."""

    def within(nodes: Sequence[Node], after: tuple[str, ...]) -> tuple[str, ...] | None:
        for place, node in enumerate(nodes):
            rest = (*_ids(nodes[place + 1 :]), *after)
            if node.id == node_id:
                return (node.id, *rest)
            for branch in node.branches:
                if (found := within(branch.nodes, rest)) is not None:
                    return found
        return None

    found = within(flow.nodes, ()) if node_id else None
    return _ids(flow.nodes) if found is None else found


def _initial(node: TrackGoal) -> str:
    return next(each.initial.id for each in GOALS if each.id == node.goal_id)


def _opens(node: TrackGoal) -> bool:
    return _initial(node) in node.step_ids


def said_of(finding: Finding) -> Said:
    if finding.code == "completion-unreachable":
        return finding.code, finding.goal_id, None
    return finding.code, finding.node_id, finding.step_id


@pytest.mark.fuzz
@examples(80)
@given(flows=flow_sets(GOALS))
def test_findings_about_paths_are_those_of_every_way(flows: tuple[Flow, ...]) -> None:
    ways = Ways(flows)
    onces = sum(isinstance(node, Once) for node in ways.nodes.values())
    assume(ways.all_tried and onces <= wiring_paths.TOLD_APART[0])
    found = check(flows, GOALS)
    assert {said_of(finding) for finding in found if finding.code in ABOUT_PATHS} == ways.findings(GOALS)
    unreachable = {finding.node_id for finding in found if finding.code == "node-unreachable"}
    assert not unreachable & {node for node, before in ways.before.items() if before}


def loops() -> list[tuple[Flow, set[str]]]:
    """Flows that come back to a Once, and the codes of what is wrong with them."""
    begin, pay = track(BOOK, "Search"), track(BOOK, "Pay")
    return [
        (flow("Safe", once("O", (say("hi"),), (pay,)), begin, question("?"), go_to("Safe")), {"initial-in-loop"}),
        (
            flow("Never", once("O", (pay, begin, go_to("Never")), (question("?"),))),
            {"before-initial", "completion-unreachable"},
        ),
        (flow("Twice", once("O", (begin,), (pay,)), question("?"), go_to("Twice")), set()),
    ]


@pytest.mark.parametrize(("looping", "codes"), loops(), ids=lambda value: getattr(value, "name", ""))
def test_a_once_in_a_loop(looping: Flow, codes: set[str]) -> None:
    assert {finding.code for finding in check([looping], [BOOK]) if finding.code in ABOUT_PATHS} == codes
    assert Ways([looping]).findings([BOOK]) == {
        said_of(finding) for finding in check([looping], [BOOK]) if finding.code in ABOUT_PATHS
    }


def many_onces(*inside: Node) -> tuple[Node, ...]:
    """A dozen Onces that a conversation may pass or not, each with these nodes in its First time."""
    return tuple(
        if_(
            f"if {number}",
            (
                once(
                    f"O{number}",
                    tuple(node.model_copy(update={"id": node_id(f"{node.id} {number}")}) for node in inside),
                ),
            ),
        )
        for number in range(12)
    )


def test_onces_in_which_nothing_is_tracked_are_not_in_the_way_of_others() -> None:
    last = once("last", (say("bye"),), (track(BOOK, "Pay"),))
    looping = flow("Loop", *many_onces(say("hi")), last, track(BOOK, "Search"), question("?"), go_to("Loop"))
    assert {finding.code for finding in check([looping], [BOOK])} == {"initial-in-loop", "step-untracked"}


def test_of_very_many_onces_some_are_told_apart_and_nothing_wrong_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    onces = many_onces(handover())
    begin, pay = track(BOOK, "Search"), track(BOOK, "Pay")
    last = once("last", (say("bye"),), (pay,))
    looping = flow("Loop", *onces, last, begin, question("?"), go_to("Loop"))
    states: list[int | None] = []
    look = wiring_paths.Paths._look

    def counting(self: wiring_paths.Paths, entered: Sequence[str], most: int | None) -> object:
        found = look(self, entered, most)
        states.append(most)
        return found

    monkeypatch.setattr(wiring_paths.Paths, "_look", counting)
    codes = {finding.code for finding in check([looping], [BOOK])}
    assert "initial-in-loop" in codes, "that is wrong, however many Onces there are"
    assert "maybe-before-initial" in codes, "the last Once may go either way: more careful than it need be"
    monkeypatch.setattr(wiring_paths, "MOST_STATES", 10)
    monkeypatch.setattr(wiring_paths, "MOST_STATES_OF_A_NODE", 1)
    assert codes == {finding.code for finding in check([looping], [BOOK])}
    assert states[-1] is None, "none is told apart where even one takes too long"
