"""A view of the event log that serves many queries, and is opened again only when the log changed on disk."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goals_tui.store.cycles.reader import EventReader, Findings
from goals_tui.store.cycles.step_bits import Triple
from goals_tui.store.engines.engine import Cancellation, Engine, OpenLog

if TYPE_CHECKING:
    from goals_tui.store.events.log import EventLog


@dataclass(frozen=True)
class _Moment:
    """The state of the log at a stamp, with the results that depend on no filter."""

    stamp: Hashable
    log: OpenLog
    triples: list[Triple]
    torn_lines: int
    duplicate_events: int
    findings: Findings


_TRIPLES = """SELECT DISTINCT "goalId", coalesce("version", '') AS "version", "stepId" FROM events"""


class LogView:
    """A maker of readers of a log, safe in any thread. Readers of the same state share what was read of it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._moment: _Moment | None = None

    def reader(self, cancellation: Cancellation | None = None) -> EventReader:
        """Return a reader of the log as it is now, to be closed by the caller. Raises Cancelled, UnreadableError."""
        cancellation = cancellation or Cancellation()
        cancellation.check()
        with self._lock:
            moment = self._moment = self._now()
            session = moment.log.session()
        return EventReader(
            session,
            cancellation,
            self._engine,
            triples=moment.triples,
            torn_lines=moment.torn_lines,
            duplicate_events=moment.duplicate_events,
            findings=moment.findings,
        )

    def _now(self) -> _Moment:
        self._engine.look()
        stamp = self._engine.stamp()
        if self._moment is not None and self._moment.stamp == stamp:
            return self._moment
        log = self._engine.open()
        with contextlib.closing(log.session()) as session:
            found = session.rows(_TRIPLES, {})
        if any(None in triple for triple in found):
            raise self._engine.damaged("an event has no goal or no step")
        return _Moment(
            stamp=stamp,
            log=log,
            triples=sorted(Triple(*row) for row in found),
            torn_lines=log.torn_lines(),
            duplicate_events=log.duplicate_events(),
            findings=Findings(),
        )


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
