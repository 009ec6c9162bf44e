"""Tasks: order, progress, cancelling, failure and retry, what is kept, and what a dead program leaves behind."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from goals_tui.domain.errors import NotFoundError, RefusedError, UnreadableError
from goals_tui.domain.ids import Ids
from goals_tui.services.context import Services, create_workspace, open_services
from goals_tui.services.tasks.record import INTERRUPTED, TaskResult
from goals_tui.services.tasks.service import MOST_KEPT, SerialExecutor
from goals_tui.services.tasks.work import TaskControl
from goals_tui.store.documents import Transaction
from tests.builders import WHEN
from tests.conftest import PATIENCE


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return create_workspace(tmp_path / "w", name="Desk", clock=lambda: WHEN, ids=Ids("tasks"), env={})


def other(services: Services) -> Services:
    """The same workspace as another program sees it."""
    return open_services(services.workspace.path, clock=lambda: WHEN + timedelta(seconds=1), ids=Ids("other"), env={})


def done(text: str = "done") -> Callable[[TaskControl], TaskResult]:
    return lambda control: TaskResult(text)


class Paused:
    """Work that waits inside until told, and says when it is there."""

    def __init__(self) -> None:
        self.there, self.go_on = Event(), Event()

    def __call__(self, control: TaskControl) -> TaskResult:
        self.there.set()
        assert self.go_on.wait(PATIENCE)
        control.progress(0.5, "half way")
        return TaskResult("through", Path("out.zip"), ("a notice",))


def straight_through() -> Paused:
    work = Paused()
    work.go_on.set()
    return work


def test_a_task_runs_and_says_what_came_out(services: Services) -> None:
    task = services.tasks.start("Package of Book a Flight", "create_package", straight_through())
    assert services.tasks.wait(PATIENCE)

    ended = services.tasks.get(task.id)
    assert (ended.state, ended.text, ended.path, ended.fraction) == ("done", "through", "out.zip", 1.0)
    assert ended.notices == ("a notice",)
    assert ended.created_at == ended.started_at == ended.finished_at == WHEN


def test_progress_shows_while_it_runs_and_is_not_written(services: Services) -> None:
    reached, go_on = Event(), Event()

    def work(control: TaskControl) -> TaskResult:
        control.progress(0.25, "10 of 40")
        reached.set()
        assert go_on.wait(PATIENCE)
        control.progress(7.0, "too much")
        control.progress(None, "who knows")
        return TaskResult("done")

    task = services.tasks.start("Import", "import_events", work)
    assert reached.wait(PATIENCE)
    before, stamp = services.tasks.changed, services.workspace.documents.stamp()
    seen = services.tasks.get(task.id)
    assert (seen.state, seen.fraction, seen.text) == ("running", 0.25, "10 of 40")
    assert other(services).tasks.get(task.id).fraction is None, "progress is not on disk"
    assert services.workspace.documents.stamp() == stamp

    go_on.set()
    assert services.tasks.wait(PATIENCE)
    assert services.tasks.changed > before


def test_writing_tasks_wait_for_one_another_and_a_reading_one_does_not(services: Services) -> None:
    first, order = Paused(), []
    services.tasks.start("first", "import_events", first)
    second = services.tasks.start("second", "seal", lambda control: order.append("second") or TaskResult("ok"))
    assert first.there.wait(PATIENCE)
    assert [task.title for task in services.tasks.running()] == ["first", "second"]
    assert services.tasks.get(second.id).state == "queued"

    reading = Event()
    services.tasks.start("reading", "create_package", lambda control: reading.set() or TaskResult("ok"))
    assert reading.wait(PATIENCE)
    assert order == []

    first.go_on.set()
    assert services.tasks.wait(PATIENCE)
    assert order == ["second"]
    assert services.tasks.running() == []


def test_a_queued_task_is_cancelled_at_once_and_never_runs(services: Services) -> None:
    first = Paused()
    services.tasks.start("first", "seal", first)
    second = services.tasks.start("second", "seal", done())
    assert first.there.wait(PATIENCE)

    services.tasks.cancel(second.id)
    cancelled = services.tasks.get(second.id)
    assert (cancelled.state, cancelled.started_at) == ("cancelled", None)
    first.go_on.set()
    assert services.tasks.wait(PATIENCE)
    assert services.tasks.get(second.id).state == "cancelled"


def test_a_running_task_is_cancelled_where_it_next_looks(services: Services) -> None:
    work = Paused()
    task = services.tasks.start("long", "simulation", work)
    assert work.there.wait(PATIENCE)
    assert services.tasks.can_cancel(services.tasks.get(task.id))
    services.tasks.cancel_all()
    work.go_on.set()
    assert services.tasks.wait(PATIENCE)

    cancelled = services.tasks.get(task.id)
    assert (cancelled.state, cancelled.path) == ("cancelled", None)
    services.tasks.cancel(task.id)
    services.tasks.cancel("nothing like it")


def test_a_failure_keeps_its_reason(services: Services) -> None:
    def work(control: TaskControl) -> TaskResult:
        raise UnreadableError("a.zip can't be read: it is gone.")

    task = services.tasks.start("Import a.zip", "import_package", work)
    assert services.tasks.wait(PATIENCE)
    failed = services.tasks.get(task.id)
    assert (failed.state, failed.text) == ("failed", "a.zip can't be read: it is gone.")
    assert not services.tasks.can_retry(failed), "nobody wrote down what it was to do"
    with pytest.raises(RefusedError, match="can't be started again"):
        services.tasks.retry(task.id)


def test_a_fault_in_the_work_shows_on_the_task(services: Services) -> None:
    def work(control: TaskControl) -> TaskResult:
        raise ZeroDivisionError("division by zero")

    task = services.tasks.start("odd", "seal", work)
    assert services.tasks.wait(PATIENCE)
    assert services.tasks.get(task.id).text == "Internal error: ZeroDivisionError: division by zero"
    services.tasks.start("next", "seal", done())
    assert services.tasks.wait(PATIENCE), "the queue goes on"


def test_a_fault_while_the_end_is_noted_shows_on_the_task(services: Services) -> None:
    task = services.tasks.start("odd", "seal", lambda control: TaskResult("made", notices=(3,)))  # type: ignore[arg-type]
    after = services.tasks.start("next", "seal", done())
    assert services.tasks.wait(PATIENCE)
    failed = services.tasks.get(task.id)
    assert failed.state == "failed"
    assert failed.text.startswith("Internal error: ValidationError")
    assert services.tasks.get(after.id).state == "done"


def test_a_record_that_cannot_be_made_holds_up_nothing(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise TypeError("str is not valid UTF-8")

    monkeypatch.setattr(services.workspace.documents, "transaction", fail)
    tasks = [services.tasks.start(str(number), "seal", done()) for number in range(3)]
    assert services.tasks.wait(PATIENCE)
    ended = [services.tasks.get(task.id) for task in tasks]
    assert {task.state for task in ended} == {"done"}
    assert ended[0].notices == (
        "The task could not be written down: Internal error: TypeError: str is not valid UTF-8",
    )


def test_a_lane_outlives_a_job_that_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    lane, reached, reported = SerialExecutor("test"), Event(), Event()
    monkeypatch.setattr(threading, "excepthook", lambda _failure: reported.set())

    def fail() -> None:
        raise ZeroDivisionError

    lane.put(fail)
    lane.put(reached.set)
    assert reached.wait(PATIENCE) and reported.wait(PATIENCE)


def test_another_program_sees_what_was_done_and_cannot_cancel_it(services: Services) -> None:
    work = Paused()
    task = services.tasks.start("long", "seal", work)
    assert work.there.wait(PATIENCE)
    elsewhere = other(services).tasks
    seen = elsewhere.get(task.id)
    assert seen.state == "running", "its program is alive: not interrupted"
    assert not elsewhere.can_cancel(seen)
    assert elsewhere.running() == []

    work.go_on.set()
    assert services.tasks.wait(PATIENCE)
    seen = elsewhere.get(task.id)
    assert (seen.state, seen.text, seen.path) == ("done", "through", "out.zip")
    with pytest.raises(NotFoundError):
        elsewhere.get("nothing like it")


def test_a_task_whose_program_was_killed_is_interrupted(services: Services) -> None:
    program = """
