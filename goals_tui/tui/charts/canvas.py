"""A grid of coloured cells that charts draw on, and the colours of series."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, groupby
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.strip import Strip

from goals_tui.tui.app.themes import contrast
from goals_tui.tui.charts.spec import HEAT_LEVELS, SERIES_TONES


class Paint(NamedTuple):
    """The look of a cell: tones, which the palette of the theme turns into colours. None leaves the default."""

    fg: str | None = None
    bg: str | None = None
    bold: bool = False


PLAIN = Paint()
StyleOf = Callable[[Paint], Style]


def fit(text: str, width: int) -> str:
    """Return the text in exactly `width` cells: padded, or cut with an ellipsis; wide characters count as two."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text + " " * (width - cell_len(text))
    return set_cell_size(text, width - 1) + "…"


class Canvas:
    """A grid of `height` rows of `width` cells. Whatever is drawn outside is cut off."""

    def __init__(self, width: int, height: int) -> None:
        self.width = max(0, width)
        self.height = max(0, height)
        self._cells = [[(" ", PLAIN)] * self.width for _ in range(self.height)]

    def put(self, x: int, y: int, text: str, fg: str | None = "text", bg: str | None = None, bold: bool = False) -> int:
        """Write characters of one cell each and return the column after them; a `bg` of None keeps the background."""
        if 0 <= y < self.height:
            row = self._cells[y]
            for place, character in enumerate(text, x):
                if 0 <= place < self.width:
                    row[place] = (character, Paint(fg, row[place][1].bg if bg is None else bg, bold))
        return x + len(text)

    def label(self, x: int, y: int, text: str, width: int, fg: str | None = "text", bold: bool = False) -> int:
        """Write text, which may hold wide characters, in exactly `width` cells and return the column after it."""
        width = min(width, self.width - x)
        if 0 <= y < self.height and width > 0 and x >= 0:
            row = self._cells[y]
            row[x] = (fit(text, width), Paint(fg, row[x][1].bg, bold))
            for place in range(x + 1, x + width):
                row[place] = ("", row[x][1])
        return x + max(0, width)

    def shade(self, x: int, y: int, width: int, height: int, bg: str) -> None:
        """Give a rectangle a background; what is drawn there stays."""
        for row in self._cells[max(0, y) : y + height]:
            for place in range(max(0, x), min(x + width, self.width)):
                character, paint = row[place]
                row[place] = (character, paint._replace(bg=bg))

    def blank(self, x: int, y: int) -> bool:
        """Return whether a cell is empty."""
        return 0 <= x < self.width and 0 <= y < self.height and self._cells[y][x][0] == " "

    def text(self) -> str:
        """Return the characters alone, for tests and for people."""
        return "\n".join("".join(character for character, _ in row).rstrip() for row in self._cells)

    def strips(self, style_of: StyleOf) -> list[Strip]:
        """Return the rows as strips for the line API of a widget."""
        strips = []
        for row in self._cells:
            runs = groupby(row, key=lambda cell: cell[1])
            segments = [Segment("".join(c for c, _ in run), style_of(paint)) for paint, run in runs]
            strips.append(Strip(segments, self.width))
        return strips


@dataclass(frozen=True, slots=True)
class Place:
    """A place for the cursor: a mark, and one series of it or all of them (None)."""

    mark: int
    part: int | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn chart; `at` returns the mark and the part at a cell."""

    canvas: Canvas
    at: Callable[[int, int], Place | None]
    first: int = 0
    """The first mark that is visible."""


def nowhere(_x: int, _y: int) -> Place | None:
    """Return None for every cell: drawings without data have no marks."""
    return None


def tone_of(tone: str, part: int, cursor: Place | None, mark: int) -> str:
    """Return the tone of a part: fainter where the cursor is on another part of the same mark."""
    if cursor is not None and cursor.mark == mark and cursor.part not in (None, part):
        return f"faint-{tone}"
    return tone


def ends_of(values: Sequence[float | None], top: float, cells: int) -> list[int]:
    """Return the end of each stacked part, in eighths of a cell, where `top` fills all cells.

    Values above 0 get at least one eighth while there is room.
    """
    ends, summed, end = [], 0.0, 0
    for value in values:
        summed += value or 0
        if value:
            end = max(round(summed / top * cells * 8), end + 1)
        end = min(end, cells * 8)
        ends.append(end)
    return ends


PATTERNS = "█▓░▒▚╬╱∷"
"""The patterns of parts of a bar where there are no colours; outcomes have the first three."""


def whole_cells(values: Sequence[float | None], top: float, cells: int, *, grow: bool = True) -> list[int]:
    """Return the ends of stacked parts as `ends_of` does, but at the edges of cells.

    This is for parts that only patterns tell apart: each that is above 0 has at least one cell. Without `grow` the
    whole keeps its length, and the smallest parts are left out where it has not got a cell for each.
    """
    ends = ends_of(values, top, cells)
    starts = (0, *ends)
    lengths = [max(1, round((ends[part] - starts[part]) / 8)) if value else 0 for part, value in enumerate(values)]
    whole = max(1, round(max(ends, default=0) / 8))
    while sum(lengths) > whole and max(lengths) > 1:
        lengths[lengths.index(max(lengths))] -= 1
    if not grow and sum(lengths) > whole:
        kept = sorted(range(len(values)), key=lambda part: values[part] or 0, reverse=True)[:whole]
        lengths = [length if part in kept else 0 for part, length in enumerate(lengths)]
    return [end * 8 for end in accumulate(lengths)]


def split_cell(ends: Sequence[int], low: int) -> tuple[int, int, int]:
    """Return how to draw one cell of stacked parts, which begins at eighth `low`.

    The result is the number of filled eighths, their part, and the part that fills the rest. A cell has two colours
    only: where two parts and nothing above them meet in one, the upper part keeps its end.
    """
    high = low + 8
    inside = [part for part, end in enumerate(ends) if end > low and (ends[part - 1] if part else 0) < min(high, end)]
    first, last = inside[0], inside[-1]
    if first == last:
        return min(8, ends[first] - low), first, first
    if ends[last] >= high:
        return ends[first] - low, first, last
    return ends[last] - low, last, last


_ANSI_SERIES = ("blue", "magenta", "cyan", "bright_blue", "bright_magenta", "bright_cyan", "white", "bright_black")
_SHADES = ((0, 0.0), (75, 0.06), (-32, 0.1), (110, 0.0), (35, 0.0), (-15, 0.2), (90, 0.2), (40, 0.22))
"""The steps from the first series to each other: a turn of the hue in degrees, and an increase of lightness.

