"""Read tables as text: CSV with any of several delimiters. Also what all readers of logs share."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO

from goals_tui.domain.errors import WrongValueError
from goals_tui.domain.text import clean_line
from goals_tui.format import plural

DELIMITERS = ",;\t|"

_LONGEST_HEADER = 1 << 20

_LONGEST_LINE = 16 << 20
"""The length of the longest line, in characters, so that memory is bounded. No real row is that long."""

_MOST_COMMENTS = 1000

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class UnusableError(Exception):
    """A file can't be used as a whole. The message is a phrase to follow the file's name and a colon."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The user's options for reading a file, and `scratch`, an empty folder for temporary files.

    `wanted` are the names of the columns to read. `object_type` is the type of the objects of an OCEL log that are
    sessions.
    """

    scratch: Path
    encoding: str | None = None
    sheet: str | None = None
    wanted: Collection[str] = ()
    object_type: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """The format of a table's text: encoding, delimiter, columns, and the lines before the rows."""

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    lines_before_rows: int | None
    """The number of lines before the first row; None where the header contains line breaks."""

    notes: tuple[str, ...] = ()
    """Sentences for the user about lines that were skipped."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `rows` yields each row after the header with its number from 1; blank rows are skipped."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]
    fraction: Callable[[], float]
    """Returns the share of the file that was read, from 0 to 1."""


def encoding_named(name: str) -> str:
    """Return Python's name of an encoding. Raises WrongValueError for an unknown one."""
    try:
        found = codecs.lookup(name)
        "".encode(found.name)  # Some codecs convert only bytes.
    except (LookupError, ValueError, TypeError):
        raise WrongValueError(
            f"{name!r} is not an encoding. Give for example utf-8, cp1252, latin-1 or utf-16.", field="encoding"
        ) from None
    return found.name


def marked_encoding(head: bytes) -> str | None:
    """Return the encoding according to the byte order mark at the start of a file, or None."""
    return next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)


def read_table(path: Path) -> Table:
    """Open a CSV file with a header, in UTF-8 unless a byte order mark says otherwise. Cells are limited to 128 KB.

    Raises UnusableError for a file that is no table or has two columns of the same name; iterating over the rows may
    raise it, too.
    """
    layout = read_layout(path)
    columns = layout.columns
    if len(set(columns)) < len(columns):
        repeated = next(name for name in columns if columns.count(name) > 1)
        raise UnusableError(f"two columns are called {repeated!r}")
    content = path.open("rb")
    size = path.stat().st_size or 1
    return Table(columns, _numbered(content, layout), lambda: 1.0 if content.closed else content.tell() / size)


def read_layout(path: Path, encoding: str | None = None, wanted: Collection[str] = ()) -> Layout:
    """Return the layout of a table.

    If `encoding` is None, the byte order mark decides, else it is UTF-8. Comment lines before the header are skipped,
    and so is Excel's first line, `sep=;`. A line that begins with # is the header where it has one of the `wanted`
    columns or, unless the line below does, as many cells as that line. Raises UnusableError.
    """
    with path.open("rb") as content:
        head = content.read(4)
        # The byte order mark is not part of the text, also with a given encoding; "utf-16" removes it by itself.
        told = encoding or marked_encoding(head) or "utf-8"
        told = "utf-8-sig" if told == "utf-8" else told
        content.seek(0)
        text = _text(content, told)
        try:
            return _layout(text, told, wanted)
        except UnicodeError as error:
            raise _not_text(error, told) from None
        except csv.Error as error:
            raise UnusableError(f"it is not a table: {error} (in its header)") from None


def _layout(text: TextIOWrapper, encoding: str, wanted: Collection[str]) -> Layout:
    passed = 0
    notes: list[str] = []
    separator = None
    line = text.readline(_LONGEST_HEADER)
    said = line.strip().strip('"')
    if (said[:4].casefold() == "sep=" and len(said) == 5) or line.strip("\r\n").casefold() == "sep=\t":
        separator = line.strip("\r\n").strip('"')[4]
        passed += 1
        line = text.readline(_LONGEST_HEADER)
    comments: list[str] = []
    while line and (_is_blank(line) or line.lstrip().startswith("#")) and passed < _MOST_COMMENTS:
        if not _is_blank(line):
            following = text.readline(_LONGEST_HEADER)
            if _is_header(line, following, wanted, separator):
                notes += _passed_over(comments)
                return _from_header(text, line, following, passed, separator, encoding, notes)
            comments.append(line)
            line = following
        else:
            line = text.readline(_LONGEST_HEADER)
        passed += 1
    notes += _passed_over(comments)
    return _from_header(text, line, "", passed, separator, encoding, notes)