import os, sys
from pathlib import Path
from threading import Event
from goals_tui.services.context import open_services
def work(control):
    os.kill(os.getpid(), 9)
services = open_services(Path(sys.argv[1]), env={})
services.tasks.start("cut off", "seal", work)
Event().wait()
"""
    killed = subprocess.run([sys.executable, "-c", program, str(services.workspace.path)], timeout=PATIENCE)
    assert killed.returncode == -9

    (task,) = services.tasks.list()
    assert (task.title, task.state, task.text) == ("cut off", "interrupted", INTERRUPTED)
    assert not services.tasks.can_retry(task)
    assert not list(services.workspace.path.glob("running-*")), "the mark of the dead program is gone"


def test_nothing_of_the_mark_stays_when_all_is_done(services: Services) -> None:
    work = Paused()
    services.tasks.start("a", "seal", work)
    assert work.there.wait(PATIENCE)
    assert list(services.workspace.path.glob("running-*"))
    work.go_on.set()
    assert services.tasks.wait(PATIENCE)
    assert not list(services.workspace.path.glob("running-*"))


def test_the_end_of_a_task_is_not_overwritten_by_its_beginning(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing down that it is queued may come last: the lock of the documents is held by others until then."""
    free, recorded = Event(), Event()
    transaction = services.workspace.documents.transaction

    def held_up() -> AbstractContextManager[Transaction]:
        if threading.current_thread().name == "tasks-recording":
            assert free.wait(PATIENCE)
        return transaction()

    monkeypatch.setattr(services.workspace.documents, "transaction", held_up)
    task = services.tasks.start("Seal", "seal", done())
    assert services.tasks.wait(PATIENCE)
    free.set()
    services.tasks._recording.put(recorded.set)
    assert recorded.wait(PATIENCE)
    assert other(services).tasks.get(task.id).state == "done"
    assert not list(services.workspace.path.glob("running-*"))


