"""Flows as files: written, read again under a name of their own, and refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from goals_tui.domain.errors import GoalsError, UnreadableError
from goals_tui.domain.flow import ExecuteFlow, Flow, GoTo, TrackGoal
from goals_tui.services import flow_sources
from goals_tui.services.context import Services
from tests.builders import book_a_flight, execute, flow, go_to, if_, say


def load(services: Services, path: Path, name: str | None = None) -> Flow:
    """The only flow of a file."""
    (one,) = services.flow_files.load([path], name=name).flows
    return one.flow


def test_what_is_written_comes_in_as_another_flow(services: Services, tmp_path: Path) -> None:
    saved = services.flows.save(flow("Main", say("hello"), if_("sure?", (say("yes"),), ())))
    path = tmp_path / "main.json"
    services.flow_files.export(saved, path)
    again = load(services, path)
    assert again.name == "Main (2)" and again.id != saved.id
    assert [node.id for node in again.walk()] != [node.id for node in saved.walk()]
    assert [node.kind for node in again.walk()] == [node.kind for node in saved.walk()]
    services.flows.delete(saved.id)
    third = load(services, path, name="Mine")
    assert (third.id, third.name) == (saved.id, "Mine")
    assert services.history.undo() == services.history.redo_label == "Import flow 'Main'"
    assert services.history.redo() == "Import flow 'Main'"


def test_a_chart_is_called_as_the_folder_of_its_flow(services: Services, tmp_path: Path) -> None:
    path = tmp_path / "flows" / "Booking" / "en-US" / "chart.json"
    path.parent.mkdir(parents=True)
    nodes = [{"_id": "a", "type": "start"}, {"_id": "b", "type": "say", "label": "Hello"}]
    relations = [{"node": "a", "next": "b", "children": []}, {"node": "b", "next": None, "children": []}]
    path.write_text(json.dumps({"nodes": nodes, "relations": relations}))
    assert load(services, path).name == "Booking"


def test_a_chart_that_comes_in_twice_shares_no_node(services: Services, tmp_path: Path) -> None:
    path = tmp_path / "chart.json"
    start, hello = "a" * 24, "b" * 24
    nodes = [{"_id": start, "type": "start"}, {"_id": hello, "type": "say", "label": "Hello"}]
    relations = [{"node": start, "next": hello, "children": []}, {"node": hello, "next": None, "children": []}]
    path.write_text(json.dumps({"nodes": nodes, "relations": relations}))
    one, other = load(services, path), load(services, path)
    assert {node.id for node in one.walk()}.isdisjoint(node.id for node in other.walk())


@pytest.mark.parametrize(
    ("goal_named", "steps_named"), [("goalReferenceId", "id"), ("goalReferenceId", "name"), ("goalId", "name")]
)
def test_a_chart_may_name_a_goal_by_its_reference_and_steps_by_their_names(
    services: Services, tmp_path: Path, goal_named: str, steps_named: str
) -> None:
    goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    named = {"goalReferenceId": goal.reference_id.upper(), "goalId": goal.id}[goal_named]
    config = {goal_named: named, "steps": [getattr(step, steps_named) for step in goal.steps[:2]] + ["nobody's"]}
    nodes = [{"_id": "if", "type": "if"}, {"_id": "then", "type": "then"}, {"_id": "t", "type": "trackGoal"}]
    nodes[2]["config"] = config  # type: ignore[assignment]
    relations = [
        {"node": "if", "next": None, "children": ["then"]},
        {"node": "then", "next": "t", "children": []},
        {"node": "t", "next": None, "children": []},
    ]
    path = tmp_path / "chart.json"
    path.write_text(json.dumps({"nodes": nodes, "relations": relations}))
    (track,) = (node for node in load(services, path).walk() if isinstance(node, TrackGoal))
    assert (track.goal_id, track.step_ids) == (goal.id, (goal.steps[0].id, goal.steps[1].id, "nobody's"))


def test_a_copy_of_a_flow_that_leads_to_itself_does_so_too(services: Services, tmp_path: Path) -> None:
    made = flow("Loop", if_("again?", (go_to("Loop"),), (go_to("Other"), execute("Loop"))))
    saved = services.flows.save(made)
    services.flow_files.export(saved, tmp_path / "loop.json")
    for copy in (load(services, tmp_path / "loop.json"), services.flows.duplicate(saved.id)):
        targets = [node.flow_id for node in copy.walk() if isinstance(node, GoTo | ExecuteFlow)]
        assert targets == [copy.id, go_to("Other").flow_id, copy.id]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "it is not JSON: its end is missing, the file was cut off. Give a flow's JSON file, a chart.json,"),
        ("[" * 5000, "it is not JSON: its end is missing, the file was cut off. Give a flow's JSON file"),
        ("[" * 5000 + "]" * 5000, "it is not JSON. Give a flow's JSON file"),
        ("", "it is empty. Give a flow's JSON file"),
        ("<!DOCTYPE html><html>", "it is not JSON but a web page: one to sign in, or an error of the server."),
        ("{}", "main.json: "),
        (None, "can't be read: No such file or directory."),
    ],
)
def test_what_is_no_flow_is_refused(services: Services, tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "main.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(GoalsError) as refused:
        load(services, path)
    assert message in str(refused.value) and str(path) in str(refused.value)
    assert services.flows.all() == ()


def test_a_file_that_is_too_large_is_not_read(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "main.json"
    path.write_text("{}" + " " * 100)
    monkeypatch.setattr(flow_sources, "LARGEST", 50)
    with pytest.raises(UnreadableError, match="and no flow is"):
        load(services, path)


def test_an_edit_of_one_flow_leaves_the_others_as_they_were_read(services: Services) -> None:
    services.flows.save(flow("A", go_to("B")))
    other = services.flows.save(flow("B", say("hi")))
    a, b = services.flows.all()
    services.flows.save(a.model_copy(update={"description": "new"}))
    again, same = services.flows.all()
    assert again.description == "new" and same is b
    # What somebody writes past the application is read, whatever its revision says.
    document = services.workspace.documents.get("flows", other.id)
    assert document is not None
    with services.workspace.documents.transaction() as transaction:
        transaction.put("flows", other.id, {**document, "name": "C"})
    assert [one.name for one in services.flows.all()] == ["A", "C"]
