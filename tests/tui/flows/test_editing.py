"""Editing nodes and flows with the keyboard; every edit is saved at once and undone by u."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from goals_tui.domain.event import Source
from goals_tui.domain.flow import Flow, GoTo, If, Lookup, Node, Question, Say, TrackGoal
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services, open_services
from goals_tui.tui.app.dialogs import Ask
from goals_tui.tui.app.screen import FlowPlace
from goals_tui.tui.flows.blocks import START, slot_key
from goals_tui.tui.flows.chart import FlowChart
from tests.builders import (
    book_a_flight,
    book_a_flight_flow,
    flow,
    go_to,
    goal,
    if_,
    lookup,
    node_id,
    other,
    question,
    say,
    track,
)
from tests.tui.harness import HOSTILE, messages, paste, press, running, screen_text, settle, type_text

ABC = flow("Abc", say("a"), if_("choice", (say("yes"),)), say("c"))


def saved(services: Services, name: str = "Abc") -> Flow:
    return services.flows.get(name)


def kinds_and_texts(nodes: tuple[Node, ...]) -> list[str]:
    return [node.text if isinstance(node, Say) else node.label or node.kind for node in nodes]


def save_goal(services: Services) -> Goal:
    return services.goals.save(book_a_flight().model_copy(update={"revision": 0}))


def chart(pilot: Pilot[Any]) -> FlowChart:
    return pilot.app.screen.query_one(FlowChart)


async def test_the_kind_menu_searches_and_cancels(services: Services) -> None:
    services.flows.save(flow("Abc"))
    async with running(services, area="flows") as pilot:
        await press(pilot, "a", "escape")
        assert saved(services).nodes == ()
        await press(pilot, "a", "slash")
        await type_text(pilot, "human")
        await press(pilot, "enter")
        assert kinds_and_texts(saved(services).nodes) == ["handover"]


async def test_add_in_a_branch_and_in_an_empty_one(services: Services) -> None:
    services.flows.save(ABC)
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("choice"))
        await press(pilot, "b", "enter", "s")
        await type_text(pilot, "first")
        await press(pilot, "enter")
        chart(pilot).select(slot_key(node_id("choice"), 1))
        await press(pilot, "enter", "e")
        assert kinds_and_texts(saved(services).nodes[1].branches[0].nodes) == ["first", "yes"]
        assert kinds_and_texts(saved(services).nodes[1].branches[1].nodes) == ["end"]


async def test_move_delete_undo_redo(services: Services) -> None:
    services.flows.save(ABC)
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("c"))
        await press(pilot, "K")
        assert kinds_and_texts(saved(services).nodes) == ["a", "c", "choice"]
        await press(pilot, "J")
        assert kinds_and_texts(saved(services).nodes) == ["a", "choice", "c"]
        await press(pilot, "J")
        assert services.history.undo_label == "Move 'Say' down", "at the end of its sequence it stays"
        chart(pilot).select(node_id("choice"))
        await press(pilot, "d")
        assert kinds_and_texts(saved(services).nodes) == ["a", "c"]
        assert chart(pilot).selected == node_id("c")
        assert messages(pilot.app)[-1] == "Deleted 'choice' and 1 node in its branches. Press u to bring them back."
        assert services.history.undo_label == "Delete 'choice' and 1 node in its branches"
        await press(pilot, "u")
        assert saved(services).nodes == services.flows.get("Abc").nodes
        assert kinds_and_texts(saved(services).nodes) == ["a", "choice", "c"]
        await press(pilot, "ctrl+r")
        assert kinds_and_texts(saved(services).nodes) == ["a", "c"]


async def test_cut_and_paste_between_flows_gives_new_ids(services: Services) -> None:
    services.flows.save(ABC)
    services.flows.save(flow("Other", say("x")))
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("choice"))
        await press(pilot, "x")
        assert kinds_and_texts(saved(services).nodes) == ["a", "c"]
        await press(pilot, "o")
        await type_text(pilot, "oth")
        await press(pilot, "enter", "end", "p", "p")
        nodes = saved(services, "Other").nodes
        assert kinds_and_texts(nodes) == ["x", "choice", "choice"]
        assert len({node.id for node in saved(services, "Other").walk()} | {node_id("choice")}) == 6


async def test_copy_says_so_and_pastes_beside(services: Services) -> None:
    services.flows.save(ABC)
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("a"))
        await press(pilot, "y")
        assert "Copied 'Say'" in messages(pilot.app)[-1]
        await press(pilot, "p")
        assert kinds_and_texts(saved(services).nodes) == ["a", "a", "choice", "c"]


async def test_keys_that_can_not_work_are_not_offered(services: Services) -> None:
    services.flows.save(ABC)
    async with running(services, area="flows") as pilot:
        assert chart(pilot).selected == START
        await press(pilot, "d", "x", "K", "m", "g", "p", "b")
        assert saved(services).revision == 1
        footer = screen_text(pilot.app).splitlines()[-1]
        assert "a Add" in footer and "Delete" not in footer and "Paste" not in footer


async def test_a_node_is_renamed_and_an_unchanged_one_is_not_saved(services: Services) -> None:
    services.flows.save(ABC)
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("a"))
        await press(pilot, "e", "escape")
        assert saved(services).revision == 1
        await press(pilot, "r")
        await type_text(pilot, "Greeting")
        await press(pilot, "ctrl+s")
        assert saved(services).node(node_id("a")).label == "Greeting"
        assert "Greeting" in screen_text(pilot.app)


async def test_text_of_several_lines(services: Services) -> None:
    services.flows.save(flow("Abc", say("a")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "down", "e")
        await type_text(pilot, "!")
        await press(pilot, "ctrl+j")
        await type_text(pilot, "b")
        await press(pilot, "enter")
        assert kinds_and_texts(saved(services).nodes) == ["a!\nb"]


async def test_question_with_buttons_and_a_name(services: Services) -> None:
    services.flows.save(flow("Abc", question("Which?", "A", "B")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "down", "e", "tab", "backspace", "tab", "end")
        await type_text(pilot, "2")
        await press(pilot, "tab", "tab")
        await type_text(pilot, "way")
        await press(pilot, "enter")
        node = saved(services).nodes[0]
        assert isinstance(node, Question)
        assert (node.buttons, node.save_as) == (("B2",), "way")


async def test_cases_keep_their_nodes_when_they_are_renamed_and_lose_them_when_emptied(services: Services) -> None:
    services.flows.save(flow("Abc", lookup("by", {"a": (say("in a"),), "b": (say("in b"),)})))
    async with running(services, area="flows") as pilot:
        await press(pilot, "down", "e", "tab", "backspace", "tab", "end")
        await type_text(pilot, "b")
        await press(pilot, "enter")
        await type_text(pilot, "c")
        await press(pilot, "enter", "enter")
        node = saved(services).nodes[0]
        assert isinstance(node, Lookup)
        assert [(way.title, kinds_and_texts(way.nodes)) for way in node.branches] == [
            ("bb", ["in b"]),
            ("c", []),
            ("Default", []),
        ]


async def test_two_equal_cases_are_refused_where_they_are_typed(services: Services) -> None:
    services.flows.save(flow("Abc", lookup("by", {"a": ()})))
    async with running(services, area="flows") as pilot:
        await press(pilot, "down", "e", "tab", "tab")
        await type_text(pilot, "A")
        await press(pilot, "escape")
        assert "There are two cases 'A'." in screen_text(pilot.app)
        assert saved(services).revision == 1


async def test_two_equal_buttons_are_refused_where_they_are_typed(services: Services) -> None:
    services.flows.save(flow("Abc", question("Where?", "Oslo", "東京")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "down", "e", "tab", "tab", "tab")
        await type_text(pilot, "oslo")
        await press(pilot, "ctrl+s")
        assert "There are two buttons 'oslo'." in screen_text(pilot.app)
        assert saved(services).revision == 1
        await press(pilot, "2", "ctrl+s")
        node = saved(services).nodes[0]
        assert isinstance(node, Question) and node.buttons == ("Oslo", "東京", "oslo2")


async def test_what_was_twice_before_keeps_nobody_in_the_form(services: Services) -> None:
    services.flows.save(flow("Abc", question("Where?", "Oslo", "oslo"), lookup("by", {"a": (), "A": ()})))
    async with running(services, area="flows") as pilot:
        for name in ("Where?", "by"):
            chart(pilot).select(node_id(name))
            await press(pilot, "e", "escape")
            assert chart(pilot).has_focus and not pilot.app.screen.unsaved
        assert saved(services).revision == 1


async def test_a_condition_that_exists_compares_with_nothing(services: Services) -> None:
    services.flows.save(flow("Abc", question("Who?", save_as="who"), if_("known")))
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("known"))
        await press(pilot, "e")
        await type_text(pilot, "who")
        await press(pilot, "tab", "enter", "end", "enter", "ctrl+s")
        node = saved(services).nodes[1]
        assert isinstance(node, If)
        assert (node.condition.of, node.condition.comparison, node.condition.to) == ("who", "exists", "")
        assert "who exists" in screen_text(pilot.app)


async def test_go_to_asks_for_the_flow_and_leads_there(services: Services) -> None:
    services.flows.save(flow("Abc"))
    services.flows.save(flow("Later", say("later")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "a", "g")
        await type_text(pilot, "lat")
        await press(pilot, "enter", "enter")
        node = saved(services).nodes[0]
        assert isinstance(node, GoTo) and node.flow_id == services.flows.get("Later").id
        await press(pilot, "g")
        assert "Later" in screen_text(pilot.app).splitlines()[1]


async def test_select_goal_then_steps_and_where_else_they_are_tracked(services: Services) -> None:
    tracked = save_goal(services)
    services.goals.save(goal("Cancel", "asked", "◎ cancelled").model_copy(update={"revision": 0}))
    services.flows.save(flow("Abc", track(tracked, "Flight selected")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "down", "a", "t")
        await type_text(pilot, "book")
        await press(pilot, "enter")
        text = screen_text(pilot.app)
        assert "☑ ○ Passenger information entered" in text, "the first step that this flow does not track"
        assert "Also tracked in this flow" in text and "Not tracked elsewhere" in text
        await press(pilot, "down", "space", "escape")
        node = saved(services).nodes[1]
        assert isinstance(node, TrackGoal)
        assert node.step_ids == tuple(step.id for step in tracked.steps[1:])


async def test_without_goals_the_form_says_where_to_make_one(services: Services) -> None:
    services.flows.save(flow("Abc"))
    async with running(services, area="flows") as pilot:
        await press(pilot, "a", "t")
        assert "There are no goals yet" in screen_text(pilot.app)


async def test_what_is_not_interpreted_is_shown_and_kept(services: Services) -> None:
    services.flows.save(flow("Abc", other("httpRequest", {"url": "[/foo]"})))
    async with running(services, area="flows") as pilot:
        await press(pilot, "down", "e")
        assert '"url": "[/foo]"' in screen_text(pilot.app)
        await press(pilot, "escape")
        assert saved(services).revision == 1


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


async def test_a_run_is_selected_moved_and_deleted_together(services: Services) -> None:
    services.flows.save(ABC)
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("a"))
        await press(pilot, "shift+down")
        assert chart(pilot).run == {node_id("a"), node_id("choice")}
        await press(pilot, "J")
        assert kinds_and_texts(saved(services).nodes) == ["c", "a", "choice"]
        assert services.history.undo_label == "Move 2 nodes down"
        await press(pilot, "alt+up", "K")
        assert kinds_and_texts(saved(services).nodes) == ["a", "choice", "c"]
        await press(pilot, "alt+down")
        assert kinds_and_texts(saved(services).nodes) == ["c", "a", "choice"]
        await press(pilot, "d")
        assert kinds_and_texts(saved(services).nodes) == ["c"] and not chart(pilot).run
        assert "Deleted 2 nodes and 1 node in their branches. Press u" in messages(pilot.app)[-1]
        await press(pilot, "u")
        assert kinds_and_texts(saved(services).nodes) == ["c", "a", "choice"]


async def test_space_begins_a_run_that_arrows_extend_and_escape_ends(services: Services) -> None:
    services.flows.save(ABC)
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("a"))
        await press(pilot, "space", "right_square_bracket", "right_square_bracket", "y")
        assert "Copied 3 nodes." in messages(pilot.app)[-1]
        await press(pilot, "escape")
        assert not chart(pilot).run
        await press(pilot, "p")
        assert kinds_and_texts(saved(services).nodes) == ["a", "choice", "c", "a", "choice", "c"]
        assert services.history.undo_label == "Paste 3 nodes"


async def test_find_goes_to_a_node_by_any_text(services: Services) -> None:
    services.flows.save(flow("Abc", say("a"), question("Which seat?", "Window", "Aisle"), say("[/bye]")))
    async with running(services, area="flows") as pilot:
        for text, found in (("aisle", "Which seat?"), ("[/b", "[/bye]")):
            await press(pilot, "home", "slash")
            await type_text(pilot, text)
            await press(pilot, "enter")
            assert chart(pilot).selected == node_id(found)


async def test_the_palette_finds_nodes_of_all_flows(services: Services) -> None:
    services.flows.save(ABC)
    services.flows.save(flow("Other", say("x"), question("Which seat?", "Window", "Aisle")))
    async with running(services, area="goals") as pilot:
        await press(pilot, "ctrl+p")
        await type_text(pilot, "aisle window")
        await press(pilot, "enter", "enter")
        assert pilot.app.current_mode == "flows"
        assert chart(pilot).selected == node_id("Which seat?")


async def test_a_lookup_gets_the_buttons_of_the_question_before(services: Services) -> None:
    asked = question("Which seat?", "Window", "Aisle", save_as="seat")
    services.flows.save(flow("Abc", asked, say("Fine."), if_("choice", (say("yes"),))))
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("yes"))
        await press(pilot, "a", "l", "escape")
        inner = saved(services).nodes[2].branches[0].nodes[1]
        assert isinstance(inner, Lookup) and inner.of == "seat"
        assert [branch.title for branch in inner.branches] == ["Window", "Aisle", "Default"]
        chart(pilot).select(node_id("choice"))
        await press(pilot, "a", "l", "escape")
        after = saved(services).nodes[3]
        assert isinstance(after, Lookup) and len(after.branches) == 1, "branches with answers of their own lie between"


async def test_a_comment_is_drawn_and_kept(services: Services) -> None:
    services.flows.save(flow("Abc", say("a")))
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("a"))
        await press(pilot, "C")
        await type_text(pilot, "Ask [legal]")
        await press(pilot, "enter")
        assert saved(services).nodes[0].comment == "Ask [legal]"
        assert "✎ Ask [legal]" in screen_text(pilot.app)
        await press(pilot, "C", *["backspace"] * len("Ask [legal]"), "enter")
        assert saved(services).nodes[0].comment == ""


async def test_branches_are_collapsed_and_found_again(services: Services) -> None:
    services.flows.save(ABC)
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("yes"))
        await press(pilot, "minus")
        assert chart(pilot).selected == node_id("choice")
        assert "▸ 1 node in 2 branches" in screen_text(pilot.app)
        await press(pilot, "down")
        assert chart(pilot).selected == node_id("c"), "arrows pass it by"
        await press(pilot, "slash")
        await type_text(pilot, "yes say")
        await press(pilot, "enter")
        assert chart(pilot).selected == node_id("yes") and not chart(pilot).collapsed
        await press(pilot, "underscore")
        assert chart(pilot).selected == node_id("choice")
        await press(pilot, "underscore")
        assert not chart(pilot).collapsed


async def test_the_steps_of_a_goal_are_placed_one_by_one(services: Services) -> None:
    save_goal(services)
    services.flows.save(flow("Abc", say("Hello"), question("Who is the passenger?"), say("Bye")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "P")
        proposed = " ".join(screen_text(pilot.app).replace("▌", " ").split())
        assert "● Flight selected at the start Every conversation passes here." in proposed
        await press(pilot, "enter")
        assert services.history.undo_label == "Track 'Flight selected' at the start"
        assert "○ Passenger information entered after 'Who is the passenger?'" in screen_text(pilot.app)
        await press(pilot, "enter", "enter")
        tracked = [node.kind for node in saved(services).nodes]
        assert tracked == ["track_goal", "say", "question", "track_goal", "say", "track_goal"]
        assert services.flows.findings() == []
        assert "This flow tracks every step of 'Book a Flight'" in messages(pilot.app)[-1]


async def test_the_way_above_the_chart_is_drawn_only_where_it_changed(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.flows.save(ABC)
    drawn: list[object] = []
    async with running(services, area="flows") as pilot:
        way = pilot.app.screen.query_one("#crumbs", Static)
        monkeypatch.setattr(way, "update", lambda content, **_options: drawn.append(content))
        chart(pilot).collapsed = frozenset({node_id("choice")})
        await settle(pilot)
        assert not drawn
        await press(pilot, "down")
        assert drawn


async def test_numbers_stand_on_the_nodes_that_track(services: Services) -> None:
    goal = save_goal(services)
    services.flows.save(book_a_flight_flow(goal))
    steps = [step.id for step in goal.steps]
    for session in range(5):
        for step in steps[: 1 if session < 2 else 3]:
            services.tracking.track(f"s{session}", goal.id, [step], Source())
    async with running(services, area="flows", size=(120, 60)) as pilot:
        assert "went on" not in screen_text(pilot.app)
        await press(pilot, "N")
        assert "3 went on, 2 left" in screen_text(pilot.app)
        assert "at stake" in screen_text(pilot.app)
        assert "numbers: Last 7 days" in screen_text(pilot.app)
        await press(pilot, "N")
        assert "went on" not in screen_text(pilot.app)


async def test_several_nodes_are_duplicated_and_commented_together(services: Services) -> None:
    services.flows.save(ABC)
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("a"))
        await press(pilot, "shift+down", "Y")
        assert kinds_and_texts(saved(services).nodes) == ["a", "choice", "a", "choice", "c"]
        assert services.history.undo_label == "Duplicate 2 nodes"
        await press(pilot, "u")
        assert kinds_and_texts(saved(services).nodes) == ["a", "choice", "c"], "one undo"
        chart(pilot).select(node_id("choice"))
        await press(pilot, "shift+down", "C")
        await type_text(pilot, "Legal")
        await press(pilot, "enter")
        assert [node.comment for node in saved(services).nodes] == ["", "Legal", "Legal"]
        assert services.history.undo_label == "Comment on 2 nodes"
        await press(pilot, "C")
        assert "Legal" in screen_text(pilot.app), "what all have in common can be changed"
        await press(pilot, "escape", "u")
        assert not any(node.comment for node in saved(services).nodes)


async def test_several_nodes_track_another_goal(services: Services) -> None:
    old = save_goal(services)
    new = services.goals.save(
        goal("Rebook", "Asked", "Passenger information entered", "◎ Rebooked").model_copy(update={"revision": 0})
    )
    nodes = (track(old, "Flight selected", name="1"), track(old, "Passenger information entered", name="2"))
    services.flows.save(flow("Abc", *nodes, track(old, "Payment completed", name="3")))
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("1"))
        await press(pilot, "shift+down", "shift+down", "s")
        assert "Which goal do 3 nodes track?" in screen_text(pilot.app)
        await type_text(pilot, "rebook")
        await press(pilot, "enter")
        tracking = [(node.goal_id, node.step_ids) for node in saved(services).nodes if isinstance(node, TrackGoal)]
        assert tracking == [(new.id, (new.steps[0].id,)), (new.id, (new.steps[1].id,)), (new.id, ())]
        assert services.history.undo_label == "Track 'Rebook' in 3 nodes"
        await press(pilot, "u")
        assert {node.goal_id for node in saved(services).nodes if isinstance(node, TrackGoal)} == {old.id}


async def test_nodes_and_flows_are_made_of_pasted_lines(services: Services) -> None:
    services.flows.save(ABC)
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("a"))
        await paste(pilot, "Hello.\nWhich seat? [Window] [Aisle]")
        assert "2 nodes, 1 of them a Question." in screen_text(pilot.app)
        await press(pilot, "f2")
        assert kinds_and_texts(saved(services).nodes) == ["a", "Hello.", "question", "choice", "c"]
        asked = saved(services).nodes[2]
        assert isinstance(asked, Question) and asked.buttons == ("Window", "Aisle")
        assert services.history.undo_label == "Add 2 nodes"
        await press(pilot, "L")
        await type_text(pilot, "Bye.")
        await press(pilot, "tab")
        await type_text(pilot, "Farewell")
        await press(pilot, "enter")
        assert kinds_and_texts(saved(services, "Farewell").nodes) == ["Bye."]
        assert pilot.app.screen.flow.name == "Farewell"


async def test_a_new_track_node_names_the_only_goal(services: Services) -> None:
    save_goal(services)
    services.flows.save(ABC)
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("a"))
        await press(pilot, "a", "t")
        shown = screen_text(pilot.app)
        assert "Choose a goal" not in shown and "Book a Flight" in shown
