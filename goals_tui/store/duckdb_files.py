"""Connections to DuckDB and the SQL for reading and writing files, which no other module builds.

DuckDB interprets paths: a folder `id=abc` replaces the column `id` (Hive partitioning), `~` is the home folder, `[`,
`*` and `?` are patterns, `s3://` is the network. The functions here make a path mean exactly that file.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.text import clean_line

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY_LIMIT = "1GB"
"""The memory that a connection may use before DuckDB moves data to temporary files."""

_PATTERN = "[*?"
_LONGEST_REASON = 300
_NOTE = "goals-tui"
"""The key of the note in the metadata of a Parquet file."""

PARQUET = "FORMAT parquet, COMPRESSION zstd"


def bare_connection() -> DuckDBPyConnection:
    """Return an empty in-memory DuckDB with bounded memory, in UTC, that loads nothing from the network."""
    import duckdb

    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "memory_limit": MEMORY_LIMIT,
            "temp_directory": _spill_folder(os.getpid()),
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    return connection


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
    files: Iterable[Path], columns: Mapping[str, str], longest: int | None = None, *, strict: bool = False
) -> str:
    """Return SQL for FROM that reads JSON Lines files; all columns are null for a line that is not a JSON object.

    `columns` maps fields to types: VARCHAR turns numbers and lists into text, JSON keeps them as they are. The query
    fails at a line longer than `longest` bytes (None: 16 MB) and, if `strict`, at a line that is not an object. Raises
    UnreadableError.
    """
    fields = ", ".join(f"{sql_text(name)}: {sql_text(kind)}" for name, kind in columns.items())
    limit = f", maximum_object_size = {longest}" if longest else ""
    return (
        f"read_json([{_listed(files)}], format = 'newline_delimited', records = true, hive_partitioning = false, "
        f"ignore_errors = {str(not strict).lower()}, columns = {{{fields}}}{limit})"
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
    # One folder per connection: two connections would overwrite each other's files.
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
