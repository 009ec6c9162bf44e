"""Drawing of a flow chart, and its overview map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from goals_tui.tui.app.themes import SEVERITIES
from goals_tui.tui.flows.blocks import START
from goals_tui.tui.flows.layout import Box, HorizontalLine, Layout, Span, VerticalLine

CLASSES = (
    "line branch border border-track border-branching selected selected-blur glyph glyph-track glyph-branching title "
    "dim plain goal step completion button target broken error warning info"
).split()
"""The component classes of the chart, without their prefix."""
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
    & > .flow-chart--completion { color: $completed; }
    & > .flow-chart--button { color: $text-primary; }
    & > .flow-chart--target { color: $text-secondary; text-style: bold; }
    & > .flow-chart--broken { color: $error; text-style: italic; }
    & > .flow-chart--error { color: $error; text-style: bold; }
    & > .flow-chart--warning { color: $warning; text-style: bold; }
    & > .flow-chart--info { color: $text-secondary; }
"""
"""The styles of the component classes, in Textual's CSS."""
Palette = Mapping[str, Style]
BADGES: Mapping[str, str] = {severity: glyph for severity, (glyph, _) in SEVERITIES.items()}
"""The glyph that marks a finding, by severity."""
_THIN = "╭─╮│╰╯┴┬"
_HEAVY = "┏━┓┃┗┛┻┳"
"""Corners and edges of a selected box, and the joints where lines enter at the top and leave at the bottom."""


class Paint:
    """Paints lines of a chart in the colours of a palette.

    `badges` maps a node's id to the severity of its worst finding.
    """

    def __init__(self, palette: Palette, base: Style, badges: Mapping[str, str]) -> None:
        self._palette = palette
        self._base = base
        self._badges = badges

    def line(
        self,
        spans: Sequence[Span],
        left: int,
        width: int,
        selected: str | None,
        run: frozenset[str] = frozenset(),
        *,
        focused: bool,
    ) -> Strip:
        """Return the strip of `width` columns from column `left` on, painted with the spans visible there.

        The boxes of a selected `run` are drawn as the selected one without focus.
        """
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
            if isinstance(item, Box):
                here = item.key == selected
                segments += self._spot(item, span.row, here or item.key in run, focused and here)
            elif isinstance(item, VerticalLine):
                segments.append(Segment("│", self._base + self._palette["line"]))
            elif item.is_title:
                segments.append(Segment(item.text, self._base + self._palette["branch"]))
            else:
                segments.append(Segment(item.text, self._base + self._palette["line"]))
        if at < left + width:
            segments.append(Segment(" " * (left + width - at), self._base))
        return Strip(segments, max(at, left + width) - start).crop(left - start, left - start + width)

    def _spot(self, box: Box, row: int, selected: bool, focused: bool) -> list[Segment]:
        if box.is_slot:
            return self._slot(selected, focused)
        fill, border = self._base, self._base + self._palette["border" + _family(box)]
        over = Style()
        if selected:
            border = self._base + self._palette["selected" if focused else "selected-blur"]
            fill += Style(bgcolor=border.bgcolor)
            over = Style(color=self._base.color)  # Colours have no contrast on the background of the cursor.
        corners = _HEAVY if selected else _THIN
        if row in (0, box.height - 1):
            return [Segment(_edge(box, row, corners), border)]
        inner = box.width - 4
        line = self._head(box, inner) if row == 1 else _fit(box.face.lines[row - 2] if box.face else (), inner)
        return [
            Segment(corners[3], border),
            Segment(" ", fill),
            *(Segment(text, fill + self._palette[tone] + over) for tone, text in line if text),
            Segment(" ", fill),
            Segment(corners[3], border),
        ]

    def _slot(self, selected: bool, focused: bool) -> list[Segment]:
        if selected:
            look = self._base + self._palette["selected" if focused else "selected-blur"]
            return [Segment("▌", look), Segment(" + add ", look + Style(color=self._base.color)), Segment("▐", look)]
        margin = Segment("  ", self._base)
        return [margin, Segment("( + )", self._base + self._palette["dim"]), margin]

    def _head(self, box: Box, width: int) -> list[tuple[str, str]]:
        if box.key == START or box.face is None:
            return _fit((("glyph", "▶ "), ("title", "Start")), width)
        face = box.face
        severity = self._badges.get(box.key)
        badge = [("plain", " "), (severity, BADGES[severity])] if severity else []
        room = width - len(badge)
        kind: list[tuple[str, str]] = []
        if face.kind and cell_len(face.title) + cell_len(face.kind) + 4 <= room:
            kind = [("dim", face.kind)]
            room -= cell_len(face.kind)
        return [*_fit(((f"glyph{_family(box)}", f"{face.glyph} "), ("title", face.title)), room), *kind, *badge]


def _clipped(span: Span, left: int, right: int) -> Span:
    """Cut a horizontal line, which can be as long as the flow is wide, to the columns in view."""
    item = span.item
    if not isinstance(item, HorizontalLine) or item.is_title or (span.x >= left and span.x + span.width <= right):
        return span
    first, last = max(item.x, left), min(span.x + span.width, right)
    return Span(first, last - first, HorizontalLine(first, item.y, item.text[first - item.x : last - item.x]), span.row)


