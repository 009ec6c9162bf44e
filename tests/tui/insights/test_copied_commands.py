"""`x` copies a command that runs, and gives the numbers of the view that is shown."""

from __future__ import annotations

import csv
import io
import json
import shlex
from contextlib import redirect_stdout
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from textual.pilot import Pilot

from goals_tui.cli.run import run
from goals_tui.domain.drill_down import ALL_CYCLES, ORPHANS, DrillDown
from goals_tui.domain.filters import Choice, Filters
from goals_tui.domain.statistics import Share
from goals_tui.tui.charts.spec import Lines
from goals_tui.tui.insights.screen import InsightsScreen
from goals_tui.tui.sessions.screen import SessionsScreen
from tests.conftest import NOW
from tests.tui.harness import press, running, settle
from tests.tui.insights.conftest import Scenario, flight


class Copied:
    """Copies the command of the screen and runs it."""

    def __init__(self, pilot: Pilot[Any]) -> None:
        self.pilot = pilot
        self.command: list[str] = []

    async def __call__(self) -> Any:
        await press(self.pilot, "x")
        self.command = shlex.split(self.pilot.app.clipboard)
        assert self.command[0] == "goals-tui"
        with redirect_stdout(StringIO()) as printed:
            assert run([*self.command[1:], "--format", "json"]) == 0
        return json.loads(printed.getvalue())


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOALS_TUI_NOW", NOW.isoformat())


FILTERS = Filters(span="last-7-days", endpoints=Choice(values=("[/Voice]",), negated=True))


def by_bucket(rows: list[dict[str, Any]], unit: str) -> dict[str, list[int]]:
    """Started and completed cycles of all goals by bucket."""
    found: dict[str, list[int]] = {}
    for row in rows:
        sums = found.setdefault(row[unit], [0, 0])
        sums[0] += row["started"]
        sums[1] += row["completed"]
    return found


async def test_what_each_view_shows_is_what_its_command_gives(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, InsightsScreen)
        screen.use_filters(FILTERS)
        await settle(pilot)
        copied = Copied(pilot)

        def rows() -> list[dict[str, str]]:
            assert screen.shown is not None
            return list(csv.DictReader(io.StringIO(screen.shown.table.as_csv())))

        def figures(*names: str) -> list[tuple[str, ...]]:
            return [tuple(row[name] for name in names) for row in rows()]

        goals = (await copied())["goals"]
        assert sorted(figures("goal", "started", "completed")) == sorted(
            (row["name"], str(row["started"]), str(row["completed"])) for row in goals
        )
        await press(pilot, "r")
        days = by_bucket((await copied())["days"], "day")
        assert {
            row["day"]: [int(row["started"]), int(row["completed"])] for row in rows() if int(row["started"])
        } == days
        spec = screen.pane.chart.spec
        assert isinstance(spec, Lines)
        share = Share(*reversed(list(days.values())[-1]))
        assert (spec.series[0].values[-1], spec.series[0].band[-1]) == (share.rate, share.interval)
        await press(pilot, "g", "down", "enter")
        one = await copied()
        assert "--goal" in copied.command and len(one["goals"]) == 1
        assert sum(int(row["started"]) for row in rows()) == one["totals"]["started"]
        await press(pilot, "e", "d")
        weeks = await copied()
        assert "week" in copied.command
        by_week: dict[str, Decimal] = {}
        for row in weeks["weeks"]:
            by_week[row["week"]] = by_week.get(row["week"], Decimal(0)) + Decimal(row["cost_savings"])
        assert {row["week"]: Decimal(row["total"]) for row in rows()} == by_week
        await press(pilot, "d", "d")
        saved = {row["name"]: row["cost_savings"] for row in (await copied())["goals"]}
        assert dict(figures("goal", "cost_savings")) == saved
        await press(pilot, "n")
        funnel = await copied()
        wanted = [(row["name"], row["reached"], row["dropped"], row["median_seconds"]) for row in funnel["steps"]]
        assert figures("step", "reached", "dropped", "median_seconds") == [
            tuple("" if each is None else str(each) for each in row) for row in wanted
        ]
        stakes = [row["at_stake"] for row in funnel["steps"]]
        assert [Decimal(row["at_stake"] or 0) for row in rows()] == [
            Decimal(stake["cost_savings"]) + Decimal(stake["revenue"]) if stake else 0 for stake in stakes
        ]
        await press(pilot, "o")
        strict = await copied()
        assert "--strict" in copied.command
        assert [int(row["reached"]) for row in rows()] == [step["reached"] for step in strict["steps"]]
        await press(pilot, "t", "d")
        times = await copied()
        assert times["step"] is not None
        assert [int(row["count"]) for row in rows()] == [each["count"] for each in times["histogram"]]
        await press(pilot, "b", "D")
        both = await copied()
        assert both["dimensions"] == ["endpoint", "goal"]
        assert figures("endpoint", "goal", "started", "completed") == [
            (row["parts"]["endpoint"] or "", row["parts"]["goal"], str(row["started"]), str(row["completed"]))
            for row in both["rows"]
        ]
        await press(pilot, "w")
        assert figures("weekday", "hour", "started") == [
            (row["parts"]["weekday"], row["parts"]["hour"], str(row["started"])) for row in (await copied())["rows"]
        ]
        await press(pilot, "l")
        assert figures("snapshot", "started", "verdict", "value_per_week") == [
            (row["snapshot"], str(row["started"]), row["verdict"] or "", row["value_per_week"])
            for row in await copied()
        ]


def drill_downs(screen: SessionsScreen) -> list[DrillDown]:
    """Return the drill-down of every kind of number of Insights."""
    insights, goal = screen.services.insights, flight()
    today = Filters(span="today")
    week = insights.series(FILTERS, "week")[0].bucket
    return [
        ALL_CYCLES,
        DrillDown(outcome="completed", goal_id=goal.id),
        DrillDown(goal_id=goal.id, step_id=goal.steps[1].id),
        DrillDown(day=insights.report(FILTERS).days[2].day),
        DrillDown(bucket=week, outcome="partial"),
        DrillDown(bucket=insights.series(today, "hour")[3].bucket, filters=today),
        DrillDown(parts=(("snapshot", None),)),
        DrillDown(parts=(("endpoint", "Webchat"),)),
        DrillDown(parts=(("weekday", "Tuesday"), ("hour", "09"))),
        DrillDown(parts=(("version", goal.version),), outcome="incomplete"),
        DrillDown.of_session(insights.cycles(FILTERS, limit=1)[0].session_id),
        DrillDown(goal_id=goal.id, dropped_after=goal.steps[1].id),
        DrillDown(goal_id=goal.id, step_id=goal.steps[2].id, in_order=True),
        DrillDown(goal_id=goal.id, step_id=goal.steps[1].id, took=(30, 120)),
        DrillDown(goal_id=goal.id, took=(0, 200)),
        ORPHANS,
    ]


async def test_every_list_of_cycles(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="sessions") as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, SessionsScreen)
        screen.use_filters(FILTERS)
        await settle(pilot)
        copied = Copied(pilot)
        for drill_down in drill_downs(screen):
            screen.restrict(drill_down)
            await settle(pilot)
            assert screen.pages is not None
            found = await copied()
            shown = [screen.pages.at(place) for place in range(screen.pages.count)]
            assert [row["cycle_id"] for row in found] == [cycle.cycle_id for cycle in shown if cycle], drill_down
            assert found or drill_down == ORPHANS, drill_down
