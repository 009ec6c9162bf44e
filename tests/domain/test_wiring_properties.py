"""`check` compared with conversations: its promises hold in every simulated conversation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.conversation import Conversation, Fired, Program
from goals_tui.domain.flow import Flow
from goals_tui.domain.goal import Goal
from goals_tui.domain.wiring import check
from goals_tui.domain.wiring_graph import entry_flows
from tests.builders import ANSWERS, flow_sets, goal
from tests.examples import examples

pytestmark = pytest.mark.fuzz

GOALS = (goal("Book", "Search", "Choose", "◎Pay"), goal("Help", "Ask", "◎Solved"))

Place = tuple[str, str, str]
"""A Track Goal Process node (its id is unique over the flows of a test), the goal, the step."""


def simulate(flows: Sequence[Flow], seed: int) -> tuple[dict[Place, set[bool]], set[str], dict[str, int]]:
    """Run some conversations from every entry flow.

    Gives whether a cycle was open when a step fired, the ids of nodes that ran, and how often the initial step of a
    node fired in one conversation at most.
    """
    random = Random(seed)
    program = Program(flows, GOALS)
    seen: dict[Place, set[bool]] = defaultdict(set)
    ran: set[str] = set()
    most: dict[str, int] = defaultdict(int)
    for start in entry_flows(flows):
        for _ in range(25):
            talk = Conversation(program, start.id)
            outputs = talk.start()
            opened: set[str] = set()
            times: dict[str, int] = defaultdict(int)
            for _ in range(15):
                for output in outputs:
                    if output_node := getattr(output, "node", None):
                        ran.add(output_node.id)
                    if isinstance(output, Fired):
                        initial = next(g for g in GOALS if g.id == output.goal_id).initial.id
                        for step_id in output.step_ids:
                            if step_id == initial:
                                opened.add(output.goal_id)
                                times[output.node.id] += 1
                            seen[output.node.id, output.goal_id, step_id].add(output.goal_id in opened)
                if talk.ended:
                    break
                outputs = talk.answer(random.choice(ANSWERS))
            for node_id, count in times.items():
                most[node_id] = max(most[node_id], count)
    return seen, ran, most


def places(flows: Sequence[Flow], goals: Sequence[Goal], code: str) -> set[Place]:
    return {
        (finding.node_id or "", finding.goal_id or "", finding.step_id or "")
        for finding in check(flows, goals)
        if finding.code == code
    }


@examples(100)
@given(flows=flow_sets(GOALS), seed=st.integers(0, 1000))
def test_findings_hold_in_every_conversation(flows: tuple[Flow, ...], seed: int) -> None:
    never, maybe = places(flows, GOALS, "before-initial"), places(flows, GOALS, "maybe-before-initial")
    again = {node_id for node_id, _, _ in places(flows, GOALS, "initial-in-loop")}
    unreachable = {node_id for node_id, _, _ in places(flows, GOALS, "node-unreachable")}
    seen, ran, most = simulate(flows, seed)

    for place, states in seen.items():
        if place in never:
            assert True not in states, "an error was found, yet the step was tracked"
        elif place not in maybe:
            assert False not in states, "nothing was found, yet the step was not tracked"
    assert not ran & unreachable
    for node_id, count in most.items():
        assert count == 1 or node_id in again, "an initial step fired twice, yet no loop was found"


@examples(50)
@given(flows=flow_sets(GOALS), seed=st.integers(0, 1000))
def test_a_goal_that_can_never_be_completed_never_is(flows: tuple[Flow, ...], seed: int) -> None:
    hopeless = {finding.goal_id for finding in check(flows, GOALS) if finding.code == "completion-unreachable"}
    completions = {step.id for goal in GOALS for step in goal.steps if step.kind == "completion"}
    seen, _, _ = simulate(flows, seed)
    for (_, goal_id, step_id), states in seen.items():
        if goal_id in hopeless and step_id in completions:
            assert True not in states


@examples(30)
@given(flows=flow_sets(GOALS))
def test_findings_do_not_depend_on_the_order_of_flows_and_goals(flows: tuple[Flow, ...]) -> None:
    assert check(flows, GOALS) == check(flows[::-1], GOALS[::-1])
