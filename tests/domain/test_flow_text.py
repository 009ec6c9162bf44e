from __future__ import annotations

from goals_tui.domain.flow import Condition, Question, TrackGoal
from goals_tui.domain.flow_text import draw, line, summary
from tests.builders import (
    book_a_flight,
    book_a_flight_flow,
    end,
    execute,
    flow,
    go_to,
    handover,
    if_,
    lookup,
    node_id,
    once,
    other,
    question,
    say,
    track,
)

BOOK = book_a_flight()
GOALS = {BOOK.id: BOOK}


def test_the_seeds_example() -> None:
    assert draw(book_a_flight_flow(BOOK), GOALS, {}) == [
        "Book a Flight",
        "├─ Say  Welcome aboard. Where would you like to go?",
        "├─ Question  Which flight do you choose? [Berlin] [Lisbon] [Oslo] → flight",
        "├─ Track Goal Process  Book a Flight: ● Flight selected",
        "├─ Question  Who is travelling? → passenger",
        "├─ Track Goal Process  Book a Flight: ○ Passenger information entered",
        "├─ Question  Shall I charge your card? [yes] [no]",
        "└─ If “Paid?”  last answer = “yes”",
        "   ├─ Then",
        "   │  ├─ Track Goal Process  Book a Flight: ◎ Payment completed",
        "   │  └─ Say  Thank you, your ticket is on its way.",
        "   └─ Else",
        "      └─ Say  I keep your booking for a day.",
    ]


def test_an_empty_flow_and_empty_branches() -> None:
    assert draw(flow("Empty"), {}, {}) == ["Empty", "└─ (empty)"]
    made = flow("F", once("O", (end(),)), lookup("L", {"Berlin": ()}, of="city"))
    assert draw(made, {}, {})[1:] == [
        "├─ Once “O”",
        "│  ├─ First time",
        "│  │  └─ End",
        "│  └─ Afterwards: —",
        "└─ Lookup “L”  city",
        "   ├─ Berlin: —",
        "   └─ Default: —",
    ]


def test_references_that_lead_nowhere_are_marked() -> None:
    target = flow("Target")
    flows = {target.id: target}
    assert summary(go_to("Target"), {}, flows) == "→ Target"
    assert summary(execute("Gone"), {}, flows) == "✗ a flow that does not exist"
    assert summary(go_to("x").model_copy(update={"flow_id": ""}), {}, flows) == "✗ no flow chosen"
    node = TrackGoal(id=node_id("t"))
    assert summary(node, GOALS, {}) == "✗ no goal selected"
    assert summary(track(BOOK, "Flight selected"), {}, {}) == "✗ a goal that does not exist"
    half = node.model_copy(update={"goal_id": BOOK.id, "step_ids": ("f" * 24, BOOK.initial.id)})
    assert summary(half, GOALS, {}) == "Book a Flight: ● Flight selected, ✗ a step that does not exist"
    assert summary(half.model_copy(update={"step_ids": ()}), GOALS, {}) == "Book a Flight: ✗ no step selected"


def test_conditions_in_words() -> None:
    for condition, words in [
        (Condition(of="city", comparison="not_equals", to="x"), "city ≠ “x”"),
        (Condition(comparison="contains", to="x"), "last answer contains “x”"),
        (Condition(of="city", comparison="exists"), "city exists"),
    ]:
        assert summary(if_("I", condition=condition), {}, {}) == words


def test_texts_become_one_line_and_keep_their_brackets() -> None:
    assert summary(say("[/foo] two\nlines\tand ✈️"), {}, {}) == "[/foo] two lines and ✈️"
    assert summary(say("x" * 100), {}, {}) == "x" * 71 + "…"
    assert line(handover("One moment"), {}, {}) == "Handover to Agent  One moment"
    assert line(other("httpRequest"), {}, {}) == "httpRequest"
    asked = question("?", name="q").model_copy(update={"label": "Question"})
    assert isinstance(asked, Question) and line(asked, {}, {}) == "Question  ?"
