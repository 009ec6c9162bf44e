"""The Goals screen: every action of its list, and its refusals."""

from __future__ import annotations

import pytest
from textual.content import Content

from goals_tui.domain.goal import Goal
from goals_tui.domain.report import Figures
from goals_tui.services.context import Services, open_services
from goals_tui.services.goal_list import GoalSummary
from goals_tui.tui.goals.figures import Rate
from goals_tui.tui.goals.goal_list import cells
from goals_tui.tui.widgets.virtual_list import VirtualList
from tests.tui.goals.samples import book_a_flight
from tests.tui.harness import HOSTILE, messages, press, running, screen_text, type_text


async def test_the_empty_list_names_the_next_key(services: Services) -> None:
    async with running(services) as pilot:
        shown = screen_text(pilot.app)
        assert "No goals yet" in shown
        assert "n  define the first one" in shown
        assert "enter Edit" not in shown


async def test_the_list_and_the_journey_show_the_goal(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        shown = screen_text(pilot.app)
        for text in ("●○◎", "50 %", "2 of", "saves €15.00", "earns €35.00", "8 min", "Book a Flight: 2 of 3 steps"):
            assert text in shown, text
        lines = shown.splitlines()
        finding, initial = (
            next(number for number, line in enumerate(lines) if any(f"▏  {mark} " in line for mark in marks))
            for marks in ("✖▲•", "●")
        )
        assert finding < initial, "findings come first"
        assert "4 · 100 %" in shown and "↘ 1 dropped off" in shown


async def test_rates_are_read_where_there_are_events_only(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    services.goals.save(book_a_flight(services))
    monkeypatch.setattr(type(services), "insights", property(lambda self: pytest.fail("asked without any event")))
    async with running(services) as pilot:
        assert "—" in screen_text(pilot.app)
        assert messages(pilot.app) == []


async def test_filter_narrows_the_list_and_escape_shows_all(services: Services, flight: Goal) -> None:
    services.goals.save(book_a_flight(services, "Change a Seat"))
    async with running(services) as pilot:
        await press(pilot, "slash")
        await type_text(pilot, "seat")
        assert pilot.app.screen.query_one(VirtualList).count == 1
        await press(pilot, "enter")
        assert "Change a Seat" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert pilot.app.screen.query_one(VirtualList).count == 2


async def test_sort_goes_round_the_orders(services: Services, flight: Goal) -> None:
    services.goals.save(book_a_flight(services, "Ask for a Seat"))
    async with running(services) as pilot:
        rows = lambda: [row.name for row in pilot.app.screen.goal_list.rows.found]  # noqa: E731  read after each key
        assert rows() == ["Ask for a Seat", "Book a Flight"]
        await press(pilot, "s", "s")
        assert "by completion" in screen_text(pilot.app)
        assert rows() == ["Book a Flight", "Ask for a Seat"]
        await press(pilot, "s")
        assert rows() == ["Ask for a Seat", "Book a Flight"]


async def test_duplicate_and_undo(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "D")
        assert pilot.app.screen.chosen.name == "Book a Flight (2)"
        await press(pilot, "u")
        assert [row.name for row in services.goals.summaries()] == ["Book a Flight"]
        await press(pilot, "U")
        assert len(services.goals.summaries()) == 2


async def test_where_used_lists_the_nodes_and_goes_there(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "w")
        shown = screen_text(pilot.app)
        assert "Book a Flight › Search" in shown
        assert "◎ Payment completed" in shown
        await press(pilot, "enter")
        assert pilot.app.current_mode == "flows"


async def test_findings_are_listed_and_lead_to_their_node(services: Services, flight: Goal) -> None:
    flow = services.flows.all()[0]
    broken = flow.nodes[1].model_copy(update={"step_ids": ()})
    services.flows.save(flow.model_copy(update={"nodes": (flow.nodes[0], broken)}))
    async with running(services) as pilot:
        await press(pilot, "f")
        shown = screen_text(pilot.app)
        assert "What is wrong with Book a Flight" in shown and "✖ Book a Flight ›" in shown
        await press(pilot, "enter")
        assert pilot.app.current_mode == "flows"


async def test_where_used_of_a_goal_that_no_flow_tracks(services: Services) -> None:
    services.goals.save(book_a_flight(services))
    async with running(services) as pilot:
        await press(pilot, "w")
        assert messages(pilot.app) == ["No flow tracks 'Book a Flight' yet. Press t to track it in one."]


async def test_track_this_goal_in_a_new_flow(services: Services) -> None:
    services.goals.save(book_a_flight(services))
    async with running(services) as pilot:
        await press(pilot, "t", "enter")
        assert [flow.name for flow in services.flows.summaries()] == ["Book a Flight"]
        assert pilot.app.current_mode == "flows"


async def test_changes_of_another_process_show_up(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        other = open_services(services.workspace.path, clock=services.clock, env={})
        other.goals.save(other.goals.get(flight.id).model_copy(update={"name": "Book a Train"}))
        pilot.app.look_for_changes()
        await press(pilot)
        assert "Book a Train" in screen_text(pilot.app)


async def test_goals_switched_off_says_how_to_turn_them_on(services: Services, flight: Goal) -> None:
    off = open_services(services.workspace.path, clock=services.clock, env={"FEATURE_USE_GOALS_V2": "false"})
    async with running(off) as pilot:
        shown = screen_text(pilot.app)
        assert "Goals are switched off by FEATURE_USE_GOALS_V2 in the environment." in shown
        assert "Set FEATURE_USE_GOALS_V2=true" in shown
        await press(pilot, "n")
        assert "New goal" not in screen_text(pilot.app)


async def test_a_flag_that_is_nonsense_is_said(services: Services) -> None:
    bad = open_services(services.workspace.path, clock=services.clock, env={"FEATURE_USE_GOALS_V2": "maybe"})
    async with running(bad) as pilot:
        assert "'maybe'. Write true or false." in screen_text(pilot.app)


async def test_a_limit_that_is_nonsense_keeps_only_the_editor_shut(services: Services, flight: Goal) -> None:
    flag = "FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL"
    bad = open_services(services.workspace.path, clock=services.clock, env={flag: "50"})
    async with running(bad) as pilot:
        assert flight.name in screen_text(pilot.app) and not messages(pilot.app)
        for key in ("enter", "n"):
            await press(pilot, key)
            assert messages(pilot.app) == [f"{flag} in the environment is '50'. Write a number of steps from 2 to 20."]
            assert len(pilot.app.screen_stack) == 1
        await press(pilot, "escape", "6")
        shown = screen_text(pilot.app)
        assert "Goals             on" in shown and "can't be read" in shown


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_names_are_shown_as_they_are(services: Services, name: str) -> None:
    goal = book_a_flight(services, name)
    steps = tuple(step.model_copy(update={"name": f"{name[:200]} {n}"}) for n, step in enumerate(goal.steps))
    saved = services.goals.save(goal.model_copy(update={"steps": steps, "description": name}))
    flow = services.flows.create(name)
    async with running(services, (80, 24)) as pilot:
        start = saved.name[:6]
        assert start in screen_text(pilot.app)
        for keys in (("enter",), ("escape", "D"), ("x",), ("escape", "t"), ("escape",), ("ctrl+p",), ("escape",)):
            await press(pilot, *keys)
            assert start in screen_text(pilot.app)
        assert flow.name == saved.name


async def test_a_filter_that_finds_nothing_says_so_and_shows_no_goal(services: Services, flight: Goal) -> None:
    async with running(services, (80, 24)) as pilot:
        assert "Passenger entered" in screen_text(pilot.app)
        await press(pilot, "slash")
        await type_text(pilot, "zzz")
        shown = screen_text(pilot.app)
        assert "No goal matches. esc shows all goals." in shown
        assert "Passenger entered" not in shown
        await press(pilot, "enter", "escape")
        shown = screen_text(pilot.app)
        assert "No goal matches" not in shown
        assert "Passenger entered" in shown


async def test_a_goal_whose_wiring_is_wrong_is_marked_in_the_list(services: Services, flight: Goal) -> None:
    services.goals.save(book_a_flight(services, "Zeppelin"))
    flow = services.flows.get("Book a Flight")
    wrong = flow.nodes[0].model_copy(update={"step_ids": ("gone",)})
    services.flows.save(flow.model_copy(update={"nodes": (wrong, *flow.nodes[1:])}))
    async with running(services) as pilot:
        rows = [line for line in screen_text(pilot.app).splitlines() if "30 days" not in line]
        assert any("Book a Flight" in line and "✖" in line for line in rows)
        assert not any("Zeppelin" in line and "✖" in line for line in rows)


def test_a_rate_that_is_not_quite_all_does_not_read_100() -> None:
    assert Rate(Figures(started=300, completed=299), ()).text == "99.7 %"


def test_today_is_hollow_however_few_were_completed_and_rows_do_not_touch() -> None:
    row = GoalSummary("g", "Book a Flight", "", "v", 1, "", ("initial", "completion"), ())
    days = cells(row, {"g": Rate(Figures(started=9, completed=9), (1, 2, 0, 8, 8, 8, 8, 8, 8, 0))})[-1]
    assert isinstance(days, Content)
    assert days.plain == "▁▂▁▇▇▇▇▇▇░"
