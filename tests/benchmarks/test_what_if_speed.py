"""The panel What-if of the goal editor follows each key within 50 ms at 1,000,000 events, as the tallies are read once.

By hand: pytest tests/benchmarks/test_what_if_speed.py -o addopts= -s
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from goals_tui.domain.filters import Filters
from goals_tui.tui.goals.editor import GoalEditor
from goals_tui.tui.goals.step_form import StepForm
from goals_tui.tui.goals.step_table import StepTable
from goals_tui.tui.goals.what_if import WhatIfPanel
from tests.benchmarks.test_insights_screen_speed import workspace
from tests.tui.harness import press, running

EVENTS = 1_000_000
LONGEST_KEY = 0.05
"""Seconds."""

ROUNDS = 5
"""Each key is pressed so often, and its quickest time taken: other programs run at the same time."""

KEYS = (*"12", "full_stop", *"50", *["backspace"] * 5)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_each_key_in_an_amount(tmp_path: Path, size: tuple[int, int]) -> None:
    services = workspace(tmp_path / "w", EVENTS)
    async with running(services, size) as pilot:
        pilot.app.filters = Filters(span="all")
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, GoalEditor)
        pilot.app.screen.query_one(StepTable).focus()
        await press(pilot, "down", "o", "tab", "tab", "tab")
        form = pilot.app.screen
        assert isinstance(form, StepForm)
        rounds, seen = [], set()
        for _ in range(ROUNDS):
            times = []
            for key in KEYS:
                began = time.thread_time()
                await pilot.press(key)
                times.append(time.thread_time() - began)
                shown = form.query_one(WhatIfPanel).shown
                assert shown is not None and shown.result.recorded.started > EVENTS / 5
                seen.add(shown.result.edited.cost_savings)
            rounds.append(times)
        assert len(seen) > 3, "the panel follows"
        quickest = [min(times) for times in zip(*rounds, strict=True)]
    slow = max(quickest)
    print(f"\n{size}: a key takes {statistics.median(quickest) * 1000:.0f} ms, the slowest {slow * 1000:.0f} ms")
    assert slow < LONGEST_KEY
