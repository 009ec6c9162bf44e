"""The readers of `import log`: each opens files of one format as rows with named cells.

The format of a file is recognized by its content, not by its name. To support another format, add a `Reader` to
READERS: a test of the first bytes, and a function that opens a file as a `Log`.
"""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson

from goals_tui.domain.errors import NotFoundError, UnreadableError, WrongValueError, nearest_names
from goals_tui.services.imports.agent_logs import BOT_FRAMEWORK, OTLP, RASA
from goals_tui.services.imports.files import unpack
from goals_tui.services.imports.json_stream import JsonStream
from goals_tui.services.imports.log_records import Format
from goals_tui.services.imports.process_logs import OCEL, XES
from goals_tui.services.imports.table import (
    ReadOptions,
    UnusableError,
    encoding_named,
    marked_encoding,
    read_layout,
    table_rows,
)
from goals_tui.store.duckdb_files import csv_rows, json_lines, parquet, reason_of, separate_connection
from goals_tui.store.events.bulk_import import LONGEST_LINE

STANDARD_INPUT = Path("-")

BLANK = "blank"
"""The fault of a row whose cells are all empty. Such rows are not counted."""

_HEAD = 1 << 16
_SAMPLE = 1000
_MOST_NAMES = 1000
_PIECE = 1 << 20


class Log(Protocol):
    """An open log.

    A name may occur twice in `columns`. `notes` are sentences for the user about what was skipped or chosen.
    """

    columns: tuple[str, ...]
    notes: tuple[str, ...]

    def query(self, columns: Sequence[str]) -> str | None:
        """Return a DuckDB query for the fault of each row and then the given columns, all VARCHAR.

        None where the log can be read with `rows` only. The query fails if any record is broken; then use `rows`,
        which is slower but tells which records are broken.
        """

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        """Yield the fault of each row (why it can't be used, or empty) and its cells. Raises UnusableError."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A format that can be read.

    `name` is its value for `--format`; `called` describes a file of it in messages. `knows` takes the first bytes and
    the path of a file and returns whether it has this format; the first reader that matches opens the file. An
    `implied` format defines the columns itself (`log_records.COLUMNS`), so the user need not name them.
    """

    name: str
    called: str
    knows: Callable[[bytes, Path], bool]
    open: Callable[[Path, ReadOptions], Log]
    implied: bool = False


class _CsvLog:
    """A table as text, with any delimiter of `table.DELIMITERS`."""

    def __init__(self, path: Path, options: ReadOptions) -> None:
        encoding = encoding_named(options.encoding) if options.encoding else None
        self._path = path
        self._layout = read_layout(path, encoding, options.wanted)
        self.columns = self._layout.columns
        self.notes = self._layout.notes

    def query(self, columns: Sequence[str]) -> str | None:
        layout = self._layout
        if layout.lines_before_rows is None or not layout.encoding.startswith("utf-8"):
            return None
        cells = [f"c{place}" for place in range(len(self.columns))]
        chosen = [cells[self.columns.index(name)] for name in columns]
        blank = " AND ".join(f"{cell} IS NULL" for cell in dict.fromkeys([*chosen, *cells]))
        rows = csv_rows(self._path, len(cells), layout.delimiter, layout.lines_before_rows)
        return f"SELECT CASE WHEN {blank} THEN '{BLANK}' END, {', '.join(chosen)} FROM {rows}"

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        width = len(self.columns)
        places = [self.columns.index(name) for name in columns]
        for row in table_rows(self._path.open("rb"), self._layout):
            if not any(row):
                continue
            if len(row) > width and not any(row[width:]):
                row = row[:width]
            if len(row) != width:
                yield f"it has {len(row)} cells, the header has {width}", [""] * len(places)
            else:
                yield "", [row[place] for place in places]


