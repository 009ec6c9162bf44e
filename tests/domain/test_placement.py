"""The proposed places for the steps of a goal in a flow, from the paths through it."""

from __future__ import annotations

import pytest
from hypothesis import given

from goals_tui.domain.flow import Flow, Node
from goals_tui.domain.flow_edit import insert_at
from goals_tui.domain.placement import Placement, placements
from goals_tui.domain.wiring import check
from tests.builders import end, flow, flow_sets, go_to, goal, if_, question, say, track

BOOK = goal("Book", "Search", "Choose seat", "◎Pay")


def proposed(*nodes: Node) -> dict[str, str]:
    return {one.step.name: one.where for one in found(flow("Abc", *nodes))}


def found(of: Flow) -> list[Placement]:
    return placements(of, BOOK, {of.id: of})


def with_all(of: Flow) -> Flow:
    """Every proposal inserted, one after the other."""
    for _ in BOOK.steps:
        new = found(of)
        if not new:
            break
        node = track(BOOK, new[0].step.name, name=f"new {new[0].step.name}")
        of = insert_at(of, new[0].position, node)
    return of


def test_an_empty_flow_opens_at_its_start() -> None:
    assert proposed() == {"Search": "at the start"}


def test_the_initial_step_comes_before_all_others_on_every_path() -> None:
    inside = if_("choice", (say("a"), track(BOOK, "Choose seat", name="seat")), (track(BOOK, "Pay", name="pay"),))
    assert proposed(say("Hello"), inside) == {"Search": "before 'choice'"}
    assert proposed(say("Hello"), if_("choice", (say("a"), track(BOOK, "Choose seat", name="seat"))))["Search"] == (
        "before 'Choose seat'"
    )


def test_a_completion_step_comes_where_no_path_avoids_it() -> None:
    opening = track(BOOK, "Search", name="search")
    branches = if_("choice", (say("a"),), (say("b"),))
    assert proposed(opening, branches, say("Bye")) == {"Pay": "after 'Bye'"}
    assert proposed(opening, branches, say("Bye"), end("stop")) == {"Pay": "before 'End'"}
    assert proposed(opening, if_("choice", (end("stop"),), (end("halt"),))) == {"Pay": "before 'choice'"}


def test_a_path_that_leaves_avoids_what_comes_after_it() -> None:
    opening = track(BOOK, "Search", name="search")
    nodes = (opening, say("Hm"), if_("choice", (go_to("Other"),)), say("Bye"))
    assert proposed(*nodes) == {"Pay": "before 'choice'"}


def test_a_step_comes_after_the_node_whose_text_mentions_it() -> None:
    opening = track(BOOK, "Search", name="search")
    where = proposed(opening, say("Hello"), question("Which seats do you want?", "Aisle"), say("You paid."), say("Bye"))
    assert where["Choose seat"] == "after 'Which seats do you want?'"


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ("Paid", "How will you pay?"),
        ("Payment completed", "Which card do you want to pay with?"),
        ("Paying", "Your payments are safe."),
        ("Booked", "Is this the booking?"),
        ("Table booking", "Shall I book it?"),
        ("Seat chosen", "Your choice, please."),
        ("Bought", "What would you like to buy?"),
        ("Set up", "Setting it for you."),
        ("Called back", "When may we call?"),
        ("Dates given", "Please give a date."),
        ("Copied", "A copy is on its way."),
        ("SIM ready", "Is the SIM in your phone?"),
    ],
)
def test_a_step_is_mentioned_in_any_form_of_its_words(step: str, text: str) -> None:
    asked = flow("Abc", say("Hello"), question(text, "Yes"), say("Bye"))
    tracked = goal("Any", "Began", step, "◎Ended")
    where = {one.step.name: one.where for one in placements(asked, tracked, {asked.id: asked})}
    assert where.get(step) == f"after {text!r}"


def test_what_the_whole_flow_is_about_says_nothing_about_a_place() -> None:
    claim = goal("Report a claim", "Claim opened", "◎Claim registered")
    asked = flow("Abc", say("Hello"), say("You report a claim."), say("Shall I register it?"), say("Bye"))
    where = {one.step.name: one.where for one in placements(asked, claim, {asked.id: asked})}
    assert where == {"Claim opened": "at the start", "Claim registered": "after 'Shall I register it?'"}


def test_the_initial_step_is_not_put_after_the_text_of_another() -> None:
    asked = flow("Abc", say("Hello"), question("Which seat?", "Aisle"), say("The search is over."))
    where = {one.step.name: one.where for one in found(asked)}
    assert where["Search"] == "at the start"
    assert where["Choose seat"] == "after 'Which seat?'"


def test_a_completion_step_does_not_come_before_the_texts_of_those_before_it() -> None:
    claim = goal("Report a claim", "Claim opened", "Photos sent", "◎Claim registered")
    asked = flow("Abc", say("Let us register it."), question("Photos?", "Yes"), say("Bye"))
    where = {one.step.name: one.where for one in placements(asked, claim, {asked.id: asked})}
    assert where["Claim registered"] == "after 'Bye'"
    leaving = if_("Known?", (), (end("stop"),))
    asked = flow("Abc", say("Let us register it."), leaving, question("Photos?", "Yes"), say("Bye"))
    registered = placements(asked, claim, {asked.id: asked})[-1]
    assert (registered.where, registered.reason) == ("after 'Bye'", "No path from 'Photos sent' avoids it.")


def test_a_step_named_as_its_goal_is_mentioned_by_all_of_its_words() -> None:
    activate = goal("Activate a SIM", "Asked", "◎SIM activated")
    for text, wanted in (
        ("Activate the SIM now?", "after 'Activate the SIM now?'"),
        ("Is the SIM there?", "after 'Bye'"),
    ):
        asked = flow("Abc", say("Hello"), question(text, "Yes"), say("Bye"))
        where = {one.step.name: one.where for one in placements(asked, activate, {asked.id: asked})}
        assert where["SIM activated"] == wanted


@pytest.mark.parametrize(
    ("step", "text"), [("All of it", "What is all of this?"), ("Carried", "Your car."), ("Us", "Us?")]
)
def test_common_words_and_other_words_mention_no_step(step: str, text: str) -> None:
    asked, tracked = flow("Abc", say("Hello"), question(text, "Yes")), goal("Any", "Began", step, "◎Ended")
    assert step not in {one.step.name for one in placements(asked, tracked, {asked.id: asked})}


def test_what_is_proposed_settles_the_findings_about_order() -> None:
    nodes = (say("Hello"), if_("choice", (track(BOOK, "Choose seat", name="seat"),)), track(BOOK, "Pay", name="pay"))
    before, after = flow("Abc", *nodes), with_all(flow("Abc", *nodes))
    codes = {finding.code for finding in check([before], [BOOK])}
    assert "before-initial" in codes
    assert not {finding.code for finding in check([after], [BOOK])} & {"before-initial", "maybe-before-initial"}


@given(flow_sets(tracked=(BOOK,)))
def test_every_proposal_can_be_inserted(flows: tuple[Flow, ...]) -> None:
    known = {one.id: one for one in flows}
    for one in flows:
        for placement in placements(one, BOOK, known):
            insert_at(one, placement.position, say("here"))
