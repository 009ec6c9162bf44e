"""Our themes: text can be read, and the outcomes can be told apart."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from goals_tui.services.context import Services
from goals_tui.tui.app.themes import OURS, outcome_colors
from tests.tui.harness import running

TEXTS = (
    "foreground",
    "primary",
    "accent",
    "success",
    "warning",
    "error",
    "completed",
    "partial",
    "incomplete",
    "quiet",
)


def color_of(theme: Theme, name: str) -> Color:
    return Color.parse(theme.variables.get(name) or getattr(theme, name))


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2."""

    def luminance(color: Color) -> float:
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
@pytest.mark.parametrize("name", TEXTS)
def test_text_has_contrast(theme: Theme, name: str) -> None:
    for ground in ("background", "surface", "panel"):
        ratio = contrast(color_of(theme, name), color_of(theme, ground))
        assert ratio >= 4.5, f"{name} on {ground}: {ratio:.2f}"


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
def test_outcomes_have_a_hue_each(theme: Theme) -> None:
    hues = sorted(color_of(theme, name).hsl.h for name in ("completed", "partial", "incomplete"))
    gaps = [(after - before) % 1 for before, after in zip(hues, [*hues[1:], hues[0] + 1], strict=True)]
    assert min(gaps) > 0.09


def test_textuals_themes_have_the_colours_of_outcomes() -> None:
    for theme in BUILTIN_THEMES.values():
        assert set(outcome_colors(theme)) == {"completed", "partial", "incomplete", "quiet"}


async def test_every_theme_can_be_shown(services: Services) -> None:
    async with running(services) as pilot:
        for name in pilot.app.available_themes:
            pilot.app.theme = name
            await pilot.pause()
            assert pilot.app.theme_variables["completed"]
