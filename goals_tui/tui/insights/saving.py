"""Saving a view to a file: its table as CSV, or a document with its chart (Markdown, HTML, SVG)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.widgets import Static

from goals_tui.domain import svg
from goals_tui.domain.document import Document, DocumentTable, to_html, to_markdown, to_svg
from goals_tui.domain.errors import RefusedError
from goals_tui.domain.filters import Filters
from goals_tui.tui.app.dialogs import Answer, Ask, AskText
from goals_tui.tui.app.screen import ScreenFrame
from goals_tui.tui.charts.canvas import Place
from goals_tui.tui.charts.spec import HEAT_LEVELS, Bars, ChartSpec, Columns, Heat, Lines, Nothing
from goals_tui.tui.insights.view import COUNTED, View
from goals_tui.tui.widgets.fields import Toggle

_WRITERS = {".md": to_markdown, ".html": to_html, ".svg": to_svg}
ENDINGS = (".csv", *_WRITERS)


def document_of(view: View, span: str, origin: str) -> Document:
    """Return the document of a view; `span` says in words when its cycles started, and `origin` which they are."""
    below = view.below(Place(0)) if view.below is not None else None
    charts = [
        chart
        for each in (view, *([below] if below is not None else []))
        if (chart := chart_of(each.spec, each.title)) is not None
    ]
    table = view.table
    words = next((place for place, heading in enumerate(table.headings) if heading.numeric), len(table.headings))
    return Document(
        title=f"{view.title}: {span}",
        sentences=[*filter(None, (view.summary, *view.notes))],
        charts=charts,
        tables=[
            DocumentTable(
                view.table_title or view.title,
                [heading.title for heading in table.headings],
                [[cell.text for cell in row] for row in table.lines],
                words=words,
                total=table.total is not None,
            )
        ],
        origin=origin,
    )


def chart_of(spec: ChartSpec, title: str) -> svg.Chart | None:
    """Return the chart of a view for a document; None where there is no data."""
    if isinstance(spec, Nothing):
        return None
    if isinstance(spec, Heat):
        ends = spec.ends()
        levels = [spec.level(mark, ends) for mark in range(len(spec.titles))]
        strengths = [None if level is None else level / HEAT_LEVELS for level in levels]
        wide = len(spec.columns)
        cells = list(zip(spec.texts, strengths, strict=True))
        return svg.Grid(title, spec.rows, spec.columns, [cells[at : at + wide] for at in range(0, len(cells), wide)])
    if isinstance(spec, Bars) and spec.intervals:
        known = [found or (None, None) for found in spec.intervals]
        rows = zip(spec.labels, known, spec.columns[0].texts, strict=True)
        return svg.RateWhiskers(title, [svg.RatePoint(name, rate, ends, note) for name, (rate, ends), note in rows])
    if isinstance(spec, Bars) and [series.tone for series in spec.series] == list(COUNTED):
        counts = zip(spec.labels, *(series.values for series in spec.series), spec.columns[0].texts, strict=True)
        return svg.OutcomeBars(
            title, [svg.Bar(name, int(a or 0), int(b or 0), int(c or 0), note) for name, a, b, c, note in counts]
        )
    if isinstance(spec, Lines):
        first = spec.series[0]
        bands = first.band or (None,) * spec.size
        return svg.RateCourse(
            title,
            [
                svg.RatePoint(label, first.values[mark], bands[mark], over=mark != spec.running)
                for mark, label in enumerate(spec.labels)
            ],
        )
    names = spec.labels if isinstance(spec, Bars) else spec.titles
    return svg.StackedBars(
        title,
        [series.name for series in spec.series],
        [
            (name, [series.values[mark] or 0 for series in spec.series], _note(spec, mark))
            for mark, name in enumerate(names)
        ],
    )


def _note(spec: Bars | Columns, mark: int) -> str:
    if isinstance(spec, Bars):
        return " · ".join(column.texts[mark] for column in spec.columns[:2] if column.texts[mark])
    return spec.totals[mark] if spec.totals else spec.series[0].text(mark, spec.unit)


class SaveView(AskText):
    """A dialog that asks for the path of a file, whose ending says what to write, and whether Excel will read it."""

    DEFAULT_CSS = """
    SaveView #excel { margin: 1 0 0 0; }
    SaveView #endings { height: auto; color: $quiet; }
    """

    def __init__(self, name: str) -> None:
        super().__init__("Save the view", value=name, label="File", check=_check_ending)
        self.excel = False
        """True if to begin a CSV file with a byte order mark, without which Excel does not recognise UTF-8."""

    def compose_dialog(self) -> ComposeResult:
        yield from super().compose_dialog()
        yield Static(
            ".csv   the exact numbers\n"
            ".md    the table as Markdown\n"
            ".html  chart and table as a page, to print\n"
            ".svg   the chart as a picture",
            id="endings",
            markup=False,
        )
        yield Toggle("For Excel: begin a CSV file so that it is read as UTF-8", self.excel, id="excel")

    def dismiss(self, result: str | None = None) -> AwaitComplete:
        """Keep the choice for Excel and close the dialog with the path."""
        self.excel = self.query_one(Toggle).value
        return super().dismiss(result)


def _check_ending(text: str) -> None:
    """Raise RefusedError for a path whose ending says nothing about what to write."""
    if Path(text).suffix.casefold() not in ENDINGS:
        raise RefusedError(f"End the name in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}.")


async def save_view(screen: ScreenFrame[Any], view: View, holds: str, span: str, filters: Filters) -> None:
    """Ask for a path and write the view there; ask before a file is replaced. Await it in a worker.

    `holds` describes the view; the proposed name of the file is made from it. `span` and `filters` are those of the
    view.
    """
    from goals_tui.services.export_files import exists_already, proposed, replace_text, typed

    asked = SaveView(Path(proposed(holds, ".csv")).name)
    answer = await screen.app.push_screen_wait(asked)
    if answer is None:
        return
    path = typed(answer).absolute()
    there = screen.attempt(lambda: exists_already(path))
    if there is None:
        return
    if there:
        answers = [Answer("keep", "Cancel", nothing=True), Answer("replace", "Replace", danger=True)]
        question = Ask("Replace this file?", f"{path} exists already.", answers, danger=True)
        if await screen.app.push_screen_wait(question) != "replace":
            return
    writer = _WRITERS.get(path.suffix.casefold())
    if writer is None:
        text = ("\ufeff" if asked.excel else "") + view.table.as_csv()
    else:
        origin = await asyncio.to_thread(screen.services.insights.origin, filters)
        text = writer(document_of(view, span, origin))

    def write() -> Path:
        replace_text(path, text)
        return path

    if screen.attempt(write) is not None:
        screen.app.notify(f"Saved {path}")
