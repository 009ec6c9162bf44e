"""The event log as commands and screens see it: its numbers, checks, sealing, retention and export."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goals_tui.domain.model import format_instant
from goals_tui.store.atomic import open_or_make
from goals_tui.store.events.log import LONGEST_SEAL

if TYPE_CHECKING:
    from goals_tui.domain.activity import Activity
    from goals_tui.domain.event import GoalEvent
    from goals_tui.services.clock import Clock
    from goals_tui.services.project import ProjectService
    from goals_tui.store.events.log import EventLog, EventStats, Log
    from goals_tui.store.events.parts import SealResult
    from goals_tui.store.events.verify import VerifyFinding
    from goals_tui.store.workspace import Workspace


SEAL_FROM_BYTES = 16 * 1024 * 1024
"""Size from which on appended events are sealed automatically, because reading them takes time."""

STARTED = "seal.started"
"""Name of the marker file beside the events while a sealing process runs; its modification time is the start."""


@dataclass(frozen=True, slots=True)
class Expired:
    """The numbers of events and activities that have expired, and the moment (UTC) before which they lie."""

    events: int
    activities: int
    before: datetime | None
    """None where the project keeps everything: only events past their own `expiresAt` have expired."""

    dry_run: bool

    def as_json(self) -> dict[str, Any]:
        """Return the fields for JSON output."""
        return {**asdict(self), "before": None if self.before is None else format_instant(self.before)}


class Events:
    """The events of a workspace. Errors are UnreadableError with a one-line message for the user."""

    def __init__(self, workspace: Workspace, project: ProjectService, clock: Clock) -> None:
        self._workspace = workspace
        self._project = project
        self._clock = clock

    def stats(self) -> EventStats:
        """Return the number of events, their time range and their size on disk."""
        return self._workspace.events.stats()

    def is_empty(self) -> bool:
        """Return whether there is no event; costs a stat or two."""
        return self._workspace.events.is_empty()

    def has_session(self, session_id: str) -> bool:
        """Return whether events have exactly this session id. An index answers that, without DuckDB."""
        return bool(self._workspace.events.session_events(session_id))

    def verify(self) -> list[VerifyFinding]:
        """Check all files of the log and return the problems found."""
        return self._workspace.events.verify()

    def seal(self, progress: Callable[[float], None] | None = None) -> SealResult:
        """Seal all appended events as a part, then delete what has expired. It can be killed at any moment.

        `progress` is called with the share of the sealing that is done, from 0.0 to 1.0.
        """
        sealed, gone = self._workspace.events.seal(progress), self.expire()
        return replace(sealed, expired=gone.events, expired_activities=gone.activities)

    def is_large(self) -> bool:
        """Return whether the appended events should be sealed; costs one stat call."""
        return is_large(self._workspace.events)

    def seal_behind(self) -> bool:
        """Start a process that seals the events if they are large; see `seal_if_large`."""
        return seal_if_large(self._workspace.events)

    def expire(self, *, dry_run: bool = False) -> Expired:
        """Delete the events past their `expiresAt`, and the events and activities older than the project keeps them.

        Each log changes in one atomic step. With `dry_run`, only count. Can't be undone.
        """
        now, days = self._clock(), self._project.get().retention_days
        before = None if days is None else now - timedelta(days=days)
        events = self._workspace.events.expire(now, before, dry_run=dry_run)
        activities = self._workspace.activities.expire(now, before, dry_run=dry_run)
        return Expired(events, activities, before, dry_run)

    def check_writable(self) -> None:
        """Raise RefusedError where events are read from an engine, and can't be changed."""
        self._workspace.events.check_writable()

    def sync(self) -> None:
        """Make everything that was tracked survive a power cut."""
        self._workspace.events.sync()

    def export(self, path: Path) -> int:
        """Write all events to a .jsonl, .jsonl.gz, .csv or .parquet file, ordered by time; return their number."""
        return self._workspace.events.export(path)


def is_large(log: Log[GoalEvent] | Log[Activity]) -> bool:
    """Return whether the appended records of a log are large enough to be sealed. Costs one stat call."""
    try:
        return (log.path / log.schema.appended).stat().st_size >= SEAL_FROM_BYTES
    except OSError:
        # No records yet, or unreadable ones, which are reported when they are read.
        return False


def seal_if_large(log: EventLog) -> bool:
    """Start a process that seals the log if it is large, and return whether one was started: no command waits for it.

    Only one such process runs at a time. After one that failed, the next may start once LONGEST_SEAL has passed.
    """
    if not is_large(log):
        return False
    import subprocess

    folder = log.path.absolute()
    with contextlib.suppress(OSError):
        if not _claim(folder / STARTED):
            return False
        options: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            options = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.BELOW_NORMAL_PRIORITY_CLASS}
        command = [sys.executable, "-P", "-m", "goals_tui.services.sealing", str(folder.parent)]
        for stream in ("stdin", "stdout", "stderr"):
            options[stream] = subprocess.DEVNULL
        subprocess.Popen(command, cwd=folder.anchor, **options)
        return True
    return False


def _claim(mark: Path) -> bool:
    """Create or renew the marker file, unless it is younger than LONGEST_SEAL; return whether that was done.

    Raises OSError.
    """
    descriptor, made = open_or_make(mark, os.O_RDWR)
    try:
        if not made and 0 <= time.time() - os.fstat(descriptor).st_mtime < LONGEST_SEAL:
            return False
        os.utime(mark)
    finally:
        os.close(descriptor)
    return True
