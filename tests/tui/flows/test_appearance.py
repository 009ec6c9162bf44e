"""The texts on the boxes."""

from __future__ import annotations

from goals_tui.domain.flow import Condition, GoTo, Question, Say, TrackGoal
from goals_tui.tui.flows.kinds import Names, appearance_of, condition_text
from tests.builders import (
    book_a_flight,
    end,
    flow,
    go_to,
    goal,
    handover,
    hex_id,
    if_,
    node_id,
    other,
    question,
    say,
    track,
)

GOAL = book_a_flight()
NAMES = Names({GOAL.id: GOAL}, {hex_id("flow Later"): flow("Later")})


def text(node: object, *, compact: bool = False, names: Names = NAMES) -> list[str]:
    face = appearance_of(node, names, compact=compact)  # type: ignore[arg-type]  # every caller gives a node
    return [f"{face.title} | {face.kind}".rstrip(" |"), *("".join(piece for _, piece in line) for line in face.lines)]


def test_a_label_stands_beside_the_kind_and_without_one_the_kind_is_the_title() -> None:
    assert text(say("Hello\n  there")) == ["Say", "Hello there"]
    assert text(Say(id=node_id("x"), label="Greeting", text="Hello")) == ["Greeting | Say", "Hello"]
    assert text(Say(id=node_id("x"))) == ["Say", "says nothing yet"]
    assert text(end()) == ["End"]
    assert text(handover("One moment")) == ["Handover to Agent", "One moment"]


def test_a_question_shows_its_buttons_and_where_the_answer_is_kept() -> None:
    assert text(question("Which?", "A", "B", save_as="way")) == ["Question", "Which?", "[A] [B] → way"]
    assert text(question("Which?", "A"), compact=True) == ["Question", "Which?"]
    assert text(Question(id=node_id("q"))) == ["Question", "asks nothing yet"]


def test_conditions_read_as_sentences() -> None:
    assert condition_text(Condition(to="yes")) == "answer = yes"
    assert condition_text(Condition(of="flight", comparison="not_equals", to="Oslo")) == "flight ≠ Oslo"
    assert condition_text(Condition(of="flight", comparison="exists")) == "flight exists"
    assert condition_text(Condition()) == "answer = …"
    assert text(if_("Paid?")) == ["Paid? | If", "answer = yes"]


def test_a_track_goal_process_shows_goal_and_steps_in_the_goals_order() -> None:
    node = track(GOAL, "Payment completed", "Flight selected")
    assert text(node) == ["Track Goal Process", "Book a Flight", "● Flight selected", "◎ Payment completed"]
    assert text(node, compact=True) == ["Book a Flight", "● Flight selected", "◎ Payment completed"]


def test_many_steps_are_counted() -> None:
    long = goal("Long", "a", "b", "c", "d", "e", "◎ f")
    names = Names({long.id: long})
    assert text(track(long, *"abcdef"), names=names)[-1] == "+ 3 more steps"


def test_what_is_missing_is_said() -> None:
    assert text(TrackGoal(id=node_id("t"))) == ["Track Goal Process", "no goal selected"]
    assert text(TrackGoal(id=node_id("t"), goal_id="f" * 24)) == ["Track Goal Process", "a goal that does not exist"]
    assert text(TrackGoal(id=node_id("t"), goal_id=GOAL.id))[-1] == "no step selected"
    assert text(TrackGoal(id=node_id("t"), goal_id=GOAL.id, step_ids=("gone",)))[-1] == "a step that does not exist"
    assert text(GoTo(id=node_id("g"))) == ["Go To", "no flow chosen"]
    assert text(go_to("Gone")) == ["Go To", "a flow that does not exist"]
    assert text(go_to("Later")) == ["Go To", "Later"]


def test_other_kinds_show_their_type_and_content() -> None:
    assert text(other("httpRequest", {"url": "https://example.org", "headers": {}})) == [
        "httpRequest",
        "url: https://example.org",
    ]
    assert text(other("code")) == ["code", "kept as it is, passed over"]
