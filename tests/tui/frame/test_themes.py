"""Our themes: text can be read, and everybody can tell the outcomes apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

import pytest
from textual.color import Color
from textual.content import Content
from textual.theme import BUILTIN_THEMES, Theme
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.option_list import Option

from goals_tui.services.context import Services
from goals_tui.tui.app.choose import Choose
from goals_tui.tui.app.choose import Option as Chosen
from goals_tui.tui.app.themes import OURS, READABLE, VISIBLE, contrast, readable_colors
from goals_tui.tui.charts.canvas import Paint, Palette
from goals_tui.tui.charts.spec import HEAT_LEVELS, SERIES_TONES
from goals_tui.tui.widgets.columns import Column
from goals_tui.tui.widgets.fields import Options
from goals_tui.tui.widgets.virtual_list import VirtualList
from tests.tui.harness import running, settle

OUTCOMES = ("completed", "partial", "incomplete")
TEXTS = ("foreground", "primary", "accent", "success", "warning", "error", "quiet", *OUTCOMES)


def variables_of(theme: Theme) -> dict[str, str]:
    found = {**theme.to_color_system().generate(), **theme.variables}
    return found if "completed" in found else found | readable_colors(found, ansi=theme.ansi)


def color_of(theme: Theme, name: str) -> Color:
    return Color.parse(variables_of(theme)[name])


# -- text can be read


COLORED = [theme for theme in (*OURS, *BUILTIN_THEMES.values()) if not theme.ansi]


@pytest.mark.parametrize("theme", COLORED, ids=lambda theme: theme.name)
@pytest.mark.parametrize("ground", ["background", "surface", "panel"])
def test_text_has_contrast(theme: Theme, ground: str) -> None:
    ours = theme in OURS
    for name in TEXTS if ours else set(TEXTS) - {"foreground"}:
        ratio = contrast(color_of(theme, name), color_of(theme, ground))
        assert ratio >= READABLE, f"{name} on {ground}: {ratio:.2f}"


@pytest.mark.parametrize("theme", COLORED, ids=lambda theme: theme.name)
def test_the_values_of_steps_can_be_read(theme: Theme) -> None:
    assert contrast(color_of(theme, "secondary"), color_of(theme, "background")) >= READABLE


@pytest.mark.parametrize("theme", COLORED, ids=lambda theme: theme.name)
@pytest.mark.parametrize("ground", ["background", "surface", "panel"])
def test_the_side_of_a_field_without_the_focus_can_be_seen(theme: Theme, ground: str) -> None:
    assert contrast(color_of(theme, "border-blurred"), color_of(theme, ground)) >= VISIBLE


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
def test_text_has_contrast_under_the_mouse(theme: Theme) -> None:
    for name in TEXTS:
        ratio = contrast(color_of(theme, name), color_of(theme, "block-hover-background"))
        assert ratio >= READABLE, f"{name}: {ratio:.2f}"


def cursors(theme: Theme) -> Iterator[tuple[str, Color]]:
    """The backgrounds of the cursor: of lists on every ground, in charts, and of lists without the focus."""
    for ground in ("background", "surface", "panel"):
        yield f"a row on {ground}", color_of(theme, ground).blend(color_of(theme, "primary"), 0.22)
        yield f"a row of a chart on {ground}", Palette(variables_of(theme), color_of(theme, ground)).color("cursor")
    yield "a row without the focus", color_of(theme, "panel")


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
def test_plain_text_has_contrast_on_the_cursor(theme: Theme) -> None:
    for where, ground in cursors(theme):
        ratio = contrast(color_of(theme, "foreground"), ground)
        assert ratio >= READABLE, f"{where}: {ratio:.2f}"


@pytest.mark.parametrize("theme", COLORED, ids=lambda theme: theme.name)
def test_what_is_typed_into_a_dialog_can_be_read(theme: Theme) -> None:
    """Or as well as anywhere else, where a theme has no ground on which its text can be read."""
    typed = color_of(theme, "foreground")
    best = max(contrast(typed, color_of(theme, ground)) for ground in ("background", "surface", "panel"))
    assert contrast(typed, color_of(theme, "field-focus")) >= min(READABLE, best)


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
def test_quiet_text_of_charts_has_contrast(theme: Theme) -> None:
    for ground in ("background", "surface", "panel"):
        quiet = Palette(variables_of(theme), color_of(theme, ground)).style(Paint("muted")).color
        assert quiet is not None
        ratio = contrast(Color.from_rich_color(quiet), color_of(theme, ground))
        assert ratio >= READABLE, f"on {ground}: {ratio:.2f}"


# -- outcomes can be told apart

Triple = tuple[float, float, float]

BLINDNESS: dict[str, tuple[Triple, Triple, Triple]] = {
    "none": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""The linear red, green and blue that are seen: Machado, Oliveira and Fernandes, 2009, at full severity."""


