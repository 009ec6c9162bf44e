"""Tasks: long work in the background, one after the other, with progress and results."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Condition, Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from goals_tui.domain.errors import GoalsError, NotFoundError, RefusedError
from goals_tui.services.stored import parse
from goals_tui.services.tasks.record import INTERRUPTED, READ_ONLY, Task, TaskKind, TaskResult
from goals_tui.services.tasks.work import Job, recorded
from goals_tui.store.locks import LivenessLock, is_running

if TYPE_CHECKING:
    from goals_tui.services.context import Services


class SerialExecutor:
    """Runs what is put into it, in order. Its thread ends when nothing is left, and never keeps the program alive."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: deque[Callable[[], object]] = deque()
        self._lock = Lock()
        self._busy = False

    def put(self, job: Callable[[], object]) -> None:
        """Run `job` after everything that was put in before. One that raises ends its thread, not the lane."""
        with self._lock:
            self._waiting.append(job)
            if self._busy:
                return
            self._busy = True
        self._start()

    def _start(self) -> None:
        Thread(target=self._work, name=f"tasks-{self._name}", daemon=True).start()

    def _work(self) -> None:
        try:
            while job := self._next():
                job()
        except BaseException:
            self._start()
            raise

    def _next(self) -> Callable[[], object] | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._busy = False
            return None


KIND = "tasks"
MOST_KEPT = 100


class TaskCancelled(Exception):
    """Raised inside the work of a task that was cancelled; nothing that a user sees."""


class TaskControl:
    """What the work of a task holds: to say how far it is, and to learn that nobody wants it any more."""

    def __init__(self, report: Callable[[float | None, str], None]) -> None:
        self._report = report
        self._cancelled = Event()

    @property
    def cancelled(self) -> bool:
        """Whether the task was cancelled."""
        return self._cancelled.is_set()

    def progress(self, fraction: float | None, text: str = "") -> None:
        """Say how much is done (0 to 1, None where nobody knows). Raises TaskCancelled after a cancel."""
        self.check()
        self._report(fraction, text)

    def check(self) -> None:
        """Raises TaskCancelled after a cancel."""
        if self.cancelled:
            raise TaskCancelled

    def cancel(self) -> None:
        """Ask the work to stop where it next looks."""
        self._cancelled.set()


Work = Callable[[TaskControl], TaskResult]


