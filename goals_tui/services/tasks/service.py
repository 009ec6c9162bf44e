"""Tasks: long work in the background, with progress and results."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from threading import Condition, Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from goals_tui.domain.errors import GoalsError, NotFoundError, RefusedError
from goals_tui.format import plural
from goals_tui.services.stored import parse
from goals_tui.services.tasks.record import INTERRUPTED, READ_ONLY, Task, TaskKind, TaskResult
from goals_tui.services.tasks.work import Job, JobServices, Seal, TaskCancelled, TaskControl, recorded
from goals_tui.store.locks import LivenessLock, is_running

if TYPE_CHECKING:
    from goals_tui.domain.ids import Ids
    from goals_tui.services.clock import Clock
    from goals_tui.store.workspace import Workspace


class SerialExecutor:
    """Executor that runs jobs one after the other. Its daemon thread ends when the queue is empty."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: deque[Callable[[], object]] = deque()
        self._lock = Lock()
        self._busy = False

    def put(self, job: Callable[[], object]) -> None:
        """Queue `job`. If a job raises, its thread ends and a new one runs the remaining jobs."""
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


Work = Callable[[TaskControl], TaskResult]


class Tasks:
    """The tasks of the workspace: those of this process as they run, those of other processes as they were recorded.

    Work that writes into the workspace runs one task at a time, in the order of starting. A task is recorded on disk
    when its state changes, not for its progress, and outside the history of edits. `changed` tells whether anything is
    new.
    """

    def __init__(self, workspace: Workspace, services: JobServices, clock: Clock, ids: Ids) -> None:
        self._folder = workspace.path
        self._documents = workspace.documents
        self._services = services
        self._clock = clock
        self._ids = ids
        self._owner = f"{os.getpid()}-{ids.hex24()}"
        self._mark = LivenessLock(workspace.path, self._owner)
        self._news = Condition()
        self._mine: dict[str, Task] = {}
        self._controls: dict[str, TaskControl] = {}
        self._writing, self._reading, self._recording = (
            SerialExecutor("writing"),
            SerialExecutor("reading"),
            SerialExecutor("recording"),
        )
        self.changed = 0
        """Increases with every change of a task of this process, including its progress."""

    # -- reading

    def list(self) -> Sequence[Task]:
        """Return the last hundred tasks, newest first; a task is interrupted if its process ended before it did."""
        found = {id_: self._seen(parse(Task, document)) for id_, document in self._documents.all(KIND).items()}
        with self._news:
            found.update(self._mine)
        return sorted(found.values(), key=lambda task: (task.created_at, task.id), reverse=True)[:MOST_KEPT]

    def own(self) -> Sequence[Task]:
        """Return the tasks of this process, oldest first."""
        with self._news:
            return [*self._mine.values()]

    def running(self) -> Sequence[Task]:
        """Return the queued and running tasks of this process, oldest first."""
        return [task for task in self.own() if task.live]

    def get(self, task_id: str) -> Task:
        """Return one task. Raises NotFoundError."""
        for task in self.list():
            if task.id == task_id:
                return task
        raise NotFoundError("task", task_id)

    def can_retry(self, task: Task) -> bool:
        """Return whether the task ended without success and can be started again from its record."""
        return task.state in ("failed", "cancelled", "interrupted") and task.job is not None

    def can_clear(self, task: Task) -> bool:
        """Return whether the task has ended, so that its record can be deleted."""
        return not task.live

    def can_cancel(self, task: Task) -> bool:
        """Return whether the task belongs to this process and has not ended."""
        return task.live and task.owner == self._owner

    # -- doing

    def start_job(self, title: str, job: Job) -> Task:
        """Queue a job and return its task, which is recorded with the job, so that any process can start it again."""
        return self.start(title, job.kind, partial(job.run, self._services), job.model_dump(mode="json"))

    def start(self, title: str, kind: TaskKind, work: Work, job: Mapping[str, Any] | None = None) -> Task:
        """Queue work and return its task; it runs in a background thread, and raises GoalsError to fail."""
        task = Task(
            id=self._ids.hex24(),
            kind=kind,
            title=title,
            created_at=self._clock(),
            owner=self._owner,
            job=None if job is None else dict(job),
        )
        with self._news:
            self._controls[task.id] = TaskControl(lambda fraction, text: self._progress(task.id, fraction, text))
        self._publish(task)
        # On an executor, because the lock of the documents may be held for long, and starting a task must not wait.
        self._recording.put(lambda: self._record(task))
        lane = self._reading if kind in READ_ONLY else self._writing
        lane.put(lambda: self._run(task.id, work))
        return task

    def seal(self) -> Task:
        """Start a task that seals the appended events."""
        return self.start_job("Seal events", Seal())

    def seal_if_large(self) -> Task | None:
        """Start a task that seals the appended events if they are large and not being sealed; costs one stat call."""
        if not self._services.events.is_large() or any(task.kind == "seal" for task in self.running()):
            return None
        return self.seal()

    def cancel(self, task_id: str) -> None:
        """Cancel a task: at once if it is queued, else at the next check of its work. No partial result stays."""
        with self._news:
            task = self._mine.get(task_id)
            if task is None or not task.live:
                return
            self._controls[task_id].cancel()
            if task.state == "queued":
                now = self._clock()
                stopped = self._with(task_id, state="cancelled", finished_at=now, text="Cancelled before it began.")
                self._publish(stopped)
                self._recording.put(lambda: self._record(stopped))

    def retry(self, task_id: str) -> Task:
        """Start a failed, cancelled or interrupted task again as a new task, even one of an earlier process.

        Raises RefusedError where that is not possible, for example because its file no longer exists.
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

    def clear(self, task_ids: Collection[str]) -> int:
        """Delete the records of tasks that have ended, as one edit, and return their number.

        What the tasks did stays. Tasks that are queued or running are passed over.
        """
        ended = [task for task in self.list() if task.id in task_ids and self.can_clear(task)]
        # Their last records may still be waiting to be written: undo brings back what was on disk.
        written = Event()
        self._recording.put(written.set)
        written.wait()
        with self._services.history.edit(f"Clear {plural(len(ended), 'task')}") as edit:
            recorded = edit.all(KIND).keys()
            for task in ended:
                if task.id in recorded:
                    edit.delete(KIND, task.id)
        with self._news:
            for task in ended:
                self._mine.pop(task.id, None)
                self._controls.pop(task.id, None)
            self.changed += 1
        return len(ended)

    def cancel_all(self) -> None:
        """Cancel all queued and running tasks, before the program ends."""
        for task in self.running():
            self.cancel(task.id)

    def wait(self, seconds: float) -> bool:
        """Wait until no task is queued or running, at most `seconds`; return whether that is so."""
        with self._news:
            return self._news.wait_for(lambda: not any(task.live for task in self._mine.values()), seconds)

    # -- inside

    def _run(self, task_id: str, work: Work) -> None:
        try:
            self._run_recorded(task_id, work)
        except Exception as error:  # noqa: BLE001  # the thread has no caller: the task must show the error
            ended = {"state": "failed", "text": _internal(error), "finished_at": self._clock()}
            self._publish(self._with(task_id, **ended))

    def _run_recorded(self, task_id: str, work: Work) -> None:
        with self._news:
            control = self._controls.get(task_id)
            if control is None or control.cancelled:
                # Cancelled before it began; it may even be cleared.
                return
            self._publish(self._with(task_id, state="running", started_at=self._clock()))
        self._record(self._mine[task_id])
        end = _run_to_its_end(work, control)
        task = self._with(task_id, **end, finished_at=self._clock())
        # Recorded before it is published, because a waiting caller may end the program at once.
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
        """Record a task on disk; return why that failed, or None. The work itself does not depend on the record."""
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
        """Return whether a task that was queued has moved on since.

        The executor may be late, and the later states are recorded anyway.
        """
        if task.state != "queued":
            return False
        now = self._mine.get(task.id)
        return now is None or now.state != "queued"

    def _seen(self, task: Task) -> Task:
        if not task.live or task.owner == self._owner or is_running(self._folder, task.owner):
            return task
        return task.model_copy(update={"state": "interrupted", "text": INTERRUPTED})


def _internal(error: Exception) -> str:
    return f"Internal error: {type(error).__name__}: {error}"


def _run_to_its_end(work: Work, control: TaskControl) -> dict[str, Any]:
    """Run the work, and return the fields of the task that tell how it ended."""
    try:
        result = work(control)
    except TaskCancelled:
        return {"state": "cancelled", "text": "Cancelled; nothing was changed."}
    except GoalsError as error:
        return {"state": "failed", "text": str(error)}
    except Exception as error:  # noqa: BLE001  # the thread has no caller: the task must show the error
        return {"state": "failed", "text": _internal(error)}
    path = None if result.path is None else str(result.path)
    return {"state": "done", "fraction": 1.0, "text": result.text, "path": path, "notices": result.notices}
