"""The parts that engines on a server share: idle sessions, the stamp of the log, and the log that makes sessions."""

from __future__ import annotations

import contextlib
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.engines.engine import Session

Connected = TypeVar("Connected")

LONGEST_QUERY = 300
"""The number of seconds after which a query is given up, here and on the server."""

CONNECTING = 10
"""The number of seconds to wait for a server."""

LONGEST_REASON = 300
"""The most characters of a server's own reason in a message."""

STAMP_SECONDS = 5.0
"""The seconds for which a stamp holds, until the server is asked again."""


class RemoteEngine(ABC, Generic[Connected]):
    """An engine whose log is on a server, with what `connect` makes lent to one user at a time.

    `title` names server and log for people.
    """

    def __init__(self, title: str, connect: Callable[[], Connected]) -> None:
        self.title = title
        self._connect = connect
        self._lock = threading.Lock()
        self._idle: list[Connected] = []
        self._stamp: Hashable = None
        self._next_look = 0.0

    @abstractmethod
    def newest(self) -> Hashable:
        """Ask the server for the greatest timestamp and the number of events. Raises UnreadableError."""

    def take(self) -> Connected:
        """Return an idle connection, or a new one. Raises UnreadableError."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def give_back(self, connection: Connected) -> None:
        """Keep a connection for the next one who needs one."""
        with self._lock:
            self._idle.append(connection)

    def stamp(self) -> Hashable:
        """Return the greatest timestamp and the number of events, as of the last `look`."""
        return self._stamp

    def look(self) -> None:
        """Ask for the greatest timestamp and the number of events, unless that was done five seconds ago or less."""
        now = time.monotonic()
        with self._lock:
            if now < self._next_look:
                return
            self._next_look = now + STAMP_SECONDS
        try:
            self._stamp = self.newest()
        except BaseException:
            self._next_look = now
            raise

    def damaged(self, why: str) -> UnreadableError:
        """Return the error for an event with an impossible value."""
        return UnreadableError(f"The events in {self.title} can't be read: {why}.")


class RemoteLog:
    """A log on a server. `begin` makes a session of it, which sees the log as it is then."""

    def __init__(self, begin: Callable[[], Session]) -> None:
        self._begin = begin

    def session(self) -> Session:
        """Begin a session."""
        return self._begin()

    def torn_lines(self) -> int:
        """Return 0: a server has no records that can't be read."""
        return 0

    def duplicate_events(self) -> int:
        """Return the number of events whose id an earlier one has."""
        with contextlib.closing(self.session()) as session:
            return int(session.rows("SELECT count(*) - count(DISTINCT id) FROM events", {})[0][0])


def plain(value: Any) -> Any:
    """Return a value of an answer as engines give it: instants in UTC without a zone."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value
