"""Locks between processes and threads, and locks that show that a process is alive."""

from __future__ import annotations

import os
import random
import struct
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.atomic import explained, file_mode, make_folder, open_or_make, refusal

if TYPE_CHECKING:
    from filelock import FileLock

if sys.platform != "win32":
    import fcntl


_waiting: set[int] = set()
"""The threads of this process that wait for a lock held by another process."""


def waits_for_others() -> bool:
    """Return whether a thread of this process waits for a lock held by another process."""
    return bool(_waiting)


@contextmanager
def _waits() -> Iterator[None]:
    _waiting.add(threading.get_ident())
    try:
        yield
    finally:
        _waiting.discard(threading.get_ident())


class Lock(Protocol):
    """A lock returned by `process_lock`, for use in a `with` statement."""

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def process_lock(path: Path, timeout: float = 60.0, *, makes_folder: bool = False) -> Lock:
    """Return an exclusive lock between threads and processes, named by a file, for the content of that file's folder.

        lock = process_lock(folder / "events.lock")
        with lock: ...

    A folder can have any number of locks, one per file name. The file is made if it is missing, and stays. On Linux
    the lock is on the folder itself, so the file may be removed or replaced at any time, even while the lock is held
    (by `git clean` or a program that synchronises folders). A folder that was itself replaced is noticed the next time
    the lock is taken. Other systems lock the file. Windows keeps a file in place while it is held; on macOS, and on
    file systems without locks on folders, a file replaced between two holders is noticed, but one replaced while the
    lock is held lets a second holder in.

    With `makes_folder`, a missing folder is made, too, but not its parents.

    The lock is not reentrant: taking it twice waits for the timeout. Entering waits up to `timeout` seconds and raises
    UnreadableError if the file can't be made or the lock is not released in time.
    """
    kind = PortableLock if sys.platform == "win32" else _KeptLock
    return kind(path, timeout, makes_folder)


def _busy(path: Path, timeout: float) -> UnreadableError:
    return UnreadableError(
        f"Another program has held {path} for {timeout:g} seconds. Wait until it is done, or end it, and try again."
    )


class PortableLock:
    """A lock by the filelock package, which opens and closes its file each time (about 0.1 ms)."""

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
                # Imported late: the import takes longer than most read-only commands.
                from filelock import FileLock

                self._lock = FileLock(self._path, timeout=self._timeout)
            try:
                self._lock.acquire(timeout=0)
            except TimeoutError:
                with _waits():
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
        """An flock on a file that stays open, compatible with filelock on Unix, together with a lock on its folder."""

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
            if self._try():
                return
            pause, deadline = 0.0002, time.monotonic() + self._timeout
            with _waits():
                while not self._try():
                    if time.monotonic() > deadline:
                        raise _busy(self._path, self._timeout)
                    # Random, so that two processes that collided don't collide again.
                    time.sleep(pause * random.uniform(0.5, 1))
                    pause = min(pause * 1.5, 0.02)

        def _try(self) -> bool:
            # A forked child shares its parent's open files, and so their locks: it must open its own.
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
            # Another process holds the lock, through a file that had this name before or has it now, or the folder was
            # replaced: the next try opens both again.
            self._close()
            return False

        def _open(self) -> None:
            if self._makes_folder:
                make_folder(self._path.parent)
                # Only once: if the folder is missing later, its content is lost, too.
                self._makes_folder = False
            self._folder.open()
            self._file, _ = open_or_make(self._path, os.O_RDWR)
            self._process = os.getpid()

        def _has_name(self) -> bool:
            """Return whether the path still names the open file."""
            try:
                return os.path.samestat(os.fstat(self._file), self._path.stat())
            except FileNotFoundError:
                return False

        def _close(self) -> None:
            """Close both files, which releases their locks."""
            self._folder.close()
            if self._file >= 0:
                os.close(self._file)
            self._file, self._process = -1, 0

    class _FolderLock:
        """An exclusive lock on a folder. A folder can have many, distinguished by name.

        A folder can only be opened for reading, which allows shared locks on byte ranges but no exclusive ones. Each
        name is mapped to one byte, which need not exist. A process sets a shared lock on that byte and then looks for
        others: if there are none it is the only holder, because a later process will find its lock.
        """

        # Linux's struct flock: type, whence, start, length, process (0 for locks of an open file).
        _LAYOUT = struct.Struct("hhqqi4x")
        _CAN = sys.platform == "linux" and hasattr(fcntl, "F_OFD_SETLK")

        def __init__(self, path: Path) -> None:
            self._name = str(path.parent)
            self._descriptor = -1
            self._opened = (-1, -1)
            self.keeps_out = False
            """True if the lock is effective: False on systems and file systems that don't support locks on folders."""

            place = zlib.crc32(path.name.encode(errors="surrogateescape"))
            self._set, self._unset, self._others = (
                self._LAYOUT.pack(kind, os.SEEK_SET, place, 1, 0)
                for kind in (fcntl.F_RDLCK, fcntl.F_UNLCK, fcntl.F_WRLCK)
            )

        def open(self) -> None:
            """Open the folder. Raises OSError."""
            self._descriptor = os.open(self._name, os.O_RDONLY)
            found = os.fstat(self._descriptor)
            self._opened = found.st_dev, found.st_ino
            self.keeps_out = self._CAN

        def take(self) -> bool:
            """Try to take the lock; return False if another process holds it, True also if locks are not supported."""
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
            """Return whether the path still names the opened folder."""
            try:
                found = os.stat(self._name)  # noqa: PTH116  # each time: Path.stat takes three times as long
            except FileNotFoundError:
                return False
            return (found.st_dev, found.st_ino) == self._opened

        def release(self) -> None:
            """Release the lock."""
            if self.keeps_out:
                fcntl.fcntl(self._descriptor, fcntl.F_OFD_SETLK, self._unset)

        def close(self) -> None:
            """Close the folder, which releases the lock."""
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = -1


_PATIENCE = 1.0
"""Seconds to wait for a lock that another process may be testing at the moment."""


class LivenessLock:
    """A lock that shows that a process is alive: `set` it while there is work, `clear` it when the work is done."""

    def __init__(self, workspace: Path, owner: str) -> None:
        from filelock import FileLock

        self._file = _file(workspace, owner)
        self._lock = FileLock(self._file, mode=_mode(workspace), thread_local=False)

    def set(self) -> None:
        """Take the lock, unless it is held already. Raises UnreadableError if the workspace can't be written."""
        if self._lock.is_locked:
            return
        try:
            self._lock.acquire(timeout=_PATIENCE)
        except OSError as error:
            raise UnreadableError(f"{self._file.parent} can't be written: {error.strerror or error}.") from error

    def clear(self) -> None:
        """Release the lock and remove its file."""
        if self._lock.is_locked:
            _remove(self._file)
            self._lock.release(force=True)


def is_running(workspace: Path, owner: str) -> bool:
    """Return whether the process of this owner is alive; remove the lock file of a dead one."""
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
        # Nobody works in a workspace that can't be written.
        return False
    _remove(file)
    lock.release()
    return False


def _file(workspace: Path, owner: str) -> Path:
    return workspace / f"running-{owner}.lock"


def _mode(workspace: Path) -> int:
    """Return the mode of a lock file, which filelock sets each time it opens one."""
    with explained("read", workspace):
        return file_mode(workspace)


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError:
        # Windows keeps a file that is open. The file may stay: only its lock shows that a process is alive.
        return
