from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain import conversation as conversation_module
from goals_tui.domain.conversation import (
    Asked,
    Conversation,
    Ended,
    Fired,
    HandedOver,
    Output,
    Passed,
    Program,
    Said,
)
from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.flow import Condition, Flow, If, TrackGoal
from tests.builders import (
    ANSWERS,
    book_a_flight,
    book_a_flight_flow,
    end,
    execute,
    flow,
    flow_sets,
    go_to,
    handover,
    hex_id,
    if_,
    lookup,
    node_id,
    once,
    other,
    question,
    say,
    track,
)
from tests.examples import examples


def talk(*flows: Flow, answers: tuple[str, ...] = (), start: str | None = None) -> tuple[list[str], Conversation]:
    """Return the lines from the first flow on, in order, and the conversation."""
    conversation = Conversation(Program(flows), hex_id(f"flow {start}") if start else flows[0].id)
    outputs = conversation.start()
    for answer in answers:
        outputs += conversation.answer(answer)
    return [output.text for output in outputs if isinstance(output, Said | Asked)], conversation


def fired(outputs: list[Output]) -> list[tuple[str, ...]]:
    return [output.step_ids for output in outputs if isinstance(output, Fired)]


def test_the_seeds_example_to_completion() -> None:
    tracked = book_a_flight()
    made = book_a_flight_flow(tracked)
    conversation = Conversation(Program([made], [tracked]), made.id)
    assert [type(output) for output in conversation.start()] == [Said, Asked]
    assert conversation.waiting is not None and conversation.waiting.buttons == ("Berlin", "Lisbon", "Oslo")
    assert fired(conversation.answer("Lisbon")) == [(tracked.initial.id,)]
    assert fired(conversation.answer("Ada")) == [(tracked.steps[1].id,)]
    last = conversation.answer(" YES ")
    assert fired(last) == [(tracked.steps[2].id,)]
    assert conversation.values == {"flight": "Lisbon", "passenger": "Ada"}
    assert conversation.ended == last[-1] == Ended("end", "The flow has ended.", None)
    assert conversation.waiting is None


def test_steps_of_one_node_fire_in_the_goals_order() -> None:
    tracked = book_a_flight()
    made = flow("F", track(tracked, "Payment completed", "Flight selected"))
    outputs = Conversation(Program([made], [tracked]), made.id).start()
    assert fired(outputs) == [(tracked.initial.id, tracked.steps[2].id)]


def test_steps_that_are_gone_do_not_fire() -> None:
    tracked = book_a_flight()
    nodes = (
        TrackGoal(id=node_id("gone step"), goal_id=tracked.id, step_ids=("f" * 24, tracked.initial.id)),
        TrackGoal(id=node_id("gone goal"), goal_id="f" * 24, step_ids=(tracked.initial.id,)),
        TrackGoal(id=node_id("no goal")),
    )
    made = flow("F", *nodes)
    assert fired(Conversation(Program([made], [tracked]), made.id).start()) == [(tracked.initial.id,)]
    assert len(fired(Conversation(Program([made]), made.id).start())) == 2


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        (Condition(to="Yes"), " yes ", True),
        (Condition(to="yes"), "no", False),
        (Condition(comparison="not_equals", to="yes"), "no", True),
        (Condition(comparison="not_equals", to="yes"), "YES", False),
        (Condition(comparison="contains", to="ber"), "To BERLIN", True),
        (Condition(comparison="contains", to="ber"), "Oslo", False),
        (Condition(comparison="exists"), "x", True),
        (Condition(comparison="exists"), "  ", False),
        (Condition(to="straße"), "STRASSE", True),
    ],
)
def test_conditions(condition: Condition, value: str, expected: bool) -> None:
    made = flow("F", question("?"), if_("If", (say("then"),), (say("else"),), condition))
    assert talk(made, answers=(value,))[0] == ["?", "then" if expected else "else"]


