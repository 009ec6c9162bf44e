"""The journey of a goal: values stay whole, nodes are told apart."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from rich.cells import cell_len

from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from goals_tui.services.goal_list import NodeUse
from goals_tui.tui.goals.journey import GoalView, journey
from tests.tui.goals.samples import book_a_flight


@pytest.fixture
def goal(services: Services) -> Goal:
    return book_a_flight(services)


def euros(amount: Decimal) -> str:
    return f"€{amount:.2f}"


@pytest.mark.parametrize("width", [24, 30, 60])
def test_a_value_is_never_broken(goal: Goal, width: int) -> None:
    lines = journey(GoalView(goal, euros), width).plain.split("\n")
    assert all(cell_len(line) <= width for line in lines)
    for value in ("saves €15.00", "8 min", "earns €35.00"):
        assert any(value in line for line in lines), value


def test_nodes_are_named_by_their_label_or_their_steps(goal: Goal) -> None:
    initial = goal.initial
    bare = NodeUse("f", "Trips", "n", "Track Goal Process", "", (initial.id,))
    uses = (bare, replace(bare, label="Paid"), replace(bare, step_ids=()), replace(bare, step_ids=("gone",)))
    text = journey(GoalView(goal, euros, uses), 80).plain
    for line in (
        f"→ Trips › ● {initial.name}",
        "→ Trips › Paid",
        "→ Trips › no steps",
        "→ Trips › a step that is gone",
    ):
        assert line in text
