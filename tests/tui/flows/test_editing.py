"""Editing nodes in the chart with the keyboard; every edit is saved at once and undone by u."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from goals_tui.domain.event import Source
from goals_tui.domain.flow import Question, TrackGoal
from goals_tui.services.context import Services
from goals_tui.tui.flows.blocks import START, slot_key
from tests.builders import book_a_flight_flow, flow, goal, node_id, question, say, track
from tests.tui.flows.samples import ABC, chart, kinds_and_texts, save_goal, saved
from tests.tui.harness import messages, paste, press, running, screen_text, settle, type_text


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


async def test_steps_without_a_place_say_why(services: Services) -> None:
    services.goals.save(goal("Travel", "Began", "Seat chosen", "◎Ended").model_copy(update={"revision": 0}))
    services.flows.save(flow("Abc", say("Hello"), say("Bye")))
    why = "○ Seat chosen: no place. No text, answer or saved value after 'Began' mentions it."
    async with running(services, (80, 24), area="flows") as pilot:
        await press(pilot, "P")
        assert why in " ".join(screen_text(pilot.app).replace("▌", " ").split())
        await press(pilot, "enter", "enter")
        assert messages(pilot.app)[-1].split("\n") == [
            "This flow tracks every step of 'Travel' for which a place can be told:",
            why,
        ]


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
        assert "numbers at 3 nodes: Last 7 days" in screen_text(pilot.app)
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
