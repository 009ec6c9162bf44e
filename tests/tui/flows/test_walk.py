"""The way of the arrow keys on the chart."""

from __future__ import annotations

from typing import cast, get_args

import pytest
from hypothesis import given

from goals_tui.domain.flow import Flow
from goals_tui.tui.flows.blocks import START, slot_key
from goals_tui.tui.flows.chart import Direction, ancestors, page, step
from goals_tui.tui.flows.layout import Layout
from tests.builders import flow, flow_sets, if_, lookup, node_id, say
from tests.examples import examples
from tests.tui.flows.test_layout import laid_out

BRANCHING = flow(
    "Branching",
    say("first"),
    if_("choice", (say("then 1"), say("then 2")), (say("else 1"),)),
    say("last"),
)


def walk(layout: Layout, key: str, *directions: Direction) -> str:
    """Walk like the chart does: branches that were visited are remembered."""
    visited: dict[str, int] = {}
    for direction in directions:
        key = step(layout, key, direction, visited)
        visited.update(ancestors(layout, key))
    return key


def test_down_and_up_follow_the_lines_into_branches_and_out_of_them() -> None:
    layout = laid_out(BRANCHING)
    assert walk(layout, START, "down") == node_id("first")
    assert walk(layout, START, "down", "down", "down") == node_id("then 1")
    assert walk(layout, node_id("then 2"), "down") == node_id("last"), "out of the branch"
    assert walk(layout, node_id("last"), "up") == node_id("then 2"), "back into it"
    assert walk(layout, node_id("then 1"), "up") == node_id("choice")
    assert walk(layout, node_id("first"), "up") == START


def test_the_line_ends_where_it_ends() -> None:
    layout = laid_out(BRANCHING)
    assert walk(layout, START, "up") == START
    assert walk(layout, node_id("last"), "down") == node_id("last")
    assert walk(layout, node_id("first"), "left") == node_id("first")
    assert walk(laid_out(flow("Empty")), START, "down", "last", "next", "right") == START


def test_left_and_right_cross_to_the_branch_beside_at_the_same_height() -> None:
    layout = laid_out(BRANCHING)
    assert walk(layout, node_id("then 1"), "right") == node_id("else 1")
    assert walk(layout, node_id("else 1"), "left") == node_id("then 1")
    assert walk(layout, node_id("then 2"), "right") == node_id("else 1")


def test_right_in_a_nested_last_branch_goes_to_the_outer_branch_beside() -> None:
    nested = flow("Nested", if_("outer", (if_("inner", (say("a"),), (say("b"),)),), (say("c"),)))
    layout = laid_out(nested)
    assert walk(layout, node_id("b"), "right") == node_id("c")


def test_lines_lead_back_into_the_branch_that_one_came_from() -> None:
    layout = laid_out(BRANCHING)
    assert walk(layout, node_id("then 1"), "right", "down", "up") == node_id("else 1")
    assert walk(layout, node_id("then 1"), "right", "up", "down") == node_id("else 1")


def test_brackets_pass_branches_by() -> None:
    layout = laid_out(BRANCHING)
    assert walk(layout, node_id("choice"), "next") == node_id("last")
    assert walk(layout, node_id("last"), "previous") == node_id("choice")
    assert walk(layout, node_id("then 2"), "next") == node_id("last")
    assert walk(layout, node_id("then 1"), "previous") == node_id("choice")
    assert walk(layout, node_id("then 1"), "first") == START
    assert walk(layout, node_id("then 1"), "last") == node_id("last")


def test_empty_branches_can_be_walked_to() -> None:
    layout = laid_out(flow("Empty branches", lookup("by", {"a": (say("in a"),)})))
    assert walk(layout, node_id("in a"), "right") == slot_key(node_id("by"), 1)


def test_a_page_goes_on_by_lines_and_never_beyond_the_ends() -> None:
    layout = laid_out(flow("Long", *(say(f"say {number}") for number in range(40))))
    down = page(layout, START, 30)
    assert 24 <= layout.boxes[down].y <= 36
    assert page(layout, down, -300) == START
    assert page(layout, START, -10) == START
    assert page(layout, START, 100_000) == node_id("say 39")


@pytest.mark.fuzz
@examples(40)
@given(flow_sets(most=1))
def test_the_arrow_keys_reach_everything_and_up_leads_home(flows: tuple[Flow, ...]) -> None:
    layout = laid_out(flows[0])
    reached, pending = {START}, [START]
    directions = [cast(Direction, name) for name in get_args(Direction)]
    while pending:
        key = pending.pop()
        for direction in directions:
            beside = step(layout, key, direction, {})
            if beside not in reached:
                reached.add(beside)
                pending.append(beside)
    assert reached == set(layout.boxes)
    for key in layout.boxes:
        for _ in layout.boxes:
            key = step(layout, key, "up", {})
        assert key == START
