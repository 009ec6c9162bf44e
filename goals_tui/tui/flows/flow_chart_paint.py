"""How the lines of a flow chart are painted: spans of the layout in, strips of styled text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from goals_tui.tui.flows.layout import START, Pole, Run, Span, Spot

CLASSES = (
    "line branch border border-track border-branching selected selected-blur glyph glyph-track glyph-branching title "
    "dim plain goal step completion button target broken error warning info"
).split()
"""What has a style of its own: the component classes of the chart, without their prefix."""

COLOURS = """
    & > .flow-chart--line { color: $foreground 45%; }
    & > .flow-chart--branch { color: $text-secondary; text-style: italic; }
    & > .flow-chart--border { color: $foreground 45%; }
    & > .flow-chart--border-track { color: $accent 80%; }
    & > .flow-chart--border-branching { color: $secondary; }
    & > .flow-chart--selected { background: $primary 22%; color: $primary; text-style: bold; }
    & > .flow-chart--selected-blur { background: $primary 10%; color: $primary 75%; text-style: bold; }
    & > .flow-chart--glyph { color: $text-primary; text-style: bold; }
    & > .flow-chart--glyph-track { color: $text-accent; text-style: bold; }
    & > .flow-chart--glyph-branching { color: $text-secondary; text-style: bold; }
    & > .flow-chart--title { text-style: bold; }
    & > .flow-chart--dim { color: $foreground 65%; }
    & > .flow-chart--plain { color: $foreground 90%; }
    & > .flow-chart--goal { color: $text-accent; text-style: bold; }
    & > .flow-chart--step { color: $foreground; }
    & > .flow-chart--completion { color: $text-success; }
    & > .flow-chart--button { color: $text-primary; }
    & > .flow-chart--target { color: $text-secondary; text-style: bold; }
    & > .flow-chart--broken { color: $text-error; text-style: italic; }
    & > .flow-chart--error { color: $text-error; text-style: bold; }
    & > .flow-chart--warning { color: $text-warning; text-style: bold; }
    & > .flow-chart--info { color: $text-secondary; }
"""
"""Their styles, in the words of Textual's CSS."""

Palette = Mapping[str, Style]
BADGES = {"error": "✖", "warning": "▲", "info": "•"}
"""How a finding is marked by its severity."""

_THIN = "╭─╮│╰╯┴┬"
_HEAVY = "┏━┓┃┗┛┻┳"
"""Corners, edges and the joints where lines come in at the top and go out at the bottom."""


class Paint:
    """Paints lines in the colours of a palette. `badges` are the severities of findings by node."""

    def __init__(self, palette: Palette, base: Style, badges: Mapping[str, str]) -> None:
        self._palette = palette
        self._base = base
        self._badges = badges

    def line(self, spans: Sequence[Span], left: int, width: int, selected: str | None, *, focused: bool) -> Strip:
        """The strip of the columns from `left` on, `width` of them, for the spans that show there."""
        spans = [_clipped(span, left, left + width) for span in spans]
        if not spans:
            return Strip.blank(width, self._base)
        segments: list[Segment] = []
        start = at = min(left, spans[0].x)
        for span in spans:
            if span.x > at:
                segments.append(Segment(" " * (span.x - at), self._base))
            at = span.x + span.width
            item = span.item
            if isinstance(item, Spot):
                segments += self._spot(item, span.row, item.key == selected, focused)
            elif isinstance(item, Pole):
                segments.append(Segment("│", self._base + self._palette["line"]))
            elif item.is_title:
                segments.append(Segment(item.text, self._base + self._palette["branch"]))
            else:
                segments.append(Segment(item.text, self._base + self._palette["line"]))
        if at < left + width:
            segments.append(Segment(" " * (left + width - at), self._base))
        return Strip(segments, max(at, left + width) - start).crop(left - start, left - start + width)

    def _spot(self, spot: Spot, row: int, selected: bool, focused: bool) -> list[Segment]:
        if spot.is_slot:
            return self._slot(selected, focused)
        fill, border = self._base, self._base + self._palette["border" + _family(spot)]
        if selected:
            border = self._base + self._palette["selected" if focused else "selected-blur"]
            fill += Style(bgcolor=border.bgcolor)
        corners = _HEAVY if selected else _THIN
        if row in (0, spot.height - 1):
            return [Segment(_edge(spot, row, corners), border)]
        inner = spot.width - 4
        line = self._head(spot, inner) if row == 1 else _fit(spot.face.lines[row - 2] if spot.face else (), inner)
        return [
            Segment(corners[3], border),
            Segment(" ", fill),
            *(Segment(text, fill + self._palette[tone]) for tone, text in line if text),
            Segment(" ", fill),
            Segment(corners[3], border),
        ]

    def _slot(self, selected: bool, focused: bool) -> list[Segment]:
        if selected:
            return [Segment("▌ + add ▐", self._base + self._palette["selected" if focused else "selected-blur"])]
        margin = Segment("  ", self._base)
        return [margin, Segment("( + )", self._base + self._palette["dim"]), margin]

    def _head(self, spot: Spot, width: int) -> list[tuple[str, str]]:
        if spot.key == START or spot.face is None:
            return _fit((("glyph", "▶ "), ("title", "Start")), width)
        face = spot.face
        severity = self._badges.get(spot.key)
        badge = [("plain", " "), (severity, BADGES[severity])] if severity else []
        room = width - len(badge)
        kind: list[tuple[str, str]] = []
        if face.kind and cell_len(face.title) + cell_len(face.kind) + 4 <= room:
            kind = [("dim", face.kind)]
            room -= cell_len(face.kind)
        return [*_fit(((f"glyph{_family(spot)}", f"{face.glyph} "), ("title", face.title)), room), *kind, *badge]


def _clipped(span: Span, left: int, right: int) -> Span:
    """A horizontal line without what is out of view: it can be as long as the flow is wide."""
    item = span.item
    if not isinstance(item, Run) or item.is_title or (span.x >= left and span.x + span.width <= right):
        return span
    first, last = max(item.x, left), min(span.x + span.width, right)
    return Span(first, last - first, Run(first, item.y, item.text[first - item.x : last - item.x]), span.row)


def _family(spot: Spot) -> str:
    """The ending of the classes that tell tracking and branching nodes from the rest."""
    if spot.node is None:
        return ""
    if spot.node.kind == "track_goal":
        return "-track"
    return "-branching" if spot.node.branches else ""


def _edge(spot: Spot, row: int, corners: str) -> str:
    middle = spot.width // 2
    left, right, joint, joined = (
        (corners[0], corners[2], corners[6], spot.line_in)
        if row == 0
        else (corners[4], corners[5], corners[7], spot.line_out)
    )
    dash = corners[1]
    return left + dash * (middle - 1) + (joint if joined else dash) + dash * (spot.width - middle - 2) + right


def _fit(line: Sequence[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    """Pieces of text cut (with an ellipsis) or padded to a width in cells."""
    fitted: list[tuple[str, str]] = []
    room = width
    for tone, text in line:
        cells = cell_len(text)
        if cells > room:
            fitted.append((tone, set_cell_size(text, room - 1) + "…" if room > 1 else "…" * room))
            return fitted
        fitted.append((tone, text))
        room -= cells
    fitted.append(("plain", " " * room))
    return fitted
