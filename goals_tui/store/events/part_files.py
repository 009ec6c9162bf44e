"""Writes the files of sealed parts, and removes those that no longer count."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.domain.model import format_instant
from goals_tui.store.atomic import make_file, sync_file
from goals_tui.store.duckdb_files import bare_connection, copy_to, parquet
from goals_tui.store.events.catalog import Catalog, Part, aside, new_id
from goals_tui.store.events.reader import (
    COLUMNS,
    check_content,
    damaged,
    file_checksum,
    nobody_reads,
)
from goals_tui.store.events.sessions import checksum, read_hashes, write_index

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class PartFiles:
    """Makes parts in the folder of a log. A part counts when the catalog lists it, not before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def without(self, part: Part, doomed: str) -> tuple[list[Part], int]:
        """A part without the events for which `doomed` holds, and how many those are."""
        check_content(self._folder, part)
        rows = parquet([part.file(self._folder)])
        with bare_connection() as connection:
            lost = count(connection, f"{rows} WHERE {doomed}")
            if not lost:
                return [part], 0
            shorter = self.write(connection, f"SELECT {COLUMNS} FROM {rows} WHERE NOT ({doomed})")
            return [shorter] if shorter else [], lost

    def keep_new(self, connection: DuckDBPyConnection, raw: Path) -> Part | None:
        """The part of those rows of a file that the log does not have; the first of several with one id."""
        rows = parquet([raw], row_numbers=True)
        connection.execute(
            f"CREATE TABLE keep AS SELECT min(file_row_number) AS place FROM {rows} "
            "WHERE id NOT IN (SELECT id FROM events) GROUP BY id"
        )
        if count(connection, "keep") == count(connection, rows):
            return self._finish(connection, raw)
        return self.write(connection, f"SELECT {COLUMNS} FROM {rows} WHERE file_row_number IN (SELECT place FROM keep)")

    def write(self, connection: DuckDBPyConnection, sql: str) -> Part | None:
        """A part of the rows of a query; None where there are none. It does not count before it is committed."""
        temporary = self.temporary()
        copy_to(connection, sql, temporary)
        return self._finish(connection, temporary)

    def _finish(self, connection: DuckDBPyConnection, temporary: Path) -> Part | None:
        row = connection.execute(
            f"SELECT count(*), min(timestamp), max(timestamp) FROM {parquet([temporary])}"
        ).fetchone()
        if not row or not row[0]:
            return None
        events, first, last = row
        if not isinstance(first, datetime) or not isinstance(last, datetime):
            raise damaged(self._folder, "the time of an event is none")
        hashes = read_hashes(connection, temporary)
        sync_file(temporary)
        part = Part(
            id=new_id(),
            events=events,
            bytes=temporary.stat().st_size,
            first=_iso(first),
            last=_iso(last),
            sessions=len(hashes),
            checksum=checksum(hashes),
            file_checksum=file_checksum(temporary),
        )
        temporary.replace(part.file(self._folder))
        write_index(part.index(self._folder), hashes)
        return part

    def temporary(self) -> Path:
        """An empty file that counts for nothing and is cleaned up; for `copy_to`. Raises OSError."""
        return make_file(self._folder / f".{new_id()}.tmp")


def clean_up(folder: Path, catalog: Catalog) -> None:
    """Removes what killed processes left and what was replaced. Needs the makers' lock."""
    listed = {path for part in catalog.parts for path in (part.file(folder), part.index(folder))}
    old = [path for pattern in ("part-*.parquet", "part-*.sessions") for path in folder.glob(pattern)]
    doomed = [aside(folder, name) for name in catalog.absorbed] + list(folder.glob(".*.tmp"))
    doomed += [path for path in old if path not in listed] if nobody_reads(folder) else []
    for path in doomed:
        # What can't be removed now (Windows keeps open files) goes the next time.
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def count(connection: DuckDBPyConnection, source: str) -> int:
    """How many rows a FROM clause gives."""
    row = connection.execute(f"SELECT count(*) FROM {source}").fetchone()
    return int(row[0]) if row else 0


def _iso(moment: datetime) -> str:
    return format_instant(moment.replace(tzinfo=UTC))
