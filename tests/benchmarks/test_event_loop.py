"""10,000 goals: no edit keeps the event loop from anything else for long.

Measured in processor time of the thread that draws: what other programs take from it meanwhile does not count.

By hand: pytest tests/benchmarks/test_event_loop.py -o addopts= --benchmark-enable -s
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from tests.benchmarks.test_many_goals import MANY, SteadyApp, forget, opened, workspace
from tests.builders import book_a_flight, book_a_flight_flow
from tests.tui.harness import settle

LONGEST = 0.05
"""Seconds that the loop may be kept from everything else by an edit."""
ROUNDS = 5
"""Each edit is made so often, and the round in which it disturbed least is taken: other programs run meanwhile."""


class Probe:
    """Looks every millisecond how long the event loop has worked without letting it."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def look(self) -> None:
        """Look until cancelled."""
        last = time.thread_time()
        while True:
            await asyncio.sleep(0.001)
            now = time.thread_time()
            self.longest = max(self.longest, now - last)
            last = now


@asynccontextmanager
async def probing() -> AsyncIterator[Probe]:
    """A probe that looks for as long as the block lasts."""
    probe = Probe()
    looking = asyncio.create_task(probe.look())
    try:
        yield probe
    finally:
        looking.cancel()


async def blocked(pilot: Pilot[None], *keys: str) -> float:
    """Return the longest time for which these keys kept the loop."""
    async with probing() as probe:
        for key in keys:
            await pilot.press(key)
        await settle(pilot)
    return probe.longest


async def test_edits(tmp_path: Path) -> None:
    path = workspace(tmp_path / "many", MANY)
    services = opened(path)
    tracked = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.flows.save(book_a_flight_flow(tracked))
    forget()
    app = SteadyApp(opened(path))
    edits = {
        "duplicate a goal": ("1", "D"),
        "undo": ("ctrl+z",),
        "redo": ("ctrl+r",),
        "delete a node": ("2", "down", "d"),
        "undo in the chart": ("ctrl+z",),
    }
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for area in ("2", "1"):
            await pilot.press(area)
            await settle(pilot)
        rounds = [{name: await blocked(pilot, *keys) for name, keys in edits.items()} for _ in range(ROUNDS)]
    for name in edits:
        least = min(times[name] for times in rounds)
        print(f"{name}: the loop waited for {least * 1000:.0f} ms at most")
    for name in edits:
        assert min(times[name] for times in rounds) < LONGEST, name
