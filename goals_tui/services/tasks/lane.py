"""A thread that does one thing after the other, made when there is something to do."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Lock, Thread


class Lane:
    """Runs what is put into it, in order. Its thread ends when nothing is left, and never keeps the program alive."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: deque[Callable[[], object]] = deque()
        self._lock = Lock()
        self._busy = False

    def put(self, job: Callable[[], object]) -> None:
        """Run `job` after everything that was put in before. One that raises ends its thread, not the lane."""
        with self._lock:
            self._waiting.append(job)
            if self._busy:
                return
            self._busy = True
        self._start()

    def _start(self) -> None:
        Thread(target=self._work, name=f"tasks-{self._name}", daemon=True).start()

    def _work(self) -> None:
        try:
            while job := self._next():
                job()
        except BaseException:
            self._start()
            raise

    def _next(self) -> Callable[[], object] | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._busy = False
            return None
