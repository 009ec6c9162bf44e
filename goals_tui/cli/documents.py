"""Reports as documents to hand over: `--format md|html|svg -o FILE`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goals_tui.cli.output import print_text, say
from goals_tui.cli.output_file import STANDARD_OUTPUT, check_replaceable

if TYPE_CHECKING:
    from goals_tui.domain.document import Document


class DocumentFormat(StrEnum):
    """The formats of a report that can be printed or handed over as a document."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MD = "md"
    HTML = "html"
    SVG = "svg"

    @property
    def document(self) -> bool:
        """True if the format is a document: Markdown with its tables, an HTML page, or the chart as SVG."""
        return self in (DocumentFormat.MD, DocumentFormat.HTML, DocumentFormat.SVG)


DocumentFormatOption = Annotated[
    DocumentFormat,
    typer.Option("--format", help="How to print it; md, html and svg are to hand over.", show_choices=True),
]
DocumentOutputOption = Annotated[
    Path | None,
    typer.Option("-o", "--output", metavar="FILE", help="Write it there: with --format md, html or svg."),
]


def check_document(format: DocumentFormat, output: Path | None) -> None:
    """Raise typer.BadParameter where `-o` is used with a format that is not a document."""
    if output is not None and not format.document:
        raise typer.BadParameter("-o goes with --format md, html or svg.")


def hand_over(document: Document, format: DocumentFormat, output: Path | None, force: bool) -> None:
    """Write a document to a file, or print it without one. Raises RefusedError where the file can't be replaced."""
    from goals_tui.domain.document import to_html, to_markdown, to_svg
    from goals_tui.services.export_files import replace_text

    write = {DocumentFormat.MD: to_markdown, DocumentFormat.HTML: to_html, DocumentFormat.SVG: to_svg}[format]
    if output is None or output == STANDARD_OUTPUT:
        print_text(write(document))
        return
    check_replaceable(output, force)
    replace_text(output, write(document))
    say(f"Wrote {output}.")