class _JsonLinesLog:
    """One JSON object a line; its keys are the columns."""

    notes: tuple[str, ...] = ()

    def __init__(self, path: Path, options: ReadOptions) -> None:
        self._path = path
        names: dict[str, None] = {}
        for number, record in enumerate(self._records()):
            if number >= _SAMPLE and (names.keys() >= set(options.wanted) or len(names) > _MOST_NAMES):
                break
            if isinstance(record, dict):
                names.update(dict.fromkeys(record))
        self.columns = tuple(names)

    def query(self, columns: Sequence[str]) -> str | None:
        lines = json_lines([self._path], dict.fromkeys(columns, "VARCHAR"), LONGEST_LINE, strict=True)
        return f"SELECT NULL::VARCHAR, {', '.join(map(_quoted, columns))} FROM {lines}"

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        nothing = [""] * len(columns)
        for record in self._records():
            if isinstance(record, dict):
                yield "", [_json_cell(record.get(name)) for name in columns]
            else:
                yield (record if isinstance(record, str) else "it is not an object"), nothing

    def _records(self) -> Iterator[object]:
        """Yield each record, or a str that says why a line can't be read."""
        with self._path.open("rb") as lines:
            while line := lines.readline(LONGEST_LINE):
                if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                    while line and not line.endswith(b"\n"):
                        line = lines.readline(LONGEST_LINE)
                    yield f"it is longer than {LONGEST_LINE >> 20} MB"
                elif line.strip():
                    try:
                        record = json.loads(line.removeprefix(b"\xef\xbb\xbf"), parse_int=str, parse_float=str)
                    except (ValueError, RecursionError) as error:
                        yield f"it is not JSON: {error}"
                    else:
                        yield None if isinstance(record, str) else record


def _json_cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _open_json_list(path: Path, options: ReadOptions) -> Log:
    lines = options.scratch / "lines"
    with lines.open("wb") as out, JsonStream(path) as stream:
        for _place in stream.items():
            out.write(json.dumps(stream.value()).encode() + b"\n")
        if stream.next():
            raise UnusableError("it is not JSON: something follows its list")
    return _JsonLinesLog(lines, options)


class _ParquetLog:
    notes: tuple[str, ...] = ()

    def __init__(self, path: Path, _options: ReadOptions) -> None:
        import duckdb

        self._source = parquet([path], bytes_as_text=True)
        try:
            with closing(separate_connection()) as connection:
                described = connection.execute(f"DESCRIBE SELECT * FROM {self._source}").fetchall()
        except duckdb.Error as error:
            raise _damaged_parquet(error) from None
        self._kinds = {str(name): str(kind) for name, kind, *_ in described}
        self.columns = tuple(self._kinds)

    def query(self, columns: Sequence[str]) -> str | None:
        return f"SELECT NULL::VARCHAR, {', '.join(map(self._as_text, columns))} FROM {self._source}"

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        import duckdb

        try:
            with closing(separate_connection()) as connection:
                found = connection.execute(self.query(columns) or "")
                while some := found.fetchmany(10_000):
                    for _fault, *cells in some:
                        yield "", [cell or "" for cell in cells]
        except duckdb.Error as error:
            raise _damaged_parquet(error) from None

    def _as_text(self, column: str) -> str:
        name = _quoted(column)
        if self._kinds[column] in ("DOUBLE", "FLOAT"):
            # Tools without a missing integer write a column of integers as floats: 7.0 for 7.
            whole = f"TRY_CAST(CASE WHEN {name} = floor({name}) THEN {name} END AS BIGINT)"
            return f"coalesce({whole}::VARCHAR, {name}::VARCHAR)"
        return f"{name}::VARCHAR"


def _damaged_parquet(error: Exception) -> UnusableError:
    return UnusableError(f"it is not a whole Parquet file ({reason_of(error)})")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class _SheetLog:
    """A sheet of a spreadsheet: the named one, else the first with all wanted columns, else the first with a header."""

    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __init__(self, path: Path, options: ReadOptions) -> None:
        try:
            import python_calamine
        except ImportError:
            raise UnusableError(
                "reading spreadsheets needs python-calamine. Install it: pip install 'goals-tui[excel]'; or save the "
                "sheet as CSV"
            ) from None
        try:
            # Spreadsheets are compressed: before reading, only the sizes in their directory are known.
            _check_size(path)
            book = python_calamine.CalamineWorkbook.from_path(path)
            names = list(book.sheet_names)
            if options.sheet is not None and options.sheet not in names:
                raise NotFoundError("sheet of this file called", options.sheet, names)
            chosen = ""
            for name in [options.sheet] if options.sheet is not None else names:
                rows = iter(book.get_sheet_by_name(name).iter_rows())
                header = next((row for row in rows if any(cell != "" for cell in row)), None)
                columns = tuple(str(_sheet_cell(cell)).strip() for cell in header or ())
                if header is not None and (not chosen or set(options.wanted) <= set(columns)):
                    chosen, self.columns, self._rows = name, columns, rows
                    if set(options.wanted) <= set(columns):
                        break
        except (python_calamine.CalamineError, zipfile.BadZipFile, OSError) as error:
            raise UnusableError(f"it is not a whole spreadsheet ({error})") from None
        if not chosen:
            raise UnusableError("it is empty")
        several = len(names) > 1 and options.sheet is None
        self.notes = (f"Read the sheet {chosen!r} of {len(names)}; --sheet NAME says another one.",) if several else ()

    def query(self, columns: Sequence[str]) -> str | None:
        return None

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        places = [self.columns.index(name) for name in columns]
        for row in self._rows:
            if any(cell != "" for cell in row):
                yield "", [_sheet_cell(row[place]) if place < len(row) else "" for place in places]


