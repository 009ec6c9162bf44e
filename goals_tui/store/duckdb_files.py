"""Connections to DuckDB and the SQL for reading and writing files, which no other module builds.

DuckDB interprets paths: a folder `id=abc` replaces the column `id` (Hive partitioning), `~` is the home folder, `[`,
`*` and `?` are patterns, `s3://` is the network. The functions here make a path mean exactly that file.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import itertools
import json
import os
import shutil
import sys
import tempfile
import uuid
import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.text import clean_line

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY_LIMIT = "1GB"
"""The memory that one DuckDB may use before it moves data to temporary files."""

_PATTERN = "[*?"
_LONGEST_REASON = 300
_NOTE = "goals-tui"
"""The key of the note in the metadata of a Parquet file."""

PARQUET = "FORMAT parquet, COMPRESSION zstd"


_names: weakref.WeakKeyDictionary[DuckDBPyConnection, str] = weakref.WeakKeyDictionary()
"""The databases of the connections that `bare_connection` made."""
_numbers = itertools.count(1)


def bare_connection() -> DuckDBPyConnection:
    """Return a connection to a new and empty database in memory, in UTC, that loads nothing from the network.

    These databases share one DuckDB, with its threads and its bounded memory, because starting another takes longer
    than most queries. A cursor of such a connection is made by `cursor_of`.
    """
    import duckdb

    try:
        return _new_database(_shared_duckdb(os.getpid()))
    except duckdb.FatalException:
        # DuckDB refuses all work after an internal error.
        _shared_duckdb.cache_clear()
        return _new_database(_shared_duckdb(os.getpid()))


def separate_connection() -> DuckDBPyConnection:
    """Return a connection like `bare_connection`, but to a DuckDB of its own.

    For files of others, which may bring DuckDB to an internal error, and for work that changes settings.
    """
    import duckdb

    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "enable_external_file_cache": False,
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": _spill_folder(os.getpid()),
        }
    )
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


def cursor_of(connection: DuckDBPyConnection) -> DuckDBPyConnection:
    """Return another connection to the same database, for a query that runs beside others."""
    cursor = connection.cursor()
    if name := _names.get(connection):
        cursor.execute(f"USE {name}")
    return cursor


@functools.cache
def _shared_duckdb(_process: int) -> DuckDBPyConnection:
    """Return the DuckDB of all bare connections. The argument gives a forked process one of its own."""
    return separate_connection()


if sys.platform != "win32":
    # A forked process would wait at its end for threads that it does not have.
    os.register_at_fork(before=_shared_duckdb.cache_clear)


def _new_database(shared: DuckDBPyConnection) -> DuckDBPyConnection:
    connection, name = shared.cursor(), f"own_{next(_numbers)}"
    connection.execute(f"ATTACH ':memory:' AS {name}; USE {name}")
    _names[connection] = name
    weakref.finalize(connection, _detach, weakref.ref(shared), name, os.getpid()).atexit = False
    return connection


def _detach(shared: weakref.ref[DuckDBPyConnection], name: str, process: int) -> None:
    """Free the memory of a database whose connection is gone."""
    import duckdb

    # A forked process has copies of the connections, but none of DuckDB's threads.
    if process == os.getpid() and (running := shared()) is not None:
        with contextlib.suppress(duckdb.Error):
            running.cursor().execute(f"DETACH {name}")


def parquet(files: Iterable[Path], *, row_numbers: bool = False, bytes_as_text: bool = False) -> str:
    """Return SQL for FROM that reads the rows of Parquet files. Raises UnreadableError.

    `row_numbers` adds the column file_row_number. `bytes_as_text` reads byte columns as text, which older writers of
    Parquet intend.
    """
    numbered = ", file_row_number = true" if row_numbers else ""
    text = ", binary_as_string = true" if bytes_as_text else ""
    return f"read_parquet([{_listed(files)}], hive_partitioning = false{numbered}{text})"


def csv_rows(file: Path, width: int, delimiter: str = ",", skip: int = 0) -> str:
    """Return SQL for FROM that reads the rows of a UTF-8 CSV file as `width` text columns c0, c1, ...

    The first `skip` lines are left out. An empty cell is null, and a blank line is no row. The query fails if a row has
    another width or a quote is wrong. Raises UnreadableError.
    """
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(width))
    return (
        f"read_csv([{_listed([file])}], auto_detect = false, header = false, skip = {skip}, "
        f"delim = {sql_text(delimiter)}, quote = '\"', escape = '\"', strict_mode = true, hive_partitioning = false, "
        f"columns = {{{columns}}})"
    )


def json_lines(
    files: Iterable[Path],
    columns: Mapping[str, str],
    longest: int | None = None,
    *,
    strict: bool = False,
    named: bool = False,
) -> str:
    """Return SQL for FROM that reads JSON Lines files; all columns are null for a line that is not a JSON object.

    `columns` maps fields to types: VARCHAR turns numbers and lists into text, JSON keeps them as they are. The query
    fails at a line longer than `longest` bytes (None: 16 MB) and, if `strict`, at a line that is not an object.
    `named` adds the column filename. Raises UnreadableError.
    """
    fields = ", ".join(f"{sql_text(name)}: {sql_text(kind)}" for name, kind in columns.items())
    limit = f", maximum_object_size = {longest}" if longest else ""
    names = ", filename = true" if named else ""
    return (
        f"read_json([{_listed(files)}], format = 'newline_delimited', records = true, hive_partitioning = false, "
        f"ignore_errors = {str(not strict).lower()}, columns = {{{fields}}}{limit}{names})"
    )


def copy_to(
    connection: DuckDBPyConnection, sql: str, file: Path, form: str = PARQUET, note: Mapping[str, Any] | None = None
) -> int:
    """Write the rows of a query to a new or existing file and return their number.

    `form` holds the options of COPY; `note` is stored in the metadata of a Parquet file.
    Raises UnreadableError for a path that DuckDB can't use, and DuckDB's errors.
    """
    if note is not None:
        form += f", KV_METADATA {{{sql_text(_NOTE)}: {sql_text(json.dumps(note))}}}"
    # Write to the existing file, which has the right mode, instead of replacing it.
    form += ", USE_TMP_FILE false"
    row = connection.execute(f"COPY ({sql}) TO {sql_text(_usable(file))} ({form})").fetchone()
    return int(row[0]) if row else 0


def note_of(connection: DuckDBPyConnection, file: Path) -> dict[str, Any] | None:
    """Return the note in the metadata of a Parquet file, or None. Raises DuckDB's errors."""
    rows = connection.execute(
        f"SELECT value FROM parquet_kv_metadata({_listed([file])}) WHERE key = {sql_text(_NOTE)}::BLOB"
    ).fetchall()
    try:
        found = json.loads(rows[0][0]) if rows else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def sql_text(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def uuid5(name: str) -> str:
    """Return SQL for `uuid.uuid5(uuid.NAMESPACE_OID, name)`, given the SQL of the name."""
    namespace = "".join(f"\\x{byte:02X}" for byte in uuid.NAMESPACE_OID.bytes)
    digest = f"sha1('{namespace}'::BLOB || encode({name}))"
    variant = "substr('89ab', (strpos('0123456789abcdef', substr(d, 17, 1)) - 1) % 4 + 1, 1)"
    made = (
        "concat(substr(d, 1, 8), '-', substr(d, 9, 4), '-5', substr(d, 14, 3), '-', "
        f"{variant}, substr(d, 18, 3), '-', substr(d, 21, 12))"
    )
    return f"list_transform([{digest}], lambda d: {made})[1]"


def unusable(path: Path) -> str | None:
    """Return the reason why DuckDB can't use files of this path, as a phrase; None if it can."""
    text = str(path.absolute())
    try:
        text.encode()
    except UnicodeEncodeError:
        return "it is not valid UTF-8"
    if os.sep != "\\" and "\\" in text and any(character in text for character in _PATTERN):
        return "it has a backslash and one of [ * ?"
    return None


def damage() -> tuple[type[Exception], ...]:
    """Return the exceptions that DuckDB raises for damaged files, for use in `except`.

    UnicodeDecodeError occurs when a message quotes bytes of the file.
    """
    import duckdb

    return duckdb.Error, UnicodeDecodeError


def reason_of(error: Exception) -> str:
    """Return DuckDB's complaint as one short line."""
    if isinstance(error, UnicodeDecodeError):
        return "it holds text that is not UTF-8"
    text = str(error)
    if "No space left on device" in text:
        return "no space left on device"
    # The message may quote the content of a damaged file.
    return clean_line(text.partition("\n")[0].partition("{")[0])[:_LONGEST_REASON].rstrip(".: ")


def _listed(files: Iterable[Path]) -> str:
    """Return paths as a list for a query: quoted, with characters of patterns escaped."""
    return ", ".join(
        sql_text("".join(f"[{one}]" if one in _PATTERN else one for one in _usable(file))) for file in files
    )


def _usable(file: Path) -> str:
    why = unusable(file)
    if why:
        shown = os.fsencode(file).decode(errors="replace")
        raise UnreadableError(f"Can't use the path {shown!r}: {why}. Rename the file or folder.")
    # DuckDB would expand ~ in a relative path, or take s3: for the network.
    return str(file.absolute())


def _spill_folder(process: int) -> str:
    """Return a new folder for data that exceeds DuckDB's memory; "" (no such data) if none can be written."""
    private = _private_folder(process)
    # One folder per DuckDB: two would overwrite each other's files.
    return str(Path(private, uuid.uuid4().hex)) if private else ""


@functools.cache
def _private_folder(_process: int) -> str:
    """Return a temporary folder that only the user can open, deleted when the process ends; "" if there is none.

    DuckDB would make one that everybody can open. The argument gives a forked process a folder of its own.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="goals-tui-")).absolute()
    except OSError:
        return ""
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return "" if unusable(folder) else str(folder)
