"""Draws the pictures of the README: the real app over the demo, at a fixed moment, in both themes of ours.

    python screenshots/make.py [FOLDER]

`tests/test_readme_commands.py` fails when a picture here is older than what the app draws.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from textual.pilot import Pilot

from goals_tui.domain.ids import Ids
from goals_tui.services.context import open_services
from goals_tui.services.demo.service import make_demo
from goals_tui.tui.app.app import GoalsApp
from goals_tui.tui.app.config import Config
from goals_tui.tui.app.themes import OURS
from goals_tui.tui.filters import screen as filtered_screen

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
SIZE = (120, 36)
QUIET_ROUNDS, ROUND_SECONDS = 3, 0.02
_AGES = 1e6


@dataclass(frozen=True)
class Picture:
    """A picture: its name, and the keys that lead there from the first screen."""

    name: str
    keys: tuple[str, ...]


PICTURES = (
    Picture("goals", ("down",)),
    Picture("goal-editor", ("down", "enter")),
    Picture("flows", ("2", "o", *"book", "enter", *["down"] * 5)),
    Picture("interaction-panel", ("2", "o", *"book", "enter", "t", "enter", "enter", *"Ada", "enter", "enter")),
    Picture("insights-performance", ("3",)),
    Picture("insights-by-day", ("3", "right_square_bracket", "r")),
    Picture("insights-funnel", ("3", "right_square_bracket", "n")),
    Picture("sessions-timeline", ("4", "c", "enter")),
)


class StillApp(GoalsApp):
    """The app without animation and without looking at the clock: the same picture every time."""

    READ_LATER_SECONDS = 0.0

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.animation_level = "none"

    def set_interval(self, interval: float, *args: Any, **options: Any) -> Any:
        """Timers that repeat never come round."""
        return super().set_interval(interval * _AGES, *args, **options)


async def draw(demo: Path, picture: Picture, targets: Mapping[str, Path]) -> None:
    """Drive the app to a picture and write it in each theme of `targets`."""
    services = open_services(demo, clock=lambda: NOW, ids=Ids(picture.name), env={})
    app = StillApp(services, Config(theme=next(iter(targets)), tour_seen=True))
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        for key in picture.keys:
            await pilot.press(key)
            await settle(pilot)
        for widget in app.screen.walk_children():
            if hasattr(widget, "cursor_blink"):
                widget.cursor_blink = False
        for theme, target in targets.items():
            app.theme = theme
            # What was dimmed while it was loading is drawn again.
            await settle(pilot)
            target.write_text(steady(app.export_screenshot(title=f"goals-tui · {picture.name}")), "utf-8")


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until nothing works for the app any more, what is read a moment later included, and all is drawn."""
    quiet = 0
    while quiet < QUIET_ROUNDS:
        await pilot.pause(ROUND_SECONDS)
        threads = [worker for worker in pilot.app.workers if worker._thread_worker and not worker.is_finished]
        quiet = 0 if threads else quiet + 1
        if threads:
            await pilot.app.workers.wait_for_complete(threads)


def steady(svg: str) -> str:
    """The picture without the random name that its styles carry, and without fonts from other servers.

    Every space counts: some programs that draw SVG drop those a text begins with.
    """
    named = re.sub(r"terminal-\d+", "terminal", svg).replace("<svg ", '<svg xml:space="preserve" ', 1)
    return re.sub(r"\s*@font-face \{.*?\}", "", named, flags=re.DOTALL)


def make(folder: Path, progress: Callable[[str], object] = print) -> list[Path]:
    """Draw all pictures into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    # No picture shows that something is loading, however slow the machine is.
    with tempfile.TemporaryDirectory() as place, patch.object(filtered_screen, "LOADING_AFTER", _AGES):
        demo = Path(place) / "demo"
        make_demo(demo, clock=lambda: NOW)
        for picture in PICTURES:
            shades = {theme.name: "dark" if theme.dark else "light" for theme in OURS}
            targets = {name: folder / f"{picture.name}-{shade}.svg" for name, shade in shades.items()}
            # Talking to a flow writes events: each picture has a demo of its own.
            own = Path(place) / picture.name
            shutil.copytree(demo, own)
            asyncio.run(draw(own, picture, targets))
            made += targets.values()
            progress("\n".join(map(str, targets.values())))
    return made


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
