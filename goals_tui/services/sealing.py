"""Sealing of a large event log in a process of its own: `python -m goals_tui.services.sealing WORKSPACE`.

Commands are short-lived, and none of them waits for the seal.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goals_tui.domain.errors import GoalsError
from goals_tui.store.atomic import open_or_make
from goals_tui.store.events.log import LONGEST_SEAL

if TYPE_CHECKING:
    from goals_tui.domain.activity import Activity
    from goals_tui.domain.event import GoalEvent
    from goals_tui.store.events.log import EventLog, Log

SEAL_FROM_BYTES = 16 * 1024 * 1024
"""Size from which on appended events are sealed automatically, because reading them takes time."""

STARTED = "seal.started"
"""Name of the marker file beside the events while a sealing process runs; its modification time is the start."""

_NICE = 10


def is_large(log: Log[GoalEvent] | Log[Activity]) -> bool:
    """Return whether the appended records of a log are large enough to be sealed. Costs one stat call."""
    try:
        return (log.path / log.schema.appended).stat().st_size >= SEAL_FROM_BYTES
    except OSError:
        # No records yet, or unreadable ones, which are reported when they are read.
        return False


def seal_if_large(log: EventLog) -> bool:
    """Start a process that seals the log if it is large, and return whether one was started.

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
        command = [sys.executable, "-P", "-m", __name__, str(folder.parent)]
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


def main(workspace: Path) -> None:
    """Seal the events of a workspace, once other processes have finished writing parts.

    GoalsError is ignored, because no one would see it.
    """
    from goals_tui.services.context import open_services

    if sys.platform != "win32":
        os.nice(_NICE)
    # The marker file of a failed seal stays: another attempt right away would fail, too.
    with contextlib.suppress(GoalsError):
        services = open_services(workspace)
        services.events.seal()
        (services.workspace.events.path / STARTED).unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
