"""Activities (docs/semantics.md): their numbers, their names, and those of a session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from goals_tui.domain.activity import ACTIVITY_FIELDS, ORDER, Activity, ActivityKind
from goals_tui.domain.errors import NotFoundError
from goals_tui.store.events.reader import damage_named

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from goals_tui.store.events.log import Log

_MOST_NEAR = 10_000


@dataclass(frozen=True, slots=True)
class ActivityStats:
    """The numbers of activities, sessions and activities of each kind, and the first and last moment (UTC)."""

    activities: int
    sessions: int
    first: datetime | None
    last: datetime | None
    kinds: dict[str, int]


@dataclass(frozen=True, slots=True)
class ActivityName:
    """The number of activities with a name (None: without one), and of the sessions with them."""

    kind: ActivityKind
    name: str | None
    count: int
    sessions: int


class Activities:
    """Records and reads the activities of the workspace. Every call works on the disk: call it off the main thread."""

    def __init__(self, log: Log[Activity]) -> None:
        self._log = log

    def record(self, activities: Sequence[Activity]) -> None:
        """Append activities, all or none; they survive the end of the process. Raises UnreadableError."""
        self._log.append(activities)

    def sync(self) -> None:
        """Make everything that was recorded survive a power cut. Raises UnreadableError."""
        self._log.sync()

    def is_empty(self) -> bool:
        """Return whether there is no activity; costs a stat or two."""
        return self._log.is_empty()

    def stats(self) -> ActivityStats:
        """Return the numbers of activities. Raises UnreadableError."""
        with self.reading() as connection:
            total = connection.execute(
                "SELECT count(*), count(DISTINCT session_id), min(timestamp), max(timestamp) FROM each_once"
            ).fetchone()
            kinds = connection.execute(
                "SELECT kind, count(*) FROM each_once GROUP BY kind ORDER BY count(*) DESC, kind"
            ).fetchall()
        count, sessions, first, last = total or (0, 0, None, None)
        return ActivityStats(count, sessions, _utc(first), _utc(last), dict(kinds))

    def names(self, most: int | None = None) -> list[ActivityName]:
        """Return the names of every kind, the most frequent first, at most `most` of them. Raises UnreadableError."""
        if self._log.is_empty():
            return []
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT kind, name, count(*) AS times, count(DISTINCT session_id) FROM each_once GROUP BY kind, name "
                f"ORDER BY times DESC, kind, name{'' if most is None else f' LIMIT {most}'}"
            ).fetchall()
        return [ActivityName(*row) for row in rows]

    def of_session(self, session_id: str) -> list[Activity]:
        """Return the activities of a session, in order.

        Raises NotFoundError, which names other ids, and UnreadableError.
        """
        with self.reading() as connection:
            found = _of_session(connection, session_id)
            if not found:
                some = connection.execute(f"SELECT DISTINCT session_id FROM each_once LIMIT {_MOST_NEAR}").fetchall()
                raise NotFoundError("session with activities called", session_id, [one for (one,) in some])
        return found

    def of_session_if_any(self, session_id: str) -> list[Activity]:
        """Return the activities of a session, in order; an empty list if there are none. Raises UnreadableError."""
        if self._log.is_empty():
            return []
        with self.reading() as connection:
            return _of_session(connection, session_id)

    @contextmanager
    def reading(self) -> Iterator[DuckDBPyConnection]:
        """Open a connection to the log as it is now; its view `each_once` holds repeated activities only once."""
        with damage_named(self._log.path), self._log.connect() as connection:
            once = "FROM activities"
            if self._log.duplicate_events(connection):
                once += " QUALIFY row_number() OVER (PARTITION BY id ORDER BY timestamp) = 1"
            connection.execute(f"CREATE VIEW each_once AS SELECT * {once}")
            yield connection


def _of_session(connection: DuckDBPyConnection, session_id: str) -> list[Activity]:
    rows = connection.execute(
        f"SELECT {', '.join(ACTIVITY_FIELDS)} FROM each_once WHERE session_id = ? ORDER BY {ORDER}", [session_id]
    ).fetchall()
    found = (dict(zip(ACTIVITY_FIELDS, row, strict=True)) for row in rows)
    return [Activity.model_construct(**{**one, "timestamp": _utc(one["timestamp"])}) for one in found]


def _utc(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=UTC)
