"""Sessions as pictures: the list, its dialogs and a timeline."""

from __future__ import annotations

from datetime import timedelta

import pytest

from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from tests.builders import event
from tests.conftest import NOW
from tests.tui.harness import press, running
from tests.tui.insights.conftest import WHEN, Scenario, fill, flight
from tests.tui.pictures import Pictures, each_size, take_in_both_themes, themes


@each_size
async def test_the_list(size: tuple[int, int], scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    async with running(scenarios["forty"](), size) as pilot:
        pilot.app.filters = Filters(span="last-30-days")
        await press(pilot, "4", "down")
        async for theme in themes(pilot):
            await pictures.take(pilot, theme)
        await press(pilot, "i")
        await take_in_both_themes(pictures, pilot, "incomplete")
        await press(pilot, "F")
        await take_in_both_themes(pictures, pilot, "find")
        await press(pilot, "escape", "question_mark")
        await take_in_both_themes(pictures, pilot, "help")
    pictures.compare()


@each_size
async def test_nothing(size: tuple[int, int], scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    async with running(scenarios["none"](), size, area="sessions") as pilot:
        await take_in_both_themes(pictures, pilot, "nothing")
        await press(pilot, "c")
        await take_in_both_themes(pictures, pilot, "nothing-completed")
    pictures.compare()


async def test_without_colours(
    scenarios: dict[str, Scenario], pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(scenarios["data"]()) as pilot:
        pilot.app.filters = Filters(span="last-30-days")
        await press(pilot, "4", "down")
        await pictures.take(pilot, "list")
        await press(pilot, "enter")
        await pictures.take(pilot, "timeline")
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
            await pictures.take(pilot, theme)
    pictures.compare()
