"""Errors that a user can act on are shown wherever they were raised, and the app goes on with all that was typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual import work
from textual.pilot import Pilot

from goals_tui.domain.errors import UnreadableError
from goals_tui.services.context import Services
from goals_tui.tui.app.config import Config
from goals_tui.tui.app.screen import StoreChanged
from goals_tui.tui.goals.editor import GoalEditor
from tests.tui.goals.samples import book_a_flight
from tests.tui.harness import messages, press, running, screen_text, settle, timer_done, type_text

FULL = "The disk is full. Make room."


def fail(*_: Any, **__: Any) -> Any:
    raise UnreadableError(FULL)


@work
async def coroutine(app: Any) -> None:
    fail()


async def timer(pilot: Pilot[Any], patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pilot.app.services, "stamp", fail)
    ended = pilot.app.set_timer(0.001, pilot.app.look_for_changes)
    await timer_done(ended)


async def worker(pilot: Pilot[Any], patch: pytest.MonkeyPatch) -> None:
    coroutine(pilot.app)


async def message(pilot: Pilot[Any], patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pilot.app.screen, "show_data", fail)
    pilot.app.screen.post_message(StoreChanged())
    await settle(pilot)
    patch.undo()


async def key(pilot: Pilot[Any], patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pilot.app, "action_help", fail)
    await press(pilot, "f1")


async def click(pilot: Pilot[Any], patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pilot.app, "action_help", fail)
    column = screen_text(pilot.app).splitlines()[-1].index("Help")
    await pilot.click(offset=(column, pilot.app.size.height - 1))


async def callback(pilot: Pilot[Any], patch: pytest.MonkeyPatch) -> None:
    pilot.app.screen.call_after_refresh(fail)
    pilot.app.screen.refresh()


@pytest.mark.parametrize("way", [timer, worker, message, key, click, callback], ids=lambda way: way.__name__)
async def test_an_error_is_shown_once_and_the_form_stays(
    way: Callable[..., Any], services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(services) as pilot:
        await press(pilot, "n")
        await type_text(pilot, "Fly")
        with monkeypatch.context() as patch:
            await way(pilot, patch)
            await settle(pilot)
        assert messages(pilot.app) == [FULL]
        await type_text(pilot, " far")
        assert isinstance(pilot.app.screen, GoalEditor)
        assert pilot.app.screen.draft.goal.name == "Fly far"
        await press(pilot, "f1", "escape")
        assert "Not saved" not in screen_text(pilot.app)
        await press(pilot, "escape")
        assert "Fly far has changes." in screen_text(pilot.app)


async def test_a_dialog_that_cannot_read_what_it_shows(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    services.goals.save(book_a_flight(services))
    async with running(services) as pilot:
        with monkeypatch.context() as patch:
            patch.setattr(services.flows, "summaries", fail)
            await press(pilot, "t")
        assert messages(pilot.app) == [FULL]
        await press(pilot, "2", "1")
        assert pilot.app.current_mode == "goals"


async def test_a_screen_that_cannot_be_drawn(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(services) as pilot:
        with monkeypatch.context() as patch:
            patch.setattr(services.tasks, "list", fail)
            await press(pilot, "5")
        assert messages(pilot.app) == [FULL]
        pilot.app.changed()
        await settle(pilot)
        assert "Nothing has run yet" in screen_text(pilot.app)


async def test_a_tour_that_cannot_be_remembered_is_shown(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(services) as pilot:
        monkeypatch.setattr(Config, "keep", fail)
        await pilot.app.run_action("tour")
        await settle(pilot)
        assert messages(pilot.app) == [FULL]
        assert "1 of 4" in screen_text(pilot.app)


async def test_a_form_that_cannot_know_the_currency_is_not_opened(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(services) as pilot:
        monkeypatch.setattr(services.project, "get", fail)
        await press(pilot, "n")
        assert messages(pilot.app) == [FULL]
        assert not isinstance(pilot.app.screen, GoalEditor)
