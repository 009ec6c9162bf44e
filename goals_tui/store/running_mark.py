"""A mark in the workspace that a process is alive: a lock that the operating system takes back when it dies.

A process id says less: it may belong to another program by now, to another machine, or to another container.
"""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.atomic import explained, file_mode

_PATIENCE = 1.0
"""Seconds to wait for a lock that somebody may be looking at just now."""


class RunningMark:
    """The mark of one process. `set` while it works on something, `clear` when it has nothing left to do."""

    def __init__(self, workspace: Path, owner: str) -> None:
        self._file = _file(workspace, owner)
        self._lock = FileLock(self._file, mode=_mode(workspace), thread_local=False)

    def set(self) -> None:
        """Say that the process is alive. Raises UnreadableError where the workspace can't be written."""
        if self._lock.is_locked:
            return
        try:
            self._lock.acquire(timeout=_PATIENCE)
        except OSError as error:
            raise UnreadableError(f"{self._file.parent} can't be written: {error.strerror or error}.") from error

    def clear(self) -> None:
        """Take the mark away."""
        if self._lock.is_locked:
            _remove(self._file)
            self._lock.release(force=True)


def is_running(workspace: Path, owner: str) -> bool:
    """Whether the process that set this mark is alive; the mark of a dead one is removed."""
    file = _file(workspace, owner)
    if not owner or not file.is_file():
        return False
    lock = FileLock(file, mode=_mode(workspace))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:
        # A workspace that can't be written: nobody works in it.
        return False
    _remove(file)
    lock.release()
    return False


def _file(workspace: Path, owner: str) -> Path:
    return workspace / f"running-{owner}.lock"


def _mode(workspace: Path) -> int:
    """filelock gives it to the file each time."""
    with explained("read", workspace):
        return file_mode(workspace)


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError:
        # Windows keeps a file that is open. A mark without its lock says nothing, so it may stay.
        return
