"""The protocol of engines, and the cancellation of their queries.

An engine gets every query as the same text, in a portable subset of DuckDB's dialect, with parameters as `$name`. Its
answers hold None, bool, int, float, text, and instants in UTC without a zone. Queries read the log as the table
`events`, with the columns of `GoalEvents`: text, except for `timestamp`; only `version` and those after `sessionId` may
be null.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Literal, Protocol

from goals_tui.domain.errors import UnreadableError

ColumnType = Literal["VARCHAR", "INTEGER", "BIGINT", "BOOLEAN"]
Columns = Mapping[str, tuple[ColumnType, Sequence[Any]]]
"""The columns of a small table by name, each with its type and content."""


class Cancelled(Exception):
    """The query was cancelled because its result is no longer needed."""


class Session(Protocol):
    """The queries of one reader, one at a time, over the log as it was when the session began.

    A session has tables of its own. A method raises Cancelled if `interrupt` stopped it, and UnreadableError, with one
    line that says what to do, if the engine can't answer.
    """

    computes_once: bool
    """Whether the engine computes a common table expression once, however often a query reads it."""

    def rows(self, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        ...

    def make_table(self, name: str, columns: Columns) -> None:
        """Make or replace a small table of the session, such as that of the steps and their bits."""
        ...

    def keep_rows(self, name: str, sql: str, values: Mapping[str, Any]) -> None:
        """Keep the rows of a query as a table of the session, for the queries that follow."""
        ...

    def interrupt(self) -> None:
        """Stop the running query, if any, also at the engine. May be called from any thread."""
        ...

    def progress(self) -> float | None:
        """Return the share of the running query that is done, from 0.0 to 1.0; None if it isn't known."""
        ...

    def close(self) -> None:
        """Drop the tables of the session. It can't be used any more."""
        ...


class OpenLog(Protocol):
    """A log at one moment, which serves many sessions."""

    def session(self) -> Session:
        """Begin a session. May be called from any thread."""
        ...

    def torn_lines(self) -> int:
        """Return the number of records that can't be read."""
        ...

    def duplicate_events(self) -> int:
        """Return the number of events whose id an earlier one has."""
        ...


class Engine(Protocol):
    """An engine with a log of goal events."""

    @property
    def title(self) -> str | None:
        """The engine and its table, for people, without any secret; None for the log of the workspace."""
        ...

    def stamp(self) -> Hashable:
        """Return a value that changes when events are added or deleted, as of the last `look`; waits for nothing."""
        ...

    def look(self) -> None:
        """Find out whether events were added or deleted, asking an engine elsewhere at most every few seconds."""
        ...

    def open(self) -> OpenLog:
        """Open the log as it is now."""
        ...

    def damaged(self, why: str) -> UnreadableError:
        """Return the error for an event with an impossible value. `why` is a phrase."""
        ...


class Cancellation:
    """Cancellation of the queries that it is given to, from any thread, at any time, permanently."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: list[Session] = []
        self.cancelled = False

    def cancel(self) -> None:
        """Interrupt running queries and let no other one start."""
        with self._lock:
            self.cancelled = True
            for session in self._sessions:
                session.interrupt()

    def watch(self, session: Session) -> None:
        """Let `cancel` interrupt this session, too."""
        with self._lock:
            self._sessions.append(session)

    def release(self, session: Session) -> None:
        """Forget a session that is about to be closed."""
        with self._lock:
            self._sessions.remove(session)

    def check(self) -> None:
        """Raise Cancelled if `cancel` was called."""
        if self.cancelled:
            raise Cancelled
