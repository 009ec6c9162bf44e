"""Another process writes for long: what is edited waits for it, says so, and no key waits with it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from goals_tui.services.context import Services
from goals_tui.tui.app.base import WAITING
from tests import builders
from tests.tui.harness import has_ended, messages, press, running, screen_text, settle, until_true

HOLDER = """
import sys
from pathlib import Path
from goals_tui.store.locks import process_lock
with process_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
ALIVE = 45.0
"""Seconds in which each key is answered, on the slowest machine: a key that waited for the lock would take 60.

The lock is held until all of them were answered.
"""


@contextmanager
def held(services: Services, lock: str = "goals.json.lock") -> Iterator[None]:
    """Let another process hold a lock of the workspace for as long as the block lasts."""
    command = [sys.executable, "-c", HOLDER, str(services.workspace.path / lock)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None and holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield
        finally:
            holder.stdin.close()


@pytest.fixture
def desk(services: Services) -> Services:
    goal = services.goals.save(builders.book_a_flight().model_copy(update={"revision": 0}))
    services.flows.save(builders.book_a_flight_flow(goal))
    return services


async def alive(pilot: Pilot[Any]) -> None:
    """Each of these keys does something at once, and the app draws."""
    for key, area in (("2", "flows"), ("5", "tasks"), ("1", "goals")):
        began = time.monotonic()
        await pilot.press(key)
        await until_true(pilot, lambda area=area: pilot.app.current_mode == area)  # type: ignore[misc]
        assert time.monotonic() - began < ALIVE, f"{key} was dead"
    await pilot.press("question_mark")
    await until_true(pilot, lambda: "Help" in type(pilot.app.screen).__name__)
    await pilot.press("escape")
    await until_true(pilot, lambda: "Help" not in type(pilot.app.screen).__name__)


async def waits(pilot: Pilot[Any]) -> None:
    await until_true(pilot, lambda: WAITING in messages(pilot.app))


@asynccontextmanager
async def node_deleted(desk: Services, pilot: Pilot[Any]) -> AsyncIterator[None]:
    """Delete a node of the flow while another process holds the lock, for as long as the block lasts."""
    await press(pilot, "down")
    with held(desk):
        await pilot.press("d")
        await waits(pilot)
        yield


async def test_an_edit_of_a_flow(desk: Services) -> None:
    before = desk.flows.get("Book a Flight")
    async with running(desk, area="flows") as pilot:
        async with node_deleted(desk, pilot):
            await alive(pilot)
            assert desk.flows.get(before.id) == before
        await settle(pilot)
        await press(pilot, "2")
        assert WAITING not in messages(pilot.app)
        assert len(list(desk.flows.get(before.id).walk())) < len(list(before.walk()))


async def test_edits_that_wait_are_made_in_order(desk: Services) -> None:
    before = desk.flows.get("Book a Flight")
    async with running(desk, area="flows") as pilot:
        async with node_deleted(desk, pilot):
            await pilot.press("ctrl+z")
            await pilot.pause()
        await settle(pilot)
        after = desk.flows.get(before.id)
        assert after.nodes == before.nodes and after.revision == before.revision + 2
        assert any(message.startswith("Undone") for message in messages(pilot.app))


async def test_undo_and_settings(desk: Services) -> None:
    async with running(desk, area="goals") as pilot:
        with held(desk):
            await pilot.press("ctrl+z")
            await waits(pilot)
            await alive(pilot)
        await settle(pilot)
        assert not desk.flows.all()
        await press(pilot, "6", "enter")
        await press(pilot, *"New name")
        with held(desk):
            await pilot.press("enter")
            await waits(pilot)
            await alive(pilot)
            assert desk.project.get().name != "New name"
        await settle(pilot)
        assert "New name" in desk.project.get().name
        assert WAITING not in screen_text(pilot.app)


async def test_a_goal_that_is_saved(desk: Services) -> None:
    async with running(desk, area="goals") as pilot:
        await press(pilot, "enter")
        await press(pilot, *"X")
        with held(desk):
            await pilot.press("ctrl+s")
            await waits(pilot)
            began = time.monotonic()
            await pilot.press("escape")
            assert time.monotonic() - began < ALIVE
        await settle(pilot)
        assert [goal.name for goal in desk.goals.all()] != ["Book a Flight"]


async def test_quitting_waits_for_what_is_saved(desk: Services) -> None:
    before = desk.flows.get("Book a Flight")
    async with running(desk, area="flows") as pilot:
        async with node_deleted(desk, pilot):
            await pilot.press("q")
            await pilot.pause(0.5)
            assert pilot.app.is_running
        await until_true(pilot, lambda: has_ended(pilot.app))
    assert len(list(desk.flows.get(before.id).walk())) < len(list(before.walk()))
