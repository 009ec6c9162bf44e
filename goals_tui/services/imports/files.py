"""Find the files of an import, unpack them, and convert them to JSON Lines, one record a line."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.event import FIELDS
from goals_tui.domain.spreadsheet import as_it_was
from goals_tui.domain.text import clean_line
from goals_tui.services.imports.table import UnusableError, read_table
from goals_tui.store.atomic import is_full, refusal

SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv")
LINES = (".jsonl", ".ndjson")

LARGEST_PAGE = 256 << 20
"""The largest .json file in bytes: it is read into memory as a whole. JSON Lines and CSV are streamed."""

HIGHEST_RATIO = 200
"""The highest ratio of unpacked to packed size. Beyond FREE unpacked bytes, a gzip file above it counts as a bomb."""

FREE = 64 << 20
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file to import.

    `name` is its name in messages. `named` is true for a file that the user gave, false for one found in a folder.
    """

    path: Path
    name: str
    named: bool

    @property
    def packed(self) -> bool:
        """True if the name says that the file is gzip."""
        return self.path.suffix.lower() == ".gz"

    @property
    def suffix(self) -> str:
        """The suffix without .gz, in lower case."""
        return (Path(self.path.stem) if self.packed else self.path).suffix.lower()


def find_files(paths: Iterable[Path]) -> list[DataFile]:
    """Return the given files and, for each folder, the files of a known kind in it, sorted by path.

    Raises UnreadableError for a path that is missing or can't be read, RefusedError for a file of another kind or
    where there is no file at all.
    """
    found: dict[Path, DataFile] = {}
    for path in paths:
        if path.is_dir():
            try:
                inside = sorted(file for file in path.rglob("*") if file.is_file())
            except OSError as error:
                raise UnreadableError(f"{path} can't be read: {error.strerror}.") from error
            for file in inside:
                one = DataFile(file, str(file.relative_to(path)), named=False)
                if one.suffix in SUFFIXES:
                    found.setdefault(file.resolve(), one)
        elif path.exists():
            one = DataFile(path, path.name, named=True)
            if one.suffix not in SUFFIXES:
                raise RefusedError(
                    f"{path} can't be imported. Give files that end in {', '.join(SUFFIXES)}, or in .gz."
                )
            found.setdefault(path.resolve(), one)
        else:
            raise UnreadableError(f"There is no {path}. Give files or folders with exported collections.")
    if not found:
        raise RefusedError(f"There is nothing to import: no {', '.join(SUFFIXES)} file, also as .gz.")
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Page:
    """The content of a .json file: a list of records, or the OData response of a server.

    `records` is None where the file holds no list of records. `count` is the number of records in all pages according
    to the server; `further` is true where the server announces another page. `odd` describes other content: an error,
    or records in an unsupported form.
    """

    records: list[object] | None
    count: int | None = None
    further: bool = False
    odd: str = ""


def to_lines(file: DataFile, place: Path) -> tuple[Path, Page | None]:
    """Convert a file to JSON Lines, and return the path of the result and, for a .json file, its page.

    Number and order of the records stay the same. Temporary files are written to the folder `place`. Raises
    NoRecordsError for a .json file without a list of records, UnusableError for a file that can't be used as a whole,
    UnreadableError where the disk is full.
    """
    page = None
    try:
        source = unpack(file.path, place / "unpacked") if file.packed else file.path
        if file.suffix in LINES:
            return source, None
        target = place / "records.jsonl"
        if file.suffix == ".csv":
            records: Iterator[object] = _table_records(source)
        else:
            page = read_page(source)
            if page.records is None:
                raise NoRecordsError(page.odd)
            records = iter(page.records)
        with target.open("wb") as lines:
            lines.writelines(map(_line, records))
    except OSError as error:
        if is_full(error):
            raise refusal("write", place, error) from error
        raise UnusableError(f"it can't be read: {error.strerror or error}") from error
    return target, page


class NoRecordsError(Exception):
    """A .json file has no list of records. The message says what it holds instead, where that is known."""


