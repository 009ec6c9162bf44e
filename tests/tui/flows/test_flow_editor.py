"""The flow that is edited, without a screen: what is selected, kept for pasting, and saved."""

from __future__ import annotations

import pytest

from goals_tui.domain.errors import ConflictError
from goals_tui.domain.flow import Flow, Node, Say
from goals_tui.domain.flow_edit import Position
from goals_tui.services.context import Services
from goals_tui.tui.flows.blocks import START, slot_key
from goals_tui.tui.flows.edits import Edit
from goals_tui.tui.flows.flow_editor import FlowEditor
from tests.builders import flow, if_, node_id, say

ABC = flow("Abc", say("a"), say("b"), if_("choice", (say("yes"), say("sure"))), say("c"))


@pytest.fixture
def editor(services: Services) -> FlowEditor:
    editor = FlowEditor(services.ids, services.flows)
    editor.show(services.flows.save(ABC))
    return editor


def texts(nodes: tuple[Node, ...]) -> list[str]:
    return [node.text if isinstance(node, Say) else node.label for node in nodes]


def done(editor: FlowEditor, edit: Edit | None) -> Flow:
    assert edit is not None
    saved = editor.commit(edit)
    editor.committed(edit, saved)
    return saved


def test_a_run_is_of_neighbours_in_either_order(editor: FlowEditor) -> None:
    editor.selected = node_id("b")
    assert texts(editor.run) == ["b"]
    editor.extend(up=False)
    assert texts(editor.run) == ["b", "choice"] and editor.selected == node_id("choice")
    editor.extend(up=True)
    editor.extend(up=True)
    assert texts(editor.run) == ["a", "b"]
    assert editor.extend(up=True) == node_id("a"), "it ends with the sequence"


def test_a_run_from_a_branch_out_of_it_is_of_whole_nodes(editor: FlowEditor) -> None:
    editor.selected = node_id("sure")
    assert editor.mark()
    editor.selected = node_id("yes")
    assert texts(editor.run) == ["yes", "sure"]
    editor.selected = node_id("a")
    assert texts(editor.run) == ["a", "b", "choice"]
    editor.selected = START
    assert editor.run == ()
    editor.selected = node_id("a")
    assert not editor.mark()
    assert texts(editor.run) == ["a"]


def test_a_run_is_moved_together_and_stays_selected(editor: FlowEditor) -> None:
    editor.selected = node_id("a")
    editor.extend(up=False)
    assert texts(done(editor, editor.move(up=False)).nodes) == ["choice", "a", "b", "c"]
    assert texts(editor.run) == ["a", "b"]
    assert texts(done(editor, editor.move(up=False)).nodes) == ["choice", "c", "a", "b"]
    assert editor.move(up=False) is None
    assert texts(done(editor, editor.move(up=True)).nodes) == ["choice", "a", "b", "c"]


def test_a_run_is_cut_and_pasted_under_new_ids(editor: FlowEditor) -> None:
    editor.selected = node_id("b")
    editor.extend(up=False)
    edit = editor.cut()
    assert edit is not None and edit.label == "Cut 2 nodes and 2 nodes in their branches"
    assert texts(done(editor, edit).nodes) == ["a", "c"]
    assert editor.anchor is None and editor.selected == node_id("c")
    saved = done(editor, editor.paste())
    assert texts(saved.nodes) == ["a", "c", "b", "choice"]
    assert node_id("b") not in {node.id for node in saved.walk()}


def test_copying_changes_nothing_and_deleting_keeps_nothing(editor: FlowEditor) -> None:
    editor.selected = node_id("choice")
    assert texts(editor.copy()) == ["choice"] == texts(editor.clipboard)
    editor.selected = node_id("yes")
    editor.extend(up=False)
    saved = done(editor, editor.delete())
    assert texts(editor.clipboard) == ["choice"]
    assert saved.nodes[2].branches[0].nodes == ()
    assert editor.selected == slot_key(node_id("choice"), 0)
    assert editor.here == Position(node_id("choice"), 0, 0)


def test_nothing_is_edited_where_nothing_is_selected(editor: FlowEditor) -> None:
    assert (editor.delete(), editor.cut(), editor.paste(), editor.move(up=True)) == (None, None, None, None)
    assert editor.copy() == () and editor.here == Position(None, 0, 0)
    editor.show(None)
    assert editor.node is None and editor.add("say", Position(None, 0, 0)) is None


def test_a_conflict_names_only_what_others_changed(editor: FlowEditor, services: Services) -> None:
    stored = services.flows.get("Abc")
    services.flows.save(stored.model_copy(update={"description": "Theirs"}))
    editor.selected = node_id("a")
    edit = editor.delete()
    assert edit is not None
    with pytest.raises(ConflictError) as caught:
        editor.commit(edit)
    assert "description" in str(caught.value) and "nodes" not in str(caught.value)
