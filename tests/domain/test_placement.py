"""The proposed places for the steps of a goal in a flow, from the paths through it."""

from __future__ import annotations

import pytest
from hypothesis import given

from goals_tui.domain.flow import Condition, Flow, Node
from goals_tui.domain.flow_edit import insert_at
from goals_tui.domain.placement import Placement, placements, unplaced
from goals_tui.domain.wiring import check
from tests.builders import end, flow, flow_sets, go_to, goal, if_, lookup, question, say, track

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


SEATS = goal("Travel", "Began", "Seat chosen", "◎Ended")


def of_seat(*nodes: Node) -> tuple[str, str]:
    """The place of the step 'Seat chosen' with its reason, or "" with the reason why it has none."""
    of = flow("Abc", say("Hello"), *nodes, say("Bye"))
    told = [(one.where, one.reason) for one in placements(of, SEATS, {of.id: of}) if one.step.name == "Seat chosen"]
    return told[0] if told else ("", unplaced(of, SEATS, {of.id: of})[0].reason)


def test_a_step_comes_after_the_question_whose_answer_is_saved_under_its_name() -> None:
    asked = question("Where will you sit?", "Here", save_as="seat")
    assert of_seat(asked) == ("after 'Where will you sit?'", "Its answer is saved as 'seat'.")


def test_a_step_comes_where_the_answer_with_its_name_leads() -> None:
    asked = question("Anything else?", "Window seat", "Aisle seat", "No")
    no = Condition(to="no")
    otherwise = if_("Nothing?", condition=no)
    assert of_seat(asked, otherwise) == ("in 'Else' of 'Nothing?'", "The answer 'Window seat' leads here.")
    cases = lookup("Which?", {"WINDOW SEAT": (), "No": ()})
    alone = question("Anything else?", "Window seat", "No")
    assert of_seat(alone, track(BOOK, "Pay", name="pay"), cases)[0] == "in 'WINDOW SEAT' of 'Which?'"
    shared = "Answers to 'Anything else?' mention it, but no branch is theirs alone."
    assert of_seat(asked, cases) == ("", shared), "the aisle seat leads elsewhere"
    assert of_seat(asked) == ("", shared)


def test_a_step_without_a_place_says_why() -> None:
    assert of_seat(question("Hm?", "Yes")) == ("", "No text, answer or saved value after 'Began' mentions it.")
    leaving = flow("Abc", track(BOOK, "Search", name="search"), if_("choice", (end("stop"),)))
    apart = flow("Abc", if_("choice", (track(BOOK, "Search", name="search"),), (end("stop"),)))
    assert unplaced(leaving, BOOK, {leaving.id: leaving})[0].step.name == "Choose seat"
    assert [one.reason for one in unplaced(apart, BOOK, {apart.id: apart})][-1] == (
        "Paths after 'Search' share no node, and no text there mentions it."
    )


@given(flow_sets(tracked=(BOOK,)))
def test_every_further_step_has_a_place_or_a_reason_or_is_tracked(flows: tuple[Flow, ...]) -> None:
    known = {one.id: one for one in flows}
    for one in flows:
        told = [each.step.id for each in (*placements(one, BOOK, known), *unplaced(one, BOOK, known))]
        assert len(told) == len(set(told))


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


def test_a_completion_step_comes_after_it_is_said_not_after_it_is_asked() -> None:
    asked = flow("Abc", say("Hello"), question("Pay now?", "Yes", "No"), say("It is paid."), say("Bye"))
    where = {one.step.name: one.where for one in placements(asked, BOOK, {asked.id: asked})}
    assert where["Pay"] == "after 'It is paid.'"


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
