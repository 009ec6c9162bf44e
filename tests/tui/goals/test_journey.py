"""The journey of a goal: values stay whole, nodes are told apart."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from rich.cells import cell_len

from goals_tui.domain.decisions import DropOff, DropOffs
from goals_tui.domain.goal import Goal
from goals_tui.domain.wiring import Finding
from goals_tui.services.context import Services
from goals_tui.services.goal_list import NodeUse
from goals_tui.tui.goals.journey import NONE_STARTED, GoalView, journey
from tests.tui.goals.samples import book_a_flight


@pytest.fixture
def goal(services: Services) -> Goal:
    return book_a_flight(services)


def euros(amount: Decimal) -> str:
    return f"€{amount:.2f}"


@pytest.mark.parametrize("width", [24, 30, 60])
def test_a_value_is_never_broken(goal: Goal, width: int) -> None:
    lines = journey(GoalView(goal, euros, findings=()), width).plain.split("\n")
    assert all(cell_len(line) <= width for line in lines)
    for value in ("saves €15.00", "8 min", "earns €35.00"):
        assert any(value in line for line in lines), value


def test_nodes_are_counted_by_flow(goal: Goal) -> None:
    initial, other, *_ = goal.steps
    bare = NodeUse("f", "Trips", "n", "Track Goal Process", "", (initial.id,))
    uses = (
        bare,
        replace(bare, flow_id="g", flow="Rooms", step_ids=("gone",)),
        replace(bare, label="Paid", step_ids=(initial.id, other.id)),
    )
    text = journey(GoalView(goal, euros, uses, ()), 80).plain
    assert text.endswith(f"Tracked in\n→ Trips: 2 of {len(goal.steps)} steps\n→ Rooms: 0 of {len(goal.steps)} steps")


def test_findings_leave_room_for_the_steps(goal: Goal) -> None:
    wrong = Finding("before-initial", "error", "'Paid' is never tracked here.", None, flow="Trips", node="Paid")
    findings = (*[wrong] * 2, *[replace(wrong, severity="warning", flow="Rooms")] * 9)
    view = GoalView(goal, euros, findings=findings, key="f")
    assert "✖ 2 errors  ▲ 9 warnings  f lists them" in journey(view, 60, height=20).plain
    assert "'Paid'" in journey(view, 60, height=60).plain


def test_findings_stand_below_their_flow_and_name_a_node_once(goal: Goal) -> None:
    begin = Finding("before-initial", "error", "'Paid' is never tracked here.", None, flow="Trips", node="Paid")
    again = replace(begin, severity="warning", message="Select its steps.", node="Track Goal Process")
    findings = (begin, replace(begin, flow="Rooms"), again)
    lines = journey(GoalView(goal, euros, findings=findings), 60).plain.split("\n")
    place = lines.index("→ Trips")
    assert lines[place + 1 : place + 5] == [
        "✖ 'Paid' is never tracked here.",
        "▲ Track Goal Process: Select its steps.",
        "→ Rooms",
        "✖ 'Paid' is never tracked here.",
    ]


def test_a_rate_is_green_but_not_that_there_is_none(goal: Goal) -> None:
    for said, style in (("✔ 50 %, 5 of 10 in 30 days", "$completed"), (NONE_STARTED, "$quiet")):
        shown = journey(GoalView(goal, euros, findings=(), rate=said), 60)
        at = shown.plain.index(said)
        assert style in [str(span.style) for span in shown.spans if span.start <= at < span.end]


def test_nothing_moves_when_the_numbers_come(goal: Goal) -> None:
    before = GoalView(goal, euros, (), (), counted=True)
    figures = [
        DropOff(step.id, step.name, reached=9 - place, dropped=1, went_on=1, completed=0, stake=None)
        for place, step in enumerate(goal.steps)
    ]
    drop_offs = DropOffs(goal.id, goal.name, started=9, steps=tuple(figures))
    after = replace(before, rate="✔ 50 %, 5 of 10 in 30 days", drop_offs=drop_offs)
    for name in [step.name for step in goal.steps]:
        places = [
            next(row for row, line in enumerate(journey(view, 60).plain.split("\n")) if name in line)
            for view in (before, after)
        ]
        assert places[0] == places[1], name


def test_steps_wait_for_the_findings_that_stand_above_them(goal: Goal) -> None:
    assert goal.initial.name not in journey(GoalView(goal, euros), 60).plain
    assert goal.initial.name in journey(GoalView(goal, euros, findings=()), 60).plain
