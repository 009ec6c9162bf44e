"""Locks between processes and threads, and marks that a process is alive."""

from __future__ import annotations

import os
import random
import struct
import sys
import threading
import time
import zlib
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.atomic import explained, file_mode, make_folder, open_or_make, refusal

if TYPE_CHECKING:
    from filelock import FileLock

if sys.platform != "win32":
    import fcntl


class Lock(Protocol):
    """What `process_lock` gives."""

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def process_lock(path: Path, timeout: float = 60.0, *, makes_folder: bool = False) -> Lock:
    """A lock with the name of a file, for whatever lies in that file's folder. Waits `timeout` seconds at most.

        lock = process_lock(folder / "events.lock")
        with lock: ...

    A folder can have any number of locks, each by its name. The file is made when missing and stays, but it is not
    what keeps others out: on Linux that is the folder itself, so that the file may be removed or replaced at any time
    (`git clean`, a program that synchronises folders), also while somebody holds the lock. A folder that was itself
    replaced is noticed the next time. On other systems the file is all there is: Windows does not let go of it while
    it is held; on macOS, and on file systems that know no locks of folders, a file that is replaced between two
    holders is noticed, but one that is replaced while it is held lets a second one in.

    `makes_folder`: the folder is made, too, where it is missing, but not the one above.
    Not reentrant: who holds it and takes it again waits for the timeout. Taking it raises UnreadableError when the
    file can't be made or somebody else holds the lock too long.
    """
    kind = PortableLock if sys.platform == "win32" else _KeptLock
    return kind(path, timeout, makes_folder)


def _busy(path: Path, timeout: float) -> UnreadableError:
    return UnreadableError(
        f"Another program has held {path} for {timeout:g} seconds. Wait until it is done, or end it, and try again."
    )


class PortableLock:
    """filelock's lock: opens and closes its file each time, which costs about 0.1 ms."""

    def __init__(self, path: Path, timeout: float, makes_folder: bool = False) -> None:
        self._path = path
        self._timeout = timeout
        self._makes_folder = makes_folder
        self._threads = threading.Lock()
        self._lock: FileLock | None = None

    def __enter__(self) -> None:
        if not self._threads.acquire(timeout=self._timeout):
            raise _busy(self._path, self._timeout)
        try:
            if self._makes_folder:
                make_folder(self._path.parent)
            if self._lock is None:
                # Imported late: it takes longer than most commands that write nothing.
                from filelock import FileLock

                self._lock = FileLock(self._path, timeout=self._timeout)
            self._lock.acquire()
        except TimeoutError:
            self._threads.release()
            raise _busy(self._path, self._timeout) from None
        except OSError as error:
            self._threads.release()
            raise refusal("write", self._path, error) from error
        except BaseException:
            self._threads.release()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._lock is not None
        self._lock.release()
        self._threads.release()