def _sheet_cell(value: Any) -> str:
    """Return a cell as text: whole numbers without a decimal point, times as ISO 8601."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


_LARGEST_SHEET = 1 << 30


def _check_size(path: Path) -> None:
    with zipfile.ZipFile(path) as parts:
        if sum(part.file_size for part in parts.infolist()) > _LARGEST_SHEET:
            raise UnusableError(f"it unpacks to more than {_LARGEST_SHEET >> 30} GB. Save the sheet as CSV")


def _zip_kind(head: bytes, path: Path) -> str:
    """Return the kind of a ZIP archive according to its members; empty for a file that is none."""
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return ""
    try:
        with zipfile.ZipFile(path) as parts:
            names = set(parts.namelist())
            if "mimetype" in names and b"opendocument.spreadsheet" in parts.read("mimetype")[:200]:
                return "ods"
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        return "damaged"
    for member, kind in (("xl/workbook.xml", "xlsx"), ("xl/workbook.bin", "xlsb"), ("word/document.xml", "docx")):
        if member in names:
            return kind
    return "zip"


def _starts_json(head: bytes, mark: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(mark)


def _is_json_lines(head: bytes, _path: Path) -> bool:
    """Return whether the first line is a complete JSON object, or begins like one and is longer than `head`."""
    if not _starts_json(head, b"{"):
        return False
    line, end, _ = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return not end and len(head) >= _HEAD


def _is_text(head: bytes, _path: Path) -> bool:
    return b"\0" not in head or marked_encoding(head) is not None


def _knows(one: Format) -> Callable[[bytes, Path], bool]:
    return lambda head, _path: one.knows(head)


_IMPLIED = tuple(
    Reader(one.name, one.called, _knows(one), one.open, implied=True) for one in (XES, OTLP, OCEL, RASA, BOT_FRAMEWORK)
)

_TABLES = (
    Reader("parquet", "a Parquet file", lambda head, _: head.startswith(b"PAR1"), _ParquetLog),
    Reader("xlsx", "an Excel workbook", lambda head, path: _zip_kind(head, path) == "xlsx", _SheetLog),
    Reader("ods", "an OpenDocument spreadsheet", lambda head, path: _zip_kind(head, path) == "ods", _SheetLog),
    Reader("jsonl", "JSON Lines", _is_json_lines, _JsonLinesLog),
    Reader("jsonl", "a list of JSON", lambda head, _: _starts_json(head, b"["), _open_json_list),
    Reader("csv", "a CSV table", _is_text, _CsvLog),
)
"""Formats whose columns the user names. CSV is the last, because any text may be CSV."""

READERS = (*_IMPLIED, *_TABLES)
"""Every format that can be read, in the order in which they are tried."""

FORMATS = tuple(dict.fromkeys(reader.name for reader in READERS))
_TEXTS = ("csv", "jsonl", *(reader.name for reader in _IMPLIED))

_UNREADABLE: tuple[tuple[Callable[[bytes, Path], bool], str], ...] = (
    (lambda head, _: not head.strip(), "it is empty"),
    (
        lambda head, path: _zip_kind(head, path) == "xlsb",
        "it is a binary Excel workbook (.xlsb). Save it as .xlsx or CSV",
    ),
    (lambda head, path: _zip_kind(head, path) == "docx", "it is a Word document. Save its table as CSV"),
    (lambda head, path: _zip_kind(head, path) == "damaged", "it is not a whole ZIP archive or spreadsheet"),
    (lambda head, path: _zip_kind(head, path) == "zip", "it is a ZIP archive. Unpack it and give the files in it"),
    (
        lambda head, _: head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        "it is an old or a protected Office file (.xls). Save it as .xlsx without a password, or as CSV",
    ),
    (lambda head, _: head.startswith(b"\x28\xb5\x2f\xfd"), "it is packed with Zstandard. Unpack it first: unzstd FILE"),
    (lambda head, _: head.startswith(b"BZh"), "it is packed with bzip2. Unpack it first: bunzip2 FILE"),
    (lambda head, _: head.startswith(b"\xfd7zXZ\0"), "it is packed with xz. Unpack it first: unxz FILE"),
    (
        lambda head, _: head.startswith(b"7z\xbc\xaf\x27\x1c"),
        "it is a 7-Zip archive. Unpack it and give the files in it",
    ),
    (lambda head, _: head.startswith(b"Rar!"), "it is a RAR archive. Unpack it and give the files in it"),
    (lambda head, _: head.startswith(b"\x1f\x8b"), "it is packed twice. Unpack it once"),
    (lambda head, _: head.startswith(b"%PDF"), "it is a PDF. Export the log as CSV"),
    (lambda head, _: head.startswith(b"SQLite format 3\0"), "it is an SQLite database. Export the table as CSV"),
    (lambda head, _: head.startswith((b"ORC", b"Obj\x01")), "it is an ORC or Avro file. Save it as Parquet"),
    (
        lambda head, _: _starts_json(head, b"<") and b"<html" in head[:2000].lower(),
        "it is a web page, maybe one that asks to log in. Export the log again",
    ),
    (lambda head, _: _starts_json(head, b"<?xml"), "it is XML. Export the log as CSV"),
    (
        lambda head, path: _starts_json(head, b"{") and not _is_json_lines(head, path),
        "it is one JSON object, not JSON Lines with an object for each row",
    ),
)
"""Tests for files that can't be read, each with its message."""


