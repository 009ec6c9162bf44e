"""The only place where DuckDB is opened and told to read or write a file.

DuckDB takes more from a path than where a file is: a folder `id=abc` replaces the column `id` (Hive partitioning),
`~` is the home folder, `[`, `*` and `?` are patterns, `s3://` is the network. Here a path means that file.
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
"""What one connection may take before DuckDB moves data to temporary files."""

_PATTERN = "[*?"
_LONGEST_REASON = 300
_NOTE = "goals-tui"
"""The key of our own note among the metadata of a Parquet file."""

PARQUET = "FORMAT parquet, COMPRESSION zstd"


def bare_connection() -> DuckDBPyConnection:
    """An empty in-memory DuckDB: bounded memory, UTC, and nothing is ever loaded from the network."""
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
    """The rows of Parquet files, for FROM; `row_numbers` adds the column file_row_number. Raises UnreadableError.

    `bytes_as_text` takes bytes for text, as old writers of Parquet mean them.
    """
    numbered = ", file_row_number = true" if row_numbers else ""
    text = ", binary_as_string = true" if bytes_as_text else ""
    return f"read_parquet([{_listed(files)}], hive_partitioning = false{numbered}{text})"


def csv_rows(file: Path, width: int, delimiter: str = ",", skip: int = 0) -> str:
    """The rows of a CSV file in UTF-8, for FROM, after `skip` lines: `width` columns c0, c1, ... of text.

    An empty cell is null, a blank line no row. The query fails where a row has another width or a quote is wrong.
    Raises UnreadableError.
    """
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(width))
    return (
        f"read_csv([{_listed([file])}], auto_detect = false, header = false, skip = {skip}, "
        f"delim = {_quoted(delimiter)}, quote = '\"', escape = '\"', strict_mode = true, hive_partitioning = false, "
        f"columns = {{{columns}}})"
    )


def json_lines(
    files: Iterable[Path], columns: Mapping[str, str], longest: int | None = None, *, strict: bool = False
) -> str:
    """The lines of JSON Lines files, for FROM; every column is null where a line is no JSON object.

    `columns` gives each field its type: VARCHAR takes numbers and lists for text, JSON keeps what they were. DuckDB
    gives up on a line over `longest` bytes (None: 16 MB). `strict` fails at any line that is no object. Raises
    UnreadableError.
    """
    fields = ", ".join(f"{_quoted(name)}: {_quoted(kind)}" for name, kind in columns.items())
    limit = f", maximum_object_size = {longest}" if longest else ""
    return (
        f"read_json([{_listed(files)}], format = 'newline_delimited', records = true, hive_partitioning = false, "
        f"ignore_errors = {str(not strict).lower()}, columns = {{{fields}}}{limit})"
    )


def copy_to(
    connection: DuckDBPyConnection, sql: str, file: Path, form: str = PARQUET, note: Mapping[str, Any] | None = None
) -> int:
    """Write the rows of a query to a file, which may be there already; how many.

    `form` is as COPY takes it, `note` goes into the metadata.
    Raises UnreadableError for a path that DuckDB can't use, and what DuckDB raises.
    """
    if note is not None:
        form += f", KV_METADATA {{{_quoted(_NOTE)}: {_quoted(json.dumps(note))}}}"
    # Into the file that is there, whose mode is the right one, instead of another that takes its place.
    form += ", USE_TMP_FILE false"
    row = connection.execute(f"COPY ({sql}) TO {_quoted(_usable(file))} ({form})").fetchone()
    return int(row[0]) if row else 0


def note_of(connection: DuckDBPyConnection, file: Path) -> dict[str, Any] | None:
    """The note in the metadata of a Parquet file; None where there is none. Raises what DuckDB raises."""
    rows = connection.execute(
        f"SELECT value FROM parquet_kv_metadata({_listed([file])}) WHERE key = {_quoted(_NOTE)}::BLOB"
    ).fetchall()
    try:
        found = json.loads(rows[0][0]) if rows else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def uuid5(name: str) -> str:
    """SQL for `uuid.uuid5(uuid.NAMESPACE_OID, name)`, given the SQL of the name."""
    namespace = "".join(f"\\x{byte:02X}" for byte in uuid.NAMESPACE_OID.bytes)
    digest = f"sha1('{namespace}'::BLOB || encode({name}))"
    variant = "substr('89ab', (strpos('0123456789abcdef', substr(d, 17, 1)) - 1) % 4 + 1, 1)"
    made = (
        "concat(substr(d, 1, 8), '-', substr(d, 9, 4), '-5', substr(d, 14, 3), '-', "
        f"{variant}, substr(d, 18, 3), '-', substr(d, 21, 12))"
    )
    return f"list_transform([{digest}], lambda d: {made})[1]"


def unusable(path: Path) -> str | None:
    """Why DuckDB can't read or write files of this path, as a phrase; None where it can."""
    text = str(path.absolute())
    try:
        text.encode()
    except UnicodeEncodeError:
        return "it is not valid UTF-8"
    if os.sep != "\\" and "\\" in text and any(character in text for character in _PATTERN):
        return "it has a backslash and one of [ * ?"
    return None


def damage() -> tuple[type[Exception], ...]:
    """What DuckDB raises where a file is not what it should be, for `except`.

    UnicodeDecodeError comes of a message that quotes bytes of the file.
    """
    import duckdb

    return duckdb.Error, UnicodeDecodeError


def reason_of(error: Exception) -> str:
    """What DuckDB complains about, in one short line."""
    if isinstance(error, UnicodeDecodeError):
        return "it holds text that is not UTF-8"
    text = str(error)
    if "No space left on device" in text:
        return "no space left on device"
    # It may quote what stands in a damaged file.
    return clean_line(text.partition("\n")[0].partition("{")[0])[:_LONGEST_REASON].rstrip(".: ")


def _listed(files: Iterable[Path]) -> str:
    """Paths as DuckDB reads them in a query: quoted, and no character of them taken for a pattern."""
    return ", ".join(
        _quoted("".join(f"[{one}]" if one in _PATTERN else one for one in _usable(file))) for file in files
    )


def _usable(file: Path) -> str:
    why = unusable(file)
    if why:
        shown = os.fsencode(file).decode(errors="replace")
        raise UnreadableError(f"Can't use the path {shown!r}: {why}. Rename the file or folder.")
    # In a relative one DuckDB would look for the home folder (~) or the network (s3:).
    return str(file.absolute())


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _spill_folder(process: int) -> str:
    """Where DuckDB puts what exceeds its memory; empty (then it may not) where no temporary file can be written."""
    private = _private_folder(process)
    # A folder for each connection: two that write to one would overwrite each other's files.
    return str(Path(private, uuid.uuid4().hex)) if private else ""


@functools.cache
def _private_folder(_process: int) -> str:
    """A folder for temporary files that only the user can open, gone when the process ends; empty where there is none.

    DuckDB would make one that everybody can open. A forked process gets one of its own.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="goals-tui-")).absolute()
    except OSError:
        return ""
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return "" if unusable(folder) else str(folder)