def test_a_condition_on_a_saved_value_outlives_later_answers() -> None:
    made = flow(
        "F",
        question("Where?", save_as="city"),
        question("When?"),
        if_("Berlin?", (say("north"),), (say("south"),), Condition(of="city", to="Berlin")),
        if_("Known?", (say("known"),), (say("unknown"),), Condition(of="nothing", comparison="exists")),
    )
    assert talk(made, answers=("berlin", "today"))[0] == ["Where?", "When?", "north", "unknown"]


def test_an_if_without_branches_goes_on_behind_it() -> None:
    made = flow("F", If(id=node_id("bare"), branches=()), say("on"))
    assert talk(made)[0] == ["on"]


@pytest.mark.parametrize(("answer", "said"), [(" OSLO", "O"), ("oslo", "O"), ("Rome", "D"), ("", "D")])
def test_lookup(answer: str, said: str) -> None:
    made = flow("F", question("?"), lookup("L", {"Oslo": (say("O"),), "Berlin": ()}, (say("D"),)), say("after"))
    assert talk(made, answers=(answer,))[0] == ["?", said, "after"]


def test_once_remembers_for_the_whole_conversation() -> None:
    made = flow("F", once("O", (say("first"),), (say("again"),)), question("?"), go_to("F"))
    said, _ = talk(made, answers=("a", "b"))
    assert said == ["first", "?", "again", "?", "again", "?"]
    assert talk(made)[0] == ["first", "?"]


def test_execute_flow_comes_back_and_go_to_does_not() -> None:
    main = flow("Main", execute("Sub"), say("back"), go_to("Other"), say("never"))
    sub = flow("Sub", say("sub"), end(), say("never either"))
    assert talk(main, sub, flow("Other", say("other")))[0] == ["sub", "back", "other"]


def test_a_flow_gone_to_returns_to_whoever_executed_the_frame() -> None:
    main = flow("Main", execute("Sub"), say("back"))
    sub = flow("Sub", go_to("Deeper"), say("never"))
    assert talk(main, sub, flow("Deeper", question("deep?")), answers=("x",))[0] == ["deep?", "back"]


def test_a_question_inside_a_branch_goes_on_behind_the_branch() -> None:
    made = flow("F", question("?"), if_("If", (question("sure?"),)), say("after"))
    assert talk(made, answers=("yes", "no"))[0] == ["?", "sure?", "after"]


def test_end_inside_a_branch_ends_the_flow() -> None:
    main = flow("Main", execute("Sub"), say("back"))
    sub = flow("Sub", if_("If", (), (end(),)), say("never"))
    assert talk(main, sub)[0] == ["back"]


def test_handover_ends_everything() -> None:
    main = flow("Main", execute("Sub"), say("never"))
    conversation = Conversation(Program([main, flow("Sub", handover("One moment."))]), main.id)
    outputs = conversation.start()
    assert [type(output) for output in outputs] == [Passed, HandedOver, Ended]
    assert conversation.ended is not None and conversation.ended.reason == "handover"
    assert conversation.ended.message == "A human agent has taken over."


def test_other_is_passed_over_with_its_branches() -> None:
    assert talk(flow("F", other("code", {"code": "x"}, (say("never"),)), say("on")))[0] == ["on"]


@pytest.mark.parametrize("node", [go_to("Gone"), execute("Gone")])
def test_a_missing_flow_ends_with_its_reason(node: object) -> None:
    _, conversation = talk(flow("F", node))  # type: ignore[arg-type]  # a union of nodes
    assert conversation.ended is not None and conversation.ended.reason == "missing_flow"
    assert conversation.ended.message == "The flow to go on in does not exist."
    assert conversation.ended.node == node


def test_no_flow_chosen_ends_with_its_reason() -> None:
    _, conversation = talk(flow("F", go_to("x").model_copy(update={"flow_id": ""})))
    assert conversation.ended is not None
    assert conversation.ended.message == "No flow was chosen to go on in."


