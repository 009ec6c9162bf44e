"""Issue-sized data on the screens: from a changed filter to the drawn chart, and keys in a list of all cycles.

By hand: pytest tests/benchmarks/test_insights_screen_speed.py -o addopts= --benchmark-enable -s
"""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

import pytest

from goals_tui.domain.filters import Filters, SpanName
from goals_tui.services.context import Services, create_workspace
from goals_tui.tui.insights.screen import InsightsScreen
from goals_tui.tui.sessions.screen import SessionsScreen
from goals_tui.tui.widgets.virtual_list import VirtualList
from tests.benchmarks.million import rows
from tests.builders import book_a_flight
from tests.conftest import NOW
from tests.tui.harness import running, settle

SPANS: tuple[SpanName, ...] = ("last-365-days", "last-30-days", "all", "last-7-days", "this-year")
MOST = 1.5
"""How much longer the drawn chart may take than its report, and a key among many cycles than among few."""

DRAWING = 0.1
"""Seconds that drawing may take whatever the data is."""


def workspace(path: Path, events: int) -> Services:
    made = create_workspace(path, name="Speed", clock=lambda: NOW, env={})
    goal = book_a_flight()
    with made.workspace.documents.transaction() as transaction:
        transaction.put("goals", goal.id, goal.model_dump(mode="json"))
    with made.workspace.events.connect() as connection:
        assert made.workspace.events.write_part(connection, rows(goal, events)) == events
    return made


@pytest.mark.parametrize("events", [100_000, 1_000_000])
async def test_from_a_changed_filter_to_the_drawn_chart(events: int, tmp_path: Path) -> None:
    services = workspace(tmp_path / "w", events)
    async with running(services, area="insights") as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, InsightsScreen)
        drawn, reported = [], []
        for span in SPANS * 2:
            began = time.perf_counter()
            services.insights.report(Filters(span=span))
            reported.append(time.perf_counter() - began)
            began = time.perf_counter()
            screen.use_filters(Filters(span=span))
            while screen.gathered is None or screen.gathered.wanted.filters.span != span:
                await asyncio.sleep(0.001)
            await pilot.pause()
            drawn.append(time.perf_counter() - began)
    chart, report = statistics.median(drawn), statistics.median(reported)
    print(f"\n{events:,} events: chart drawn after {chart * 1000:.0f} ms, report alone {report * 1000:.0f} ms")
    assert chart <= report * MOST + DRAWING


@pytest.mark.parametrize("events", [1_000_000])
async def test_keys_in_a_list_of_all_cycles(events: int, tmp_path: Path) -> None:
    few, _ = await median_of_keys(workspace(tmp_path / "few", 3_000))
    many, cycles = await median_of_keys(workspace(tmp_path / "many", events))
    print(f"\na key takes {many * 1000:.0f} ms among {cycles:,} cycles, {few * 1000:.0f} ms among 1,000")
    assert many <= few * MOST


async def median_of_keys(services: Services) -> tuple[float, int]:
    """How long a key that scrolls takes, everything that the test driver does included; and how many cycles."""
    async with running(services) as pilot:
        pilot.app.filters = Filters(span="all")
        await pilot.app.switch_mode("sessions")
        await settle(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, SessionsScreen)
        assert screen.pages is not None
        waited = []
        for key in ["pagedown"] * 25 + ["end", "pageup", "home"] + ["down"] * 40:
            began = time.perf_counter()
            await pilot.press(key)
            waited.append(time.perf_counter() - began)
        await settle(pilot)
        assert screen.query_one(VirtualList).cursor == 40
        return statistics.median(waited), screen.pages.count
