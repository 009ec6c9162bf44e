"""The check of all files of the event log (`goals-tui events verify`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.domain.errors import UnreadableError
from goals_tui.format import plural
from goals_tui.store.duckdb_files import bare_connection, damage, parquet, reason_of
from goals_tui.store.events.catalog import Catalog, Part, committed, file_names, part_file
from goals_tui.store.events.part_files import leftovers
from goals_tui.store.events.reader import (
    GoneError,
    appended_files,
    check_content,
    damage_named,
    duplicate_rows,
    hold_parts,
    load_sealed,
    load_whole_appends,
    read_again,
    torn_rows,
)
from goals_tui.store.events.schema import Schema
from goals_tui.store.locks import Lock

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_RESTORE = "Put it back from a backup."


@dataclass(frozen=True, slots=True)
class VerifyFinding:
    """A problem: a `code` for scripts, the file, and a message that says what it means and what to do."""

    code: str
    file: str
    message: str


def verify(folder: Path, load: Callable[[], Catalog], schema: Schema, lock: Lock) -> list[VerifyFinding]:
    """Read all parts and lines and return the problems. `lock` is the one for appending.

    Raises UnreadableError if the folder can't be read.
    """
    return read_again(folder, lambda: _verify(folder, load, schema, lock))


def _verify(folder: Path, load: Callable[[], Catalog], schema: Schema, lock: Lock) -> list[VerifyFinding]:
    release = hold_parts(folder)
    try:
        catalog = load()
        if not folder.exists():
            return []
        wrong, whole = _parts(folder, catalog, schema)
        if wrong and load() != catalog:
            # Where parts can't be held, replaced ones may be gone.
            raise GoneError
        found = [*wrong, *_lines(folder, catalog, whole, schema, lock), *_uncounted(folder, catalog, load)]
        return [*found, *_leftovers(folder, catalog)]
    finally:
        release()


def _parts(folder: Path, catalog: Catalog, schema: Schema) -> tuple[list[VerifyFinding], list[Part]]:
    """Return the problems of the parts, and the parts that can be read."""
    wrong, whole = [], []
    with bare_connection() as connection:
        for part in catalog.parts:
            name = part.file(folder).name
            try:
                check_content(folder, part)
                events, readable, distinct = _read(connection, part.file(folder), schema)
            except UnreadableError as error:
                wrong.append(VerifyFinding("damaged-part", name, str(error)))
                continue
            whole.append(part)
            if events != part.events or readable != events:
                message = f"It should hold {plural(part.events, 'event')} and holds {readable:,}. {_RESTORE}"
                wrong.append(VerifyFinding("damaged-part", name, message))
            elif distinct != events:
                message = f"Events that are in it more than once: {events - distinct:,}."
                wrong.append(VerifyFinding("duplicates", name, message))
    return wrong, whole


def _read(connection: DuckDBPyConnection, file: Path, schema: Schema) -> tuple[int, int, int]:
    """Return the number of rows, of readable events, and of distinct ids. Raises UnreadableError."""
    columns = ", ".join(f'count("{name}")' for name in schema.fields)
    try:
        types = connection.execute(f"DESCRIBE SELECT {schema.columns} FROM {parquet([file])}").fetchall()
        for (name, right), (_, kind, *_) in zip(schema.kinds.items(), types, strict=True):
            if kind != right:
                raise UnreadableError(f"Its column {name} is {kind}, not {right}. {_RESTORE}")
        row = connection.execute(
            f"SELECT count(*), count(*) FILTER (WHERE {schema.readable}), count(DISTINCT id), {columns} "
            f"FROM {parquet([file])}"
        ).fetchone()
    except damage() as error:
        raise UnreadableError(f"It can't be read: {reason_of(error)}. {_RESTORE}") from error
    events, readable, distinct = row[:3] if row else (0, 0, 0)
    return events, readable, distinct


def _lines(
    folder: Path, catalog: Catalog, whole: Sequence[Part], schema: Schema, lock: Lock
) -> Iterator[VerifyFinding]:
    files = appended_files(folder, catalog, schema)
    with damage_named(folder), bare_connection() as connection:
        load_whole_appends(connection, files, schema, lock)
        load_sealed(connection, folder, whole, schema)
        torn, twice = torn_rows(connection), duplicate_rows(connection)
    names = ", ".join(file.name for file in files if file.exists())
    if torn:
        message = f"Unreadable lines: {torn:,}. Sealing keeps them in torn-*.jsonl."
        yield VerifyFinding("torn-lines", names, message)
    if catalog.torn:
        message = f"Unreadable lines set aside by sealing: {catalog.torn:,}. Correct and import them, or delete them."
        yield VerifyFinding("torn-lines", "torn-*.jsonl", message)
    if twice:
        message = f"Events that are there more than once: {twice:,}. Each counts once; sealing drops the others."
        yield VerifyFinding("duplicates", names, message)


def _uncounted(folder: Path, catalog: Catalog, load: Callable[[], Catalog]) -> Iterator[VerifyFinding]:
    uncounted = committed(file_names(folder), "part-", ".parquet") - _listed(catalog)
    if uncounted:
        # A part that was made meanwhile is listed before its mark is removed.
        uncounted -= _listed(load())
    for path in (part_file(folder, part_id) for part_id in sorted(uncounted)):
        if not path.exists():
            continue
        try:
            with damage_named(folder), bare_connection() as connection:
                row = connection.execute(
                    f"SELECT count(*), min(timestamp)::DATE, max(timestamp)::DATE FROM {parquet([path])}"
                ).fetchone()
        except UnreadableError:
            row = None
        if row and row[0]:
            message = (
                f"Not counted: {plural(row[0], 'event')} of {row[1]} to {row[2]}. parts.json doesn't list this file, "
                "and nothing removes it. Delete it, or delete parts.json to have it made anew with these events."
            )
        else:
            message = "It is no part of this log, or damaged. It counts for nothing, and nothing removes it."
        yield VerifyFinding("uncounted-part", path.name, message)


def _listed(catalog: Catalog) -> set[str]:
    return {*(part.id for part in catalog.parts), *catalog.replaced}


def _leftovers(folder: Path, catalog: Catalog) -> Iterator[VerifyFinding]:
    for path in leftovers(folder, catalog):
        message = "Left over from work that was cut off or is under way; it counts for nothing. Sealing removes it."
        yield VerifyFinding("leftover", path.name, message)
