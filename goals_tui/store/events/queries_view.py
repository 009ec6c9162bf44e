"""The event log held open for many questions: read again only when it changed on disk."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goals_tui.store.events.queries import EventReader
from goals_tui.store.events.queries_cancel import Cancellation
from goals_tui.store.events.reader import damage_named, damaged
from goals_tui.store.events.slots import Triple

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from goals_tui.store.events.log import EventLog


@dataclass(frozen=True)
class _Moment:
    """The log as it was at a stamp; what does not depend on any filter is asked once."""

    stamp: Hashable
    connection: DuckDBPyConnection
    triples: list[Triple]
    torn_lines: int
    duplicate_events: int


_TRIPLES = """SELECT DISTINCT goalId, coalesce("version", ''), stepId FROM events"""


class LogView:
    """Makes readers of the log. Safe in any thread; readers of one moment share what was read from the disk."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._moment: _Moment | None = None

    def reader(self, cancellation: Cancellation | None = None) -> EventReader:
        """A reader of the log as it is now; the caller closes it. Raises Cancelled, or UnreadableError."""
        cancellation = cancellation or Cancellation()
        cancellation.check()
        with self._lock:
            moment = self._moment = self._now()
            cursor = moment.connection.cursor()
        # The reader keeps the moment's connection: as long as that lives, no sealed part is removed from the disk.
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
