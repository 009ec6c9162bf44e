"""Writing of the files of sealed parts, and removal of files that are no longer needed."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.domain.model import format_instant
from goals_tui.store.atomic import make_file, replace_file, sync_file
from goals_tui.store.duckdb_files import bare_connection, copy_to, note_of, parquet
from goals_tui.store.events.catalog import (
    BATCH,
    Catalog,
    Origin,
    Part,
    aside,
    deletion_file,
    file_names,
    marker,
    new_id,
    part_file,
)
from goals_tui.store.events.reader import (
    check_content,
    damaged,
    file_checksum,
    nobody_reads,
)
from goals_tui.store.events.schema import Schema
from goals_tui.store.events.sessions import checksum, read_hashes, write_index

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class PartFiles:
    """A maker of parts in the folder of a log. A part takes effect only when the catalog lists it."""

    def __init__(self, folder: Path, schema: Schema) -> None:
        self._folder = folder
        self._schema = schema

    def origin(self, connection: DuckDBPyConnection, part_id: str) -> Origin | None:
        """Return the origin of a part; None for a part made by version 0.1.0. Raises duckdb.Error."""
        return Origin.read(note_of(connection, part_file(self._folder, part_id)))

    def in_place_of(self, parts: Sequence[Part], catalog: Catalog) -> Origin:
        """Return the origin for a part that replaces these parts, with all deletions of the catalog applied."""
        with bare_connection() as connection:
            origins = [self.origin(connection, part.id) or Origin() for part in parts]
        further = [name for origin in origins for name in origin.replaces]
        replaces = tuple(dict.fromkeys([*(part.id for part in parts), *further]))
        return Origin(replaces, catalog.deletions, any(origin.batches for origin in origins))

    def columns(self, origin: Origin) -> str:
        """Return the columns of a part with this origin, for SELECT."""
        return f"{self._schema.columns}, {BATCH}" if origin.batches else self._schema.columns

    def rows(self, file: Path, origin: Origin) -> str:
        """Return SQL for FROM that reads the rows of a part, with the columns BATCH and file_row_number."""
        rows = parquet([file], row_numbers=True)
        return rows if origin.batches else f"(SELECT *, NULL::VARCHAR AS {BATCH} FROM {rows})"

    def without(self, part: Part, doomed: str, origin: Origin) -> tuple[Part | None, int]:
        """Return the part without the events that fulfil `doomed` (None if no others are left), and their number."""
        check_content(self._folder, part)
        rows = self.rows(part.file(self._folder), origin)
        with bare_connection() as connection:
            lost = count(connection, f"{rows} WHERE {doomed}")
            if not lost:
                return part, 0
            staying = f"SELECT {self.columns(origin)} FROM {rows} WHERE NOT ({doomed})"
            return self.write(connection, staying, origin), lost

    def keep_new(self, connection: DuckDBPyConnection, raw: Path, origin: Origin) -> Part | None:
        """Return a part with the rows of a file whose ids are not in the log, the first per id; None without such rows.

        The metadata of the file must hold the origin.
        """
        rows = parquet([raw], row_numbers=True)
        connection.execute(
            f"CREATE TABLE keep AS SELECT min(file_row_number) AS place FROM {rows} "
            f"WHERE id NOT IN (SELECT id FROM {self._schema.name} WHERE id IS NOT NULL) GROUP BY id"
        )
        if count(connection, "keep") == count(connection, rows):
            return self._finish(connection, raw)
        kept = f"SELECT {self.columns(origin)} FROM {rows} WHERE file_row_number IN (SELECT place FROM keep)"
        return self.write(connection, kept, origin)

    def known(self, connection: DuckDBPyConnection, raw: Path, parts: Sequence[Part]) -> dict[str, int]:
        """Return how many of the ids in a file are in these parts already, by batch."""
        found: Counter[str] = Counter()
        for part in parts:
            origin = self.origin(connection, part.id)
            if origin is not None and origin.batches:
                rows = connection.execute(
                    f"SELECT {BATCH}, count(*) FROM {parquet([part.file(self._folder)])} WHERE {BATCH} IS NOT NULL "
                    f"AND id IN (SELECT id FROM {parquet([raw])}) GROUP BY {BATCH}"
                )
                found.update(dict(rows.fetchall()))
        return dict(found)

    def batches(self, connection: DuckDBPyConnection, parts: Sequence[Part]) -> dict[str, int]:
        """Return the number of events of each batch in these parts. Raises duckdb.Error, UnreadableError."""
        found: Counter[str] = Counter()
        for part in parts:
            origin = self.origin(connection, part.id)
            if origin is not None and origin.batches:
                rows = f"{parquet([part.file(self._folder)])} WHERE {BATCH} IS NOT NULL"
                found.update(dict(connection.execute(f"SELECT {BATCH}, count(*) FROM {rows} GROUP BY ALL").fetchall()))
        return dict(found)

    def write(self, connection: DuckDBPyConnection, sql: str, origin: Origin) -> Part | None:
        """Write the rows of a query as a part, which has no effect before it is committed; None without rows."""
        temporary = self.temporary()
        copy_to(connection, sql, temporary, note=origin.note())
        return self._finish(connection, temporary)

    def described(self, connection: DuckDBPyConnection, part_id: str, file: Path) -> tuple[Part | None, array[int]]:
        """Return the catalog's entry for a part and the hashes of its sessions; None and no hashes if it has no events.

        Raises duckdb.Error, UnreadableError and OSError if the file is damaged.
        """
        row = connection.execute(f"SELECT count(*), min(timestamp), max(timestamp) FROM {parquet([file])}").fetchone()
        if not row or not row[0]:
            return None, array("Q")
        events, first, last = row
        if not isinstance(first, datetime) or not isinstance(last, datetime):
            raise damaged(self._folder, "an event has no time")
        hashes = read_hashes(connection, file, self._schema.session)
        part = Part(
            id=part_id,
            events=events,
            bytes=file.stat().st_size,
            first=_iso(first),
            last=_iso(last),
            sessions=len(hashes),
            checksum=checksum(hashes),
            file_checksum=file_checksum(file),
        )
        return part, hashes

    def _finish(self, connection: DuckDBPyConnection, temporary: Path) -> Part | None:
        sync_file(temporary)
        part, hashes = self.described(connection, new_id(), temporary)
        if part is not None:
            replace_file(marker(part.file(self._folder)), b"")
            temporary.replace(part.file(self._folder))
            write_index(part.index(self._folder), hashes)
        return part

    def temporary(self) -> Path:
        """Make an empty temporary file for `copy_to`, which `clean_up` removes. Raises OSError."""
        return make_file(self._folder / f".{new_id()}.tmp")


def clean_up(folder: Path, catalog: Catalog) -> None:
    """Remove replaced files and those left by killed processes, but not unknown Parquet files.

    The caller must hold the lock for making parts.
    """
    kept = set()
    for path in leftovers(folder, catalog):
        # A file that can't be removed now (Windows keeps open files) is removed the next time, with its marker.
        try:
            if path.stem not in kept:
                path.unlink(missing_ok=True)
        except OSError:
            kept.add(path.stem)


def leftovers(folder: Path, catalog: Catalog) -> list[Path]:
    """Return the files without effect, in the order in which they may be removed: markers after the files they mark."""
    listed = {path for part in catalog.parts for path in (part.file(folder), part.index(folder))}
    listed |= {deletion_file(folder, name) for name in catalog.deletions}
    paths = [folder / name for name in sorted(file_names(folder))]
    marks = [path for path in paths if path.suffix == ".new" and path.name.startswith(("part-", "deleted-"))]
    replaced = {part_file(folder, name) for name in catalog.replaced} if nobody_reads(folder) else set()
    parts = {path for path in paths if path.suffix == ".parquet"} - replaced
    doomed = [aside(folder, name) for name in catalog.absorbed]
    doomed += [path for path in paths if path.name.startswith(".") and path.suffix == ".tmp"]
    doomed += [path for mark in marks for path in (mark.with_suffix(".parquet"), mark.with_suffix(".json"))]
    doomed += replaced
    doomed += [
        path
        for path in paths
        if path.name.startswith("part-")
        and path.suffix == ".sessions"
        and (path.with_suffix(".parquet") not in parts or path.with_suffix(".new") in marks)
    ]
    there = set(paths)
    return [path for path in doomed if path in there and path not in listed] + marks


def count(connection: DuckDBPyConnection, source: str) -> int:
    """Return the number of rows of a FROM clause."""
    row = connection.execute(f"SELECT count(*) FROM {source}").fetchone()
    return int(row[0]) if row else 0


def _iso(moment: datetime) -> str:
    return format_instant(moment.replace(tzinfo=UTC))