On a light background, the second is a decrease. From a blue, the turns keep clear of green, amber and red, which mean
outcomes.
"""
_BLUES = (0.58, 0.64)
"""The hues of the first series: that of the theme's primary colour, or the nearest of these."""


_SEEN = 3.0
"""The least contrast of a series with its background, as WCAG 2 asks for what is no text."""


class Palette:
    """Styles for the tones of a theme, over a widget's background."""

    def __init__(self, variables: Mapping[str, str], background: Color) -> None:
        self._variables = dict(variables)
        self._background = background
        self.style = lru_cache(maxsize=512)(self._style)

    def _style(self, paint: Paint) -> Style:
        fg = None if paint.fg is None else self.color(paint.fg)
        bg = self._background if paint.bg is None else self.color(paint.bg)
        faint = paint.fg is not None and (paint.fg.startswith("faint-") or paint.fg in ("muted", "grid", "axis"))
        return Style(
            color=None if fg is None else fg.rich_color,
            bgcolor=bg.rich_color if bg.a or bg.ansi is not None else None,
            bold=paint.bold or None,
            dim=(faint and fg is not None and fg.ansi is not None) or None,
        )

    def color(self, tone: str) -> Color:
        """Return the colour of a tone, mixed with the background where the tone is a faint one."""
        text = self._variable("foreground", "white")
        if tone in ("cursor", "grid") and text.ansi is not None:
            # Colours of the terminal can't be mixed: everything that lies behind the data gets its grey.
            return Color.parse("ansi_bright_black")
        if tone.startswith("faint-"):
            return self._mixed(self.color(tone.removeprefix("faint-")), 0.35)
        if tone.startswith("band-"):
            return self._mixed(self.color(tone.removeprefix("band-")), 0.16)
        if tone.startswith("heat-"):
            _, level, base = tone.split("-", 2)
            return self._mixed(self.color(base), 0.1 + 0.75 * int(level) / HEAT_LEVELS)
        if tone.startswith("on-"):
            return _text_on(self.color(tone.removeprefix("on-")))
        if tone == "text":
            return text
        if tone == "muted":
            return self._variable("quiet", self._variables.get("foreground", "white"))
        if tone in ("axis", "grid"):
            return self._mixed(text, {"axis": 0.4, "grid": 0.11}[tone])
        if tone == "cursor":
            return self._mixed(self._variable("primary", "ansi_blue"), 0.28)
        if tone.startswith("series-"):
            return self._series(tone)
        return self._variable(tone, self._variables.get("primary", "ansi_default"))

    def _series(self, tone: str) -> Color:
        place = (int(tone.removeprefix("series-")) - 1) % SERIES_TONES
        primary = self._variable("primary", "ansi_blue")
        if tone in self._variables or primary.ansi is not None:
            return self._variable(tone, f"ansi_{_ANSI_SERIES[place]}")
        hue, _, _ = primary.hsl
        hue = min(max(hue, _BLUES[0]), _BLUES[1])
        turn, lighter = _SHADES[place]
        dark = self._background.brightness < 0.5
        lightness, on = (0.6 + lighter, 0.01) if dark else (0.45 - lighter, -0.01)
        steps = (lightness + step * on for step in range(40))
        shades = [Color.from_hsl((hue + turn / 360) % 1, 0.6 if dark else 0.65, each) for each in steps if 0 < each < 1]
        return next((shade for shade in shades if contrast(shade, self._background) >= _SEEN), shades[-1])

    def _variable(self, name: str, otherwise: str) -> Color:
        try:
            return Color.parse(self._variables.get(name, otherwise))
        except ColorParseError:
            return Color.parse(otherwise)

    def _mixed(self, color: Color, share: float) -> Color:
        if color.ansi is not None or self._background.ansi is not None:
            return color
        return self._background.blend(color, share)


def _text_on(ground: Color) -> Color:
    """Return black or white, whichever has more contrast with a background."""
    if ground.ansi is not None:
        return ground.get_contrast_text(1.0)
    return max((Color(0, 0, 0), Color(255, 255, 255)), key=lambda text: contrast(text, ground))
