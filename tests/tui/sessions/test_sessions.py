"""The list of cycles and one cycle's timeline."""

from __future__ import annotations

import csv
import json
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from goals_tui.domain.activity import Activity, ActivityKind
from goals_tui.domain.drill_down import DrillDown
from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.filters import Filters
from goals_tui.domain.report import Cycle
from goals_tui.services.context import Services, open_services
from goals_tui.services.insights.cycles import CycleList
from goals_tui.services.insights.service import Insights
from goals_tui.tui.app.dialogs import AskText
from goals_tui.tui.sessions.cycle_list import PAGE
from goals_tui.tui.sessions.screen import SessionsScreen
from goals_tui.tui.sessions.timeline import TimelineScreen
from goals_tui.tui.widgets.virtual_list import VirtualList
from tests.builders import book_a_flight, book_a_flight_flow, event, goal, uuid_of
from tests.conftest import NOW
from tests.tui.harness import (
    HOSTILE,
    SIZES,
    drawn_strips,
    lines_text,
    messages,
    press,
    running,
    screen_text,
    settle,
    type_text,
    until_true,
)
from tests.tui.insights.conftest import SGD, WHEN, Scenario, fill, flight

ALL = Filters(span="all", include_test=True)


def shown(pilot: Pilot[Any]) -> SessionsScreen:
    assert isinstance(pilot.app.screen, SessionsScreen)
    return pilot.app.screen


def count(pilot: Pilot[Any]) -> int:
    pages = shown(pilot).pages
    assert pages is not None
    return pages.count


def chosen(pilot: Pilot[Any]) -> Cycle:
    cycle = shown(pilot).chosen
    assert cycle is not None
    return cycle


async def sessions(pilot: Pilot[Any], filters: Filters) -> None:
    pilot.app.filters = filters
    await pilot.app.switch_mode("sessions")
    await settle(pilot)


async def test_the_real_cycles_newest_first_and_by_outcome(sgd_services: Services) -> None:
    totals = json.loads((SGD / "expected.json").read_text())["whole_period_utc"]["totals"]
    async with running(sgd_services) as pilot:
        await sessions(pilot, ALL)
        assert count(pilot) == totals["started"]
        assert f"{totals['started']:,} cycles" in screen_text(pilot.app)
        pages = shown(pilot).pages
        assert pages is not None
        starts = [cycle.started_at for place in range(100) if (cycle := pages.at(place)) and cycle.started_at]
        assert starts == sorted(starts, reverse=True)
        for key, outcome in (("c", "completed"), ("p", "partial"), ("i", "incomplete")):
            await press(pilot, key)
            assert count(pilot) == totals[outcome]
            assert chosen(pilot).outcome == outcome
        await press(pilot, "o")
        assert count(pilot) == 0
        assert "No orphans" in screen_text(pilot.app)
        await press(pilot, "a")
        assert count(pilot) == totals["started"]


async def test_where_room_is_short_a_day_is_said_once_and_all_amounts_stay(scenarios: dict[str, Scenario]) -> None:
    services = scenarios["data"]()
    async with running(services, (80, 24)) as pilot:
        await sessions(pilot, Filters(span="last-30-days"))
        heading, *rows = [line for line in screen_text(pilot.app).splitlines() if line.startswith(("   ", " ▌ "))]
        assert heading.split() == ["Started", "Goal", "Outcome", "Time", "saved", "Savings", "Revenue"]
        days = [row[3:9].strip() for row in rows]
        assert days[0] == "20 Nov" and len(set(filter(None, days))) == sum(map(bool, days)) < len(days)
        again = days.index("", 1)
        await press(pilot, *["down"] * again)
        assert " ▌ 20 Nov " in screen_text(pilot.app), "at the cursor"
        await press(pilot, "right_square_bracket", "right_square_bracket", "right_square_bracket")
        text = screen_text(pilot.app)
        assert " ▌ 20 Nov 2026 " in text, "there is a 20 November of other years in all time"
        assert "Savings" in text and "Revenue" in text
    async with running(services, (120, 36)) as pilot:
        await sessions(pilot, Filters(span="last-30-days"))
        assert "Cost savings" in screen_text(pilot.app) and "✔ Completed" in screen_text(pilot.app)


