"""Draw the pictures of the README: the real app over the demo, at a fixed moment, in both themes of ours.

`first-minute.svg` is a recording: the frames of one run of the app, shown one after the other by CSS.

    python screenshots/make.py [FOLDER]

`tests/test_readme_commands.py` fails when a picture here is older than what the app draws.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from textual.pilot import Pilot

from goals_tui.domain.ids import Ids
from goals_tui.services.context import open_services
from goals_tui.services.demo.live import LiveDemo
from goals_tui.services.demo.service import make_demo
from goals_tui.tui.app.app import GoalsApp
from goals_tui.tui.app.config import Config
from goals_tui.tui.app.themes import GOALS_DARK, OURS
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


EDIT_BOOK_A_FLIGHT = ("down", "enter", *["tab"] * 3, "down", *["right"] * 4, "space")
"""Makes the second step a completion step."""
LONGER = "right_square_bracket"
FLOW_WITH_NUMBERS = ("2", "o", *"book", "enter", "N", *["down"] * 8)

PICTURES = (
    Picture("what-if", EDIT_BOOK_A_FLIGHT),
    Picture("flows", ("3", LONGER, *FLOW_WITH_NUMBERS)),
    Picture("insights-releases", ("3", LONGER, LONGER, "l", "down")),
)


@dataclass(frozen=True)
class Frame:
    """A frame of the recording: its caption, the keys that lead there from the frame before, and how long it is shown.

    `live` is the number of minutes in which conversations arrive before it.
    """

    caption: str
    keys: tuple[str, ...]
    seconds: float = 4
    live: int = 0


LIVE = "A live agent: conversations arrive while you look"
RECORDING = (
    Frame("Goals: what a conversation should achieve", ("down",), 5),
    Frame("What if this step completed the goal? Nothing is saved", EDIT_BOOK_A_FLIGHT[1:], 6),
    Frame("The flow that the agent runs, and what drops off on the way", ("u", "escape", *FLOW_WITH_NUMBERS), 6),
    Frame("Talk to it: the steps of the goal fire as you go", ("i", "enter", "enter", *"Ada", "enter"), 5),
    Frame("Insights: what it saved today", ("escape", "3", "left_square_bracket"), 4),
    *(Frame(LIVE, (), 1.5, live=2) for _ in range(3)),
    Frame(LIVE, (), 4, live=2),
    Frame("Releases: which one was better, and by how much", (LONGER, LONGER, LONGER, "l", "down"), 6),
    Frame("Why did the rate change? The effect of each part", ("p", "W"), 6),
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


class Clock:
    """A clock that stands still until it is told how far to go."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> datetime:
        """Return the present moment."""
        return NOW + timedelta(seconds=self.seconds)


