from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.flow import MAX_DEPTH, Flow, If, Node, Say
from goals_tui.domain.flow_edit import (
    Position,
    insert_at,
    move_down,
    move_up,
    position_of,
    remove,
    replace,
    siblings,
    with_new_ids,
)
from goals_tui.domain.ids import Ids
from tests.builders import book_a_flight, flow, flow_sets, if_, lookup, node_id, question, say
from tests.examples import examples

slow = examples(40)


@pytest.fixture
def nested() -> Flow:
    return flow(
        "Nested",
        say("hello"),
        if_("Is it so?", (say("yes"), if_("Sure?", (say("very"),))), (say("no"),)),
        lookup("Where", {"Berlin": (say("B"),), "Oslo": ()}, (say("elsewhere"),)),
    )


def insert_after(made: Flow, other: str | None, node: Node) -> Flow:
    """Right after another node, in the same sequence; None stands for Start."""
    if other is None:
        return insert_at(made, Position(None, 0, 0), node)
    before = position_of(made, other)
    return insert_at(made, Position(before.parent_id, before.branch, before.index + 1), node)


def ids_of(made: Flow) -> list[str]:
    return [node.id for node in made.walk()]


def test_insert_after_start_and_after_a_node(nested: Flow) -> None:
    first = insert_after(nested, None, say("first"))
    assert first.nodes[0] == say("first")
    inside = insert_after(nested, node_id("very"), say("next"))
    assert position_of(inside, node_id("next")) == Position(node_id("Sure?"), 0, 1)
    assert siblings(inside, position_of(inside, node_id("next"))) == (say("very"), say("next"))


def test_move_within_the_sequence_and_stay_at_its_edges(nested: Flow) -> None:
    assert [node.id for node in move_down(nested, node_id("hello")).nodes][:2] == [
        node_id("Is it so?"),
        node_id("hello"),
    ]
    assert move_up(nested, node_id("hello")) == nested
    assert move_down(nested, node_id("Where")) == nested
    assert move_up(move_down(nested, node_id("yes")), node_id("yes")) == nested


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda f: insert_at(f, Position(node_id("hello"), 0, 0), say("x")), "'Say' has no branch number 1."),
        (lambda f: insert_at(f, Position(None, 0, 9), say("x")), "There is no place 9"),
        (lambda f: insert_after(f, None, say("hello")), "has a node with the id"),
        (lambda f: insert_after(f, None, if_("x", (say("very"),))), "Paste it again."),
    ],
)
def test_refusals(nested: Flow, edit: object, message: str) -> None:
    with pytest.raises(RefusedError) as refused:
        edit(nested)  # type: ignore[operator]  # the parameters are functions of a flow
    assert message in str(refused.value)


def test_too_deep_is_refused() -> None:
    node: If | Say = say("core")
    for depth in range(MAX_DEPTH):
        node = if_(f"level {depth}", (node,))
    deep = flow("Deep", node)
    assert Flow.model_validate(deep.model_dump()) == deep
    with pytest.raises(RefusedError, match="at most 40 deep"):
        insert_after(deep, node_id("core"), if_("one more", (say("too deep"),)))
    with pytest.raises(RefusedError, match="at most 40 deep"):
        replace(deep, if_("core", (say("too deep"),)))


def test_unknown_nodes_are_named(nested: Flow) -> None:
    with pytest.raises(NotFoundError, match="node of the flow 'Nested'"):
        remove(nested, "f" * 24)


def test_replace_changes_one_node(nested: Flow) -> None:
    changed = replace(nested, question("Really?", name="very"))
    assert changed.node(node_id("very")) == question("Really?", name="very")
    assert ids_of(changed) == ids_of(nested)


@slow
@given(data=st.data(), flows=flow_sets((book_a_flight(),), most=1))
def test_an_edit_and_its_inverse_leave_the_flow_as_it_was(data: st.DataObject, flows: tuple[Flow, ...]) -> None:
    made = insert_after(flows[0], None, say("there is one node at least"))
    chosen = data.draw(st.sampled_from(ids_of(made)))

    assert remove(insert_after(made, chosen, say("new")), node_id("new"))[0] == made
    where = position_of(made, chosen)
    without, taken = remove(made, chosen)
    assert insert_at(without, where, *taken) == made
    assert replace(replace(made, say("other").model_copy(update={"id": chosen})), made.node(chosen)) == made
    if move_down(made, chosen) != made:
        assert move_up(move_down(made, chosen), chosen) == made
    if move_up(made, chosen) != made:
        assert move_down(move_up(made, chosen), chosen) == made


@slow
@given(flows=flow_sets((book_a_flight(),), most=1))
def test_edits_leave_a_sound_flow(flows: tuple[Flow, ...]) -> None:
    made = insert_after(flows[0], None, if_("outer", (flows[0].nodes and ()) or (say("x"),)))
    assert Flow.model_validate(made.model_dump()) == made


@slow
@given(flows=flow_sets((book_a_flight(),), most=1))
def test_pasted_nodes_have_ids_of_their_own(flows: tuple[Flow, ...]) -> None:
    outer = if_("outer", flows[0].nodes)
    made = flow("Paste", outer)
    pasted = with_new_ids(outer, Ids(1))
    twice = insert_after(made, outer.id, pasted)
    assert len(set(ids_of(twice))) == len(ids_of(twice)) == 2 * len(ids_of(made))
    assert with_new_ids(pasted, Ids(2)) == with_new_ids(outer, Ids(2))
