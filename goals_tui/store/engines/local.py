"""The engine of a workspace's own log: DuckDB, over its lines and Parquet files."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.duckdb_files import cursor_of
from goals_tui.store.engines.engine import Cancelled, Columns
from goals_tui.store.events.reader import damage_named, damaged

if TYPE_CHECKING:
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from goals_tui.store.events.log import EventLog


class LocalEngine:
    """DuckDB in this process."""

    title = None

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def stamp(self) -> Hashable:
        """Return a value that changes when the log changes on disk; costs two stats."""
        return self._log.stamp()

    def look(self) -> None:
        """Do nothing: the stamp is always that of now."""

    def open(self) -> _OpenLog:
        """Open the log as it is now. Raises UnreadableError."""
        with contextlib.ExitStack() as undone, damage_named(self._log.path):
            connection = undone.enter_context(self._log.connect())
            opened = _OpenLog(self._log, connection)
            undone.pop_all()
            return opened

    def damaged(self, why: str) -> UnreadableError:
        """Return the error for an event with an impossible value."""
        return damaged(self._log.path, why)


class _OpenLog:
    """A connection to the log, of which sessions are cursors."""

    def __init__(self, log: EventLog, connection: DuckDBPyConnection) -> None:
        self._log = log
        self._connection = connection

    def session(self) -> _Session:
        return _Session(self._connection, self._log.path)

    def torn_lines(self) -> int:
        with damage_named(self._log.path):
            return self._log.torn_lines(self._connection)

    def duplicate_events(self) -> int:
        with damage_named(self._log.path):
            return self._log.duplicate_events(self._connection)


class _Session:
    computes_once = True

    def __init__(self, connection: DuckDBPyConnection, folder: Path) -> None:
        # While the connection is alive, no sealed part that it reads is removed from disk.
        self._keep: DuckDBPyConnection | None = connection
        self._cursor = cursor_of(connection)
        self._folder = folder

    def rows(self, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        import duckdb

        try:
            with damage_named(self._folder):
                return self._cursor.execute(sql, dict(values)).fetchall()
        except duckdb.InterruptException:
            raise Cancelled from None

    def make_table(self, name: str, columns: Columns) -> None:
        unnested = ", ".join(f'unnest(${column}::{kind}[]) AS "{column}"' for column, (kind, _) in columns.items())
        self.keep_rows(name, f"SELECT {unnested}", {column: content for column, (_, content) in columns.items()})

    def keep_rows(self, name: str, sql: str, values: Mapping[str, Any]) -> None:
        self.rows(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}", values)

    def interrupt(self) -> None:
        self._cursor.interrupt()

    def progress(self) -> float | None:
        done = self._cursor.query_progress()
        return done / 100 if done >= 0 else None

    def close(self) -> None:
        self._cursor.close()
        self._keep = None
