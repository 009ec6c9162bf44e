"""Reading of the event log through DuckDB, with sealed parts and appended lines as one view."""

from __future__ import annotations

import contextlib
import os
import sys
import weakref
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.atomic import State, refusal, scratch_folder, state_of
from goals_tui.store.duckdb_files import bare_connection, damage, json_lines, parquet, reason_of
from goals_tui.store.events.append import state_at_rest
from goals_tui.store.events.catalog import Catalog, Part, waiting
from goals_tui.store.events.lines import sort_lines
from goals_tui.store.events.schema import Schema
from goals_tui.store.locks import Lock

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Found = TypeVar("Found")

_TRIES = 50

_RESTORE = "Put that file back from a backup; `goals-tui events verify` lists every such file"


def connect(folder: Path, load: Callable[[], Catalog], schema: Schema, lock: Lock) -> DuckDBPyConnection:
    """Return a connection with the current log: a view with the schema's name over the views `sealed` and `appended`.

    Appended lines are read once, so that all queries of the connection see the same events, whatever is appended,
    sealed or deleted meanwhile. `lock` is the one for appending. Raises UnreadableError.
    """
    return read_again(folder, lambda: _connect(folder, load, schema, lock))


def _connect(folder: Path, load: Callable[[], Catalog], schema: Schema, lock: Lock) -> DuckDBPyConnection:
    with contextlib.ExitStack() as undone, damage_named(folder):
        hold = hold_parts(folder)
        undone.callback(hold)
        with at_one_moment(folder, load, schema) as (catalog, files):
            connection = undone.enter_context(bare_connection())
            load_whole_appends(connection, files, schema, lock)
        load_sealed(connection, folder, catalog.parts, schema)
        undone.pop_all()
        weakref.finalize(connection, hold)
        return connection


@contextlib.contextmanager
def at_one_moment(
    folder: Path, load: Callable[[], Catalog], schema: Schema
) -> Iterator[tuple[Catalog, Sequence[Path]]]:
    """Give the catalog and the files of `appended_files`, for a block that reads their lines.

    Raises GoneError if lines were sealed or parts changed meanwhile. Turns an OSError into an UnreadableError.
    """
    catalog = load()
    files = appended_files(folder, catalog, schema)
    try:
        before = _inodes(files)
        yield catalog, files
        if load() != catalog or appended_files(folder, catalog, schema) != files or _inodes(files) != before:
            raise GoneError
    except OSError as error:
        raise refusal("read", folder, error) from error


def read_again(folder: Path, read: Callable[[], Found]) -> Found:
    """Call `read` again while it raises GoneError, and return what it returns. Raises UnreadableError."""
    for _ in range(_TRIES):
        with contextlib.suppress(GoneError):
            return read()
    raise UnreadableError(f"The events in {folder} change faster than they can be read. Try again.")


def appended_files(folder: Path, catalog: Catalog, schema: Schema) -> list[Path]:
    """Return the files of lines that are in no part yet, oldest first."""
    return [*waiting(folder, catalog), folder / schema.appended]


class GoneError(Exception):
    """A file of lines was sealed after it was found and before it was read."""


def load_whole_appends(connection: DuckDBPyConnection, files: Sequence[Path], schema: Schema, lock: Lock) -> None:
    """Load the files of `appended_files` like `load_appended`; of an append that goes on meanwhile all or nothing.

    Raises OSError, UnreadableError, GoneError.
    """
    *sealing, appended = files
    rest = state_at_rest(appended, lock)
    sealing = [file for file in sealing if file.exists()]
    load_appended(connection, [*sealing, appended] if rest else sealing, schema)
    if rest is None or state_of(appended) == rest:
        return
    # DuckDB may have met the file in the middle of an append: it is read again, up to its size at rest.
    connection.execute("DROP VIEW appended")
    connection.execute("DROP TABLE lines")
    with scratch_folder() as place:
        copy = place / appended.name
        try:
            _copy_start(appended, copy, rest)
        except FileNotFoundError as error:
            raise GoneError from error
        load_appended(connection, [*sealing, copy], schema)


def _copy_start(source: Path, target: Path, rest: State) -> None:
    """Copy a file up to its size at rest. Raises OSError, GoneError."""
    with source.open("rb") as lines, target.open("wb") as copy:
        if os.fstat(lines.fileno()).st_ino != rest.inode:
            raise GoneError
        left = rest.size
        while chunk := lines.read(min(left, 1 << 20)):
            copy.write(chunk)
            left -= len(chunk)


def load_appended(connection: DuckDBPyConnection, files: Sequence[Path], schema: Schema) -> None:
    """Make the table `lines` with all lines, where unreadable ones have null columns, and the view `appended`.

    Raises GoneError.
    """
    import duckdb

    if files:
        try:
            connection.execute(_load_lines(files, schema))
        except duckdb.IOException as error:
            _check_open(files)
            raise GoneError from error
        except duckdb.InvalidInputException:
            load_carefully(connection, files, schema)
    else:
        connection.execute(f"CREATE TABLE lines ({schema.table})")
    connection.execute(f"CREATE VIEW appended AS SELECT {schema.columns} FROM lines WHERE {schema.readable}")


