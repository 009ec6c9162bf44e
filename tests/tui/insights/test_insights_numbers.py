"""The numbers on the screen equal ../shared/data/sgd/expected.json, for all three filter sets."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from textual.pilot import Pilot

from goals_tui.domain.filters import Filters
from goals_tui.format import hours, percent
from goals_tui.services.context import Services
from goals_tui.services.currencies import format_money
from goals_tui.tui.charts.chart import Chart
from goals_tui.tui.charts.spec import Bars, Columns, Lines
from goals_tui.tui.insights.screen import InsightsScreen
from goals_tui.tui.insights.table import TableView
from goals_tui.tui.insights.tiles import Tile
from goals_tui.tui.sessions.screen import SessionsScreen
from tests.sgd import CASES, EXPECTED, each_case
from tests.tui.harness import press, running, screen_text, settle


async def insights(pilot: Pilot[Any], filters: Filters) -> InsightsScreen:
    pilot.app.filters = filters
    await pilot.app.switch_mode("insights")
    await settle(pilot)
    screen = pilot.app.screen
    assert isinstance(screen, InsightsScreen)
    return screen


def money(cents: int) -> str:
    return format_money(Decimal(cents) / 100, "EUR")


def rows_of(screen: InsightsScreen) -> list[dict[str, str]]:
    assert screen.shown is not None
    return list(csv.DictReader(io.StringIO(screen.shown.table.as_csv())))


@each_case
async def test_tiles(case: str, sgd_services: Services) -> None:
    totals = EXPECTED[case]["totals"]
    async with running(sgd_services) as pilot:
        screen = await insights(pilot, CASES[case])
        completed, partial, time, cost, revenue = (tile.facts for tile in screen.query(Tile))
        assert completed.number == percent(totals["completed"] / totals["started"])
        assert completed.details[0] == f"{totals['completed']:,} of {totals['started']:,} cycles"
        assert partial.details[0] == f"{totals['partial']:,} of {totals['started']:,} cycles"
        assert time.number == hours(totals["time_saved_seconds"])
        assert cost.number == money(totals["cost_cents"])
        assert revenue.number == money(totals["revenue_cents"])
        text = screen_text(pilot.app)
        for fact in (completed, partial, time, cost, revenue):
            assert fact.number in text


@each_case
async def test_performance_chart_and_table(case: str, sgd_services: Services) -> None:
    goals = EXPECTED[case]["goals"]
    async with running(sgd_services) as pilot:
        screen = await insights(pilot, CASES[case])
        spec = screen.query_one(Chart).spec
        assert isinstance(spec, Bars)
        assert set(spec.labels) == set(goals)
        for mark, name in enumerate(spec.labels):
            wanted = [goals[name].get(outcome, 0) for outcome in ("completed", "partial", "incomplete")]
            assert [series.values[mark] for series in spec.series] == wanted
        await press(pilot, "v")
        rows = {row["goal"]: row for row in rows_of(screen)}
        for name, wanted in goals.items():
            assert int(rows[name]["started"]) == wanted["started"]
            assert Decimal(rows[name]["cost_savings"]) == Decimal(wanted["cost_cents"]) / 100
            assert Decimal(rows[name]["revenue"]) == Decimal(wanted["revenue_cents"]) / 100
            assert int(rows[name]["time_saved_seconds"]) == wanted["time_saved_seconds"]
        shown = screen.query_one("#table", TableView)
        total = shown.row(shown.count - 1)
        assert [cell.plain for cell in total[:2]] == ["Total", f"{EXPECTED[case]['totals']['started']:,}"]


@each_case
async def test_days(case: str, sgd_services: Services) -> None:
    days = EXPECTED[case]["days"]
    async with running(sgd_services, size=(200, 60)) as pilot:
        screen = await insights(pilot, CASES[case])
        await press(pilot, "r")
        spec = screen.query_one(Chart).spec
        assert isinstance(spec, Lines)
        rows = {row["day"]: row for row in rows_of(screen)}
        assert {day for day, row in rows.items() if int(row["started"])} == set(days)
        places = {day: place for place, day in enumerate(rows)}
        for day, wanted in days.items():
            for name in ("started", "completed", "partial", "incomplete", "time_saved_seconds"):
                assert int(rows[day][name]) == wanted.get(name, 0)
            assert spec.series[0].values[places[day]] == wanted.get("completed", 0) / wanted["started"]
        await press(pilot, "e")
        spec = screen.query_one(Chart).spec
        assert isinstance(spec, Columns)
        assert {day: round(spec.total(place) * 100) for day, place in places.items() if spec.total(place)} == {
            day: wanted["cost_cents"] for day, wanted in days.items() if wanted["cost_cents"]
        }
        for metric in ("revenue_cents", "time_saved_seconds"):
            await press(pilot, "m")
            by_day = {row["day"]: Decimal(row["total"]) for row in rows_of(screen)}
            factor = 100 if metric == "revenue_cents" else 1
            assert all(by_day[day] * factor == wanted.get(metric, 0) for day, wanted in days.items())


@each_case
async def test_funnel(case: str, sgd_services: Services) -> None:
    async with running(sgd_services) as pilot:
        screen = await insights(pilot, CASES[case])
        medians = EXPECTED[case]["median_seconds_from_start"]
        for name, wanted in EXPECTED[case]["funnel"].items():
            goal_id = next(row.id for row in sgd_services.goals.summaries() if row.name == name)
            screen.choices = replace(screen.choices, goal_id=goal_id)
            await press(pilot, "n")
            spec = screen.query_one(Chart).spec
            assert isinstance(spec, Bars)
            assert {name: spec.total(mark) for mark, name in enumerate(spec.labels)} == wanted
            for row in rows_of(screen):
                if row["median_seconds"]:
                    assert float(row["median_seconds"]) == pytest.approx(medians[f"{name} / {row['step']}"], abs=0.001)


async def test_a_metric_that_is_nowhere_above_zero_is_no_series(sgd_services: Services) -> None:
    async with running(sgd_services) as pilot:
        screen = await insights(pilot, CASES["whole_period_utc"])
        await press(pilot, "e", "m")
        spec = screen.query_one(Chart).spec
        assert [series.name for series in spec.series] == ["Book a Flight"]


async def test_every_breakdown_adds_up(sgd_services: Services) -> None:
    totals = EXPECTED["whole_period_utc"]["totals"]
    async with running(sgd_services) as pilot:
        screen = await insights(pilot, CASES["whole_period_utc"])
        await press(pilot, "b")
        for dimension in ("endpoint", "locale", "snapshot", "version", "channel", "weekday", "hour", "goal"):
            assert screen.choices.dimensions == (dimension,)
            rows = rows_of(screen)
            assert sum(int(row["started"]) for row in rows) == totals["started"]
            assert sum(int(row["time_saved_seconds"]) for row in rows) == totals["time_saved_seconds"]
            await press(pilot, "d")


async def cycles_behind(pilot: Pilot[Any]) -> int:
    """Follow the number under the cursor, say how many cycles are behind it, and come back."""
    await press(pilot, "enter")
    sessions = pilot.app.screen
    assert isinstance(sessions, SessionsScreen)
    assert sessions.pages is not None
    count = sessions.pages.count
    await press(pilot, "3")
    return count


async def test_every_number_leads_to_as_many_cycles(sgd_services: Services) -> None:
    case = EXPECTED["october_berlin_without_interaction_panel"]
    async with running(sgd_services) as pilot:
        screen = await insights(pilot, CASES["october_berlin_without_interaction_panel"])
        spec = screen.query_one(Chart).spec
        name = spec.labels[0] if isinstance(spec, Bars) else ""
        assert await cycles_behind(pilot) == case["goals"][name]["started"]
        await press(pilot, "right")
        assert await cycles_behind(pilot) == case["goals"][name]["completed"]
        await press(pilot, "right")
        assert await cycles_behind(pilot) == case["goals"][name]["partial"]
        await press(pilot, "r", "home")
        assert await cycles_behind(pilot) == case["days"]["2026-10-01"]["started"]
        await press(pilot, "up")
        assert await cycles_behind(pilot) == case["days"]["2026-10-01"]["completed"]
        await press(pilot, "n")
        funnel = case["funnel"][screen.shown.title.removeprefix("Funnel · ")] if screen.shown else {}
        for reached in funnel.values():
            assert await cycles_behind(pilot) == reached
            await press(pilot, "down")
        await press(pilot, "b", "home")
        for _ in range(8):
            spec = screen.query_one(Chart).spec
            assert isinstance(spec, Bars)
            for mark in range(min(3, spec.size)):
                assert await cycles_behind(pilot) == spec.total(mark)
                await press(pilot, "down")
            await press(pilot, "d", "home")
        await press(pilot, "D")
        spec = screen.query_one(Chart).spec
        assert await cycles_behind(pilot) == spec.total(0)
        await press(pilot, "w")
        heat = screen.query_one(Chart)
        assert heat.place is not None
        assert await cycles_behind(pilot) == heat.spec.values[heat.place.mark]
        await press(pilot, "n", "home", "right", "right")
        funnel_spec = screen.query_one(Chart).spec
        assert await cycles_behind(pilot) == funnel_spec.series[1].values[0]
        await press(pilot, "o", "home", "down", "down")
        strict = screen.query_one(Chart).spec
        assert await cycles_behind(pilot) == strict.series[0].values[2]
        await press(pilot, "t")
        for step in (None, "first"):
            histogram = screen.query_one(Chart).spec
            for mark in (0, 1, histogram.size - 1):
                await press(pilot, "home", *["right"] * mark)
                assert await cycles_behind(pilot) == histogram.series[0].values[mark], (step, mark)
            await press(pilot, "d")
        await press(pilot, "e", "v", "home")
        day = next(iter(case["days"]))
        assert await cycles_behind(pilot) == case["days"][day]["started"]


async def test_time_saved_by_goal_and_day_in_words(sgd_services: Services) -> None:
    async with running(sgd_services) as pilot:
        screen = await insights(pilot, CASES["september_utc_flights_only"])
        await press(pilot, "e", "m", "m", "v")
        wanted = EXPECTED["september_utc_flights_only"]["totals"]["time_saved_seconds"]
        table = screen.query_one("#table", TableView)
        assert table.row(table.count - 1)[1].plain == hours(wanted)
