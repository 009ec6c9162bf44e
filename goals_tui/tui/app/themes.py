"""Our two themes, and the colours of outcomes that every theme has.

`$completed`, `$partial` and `$incomplete` are one colour each in every view, which people with any kind of colour
blindness can tell apart. Text in any of the colours below has a contrast of at least 4.5 to 1 on the backgrounds of its
theme, except for that of the cursor, where all text is plain (tests/tui/frame/test_themes.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.color import Color
from textual.theme import Theme

if TYPE_CHECKING:
    from goals_tui.domain.wiring import Severity

GOALS_DARK = Theme(
    name="goals-dark",
    dark=True,
    background="#14171d",
    surface="#1a1e26",
    panel="#232834",
    foreground="#dfe3ea",
    primary="#86a8f7",
    secondary="#6f86b8",
    accent="#b79af2",
    success="#64cebc",
    warning="#eac73e",
    error="#e66774",
    variables={
        "completed": "#64cebc",
        "partial": "#eac73e",
        "incomplete": "#e66774",
        "border": "#86a8f7",
        "border-blurred": "#3a4252",
        "block-cursor-background": "#86a8f7",
        "block-cursor-foreground": "#10131a",
        "block-cursor-blurred-background": "#2c3447",
        "block-cursor-blurred-foreground": "#dfe3ea",
        "block-hover-background": "#202634",
        "input-cursor-background": "#dfe3ea",
        "input-cursor-foreground": "#14171d",
        "input-selection-background": "#86a8f7 35%",
        "scrollbar": "#353d4d",
        "scrollbar-hover": "#4a556b",
        "scrollbar-active": "#86a8f7",
        "scrollbar-background": "#1a1e26",
        "scrollbar-background-hover": "#1a1e26",
        "scrollbar-background-active": "#1a1e26",
        "scrollbar-corner-color": "#1a1e26",
        "quiet": "#98a2b3",
        "field-focus": "#333844",
    },
)
GOALS_LIGHT = Theme(
    name="goals-light",
    dark=False,
    background="#fbfbf9",
    surface="#f3f3f0",
    panel="#e6e7e4",
    foreground="#23272f",
    primary="#2f56c6",
    secondary="#5b6f9e",
    accent="#7040b8",
    success="#176046",
    warning="#7a5a00",
    error="#be2b58",
    variables={
        "completed": "#176046",
        "partial": "#7a5a00",
        "incomplete": "#be2b58",
        "border": "#2f56c6",
        "border-blurred": "#c3c6cc",
        "block-cursor-background": "#2f56c6",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#d5ddf3",
        "block-cursor-blurred-foreground": "#23272f",
        "block-hover-background": "#e9ecf3",
        "input-cursor-background": "#23272f",
        "input-cursor-foreground": "#fbfbf9",
        "input-selection-background": "#2f56c6 25%",
        "scrollbar": "#c3c6cc",
        "scrollbar-hover": "#a5aab4",
        "scrollbar-active": "#2f56c6",
        "scrollbar-background": "#f3f3f0",
        "scrollbar-background-hover": "#f3f3f0",
        "scrollbar-background-active": "#f3f3f0",
        "scrollbar-corner-color": "#f3f3f0",
        "quiet": "#596273",
        "field-focus": "#fbfcf9",
    },
)
OUTCOMES = {"completed": "success", "partial": "warning", "incomplete": "error"}
"""The variables of a theme that stand in for the colours of outcomes where it does not define them."""
SEVERITIES: Mapping[Severity, tuple[str, str]] = {
    "error": ("✖", "$error"),
    "warning": ("▲", "$warning"),
    "info": ("•", "$quiet"),
}
"""The glyph of a problem, which is told without colours, and its colour, by severity."""

WORDS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}
"""The word for problems of a severity."""
OURS = (GOALS_DARK, GOALS_LIGHT)
DEFAULT_THEME = GOALS_DARK.name


READABLE = 4.5
"""The least contrast of text with its background, as WCAG 2 asks for."""
VISIBLE = 1.35
"""The least contrast of the line at the side of a field or list without the focus."""


def readable_colors(variables: Mapping[str, str], *, ansi: bool) -> dict[str, str]:
    """Return the colours of outcomes, of quiet text and of fields for a theme of Textual's, which lacks them.

    Those of the theme that we write text in are moved towards black or white until the text can be read, and that of
    lines until they can be seen. The colours of a terminal (`ansi`) stay as they are, as nobody knows them.
    """
    found = {name: variables[name] for name in ("primary", "secondary", "accent", "success", "warning", "error")}
    found |= {ours: variables[theirs] for ours, theirs in OUTCOMES.items()} | {"quiet": variables["foreground"]}
    if ansi:
        return found | {"field-focus": variables["panel-lighten-1"]}
    grounds = [Color.parse(variables[name]) for name in ("background", "surface", "panel")]
    colors = {name: Color.parse(value) for name, value in found.items()}
    colors["quiet"] = grounds[0].blend(colors["quiet"], 0.7)
    line = _apart(Color.parse(variables["border-blurred"]), grounds, VISIBLE)
    fields = [Color.parse(variables["panel-lighten-1"]), *reversed(grounds)]
    field = max(fields, key=lambda ground: min(contrast(Color.parse(variables["foreground"]), ground), READABLE))
    return {name: _apart(color, grounds, READABLE).hex6 for name, color in colors.items()} | {
        "border-blurred": line.hex6,
        "field-focus": field.hex6,
    }


def _apart(color: Color, grounds: Sequence[Color], least: float) -> Color:
    """Return the colour, moved towards black or white until its contrast with each ground is at least `least`."""
    end = grounds[0].get_contrast_text(1.0)
    steps = [color.blend(end, step / 20) for step in range(21)]
    return next((step for step in steps if min(contrast(step, ground) for ground in grounds) >= least), end)


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of two colours, from 1 to 21, as WCAG 2 defines it."""
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
