"""Output of commands: tables that fit the terminal, JSON, CSV, and messages on standard error."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal, cast

import typer

from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.text import clean_line, clean_text
from goals_tui.format import DASH, csv_text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Column, Table
    from rich.text import Text

_WIDTH = 120
"""The width where the output is not a terminal, in columns."""
_PIECE = 16_384
"""The most characters that are written at once.

With PYTHONUNBUFFERED, a write that is cut short because the reader has gone raises no error; only the next one does.
"""
_STEERING = re.compile(r"[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


_MONEY = "money"

_DECIMALS = re.compile(r"\d(\.\d+)?(?=\D*$)")
"""The decimals of an amount, with the digit before them."""


class Format(StrEnum):
    """The formats of a list."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class ResultFormat(StrEnum):
    """The formats of a result that is not a list."""

    TABLE = "table"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="How to print it.", show_choices=True)]
ResultFormatOption = Annotated[ResultFormat, typer.Option("--format", help="How to print it.", show_choices=True)]
ExcelOption = Annotated[bool, typer.Option("--excel", help="Begin the CSV so that Excel reads it as UTF-8.")]
Heading = str | tuple[str, str]
"""The heading of a column, alone or with its layout.

The layout is "right", "money" (right, all amounts with the same number of decimals), or "whole" (never folded).
"""


def check_excel(excel: bool, format: StrEnum) -> None:
    """Raise typer.BadParameter where `--excel` is used with another format than CSV."""
    if excel and format.value != Format.CSV.value:
        raise typer.BadParameter("--excel goes with --format csv.")


def say(message: str) -> None:
    """Write a message to standard error, so that standard output holds data only."""
    sys.stderr.write(clean_text(message) + "\n")


def print_json(data: object) -> None:
    """Print data as JSON."""
    can_say_all = (sys.stdout.encoding or "").casefold().startswith("utf")
    text = json.dumps(data, ensure_ascii=not can_say_all, indent=2)
    # JSON escapes the characters below the space; these steer a terminal, too.
    _print(_STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def print_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], *, excel: bool = False) -> None:
    """Print rows as CSV with a header; cells that a spreadsheet would run as a formula are made harmless.

    `excel` adds the byte order mark by which Excel recognizes UTF-8.
    """
    _print(("\ufeff" if excel else "") + csv_text(rows, columns))


def print_list(
    rows: Sequence[Mapping[str, Any]], fields: Sequence[str], format: Format, table: Mapping[Heading, str]
) -> None:
    """Print rows in the given format; `table` maps the headings of the table to fields."""
    if format is Format.JSON:
        print_json(rows)
    elif format is Format.CSV:
        print_csv(rows, fields)
    else:
        shown = new_table(*table)
        for row in rows:
            add_row(shown, *(row[field] for field in table.values()))
        print_table(shown)


def print_lines(lines: Iterable[str]) -> None:
    """Print lines of plain text."""
    _print("".join(f"{clean_text(line)}\n" for line in lines))


def print_text(text: str) -> None:
    """Print text in which user input has been cleaned already."""
    _print(text)


def new_table(*columns: Heading, title: str = "", scope: str = "") -> Table:
    """Return an empty table with these columns. Above it stand a title and what its numbers are of, each in a line."""
    from rich import box
    from rich.style import Style
    from rich.table import Table
    from rich.text import Text

    table = Table(
        box=box.SIMPLE_HEAD,
        header_style="bold",
        title=Text("\n".join(clean_line(line) for line in (title, scope) if line)) if title or scope else None,
        title_justify="left",
        caption_justify="left",
    )
    for column in columns:
        name, stands = (column, "") if isinstance(column, str) else column
        justify: Literal["left", "right"] = "right" if stands in ("right", "money") else "left"
        heading = Text(name, Style(meta={_MONEY: True}) if stands == "money" else "")
        table.add_column(heading, justify=justify, overflow="fold", no_wrap=bool(stands))
    return table


def add_row(table: Table, *cells: object, style: str | None = None) -> None:
    """Add a row to a table; cells are never markup, and no control character reaches the terminal."""
    from rich.text import Text

    table.add_row(*(cell if isinstance(cell, Text) else Text(_shown(cell)) for cell in cells), style=style)


def set_caption(table: Table, *lines: str) -> None:
    """Set the lines below a table that explain its numbers."""
    from rich.text import Text

    table.caption = Text("\n".join(map(clean_line, lines))) if lines else None


def print_table(table: Table) -> None:
    """Print a table as wide as the terminal; without a terminal, 120 columns wide, or more where it needs them."""
    from rich.console import Console

    _align_decimals(table)
    width = None if sys.stdout.isatty() else max(_WIDTH, needed_width(table))
    console = Console(width=width, highlight=False, markup=False, soft_wrap=False)
    with _standard_output():
        # Not written by rich, which ends the program where the reader has gone.
        with console.capture() as drawn:
            console.print(fitted(table, console.width))
        _write(drawn.get())


