"""Our two themes, and the colours of outcomes that every theme has.

`$completed`, `$partial` and `$incomplete` are one hue each in every view. Text in any of the colours below has a
contrast of at least 4.5 to 1 on the background and the surface of its theme (tests/tui/frame/test_themes.py).
"""

from __future__ import annotations

from textual.theme import Theme

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
    success="#5cc08f",
    warning="#e0ad4f",
    error="#ee7d89",
    variables={
        "completed": "#5cc08f",
        "partial": "#e0ad4f",
        "incomplete": "#ee7d89",
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
    success="#14713f",
    warning="#8a5a00",
    error="#b3243f",
    variables={
        "completed": "#14713f",
        "partial": "#8a5a00",
        "incomplete": "#b3243f",
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
    },
)
OURS = (GOALS_DARK, GOALS_LIGHT)
DEFAULT_THEME = GOALS_DARK.name


def outcome_colors(theme: Theme) -> dict[str, str]:
    """Return the variables of our themes that a theme of Textual's lacks."""
    plain = theme.foreground or ("#e0e0e0" if theme.dark else "#202020")
    return {
        "completed": theme.success or theme.primary,
        "partial": theme.warning or theme.primary,
        "incomplete": theme.error or theme.primary,
        "quiet": plain if theme.ansi else f"{plain} 70%",
    }