class Until:
    """The end of a live demo, at a moment of a clock that goes as far as the demo waits."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._end = clock, clock.seconds + seconds

    def is_set(self) -> bool:
        """Return True if the moment has come."""
        return self._clock.seconds >= self._end

    def wait(self, seconds: float) -> None:
        """Let the clock go on."""
        self._clock.seconds += max(seconds, 0.001)


async def draw(demo: Path, picture: Picture, targets: Mapping[str, Path]) -> None:
    """Drive the app to a picture and write it in each theme of `targets`."""
    services = open_services(demo, clock=lambda: NOW, ids=Ids(picture.name), env={})
    app = StillApp(services, Config(theme=next(iter(targets)), tour_seen=True))
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, picture.keys)
        for theme, target in targets.items():
            app.theme = theme
            # What was dimmed while it was loading is drawn again.
            await settle(pilot)
            target.write_text(steady(app.export_screenshot(title=f"goals-tui · {picture.name}")), "utf-8")


async def record(demo: Path, target: Path) -> None:
    """Drive the app through the frames of the recording and write it."""
    clock = Clock()
    services = open_services(demo, clock=clock, ids=Ids("recording"), env={})
    agent = open_services(demo, clock=clock, ids=Ids("live"), env={})
    live = LiveDemo(agent.flows, agent.simulation, agent.tracking, agent.clock, agent.ids, seed=1)
    app = StillApp(services, Config(theme=GOALS_DARK.name, tour_seen=True))
    drawn = []
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        for frame in RECORDING:
            await press(pilot, frame.keys)
            if frame.live:
                live.run(Until(clock, 60 * frame.live), lambda: clock.seconds)  # type: ignore[arg-type]  # as an Event
                app.look_for_changes()
                await settle(pilot)
            drawn.append(app.export_screenshot(title=frame.caption))
    target.write_text(animated(drawn, [frame.seconds for frame in RECORDING]), "utf-8")


async def press(pilot: Pilot[Any], keys: Iterable[str]) -> None:
    """Press keys, each after what the one before it did; no cursor blinks then."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)
    for widget in pilot.app.screen.walk_children():
        if hasattr(widget, "cursor_blink"):
            widget.cursor_blink = False


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until nothing works for the app any more, what is read a moment later included, and all is drawn.

    A key may wait for what the one before it opens, longer on a machine that is busy.
    """
    keys, quiet = pilot.app._key_queue, 0  # type: ignore[attr-defined]  # the app is ours
    while quiet < QUIET_ROUNDS:
        await pilot.pause(ROUND_SECONDS)
        threads = [worker for worker in pilot.app.workers if worker._thread_worker and not worker.is_finished]
        quiet = 0 if threads or keys._held or keys._due or keys._under_way else quiet + 1
        if threads:
            await pilot.app.workers.wait_for_complete(threads)


def steady(svg: str) -> str:
    """The picture without the random name that its styles carry, and without fonts from other servers.

    Every space counts: some programs that draw SVG drop those a text begins with.
    """
    named = re.sub(r"terminal-\d+", "terminal", svg).replace("<svg ", '<svg xml:space="preserve" ', 1)
    return re.sub(r"\s*@font-face \{.*?\}", "", named, flags=re.DOTALL)


def animated(frames: Sequence[str], seconds: Sequence[float]) -> str:
    """Return one SVG that shows frames, each an SVG of the app, one after the other and begins again.

    Where motion is not wanted it shows the first.
    """
    frames = [*map(steady, frames)]
    head = frames[0].partition("    .terminal-r1 ")[0]
    chrome = re.search(r"(<rect fill=[^>]*rx=.*?/>).*?(<g transform=.*?</g>)", frames[0], re.DOTALL)
    assert chrome is not None
    styles: dict[str, str] = {}
    bodies, whole, at = [], sum(seconds), 0.0
    timing = [".f { visibility: hidden }", ".f0 { visibility: visible }"]
    for number, (frame, shown) in enumerate(zip(frames, seconds, strict=True)):
        begin, end = 100 * at / whole, 100 * (at + shown) / whole
        hidden = "0% { visibility: hidden } " if number else ""
        after = "" if number == len(frames) - 1 else f" {end:.2f}% {{ visibility: hidden }}"
        timing.append(f"@keyframes f{number} {{ {hidden}{begin:.2f}% {{ visibility: visible }}{after} }}")
        at += shown
        bodies.append(f'<g class="f f{number}">{_body(frame, styles)}</g>')
    rules = "\n".join(f".{name} {{ {rule} }}" for rule, name in styles.items())
    moves = "\n".join(
        f".f{number} {{ animation: f{number} {whole:g}s step-end infinite }}" for number in range(len(frames))
    )
    motion = f"@media (prefers-reduced-motion: no-preference) {{\n{moves}\n}}"
    return "\n".join((f"{head}{rules}", *timing, motion, "</style>", *chrome.groups(), *bodies, "</svg>")) + "\n"


def _body(frame: str, styles: dict[str, str]) -> str:
    """Return what a frame shows, short: one path for each background, and texts that share their styles."""
    rules = dict(re.findall(r"\.terminal-[^{]*?(r\d+) \{ (.*?) \}", frame))
    caption = re.search(r'<text class="terminal-title".*?</text>', frame)
    matrix = frame[frame.index('<g transform="translate(9, 41)"') :]
    paths: dict[str, str] = {}
    for fill, x, y, width, height in re.findall(
        r'<rect fill="(.*?)" x="(.*?)" y="(.*?)" width="(.*?)" height="(.*?)"', matrix
    ):
        paths[fill] = paths.get(fill, "") + f"M{x} {y}h{width}v{height}h-{width}z"
    texts = []
    for style, place, text in re.findall(r'<text class="[^"]*?(r\d+)" (.*?) clip-path=".*?">(.*?)</text>', matrix):
        if text.replace("&#160;", "").strip():
            name = styles.setdefault(rules[style], f"s{len(styles)}")
            texts.append(f'<text class="{name}" {place}>{text.replace("&#160;", chr(160))}</text>')
    filled = "".join(f'<path fill="{fill}" d="{path}"/>' for fill, path in paths.items())
    drawn = f'<g shape-rendering="crispEdges">{filled}</g><g class="terminal-matrix">{"".join(texts)}</g>'
    return f'{caption[0] if caption else ""}<g transform="translate(9, 41)">{drawn}</g>'


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
        recording = folder / "first-minute.svg"
        asyncio.run(record(demo, recording))
        made.append(recording)
        progress(str(recording))
    return made


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
