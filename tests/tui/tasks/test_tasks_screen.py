"""The Tasks screen: what it shows of each state, what its keys do, and quitting while something runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from goals_tui.domain.errors import UnreadableError
from goals_tui.services.context import Services
from goals_tui.services.tasks.record import Task, TaskResult
from goals_tui.services.tasks.work import TaskControl
from goals_tui.tui.tasks.screen import duration, took, when
from tests.conftest import NOW
from tests.tui.harness import HOSTILE, SIZES, QuietApp, has_ended, messages, press, running, screen_text, settle
from tests.tui.pictures import Pictures, each_size

PATIENCE = 30.0


class Kept:
    """A workspace with a task in every state; `go` lets the running one end."""

    def __init__(self, services: Services) -> None:
        self.services, self.go, self.there = services, Event(), Event()
        # A clock that goes on by itself, so that the order of the tasks is theirs.
        self._moments = iter(NOW + timedelta(seconds=7 * number) for number in range(10_000))
        services.clock = lambda: next(self._moments)
        start = services.tasks.start
        start("Create package book-a-flight.zip", "create_package", self.packed)
        assert services.tasks.wait(PATIENCE)
        job = {"path": "/home/ada/claims.zip", "on_conflict": "skip"}
        start("Import package claims.zip", "import_package", self.failing, job)
        assert services.tasks.wait(PATIENCE)
        start("Import events from 2026-10.jsonl", "import_events", self.long)
        assert self.there.wait(PATIENCE)
        waiting = start("Seal events", "seal", self.packed, {})
        start("Simulate Book a Flight", "simulation", self.packed)
        services.tasks.cancel(waiting.id)
        services.clock = lambda: NOW + timedelta(minutes=2)

    def packed(self, control: TaskControl) -> TaskResult:
        notice = "Its amounts are in USD, this project counts in EUR: nothing is converted."
        return TaskResult("Packed 1 goal, 1 flow, 3 events (2 KiB).", Path("/home/ada/book-a-flight.zip"), (notice,))

    def failing(self, control: TaskControl) -> TaskResult:
        raise UnreadableError("claims.zip can't be imported: goals.json is not as manifest.json says (checksum).")

    def long(self, control: TaskControl) -> TaskResult:
        control.progress(0.54, "10,000 of 18,500 events")
        self.there.set()
        assert self.go.wait(PATIENCE)
        control.progress(1.0)
        return TaskResult("18,500 events added.")


@pytest.fixture
def kept(services: Services) -> Iterator[Kept]:
    made = Kept(services)
    yield made
    made.go.set()
    assert services.tasks.wait(PATIENCE)


async def test_every_state_is_a_mark_and_a_word(kept: Kept) -> None:
    async with running(kept.services, (120, 36), area="tasks") as pilot:
        shown = screen_text(pilot.app)
        for words in ("◌ Queued", "■ Cancelled", "▶ Running 54 %", "✕ Failed", "✔ Done"):
            assert words in shown
        assert "2 running or queued" in shown


async def test_the_chosen_task_is_shown_in_full(kept: Kept) -> None:
    async with running(kept.services, (120, 36), area="tasks") as pilot:
        await press(pilot, "end")
        shown = screen_text(pilot.app)
        assert "Packed 1 goal, 1 flow, 3 events (2 KiB)." in shown
        assert "/home/ada/book-a-flight.zip" in shown
        assert "• Its amounts are in USD" in shown
        await press(pilot, "y")
        assert messages(pilot.app) == ["Copied /home/ada/book-a-flight.zip"]
        assert pilot.app.clipboard == "/home/ada/book-a-flight.zip"


async def test_keys_work_where_they_can(kept: Kept) -> None:
    async with running(kept.services, (120, 36), area="tasks") as pilot:
        works: dict[str, set[str]] = {}
        for task in kept.services.tasks.list():
            actions = ("cancel", "retry", "copy_path")
            works[task.state] = {name for name in actions if pilot.app.screen.check_action(name, ())}
            await press(pilot, "down")
        assert works == {
            "queued": {"cancel"},
            "cancelled": {"retry"},
            "running": {"cancel"},
            "failed": {"retry"},
            "done": {"copy_path"},
        }


async def test_cancel_and_retry(kept: Kept) -> None:
    tasks = kept.services.tasks
    async with running(kept.services, (120, 36), area="tasks") as pilot:
        await press(pilot, "c")
        assert [task.state for task in tasks.list()][:2] == ["cancelled", "cancelled"]
        assert "■ Cancelled" in screen_text(pilot.app)
        await press(pilot, "down", "r")
        assert tasks.list()[0].title == "Seal events"
        assert tasks.list()[0].state == "queued"


async def test_marked_tasks_are_cancelled_and_cleared_together(kept: Kept) -> None:
    tasks = kept.services.tasks
    async with running(kept.services, (120, 36), area="tasks") as pilot:
        await press(pilot, "space", "space")
        assert "2 running or queued, 2 marked" in screen_text(pilot.app)
        await press(pilot, "c")
        assert [task.state for task in tasks.list()] == ["cancelled", "cancelled", "running", "failed", "done"]
        await press(pilot, "end", "shift+up", "shift+up", "x")
        assert messages(pilot.app) == ["Cleared 4 tasks. Press u to take that back."]
        assert [task.state for task in tasks.list()] == ["running"], "what runs is not cleared"
        await press(pilot, "u")
        assert [task.state for task in tasks.list()] == ["cancelled", "cancelled", "running", "failed", "done"]
        await press(pilot, "space")
        assert "1 marked" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert "marked" not in screen_text(pilot.app)


async def test_what_cannot_be_retried_is_said(kept: Kept) -> None:
    async with running(kept.services, (120, 36), area="tasks") as pilot:
        await press(pilot, "end", "up", "r")
        assert messages(pilot.app) == [
            "'Import package claims.zip' can't be started again: /home/ada/claims.zip is not there any more."
        ]


async def test_the_end_of_a_task_is_said_on_every_screen(kept: Kept) -> None:
    async with running(kept.services, (120, 36)) as pilot:
        app = pilot.app
        assert isinstance(app, QuietApp)
        app.look_for_changes()
        kept.go.set()
        assert kept.services.tasks.wait(PATIENCE)
        app.look_for_changes()
        await settle(pilot)
        assert set(messages(app)) == {
            "claims.zip can't be imported: goals.json is not as manifest.json says (checksum).",
            "18,500 events added.\nPacked 1 goal, 1 flow, 3 events (2 KiB).\n/home/ada/book-a-flight.zip",
        }


async def test_quitting_while_something_runs_asks(kept: Kept) -> None:
    async with running(kept.services, (120, 36)) as pilot:
        await press(pilot, "q")
        shown = screen_text(pilot.app)
        assert "2 tasks are still running" in shown
        assert "• Import events from 2026-10.jsonl" in shown
        await press(pilot, "enter")
        assert pilot.app.is_running, "Stay has the focus"
        assert len(kept.services.tasks.running()) == 2

        await pilot.press("q")
        await settle(pilot)
        kept.go.set()
        await press(pilot, "right", "enter")
        assert kept.services.tasks.wait(PATIENCE)
        assert kept.services.tasks.running() == []
        assert has_ended(pilot.app)


async def test_nothing_yet_says_what_to_press(services: Services) -> None:
    async with running(services, (80, 24), area="tasks") as pilot:
        shown = screen_text(pilot.app)
        assert "Nothing has run yet" in shown
        assert "i  import a package of another project" in shown


async def test_sealing_from_the_palette_of_keys(services: Services) -> None:
    async with running(services, (80, 24), area="tasks") as pilot:
        await press(pilot, "s")
        assert services.tasks.wait(PATIENCE)
        assert services.tasks.list()[0].text == "Everything is sealed already."


async def test_hostile_names_are_shown_as_they_are(services: Services) -> None:
    for name in HOSTILE:
        services.tasks.start(name, "seal", lambda control, name=name: TaskResult(name, name, (name,)))
    assert services.tasks.wait(PATIENCE)
    async with running(services, (120, 36), area="tasks") as pilot:
        for task in services.tasks.list():
            shown = screen_text(pilot.app)
            assert shown.count(task.title[:20]) >= 5, "in the list, and four times in the detail"
            await press(pilot, "down")


@pytest.fixture
def every_state(kept: Kept) -> Services:
    """The same, and a task that the end of a program cut off."""
    services = kept.services
    cut_off = {"id": "f" * 24, "kind": "import_events", "title": "Import events from 2026-09.jsonl", "job": {}}
    times = {"created_at": NOW - timedelta(days=2), "started_at": NOW - timedelta(days=2)}
    gone = Task.model_validate({**cut_off, **times, "state": "running", "owner": "a program that ended"})
    with services.workspace.documents.transaction() as transaction:
        transaction.put("tasks", gone.id, gone.model_dump(mode="json"))
    return services


@each_size
async def test_pictures(every_state: Services, new_services: Any, pictures: Pictures, size: tuple[int, int]) -> None:
    async with running(every_state, size, area="tasks") as pilot:
        for task in every_state.tasks.list():
            await pictures.take(pilot, task.state, drawn=SIZES if task.state == "done" else ())
            await press(pilot, "down")
        await press(pilot, "q")
        await pictures.take(pilot, "quitting")
        await press(pilot, "escape")
    async with running(new_services("empty"), size, area="tasks") as pilot:
        await pictures.take(pilot, "nothing")
    pictures.compare()


async def test_without_colours(every_state: Services, pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(every_state, area="tasks") as pilot:
        await pictures.draw(pilot, "list")
    pictures.compare()


def test_times_as_people_say_them(services: Services) -> None:
    zone = services.project.get().zone

    def task(**values: Any) -> Task:
        return Task.model_validate({"id": "0" * 24, "kind": "seal", "title": "t", "created_at": NOW, **values})

    assert when(task(), NOW, zone) == "13:00"
    assert when(task(), NOW + timedelta(days=2), zone) == "20 Nov 13:00"
    assert when(task(), NOW + timedelta(days=200), zone) == "20 Nov 2026"
    assert took(task(), NOW) == ""
    assert took(task(state="running", started_at=NOW), NOW + timedelta(seconds=75)) == "1 min 15 s"
    assert [duration(seconds) for seconds in (-1, 0.34, 12.9, 200, 7500)] == [
        "0.0 s",
        "0.3 s",
        "12 s",
        "3 min 20 s",
        "2 h 05 min",
    ]
