"""10,000 goals: the list opens, and answers every key, without delay.

By hand: pytest tests/benchmarks/test_many_goals.py -o addopts= --benchmark-enable -s
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from goals_tui.services.context import Services, create_workspace, open_services
from goals_tui.tui.app.app import GoalsApp
from goals_tui.tui.goals.screen import GoalsScreen
from goals_tui.tui.widgets.virtual_list import VirtualList
from tests.builders import goal
from tests.conftest import NOW
from tests.tui.harness import QuietApp, settle

MANY = 10_000
LONGEST_OPENING = 0.5
LONGEST_KEY = 0.05
"""Seconds."""

ROUNDS = 5
"""Each key is pressed so often, and its quickest time taken: other programs run at the same time."""

LIST_KEYS = (*["down"] * 30, *["pagedown"] * 20, "end", "home", *"sss")
FILTER_KEYS = (
    "slash",
    *"goal",
    "space",
    *"0123",
    *["backspace"] * 9,
    *"pay",
    *["backspace"] * 3,
    "g",
    "space",
    "x",
    "escape",
)
"""Formats that find all, some and none, taken back in between."""


class SteadyApp(QuietApp):
    """Reads later what may be read later, as the app does for people."""

    READ_LATER_SECONDS = GoalsApp.READ_LATER_SECONDS


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workspace(tmp_path_factory.mktemp("many") / "w", MANY)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workspace(tmp_path_factory.mktemp("few") / "w", 20)


def workspace(path: Path, count: int) -> Path:
    services = create_workspace(path, name="Many", clock=lambda: NOW, env={})
    with services.workspace.documents.transaction() as transaction:
        for number in range(count):
            made = goal(f"Goal {number:05}", "Begin", "Choose a thing", "Pay for it", "◎Done", description="x" * 60)
            content = made.model_dump(mode="json")
            transaction.put("goals", made.id, content)
            transaction.put("goal_versions", made.version, content)
    return path


def forget() -> None:
    """Let the garbage collector see what was read before, as in a new program."""
    gc.unfreeze()
    gc.collect()


def opened(path: Path) -> Services:
    return open_services(path, clock=lambda: NOW, env={})


def test_the_list_from_the_disk(many: Path) -> None:
    times = []
    for _ in range(5):
        forget()
        began = time.thread_time()
        assert len(opened(many).goals.summaries()) == MANY
        times.append(time.thread_time() - began)
    print(f"\nlist of {MANY:,} goals, file read and parsed: {statistics.median(times) * 1000:.0f} ms")
    assert statistics.median(times) < LONGEST_OPENING


async def test_the_screen(many: Path, few: Path) -> None:
    await measured(few, 20)
    bare, _, _ = await measured(few, 20)
    opening, keys, filtering = await measured(many, MANY)
    print(f"\n{MANY:,} goals: the app shows them {(opening - bare) * 1000:.0f} ms later than 20 goals")
    assert opening - bare < LONGEST_OPENING
    for name, times in (("a key of the list", keys), ("a key in the filter", filtering)):
        usual, slow = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        print(f"{name}: {usual * 1000:.0f} ms in the median, {slow * 1000:.0f} ms for the slowest twentieth")
        assert usual < LONGEST_KEY, name
        assert slow < LONGEST_KEY, name


async def measured(path: Path, count: int) -> tuple[float, list[float], list[float]]:
    """Until the list is there, keys in it, keys in its filter: processor time of the thread that draws, in seconds."""
    forget()
    began = time.thread_time()
    app = SteadyApp(opened(path))
    async with app.run_test(size=(120, 36)) as pilot:
        assert isinstance(app.screen, GoalsScreen)
        while app.screen.query_one(VirtualList).count < count:
            await pilot.pause()
        await pilot.pause()
        opening = time.thread_time() - began
        await settle(pilot)
        return opening, await quickest(pilot, LIST_KEYS), await quickest(pilot, FILTER_KEYS)


async def quickest(pilot: Pilot[None], keys: Sequence[str]) -> list[float]:
    """The quickest time of each key, the keys pressed one after the other in every round."""
    rounds = [[await pressed(pilot, key) for key in keys] for _ in range(ROUNDS)]
    return [min(times) for times in zip(*rounds, strict=True)]


async def pressed(pilot: Pilot[None], key: str) -> float:
    began = time.thread_time()
    await pilot.press(key)
    return time.thread_time() - began
