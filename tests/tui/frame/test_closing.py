"""The app is closed at any time: also before a screen is whole, and while its parts go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from textual.events import Key
from textual.screen import Screen
from textual.widgets import Static

from goals_tui.services.context import Services
from goals_tui.tui.app.actions import AREAS
from goals_tui.tui.app.screen import ScreenFrame
from goals_tui.tui.filters.screen import FilterBar
from goals_tui.tui.sessions.screen import SessionsScreen
from goals_tui.tui.widgets.bars import KeyBar
from tests.builders import flow
from tests.tui.goals.samples import book_a_flight
from tests.tui.harness import QuietApp, error_of, press, running, runs_a_binding, settle, slowed

DIALOGS = [
    *(("goals", key) for key in ("enter", "x", "w", "s", "question_mark", "ctrl+p", "e", "t")),
    *(("flows", key) for key in ("n", "o", "question_mark", "e")),
    *(("insights", key) for key in ("f", "g", "h", "L")),
    *((area.name, "") for area in AREAS),
]
"""A screen, and a key that opens something over it."""


class Last(Static):
    """The part of a screen that goes last: it asks for the keys when the others are gone."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        super().__init__()
        self._ask = ask

    async def on_unmount(self) -> None:
        others = [part for part in self.screen.walk_children() if part is not self]
        while any(part.is_running for part in others):
            await asyncio.sleep(0)
        self._ask()


@pytest.mark.parametrize(("area", "key"), DIALOGS)
async def test_a_screen_whose_parts_are_gone_has_no_keys(services: Services, area: str, key: str) -> None:
    services.goals.save(book_a_flight(services))
    services.flows.save(flow("One"))
    asked: list[tuple[Screen[Any], Any]] = []
    async with running(services, area=area) as pilot:
        await press(pilot, *filter(None, [key]))
        screen = pilot.app.screen
        await screen.mount(Last(lambda: asked.append((screen, screen.active_bindings))))
        assert screen.active_bindings
    assert asked == [(screen, {})]


@pytest.mark.parametrize("area", [area.name for area in AREAS])
async def test_a_screen_that_is_not_whole_yet_has_no_keys(
    services: Services, area: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    mounted = KeyBar.on_mount

    def ask(bar: KeyBar) -> None:
        mounted(bar)
        if isinstance(bar.screen, ScreenFrame):
            asked.append(bar.screen.active_bindings)

    monkeypatch.setattr(KeyBar, "on_mount", ask)
    async with running(services, area=area) as pilot:
        assert pilot.app.screen.active_bindings
    assert asked and not any(asked)


@pytest.mark.parametrize("area", [area.name for area in AREAS if area.name != "goals"])
async def test_the_app_is_closed_while_a_screen_is_made(
    services: Services, area: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = asyncio.Event()
    compose = ScreenFrame.compose

    def close(screen: ScreenFrame[Any]) -> Any:
        parts = list(compose(screen))
        if area == screen.AREA:
            screen.app.exit()
            opened.set()
        return parts

    monkeypatch.setattr(ScreenFrame, "compose", close)
    app = QuietApp(services)
    running_app = asyncio.create_task(app.run_async(headless=True))
    while not isinstance(app.screen_stack and app.screen, ScreenFrame):
        await asyncio.sleep(0.01)
    app.post_message(Key({area.name: area.key for area in AREAS}[area], None))
    await running_app
    assert opened.is_set()
    assert (app.return_code, error_of(app)) == (0, None)


async def test_a_key_that_the_screen_before_let_through_waits_for_no_parts(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        begun.set()
        await may_go_on.wait()

    slowed(monkeypatch, SessionsScreen, wait)
    async with running(services) as pilot:
        pilot.app.filters = pilot.app.filters.model_copy(update={"span": "today"})
        pilot.app.run_worker(pilot.app.switch_mode("sessions"))
        await begun.wait()
        try:
            assert not pilot.app.screen.query(FilterBar)
            assert not await runs_a_binding(pilot.app, "backspace")
        finally:
            may_go_on.set()
        await settle(pilot)
        assert pilot.app.filters.span == "today"
        await press(pilot, "backspace")
        assert pilot.app.filters.span == "last-7-days"