def test_tasks_are_no_edits(services: Services) -> None:
    services.tasks.start("a", "seal", done())
    assert services.tasks.wait(PATIENCE)
    assert services.history.undo_label is None


def test_the_last_hundred_are_kept(services: Services) -> None:
    moments = iter(WHEN + timedelta(seconds=number) for number in range(10_000))
    services.clock = lambda: next(moments)
    for number in range(MOST_KEPT + 5):
        services.tasks.start(f"task {number}", "seal", done())
    assert services.tasks.wait(PATIENCE)
    titles = [task.title for task in services.tasks.list()]
    assert titles == [f"task {number}" for number in reversed(range(5, MOST_KEPT + 5))]
    assert len(other(services).tasks.list()) == MOST_KEPT


def test_a_workspace_that_cannot_be_written_lets_the_work_run_and_says_so(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> None:
        raise UnreadableError("goals.json can't be written: the disk is full.")

    monkeypatch.setattr(services.workspace.documents, "transaction", refuse)
    task = services.tasks.start("a", "create_package", done("made"))
    assert services.tasks.wait(PATIENCE)
    ended = services.tasks.get(task.id)
    assert (ended.state, ended.text) == ("done", "made")
    assert ended.notices == ("The task could not be written down: goals.json can't be written: the disk is full.",)


def test_undo_of_clearing_brings_back_how_a_task_ended(services: Services) -> None:
    paused = Paused()
    services.tasks.start("Import", "import_events", paused)
    waiting = services.tasks.start("Import", "import_events", done())
    with services.workspace.documents.transaction():
        # Nothing can be recorded meanwhile.
        services.tasks.cancel(waiting.id)
        clearing = threading.Thread(target=services.tasks.clear, args=([waiting.id],))
        clearing.start()
    clearing.join(PATIENCE)
    assert [task.state for task in services.tasks.list()] == ["running"]
    services.history.undo()
    assert services.tasks.get(waiting.id).state == "cancelled"
    paused.go_on.set()
    assert services.tasks.wait(PATIENCE)
