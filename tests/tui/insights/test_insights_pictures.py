"""Insights as pictures: every view, in both our themes and at three sizes, with much, little, no and hostile data."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from goals_tui.domain.filters import Filters, SpanName
from goals_tui.services.context import Services
from tests.builders import event
from tests.tui.harness import SIZES, press, running
from tests.tui.insights.conftest import Scenario, flight
from tests.tui.pictures import Pictures, themes

KEYS = {"performance": "p", "rate": "r", "time": "t", "cost": "c", "revenue": "e", "funnel": "n", "breakdown": "b"}
each_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


@asynccontextmanager
async def insights(
    services: Services, size: tuple[int, int] = (120, 36), span: SpanName = "last-30-days"
) -> AsyncIterator[Pilot[Any]]:
    """The app on Insights under a span."""
    async with running(services, size) as pilot:
        pilot.app.filters = Filters(span=span)
        await press(pilot, "3")
        yield pilot


@each_size
@pytest.mark.parametrize("scenario", ["data", "one-day", "none", "forty"])
async def test_every_view(
    scenario: str, size: tuple[int, int], scenarios: dict[str, Scenario], pictures: Pictures
) -> None:
    async with insights(scenarios[scenario](), size) as pilot:
        async for theme in themes(pilot):
            for view, key in KEYS.items():
                await press(pilot, key)
                pictures.take(pilot, f"{view}-{theme}")
        assert not list(pilot.app._notifications), "no picture is of a fault"
    pictures.compare()


@each_size
async def test_tables_and_all_goals(size: tuple[int, int], scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    async with insights(scenarios["forty"](), size) as pilot:
        await press(pilot, "v")
        pictures.take(pilot, "performance")
        await press(pilot, "t")
        pictures.take(pilot, "time")
        await press(pilot, "v", "p", "o", "o")
        pictures.take(pilot, "all-goals")
    pictures.compare()


async def test_full_screen_and_another_bar(scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    async with insights(scenarios["data"]()) as pilot:
        await press(pilot, "c", "z", "left", "up")
        pictures.take(pilot, "full")
        await press(pilot, "escape", "p", "down", "right")
        pictures.take(pilot, "part")
    pictures.compare()


async def test_hours_and_weeks(scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    async with insights(scenarios["data"](), span="today") as pilot:
        await press(pilot, "t")
        pictures.take(pilot, "day-by-the-hour")
        await press(pilot, *["right_square_bracket"] * 5, "r")
        pictures.take(pilot, "year-by-the-week")
    pictures.compare()


@each_size
async def test_filters(size: tuple[int, int], scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    async with insights(scenarios["forty"](), size) as pilot:
        await press(pilot, "f")
        async for theme in themes(pilot):
            pictures.take(pilot, f"span-{theme}")
        await press(pilot, "enter", "tab", "down")
        async for theme in themes(pilot):
            pictures.take(pilot, f"calendar-{theme}")
        await press(pilot, "escape", "escape", "down", "enter", "enter")
        async for theme in themes(pilot):
            pictures.take(pilot, f"goals-{theme}")
        await press(pilot, "escape", "end")
        pictures.take(pilot, "more")
    pictures.compare()


@each_size
async def test_data_health(size: tuple[int, int], scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    services, tracked = scenarios["data"](), flight()
    services.workspace.events.append(
        [
            event(tracked, "Flight chosen", cycle="lost"),
            event(tracked, "Start search", cycle="strange", version="lost", seconds=3_500_000),
        ]
    )
    async with insights(services, size) as pilot:
        pictures.take(pilot, "mark")
        await press(pilot, "h")
        pictures.take(pilot, "list")
    pictures.compare()
