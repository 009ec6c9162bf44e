"""Tables as text: CSV with whatever stands between the cells."""

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
"""In characters; a row never needs as much. Reading longer ones would take memory without a bound."""

_MOST_COMMENTS = 1000

_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class UnusableError(Exception):
    """A file that can't be used as a whole; the message says why, to follow its name and a colon."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the text of a table is written: what stands before its rows, and what between its cells."""

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    lines_before_rows: int | None
    """How many lines of the file come before the first row; None where the header has line breaks in it."""

    notes: tuple[str, ...] = ()
    """Sentences for the user: lines that were passed over."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `rows` gives each row with its number from 1, the header apart; blank rows are none."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]
    fraction: Callable[[], float]
    """How much of the file was read, from 0 to 1."""


def encoding_named(name: str) -> str:
    """The encoding of this name, as Python spells it. Raises WrongValueError."""
    try:
        found = codecs.lookup(name)
        "".encode(found.name)  # some codecs are for bytes only
    except (LookupError, ValueError, TypeError):
        raise WrongValueError(
            f"{name!r} is not an encoding. Give for example utf-8, cp1252, latin-1 or utf-16.", field="encoding"
        ) from None
    return found.name


def marked_encoding(head: bytes) -> str | None:
    """The encoding that the byte order mark at the start of a file says, if there is one."""
    return next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)


def read_table(path: Path) -> Table:
    """A CSV file in UTF-8, with a header. Cells are limited to 128 KB. Raises UnusableError, also while rows come.

    The names of columns differ.
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
    """How a table is written: in `encoding` (None: UTF-8, or what its byte order mark says).

    Comment lines before the header are passed over, and so is Excel's first line, `sep=;`. A first line with a # is
    the header where it has one of the `wanted` columns. Raises UnusableError.
    """
    with path.open("rb") as content:
        head = content.read(4)
        # The mark is no part of the text, whatever was told; "utf-16" finds it by itself.
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
    """Whether a line that begins with # is the header all the same: `#id,activity,time`."""
    if not following.strip() or following.lstrip().startswith("#"):
        return any(name in wanted for name in _cells(line, separator or _delimiter(line)))
    delimiter = separator or _delimiter(following)
    cells, next_cells = _cells(line, delimiter), _cells(following, delimiter)
    here, there = (sum(name in wanted for name in row) for row in (cells, next_cells))
    return here > 0 or (there == 0 and len(cells) == len(next_cells) > 1)


def _is_blank(line: str) -> bool:
    """Whether a line has nothing in its cells: spreadsheets write one for an empty row."""
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
    """Every row after the header, blank ones too; closes the file. Raises UnusableError."""
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
    """What stands most often in the header, quoted parts apart."""
    bare = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=bare.count)