def _load_lines(files: Sequence[Path], schema: Schema) -> str:
    source = json_lines(files, dict.fromkeys(schema.fields, "JSON"))
    return f"CREATE TABLE lines AS SELECT {schema.of_line} FROM {source}"


def _check_open(files: Sequence[Path]) -> None:
    """Raise OSError if a file exists but can't be read, so that another try would not help."""
    for file in files:
        with contextlib.suppress(FileNotFoundError), file.open("rb"):
            pass


def load_carefully(connection: DuckDBPyConnection, files: Sequence[Path], schema: Schema) -> None:
    """Load files that have a line longer than 16 MB, at which DuckDB fails, by way of a clean copy."""
    with scratch_folder() as place:
        clean = place / "clean.jsonl"
        with clean.open("wb") as good:
            torn = sum(sort_lines(file, good.write, lambda _piece: None, schema) for file in files)
            good.write(b"null\n" * torn)
        connection.execute(_load_lines([clean], schema))


def load_sealed(connection: DuckDBPyConnection, folder: Path, parts: Sequence[Part], schema: Schema) -> None:
    """Make the view `sealed` and the view with the schema's name.

    Raises UnreadableError if a part is missing or damaged.
    """
    for part in parts:
        check_part(folder, part)
    if parts:
        rows = parquet(part.file(folder) for part in parts)
        try:
            connection.execute(f"CREATE VIEW sealed AS SELECT {schema.columns} FROM {rows}")
        except damage() as error:
            raise UnreadableError(
                f"The sealed events in {folder} are damaged: {reason_of(error)}. {_RESTORE}."
            ) from error
        connection.execute(f"CREATE VIEW {schema.name} AS SELECT * FROM sealed UNION ALL SELECT * FROM appended")
    else:
        connection.execute(f"CREATE VIEW sealed AS SELECT {schema.columns} FROM lines WHERE false")
        connection.execute(f"CREATE VIEW {schema.name} AS SELECT * FROM appended")


def torn_rows(connection: DuckDBPyConnection) -> int:
    """Return the number of unreadable appended lines."""
    return _number(connection, "SELECT (SELECT count(*) FROM lines) - (SELECT count(*) FROM appended)")


def duplicate_rows(connection: DuckDBPyConnection) -> int:
    """Return the number of appended events whose id an earlier event has, appended or sealed."""
    if not _number(connection, "SELECT count(*) FROM lines"):
        return 0  # The question below would read all sealed ids.
    return _number(
        connection,
        "SELECT (SELECT count(*) - count(DISTINCT id) FROM appended) + "
        "(SELECT count(DISTINCT id) FROM appended WHERE id IN (SELECT id FROM sealed))",
    )


def _number(connection: DuckDBPyConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0


def check_part(folder: Path, part: Part) -> None:
    """Check the size and both ends of a part's file. Raises UnreadableError."""
    path = part.file(folder)
    try:
        with path.open("rb") as file:
            head = file.read(4)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - 4, 0))
            whole = size == part.bytes and head == b"PAR1" == file.read(4)
    except FileNotFoundError:
        raise UnreadableError(f"The sealed events {path} are missing. {_RESTORE}.") from None
    except OSError as error:
        raise refusal("read", path, error) from error
    if not whole:
        raise UnreadableError(f"The sealed events {path} are damaged. {_RESTORE}.")


def check_content(folder: Path, part: Part) -> None:
    """Check the checksum of a part's file, which reads all of it. Raises UnreadableError."""
    check_part(folder, part)
    path = part.file(folder)
    try:
        same = part.file_checksum in (None, file_checksum(path))
    except OSError as error:
        raise refusal("read", path, error) from error
    if not same:
        raise UnreadableError(f"The sealed events {path} are damaged. {_RESTORE}.")


def file_checksum(path: Path) -> int:
    """Return the CRC-32 of a file. Raises OSError."""
    found = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            found = zlib.crc32(chunk, found)
    return found


def damaged(folder: Path, why: str) -> UnreadableError:
    """Return the error for an event with an impossible value, as found in a damaged part. `why` is a phrase."""
    return UnreadableError(f"The events in {folder} can't be read: {why}. See goals-tui events verify.")


@contextlib.contextmanager
def damage_named(folder: Path) -> Iterator[None]:
    """Turn DuckDB's errors about damaged files, which only appear when they are read, into UnreadableError."""
    import duckdb

    try:
        yield
    except duckdb.InterruptException:
        raise
    except damage() as error:
        raise damaged(folder, reason_of(error)) from error


def hold_parts(folder: Path) -> Callable[[], None]:
    """Keep replaced parts from being removed until the returned function is called (see `nobody_reads`)."""
    if sys.platform == "win32":
        return lambda: None
    descriptor = -1
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # the folder is missing, or the file system has no locks: a query may have to be repeated
        pass
    return lambda: os.close(descriptor) if descriptor >= 0 else None


def nobody_reads(folder: Path) -> bool:
    """Return whether no connection can still be reading a replaced part."""
    if sys.platform == "win32":
        return True
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _inodes(files: Sequence[Path]) -> list[int]:
    found = []
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            found.append(file.stat().st_ino)
    return found
