"""10,000 goals: the list opens, and answers every key, without delay (DESIGN 7).

By hand: pytest tests/benchmarks/test_many_goals.py -o addopts= --benchmark-enable -s
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from goals_tui.services.context import Services, create_workspace, open_services
from goals_tui.tui.goals.screen import GoalsScreen
from tests.builders import goal
from tests.conftest import NOW
from tests.tui.harness import QuietApp, settle

MANY = 10_000
LONGEST_OPENING = 0.5
LONGEST_KEY = 0.05
"""Seconds."""


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


def opened(path: Path) -> Services:
    return open_services(path, clock=lambda: NOW, env={})


def test_the_list_from_the_disk(many: Path) -> None:
    times = []
    for _ in range(5):
        began = time.thread_time()
        assert len(opened(many).goals.summaries()) == MANY
        times.append(time.thread_time() - began)
    print(f"\nlist of {MANY:,} goals, file read and parsed: {statistics.median(times) * 1000:.0f} ms")
    assert statistics.median(times) < LONGEST_OPENING


async def test_the_screen(many: Path, few: Path) -> None:
    await measured(few, 20)
    bare, _, _ = await measured(few, 20)
    opening, keys, slowest = await measured(many, MANY)
    print(
        f"\n{MANY:,} goals: the app shows them {(opening - bare) * 1000:.0f} ms later than 20 goals; "
        f"a key {keys * 1000:.0f} ms in the median, {slowest * 1000:.0f} ms at most"
    )
    assert opening - bare < LONGEST_OPENING
    assert keys < LONGEST_KEY


async def measured(path: Path, count: int) -> tuple[float, float, float]:
    """Until the list is there, and keys: the median and the longest; processor time of the thread that draws."""
    began = time.thread_time()
    app = QuietApp(opened(path))
    async with app.run_test(size=(120, 36)) as pilot:
        screen = app.screen
        assert isinstance(screen, GoalsScreen)
        while len(screen.rows) < count:
            await pilot.pause()
        await pilot.pause()
        opening = time.thread_time() - began
        await settle(pilot)
        used = []
        for key in ["down"] * 30 + ["pagedown"] * 20 + ["end", "home", "slash", *"pay", "escape"]:
            began = time.thread_time()
            await pilot.press(key)
            used.append(time.thread_time() - began)
        return opening, statistics.median(used), max(used)