async def test_only_what_is_seen_is_fetched(sgd_services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []
    real = CycleList.page

    def page(self: CycleList, offset: int = 0, limit: int | None = None) -> list[Cycle]:
        fetched.append((offset, limit))
        return real(self, offset, limit)

    monkeypatch.setattr(CycleList, "page", page)
    async with running(sgd_services) as pilot:
        await sessions(pilot, ALL)
        assert fetched == [(0, PAGE)]
        await press(pilot, "end")
        last = (count(pilot) - 1) // PAGE * PAGE
        assert {offset for offset, _ in fetched} <= {0, last - PAGE, last}
        assert "…" not in screen_text(pilot.app).splitlines()[-3]
        assert chosen(pilot).started_at is not None
        await press(pilot, "home")
        assert len(fetched) <= 3, "what was fetched stays"


async def test_the_chosen_cycle_stays_chosen_when_newer_ones_come_in(scenarios: dict[str, Scenario]) -> None:
    services = scenarios["data"]()
    async with running(services) as pilot:
        await sessions(pilot, Filters())
        await press(pilot, "down", "down", "down")
        before = chosen(pilot).cycle_id
        other = open_services(services.workspace.path, clock=lambda: NOW, env={})
        start = (NOW - WHEN - timedelta(seconds=1)).total_seconds()
        other.workspace.events.append(
            [event(flight(), "Start search", cycle=f"new {number}", seconds=start) for number in range(5)]
        )
        pilot.app.look_for_changes()
        await settle(pilot)
        assert chosen(pilot).cycle_id == before
        assert shown(pilot).query_one(VirtualList).cursor == 8


async def test_a_timeline_says_when_and_what_each_step_earned(services: Services) -> None:
    tracked = flight()
    fill(services, [tracked], 0, 0)
    start = (NOW - WHEN - timedelta(hours=5)).total_seconds()
    services.workspace.events.append(
        [
            event(tracked, "Start search", seconds=start, session="session [/7]", endpoint_name="[/Voice]"),
            event(tracked, "Flight chosen", seconds=start + 35, session="session [/7]"),
            event(tracked, "Flight chosen", seconds=start + 40, session="session [/7]"),
            event(tracked, "Booking paid", seconds=start + 3700, session="session [/7]"),
        ]
    )
    async with running(services) as pilot:
        await sessions(pilot, Filters())
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, TimelineScreen)
        text = screen_text(pilot.app)
        assert "20 Nov 2026 08:00:00" in text, "in the project's zone"
        assert "session [/7]" in text
        assert "[/Voice]" in text
        assert "after 35 s" in text
        assert "again: counts once" in text
        assert "+ 1 h 01 min" in text
        assert "saves €15.00 · 8 min · earns €42.50" in text
        assert "saves €15.00 · 11 min · earns €42.50" in text, "in all"
        await press(pilot, "y")
        assert pilot.app.clipboard == uuid_of("cycle 1")
        await press(pilot, "Y")
        assert pilot.app.clipboard == "session [/7]"
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, SessionsScreen)


def happened(seconds: float, kind: ActivityKind, text: str | None, name: str | None = None, **fields: Any) -> Activity:
    """An activity of the session, so many seconds after its cycle began."""
    moment = NOW - timedelta(hours=5) + timedelta(seconds=seconds)
    made = {"session_id": "s", "position": f"{seconds:.0f}", **fields}
    return Activity(id=f"a{seconds} {kind}", timestamp=moment, kind=kind, text=text, name=name, **made)


def with_a_cycle(services: Services, *activities: Activity) -> Services:
    fill(services, [flight()], 0, 0)
    start = (NOW - WHEN - timedelta(hours=5)).total_seconds()
    services.workspace.events.append(
        [
            event(flight(), "Start search", seconds=start, session="s"),
            event(flight(), "Booking paid", seconds=start + 60, session="s"),
        ]
    )
    services.workspace.activities.append(activities)
    return services


async def test_a_timeline_shows_what_was_said_and_done_between_the_steps(services: Services) -> None:
    long = "I would like " * 20
    with_a_cycle(
        services,
        happened(-30, "agent", "Hello!"),
        happened(0, "user", "Find me a flight"),
        happened(10, "tool", None, "search_flights"),
        happened(20, "user", long + "\n\nand a seat"),
        happened(60, "tool", "42 EUR", "charge_card"),
        happened(90, "handover", None, "Service"),
    )
    async with running(services) as pilot:
        await sessions(pilot, Filters())
        await press(pilot, "enter")
        lines = [line.strip() for line in screen_text(pilot.app).splitlines()]
        order = (
            "of the session before",
            "Start search",
            "search_flights",
            "I would like",
            "42 EUR",
            "Booking",
            "Service",
        )
        places = [next(place for place, line in enumerate(lines) if part in line) for part in order]
        assert places == sorted(places)
        assert "⋮  1 activity of the session before" in lines
        assert not any("Hello!" in line or "and a seat" in line for line in lines)
        assert any(line.startswith("│  08:00:10  tool      search_flights") for line in lines)
        await press(pilot, "t")
        text = screen_text(pilot.app)
        assert "Hello!" in text and "and a seat" in text and "Find me a flight" in text
        await press(pilot, "t")
        assert "and a seat" not in screen_text(pilot.app)


