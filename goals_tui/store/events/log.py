"""The logs of a workspace, of events and of activities: appended lines and sealed parts, read as one (docs/files.md).

Of events; activities lie in activities/ in the same way:

events/events.jsonl          what was appended, one GoalEvent a line
events/sealing-*.jsonl       an earlier events.jsonl that is being sealed; read as appended until it is
events/part-*.parquet        sealed parts, never changed; part-*.sessions is the index of their sessions
events/parts.json            which parts count (`catalog`)
events/deleted-*.json        what was deleted, so that no older file brings it back
events/*.new                 marks a file that is not committed yet
events/torn-*.jsonl          unreadable lines, kept when their file was sealed
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from goals_tui.domain.activity import Activity
from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.event import GoalEvent
from goals_tui.store.atomic import refusal
from goals_tui.store.events import reader as event_reader
from goals_tui.store.events.append import Appended, AppendFile
from goals_tui.store.events.catalog import (
    CATALOG,
    Catalog,
    DamagedCatalogError,
    StaleCatalogError,
    load_catalog,
    waiting,
)
from goals_tui.store.events.lines import count_tail
from goals_tui.store.events.parts import Parts, Prepared, SealResult
from goals_tui.store.events.schema import EVENTS, Schema
from goals_tui.store.events.sessions import SessionEvent, Sessions, Wanted
from goals_tui.store.joint_commit import Marked, NotMarked, counting, settle
from goals_tui.store.locks import process_lock

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from goals_tui.store.events.verify import VerifyFinding

LOCK = "events.lock"
"""Held while lines are written: microseconds."""

PARTS_LOCK = "parts.lock"
"""Held while parts are made: as long as that takes. Appending goes on meanwhile."""

LONGEST_SEAL = 600.0
"""In seconds: who makes parts waits so long for another one that does."""


@dataclass(frozen=True, slots=True)
class EventStats:
    """What the log holds. `first` and `last` are UTC; `bytes` is the size of everything that is read."""

    events: int
    appended_events: int
    parts: int
    bytes: int
    torn_lines: int
    first: datetime | None
    last: datetime | None


Record = TypeVar("Record", GoalEvent, Activity)


class Log(Generic[Record]):
    """The records in a folder: events, or activities. Safe to use from several threads and processes at once.

    A record is acknowledged when `append` returns: from then on it survives the death of the process. After
    `sync` it survives a power cut, and so does everything that is sealed, imported or deleted. Errors are
    UnreadableError with one line for the user.
    """

    def __init__(self, path: Path, schema: Schema, documents: Marked = NotMarked()) -> None:
        """`documents` are those that change together with the log (`joint_commit`)."""
        self.path = path
        self.schema = schema
        self._documents = documents
        self._lock = process_lock(path / LOCK, makes_folder=True)
        self._append = AppendFile(path, self._lock, schema)
        making = process_lock(path / PARTS_LOCK, LONGEST_SEAL, makes_folder=True)
        self._parts = Parts(path, self._append, self._lock, making, schema, documents)
        self._open: Hashable = None
        """What parts.json was when it was last seen with an intent."""

    def append(self, records: Sequence[Record], only_if: Callable[[], bool] | None = None) -> Appended | None:
        """Adds records at the end: all of them, or none where it raises. Where they stand.

        `only_if` is asked before, while nobody else can append or commit a deletion: where it says no, none is added.
        """
        return self._append.append(records, only_if)

    def sync(self) -> None:
        """Makes everything that was appended survive a power cut."""
        self._append.sync()

    def connect(self) -> DuckDBPyConnection:
        """The log as it is now, for queries: a DuckDB connection with the view `events`, or `activities`. Close it.

        One row a readable record, with the columns of the schema: VARCHAR, but `timestamp` TIMESTAMP in UTC.
        The connection keeps showing this moment, whatever is written meanwhile. Its cursors share the view.
        """
        return event_reader.connect(self.path, self._catalog, self.schema)

    def is_empty(self) -> bool:
        """Whether there is no event at all; costs a stat or two."""
        appended = self.path / self.schema.appended
        catalog = self._catalog()
        return not (catalog.parts or waiting(self.path, catalog) or (appended.exists() and appended.stat().st_size))

    def stamp(self) -> Hashable:
        """What changes when the log changed on disk; costs two stats."""
        catalog = _seen(self.path / CATALOG)
        # While a change is open, goals.json says which of the parts count.
        documents = self._documents.stamp() if catalog is not None and catalog == self._open else None
        return _seen(self.path / self.schema.appended), catalog, documents

    def stats(self) -> EventStats:
        """How many events there are, from when to when, and what they take; DuckDB is not needed."""
        catalog = self._catalog()
        files = [file for file in event_reader.appended_files(self.path, catalog, self.schema) if file.exists()]
        tail = count_tail(files, self.schema)
        moments = [datetime.fromisoformat(m) for part in catalog.parts for m in (part.first, part.last) if m]
        moments += [moment for moment in (tail.first, tail.last) if moment]
        return EventStats(
            events=tail.events + sum(part.events for part in catalog.parts),
            appended_events=tail.events,
            parts=len(catalog.parts),
            bytes=sum(part.bytes for part in catalog.parts) + sum(file.stat().st_size for file in files),
            torn_lines=catalog.torn + tail.torn,
            first=min(moments, default=None),
            last=max(moments, default=None),
        )

    def torn_lines(self, connection: DuckDBPyConnection) -> int:
        """How many lines can't be read, by a connection of `connect`."""
        return self._catalog().torn + event_reader.torn_rows(connection)

    def duplicate_events(self, connection: DuckDBPyConnection) -> int:
        """How many events stand in the log a second time, by a connection of `connect`.

        Only what is appended is compared, with itself and with the parts: within the parts every id is once.
        """
        return event_reader.duplicate_rows(connection)

    def seal(self, progress: Callable[[float], None] | None = None) -> SealResult:
        """Turns all appended events into a part. `progress` hears from 0.0 to 1.0. Can be killed at any point."""
        return self._parts.seal(progress)

    def adding(
        self, connection: DuckDBPyConnection, sql: str, batch: str | None = None
    ) -> AbstractContextManager[Prepared]:
        """Prepares to add the rows of a query, with the columns FIELDS, as a part; `commit` adds all of them.

        `batch` is the id of what adds them, by which they can be deleted again. Rows whose id is in the log already,
        comes twice, or that lack what an event needs, are left out. Memory is bounded by the connection's limit.
        """
        return self._parts.adding(connection, sql, batch)

    def write_part(self, connection: DuckDBPyConnection, sql: str, batch: str | None = None) -> int:
        """Adds the rows of a query as `adding` does, all or none. How many were new."""
        with self.adding(connection, sql, batch) as part:
            part.commit()
        return part.events

    def replacing(
        self, doomed: str, connection: DuckDBPyConnection, sql: str, batch: str | None = None
    ) -> AbstractContextManager[Prepared]:
        """Prepares to delete the records for which a condition holds, and to add the rows of a query as `adding` does.

        `commit` does both in one atomic step. The condition is SQL that needs nothing but the columns of a record.
        """
        return self._parts.replacing(doomed, connection, sql, batch)

    def batches(self) -> dict[str, int]:
        """How many records of each batch there are, by its id."""
        with event_reader.damage_named(self.path):
            release = event_reader.hold_parts(self.path)
            try:
                return self._parts.batches(self._catalog())
            finally:
                release()

    def goals_beside_batch(self, batch: str) -> dict[str, int]:
        """How many events of each goal there are that a batch did not add, by the goal's id."""
        with event_reader.damage_named(self.path):
            return self._parts.goals_beside_batch(self._catalog(), batch)

    def deleting_batch(self, batch: str) -> AbstractContextManager[Prepared]:
        """Prepares to delete what a batch added, as far as it is still there; `commit` does it, in one atomic step."""
        return self._parts.deleting({}, batch=batch)

    def verify(self) -> list[VerifyFinding]:
        """Reads everything and says what is wrong."""
        from goals_tui.store.events.verify import verify

        return verify(self.path, self._catalog, self.schema)

    def settle(self) -> None:
        """Brings to its end, or takes back, what a killed process left open (`joint_commit`)."""
        try:
            with self._lock, contextlib.suppress(DamagedCatalogError):
                settle(self.path, self._documents)
        except OSError as error:
            raise refusal("write", self.path / CATALOG, error) from error

    def _catalog(self) -> Catalog:
        try:
            return self._counting()
        except StaleCatalogError as error:
            try:
                return self._parts.rebuild_catalog()
            except UnreadableError:
                # Where nothing can be written, what parts.json lists can still be read; `verify` says what it lacks.
                return counting(error.listed, self._documents)
        except DamagedCatalogError:
            return self._parts.rebuild_catalog()

    def _counting(self) -> Catalog:
        catalog = load_catalog(self.path)
        while catalog.intent is not None:
            self._open = _seen(self.path / CATALOG)
            counts = counting(catalog, self._documents)
            # Where the change came to its end meanwhile, goals.json is not marked any more.
            looked_at, catalog = catalog, load_catalog(self.path)
            if catalog == looked_at:
                return counts
        return catalog


