"""The tour: shown once, in the demo only, over the screens that it speaks of."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from goals_tui.services.context import Services, open_services
from goals_tui.tui.app.actions import keys_of, registry
from goals_tui.tui.app.config import Config, load
from goals_tui.tui.welcome.tour import CARDS, TourCard
from tests.conftest import NOW
from tests.tui.harness import press, running, screen_text, settle
from tests.tui.pictures import GALLERY, Pictures, each_size


@pytest.fixture
def demo(demo_folder: Path, tmp_path: Path) -> Services:
    return open_services(Path(shutil.copytree(demo_folder, tmp_path / "demo")), clock=lambda: NOW, env={})


async def test_it_leads_through_the_screens_and_back(demo: Services, tmp_path: Path) -> None:
    config = Config(tmp_path / "config.toml")
    async with running(demo, config=config) as pilot:
        seen = []
        for card in CARDS:
            await settle(pilot)
            assert isinstance(pilot.app.screen, TourCard)
            assert card.title in screen_text(pilot.app)
            seen.append(pilot.app.current_mode)
            await press(pilot, "enter")
        assert seen == ["goals", "flows", "insights", "goals"]
        assert pilot.app.current_mode == "goals"
        assert not isinstance(pilot.app.screen, TourCard)
    assert load(tmp_path / "config.toml").tour_seen


async def test_back_and_away(demo: Services) -> None:
    async with running(demo) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "left")
        assert CARDS[0].title in screen_text(pilot.app)
        assert not pilot.app.screen.check_action("back", ())
        await press(pilot, "escape")
        assert not isinstance(pilot.app.screen, TourCard)
        assert pilot.app.current_mode == "goals"


async def test_it_comes_once_and_in_the_demo_only(demo: Services, services: Services) -> None:
    async with running(demo, config=Config(tour_seen=True)) as pilot:
        await settle(pilot)
        assert not isinstance(pilot.app.screen, TourCard)
        await pilot.app.run_action("app.tour")
        await settle(pilot)
        assert isinstance(pilot.app.screen, TourCard), "the palette brings it back"
    async with running(services) as pilot:
        await settle(pilot)
        assert not isinstance(pilot.app.screen, TourCard)


async def test_keys_that_were_changed_are_shown_as_they_are(demo: Services) -> None:
    async with running(demo, config=Config(keys={"goals.new": "f9"})) as pilot:
        await settle(pilot)
        assert "f9 defines a new one" in screen_text(pilot.app)


async def test_the_keys_that_it_names_work_and_none_is_one_of_the_tour(demo: Services) -> None:
    async with running(demo) as pilot:
        await settle(pilot)
        assert "o opens a goal   t tracks it in a flow   n defines a new one" in screen_text(pilot.app)
        await press(pilot, "n")
        assert not isinstance(pilot.app.screen, TourCard)
        assert "New goal" in screen_text(pilot.app)
    async with running(demo) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "enter")
        before = pilot.app.filters.span
        await press(pilot, "right_square_bracket")
        assert not isinstance(pilot.app.screen, TourCard)
        assert (pilot.app.current_mode, pilot.app.filters.span == before) == ("insights", False)


@pytest.mark.parametrize("number", range(len(CARDS)))
async def test_each_key_of_each_card_ends_the_tour(demo: Services, number: int) -> None:
    for name, _ in CARDS[number].keys:
        async with running(demo) as pilot:
            await settle(pilot)
            await press(pilot, *["enter"] * number)
            card = pilot.app.screen
            assert isinstance(card, TourCard)
            own = {key for key in keys_of({}, name) if key in card.leads_on}
            assert own, f"{name} has no key that works"
            await press(pilot, min(own))
            assert not isinstance(pilot.app.screen, TourCard)


def test_it_speaks_of_what_if_and_of_live() -> None:
    texts = " ".join(card.text for card in CARDS)
    assert "What if" in texts and "demo --live" in texts


def test_every_key_that_it_names_exists() -> None:
    known = {action.id for action in registry()}
    assert {id_ for card in CARDS for id_, _ in card.keys} <= known


@each_size
async def test_pictures(demo: Services, pictures: Pictures, size: tuple[int, int]) -> None:
    async with running(demo, size) as pilot:
        for number, card in enumerate(CARDS):
            shown = screen_text(pilot.app)
            assert card.title in shown
            assert all(words in shown for _, words in card.keys), shown
            await pictures.take(pilot, f"{number + 1}", drawn=GALLERY if number in (0, len(CARDS) - 1) else ())
            await press(pilot, "enter")
        # The end of the tour leaves the first screen of the demo.
        await pictures.take(pilot, "demo")
    pictures.compare()