def reader_named(name: str) -> str:
    """Return `name` if it is the name of a format. Raises WrongValueError."""
    if name not in FORMATS:
        near = nearest_names(name, FORMATS) or FORMATS
        raise WrongValueError(f"{name!r} is not a format of logs. Use one of: {', '.join(near)}.", field="format")
    return name


def open_log(path: Path, format: str | None, options: ReadOptions) -> tuple[Log, Reader]:
    """Open a file, or standard input for `-`, and return the log and its reader.

    Gzip is unpacked. Raises UnreadableError where there is no
    such file, UnusableError where it can't be read as a log or does not have the given format, NotFoundError or
    RefusedError where a sheet or a type of objects is unknown or must be given.
    """
    path, found = find_reader(path, format, options)
    return found.open(path, options), found


def find_reader(path: Path, format: str | None, options: ReadOptions) -> tuple[Path, Reader]:
    """Return the reader for a file, and the file that it opens: another one if it was packed or standard input.

    Raises UnreadableError and UnusableError as `open_log` does.
    """
    path = _at_hand(path, options.scratch)
    head = _head(path)
    if head.startswith(b"\x1f\x8b") or path.suffix.lower() == ".gz":
        path = unpack(path, options.scratch / "unpacked")
        head = _head(path)
    as_told = format in _TEXTS and _is_text(head, path) and bool(head.strip())
    found = next((reader for reader in _IMPLIED if reader.knows(head, path)), None)
    if found is None and not as_told:
        for is_it, what in _UNREADABLE:
            if is_it(head, path):
                raise UnusableError(what)
    if found is None:
        found = next(
            (reader for reader in _TABLES if reader.knows(head, path)), _TABLES[-1] if options.encoding else None
        )
    if found is None:
        raise UnusableError(
            "it is not text and no format that can be read. Give CSV, JSON Lines, Parquet, .xlsx, .ods, XES, OCEL, "
            "OTLP/JSON, Rasa trackers or Bot Framework transcripts"
        )
    if format is not None and found.name != format:
        if not as_told:
            raise UnusableError(f"it is {found.called}, not {format}. Leave --format {format} out")
        found = next(reader for reader in READERS if reader.name == format)
    return path, found


def _at_hand(path: Path, scratch: Path) -> Path:
    if path == STANDARD_INPUT:
        if sys.stdin is None:
            raise UnreadableError("Standard input is closed. Send a table to it, or give a file.")
        copy = scratch / "input"
        with copy.open("wb") as out:
            shutil.copyfileobj(sys.stdin.buffer, out, _PIECE)
        return copy
    if path.is_dir():
        raise UnreadableError(f"{path} is a folder. Give the files in it.")
    if not path.exists():
        raise UnreadableError(f"There is no file {path}. Give a table with a header, as .csv or .csv.gz.")
    if not path.is_file():
        # A pipe, as in <(zcat log.gz), can be read only once.
        copy = scratch / "input"
        with path.open("rb") as pipe, copy.open("wb") as out:
            shutil.copyfileobj(pipe, out, _PIECE)
        return copy
    return path


def _head(path: Path) -> bytes:
    with path.open("rb") as content:
        return content.read(_HEAD)
