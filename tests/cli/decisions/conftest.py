"""Cycles of two goals for the commands that help to decide."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from random import Random
from typing import NamedTuple

import pytest

from goals_tui.domain.event import GoalEvent
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from tests.builders import event, goal, step
from tests.cli.conftest import Cli
from tests.conftest import NOW, make_services

FLIGHT = "Book a Flight"


def flight() -> Goal:
    return goal(
        FLIGHT,
        step("Flight selected", "initial", goal_name=FLIGHT),
        step("Passenger entered", cost="2.50", time="00:03:00", goal_name=FLIGHT),
        step("Payment completed", "completion", cost="12.50", revenue="45.00", time="00:08:00", goal_name=FLIGHT),
        step("Seat added", revenue="6.50", goal_name=FLIGHT),
    )


@pytest.fixture
def goals(services: Services) -> list[Goal]:
    return saved_goals(services)


def saved_goals(services: Services) -> list[Goal]:
    made = (flight(), goal("Reserve a Table", "Ask", "Chosen", "◎ Reserved"))
    return [services.goals.save(each.model_copy(update={"revision": 0})) for each in made]


@pytest.fixture
def desk(cli: Cli, services: Services, goals: list[Goal], two_weeks: TwoWeeks) -> Cli:
    """Cycles of two goals in the last two weeks, several a session, that got to any of their steps."""
    assert goals == two_weeks.goals, "ids of goals repeat"
    services.workspace.events.append(two_weeks.events)
    return cli


class TwoWeeks(NamedTuple):
    """Goals, and events about them."""

    goals: list[Goal]
    events: list[GoalEvent]


@pytest.fixture(scope="session")
def two_weeks(tmp_path_factory: pytest.TempPathFactory) -> TwoWeeks:
    """What `desk` writes for each test: it is the same each time, and making it takes longer than most commands."""
    goals = saved_goals(make_services(tmp_path_factory.mktemp("two-weeks") / "workspace"))
    chance, events = Random(15), []
    for number in range(420):
        tracked = goals[number % 2]
        session = number // 3
        at = NOW - timedelta(minutes=143 * session + 61) + timedelta(minutes=12 * (number % 3))
        late = at > NOW - timedelta(days=4)
        names = [each.name for each in tracked.further if chance.random() < (0.75 if late else 0.5)]
        for place, name in enumerate([tracked.initial.name, *names]):
            one = event(
                tracked,
                name,
                cycle=str(number),
                session=f"s{session}",
                endpoint_name=[None, "Webchat", "Voice"][session % 3],
                locale_name=["de", "en"][session % 2],
                snapshot_name="v2" if late else "v1" if number % 5 else None,
                channel="web",
            )
            moment = at + timedelta(seconds=20 * place + chance.randint(0, 9))
            events.append(one.model_copy(update={"id": f"{number} {place}", "timestamp": moment}))
    return TwoWeeks(goals, events)


def rows(cli: Cli, *arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(cli(*arguments, "--format", "csv").out)))
