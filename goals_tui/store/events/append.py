"""The end of the event log: the file that events are appended to (docs/files.md)."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.atomic import open_or_make, refusal, sync_folder, write_all
from goals_tui.store.events.lines import Record, pieces, read_line, to_line
from goals_tui.store.events.schema import Schema
from goals_tui.store.locks import Lock

_FLAGS = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)


class Appended(NamedTuple):
    """Where appended lines stand: in the file with this inode, from one byte to another."""

    inode: int
    begins: int
    ends: int


class AppendFile:
    """Appends whole lines to the file of a log under its lock.

    An append that has returned survives the death of the process; after `sync` it survives a power cut.
    The file stays open between appends; a file that was sealed meanwhile (renamed) is noticed by a stat.
    """

    def __init__(self, folder: Path, lock: Lock, schema: Schema) -> None:
        self._path = folder / schema.appended
        self._name = str(self._path)
        self._lock = lock
        self._descriptor = self._inode = self._device = -1
        self._named = -1
        """The inode of the open file, if its name survives a power cut, too."""

        self._end = -1
        """The size after our last append. Where the file has another one, somebody else wrote."""

    def append(self, events: Sequence[Record], only_if: Callable[[], bool] | None = None) -> Appended | None:
        """Adds the events in one write; where they stand. Raises UnreadableError, and then none of them was added.

        None where there are none, or where `only_if`, asked under the lock, says no.
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
        """Makes every appended event survive a power cut. Raises UnreadableError.

        Nobody waits for the disk meanwhile but the caller.
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
                # A file whose name is lost is lost with all that it holds.
                sync_folder(self._path.parent)
                self._named = inode
        except OSError as error:
            raise refusal("write", self._path, error) from error

    def size(self) -> int:
        """How many bytes the file has. Raises OSError."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def holds(self, wanted: Callable[[dict[str, Any]], bool]) -> bool:
        """Whether any event in the file, as `lines.read_line` gives it, is wanted. Needs the lock. Raises OSError."""
        if not self.size():
            return False
        with self._path.open("rb") as file:
            records = (read_line(piece) for piece, starts, _ends in pieces(file) if starts)
            return any(record is not None and wanted(record) for record in records)

    def rename(self, target: Path) -> bool:
        """Sets the file aside under another name of the same folder, to be sealed; False when it holds nothing.

        The next append makes a new file. Needs the lock. Raises OSError.
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
            # A killed process left half a line. The line break makes it one unreadable line of its own, or
            # completes it where only the break was missing; it goes out in the same write as the new events.
            data = b"\n" + data
        try:
            write_all(descriptor, data)
        except OSError:
            self._end = -1
            # Where even this fails, the next append repairs the half line.
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
        self._end = size + len(data)
        return Appended(self._inode, size, self._end)

    def _open(self) -> tuple[int, int]:
        """The descriptor of the file that has the name now, and its size."""
        if self._descriptor >= 0:
            try:
                there = os.stat(self._name)  # noqa: PTH116  # before every append: Path.stat takes three times as long
            except FileNotFoundError:
                there = None
            # The file stays open, so nobody else can have its inode.
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
        # A new file may get the inode of one that is gone.
        self._descriptor = self._end = self._named = -1

    def __del__(self) -> None:
        self._close()


def _last_byte(descriptor: int, size: int) -> bytes:
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1)
