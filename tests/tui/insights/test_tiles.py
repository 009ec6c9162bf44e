"""The tiles: the same parts in all of them, whatever the size."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from goals_tui.tui.insights.tiles import Tile, TileFacts, _change, form_of, stretched
from tests.tui.harness import SIZES, running, screen_text
from tests.tui.insights.conftest import Scenario

SHARE = TileFacts("✔ Completed", "57 %", ("1,466 of 2,579", "1,466/2,579", "1.5k/2.6k"), ("▲ +12.4 pts", "▲ 12 pts"))
MONEY = TileFacts("Revenue", "€14,296.10", ("€11,648.30 before", "was €11,648", "was €11.6k"), ("▲ +45 %", "▲ 45 %"))


def test_all_tiles_take_the_first_form_in_which_each_of_them_fits() -> None:
    wide = form_of([SHARE, MONEY], 30)
    assert (wide.beside, wide.change, wide.detail, wide.spark) == (True, 0, 0, 30)
    middle = form_of([SHARE, MONEY], 17)
    assert (middle.beside, middle.change, middle.detail) == (True, 1, 0)
    narrow = form_of([SHARE, MONEY], 12)
    assert (narrow.beside, narrow.change, narrow.detail, narrow.spark) == (False, 1, 1, 3)


def test_a_sparkline_fills_the_width_with_values_of_one_width() -> None:
    assert stretched((1.0, 0.0, 2.0), 10) == "▄▄▄▁▁▁███"
    assert stretched((), 10) == ""


@pytest.mark.parametrize("size", SIZES)
async def test_every_tile_has_its_unit_and_its_sparkline(scenarios: dict[str, Scenario], size: tuple[int, int]) -> None:
    async with running(scenarios["data"](), size, area="insights") as pilot:
        parts = [_parts(tile) for tile in _tiles(pilot)]
        assert len({lines for lines, _ in parts}) == 1
        assert all(spark for _, spark in parts)
        assert "unclear" in screen_text(pilot.app) or "no clear change" in screen_text(pilot.app)


@pytest.mark.parametrize(
    ("by", "unit", "words"),
    [
        (1.0, "pt", ("▲ +1 pt", "▲ 1 pt")),
        (-1.54, "pt", ("▼ -2 pts", "▼ 2 pts")),
        (0.64, "pt", ("▲ +0.6 pts", "▲ 0.6 pts")),
        (-0.96, "pt", ("▼ -1 pt", "▼ 1 pt")),
        (1234.0, "%", ("▲ +1,234 %", "▲ 1,234 %")),
        (0.04, "%", ("= previous period", "= same")),
    ],
)
def test_a_change_is_rounded_alike_at_every_width(by: float, unit: str, words: tuple[str, str]) -> None:
    assert _change(by, unit) == words


async def test_an_empty_previous_period_is_said_once_beside_the_span(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["one-day"](), (200, 60), area="insights") as pilot:
        shown = screen_text(pilot.app)
        assert shown.count("no earlier data") == 1 and "previous period" not in shown
        assert "until 13:00) · no earlier data" in shown
        assert all(not tile.facts.change for tile in _tiles(pilot))


def _tiles(pilot: Pilot[object]) -> list[Tile]:
    return list(pilot.app.screen.query(Tile))


def _parts(tile: Tile) -> tuple[int, bool]:
    lines = str(tile.render()).split("\n")
    return sum(bool(line.strip()) for line in lines), any(block in lines[-1] for block in "▁▂▃▄▅▆▇█")
