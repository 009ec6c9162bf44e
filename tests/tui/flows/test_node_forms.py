"""The forms of nodes: what each kind asks for, refuses and keeps."""

from __future__ import annotations

from goals_tui.domain.flow import GoTo, If, Lookup, Question, TrackGoal
from goals_tui.services.context import Services
from tests.builders import (
    flow,
    goal,
    if_,
    lookup,
    node_id,
    other,
    question,
    say,
    track,
)
from tests.tui.flows.samples import ABC, chart, kinds_and_texts, save_goal, saved
from tests.tui.harness import press, running, screen_text, type_text


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


async def test_a_new_track_node_names_the_only_goal(services: Services) -> None:
    save_goal(services)
    services.flows.save(ABC)
    async with running(services, area="flows") as pilot:
        chart(pilot).select(node_id("a"))
        await press(pilot, "a", "t")
        shown = screen_text(pilot.app)
        assert "Choose a goal" not in shown and "Book a Flight" in shown
