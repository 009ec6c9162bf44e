"""Pictures of Settings and its dialogs: at three sizes and in both our themes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import make_services
from tests.tui.harness import SIZES, press, running
from tests.tui.pictures import Pictures, themes

VIEWS: dict[str, tuple[str, ...]] = {
    "list": (),
    "name": ("enter",),
    "currency": ("down", "enter", "f", "r", "a"),
    "time-zone": ("down", "enter"),
    "theme": ("down", "enter"),
    "keys": ("down",),
}
"""The keys that lead there from the view before, which escape closed."""


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
async def test_views(
    pictures: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    # Paths are shown: the same ones in every run.
    monkeypatch.chdir(tmp_path)
    async with running(make_services(Path("workspace")), size, area="settings") as pilot:
        async for theme in themes(pilot):
            await press(pilot, "home")
            for name, keys in VIEWS.items():
                await press(pilot, *keys)
                pictures.take(pilot, f"{name}-{theme}")
                await press(pilot, "escape")
    pictures.compare()
