"""A view of the event log that serves many queries, and is opened again only when the log changed on disk."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goals_tui.store.cycles.reader import Cancellation, EventReader
from goals_tui.store.cycles.step_bits import Triple
from goals_tui.store.events.reader import damage_named, damaged

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from goals_tui.store.events.log import EventLog


@dataclass(frozen=True)
class _Moment:
    """The state of the log at a stamp, with the results that depend on no filter."""

    stamp: Hashable
    connection: DuckDBPyConnection
    triples: list[Triple]
    torn_lines: int
    duplicate_events: int


_TRIPLES = """SELECT DISTINCT goalId, coalesce("version", ''), stepId FROM events"""


class LogView:
    """A maker of readers of the log, safe in any thread. Readers of the same state share the data read from disk."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._moment: _Moment | None = None

    def reader(self, cancellation: Cancellation | None = None) -> EventReader:
        """Return a reader of the log as it is now, to be closed by the caller. Raises Cancelled, UnreadableError."""
        cancellation = cancellation or Cancellation()
        cancellation.check()
        with self._lock:
            moment = self._moment = self._now()
            cursor = moment.connection.cursor()
        # The reader keeps the moment's connection: while it is alive, no sealed part is removed from disk.
        return EventReader(
            cursor,
            cancellation,
            triples=moment.triples,
            torn_lines=moment.torn_lines,
            duplicate_events=moment.duplicate_events,
            keep=moment.connection,
            folder=self._log.path,
        )

    def _now(self) -> _Moment:
        stamp = self._log.stamp()
        if self._moment is not None and self._moment.stamp == stamp:
            return self._moment
        with contextlib.ExitStack() as undone, damage_named(self._log.path):
            connection = undone.enter_context(self._log.connect())
            found = connection.execute(_TRIPLES).fetchall()
            if any(None in triple for triple in found):
                raise damaged(self._log.path, "an event has no goal or no step")
            moment = _Moment(
                stamp=stamp,
                connection=connection,
                triples=sorted(Triple(*row) for row in found),
                torn_lines=self._log.torn_lines(connection),
                duplicate_events=self._log.duplicate_events(connection),
            )
            undone.pop_all()
            return moment


def count_events(log: EventLog, goal_id: str, step_id: str | None = None) -> tuple[int, int]:
    """Return the number of events and of distinct cycles of a goal, or of one of its steps."""
    if log.is_empty():
        return 0, 0
    where, values = "goalId = ?", [goal_id]
    if step_id is not None:
        where, values = f"{where} AND stepId = ?", [goal_id, step_id]
    from goals_tui.store.events.reader import damage_named

    with log.connect() as connection, damage_named(log.path):
        row = connection.execute(
            f"SELECT count(*), count(DISTINCT goalCycleId) FROM events WHERE {where}", values
        ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def count_by_goal(log: EventLog) -> list[tuple[str, int, int]]:
    """Return each goal id in the log with its number of events and of distinct cycles, most events first."""
    if log.is_empty():
        return []
    from goals_tui.store.events.reader import damage_named

    with log.connect() as connection, damage_named(log.path):
        rows = connection.execute(
            "SELECT goalId, count(*) AS events, count(DISTINCT goalCycleId) FROM events GROUP BY ALL "
            "ORDER BY events DESC, goalId"
        ).fetchall()
    return [(str(goal_id), int(events), int(cycles)) for goal_id, events, cycles in rows]