def test_a_circle_without_a_question_is_a_loop() -> None:
    _, conversation = talk(flow("F", say("round"), go_to("F")))
    assert conversation.ended is not None and conversation.ended.reason == "loop"
    assert conversation.ended.message == "The flow goes round in a circle without a question."


def test_a_circle_is_found_behind_a_long_way_and_a_once_node() -> None:
    way = [say(str(number)) for number in range(300)]
    outputs, conversation = talk(flow("F", *way, once("once", (say("first"),), (say("again"),)), go_to("F")))
    assert conversation.ended is not None and conversation.ended.reason == "loop"
    assert len(outputs) < 3000


def test_a_long_flow_without_a_question_is_no_circle() -> None:
    outputs, conversation = talk(flow("F", *(say(str(number)) for number in range(3000))))
    assert conversation.ended is not None and conversation.ended.reason == "end"
    assert len(outputs) == 3000


def test_a_flow_that_is_executed_again_and_again_is_no_circle() -> None:
    inner = flow("G", *(say(str(number)) for number in range(40)))
    _, conversation = talk(flow("F", *(execute("G", str(number)) for number in range(60))), inner)
    assert conversation.ended is not None and conversation.ended.reason == "end"


def test_flows_that_run_for_ever_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation_module, "MAX_NODES_WITHOUT_INPUT", 1000)
    flows = [flow(f"F{n}", execute(f"F{n + 1}"), execute(f"F{n + 1}", "again")) for n in range(30)]
    _, conversation = talk(*flows, flow("F30", say("deep")))
    assert conversation.ended is not None and conversation.ended.reason == "loop"
    assert conversation.ended.message == "1,000 nodes ran without a question. Add a question or an end."


def test_flows_that_execute_each_other_without_end_are_a_loop() -> None:
    _, conversation = talk(flow("F", execute("F"), say("never")))
    assert conversation.ended is not None and conversation.ended.reason == "loop"
    assert conversation.ended.message.startswith("Flows execute each other more than 50 deep")


def test_a_circle_with_a_question_goes_on() -> None:
    said, conversation = talk(flow("F", question("?"), go_to("F")), answers=("x",) * 2000)
    assert len(said) == 2001 and conversation.ended is None


def test_an_empty_flow_ends_at_once() -> None:
    _, conversation = talk(flow("F"))
    assert conversation.ended == Ended("end", "The flow has ended.", None)
    assert talk(flow("Main", execute("F"), say("back")), flow("F"))[0] == ["back"]


def test_what_a_conversation_refuses() -> None:
    made = flow("F", question("?"))
    conversation = Conversation(Program([made]), made.id)
    with pytest.raises(RefusedError, match="Nothing was asked: the conversation is over or has not started"):
        conversation.answer("x")
    conversation.start()
    with pytest.raises(RefusedError, match="has started already"):
        conversation.start()
    conversation.answer("x")
    with pytest.raises(RefusedError, match="Nothing was asked"):
        conversation.answer("x")
    with pytest.raises(NotFoundError, match="There is no flow 'nowhere'"):
        Conversation(Program([made]), "nowhere")


def test_debug_says_which_branch_was_taken() -> None:
    made = flow("F", once("O"), lookup("L", {"x": ()}), if_("I"))
    outputs = Conversation(Program([made]), made.id).start()
    assert [output.way for output in outputs if isinstance(output, Passed)] == ["First time", "Default", "Else"]


@examples(50)
@given(flows=flow_sets((book_a_flight(),)), answers=st.lists(st.sampled_from(ANSWERS), max_size=20))
def test_every_conversation_waits_or_ends(flows: tuple[Flow, ...], answers: list[str]) -> None:
    conversation = Conversation(Program(flows), flows[0].id)
    outputs = conversation.start()
    for answer in answers:
        assert (conversation.waiting is None) == (conversation.ended is not None)
        assert outputs[-1] == (conversation.ended or conversation.waiting)
        if conversation.ended:
            break
        outputs = conversation.answer(answer)
