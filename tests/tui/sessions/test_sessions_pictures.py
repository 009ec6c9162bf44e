"""Sessions as pictures: the list and a timeline."""

from __future__ import annotations

from datetime import timedelta

import pytest

from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from tests.builders import event
from tests.conftest import NOW
from tests.tui.harness import SIZES, press, running
from tests.tui.insights.conftest import WHEN, Scenario, fill, flight
from tests.tui.pictures import Pictures, themes

each_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


@each_size
async def test_the_list(size: tuple[int, int], scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    async with running(scenarios["forty"](), size) as pilot:
        pilot.app.filters = Filters(span="last-30-days")
        await press(pilot, "4", "down")
        async for theme in themes(pilot):
            pictures.take(pilot, theme)
        await press(pilot, "i")
        pictures.take(pilot, "incomplete")
    pictures.compare()


async def test_nothing(scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    async with running(scenarios["none"](), (80, 24)) as pilot:
        await press(pilot, "4")
        pictures.take(pilot, "nothing")
        await press(pilot, "c")
        pictures.take(pilot, "nothing-completed")
    pictures.compare()


@each_size
async def test_a_timeline(size: tuple[int, int], services: Services, pictures: Pictures) -> None:
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
    async with running(services, size) as pilot:
        pilot.app.filters = Filters(span="last-30-days")
        await press(pilot, "4", "enter")
        async for theme in themes(pilot):
            pictures.take(pilot, theme)
    pictures.compare()