async def test_very_many_activities_are_shown_in_part(services: Services) -> None:
    with_a_cycle(services, *(happened(1 + number / 100, "tool", "x\n" * 500, f"t{number}") for number in range(1000)))
    async with running(services) as pilot:
        await sessions(pilot, Filters())
        await press(pilot, "enter", "t", "t")
        drawn = str(pilot.app.screen.query_one("#steps").content)
        assert "⋮  800 more" in drawn and "t99" in drawn and "t999" in drawn and "t500" not in drawn
        assert drawn.count("\n") < 300


@pytest.mark.parametrize("size", SIZES)
async def test_texts_of_conversations_are_data(services: Services, size: tuple[int, int]) -> None:
    hostile = [
        "[/foo] [bold]x[/bold] [link=https://example.org]here[/link] [@click=app.quit]quit[/]",
        "\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\ \x1b[2J\x1b[31mred \x9b31m \x07 \u202e txt",
        "$(reboot) `id` {x} %s \\",
        "予約 ✈️ " * 40,
    ]
    rows = [happened(number + 1, "user", text, text[:200]) for number, text in enumerate(hostile)]
    # As lines that another program wrote: with what ours leave out.
    log = services.workspace.activities
    with_a_cycle(services, *rows)
    raw = [{**row.model_dump(mode="json"), "id": f"raw{row.id}", "text": text, "name": text[:200]} for row, text in
           zip(rows, hostile, strict=True)]  # fmt: skip
    with (log.path / "activities.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in raw)
    async with running(services, size) as pilot:
        await sessions(pilot, Filters())
        await press(pilot, "enter")
        for _ in range(2):
            strips = drawn_strips(pilot.app)
            text = lines_text(strips)
            assert "[/foo] [bold]x[/bold]" in text or size[0] == 80
            assert not any(c < " " or "\x7f" <= c <= "\x9f" or c == "\u202e" for c in text if c != "\n")
            styles = [segment.style for strip in strips for segment in strip if segment.style]
            assert not any(style.link for style in styles)
            assert not any("quit" in str(style.meta.get("@click", "")) for style in styles)
            await press(pilot, "t")


async def test_a_session_is_kept_as_a_test(services: Services) -> None:
    booking = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.flows.save(book_a_flight_flow(booking).model_copy(update={"revision": 0}))
    start = (NOW - WHEN - timedelta(hours=5)).total_seconds()
    services.workspace.events.append(
        [
            event(booking, "Flight selected", seconds=start + 2, session="s"),
            event(booking, "Passenger information entered", seconds=start + 3, session="s"),
        ]
    )
    services.workspace.activities.append(
        [
            happened(0, "user", "Hi there", flow="Book a Flight"),
            happened(1, "agent", "Which flight do you choose?"),
            happened(2, "user", "Berlin"),
            happened(3, "user", "Ada"),
        ]
    )
    async with running(services) as pilot:
        await sessions(pilot, Filters())
        await press(pilot, "enter", "f6")
        await until_true(pilot, lambda: isinstance(pilot.app.screen, AskText))
        await press(pilot, "enter")
        said = "Kept as conversations/book-a-flight.yaml in the workspace. It passes."
        await until_true(pilot, lambda: said in messages(pilot.app))
    [file] = services.conversation_tests.files()
    kept = services.conversation_tests.read(file)
    assert kept.answers == ("Berlin", "Ada")
    assert kept.events == (("Book a Flight", "Flight selected"), ("Book a Flight", "Passenger information entered"))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([happened(1, "user", None)], "were left out when it was imported"),
        ([happened(1, "user", "Berlin")], "There is no flow yet"),
    ],
)
async def test_a_session_whose_answers_or_flow_are_unknown(services: Services, rows: list[Activity], said: str) -> None:
    with_a_cycle(services, *rows)
    async with running(services) as pilot:
        await sessions(pilot, Filters())
        await press(pilot, "enter", "f6")
        await until_true(pilot, lambda: any(said in message for message in messages(pilot.app)))
    assert services.conversation_tests.files() == []