if sys.platform != "win32":

    class _KeptLock:
        """flock on a file that stays open, the same lock that filelock takes on Unix, and a lock on its folder."""

        def __init__(self, path: Path, timeout: float, makes_folder: bool) -> None:
            self._path = path
            self._timeout = timeout
            self._makes_folder = makes_folder
            self._threads = threading.Lock()
            self._file = -1
            self._folder = _FolderLock(path)
            self._process = 0

        def __enter__(self) -> None:
            if not self._threads.acquire(timeout=self._timeout):
                raise _busy(self._path, self._timeout)
            try:
                self._take()
            except FileNotFoundError:
                self._threads.release()
                raise UnreadableError(
                    f"The folder {self._path.parent} is gone. Create the workspace again, or put it back in its place."
                ) from None
            except OSError as error:
                self._threads.release()
                raise refusal("write", self._path, error) from error
            except BaseException:
                self._threads.release()
                raise

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            self._folder.release()
            fcntl.flock(self._file, fcntl.LOCK_UN)
            self._threads.release()

        def __del__(self) -> None:
            self._close()

        def _take(self) -> None:
            pause, deadline = 0.0002, 0.0
            while not self._try():
                deadline = deadline or time.monotonic() + self._timeout
                if time.monotonic() > deadline:
                    raise _busy(self._path, self._timeout)
                # Not the same for all: two that got in each other's way would do so again.
                time.sleep(pause * random.uniform(0.5, 1))
                pause = min(pause * 1.5, 0.02)

        def _try(self) -> bool:
            # A forked child shares its parent's open files, and with them the lock: it needs some of its own.
            if self._process != os.getpid():
                self._close()
                self._open()
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            try:
                free = self._folder.take()
                if free and self._folder.is_in_place() and (self._folder.keeps_out or self._has_name()):
                    return True
            except BaseException:
                self._close()
                raise
            # Somebody else holds the lock, by a file that had this name before or has it now: the next try opens it
            # again. Or the folder is another one by now.
            self._close()
            return False

        def _open(self) -> None:
            if self._makes_folder:
                make_folder(self._path.parent)
                # Not again: where it is gone later, so is what lay in it.
                self._makes_folder = False
            self._folder.open()
            self._file, _ = open_or_make(self._path, os.O_RDWR)
            self._process = os.getpid()

        def _has_name(self) -> bool:
            """Whether the open file is the one that has the name."""
            try:
                return os.path.samestat(os.fstat(self._file), self._path.stat())
            except FileNotFoundError:
                return False

        def _close(self) -> None:
            """Lets go of both files, and with them of their locks."""
            self._folder.close()
            if self._file >= 0:
                os.close(self._file)
            self._file, self._process = -1, 0

    class _FolderLock:
        """An exclusive lock on a folder, by a name: there may be many.

        A folder can be opened for reading only, and so takes no exclusive lock on a range of it, but shared ones. Each
        name is one byte (that need not exist). Who has set a shared lock on it and then finds no other one there is
        the only holder: one that comes later finds this one.
        """

        # struct flock of Linux: type, whence, start, length, process (0 for locks of an open file).
        _LAYOUT = struct.Struct("hhqqi4x")
        _CAN = sys.platform == "linux" and hasattr(fcntl, "F_OFD_SETLK")

        def __init__(self, path: Path) -> None:
            self._name = str(path.parent)
            self._descriptor = -1
            self._opened = (-1, -1)
            self.keeps_out = False
            """Whether it works: False on systems and file systems where folders can't be locked like this."""

            place = zlib.crc32(path.name.encode(errors="surrogateescape"))
            self._set, self._unset, self._others = (
                self._LAYOUT.pack(kind, os.SEEK_SET, place, 1, 0)
                for kind in (fcntl.F_RDLCK, fcntl.F_UNLCK, fcntl.F_WRLCK)
            )

        def open(self) -> None:
            """Opens the folder. Raises OSError."""
            self._descriptor = os.open(self._name, os.O_RDONLY)
            found = os.fstat(self._descriptor)
            self._opened = found.st_dev, found.st_ino
            self.keeps_out = self._CAN

        def take(self) -> bool:
            """Takes the lock, or finds that somebody else has it; True as well where there are no such locks."""
            if not self.keeps_out:
                return True
            try:
                fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, self._set)
                answer = fcntl.fcntl(self._descriptor, fcntl.F_OFD_GETLK, self._others)
            except OSError:
                self.keeps_out = False
                return True
            return bool(self._LAYOUT.unpack(answer)[0] == fcntl.F_UNLCK)

        def is_in_place(self) -> bool:
            """Whether the folder is still the one that has its name."""
            try:
                found = os.stat(self._name)  # noqa: PTH116  # each time: Path.stat takes three times as long
            except FileNotFoundError:
                return False
            return (found.st_dev, found.st_ino) == self._opened

        def release(self) -> None:
            """Gives the lock back."""
            if self.keeps_out:
                fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, self._unset)

        def close(self) -> None:
            """Closes the folder, and gives the lock back."""
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = -1


_PATIENCE = 1.0
"""Seconds to wait for a lock that somebody may be looking at just now."""


class LivenessLock:
    """The mark of one process. `set` while it works on something, `clear` when it has nothing left to do."""

    def __init__(self, workspace: Path, owner: str) -> None:
        from filelock import FileLock

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
    from filelock import FileLock, Timeout

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
