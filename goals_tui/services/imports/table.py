"""Tables as text: CSV with whatever stands between the cells."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

DELIMITERS = ",;\t|"

_LONGEST_HEADER = 1 << 20

_LONGEST_LINE = 16 << 20
"""In characters; a row never needs as much. Reading longer ones would take memory without a bound."""


class UnusableError(Exception):
    """A file that can't be used as a whole; the message says why, to follow its name and a colon."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `rows` gives each row with its number from 1, the header apart; blank rows are none."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]
    fraction: Callable[[], float]
    """How much of the file was read, from 0 to 1."""


def read_table(path: Path) -> Table:
    """A CSV file in UTF-8, with a header. Cells are limited to 128 KB. Raises UnusableError, also while rows come."""
    content = path.open("rb")
    size = path.stat().st_size or 1
    rows = _rows(TextIOWrapper(content, encoding="utf-8-sig", newline=""))
    header = next(rows, None)
    if header is None:
        raise UnusableError("it is empty")
    columns = tuple(name.strip() for name in header[1])
    if len(set(columns)) < len(columns):
        repeated = next(name for name in columns if columns.count(name) > 1)
        raise UnusableError(f"two columns are called {repeated!r}")
    return Table(columns, rows, lambda: 1.0 if content.closed else content.tell() / size)


def _rows(file: TextIOWrapper) -> Iterator[tuple[int, list[str]]]:
    with file:
        try:
            start = file.readline(_LONGEST_HEADER)
            file.seek(0)
            reader = csv.reader(_lines(file), delimiter=_delimiter(start), strict=True)
            number = -1
            for row in reader:
                if any(row):
                    number += 1
                    yield number, row
        except UnicodeDecodeError as error:
            raise UnusableError(f"it is not UTF-8 text ({error.reason}). Save it as UTF-8") from None
        except csv.Error as error:
            raise UnusableError(f"it is not a table: {error} (line {reader.line_num:,})") from None


def _lines(file: TextIOWrapper) -> Iterator[str]:
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and not line.endswith("\n"):
            raise UnusableError(f"it is not a table: a line of it is longer than {_LONGEST_LINE >> 20} MB")
        yield line


def _delimiter(header: str) -> str:
    """What stands most often in the header, quoted parts apart."""
    bare = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=bare.count)