def _align_decimals(table: Table) -> None:
    """Give all amounts of a table as many decimals as the one that has most."""
    from rich.style import Style
    from rich.text import Text

    cells = []
    for column in table.columns:
        style = column.header.style if isinstance(column.header, Text) else ""
        if isinstance(style, Style) and _MONEY in style.meta:
            cells += [cell for cell in column.cells if isinstance(cell, Text)]
    most = max((len(found[1] or "") for cell in cells if (found := _DECIMALS.search(cell.plain))), default=0)

    def aligned(found: re.Match[str]) -> str:
        decimals = found[1] or "." if most else ""
        return found[0].removesuffix(found[1] or "") + decimals.ljust(most, "0")

    for cell in cells:
        cell.plain = _DECIMALS.sub(aligned, cell.plain)


def _print(text: str) -> None:
    with _standard_output():
        _write(text)


def _write(text: str) -> None:
    for start in range(0, len(text), _PIECE):
        sys.stdout.write(text[start : start + _PIECE])


@contextmanager
def binary_output() -> Iterator[BinaryIO]:
    """Yield standard output for bytes.

    Raises the errors of `_standard_output`, and RefusedError for a terminal, which would interpret the bytes.
    """
    if sys.stdout.isatty():
        raise RefusedError("This is no text for a terminal. Send it to a file or a program: -o - > FILE.")
    with _standard_output():
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()


@contextmanager
def _standard_output() -> Iterator[None]:
    """Flush standard output at the end of the block, so that errors are reported and not lost when Python ends.

    Raises UnreadableError where standard output can't be written, BrokenPipeError where its reader has gone.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_output()
        raise UnreadableError(
            f"Can't write to standard output: {error.strerror or error}. Send it to a file or a program that takes it."
        ) from error


def discard_output() -> None:
    """Discard what standard output still holds, so that Python does not try to write it when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _shown(cell: object) -> str:
    text = ", ".join(map(str, cell)) if isinstance(cell, list | tuple) else "" if cell is None else str(cell)
    return clean_line(text) or DASH


_WORD = 16
"""The most cells that a word claims for its column; longer words are broken."""
_BETWEEN = 3
"""The cells between two columns; four more stand around all of them."""


def needed_width(table: Table) -> int:
    """Return the least width, in cells, at which only columns of words are wrapped."""
    return sum(map(_narrowest, table.columns)) + _around(table)


def fitted(table: Table, width: int) -> RenderableType:
    """Return the table fitted to `width` cells, or its rows as blocks of lines where it does not fit.

    A last column without a heading is dropped first: its bars repeat what the numbers say.
    """
    if needed_width(table) > width and not _heading(table.columns[-1]).plain:
        table.columns.pop()
    if needed_width(table) > width:
        return _stacked(table)
    narrowest = list(map(_narrowest, table.columns))
    widths = [min(width, _widest(column)) for column in table.columns]
    while sum(widths) > width - _around(table):
        spare = [have if have > least else 0 for have, least in zip(widths, narrowest, strict=True)]
        # Of equally wide columns the last is narrowed first, as rich does.
        widths[max(range(len(spare)), key=lambda place: (spare[place], place))] -= 1
    for column, have in zip(table.columns, widths, strict=True):
        column.width = have
    return table


def _around(table: Table) -> int:
    return _BETWEEN * len(table.columns) + 1


def _heading(column: Column) -> Text:
    return cast("Text", column.header)


def _texts(column: Column) -> list[str]:
    return [cast("Text", cell).plain for cell in (column.header, *column.cells)]


def _widest(column: Column) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, _texts(column)))


def _narrowest(column: Column) -> int:
    from rich.cells import cell_len

    if column.no_wrap:
        return _widest(column)
    return min(_WORD, max((cell_len(word) for text in _texts(column) for word in text.split()), default=0))


def _stacked(table: Table) -> RenderableType:
    """Return the rows of a table as blocks: a line for each column, its heading before its value.

    A value without a heading, such as the glyph of a step, goes in front of the next value.
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    blocks = Table.grid(padding=(0, 2, 0, 0))
    blocks.add_column(style="bold", no_wrap=True)
    blocks.add_column(overflow="fold")
    rows = zip(*(column.cells for column in table.columns), strict=True)
    for row, cells in zip(table.rows, rows, strict=True):
        if blocks.row_count or table.title:
            blocks.add_row()
        unnamed: list[Text | str] = []
        for column, cell in zip(table.columns, cast("tuple[Text, ...]", cells), strict=True):
            if _heading(column).plain:
                blocks.add_row(_heading(column), Text.assemble(*unnamed, cell), style=row.style)
                unnamed = []
            else:
                unnamed = [cell, " "]
    return Group(*(part for part in (table.title, blocks, table.caption) if part))


@contextmanager
def progress_bar() -> Iterator[Callable[[float, str], None] | None]:
    """Yield a callback that draws a progress bar on standard error; None where that is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda fraction, text: bar.update(task, completed=fraction, description=text)