class EventLog(Log[GoalEvent]):
    """The log of goal events, which also finds the events of a session, and deletes those of a goal."""

    def __init__(self, path: Path, documents: Marked = NotMarked()) -> None:
        super().__init__(path, EVENTS, documents)
        self._sessions = Sessions(path, self._lock, self._catalog)

    def append(self, records: Sequence[GoalEvent], only_if: Callable[[], bool] | None = None) -> Appended | None:
        """Adds events at the end, as `Log.append` does; looking up their sessions then needs no reading."""
        where = super().append(records, only_if)
        if where is not None:
            self._sessions.add(records, where)
        return where

    def session_events(self, session_id: str, since: Wanted | None = None) -> list[SessionEvent]:
        """The events of one session: the sealed ones by time, then the appended ones as they came in.

        `since`: events before the last appended one for which it is true may be left out. With it this costs the same
        however many events other sessions have.
        """
        return self._sessions.events(session_id, since)

    def deleting(self, goals: Mapping[str, Collection[str] | None]) -> AbstractContextManager[Prepared]:
        """Prepares to delete the events of goals; `commit` does it, in one atomic step.

        `goals` holds ids of goals, each with the ids of the steps that are meant, or None for all of them.
        """
        return self._parts.deleting(goals)

    def delete(self, goal_id: str, step_ids: Collection[str] | None = None) -> int:
        """Deletes the events of a goal, or of some of its steps, in one atomic step. How many went."""
        with self.deleting({goal_id: step_ids}) as deletion:
            deletion.commit()
        return deletion.events

    def export(self, path: Path) -> int:
        """Writes all events to one file, in order of time: .jsonl, .jsonl.gz, .csv or .parquet. How many."""
        from goals_tui.store.events.export import export

        with self.connect() as connection:
            return export(connection, path)


def _seen(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise refusal("read", path, error) from error
    return found.st_ino, found.st_size, found.st_mtime_ns
