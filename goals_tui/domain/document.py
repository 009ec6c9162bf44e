"""Documents for readers outside the app: sentences, tables and charts as Markdown, HTML or SVG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from goals_tui.domain.svg import Chart, draw
from goals_tui.domain.text import clean_line


@dataclass(frozen=True, slots=True)
class DocumentTable:
    """A table of a document; the first `words` columns are text, the others numbers, which are aligned right."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1
    total: bool = False
    """True if the last row is the total of the others."""


@dataclass(frozen=True, slots=True)
class Document:
    """A report for somebody who has no terminal. `origin` describes its data in one paragraph."""

    title: str
    sentences: Sequence[str]
    charts: Sequence[Chart]
    tables: Sequence[DocumentTable]
    origin: str


def to_markdown(document: Document) -> str:
    """Return the document as Markdown, without its charts: the tables have the same numbers."""
    parts = [f"# {_markdown(document.title)}"]
    parts += [_markdown(sentence) for sentence in document.sentences]
    for table in document.tables:
        lines = [_markdown_row(table.headings), _markdown_row(_rulers(table))]
        for number, row in enumerate(table.rows):
            last = table.total and number == len(table.rows) - 1
            cells = [_markdown(cell) for cell in row]
            lines.append("| " + " | ".join(f"**{cell}**" if last and cell else cell for cell in cells) + " |")
        parts += [f"## {_markdown(table.title)}", "\n".join(lines)]
    return "\n\n".join([*parts, f"*{_markdown(document.origin)}*"]) + "\n"


def _rulers(table: DocumentTable) -> list[str]:
    return ["---" if place < table.words else "---:" for place in range(len(table.headings))]


def _markdown_row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell if set(cell) <= {"-", ":"} else _markdown(cell) for cell in cells) + " |"


_MARKS = re.compile(r"([\\`*_\[\]<>|~&]|^\s*(?:[#+-]|\d+[.)])(?=\s))")


def _markdown(text: str) -> str:
    """Return text escaped so that Markdown shows it unchanged."""
    return _MARKS.sub(_with_backslashes, clean_line(text))


def _with_backslashes(found: re.Match[str]) -> str:
    return "".join(f"\\{letter}" if letter in _ESCAPED else letter for letter in found[0])


_ESCAPED = frozenset("\\`*_[]<>|~&#+-.)")


_STYLE = """
  :root { color-scheme: light; }
  body { font: 14px/1.45 Helvetica, Arial, sans-serif; color: #1f2933; background: #fff; max-width: 880px;
         margin: 32px auto; padding: 0 16px; }
  h1 { font-size: 24px; margin: 0 0 12px; }
  h2 { font-size: 17px; margin: 28px 0 8px; break-after: avoid; }
  figure { margin: 24px 0; break-inside: avoid; }
  svg { max-width: 100%; height: auto; }
  .wide { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; font-size: 12.5px; }
  th, td { padding: 4px 7px; text-align: right; border-bottom: 1px solid #d9dee4; vertical-align: top; }
  th.words, td.words { text-align: left; overflow-wrap: anywhere; }
  td { white-space: nowrap; }
  td.words { white-space: normal; min-width: 72px; }
  th { border-bottom: 2px solid #616e7c; }
  tr { break-inside: avoid; }
  tr.total { break-before: avoid; }
  tr.total td { font-weight: bold; border-top: 2px solid #616e7c; }
  .origin { color: #616e7c; font-size: 12px; margin-top: 28px; border-top: 1px solid #d9dee4; padding-top: 8px; }
  @page { size: A4; margin: 16mm 14mm; }
  @media print {
    body { margin: 0; padding: 0; max-width: none; font-size: 10.5pt; }
    table { font-size: 8.5pt; }
    th, td { padding: 3px 5px; }
    .wide { overflow: visible; }
  }
"""


def to_html(document: Document) -> str:
    """Return the document as a self-contained HTML page without scripts; every text is escaped."""
    title = _html(document.title)
    body = [f"<h1>{title}</h1>"]
    body += [f"<p>{_html(sentence)}</p>" for sentence in document.sentences]
    body += [f"<figure>{draw(chart)}</figure>" for chart in document.charts]
    for table in document.tables:
        body += [f"<h2>{_html(table.title)}</h2>", _html_table(table)]
    body.append(f'<p class="origin">{_html(document.origin)}</p>')
    content = "\n".join(body)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
{content}
</body>
</html>
"""


def _html_table(table: DocumentTable) -> str:
    head = "".join(_html_cell("th", heading, place < table.words) for place, heading in enumerate(table.headings))
    lines = []
    for number, row in enumerate(table.rows):
        cells = "".join(_html_cell("td", cell, place < table.words) for place, cell in enumerate(row))
        total = ' class="total"' if table.total and number == len(table.rows) - 1 else ""
        lines.append(f"<tr{total}>{cells}</tr>")
    rows = "\n".join(lines)
    return f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>'


def _html_cell(tag: str, text: str, words: bool) -> str:
    kind = ' class="words"' if words else ""
    return f"<{tag}{kind}>{_html(text)}</{tag}>"


def _html(text: str) -> str:
    return escape(clean_line(text))


def to_svg(document: Document) -> str:
    """Return the document's first chart as the content of an SVG file."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{draw(document.charts[0])}\n'
