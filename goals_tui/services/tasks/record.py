"""What is known of a task: its state, how far it is, what came out of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from goals_tui.domain.goal import Id
from goals_tui.domain.model import Instant, Line, Model

TaskKind = Literal["create_package", "import_package", "import_events", "seal", "simulation"]
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
"""How a state is marked beside its word and colour."""

READ_ONLY: frozenset[TaskKind] = frozenset({"create_package"})
"""Kinds that write nothing into the workspace, and so need not wait for those that do."""

INTERRUPTED = "The program ended before it was done."


class Task(Model):
    """A piece of work in the background, as it stands now."""

    id: Id
    kind: TaskKind
    title: Line
    state: TaskState = "queued"
    created_at: Instant
    started_at: Instant | None = None
    finished_at: Instant | None = None
    owner: str = ""
    """Names the process that works on it; see `store.running_mark`."""

    job: dict[str, Any] | None = None
    """What it does, as `jobs` reads it; None where it can't be done again."""

    fraction: float | None = None
    """How much is done, from 0 to 1; None where nobody knows."""

    text: Line = ""
    """What it is at, what came out of it, or why it failed."""

    path: str | None = None
    """The file that it made."""

    notices: tuple[Line, ...] = ()

    @property
    def live(self) -> bool:
        """Whether it still is to end."""
        return self.state in ("queued", "running")

    @property
    def glyph(self) -> str:
        """The mark of its state."""
        return STATE_GLYPHS[self.state]


@dataclass(frozen=True)
class TaskResult:
    """What came out: one line for people, and the file that was made, if any."""

    text: str
    path: Path | str | None = None
    notices: tuple[str, ...] = ()
