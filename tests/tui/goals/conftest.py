"""Goals for the tests of their screen."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from goals_tui.domain.event import Source
from goals_tui.domain.flow import TrackGoal
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from tests.conftest import NOW, make_services
from tests.tui.goals.samples import book_a_flight


@pytest.fixture
def flight(services: Services) -> Goal:
    """The seed's example, saved, tracked by two nodes of one flow, with 4 cycles of which 2 were completed."""
    return make_flight(services)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    """The same in a workspace with a path that is the same in every run, for snapshots."""
    monkeypatch.chdir(tmp_path)
    services = make_services(Path("workspace"))
    make_flight(services)
    return services


def make_flight(services: Services) -> Goal:
    goal = services.goals.save(book_a_flight(services))
    flow = services.flows.create("Book a Flight")
    nodes = (
        TrackGoal(id=services.ids.hex24(), label="Search", goal_id=goal.id, step_ids=(goal.steps[0].id,)),
        TrackGoal(id=services.ids.hex24(), label="Paid", goal_id=goal.id, step_ids=(goal.steps[2].id,)),
    )
    services.flows.save(flow.model_copy(update={"nodes": nodes}))
    for number, reached in enumerate((3, 3, 2, 1)):
        at = NOW - timedelta(days=number, hours=1)
        for place in range(reached):
            when = at + timedelta(minutes=place)
            services.tracking.track(f"s{number}", goal.id, [goal.steps[place].id], Source(endpoint_name="Web"), at=when)
    return goal
