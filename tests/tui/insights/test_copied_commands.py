"""`x` copies a command that runs, and gives the numbers of the view that is shown."""

from __future__ import annotations

import json
import shlex
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import pytest
from textual.pilot import Pilot

from goals_tui.cli.run import run
from goals_tui.domain.drill_down import ALL_CYCLES, ORPHANS, DrillDown
from goals_tui.domain.filters import Choice, Filters
from goals_tui.tui.insights.screen import InsightsScreen
from goals_tui.tui.insights.tabs import TABS
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


async def test_every_tab(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, InsightsScreen)
        screen.use_filters(FILTERS)
        await settle(pilot)
        copied = Copied(pilot)
        for tab in TABS:
            screen.action_view(tab)
            await settle(pilot)
            found = await copied()
            assert screen.gathered is not None
            shown = screen.gathered
            if tab == "funnel":
                assert shown.found is not None and "funnel" in copied.command
                assert [step["reached"] for step in found["steps"]] == [step.reached for step in shown.found.steps]
            elif tab == "breakdown":
                assert "breakdown" in copied.command and found["dimensions"] == ["endpoint"]
                assert {row["parts"]["endpoint"]: row["started"] for row in found["rows"]} == {
                    part.part: part.figures.started for part in shown.found
                }
            else:
                assert found["totals"]["started"] == shown.report.totals.started
                assert ("--by" in copied.command) == (tab != "performance")
        await press(pilot, "d", "d")
        assert (await copied())["dimensions"] == ["snapshot"]


def drill_downs(screen: SessionsScreen) -> list[DrillDown]:
    """What every kind of number of Insights leads to."""
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
