"""Every screen is drawn at three sizes and in both our themes, every dialog at one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

import pytest
from textual.screen import ModalScreen, Screen

import goals_tui.tui
from goals_tui.services.context import Services
from goals_tui.tui.app.app import Opening
from tests.tui.harness import SIZES, running
from tests.tui.pictures import GALLERY, Pictures, each_size


def below(class_: type[object]) -> Iterator[type[object]]:
    """Every class that builds on this one."""
    for each in class_.__subclasses__():
        yield each
        yield from below(each)


def screens() -> list[type[Screen[Any]]]:
    """Every screen and dialog of the app; those that others build on are drawn as these."""
    for module in walk_packages(goals_tui.tui.__path__, "goals_tui.tui."):
        import_module(module.name)
    ours = {each for each in below(Screen) if each.__module__.startswith("goals_tui.tui.")}
    return sorted((each for each in ours if not each.__subclasses__()), key=lambda each: each.__name__)


@pytest.mark.parametrize("screen", screens(), ids=lambda screen: screen.__name__)
def test_every_screen_is_drawn(screen: type[Screen[Any]]) -> None:
    drawings = Path(__file__).parent.glob("**/__snapshots__/*/*.svg")
    names = [drawing.name for drawing in drawings if f"[{screen.__name__}-" in drawing.name]
    sizes = GALLERY if issubclass(screen, ModalScreen) else SIZES
    for theme in ("dark", "light"):
        drawn = [name for name in names if f"-{theme}]" in name]
        for width, height in sizes:
            assert any(f"{width}x{height}]" in name for name in drawn)


@each_size
async def test_opening(pictures: Pictures, services: Services, size: tuple[int, int]) -> None:
    async with running(services, size) as pilot:
        await pilot.app.push_screen(Opening())
        await pictures.take(pilot, "opening", drawn=SIZES)
    pictures.compare()
