"""The logs of events and of activities: appended lines and sealed parts, read as one (docs/files.md).

The files of the event log; those of the activities are the same in activities/:

events/events.jsonl          appended events, one GoalEvent per line
events/sealing-*.jsonl       an earlier events.jsonl that is being sealed; read as appended until it is
events/part-*.parquet        sealed parts, never changed; part-*.sessions is the index of their sessions
events/parts.json            the list of the valid parts (see `catalog`)
events/deleted-*.json        deletions, recorded so that no older file brings the events back
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
from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.event import GoalEvent
from goals_tui.store.atomic import State, explained, refusal, state_of
from goals_tui.store.duckdb_files import bare_connection
from goals_tui.store.events import reader as event_reader
from goals_tui.store.events.append import WAIT_TO_READ, Appended, AppendFile, state_at_rest
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
"""The lock for writing lines, held for microseconds."""

PARTS_LOCK = "parts.lock"
"""The lock for making parts, held as long as that takes. Appending is not blocked."""

LONGEST_SEAL = 600.0
"""The number of seconds to wait for another process that makes parts."""


@dataclass(frozen=True, slots=True)
class EventStats:
    """The size of the log. `first` and `last` are UTC; `bytes` is the size of all files that are read."""

    events: int
    appended_events: int
    parts: int
    bytes: int
    torn_lines: int
    first: datetime | None
    last: datetime | None


Record = TypeVar("Record", GoalEvent, Activity)


class Log(Generic[Record]):
    """A log of records in a folder: of events or of activities. Safe to use from several threads and processes.

    A record is acknowledged when `append` returns: from then on it survives the death of the process. After `sync` it
    survives a power cut, as does everything that is sealed, imported or deleted. Errors are UnreadableError with a
    one-line message for the user.
    """

    def __init__(
        self,
        path: Path,
        schema: Schema,
        documents: Marked = NotMarked(),
        why_read_only: Callable[[], str | None] = lambda: None,
    ) -> None:
        """Open the log in `path`. `documents` are those that change together with it (see `joint_commit`).

        `why_read_only` returns the message of the RefusedError that adding and deleting raise, or None.
        """
        self.path = path
        self._why_read_only = why_read_only
        self.schema = schema
        self._documents = documents
        self._lock = process_lock(path / LOCK, makes_folder=True)
        self._reading = process_lock(path / LOCK, WAIT_TO_READ)
        self._append = AppendFile(path, self._lock, schema)
        making = process_lock(path / PARTS_LOCK, LONGEST_SEAL, makes_folder=True)
        self._parts = Parts(path, self._append, self._lock, making, schema, documents)
        self._open: Hashable = None
        """The stamp of parts.json when it was last read with an intent."""

    def check_writable(self) -> None:
        """Raise RefusedError if no records can be added or deleted."""
        why = self._why_read_only()
        if why is not None:
            raise RefusedError(why)

    def append(self, records: Sequence[Record], only_if: Callable[[], bool] | None = None) -> Appended | None:
        """Append all records, or none if it raises, and return their position; None if nothing was appended.

        `only_if` is called before, while no other process can append or commit a deletion. If it returns False, nothing
        is appended.
        """
        self.check_writable()
        return self._append.append(records, only_if)

    def sync(self) -> None:
        """Make everything that was appended survive a power cut."""
        self._append.sync()

    def connect(self) -> DuckDBPyConnection:
        """Return a DuckDB connection, to be closed by the caller, with the log as the view `events` or `activities`.

        The view has one row per readable record, with the columns of the schema: VARCHAR, except for `timestamp`, which
        is a TIMESTAMP in UTC. It keeps showing the current state, whatever is written later. Cursors share the view.
        """
        return event_reader.connect(self.path, self._catalog, self.schema, self._reading)

    def is_empty(self) -> bool:
        """Return whether the log has no record; costs a stat or two."""
        appended = self.path / self.schema.appended
        catalog = self._catalog()
        return not (catalog.parts or waiting(self.path, catalog) or (appended.exists() and appended.stat().st_size))

    def stamp(self) -> Hashable:
        """Return a value that changes when the log changes on disk; costs two stats."""
        catalog = _seen(self.path / CATALOG)
        # During a joint change, goals.json determines which parts are valid.
        documents = self._documents.stamp() if catalog is not None and catalog == self._open else None
        return _seen(self.path / self.schema.appended), catalog, documents

    def stats(self) -> EventStats:
        """Return the number of events, their time range and their size on disk, without DuckDB."""
        return event_reader.read_again(self.path, self._stats)

    def _stats(self) -> EventStats:
        with event_reader.at_one_moment(self.path, self._catalog, self.schema) as (catalog, (*sealing, appended)):
            states = {file: state_of(file) for file in sealing} | {appended: state_at_rest(appended, self._reading)}
            sizes = {file: state.size for file, state in states.items() if state}
            tail = count_tail(sizes, self.schema)
        moments = [datetime.fromisoformat(m) for part in catalog.parts for m in (part.first, part.last) if m]
        moments += [moment for moment in (tail.first, tail.last) if moment]
        return EventStats(
            events=tail.events + sum(part.events for part in catalog.parts),
            appended_events=tail.events,
            parts=len(catalog.parts),
            bytes=sum(part.bytes for part in catalog.parts) + sum(sizes.values()),
            torn_lines=catalog.torn + tail.torn,
            first=min(moments, default=None),
            last=max(moments, default=None),
        )

    def torn_lines(self, connection: DuckDBPyConnection) -> int:
        """Return the number of unreadable lines, using a connection of `connect`."""
        return self._catalog().torn + event_reader.torn_rows(connection)

    def duplicate_events(self, connection: DuckDBPyConnection) -> int:
        """Return the number of repeated events, using a connection of `connect`.

        Only appended events are compared, with each other and with the parts: the parts have each id only once.
        """
        return event_reader.duplicate_rows(connection)

    def seal(self, progress: Callable[[float], None] | None = None) -> SealResult:
        """Seal all appended events as a part, reporting progress from 0.0 to 1.0. It can be killed at any moment."""
        return self._parts.seal(progress)

    def adding(
        self, connection: DuckDBPyConnection, sql: str, batch: str | None = None
    ) -> AbstractContextManager[Prepared]:
        """Prepare to add the rows of a query, with the columns of the schema, as a part; `commit` adds them.

        `batch` is the id under which they are added and can be deleted again. Rows are left out if their id is in the
        log already or is repeated, or if they lack a needed field. Memory is bounded by the connection's limit.
        """
        self.check_writable()
        return self._parts.adding(connection, sql, batch)

    def write_part(self, connection: DuckDBPyConnection, sql: str, batch: str | None = None) -> int:
        """Add the rows of a query like `adding`, all or none, and return the number of new ones."""
        with self.adding(connection, sql, batch) as part:
            part.commit()
        return part.events

    def replacing(
        self, doomed: str, connection: DuckDBPyConnection, sql: str, batch: str | None = None
    ) -> AbstractContextManager[Prepared]:
        """Prepare to delete the records that fulfil a condition and to add the rows of a query like `adding`.

        `commit` does both in one atomic step. The condition is SQL over the columns of a record.
        """
        self.check_writable()
        return self._parts.replacing(doomed, connection, sql, batch)

    def expire(self, now: datetime, before: datetime | None, *, dry_run: bool = False) -> int:
        """Delete the records that expired by `now`, and those from before `before`, in one atomic step.

        Return their number. With `dry_run`, only count them.
        """
        if self.is_empty():
            return 0
        expired = self.schema.expired(now, before)
        with event_reader.damage_named(self.path), self.connect() as connection:
            rows = f"FROM {self.schema.name} WHERE {expired}"
            count = int(connection.execute(f"SELECT count(DISTINCT id) {rows}").fetchall()[0][0])
        if count and not dry_run:
            # Not by the connection above, which would hold the replaced parts and keep them from being removed.
            nothing = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in self.schema.kinds.items())
            with (
                bare_connection() as connection,
                self.replacing(expired, connection, f"SELECT {nothing} LIMIT 0") as change,
            ):
                change.commit()
        return count

    def batches(self) -> dict[str, int]:
        """Return the number of records of each batch, by its id."""
        with event_reader.damage_named(self.path):
            release = event_reader.hold_parts(self.path)
            try:
                return self._parts.batches(self._catalog())
            finally:
                release()

    def goals_beside_batch(self, batch: str) -> dict[str, int]:
        """Return the number of events of each goal that were not added by this batch, by the goal's id."""
        with event_reader.damage_named(self.path):
            return event_reader.read_again(self.path, lambda: self._parts.goals_beside_batch(self._catalog(), batch))

    def deleting_batch(self, batch: str) -> AbstractContextManager[Prepared]:
        """Prepare to delete the records that a batch added, if they still exist; `commit` deletes them atomically."""
        self.check_writable()
        return self._parts.deleting({}, batch=batch)

    def verify(self) -> list[VerifyFinding]:
        """Check all files of the log and return the problems found."""
        from goals_tui.store.events.verify import verify

        return verify(self.path, self._catalog, self.schema, self._reading)

    def settle(self) -> None:
        """Finish or revert a joint change that a killed process left open (see `joint_commit`)."""
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
                # If the folder can't be written, the listed parts are still read; `verify` reports the missing ones.
                return counting(error.listed, self._documents)
        except DamagedCatalogError:
            return self._parts.rebuild_catalog()

    def _counting(self) -> Catalog:
        catalog = load_catalog(self.path)
        while catalog.intent is not None:
            self._open = _seen(self.path / CATALOG)
            counts = counting(catalog, self._documents)
            # The change may have been completed meanwhile: then goals.json is not marked any more.
            looked_at, catalog = catalog, load_catalog(self.path)
            if catalog == looked_at:
                return counts
        return catalog


