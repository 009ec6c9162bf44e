"""Pictures of Sessions: the list, its dialogs and a timeline."""

from __future__ import annotations

from datetime import timedelta

import pytest

from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from tests.builders import event
from tests.conftest import NOW
from tests.tui.harness import SIZES, press, running
from tests.tui.insights.conftest import WHEN, Scenario, fill, flight
from tests.tui.pictures import GALLERY, Pictures, each_size


@each_size
async def test_the_list(size: tuple[int, int], scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    async with running(scenarios["forty"](), size) as pilot:
        pilot.app.filters = Filters(span="last-30-days")
        await press(pilot, "4", "down")
        await pictures.take(pilot, "list", drawn=SIZES)
        await press(pilot, "i")
        await pictures.take(pilot, "incomplete")
        await press(pilot, "F")
        await pictures.take(pilot, "find", drawn=GALLERY)
        await press(pilot, "escape", "question_mark")
        await pictures.take(pilot, "help")
    pictures.compare()


@each_size
async def test_nothing(size: tuple[int, int], scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    async with running(scenarios["none"](), size, area="sessions") as pilot:
        await pictures.take(pilot, "nothing")
        await press(pilot, "c")
        await pictures.take(pilot, "nothing-completed")
    pictures.compare()


async def test_without_colours(
    scenarios: dict[str, Scenario], pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(scenarios["data"]()) as pilot:
        pilot.app.filters = Filters(span="last-30-days")
        await press(pilot, "4", "down")
        await pictures.draw(pilot, "list")
        await press(pilot, "enter")
        await pictures.draw(pilot, "timeline")
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
        await pictures.take(pilot, "timeline", drawn=SIZES)
    pictures.compare()
