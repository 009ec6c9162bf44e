"""Insights as pictures: every view, in both our themes and at three sizes, with much, little, no and hostile data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from goals_tui.domain.filters import Filters
from goals_tui.tui.config import Config
from tests.builders import event
from tests.tui.harness import SIZES, QuietApp, press, settle, until
from tests.tui.insights.conftest import Scenario, flight

KEYS = {"performance": "p", "rate": "r", "time": "t", "cost": "c", "revenue": "e", "funnel": "n", "breakdown": "b"}
each_view = pytest.mark.parametrize("view", KEYS)
each_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
Compare = Callable[..., bool]


def opened(*keys: str, span: str = "last-30-days") -> Callable[[Pilot[Any]], Any]:
    """Go to Insights under a span, then press keys."""

    async def go(pilot: Pilot[Any]) -> None:
        pilot.app.filters = Filters(span=span)
        await press(pilot, "3")

    return until(*keys, before=go)


def app(scenario: Scenario, theme: str = "goals-dark") -> QuietApp:
    return QuietApp(scenario(), Config(theme=theme))


@each_size
@each_view
def test_with_data(view: str, size: tuple[int, int], scenarios: dict[str, Scenario], snap_compare: Compare) -> None:
    assert snap_compare(app(scenarios["data"]), terminal_size=size, run_before=opened(KEYS[view]))


@each_view
def test_in_the_light_theme(view: str, scenarios: dict[str, Scenario], snap_compare: Compare) -> None:
    light = app(scenarios["data"], "goals-light")
    assert snap_compare(light, terminal_size=(120, 36), run_before=opened(KEYS[view]))


@pytest.mark.parametrize("scenario", ["one-day", "none", "forty"])
@each_view
def test_with_little_and_much(view: str, scenario: str, scenarios: dict[str, Scenario], snap_compare: Compare) -> None:
    assert snap_compare(app(scenarios[scenario]), terminal_size=(120, 36), run_before=opened(KEYS[view]))


@each_size
@pytest.mark.parametrize("view", ["performance", "cost"])
def test_forty_goals(view: str, size: tuple[int, int], scenarios: dict[str, Scenario], snap_compare: Compare) -> None:
    keys = ["o", "o"] if view == "performance" else [KEYS[view]]
    light = app(scenarios["forty"], "goals-light")
    assert snap_compare(light, terminal_size=size, run_before=opened(*keys))


@each_size
@pytest.mark.parametrize("view", ["performance", "time"])
def test_tables(view: str, size: tuple[int, int], scenarios: dict[str, Scenario], snap_compare: Compare) -> None:
    assert snap_compare(app(scenarios["forty"]), terminal_size=size, run_before=opened(KEYS[view], "v"))


def test_one_day_by_the_hour(scenarios: dict[str, Scenario], snap_compare: Compare) -> None:
    run = opened("t", span="today")
    assert snap_compare(app(scenarios["one-day"]), terminal_size=(120, 36), run_before=run)


def test_a_year_by_the_week(scenarios: dict[str, Scenario], snap_compare: Compare) -> None:
    run = opened("r", span="last-365-days")
    assert snap_compare(app(scenarios["data"]), terminal_size=(120, 36), run_before=run)


def test_full_screen(scenarios: dict[str, Scenario], snap_compare: Compare) -> None:
    assert snap_compare(app(scenarios["data"]), terminal_size=(120, 36), run_before=opened("c", "z", "left", "up"))


DIALOGS = {
    "span": ["f"],
    "goals": ["f", "down", "enter", "enter"],
    "more": ["f", "end"],
    "calendar": ["f", "enter", "tab", "down"],
}


@each_size
@pytest.mark.parametrize("dialog", DIALOGS)
def test_filters(dialog: str, size: tuple[int, int], scenarios: dict[str, Scenario], snap_compare: Compare) -> None:
    assert snap_compare(app(scenarios["forty"]), terminal_size=size, run_before=opened(*DIALOGS[dialog]))


def test_filters_in_the_light_theme(scenarios: dict[str, Scenario], snap_compare: Compare) -> None:
    light = app(scenarios["data"], "goals-light")
    assert snap_compare(light, terminal_size=(80, 24), run_before=opened("f", "down", "enter", "enter", "tab", "space"))


@each_size
def test_data_health(size: tuple[int, int], scenarios: dict[str, Scenario], snap_compare: Compare) -> None:
    services, tracked = scenarios["data"](), flight()
    services.workspace.events.append(
        [
            event(tracked, "Flight chosen", cycle="lost"),
            event(tracked, "Start search", cycle="strange", version="lost", seconds=3_500_000),
        ]
    )
    assert snap_compare(QuietApp(services), terminal_size=size, run_before=opened("h"))


async def test_no_picture_is_of_a_fault(scenarios: dict[str, Scenario]) -> None:
    faulty = app(scenarios["forty"])
    async with faulty.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for key in ("3", *KEYS.values(), "v", "z"):
            await press(pilot, key)
        assert not list(faulty._notifications)
