"""Records of logs whose format defines session, name and time: what `process_logs` and `agent_logs` share.

Each file is streamed and rewritten as JSON Lines, which DuckDB reads, so that memory is bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from goals_tui.services.imports.json_stream import JsonStream
from goals_tui.services.imports.table import UnusableError
from goals_tui.store.duckdb_files import json_lines, separate_connection
from goals_tui.store.events.bulk_import import LONGEST_LINE

COLUMNS = (
    "id",
    "session",
    "time",
    "kind",
    "name",
    "text",
    "parent",
    "flow",
    "endpoint",
    "locale",
    "snapshot",
    "channel",
)
"""The columns of a record. Records of the same moment stay in the order of the file."""

_FIELDS = {"fault": "VARCHAR"} | dict.fromkeys(COLUMNS, "VARCHAR")
MOST_WAITING = 200_000
"""The most records that are kept until what they need comes behind them."""

Record = dict[str, Any]


Records = Callable[[Sequence[Path]], str]
"""Makes a query for the records in files of lines: filename, `fault` and COLUMNS, all VARCHAR."""


class RecordLog:
    """An open log of records: those that `records` reads from the file `lines`.

    Logs with the same `records` can be read by one query, because planning one takes longer than reading a small file.
    """

    columns: tuple[str, ...] = COLUMNS

    def __init__(self, records: Records, lines: Path, notes: Sequence[str] = ()) -> None:
        self.records = records
        self.lines = lines
        self.notes: tuple[str, ...] = tuple(notes)

    def query(self, columns: Sequence[str]) -> str | None:
        """Return a DuckDB query for the fault of each record and then the given columns."""
        return f"SELECT fault, {', '.join(columns)} FROM ({self.records([self.lines])})"

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        """Yield the fault of each record (empty for a usable one) and its cells. Raises UnusableError."""
        import duckdb

        try:
            with separate_connection() as connection:
                found = connection.execute(self.query(columns) or "")
                while some := found.fetchmany(10_000):
                    for fault, *cells in some:
                        yield fault or "", [cell or "" for cell in cells]
        except duckdb.Error as error:
            raise UnusableError(f"it can't be read ({str(error).partition(chr(10))[0][:200]})") from None


def write_records(records: Iterable[Record], scratch: Path) -> Path:
    """Write records to a file, for `written_records`, and return its path."""
    lines = scratch / "records"
    with lines.open("wb") as out:
        for record in records:
            out.write(json_line(record))
    return lines


def written_records(files: Sequence[Path]) -> str:
    """Return a query for the records in files that `write_records` wrote."""
    return f"SELECT * FROM {json_lines(files, _FIELDS, 2 * LONGEST_LINE, named=True)}"


def json_line(record: Record) -> bytes:
    """Return a record as a line of JSON."""
    return orjson.dumps({name: value for name, value in record.items() if value is not None}) + b"\n"


def text_or_none(value: object) -> str | None:
    """Return a number or a non-empty text as text, None for any other value."""
    if isinstance(value, str):
        # Lone surrogates can't be encoded.
        return value.encode("utf-8", "replace").decode() or None
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return None
    return str(value)


def dict_or_empty(value: object) -> Mapping[str, Any]:
    """Return an object of JSON, an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def each_object(stream: JsonStream) -> Iterator[None]:
    """Position the stream at each object of a file with one object, several, or a list of them."""
    while first := stream.next():
        if first == "[":
            for _place in stream.items():
                yield
        else:
            yield


@dataclass(frozen=True, slots=True)
class Format:
    """A format that defines its columns.

    `name` is its value for `--format`; `called` describes a file of it in messages. `knows` tells by the first bytes
    whether a file has this format; `open` opens it.
    """

    name: str
    called: str
    knows: Callable[[bytes], bool]
    open: Callable[[Path, Any], RecordLog]


def first_bytes(head: bytes) -> bytes:
    """Return the beginning of a file without what may precede its content."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()


def has_keys(*wanted: bytes | tuple[bytes, ...]) -> Callable[[bytes], bool]:
    """Return a test for JSON with all these keys in its first bytes; of the keys in a tuple, one is enough."""

    def look(head: bytes) -> bool:
        if not first_bytes(head).startswith((b"{", b"[")):
            return False
        each = (one if isinstance(one, tuple) else (one,) for one in wanted)
        return all(any(b'"%s"' % key in head for key in keys) for keys in each)

    return look
