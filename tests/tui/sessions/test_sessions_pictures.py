"""Sessions as pictures: the list and a timeline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from goals_tui.tui.config import Config
from tests.builders import event
from tests.conftest import NOW
from tests.tui.harness import SIZES, Pilot, QuietApp, press, until
from tests.tui.insights.conftest import WHEN, Scenario, fill, flight

each_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
each_theme = pytest.mark.parametrize("theme", ["goals-dark", "goals-light"])
Compare = Callable[..., bool]


async def go(pilot: Pilot) -> None:
    pilot.app.filters = Filters(span="last-30-days")
    await press(pilot, "4")


@each_size
@each_theme
def test_the_list(theme: str, size: tuple[int, int], scenarios: dict[str, Scenario], snap_compare: Compare) -> None:
    app = QuietApp(scenarios["forty"](), Config(theme=theme))
    assert snap_compare(app, terminal_size=size, run_before=until("down", before=go))


def test_one_outcome(scenarios: dict[str, Scenario], snap_compare: Compare) -> None:
    app = QuietApp(scenarios["data"]())
    assert snap_compare(app, terminal_size=(80, 24), run_before=until("i", before=go))


def test_nothing(scenarios: dict[str, Scenario], snap_compare: Compare) -> None:
    app = QuietApp(scenarios["none"]())
    assert snap_compare(app, terminal_size=(80, 24), run_before=until(before=go))


@each_size
@each_theme
def test_a_timeline(theme: str, size: tuple[int, int], services: Services, snap_compare: Compare) -> None:
    tracked = flight()
    fill(services, [tracked], 0, 0)
    start = (NOW - WHEN - timedelta(hours=5)).total_seconds()
    places = {"session": "session [/7]", "endpoint_name": "[/Voice]", "locale_name": "日本語", "snapshot_name": "v2"}
    services.workspace.events.append(
        [
            event(tracked, "Start search", seconds=start, **places),
            event(tracked, "Flight chosen", seconds=start + 35, **places),
            event(tracked, "Flight chosen", seconds=start + 95, number=1, **places),
            event(tracked, "Booking paid", seconds=start + 3700, **places),
        ]
    )
    app = QuietApp(services, Config(theme=theme))
    assert snap_compare(app, terminal_size=size, run_before=until("enter", before=go))
