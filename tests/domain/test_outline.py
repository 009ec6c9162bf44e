"""Lists of lines read as a goal, and as nodes of a flow."""

from __future__ import annotations

import pytest

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.flow import Question, Say
from goals_tui.domain.ids import Ids
from goals_tui.domain.outline import read_goal, read_nodes


@pytest.mark.parametrize(
    "text",
    [
        "Book a Flight\nFlight chosen\nSeat chosen\nPaid",
        "# Book a Flight\n\n- Flight chosen\n- Seat chosen\n- Paid\n",
        "Book a Flight\r\n1. Flight chosen\r\n2) Seat chosen\r\n(3) Paid",
        "Book a Flight\n  ● Flight chosen\n  ○ Seat chosen\n  ◎ Paid",
    ],
)
def test_lists_of_any_look_are_the_same_goal(text: str) -> None:
    goal = read_goal(text)
    assert goal.name == "Book a Flight"
    assert [(step.cells[0], step.completes) for step in goal.steps] == [
        ("Flight chosen", False),
        ("Seat chosen", False),
        ("Paid", True),
    ]


def test_marked_steps_complete_and_cells_follow_tabs() -> None:
    goal = read_goal("G\nBegin\n◎ Paid\t9.50\t\t5m\nReceipt sent")
    assert [step.completes for step in goal.steps] == [False, True, False]
    assert goal.steps[1].cells == ["Paid", "9.50", "", "5m"]


@pytest.mark.parametrize("text", ["", "\n \n", "G", "G\nBegin"])
def test_too_few_lines_are_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="three lines"):
        read_goal(text)


def test_what_begins_with_a_number_or_a_dash_keeps_it() -> None:
    steps = read_goal("2024 plan\n3rd visit\n-5 degrees\n1.5 hours").steps
    assert [step.cells[0] for step in steps] == ["3rd visit", "-5 degrees", "1.5 hours"]


def test_questions_and_their_buttons() -> None:
    lines = [
        "Hello.",
        "- Where to?",
        "- Which seat? [Window] [Aisle] [Aisle]",
        "Ask: your name",
        "Say: Ready?",
        "See [1]",
    ]
    nodes = read_nodes("\n".join([*lines, "Say: See [1]"]), Ids(1))
    assert [(type(node), node.text, getattr(node, "buttons", None)) for node in nodes] == [  # type: ignore[union-attr]
        (Say, "Hello.", None),
        (Question, "Where to?", ()),
        (Question, "Which seat?", ("Window", "Aisle")),
        (Question, "your name", ()),
        (Say, "Ready?", None),
        (Question, "See", ("1",)),
        (Say, "See [1]", None),
    ]
    with pytest.raises(RefusedError):
        read_nodes(" \n", Ids(1))