def seen(color: Color, matrix: tuple[Triple, Triple, Triple]) -> Triple:
    """A colour as it is seen, in CIELAB under D65."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized]
    red, green, blue = (min(1, max(0, sum(a * b for a, b in zip(row, linear, strict=True)))) for row in matrix)
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def difference(one: Triple, other: Triple) -> float:
    """The difference of two colours of CIELAB by CIEDE2000."""
    (light1, a1, b1), (light2, a2, b2) = one, other
    mean = (hypot(a1, b1) + hypot(a2, b2)) / 2
    grey = 1 + 0.5 * (1 - sqrt(mean**7 / (mean**7 + 25**7)))
    a1, a2 = a1 * grey, a2 * grey
    chroma1, chroma2 = hypot(a1, b1), hypot(a2, b2)
    hue1, hue2 = degrees(atan2(b1, a1)) % 360, degrees(atan2(b2, a2)) % 360
    turn = (hue2 - hue1 + 180) % 360 - 180 if chroma1 * chroma2 else 0
    light, chroma, hue = (light1 + light2) / 2, (chroma1 + chroma2) / 2, hue1 + turn / 2
    if not chroma1 * chroma2:
        hue = hue1 + hue2
    tilt = (
        1
        - 0.17 * cos(radians(hue - 30))
        + 0.24 * cos(radians(2 * hue))
        + 0.32 * cos(radians(3 * hue + 6))
        - 0.20 * cos(radians(4 * hue - 63))
    )
    by_light = (light2 - light1) / (1 + 0.015 * (light - 50) ** 2 / sqrt(20 + (light - 50) ** 2))
    by_chroma = (chroma2 - chroma1) / (1 + 0.045 * chroma)
    by_hue = 2 * sqrt(chroma1 * chroma2) * sin(radians(turn / 2)) / (1 + 0.015 * chroma * tilt)
    rotation = -2 * sqrt(chroma**7 / (chroma**7 + 25**7)) * sin(radians(60 * exp(-(((hue % 360 - 275) / 25) ** 2))))
    return sqrt(by_light**2 + by_chroma**2 + by_hue**2 + rotation * by_chroma * by_hue)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.1848, -84.8006), (50, 0, -82.7485), 1.0),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_difference_is_that_of_the_published_examples(one: Triple, other: Triple, expected: float) -> None:
    assert difference(one, other) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("theme", OURS, ids=lambda theme: theme.name)
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_everybody_can_tell_outcomes_apart(theme: Theme, blindness: str) -> None:
    least = 20 if theme.dark else 13
    for one, other in combinations(OUTCOMES, 2):
        matrix = BLINDNESS[blindness]
        found = difference(seen(color_of(theme, one), matrix), seen(color_of(theme, other), matrix))
        assert found >= least, f"{one} and {other}: {found:.1f}"


@pytest.mark.parametrize("theme", COLORED, ids=lambda theme: theme.name)
def test_series_are_told_from_each_other_and_are_no_outcomes(theme: Theme) -> None:
    palette = Palette(variables_of(theme), color_of(theme, "background"))
    series = [palette.color(f"series-{place}") for place in (1, 2, 3)]
    for one, other in combinations(series, 2):
        assert difference(*(seen(color, BLINDNESS["none"]) for color in (one, other))) >= 15
    assert all(0.45 < color.hsl.h < 0.95 for color in series), "no green, amber or red"


@pytest.mark.parametrize("theme", COLORED, ids=lambda theme: theme.name)
def test_every_series_and_every_number_of_a_heat_map_can_be_seen(theme: Theme) -> None:
    ground = color_of(theme, "background")
    palette = Palette(variables_of(theme), ground)
    series = [palette.color(f"series-{place}") for place in range(1, SERIES_TONES + 1)]
    assert min(contrast(color, ground) for color in series) >= 3, "what is no text"
    apart = (difference(*(seen(color, BLINDNESS["none"]) for color in pair)) for pair in combinations(series, 2))
    assert min(apart) >= 9
    for tone in (f"heat-{level}-{base}" for level in range(1, HEAT_LEVELS + 1) for base in ("primary", "completed")):
        assert contrast(palette.color(f"on-{tone}"), palette.color(tone)) >= READABLE, tone


# -- the app


def colors_of_line(widget: Widget, y: int) -> set[Color]:
    """The colours of all text in a line of a widget but its first cell, which is the bar of the cursor."""
    styles = [style for text, style, _ in widget.render_line(y).crop(1) if text.strip() and style is not None]
    return {Color.from_rich_color(style.color) for style in styles if style.color is not None}


@pytest.mark.parametrize("theme", ["goals-dark", "goals-light", "nord", "textual-light"])
async def test_the_row_under_the_cursor_is_plain_text(services: Services, theme: str) -> None:
    async with running(services) as pilot:
        pilot.app.theme = theme
        rows = VirtualList([Column("Outcome", 12), Column("Endpoint", 12)])
        await pilot.app.screen.mount(rows)
        rows.show(2, lambda index: [Content.styled("✕ Incomplete", "$incomplete"), Content.styled("web", "$quiet")])
        rows.focus()
        await settle(pilot)
        named = {name: Color.parse(pilot.app.theme_variables[name]) for name in ("foreground", "incomplete", "quiet")}
        assert colors_of_line(rows, 1) == {named["foreground"]}
        assert colors_of_line(rows, 2) == {named["incomplete"], named["quiet"]}


async def test_the_option_under_the_cursor_is_plain_text_and_ends_with_its_lines(services: Services) -> None:
    def option() -> Option:
        return Option(Content.assemble(("✖ Name", "$error"), ("\nsize", "$quiet"), "\n"))

    async with running(services) as pilot:
        rows = Options(option(), option())
        await pilot.app.screen.mount(rows)
        rows.focus()
        rows.highlighted = 0
        await settle(pilot)
        plain = Color.parse(pilot.app.theme_variables["foreground"])
        assert colors_of_line(rows, 0) == colors_of_line(rows, 1) == {plain}
        lines = [rows.render_line(y) for y in range(6)]
        assert [line.text[:8].rstrip() for line in lines] == ["▌ ✖ Name", "▌ size", "", "  ✖ Name", "  size", ""]
        grounds = [next(style.bgcolor for _, style, _ in line if style) for line in lines]
        assert grounds[0] == grounds[1] != grounds[2] == grounds[3] == grounds[4]


@pytest.mark.parametrize("theme", ["goals-dark", "goals-light", "nord", "textual-light"])
async def test_the_example_in_an_empty_field_can_be_read(services: Services, theme: str) -> None:
    async with running(services) as pilot:
        pilot.app.theme = theme
        await pilot.app.screen.mount(Input(placeholder="for example: yes"))
        await pilot.app.push_screen(Choose("Which", [Chosen("a", "A")]))
        await settle(pilot)
        behind, front = pilot.app.screen_stack[-2].query(Input).last(), pilot.app.screen.query_one(Input)
        assert front.has_focus and not behind.has_focus
        for entry in (behind, front):
            (style,) = {style for text, style, _ in entry.render_line(0).crop(3) if text.strip() and style is not None}
            assert style.color is not None and style.bgcolor is not None
            colors = (Color.from_rich_color(each) for each in (style.color, style.bgcolor))
            assert contrast(*colors) >= READABLE, "in a dialog" if entry is front else "on the screen"


async def test_every_theme_can_be_shown(services: Services) -> None:
    async with running(services) as pilot:
        for name in pilot.app.available_themes:
            pilot.app.theme = name
            await pilot.pause()
            assert pilot.app.theme_variables["completed"]
