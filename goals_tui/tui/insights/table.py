"""The table behind a chart: the same numbers, for the eye, for the clipboard and for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from goals_tui.domain.spreadsheet import harmless
from goals_tui.domain.text import clean_line

Value = str | int | float | Decimal | None


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: what people read, what a program reads, and whether it holds numbers (aligned right).

    Where room is short, `brief_title` stands above it, `brief` words its values, and `minor` columns come last.
    """

    title: str
    name: str
    numeric: bool = True
    brief_title: str = ""
    brief: Callable[[Value], str] | None = None
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What is shown, and the exact value behind it: seconds, plain amounts, shares of 1."""

    text: str
    value: Value


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under headings. `total` is a last row that adds up the others, or None."""

    headings: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] | None = None

    @property
    def lines(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows, with the total behind them where there is one."""
        return self.rows if self.total is None else (*self.rows, self.total)

    def as_text(self) -> str:
        """As words, columns parted by tabs: pastes into a sheet, a mail or a chat. No cell can run as a formula."""
        lines = [[harmless(clean_line(heading.title)) for heading in self.headings]]
        lines += [[_copied(cell) for cell in row] for row in self.lines]
        return "\n".join("\t".join(line) for line in lines) + "\n"

    def as_csv(self) -> str:
        """As exact values under stable names, without the total. No cell can run as a formula."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([harmless(heading.name) for heading in self.headings])
        writer.writerows([_csv_value(cell.value) for cell in row] for row in self.rows)
        return text.getvalue()


def _copied(cell: Cell) -> str:
    text = clean_line(cell.text)
    return harmless(text) if isinstance(cell.value, str) else text


def _csv_value(value: Value) -> str:
    if value is None:
        return ""
    return harmless(value) if isinstance(value, str) else str(value)
