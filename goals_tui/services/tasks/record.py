"""Records of tasks: state, progress and result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from goals_tui.domain.goal import Id
from goals_tui.domain.model import Instant, Line, Model

TaskKind = Literal["create_package", "import_package", "import_events", "seal", "simulation", "sync"]
TaskState = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]

STATE_TITLES: dict[TaskState, str] = {
    "queued": "Queued",
    "running": "Running",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "interrupted": "Interrupted",
}

STATE_GLYPHS: dict[TaskState, str] = {
    "queued": "◌",
    "running": "▶",
    "done": "✔",
    "failed": "✕",
    "cancelled": "■",
    "interrupted": "!",
}
"""The symbol of each state, shown beside its word and colour."""

READ_ONLY: frozenset[TaskKind] = frozenset({"create_package"})
"""Kinds of tasks that write nothing into the workspace, so that they need not wait for those that do."""

INTERRUPTED = "The program ended before it was done."


class Task(Model):
    """The current state of a piece of work in the background."""

    id: Id
    kind: TaskKind
    title: Line
    state: TaskState = "queued"
    created_at: Instant
    started_at: Instant | None = None
    finished_at: Instant | None = None
    owner: str = ""
    """The process that works on it; see `store.locks.LivenessLock`."""

    job: dict[str, Any] | None = None
    """The work, as `tasks.work.recorded` reads it; None where it can't be started again."""

    fraction: float | None = None
    """The share that is done, from 0 to 1; None if unknown."""

    text: Line = ""
    """The current progress, the result, or the reason of a failure."""

    path: str | None = None
    """The file that it created."""

    notices: tuple[Line, ...] = ()

    @property
    def live(self) -> bool:
        """True if the task has not ended yet."""
        return self.state in ("queued", "running")

    @property
    def glyph(self) -> str:
        """The symbol of its state."""
        return STATE_GLYPHS[self.state]


@dataclass(frozen=True)
class TaskResult:
    """The result of a task: one line for the user, and the created file, if any."""

    text: str
    path: Path | str | None = None
    notices: tuple[str, ...] = ()
