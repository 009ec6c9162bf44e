"""Flows as a whole: made, named, found, deleted, as files, and changed by others meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from goals_tui.domain.flow import Say, TrackGoal
from goals_tui.services.context import Services, open_services
from goals_tui.tui.app.dialogs import Ask
from goals_tui.tui.app.screen import FlowPlace
from tests.builders import flow, go_to, lookup, node_id, say, track
from tests.tui.flows.samples import ABC, kinds_and_texts, save_goal, saved
from tests.tui.harness import HOSTILE, messages, paste, press, running, screen_text, settle, type_text


async def test_flows_are_created_renamed_duplicated_deleted(services: Services) -> None:
    async with running(services, area="flows") as pilot:
        assert "n  create the first one" in screen_text(pilot.app)
        await press(pilot, "n")
        await type_text(pilot, "One")
        await press(pilot, "enter", "R")
        await type_text(pilot, "One2")
        await press(pilot, "enter", "D")
        assert [row.name for row in services.flows.summaries()] == ["One2", "One2 (2)"]
        await press(pilot, "X")
        assert [row.name for row in services.flows.summaries()] == ["One2"]
        assert messages(pilot.app)[-1] == "'One2 (2)' is deleted."
        assert "u brings it back" in screen_text(pilot.app)
        assert pilot.app.screen.flow.name == "One2"
        await press(pilot, "u")
        assert len(services.flows.summaries()) == 2
        assert pilot.app.screen.flow.name == "One2 (2)", "the one that came back is chosen"
        await press(pilot, "u", "U")
        assert pilot.app.screen.flow.name == "One2 (2)", "and so after redoing"


async def test_a_flow_that_others_lead_to_is_not_deleted_by_a_slip(services: Services) -> None:
    services.flows.save(flow("A", say("hi")))
    services.flows.save(flow("B", go_to("A")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "X")
        assert "Nodes in 'B' lead to it" in " ".join(screen_text(pilot.app).split())
        await press(pilot, "enter")
        assert len(services.flows.summaries()) == 2, "what has the focus keeps it"
        await press(pilot, "X", "right", "enter")
        assert [row.name for row in services.flows.summaries()] == ["B"]


async def test_flows_are_found_by_their_names_alone(services: Services) -> None:
    services.flows.save(flow("Farewell", say("hi")))
    services.flows.save(flow("Nodes of mine", say("hi")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "o")
        assert screen_text(pilot.app).count("1 node, no goals") >= 2
        await type_text(pilot, "node")
        assert [option.title for option in pilot.app.screen.shown] == ["Nodes of mine"]


async def test_the_list_of_flows_says_where_something_is_wrong_and_counts_goals_that_exist(services: Services) -> None:
    tracked = save_goal(services)
    unknown = TrackGoal(id=node_id("gone"), goal_id="f" * 24, step_ids=("f" * 24,))
    services.flows.save(flow("Abc", track(tracked, "Payment completed")))
    services.flows.save(flow("Wrong", unknown))
    async with running(services, (80, 24), area="flows") as pilot:
        await press(pilot, "o")
        shown = screen_text(pilot.app)
        assert "Abc  1 node, 1 goal  ✖2" in shown
        assert "Wrong  1 node, no goals  ✖1" in shown


async def test_a_name_that_is_taken_is_refused_while_typing(services: Services) -> None:
    services.flows.save(ABC)
    async with running(services, area="flows") as pilot:
        await press(pilot, "n")
        await type_text(pilot, "abc")
        await press(pilot, "enter")
        assert "There is a flow 'abc' already." in screen_text(pilot.app)


@pytest.mark.parametrize(
    ("rights", "expected", "copied"),
    [(0, ["b", "theirs"], []), (1, ["b", "theirs"], []), (2, ["b", "theirs"], ["mine"]), (3, ["mine"], [])],
)
async def test_a_conflict_loses_neither_side(
    services: Services, rights: int, expected: list[str], copied: list[str]
) -> None:
    services.flows.save(flow("Abc", say("b")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "down", "e", "backspace")
        await type_text(pilot, "mine")
        elsewhere = open_services(services.workspace.path, clock=services.clock, env={})
        theirs = elsewhere.flows.get("Abc")
        added = Say(id=node_id("t"), text="theirs")
        elsewhere.flows.save(theirs.model_copy(update={"nodes": (*theirs.nodes, added)}))
        await press(pilot, "enter")
        assert "was changed elsewhere" in screen_text(pilot.app)
        await press(pilot, *["right"] * rights, "enter")
        assert kinds_and_texts(saved(services).nodes) == expected
        if copied:
            assert kinds_and_texts(saved(services, "Abc (2)").nodes) == copied
        elif expected == ["mine"]:
            await press(pilot, "u")
            assert kinds_and_texts(saved(services).nodes) == ["b", "theirs"]
        else:
            await press(pilot, "p")
            assert "mine" in kinds_and_texts(saved(services).nodes)


async def test_a_flow_goes_to_a_file_and_comes_back(services: Services, tmp_path: Path) -> None:
    services.flows.save(ABC)
    file = tmp_path / "abc.json"
    async with running(services, area="flows") as pilot:
        await press(pilot, "E", "ctrl+u")
        await paste(pilot, str(tmp_path))
        await press(pilot, "enter")
        assert "This is a folder." in screen_text(pilot.app)
        await type_text(pilot, "/abc.json")
        await press(pilot, "enter")
        assert file.is_file()
        file.write_text("keep")
        for answer in ("enter", "escape"):
            await press(pilot, "E", "ctrl+u")
            await paste(pilot, str(file))
            await press(pilot, "enter")
            assert isinstance(pilot.app.screen, Ask)
            await press(pilot, answer)
            assert file.read_text() == "keep"
            await press(pilot, "escape")
        await press(pilot, "E", "ctrl+u")
        await paste(pilot, str(file))
        await press(pilot, "enter", "tab", "enter")
        await press(pilot, "I")
        await paste(pilot, str(file))
        await press(pilot, "enter")
        assert [row.name for row in services.flows.summaries()] == ["Abc", "Abc (2)"]
        assert kinds_and_texts(saved(services, "Abc (2)").nodes) == kinds_and_texts(ABC.nodes)
        file.write_text("no flow")
        await press(pilot, "I")
        await paste(pilot, str(file))
        await press(pilot, "enter")
        assert "is not JSON" in messages(pilot.app)[-1]


async def test_what_another_program_saves_shows_up(services: Services) -> None:
    services.flows.save(flow("Abc", say("b")))
    async with running(services, area="flows") as pilot:
        elsewhere = open_services(services.workspace.path, clock=services.clock, env={})
        theirs = elsewhere.flows.get("Abc")
        elsewhere.flows.save(theirs.model_copy(update={"nodes": (Say(id=node_id("n"), text="news"),)}))
        pilot.app.look_for_changes()
        await press(pilot, "home")
        assert "news" in screen_text(pilot.app)


async def test_what_is_changed_in_the_file_by_hand_shows_up_and_stays(services: Services) -> None:
    services.flows.save(flow("Abc", say("b")))
    file = services.workspace.path / "goals.json"
    async with running(services, area="flows") as pilot:
        file.write_text(file.read_text().replace('"text": "b"', '"text": "by hand"'))
        pilot.app.look_for_changes()
        await press(pilot, "down")
        assert "by hand" in screen_text(pilot.app)
        await press(pilot, "r")
        await type_text(pilot, "Greeting")
        await press(pilot, "enter")
        node = saved(services).nodes[0]
        assert isinstance(node, Say) and (node.label, node.text) == ("Greeting", "by hand")


async def test_hostile_names_are_shown_in_list_crumbs_and_forms(services: Services) -> None:
    for name in HOSTILE:
        services.flows.save(flow(name, Say(id=node_id("say"), label=name, text=name), lookup("by", {name: ()})))
    async with running(services, area="flows") as pilot:
        for name in HOSTILE:
            begins = name[:6].strip()
            pilot.app.go(FlowPlace(services.flows.get(name).id))
            await settle(pilot)
            await press(pilot, "down")
            assert begins in screen_text(pilot.app).splitlines()[1]
            assert begins in screen_text(pilot.app)
            await press(pilot, "e")
            assert begins in screen_text(pilot.app)
            await press(pilot, "escape", "down", "e", "escape")
            assert messages(pilot.app) == []
