"""The Interaction Panel: talking, and what debug mode says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from goals_tui.services.conversation_tests import ConversationTest
from goals_tui.tui.app.screen import FlowPlace
from goals_tui.tui.flows.chart import FlowChart
from tests.builders import (
    book_a_flight,
    book_a_flight_flow,
    count_behind,
    execute,
    flow,
    go_to,
    goal,
    handover,
    node_id,
    question,
    say,
    track,
)
from tests.tui.harness import HOSTILE, press, running, screen_text, settle, type_text


def save_goal(services: Services) -> Goal:
    return services.goals.save(book_a_flight().model_copy(update={"revision": 0}))


async def test_numbers_arrows_and_free_text_answer(services: Services) -> None:
    services.flows.save(flow("F", question("One?", "a", "b"), question("Two?", "c", "d"), question("Three?", "e")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "t")
        await press(pilot, "2")
        await press(pilot, "down", "enter")
        await type_text(pilot, "something else")
        await press(pilot, "enter")
        said = [line.strip(" ▌▐") for line in screen_text(pilot.app).splitlines()]
        for line in ("One?", "b", "Two?", "d", "Three?"):
            assert any(line == text.split("▏")[0].strip(" ▌▐") for text in said), line
        assert "something else" in screen_text(pilot.app)
        assert "The flow has ended." in screen_text(pilot.app)
        await press(pilot, "down", "enter")
        assert pilot.app.screen.query_one("#crumbs")


async def test_after_the_end_a_number_too_many_stays_in_the_panel(services: Services) -> None:
    services.flows.save(flow("F", question("One?", "a")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "i", "2")
        assert pilot.app.screen.query_one("#answer", Input).value == "2", "a number without an answer is text"
        await press(pilot, "enter")
        assert "The flow has ended." in screen_text(pilot.app)
        await press(pilot, "4", "0")
        assert pilot.app.current_mode == "flows" and "The flow has ended." in screen_text(pilot.app)
        await press(pilot, "1")
        assert "One?" in screen_text(pilot.app) and "The flow has ended." not in screen_text(pilot.app)
        await press(pilot, "1", "2")
        assert pilot.app.screen.query_one("#crumbs"), "back at the chart"


async def test_debug_keeps_the_state_and_the_newest_event_in_view_and_stays_on(services: Services) -> None:
    tracked = save_goal(services)
    services.flows.save(book_a_flight_flow(tracked))
    async with running(services, (80, 24), area="flows") as pilot:
        await press(pilot, "i")
        assert "Goal events" not in screen_text(pilot.app)
        await press(pilot, "f4")
        assert "◐" not in screen_text(pilot.app)
        for _ in range(8):
            if pilot.app.screen.talk.ended is None:
                await press(pilot, "1") if pilot.app.screen.talk.asked.buttons else await say_something(pilot)
        text = screen_text(pilot.app)
        assert "The flow has ended." in text
        assert "✔ Completed · " in text
        assert pilot.app.screen.talk.fires[-1].tracked[-1].name in text
        assert "Cycles" in text
        await press(pilot, "escape", "i")
        assert "No cycle yet" in screen_text(pilot.app) or "Goal events" in screen_text(pilot.app)
        await press(pilot, "f4", "escape", "i")
        assert not pilot.app.screen.has_class("-debug")


async def test_below_a_short_chat_debug_has_the_rest_and_every_open_cycle_is_in_view(services: Services) -> None:
    booked = save_goal(services)
    helped = services.goals.save(goal("Help", "Asked", "◎ Solved").model_copy(update={"revision": 0}))
    begin = (track(helped, "Asked"), track(booked, "Flight selected"))
    long = say("\n".join(f"line {number}" for number in range(30)))
    services.flows.save(
        flow("F", *begin, question("One?", "a"), track(helped, "Solved", name="s"), long, question("?"))
    )
    async with running(services, (80, 24), area="flows") as pilot:
        await press(pilot, "i", "f4")
        text = screen_text(pilot.app)
        assert "✕ Incomplete, open  Book a Flight" in text and "✕ Incomplete, open  Help" in text
        assert "One?" in text and "Earned" in text
        tall = pilot.app.screen.query_one("#debug").size.height
        await press(pilot, "1")
        text = screen_text(pilot.app)
        assert "line 29" in text and "✔ Completed, open  Help" in text
        assert pilot.app.screen.query_one("#debug").size.height < tall, "the chat has most of the room when it is long"
        await press(pilot, "f5")
        assert pilot.app.screen.query_one("#debug").size.height == tall


async def say_something(pilot: Pilot[Any]) -> None:
    await type_text(pilot, "Ada")
    await press(pilot, "enter")


async def test_debug_says_what_was_not_tracked_and_why(services: Services) -> None:
    tracked = save_goal(services)
    services.flows.save(flow("F", track(tracked, "Payment completed"), question("So?")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "i")
        text = " ".join(screen_text(pilot.app).split())
        assert "✖ Payment completed is not tracked" in text
        assert "initial step" in text
        await press(pilot, "f4")
        assert "Goal events" not in screen_text(pilot.app)


async def test_debug_names_a_goal_once_for_its_events_in_a_row(services: Services) -> None:
    tracked = save_goal(services)
    steps = [step.name for step in tracked.steps[:3]]
    services.flows.save(flow("F", *(track(tracked, name) for name in steps), question("So?")))
    async with running(services, (120, 36), area="flows") as pilot:
        await press(pilot, "i")
        if not pilot.app.screen.has_class("-debug"):
            await press(pilot, "f4")
        events, _, _ = screen_text(pilot.app).partition("Cycles")
        debug = events[events.index("Goal events") :]
        assert all(name in debug for name in steps) and debug.count(tracked.name) == 1


async def test_events_carry_the_panel_as_endpoint_and_a_session_of_their_own(services: Services) -> None:
    tracked = save_goal(services)
    services.flows.save(flow("F", track(tracked, "Flight selected"), question("So?")))
    async with running(services, area="flows") as pilot:
        await press(pilot, "i", "f5")
    assert count_behind(services.insights, Filters(span="all")) == 0
    cycles = services.insights.cycles(Filters(span="all", include_test=True))
    assert {cycle.endpoint for cycle in cycles} == {"Interaction Panel"}
    assert len({cycle.session_id for cycle in cycles}) == 2


async def test_the_end_says_its_reason(services: Services) -> None:
    services.flows.save(flow("A hand over", handover("One moment.")))
    services.flows.save(flow("B loop", say("again"), go_to("B loop")))
    services.flows.save(flow("C gone", execute("Gone")))
    services.flows.save(flow("D empty"))
    async with running(services, area="flows") as pilot:
        for name, expected in (
            ("A hand over", "One moment."),
            ("B loop", "goes round in a"),
            ("C gone", "flow"),
            ("D empty", "The flow has ended."),
        ):
            pilot.app.go(FlowPlace(services.flows.get(name).id))
            await settle(pilot)
            await press(pilot, "i")
            text = screen_text(pilot.app)
            assert expected in text and "Start again" in text, name
            await press(pilot, "escape")


async def test_at_wide_sizes_the_chart_stands_beside_and_follows(services: Services) -> None:
    tracked = save_goal(services)
    services.flows.save(book_a_flight_flow(tracked))
    async with running(services, (200, 60), area="flows") as pilot:
        await press(pilot, "i", "1")
        chart = pilot.app.screen.query_one("#panel-chart", FlowChart)
        assert chart.selected == node_id("Who is travelling?")


async def test_hostile_text_is_said_as_it_is(services: Services) -> None:
    services.flows.save(flow("F", *(say(name) for name in HOSTILE), question("Which?", *HOSTILE[:5])))
    async with running(services, (120, 60), area="flows") as pilot:
        await press(pilot, "i")
        text = screen_text(pilot.app)
        assert all(name[:8].strip() in text for name in HOSTILE)
        await press(pilot, "1")
        assert "The flow has ended." in screen_text(pilot.app)


async def test_a_conversation_is_kept_as_a_test_that_passes_until_the_flow_changes(services: Services) -> None:
    goal = save_goal(services)
    saved = services.flows.save(book_a_flight_flow(goal))
    async with running(services, area="flows") as pilot:
        await press(pilot, "i", "1")
        await type_text(pilot, "Ada")
        await press(pilot, "enter", "f6")
        await press(pilot, "enter")
        assert "Kept as conversations/book-a-flight.yaml" in screen_text(pilot.app)
    [file] = services.conversation_tests.files()
    kept = services.conversation_tests.read(file)
    assert kept.answers == ("Berlin", "Ada")
    assert kept.events == (("Book a Flight", "Flight selected"), ("Book a Flight", "Passenger information entered"))
    assert services.conversation_tests.run(file).passed
    services.flows.save(saved.model_copy(update={"nodes": saved.nodes[:3]}))
    result = services.conversation_tests.run(file)
    assert result.problems == (
        "Nothing was asked any more when answer 2 ('Ada') was due.",
        "1 event missing",
    )
    assert result.difference == (
        "  Book a Flight: Flight selected",
        "- Book a Flight: Passenger information entered",
    )


async def test_all_tests_run_from_the_app_and_say_what_differs(services: Services) -> None:
    goal = save_goal(services)
    services.flows.save(book_a_flight_flow(goal))
    tests = services.conversation_tests
    right = ConversationTest("Book a Flight", ("Berlin",), (("Book a Flight", "Flight selected"),))
    tests.keep("right", right)
    tests.keep("wrong [/", replace(right, events=(("Book a Flight", "Payment completed"),)))
    (tests.folder / "broken.yaml").write_text("flow: [")
    async with running(services, area="flows") as pilot:
        await press(pilot, "T")
        text = screen_text(pilot.app)
        assert "1 test passed, 2 failed" in text
        assert "✕ Failed  wrong" in text and "✔ Passed  right" in text and "✕ Failed  broken" in text
        assert "missing   Book a Flight: Payment completed" in text
        assert "too many  Book a Flight: Flight selected" in text
        assert "line 1, column" in text
        await press(pilot, "escape")
        assert pilot.app.screen.query_one("#crumbs")
    assert services.workspace.events.is_empty()