def _passed_over(comments: list[str]) -> list[str]:
    if not comments:
        return []
    first = clean_line(comments[0])
    shown = first if len(first) <= 60 else f"{first[:59]}…"
    return [f"Passed over {plural(len(comments), 'comment line')} before the header: {shown}"]


def _is_header(line: str, following: str, wanted: Collection[str], separator: str | None) -> bool:
    """Return whether a line that begins with # is the header, as `#id,activity,time`, and not a comment."""
    if not following.strip() or following.lstrip().startswith("#"):
        return any(name in wanted for name in _cells(line, separator or _delimiter(line)))
    delimiter = separator or _delimiter(following)
    cells, next_cells = _cells(line, delimiter), _cells(following, delimiter)
    here, there = (sum(name in wanted for name in row) for row in (cells, next_cells))
    return here > 0 or (there == 0 and len(cells) == len(next_cells) > 1)


def _is_blank(line: str) -> bool:
    """Return whether all cells of a line are empty. Spreadsheets write such lines for empty rows."""
    return not line.strip(f"{DELIMITERS} \r\n")


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]


def _from_header(
    text: TextIOWrapper,
    line: str,
    following: str,
    passed: int,
    separator: str | None,
    encoding: str,
    notes: list[str],
) -> Layout:
    if _is_blank(line):
        raise UnusableError("it is empty")
    delimiter = separator or _delimiter(line)

    def lines() -> Iterator[str]:
        yield line
        if following:
            yield following
        yield from _lines(text)

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    header = next(reader, [])
    return Layout(
        encoding=encoding,
        delimiter=delimiter,
        columns=tuple(name.strip() for name in header),
        lines_before_rows=passed + 1 if reader.line_num == 1 else None,
        notes=tuple(notes),
    )


def table_rows(content: BinaryIO, layout: Layout) -> Iterator[list[str]]:
    """Yield every row after the header, including blank ones, and close the file. Raises UnusableError."""
    with _text(content, layout.encoding) as file:
        reader = csv.reader(_lines(file), delimiter=layout.delimiter, strict=True)
        try:
            _pass_header(file, reader, layout)
            yield from reader
        except UnicodeError as error:
            raise _not_text(error, layout.encoding) from None
        except csv.Error as error:
            raise UnusableError(f"it is not a table: {error} (line {reader.line_num:,})") from None


def _pass_header(file: TextIOWrapper, reader: Iterator[list[str]], layout: Layout) -> None:
    if layout.lines_before_rows is not None:
        for _ in range(layout.lines_before_rows):
            file.readline(_LONGEST_HEADER)
        return
    for row in reader:
        if tuple(cell.strip() for cell in row) == layout.columns:
            return


def _numbered(content: BinaryIO, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    number = 0
    for row in table_rows(content, layout):
        if any(row):
            number += 1
            yield number, row


def _text(content: BinaryIO, encoding: str) -> TextIOWrapper:
    return TextIOWrapper(content, encoding=encoding, newline="")


def _not_text(error: UnicodeError, encoding: str) -> UnusableError:
    reason = getattr(error, "reason", error)
    if encoding.startswith("utf-8"):
        return UnusableError(
            f"it is not UTF-8 text ({reason}). Say how it is encoded, for example --encoding cp1252 for files of "
            "Windows in Western Europe, or save it as UTF-8"
        )
    return UnusableError(f"it is not {encoding} text ({reason}). Give another --encoding")


def _lines(file: TextIOWrapper) -> Iterator[str]:
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and not line.endswith("\n"):
            raise UnusableError(f"it is not a table: a line of it is longer than {_LONGEST_LINE >> 20} MB")
        yield line


def _delimiter(header: str) -> str:
    """Return the delimiter that occurs most often in the header outside quotes."""
    bare = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=bare.count)