async def test_timelines_follow_each_other_as_in_the_list(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"]()) as pilot:
        await sessions(pilot, Filters())
        await press(pilot, "enter")
        first = pilot.app.screen.cycle_id
        await press(pilot, "j")
        assert pilot.app.screen.cycle_id != first
        await press(pilot, "k")
        assert pilot.app.screen.cycle_id == first


async def test_the_next_timeline_is_there_where_the_list_ends_to_be_known(services: Services) -> None:
    fill(services, [flight()], 1, PAGE * 2)
    async with running(services) as pilot:
        await sessions(pilot, Filters())
        shown(pilot).rows.cursor = PAGE - 1
        await press(pilot, "enter")
        last = pilot.app.screen.cycle_id
        await press(pilot, "j")
        beyond = pilot.app.screen.cycle_id
        assert beyond != last
        await press(pilot, "escape")
        assert chosen(pilot).cycle_id == beyond


async def test_scrolling_goes_on_while_the_list_is_found_anew(
    scenarios: dict[str, Scenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    go, real = threading.Event(), Insights.cycle_list

    def slow(self: Insights, *given: Any, **options: Any) -> CycleList:
        assert go.wait(20)
        return real(self, *given, **options)

    services = scenarios["data"]()
    async with running(services) as pilot:
        await sessions(pilot, ALL)
        assert count(pilot) > 2 * PAGE
        monkeypatch.setattr(Insights, "cycle_list", slow)
        shown(pilot).show_data()
        shown(pilot).rows.cursor = 2 * PAGE
        await until_true(pilot, lambda: shown(pilot).chosen is not None)
        go.set()
        await settle(pilot)
        assert messages(pilot.app) == []


def test_orphans_are_under_no_filters_of_another_number() -> None:
    narrowed = DrillDown(filters=Filters(span="today"), goal_id="g", outcome="partial", dropped_after="s")
    assert narrowed.to_outcome("completed") == replace(narrowed, outcome="completed")
    assert narrowed.to_outcome("orphan") == DrillDown(outcome="orphan")


async def test_an_unknown_version_is_unpriced_and_never_a_silent_nothing(services: Services) -> None:
    tracked = flight()
    fill(services, [tracked], 0, 0)
    start = (NOW - WHEN - timedelta(hours=5)).total_seconds()
    services.workspace.events.append(
        [event(tracked, step.name, seconds=start, version=uuid_of("lost")) for step in tracked.steps]
    )
    async with running(services) as pilot:
        await sessions(pilot, Filters())
        assert "unpriced" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert "unpriced" in screen_text(pilot.app)


async def test_hostile_names_are_shown_as_they_are(services: Services) -> None:
    goals = [goal(name, f"Begin {name}"[:300], "◎ End") for name in HOSTILE]
    fill(services, goals, 0, 0)
    start = (NOW - WHEN - timedelta(hours=5)).total_seconds()
    services.workspace.events.append(
        [event(tracked, tracked.initial.name, cycle=tracked.name, seconds=start) for tracked in goals]
    )
    async with running(services, size=(120, 36)) as pilot:
        await sessions(pilot, Filters())
        text = screen_text(pilot.app)
        assert all(name[:12] in text for name in HOSTILE if "✈" not in name)
        for _ in goals:
            await press(pilot, "enter")
            assert f"Begin {chosen_goal(pilot)}"[:30] in screen_text(pilot.app) or "✈" in chosen_goal(pilot)
            await press(pilot, "escape", "down")


def chosen_goal(pilot: Pilot[Any]) -> str:
    timeline = pilot.app.screen.timeline
    assert timeline is not None
    name = timeline.cycle.goal
    assert isinstance(name, str)
    return name


async def test_what_narrows_the_list_is_said_and_can_be_ended(scenarios: dict[str, Scenario]) -> None:
    services = scenarios["data"]()
    tracked = flight()
    async with running(services) as pilot:
        pilot.app.go(DrillDown(goal_id=tracked.id, step_id=tracked.steps[1].id, outcome="partial"))
        await settle(pilot)
        assert "└ only Book a Flight · reached Flight chosen · ◐ Partially completed" in screen_text(pilot.app)
        assert {chosen(pilot).goal, chosen(pilot).outcome} == {"Book a Flight", "partial"}
        narrow = count(pilot)
        await press(pilot, "a")
        assert count(pilot) > narrow
        assert "└ only" not in screen_text(pilot.app)


async def test_a_session_and_a_cycle_are_found_by_their_ids(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"]()) as pilot:
        await sessions(pilot, Filters())
        cycle = chosen(pilot)
        await press(pilot, "s")
        assert count(pilot) == 1
        assert f"└ only session {cycle.session_id}" in screen_text(pilot.app)
        await press(pilot, "a", "F")
        await type_text(pilot, cycle.cycle_id)
        await press(pilot, "enter")
        assert pilot.app.screen.cycle_id == cycle.cycle_id
        await press(pilot, "escape", "F")
        await type_text(pilot, "session-17")
        await press(pilot, "enter")
        assert chosen(pilot).session_id == "session-17"
        pilot.app.go(DrillDown.of_session("session-18"))
        await settle(pilot)
        assert chosen(pilot).session_id == "session-18"


async def test_an_unknown_id_is_said_in_the_dialog(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"]()) as pilot:
        await sessions(pilot, Filters())
        before = count(pilot)
        await press(pilot, "F")
        await type_text(pilot, "zzz")
        await press(pilot, "enter")
        assert "No session or cycle has the id 'zzz'." in screen_text(pilot.app)
        await press(pilot, "escape")
        assert count(pilot) == before
        assert "└ only" not in screen_text(pilot.app)


async def test_a_log_that_can_not_be_read_is_no_unknown_id(
    scenarios: dict[str, Scenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(self: Insights, cycle_id: str) -> None:
        raise UnreadableError("events.jsonl can't be read.")

    async with running(scenarios["data"]()) as pilot:
        await sessions(pilot, Filters())
        monkeypatch.setattr(Insights, "cycle", unreadable)
        await press(pilot, "F")
        await type_text(pilot, "zzz")
        await press(pilot, "enter")
        assert messages(pilot.app) == ["events.jsonl can't be read."]
        assert "No session or cycle" not in screen_text(pilot.app)


async def test_esc_goes_back_to_insights_as_it_was(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), (80, 24), area="insights") as pilot:
        await press(pilot, "r", "left", "left")
        before = screen_text(pilot.app)
        await press(pilot, "enter")
        assert "esc Back to Insights" in screen_text(pilot.app)
        await press(pilot, "enter", "escape", "escape")
        assert screen_text(pilot.app) == before
        await press(pilot, "4")
        assert "└ only" not in screen_text(pilot.app), "the drill-down has ended"
        await press(pilot, "s")
        pilot.app.go(DrillDown.of_session("session-17"))
        await settle(pilot)
        assert "Back to Insights" not in screen_text(pilot.app), "it was not Insights that led here"


async def test_nothing_says_what_to_do(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["none"]()) as pilot:
        await sessions(pilot, Filters())
        assert "No goal was started in this span" in screen_text(pilot.app)
        assert not shown(pilot).check_action("open", ())


async def test_all_amounts_have_as_many_decimals(services: Services) -> None:
    saved = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.project.save(services.project.get().model_copy(update={"currency": "JPY"}))
    services.workspace.events.append(
        [
            event(saved, "Flight selected", cycle="one", seconds=0),
            event(saved, "Passenger information entered", cycle="one", seconds=1),
            event(saved, "Payment completed", cycle="one", seconds=2),
            event(saved, "Flight selected", cycle="two", seconds=3),
            event(saved, "Passenger information entered", cycle="two", seconds=4),
        ]
    )
    async with running(services, (200, 60), area="sessions") as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, SessionsScreen)
        screen.use_filters(Filters(span="all"))
        await settle(pilot)
        shown = screen_text(pilot.app)
        assert {"¥15.00", "¥45.00", "¥2.50"} <= set(shown.split())


async def test_marked_cycles_are_copied_and_exported_together(
    scenarios: dict[str, Scenario], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(scenarios["data"]()) as pilot:
        await sessions(pilot, Filters())
        pages = shown(pilot).pages
        assert pages is not None
        cycles = [cycle for place in range(4) if (cycle := pages.at(place))]
        await press(pilot, "down", "space", "shift+down", "home", "shift+down", "space")
        assert f"{count(pilot):,} cycles, 3 marked" in screen_text(pilot.app)
        assert screen_text(pilot.app).count("✓") == 3
        await press(pilot, "y")
        marked = [cycles[0], *cycles[2:4]]
        assert pilot.app.clipboard.splitlines() == [cycle.cycle_id for cycle in marked]
        await press(pilot, "Y")
        assert pilot.app.clipboard.splitlines() == list(dict.fromkeys(cycle.session_id for cycle in marked))
        await press(pilot, "e", "enter")
        assert messages(pilot.app)[-1] == f"Wrote 3 cycles to {tmp_path / '3-cycles.csv'}."
        with (tmp_path / "3-cycles.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["cycle_id"] for row in rows] == [cycle.cycle_id for cycle in marked]
        await press(pilot, "escape")
        assert "cycles, " not in screen_text(pilot.app).splitlines()[1]
        await press(pilot, "y")
        assert pilot.app.clipboard == chosen(pilot).cycle_id, "without marks, the chosen one"