def unpack(path: Path, target: Path) -> Path:
    """Unpack a gzip file to `target` and return `target`. Raises UnusableError for a damaged file or a bomb."""
    written = 0
    try:
        with path.open("rb") as packed, gzip.GzipFile(fileobj=packed) as content, target.open("wb") as out:
            while chunk := content.read(_CHUNK):
                written += len(chunk)
                if written > FREE and written > HIGHEST_RATIO * packed.tell():
                    raise UnusableError(f"it unpacks to more than {HIGHEST_RATIO} times its size. Unpack it yourself")
                out.write(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnusableError(f"it is not a whole gzip file ({error})") from error
    return target


def read_page(path: Path) -> Page:
    """Read a .json file as a page. Raises UnusableError for one that is too large or not JSON."""
    if path.stat().st_size > LARGEST_PAGE:
        raise UnusableError(
            f"it has more than {LARGEST_PAGE >> 20} MB. Export smaller pages, or JSON Lines, which may have any size"
        )
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    try:
        content = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        what = not_json(data)
        raise UnusableError(what if what != NOT_JSON else f"{what}: {error}") from None
    if not isinstance(content, dict):
        return Page(content if isinstance(content, list) else None)
    records, odd = content.get("value"), _error_of(content)
    if isinstance(records, list):
        count = next((content[key] for key in _COUNTS if key in content), None)
        count = int(count) if isinstance(count, str) and count.isdecimal() and len(count) < 16 else count
        further = any(content.get(key) for key in _NEXT_LINKS)
        return Page(records, count if isinstance(count, int) and not isinstance(count, bool) else None, further, odd)
    if not odd and isinstance(content.get("d"), dict | list):
        odd = "it holds a page of OData version 2; export it with version 4"
    if not odd and any(key in content for key in ("goalId", "goalStepId", "goalCycleId")):
        odd = "it holds a single record; put it into a list, [ ]"
    return Page(None, odd=odd)


_COUNTS = ("@odata.count", "@count", "odata.count")
_NEXT_LINKS = ("@odata.nextLink", "@nextLink", "odata.nextLink")


def _error_of(content: Mapping[str, object]) -> str:
    """Return the error in a server's response as a phrase; empty where there is none."""
    error = next((content[key] for key in ("error", "odata.error", "fault", "errors") if content.get(key)), None)
    if error is None:
        return ""
    said = error
    while isinstance(said, dict | list):
        inner = said.values() if isinstance(said, dict) else said
        named = (
            [said[key] for key in ("message", "value", "description") if said.get(key)]
            if isinstance(said, dict)
            else []
        )
        said = next(iter(named or inner), "")
    return f"it holds an error: {clean_line(str(said))[:200].rstrip('.') or 'it does not say which'}"


def not_json(data: bytes) -> str:
    """Return a phrase that says what a file is that is not JSON, such as a web page or a download that was cut off."""
    start = data[:1000].lstrip().lower()
    if not start:
        return "it is empty"
    if start.startswith((b"<!doctype html", b"<html")):
        return "it is not JSON but a web page: one to sign in, or an error of the server"
    if start.startswith(b"<"):
        return "it is not JSON but XML"
    if start.startswith((b"{", b"[")) and not data.rstrip().endswith((b"}", b"]")):
        return "it is not JSON: its end is missing, the file was cut off"
    return NOT_JSON


NOT_JSON = "it is not JSON"


def _table_records(path: Path) -> Iterator[object]:
    """Yield each row as an object without its empty cells, or a list or None where its length is wrong.

    A row with more cells than the header is a list, one with fewer is None. A table with exactly the columns of our
    own export is taken for such an export: only there is an apostrophe before a formula removed.
    """
    table = read_table(path)
    read = as_it_was if table.columns == FIELDS else str
    for _number, row in table.rows:
        if len(row) != len(table.columns):
            yield row if len(row) > len(table.columns) else None
        else:
            yield {name: read(cell) for name, cell in zip(table.columns, row, strict=True) if cell != ""}


def _line(record: object) -> bytes:
    try:
        return orjson.dumps(record) + b"\n"
    except TypeError:  # orjson parses deeper nesting than it can serialize.
        return b"null\n"