class Tasks:
    """The tasks of the workspace: those of this process as they run, the others as they were recorded.

    Work that writes into the workspace runs one at a time, in the order in which it was started. A task is
    written to disk when its state changes, never for its progress, and apart from undo. Look at `changed`
    to learn that something is new.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._documents = services.workspace.documents
        self._owner = f"{os.getpid()}-{services.ids.hex24()}"
        self._mark = LivenessLock(services.workspace.path, self._owner)
        self._news = Condition()
        self._mine: dict[str, Task] = {}
        self._controls: dict[str, TaskControl] = {}
        self._writing, self._reading, self._recording = (
            SerialExecutor("writing"),
            SerialExecutor("reading"),
            SerialExecutor("recording"),
        )
        self.changed = 0
        """Goes up with every change of a task of this process, its progress included."""

    # -- reading

    def list(self) -> Sequence[Task]:
        """The last hundred tasks, newest first; one that was cut off by the end of its program is interrupted."""
        found = {id_: self._seen(parse(Task, document)) for id_, document in self._documents.all(KIND).items()}
        with self._news:
            found.update(self._mine)
        return sorted(found.values(), key=lambda task: (task.created_at, task.id), reverse=True)[:MOST_KEPT]

    def own(self) -> Sequence[Task]:
        """The tasks of this process, oldest first."""
        with self._news:
            return [*self._mine.values()]

    def running(self) -> Sequence[Task]:
        """The tasks of this process that are queued or run, oldest first."""
        return [task for task in self.own() if task.live]

    def get(self, task_id: str) -> Task:
        """One task; raises NotFoundError."""
        for task in self.list():
            if task.id == task_id:
                return task
        raise NotFoundError("task", task_id)

    def can_retry(self, task: Task) -> bool:
        """Whether `retry` may start it again: it ended without success, and its record says what it was to do."""
        return task.state in ("failed", "cancelled", "interrupted") and task.job is not None

    def can_cancel(self, task: Task) -> bool:
        """Whether `cancel` would do something: it is still to end, and it is of this process."""
        return task.live and task.owner == self._owner

    # -- doing

    def start_job(self, title: str, job: Job) -> Task:
        """Put a job into the queue. Its record says what it does, so that any program can start it again."""
        return self.start(title, job.kind, partial(job.run, self._services), job.model_dump(mode="json"))

    def start(self, title: str, kind: TaskKind, work: Work, job: Mapping[str, Any] | None = None) -> Task:
        """Put work into the queue; it runs in a thread of its own and may raise GoalsError to fail."""
        task = Task(
            id=self._services.ids.hex24(),
            kind=kind,
            title=title,
            created_at=self._services.clock(),
            owner=self._owner,
            job=None if job is None else dict(job),
        )
        with self._news:
            self._controls[task.id] = TaskControl(lambda fraction, text: self._progress(task.id, fraction, text))
        self._publish(task)
        # In a lane: the lock of the documents may be held for long, and whoever starts a task does not wait.
        self._recording.put(lambda: self._record(task))
        lane = self._reading if kind in READ_ONLY else self._writing
        lane.put(lambda: self._run(task.id, work))
        return task

    def seal_if_large(self) -> Task | None:
        """Seal the appended events, in the background, when they have become many; costs a stat."""
        from goals_tui.services.tasks.work import seal_if_large

        return seal_if_large(self._services)

    def cancel(self, task_id: str) -> None:
        """Stop a task: at once when it is queued, else where its work next looks. Nothing half done stays."""
        with self._news:
            task = self._mine.get(task_id)
            if task is None or not task.live:
                return
            self._controls[task_id].cancel()
            if task.state == "queued":
                now = self._services.clock()
                stopped = self._with(task_id, state="cancelled", finished_at=now, text="Cancelled before it began.")
                self._publish(stopped)
                self._recording.put(lambda: self._record(stopped))

    def retry(self, task_id: str) -> Task:
        """Do what a failed, cancelled or interrupted task was to do, as a new task; it may be of an earlier program.

        Raises RefusedError where that can't be, for example because its file is gone.
        """
        task = self.get(task_id)
        if not self.can_retry(task) or task.job is None:
            raise RefusedError(f"{task.title!r} can't be started again. Start it from where it came.")
        try:
            job = recorded(task.kind, task.job)
            job.check(self._services)
        except GoalsError as error:
            raise RefusedError(f"{task.title!r} can't be started again: {error}") from error
        return self.start_job(task.title, job)

    def cancel_all(self) -> None:
        """Cancel everything that is queued or runs: the program is about to end."""
        for task in self.running():
            self.cancel(task.id)

    def wait(self, seconds: float) -> bool:
        """Wait until nothing is queued or runs, at most so long; returns whether that is so."""
        with self._news:
            return self._news.wait_for(lambda: not any(task.live for task in self._mine.values()), seconds)

    # -- inside

    def _run(self, task_id: str, work: Work) -> None:
        try:
            self._run_recorded(task_id, work)
        except Exception as error:  # noqa: BLE001  # the thread has no caller: whoever waits for the task must see it
            ended = {"state": "failed", "text": _internal(error), "finished_at": self._services.clock()}
            self._publish(self._with(task_id, **ended))

    def _run_recorded(self, task_id: str, work: Work) -> None:
        control = self._controls[task_id]
        with self._news:
            if control.cancelled:
                return
            self._publish(self._with(task_id, state="running", started_at=self._services.clock()))
        self._record(self._mine[task_id])
        end = _run_to_its_end(work, control)
        task = self._with(task_id, **end, finished_at=self._services.clock())
        # On disk first: who waits for the end may end the program right then.
        failed = self._record(task)
        self._publish(task.model_copy(update={"notices": (*task.notices, failed)}) if failed else task)

    def _progress(self, task_id: str, fraction: float | None, text: str) -> None:
        share = None if fraction is None else min(max(fraction, 0.0), 1.0)
        self._publish(self._with(task_id, fraction=share, text=text))

    def _with(self, task_id: str, **values: Any) -> Task:
        return Task.model_validate({**self._mine[task_id].model_dump(), **values})

    def _publish(self, task: Task) -> None:
        with self._news:
            self._mine[task.id] = task
            for old in [other.id for other in self._mine.values() if not other.live][:-MOST_KEPT]:
                del self._mine[old], self._controls[old]
            if not any(other.live for other in self._mine.values()):
                self._mark.clear()
            self.changed += 1
            self._news.notify_all()

    def _record(self, task: Task) -> str | None:
        """Write a task down; why that did not work, if it did not. The work itself does not depend on it."""
        try:
            with self._news:
                if self._is_over(task):
                    return None
                if task.live:
                    self._mark.set()
            with self._documents.transaction() as transaction:
                if self._is_over(task):
                    return None
                transaction.put(KIND, task.id, task.model_dump(mode="json"))
                stored = transaction.all(KIND)
                for old in sorted(stored, key=lambda id_: str(stored[id_]["created_at"]))[:-MOST_KEPT]:
                    transaction.delete(KIND, old)
        except GoalsError as error:
            return f"The task could not be written down: {error}"
        except Exception as error:  # noqa: BLE001  # as for GoalsError: the work must not depend on its record
            return f"The task could not be written down: {_internal(error)}"
        return None

    def _is_over(self, task: Task) -> bool:
        """Whether a task that was queued is so no more. The lane may be late, and its later states are written down."""
        if task.state != "queued":
            return False
        now = self._mine.get(task.id)
        return now is None or now.state != "queued"

    def _seen(self, task: Task) -> Task:
        if not task.live or task.owner == self._owner or is_running(self._services.workspace.path, task.owner):
            return task
        return task.model_copy(update={"state": "interrupted", "text": INTERRUPTED})


def _internal(error: Exception) -> str:
    return f"Internal error: {type(error).__name__}: {error}"


def _run_to_its_end(work: Work, control: TaskControl) -> dict[str, Any]:
    """Do the work; the fields of the task that say how it ended."""
    try:
        result = work(control)
    except TaskCancelled:
        return {"state": "cancelled", "text": "Cancelled; nothing was changed."}
    except GoalsError as error:
        return {"state": "failed", "text": str(error)}
    except Exception as error:  # noqa: BLE001  # the thread has no caller: a fault in the work must show on the task
        return {"state": "failed", "text": _internal(error)}
    path = None if result.path is None else str(result.path)
    return {"state": "done", "fraction": 1.0, "text": result.text, "path": path, "notices": result.notices}