class EventLog(Log[GoalEvent]):
    """The log of goal events, which also looks up the events of a session and deletes those of a goal."""

    def __init__(
        self,
        path: Path,
        documents: Marked = NotMarked(),
        why_read_only: Callable[[], str | None] = lambda: None,
    ) -> None:
        super().__init__(path, EVENTS, documents, why_read_only)
        self._sessions = Sessions(path, self._lock, self._catalog)

    def append(self, records: Sequence[GoalEvent], only_if: Callable[[], bool] | None = None) -> Appended | None:
        """Append events like `Log.append`, and remember them, so that their sessions are looked up without reading."""
        where = super().append(records, only_if)
        if where is not None:
            self._sessions.add(records, where)
        return where

    def session_events(self, session_id: str, since: Wanted | None = None) -> list[SessionEvent]:
        """Return the events of a session: the sealed ones by time, then the appended ones in the order of appending.

        With `since`, events before the last appended one for which it is true may be left out. The cost then doesn't
        depend on the number of events of other sessions.
        """
        return self._sessions.events(session_id, since)

    def deleting(self, goals: Mapping[str, Collection[str] | None]) -> AbstractContextManager[Prepared]:
        """Prepare to delete the events of goals; `commit` deletes them in one atomic step.

        `goals` maps goal ids to the ids of the steps to delete, or to None for all steps.
        """
        self.check_writable()
        return self._parts.deleting(goals)

    def delete(self, goal_id: str, step_ids: Collection[str] | None = None) -> int:
        """Delete the events of a goal, or of some of its steps, in one atomic step; return their number."""
        with self.deleting({goal_id: step_ids}) as deletion:
            deletion.commit()
        return deletion.events

    def export(self, path: Path) -> int:
        """Write all events to a .jsonl, .jsonl.gz, .csv or .parquet file, ordered by time; return their number."""
        from goals_tui.store.events.export import export

        with self.connect() as connection:
            return export(connection, path)


def _seen(path: Path) -> State | None:
    with explained("read", path):
        return state_of(path)
