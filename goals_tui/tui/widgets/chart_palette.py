"""The colours of charts, all from the theme's variables: a tone's name gives a style."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from rich.style import Style
from textual.color import Color, ColorParseError

from goals_tui.tui.widgets.chart_canvas import Paint
from goals_tui.tui.widgets.chart_spec import SERIES_TONES

_OUTCOMES = {"completed": "success", "partial": "warning", "incomplete": "error"}
"""Where a theme has no colour of its own for an outcome, this one of its variables."""

_ANSI_SERIES = ("blue", "magenta", "cyan", "bright_blue", "bright_magenta", "bright_cyan", "white", "bright_black")
_SHADES = ((0, 0.0), (75, 0.06), (-32, 0.1), (110, 0.0), (35, -0.08), (-15, 0.2), (90, 0.2), (0, -0.22))
"""From the theme's primary colour to each series: a turn of the hue in degrees, and how much lighter (on a dark
background; darker on a light one). The turns keep clear of green, amber and red, which mean outcomes."""


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
        """The colour of a tone, mixed with the background where the tone says so."""
        text = self._variable("foreground", "white")
        if tone in ("cursor", "grid") and text.ansi is not None:
            # Colours of the terminal can't be mixed: what is behind the data takes its grey.
            return Color.parse("ansi_bright_black")
        if tone.startswith("faint-"):
            return self._mixed(self.color(tone.removeprefix("faint-")), 0.35)
        if tone == "text":
            return text
        if tone in ("muted", "axis", "grid"):
            return self._mixed(text, {"muted": 0.65, "axis": 0.4, "grid": 0.11}[tone])
        if tone == "cursor":
            return self._mixed(self._variable("primary", "ansi_blue"), 0.28)
        if tone.startswith("series-"):
            return self._series(tone)
        return self._variable(tone, self._variables.get(_OUTCOMES.get(tone, "primary"), "ansi_default"))

    def _series(self, tone: str) -> Color:
        place = (int(tone.removeprefix("series-")) - 1) % SERIES_TONES
        primary = self._variable("primary", "ansi_blue")
        if tone in self._variables or primary.ansi is not None:
            return self._variable(tone, f"ansi_{_ANSI_SERIES[place]}")
        hue, _, _ = primary.hsl
        turn, lighter = _SHADES[place]
        dark = self._background.brightness < 0.5
        lightness = 0.6 + lighter if dark else 0.45 - lighter
        return Color.from_hsl((hue + turn / 360) % 1, 0.6 if dark else 0.65, lightness)

    def _variable(self, name: str, otherwise: str) -> Color:
        try:
            return Color.parse(self._variables.get(name, otherwise))
        except ColorParseError:
            return Color.parse(otherwise)

    def _mixed(self, color: Color, share: float) -> Color:
        if color.ansi is not None or self._background.ansi is not None:
            return color
        return self._background.blend(color, share)
