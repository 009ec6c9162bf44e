"""Pictures of Settings and its dialogs at three sizes, and without colours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from goals_tui.services.context import Services
from goals_tui.services.currencies import list_currencies
from tests.conftest import make_services
from tests.tui.harness import SIZES, press, running
from tests.tui.pictures import GALLERY, Pictures, each_size

CURRENCIES = "BIF CDF CHF DJF EUR GBP GNF JPY KMF NOK RWF SEK USD XAF XOF XPF ZAR".split()
ZONES = (
    "America/Chicago America/Denver America/Los_Angeles America/New_York America/Sao_Paulo Asia/Dubai Asia/Kolkata "
    "Asia/Singapore Asia/Tokyo Australia/Sydney Europe/Athens Europe/Berlin Europe/Kyiv Europe/Lisbon Europe/London "
    "Europe/Madrid Europe/Oslo Europe/Paris Europe/Rome Europe/Vienna Europe/Zurich Pacific/Auckland UTC"
).split()

VIEWS: dict[str, tuple[str, ...]] = {
    "list": (),
    "name": ("enter",),
    "currency": ("down", "enter", "f", "r", "a"),
    "time-zone": ("down", "enter"),
    "theme": ("down", "enter"),
    "keys": ("down",),
}
"""The keys that lead there from the view before, which escape closed."""

DRAWN = {"list": SIZES, "name": GALLERY, "currency": GALLERY}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Paths, currencies and time zones are shown: the same ones in every run, whatever data is installed."""
    monkeypatch.chdir(tmp_path)
    some = tuple(currency for currency in list_currencies() if currency.code in CURRENCIES)
    monkeypatch.setattr("goals_tui.services.currencies.list_currencies", lambda: some)
    monkeypatch.setattr("zoneinfo.available_timezones", lambda: set(ZONES))
    return make_services(Path("workspace"))


async def views(pilot: Pilot[Any]) -> AsyncIterator[str]:
    """Goes from view to view, and names it."""
    await press(pilot, "home")
    for name, keys in VIEWS.items():
        await press(pilot, *keys)
        yield name
        await press(pilot, "escape")


async def meet(pilot: Pilot[Any], desk: Services) -> None:
    """Save a name after somebody else saved another."""
    await press(pilot, "home", "enter", "!")
    desk.project.save(desk.project.get().model_copy(update={"name": "Their Desk"}))
    await press(pilot, "enter")


@each_size
async def test_views(pictures: Pictures, desk: Services, size: tuple[int, int]) -> None:
    async with running(desk, size, area="settings") as pilot:
        async for name in views(pilot):
            await pictures.take(pilot, name, drawn=DRAWN.get(name, ()))
        await meet(pilot, desk)
        await pictures.take(pilot, "conflict")
    pictures.compare()


async def test_without_colours(pictures: Pictures, desk: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(desk, area="settings") as pilot:
        await pictures.draw(pilot, "list")
    pictures.compare()
