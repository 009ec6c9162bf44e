"""The tiles: the same parts in all of them, whatever the size."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from goals_tui.format import points
from goals_tui.tui.insights.tiles import Tile, TileFacts, _percent, _points, form_of, stretched
from tests.tui.harness import SIZES, running, screen_text
from tests.tui.insights.conftest import Scenario

SHARE = TileFacts("✔ Completed", "57 %", ("1,466 of 2,579", "1,466/2,579", "1.5k/2.6k"), ("▲ 12.4 pts", "▲ 12 pts"))
MONEY = TileFacts("Revenue", "€14,296.10", ("€11,648.30 before", "was €11,648", "was €11.6k"), ("▲ 45 %",))


def test_all_tiles_take_the_first_form_in_which_each_of_them_fits() -> None:
    wide = form_of([SHARE, MONEY], 30)
    assert (wide.beside, wide.change, wide.detail, wide.spark) == (True, 0, 0, 30)
    middle = form_of([SHARE, MONEY], 17)
    assert (middle.beside, middle.change, middle.detail) == (True, 0, 0)
    assert form_of([SHARE], 14).change == 1
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
    ("by", "words"),
    [
        (0.1517, ("▲ 15.2 pts", "▲ 15 pts")),
        (0.01, ("▲ 1.0 pts", "▲ 1 pt")),
        (-0.0154, ("▼ 1.5 pts", "▼ 2 pts")),
        (0.0064, ("▲ 0.6 pts", "▲ 0.6 pts")),
        (0.0004, ("= previous period", "= same")),
    ],
)
def test_a_change_of_a_rate_has_tenths_as_in_tables_where_there_is_room(by: float, words: tuple[str, str]) -> None:
    assert _points(by) == words
    assert words[0].startswith("=") or points(by, "pts")[1:] == words[0][2:]


@pytest.mark.parametrize(
    ("by", "words"),
    [
        (0.48, ("▲ 48 %",)),
        (12.34, ("▲ 1,234 %",)),
        (-0.0064, ("▼ 0.6 %",)),
        (0.0004, ("= previous period", "= same")),
    ],
)
def test_a_change_of_an_amount_has_one_form_at_every_width(by: float, words: tuple[str, ...]) -> None:
    assert _percent(by) == words


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
