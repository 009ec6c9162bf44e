"""A lock among threads and processes that costs a microsecond when nobody else wants it."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Protocol

from filelock import FileLock, Timeout

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.atomic import refusal

if sys.platform != "win32":
    import fcntl


class Lock(Protocol):
    """What `process_lock` gives."""

    def __enter__(self) -> object: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def process_lock(path: Path, timeout: float = 60.0, *, makes_folder: bool = False) -> Lock:
    """A lock on the file `path`, which is made when missing and stays. Waits `timeout` seconds at most.

    `makes_folder`: its folder is made too where that is missing, but not the one above.
    Not reentrant. Taking it raises UnreadableError when the file can't be made or somebody else holds it too long.
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
        self._lock = FileLock(path, timeout=timeout)

    def __enter__(self) -> None:
        self._threads.acquire()
        try:
            if self._makes_folder:
                self._path.parent.mkdir(exist_ok=True)
            self._lock.acquire()
        except Timeout:
            self._threads.release()
            raise _busy(self._path, self._timeout) from None
        except OSError as error:
            self._threads.release()
            raise refusal("write", self._path, error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
        self._threads.release()


if sys.platform != "win32":

    class _KeptLock:
        """flock on a file that stays open; the same lock that filelock takes on Unix."""

        def __init__(self, path: Path, timeout: float, makes_folder: bool) -> None:
            self._path = path
            self._timeout = timeout
            self._makes_folder = makes_folder
            self._threads = threading.Lock()
            self._descriptor = -1
            self._process = 0

        def __enter__(self) -> None:
            if not self._threads.acquire(timeout=self._timeout):
                raise _busy(self._path, self._timeout)
            try:
                self._take()
            except OSError as error:
                self._threads.release()
                raise refusal("write", self._path, error) from error
            except BaseException:
                self._threads.release()
                raise

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            self._threads.release()

        def __del__(self) -> None:
            if self._descriptor >= 0:
                os.close(self._descriptor)

        def _open(self) -> int:
            # A forked child shares its parent's open file, and with it the lock: it needs one of its own.
            if self._process != os.getpid():
                if self._descriptor >= 0:
                    os.close(self._descriptor)
                if self._makes_folder:
                    self._path.parent.mkdir(exist_ok=True)
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
                self._process = os.getpid()
            return self._descriptor

        def _take(self) -> None:
            descriptor = self._open()
            pause, deadline = 0.0002, None
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    deadline = deadline or time.monotonic() + self._timeout
                    if time.monotonic() > deadline:
                        raise _busy(self._path, self._timeout) from None
                    time.sleep(pause)
                    pause = min(pause * 1.5, 0.02)
                else:
                    return
