"""Workspaces to look at: the real data, some made days, one day, nothing, forty goals with hostile names."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest

from goals_tui.domain.goal import Goal
from goals_tui.domain.ids import Ids
from goals_tui.services.context import Services, create_workspace, open_services
from tests.builders import event, goal, step
from tests.conftest import NOW, made_once, make_services
from tests.sgd import SGD
from tests.tui.harness import HOSTILE

WHEN = datetime(2026, 10, 1, 8, tzinfo=UTC)
"""The moment from which `builders.event` counts its seconds."""


@pytest.fixture(scope="session")
def sgd_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real data, imported once."""
    if not SGD.is_dir():
        pytest.skip(f"the shared data is not beside this checkout ({SGD})")

    def make(path: Path) -> None:
        services = create_workspace(path, name="Flight Desk", time_zone="Europe/Berlin", clock=lambda: NOW, env={})
        services.imports.odata([SGD])

    return made_once(tmp_path_factory, "sgd", make)


@pytest.fixture
def sgd_services(sgd_workspace: Path, tmp_path: Path) -> Services:
    """A copy of the real data for one test."""
    shutil.copytree(sgd_workspace, tmp_path / "sgd")
    return open_services(tmp_path / "sgd", clock=lambda: NOW, ids=Ids(seed=3), env={})


def flight() -> Goal:
    """Three steps that are worth something."""
    return goal(
        "Book a Flight",
        step("Start search", "initial", goal_name="Book a Flight"),
        step("Flight chosen", time="00:03:00", goal_name="Book a Flight"),
        step("Booking paid", "completion", cost="15.00", revenue="42.50", time="00:08:00", goal_name="Book a Flight"),
    )


def table() -> Goal:
    """A goal that earns no revenue."""
    return goal(
        "Reserve a Table",
        step("Ask for a table", "initial", goal_name="Reserve a Table"),
        step("Table reserved", "completion", cost="6.25", time="00:05:30", goal_name="Reserve a Table"),
    )


def fill(services: Services, goals: list[Goal], days: int, a_day: int, *, until: datetime = NOW) -> Services:
    """Cycles of some goals on the days up to `until`, the same ones every time."""
    random = Random(11)
    with services.workspace.documents.transaction() as transaction:
        for each in goals:
            transaction.put("goals", each.id, each.model_dump(mode="json"))
    events = []
    number = 0
    for day in range(days):
        for _ in range(a_day):
            number += 1
            tracked = goals[min(int(random.expovariate(3 / len(goals))), len(goals) - 1)]
            start = (until - timedelta(days=days - 1 - day, hours=random.randrange(1, 10)) - WHEN).total_seconds()
            endpoint = random.choice(["Webchat", "WhatsApp", "[/Voice]"])
            snapshot = random.choice([None, "v1", "v2"])
            reached = 1 + sum(random.random() < 0.75 for _ in tracked.further)
            for place, reached_step in enumerate(tracked.steps[:reached]):
                events.append(
                    event(
                        tracked,
                        reached_step.name,
                        cycle=str(number),
                        seconds=start + place * random.randrange(10, 200),
                        session=f"session-{number}",
                        endpoint_name=endpoint,
                        endpoint_type="webchat3",
                        locale_name=random.choice(["English", "日本語"]),
                        snapshot_name=snapshot,
                    )
                )
    services.workspace.events.append(events)
    return services


Scenario = Callable[[], Services]


@pytest.fixture(scope="session")
def scenario_workspaces(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes the workspace of a scenario when it is first asked for, and keeps it for the other tests."""
    made: dict[str, Path] = {}

    def workspace(name: str) -> Path:
        if name not in made:
            services = make_services(tmp_path_factory.mktemp("scenarios") / name)
            made[name] = services.workspace.path
            if name != "no-goals":
                goals, days, a_day = SCENARIOS[name]
                fill(services, goals(), days, a_day)
        return made[name]

    return workspace


@pytest.fixture
def scenarios(scenario_workspaces: Callable[[str], Path], tmp_path: Path) -> dict[str, Scenario]:
    """The workspaces that screens are tested with, by name: each call opens a copy for one test."""

    def copied(name: str) -> Services:
        path = shutil.copytree(scenario_workspaces(name), tmp_path / name)
        return open_services(path, clock=lambda: NOW, ids=Ids(seed=1), env={})

    return {name: partial(copied, name) for name in (*SCENARIOS, "no-goals")}


def forty() -> list[Goal]:
    """Forty goals, eight of which are called what nobody should call a goal."""
    names = [*HOSTILE, *(f"Goal number {number}" for number in range(1, 33))]
    return [
        goal(
            name,
            step("Begin", "initial", goal_name=name),
            step(f"Ask [/{place}]", time="00:02:00", goal_name=name),
            step("Done", "completion", cost=f"{place}.50", revenue="10.00" if place % 3 else "0.00", goal_name=name),
        )
        for place, name in enumerate(names)
    ]


SCENARIOS: dict[str, tuple[Callable[[], list[Goal]], int, int]] = {
    "data": (lambda: [flight(), table()], 30, 24),
    "one-day": (lambda: [flight(), table()], 1, 40),
    "none": (lambda: [flight(), table()], 0, 0),
    "forty": (forty, 30, 60),
}
"""Goals, days, and cycles a day."""
