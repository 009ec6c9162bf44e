"""Seals a log that has grown large, in a process of its own: `python -m goals_tui.services.sealing WORKSPACE`.

Commands come and go; none of them waits until the log is sealed.
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
from goals_tui.store.events.schema import EVENTS

if TYPE_CHECKING:
    from goals_tui.services.context import Services

SEAL_FROM_BYTES = 16 * 1024 * 1024
"""From this size of the appended events on they are sealed without being asked for: reading them takes time."""

STARTED = "seal.started"
"""Stands beside the events from the start of such a process to its end; its time says when that was."""

_NICE = 10


def is_large(services: Services) -> bool:
    """Whether so much was appended that it should be sealed. Costs a stat."""
    try:
        return (services.workspace.events.path / EVENTS.appended).stat().st_size >= SEAL_FROM_BYTES
    except OSError:
        # No events yet, or no way to read them: whoever needs them says so.
        return False


def seal_if_large(services: Services) -> bool:
    """Start a process that seals the log, when it is large; whether it was started.

    There is one at a time. One that died or failed is followed by the next after as long as a seal may take.
    """
    if not is_large(services):
        return False
    import subprocess

    folder = services.workspace.events.path.absolute()
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
    """Leave the mark, unless somebody did so lately. Raises OSError."""
    descriptor, made = open_or_make(mark, os.O_RDWR)
    try:
        if not made and 0 <= time.time() - os.fstat(descriptor).st_mtime < LONGEST_SEAL:
            return False
        os.utime(mark)
    finally:
        os.close(descriptor)
    return True


def main(workspace: Path) -> None:
    """Seal the events of a workspace, after whoever makes parts of them now. Nobody is there to hear of errors."""
    from goals_tui.services.context import open_services

    if sys.platform != "win32":
        os.nice(_NICE)
    # The mark of one that failed stays: to try at once again would fail as well.
    with contextlib.suppress(GoalsError):
        log = open_services(workspace).workspace.events
        log.seal()
        (log.path / STARTED).unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
