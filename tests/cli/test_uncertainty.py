"""Rates say how sure they are: intervals and clear changes in JSON, small numbers and no clear change in tables."""

from __future__ import annotations

from datetime import timedelta

import pytest

from goals_tui.domain.goal import Goal
from goals_tui.domain.statistics import Share, difference
from goals_tui.services.context import Services
from tests.builders import book_a_flight, event
from tests.cli.conftest import Cli
from tests.conftest import NOW


def started(services: Services, goal: Goal, completed: int, others: int, days_ago: int) -> None:
    """Log so many cycles that began some days ago."""
    events = []
    for number in range(completed + others):
        at = NOW - timedelta(days=days_ago, minutes=number)
        names = ("Flight selected", "Payment completed") if number < completed else ("Flight selected",)
        for place, name in enumerate(names):
            made = event(goal, name, cycle=f"{days_ago} {number}", session=f"{days_ago} {number}")
            fresh = {"id": f"{days_ago} {number} {place}", "timestamp": at + timedelta(seconds=place)}
            events.append(made.model_copy(update=fresh))
    services.workspace.events.append(events)


@pytest.fixture
def goal(services: Services) -> Goal:
    return services.goals.save(book_a_flight().model_copy(update={"revision": 0}))


def test_intervals_and_changes_in_json(cli: Cli, services: Services, goal: Goal) -> None:
    started(services, goal, 48, 28, 8)
    started(services, goal, 43, 27, 1)
    report = cli("report", "--format", "json").json
    for figures in (report["totals"], report["previous"], report["goals"][0], report["days"][0]):
        share = Share(figures["completed"], figures["started"])
        assert figures["completion_interval"] == list(share.interval or ())
        assert figures["partial_interval"] == list(Share(0, figures["started"]).interval or ())
    change = report["change"]["completion_rate"]
    wanted = difference(Share(48, 76), Share(43, 70))
    assert change == {"difference": wanted.difference, "interval": list(wanted.interval or ()), "clear": False}
    table = cli("report").out
    assert "61.4 % (50–72)" in table
    assert "Completion rate 61.4 %, previous period 63.2 %: -1.7 points (-17.1 to +13.7): no clear change." in table


def test_a_clear_change_is_called_one(cli: Cli, services: Services, goal: Goal) -> None:
    started(services, goal, 10, 60, 8)
    started(services, goal, 60, 10, 1)
    assert cli("report", "--format", "json").json["change"]["completion_rate"]["clear"] is True
    assert ": clearly higher." in cli("report").out


def test_small_numbers_say_how_many(cli: Cli, services: Services, goal: Goal) -> None:
    started(services, goal, 1, 0, 1)
    for command in (("report",), ("breakdown", "goal"), ("funnel", goal.name)):
        assert "100.0 % of 1" in cli(*command).out, command
    report = cli("report", "--format", "json").json
    assert report["previous"]["completion_interval"] is None
    assert report["change"]["completion_rate"] == {"difference": None, "interval": None, "clear": False}
    assert "no difference: one side has no cycles" in cli("report").out
    everything = cli("report", "--span", "all", "--format", "json").json
    assert everything["change"] is None and everything["previous"] is None


def test_no_cycles_no_intervals(cli: Cli, services: Services, goal: Goal) -> None:
    totals = cli("report", "--format", "json").json["totals"]
    assert totals["completion_rate"] is totals["completion_interval"] is totals["partial_interval"] is None
