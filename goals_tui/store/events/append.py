"""The file to which the records of a log are appended (docs/files.md)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.atomic import State, open_or_make, refusal, state_of, sync_folder, write_all
from goals_tui.store.events.lines import Record, pieces, read_line, to_line
from goals_tui.store.events.schema import Schema
from goals_tui.store.locks import Lock

WAIT_TO_READ = 1.0
"""The number of seconds that a reader waits for the end of an append."""

_FLAGS = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)


class Appended(NamedTuple):
    """The position of appended lines: the inode of the file, and the offsets in bytes of their beginning and end."""

    inode: int
    begins: int
    ends: int


def state_at_rest(path: Path, lock: Lock) -> State | None:
    """Return the state of the file of a log between two appends, so that up to its size all appends are whole.

    `lock` is the one of `AppendFile`. Where it can't be taken, as in a folder that can't be written, the state is the
    one of the moment. Raises OSError.
    """
    if not path.exists():
        return None
    with contextlib.ExitStack() as held:
        with contextlib.suppress(UnreadableError):
            held.enter_context(lock)
        return state_of(path)


class AppendFile:
    """A writer that appends whole lines to the file of a log, under its lock.

    An append that has returned survives the death of the process; after `sync` it survives a power cut. The file stays
    open between appends; each append checks by a stat whether it was renamed in order to be sealed.
    """

    def __init__(self, folder: Path, lock: Lock, schema: Schema) -> None:
        self._path = folder / schema.appended
        self._name = str(self._path)
        self._lock = lock
        self._descriptor = self._inode = self._device = -1
        self._named = -1
        """The inode of the open file, once its name is known to survive a power cut."""

        self._end = -1
        """The size of the file after the last append; another size shows that another process wrote."""

    def append(self, events: Sequence[Record], only_if: Callable[[], bool] | None = None) -> Appended | None:
        """Append the events in one write and return their position. Raises UnreadableError; none was added then.

        Return None if there are no events, or if `only_if`, called under the lock, returns False.
        """
        if not events:
            return None
        data = to_line(events[0]) if len(events) == 1 else b"".join(map(to_line, events))
        with self._lock:
            if only_if is not None and not only_if():
                return None
            try:
                return self._write(data)
            except OSError as error:
                raise refusal("write", self._path, error) from error

    def sync(self) -> None:
        """Make all appended events survive a power cut. Raises UnreadableError.

        The lock is not held while the data is flushed to disk.
        """
        try:
            with self._lock:
                if not self._path.exists():
                    return
                descriptor, inode = os.dup(self._open()[0]), self._inode
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if self._named != inode:
                # Without its folder entry the whole file would be lost.
                sync_folder(self._path.parent)
                self._named = inode
        except OSError as error:
            raise refusal("write", self._path, error) from error

    def size(self) -> int:
        """Return the size of the file in bytes. Raises OSError."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def holds(self, wanted: Callable[[dict[str, Any]], bool]) -> bool:
        """Return whether any event of the file, as given by `lines.read_line`, is wanted.

        The caller must hold the lock. Raises OSError.
        """
        if not self.size():
            return False
        with self._path.open("rb") as file:
            records = (read_line(piece) for piece, starts, _ends in pieces(file) if starts)
            return any(record is not None and wanted(record) for record in records)

    def rename(self, target: Path) -> bool:
        """Set the file aside under another name in the same folder, to be sealed; return False if it is empty.

        The next append makes a new file. The caller must hold the lock. Raises OSError.
        """
        if not self.size():
            return False
        descriptor, size = self._open()
        if _last_byte(descriptor, size) != b"\n":
            write_all(descriptor, b"\n")
        self._close()
        self._path.replace(target)
        return True

    def _write(self, data: bytes) -> Appended:
        descriptor, size = self._open()
        if size != self._end and size and _last_byte(descriptor, size) != b"\n":
            # A killed process left part of a line. The line break ends it as one unreadable line, or completes it if
            # only the break was missing. It is written together with the new events.
            data = b"\n" + data
        try:
            write_all(descriptor, data)
        except OSError:
            self._end = -1
            # If this fails as well, the next append ends the incomplete line.
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
        self._end = size + len(data)
        return Appended(self._inode, size, self._end)

    def _open(self) -> tuple[int, int]:
        """Return the descriptor and size of the file that has the name now."""
        if self._descriptor >= 0:
            try:
                there = os.stat(self._name)  # noqa: PTH116  # before every append: Path.stat takes three times as long
            except FileNotFoundError:
                there = None
            # The open file keeps its inode, so no other file can have it.
            if there and there.st_ino == self._inode and there.st_dev == self._device:
                return self._descriptor, there.st_size
            self._close()
        try:
            self._descriptor, _ = open_or_make(self._path, _FLAGS)
        except FileNotFoundError:
            raise UnreadableError(
                f"The folder {self._path.parent} is gone. Create the workspace again, or put it back in its place."
            ) from None
        self._end = -1
        opened = os.fstat(self._descriptor)
        self._inode, self._device = opened.st_ino, opened.st_dev
        return self._descriptor, opened.st_size

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        # A new file may reuse the inode.
        self._descriptor = self._end = self._named = -1

    def __del__(self) -> None:
        self._close()


def _last_byte(descriptor: int, size: int) -> bytes:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1)