def _family(box: Box) -> str:
    """Return the suffix of the component classes for tracking and branching nodes; empty for other nodes."""
    if box.node is None:
        return ""
    if box.node.kind == "track_goal":
        return "-track"
    return "-branching" if box.node.branches else ""


def _edge(box: Box, row: int, corners: str) -> str:
    middle = box.width // 2
    left, right, joint, joined = (
        (corners[0], corners[2], corners[6], box.line_in)
        if row == 0
        else (corners[4], corners[5], corners[7], box.line_out)
    )
    dash = corners[1]
    return left + dash * (middle - 1) + (joint if joined else dash) + dash * (box.width - middle - 2) + right


def _fit(line: Sequence[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    """Cut (with an ellipsis) or pad pieces of text to a width in cells."""
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


_NODE, _TRACK, _SELECTED = 1, 2, 3


class FlowMap(Widget, can_focus=False):
    """An overview map of a flow chart, drawn with two rows of dots per line.

    `view` is the region that the chart shows, in cells of the layout.
    """

    DEFAULT_CSS = """
    FlowMap {
        width: 18; height: 1fr; color: $foreground 45%; background: $background;
        & > .flow-map--view { background: $primary 18%; }
        & > .flow-map--track { color: $accent; }
        & > .flow-map--selected { color: $primary; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"flow-map--view", "flow-map--track", "flow-map--selected"}

    view: reactive[Region] = reactive(Region(), repaint=True)

    @dataclass
    class Pointed(Message):
        """Posted when a point of the layout is clicked."""

        x: int
        y: int

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._layout: Layout | None = None
        self._selected = ""
        self._dots: list[bytearray] = []
        self._scale = (1.0, 1.0)
        """How many columns and lines of the layout a dot stands for."""

        self._styles: dict[tuple[bool, int], Style] = {}

    def show(self, layout: Layout | None, selected: str) -> None:
        """Draw a layout with its selected box."""
        if layout is not self._layout:
            self._layout = layout
            self._draw()
        if selected != self._selected:
            self._selected = selected
            self.refresh()

    def on_resize(self) -> None:
        """Draw the dots for the new size."""
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Post the point of the layout that was clicked."""
        if self._layout is not None and self.size:
            across, down = self._scale
            self.post_message(self.Pointed(int(event.x * across), int(event.y * 2 * down)))

    def notify_style_update(self) -> None:
        """Discard cached styles when the theme changes."""
        super().notify_style_update()
        self._styles = {}

    def render_line(self, y: int) -> Strip:
        """Render two rows of dots as half blocks."""
        layout, width = self._layout, self.size.width
        if layout is None or 2 * y + 1 >= len(self._dots):
            return Strip.blank(width, self.rich_style)
        styles = self._styles = self._styles or self._looked_up()
        across, down = self._scale
        lit_top, lit_bottom = self.view.y < (2 * y + 2) * down, self.view.bottom > 2 * y * down
        lit = range(int(self.view.x / across), int(-(-self.view.right // across))) if lit_top and lit_bottom else ()
        top, bottom = self._with_selected(layout, 2 * y), self._with_selected(layout, 2 * y + 1)
        segments = [
            Segment(" ▀▄█"[bool(up) + 2 * bool(low)], styles[x in lit, max(up, low)])
            for x, (up, low) in enumerate(zip(top, bottom, strict=True))
        ]
        return Strip(segments, width).simplify()

    def _looked_up(self) -> dict[tuple[bool, int], Style]:
        base = self.rich_style
        tinted = base + Style(bgcolor=self._color("flow-map--view", background=True))
        marks = {
            0: Style(),
            _NODE: Style(),
            _TRACK: Style(color=self._color("flow-map--track")),
            _SELECTED: Style(color=self._color("flow-map--selected")),
        }
        return {
            (lit, mark): (tinted if lit else base) + style for lit in (False, True) for mark, style in marks.items()
        }

    def _color(self, component: str, *, background: bool = False) -> Color:
        styles = self.get_component_styles(component)
        base = self.background_colors[1]
        return (base + (styles.background if background else styles.color)).rich_color

    def _draw(self) -> None:
        """Draw the dots of all nodes, once for each layout and size; small flows are not enlarged."""
        width, height = self.size
        self._dots = [bytearray(width) for _ in range(2 * height)]
        layout = self._layout
        if layout is not None and width and height:
            self._scale = max(4.0, layout.width / width), max(3.0, layout.height / (2 * height))
            for box in layout.walk():
                y, columns = self._place(box)
                mark = _TRACK if box.node is not None and box.node.kind == "track_goal" else _NODE
                row = self._dots[y]
                for x in columns:
                    if row[x] < mark:
                        row[x] = mark
        self.refresh()

    def _with_selected(self, layout: Layout, y: int) -> bytearray:
        row, chosen = self._dots[y], layout.boxes.get(self._selected)
        if chosen is None:
            return row
        at, columns = self._place(chosen)
        if at != y:
            return row
        marked = bytearray(row)
        for x in columns:
            marked[x] = _SELECTED
        return marked

    def _place(self, box: Box) -> tuple[int, range]:
        """Return the row of a box and its columns, in dots."""
        (across, down), rows = self._scale, self._dots
        last = min(int((box.x + box.width - 1) / across), len(rows[0]) - 1)
        return min(int(box.y / down), len(rows) - 1), range(int(box.x / across), last + 1)
