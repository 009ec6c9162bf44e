"""`demo --live`: conversations that go on while one looks."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from pathlib import Path

import pytest

from goals_tui.services.context import Services, open_services
from goals_tui.services.demo.live import LiveDemo
from tests.conftest import NOW


@pytest.fixture
def demo(tmp_path: Path, demo_folder: Path) -> Services:
    return open_services(Path(shutil.copytree(demo_folder, tmp_path / "demo")), clock=lambda: NOW)


def live_demo(demo: Services, *, speed: float = 1.0, seed: int) -> LiveDemo:
    return LiveDemo(demo.flows, demo.simulation, demo.tracking, demo.clock, demo.ids, speed=speed, seed=seed)


def ran(live: LiveDemo, seconds: int) -> None:
    """Run for so many seconds of a clock that moves only when something waits."""
    now, ended = [0.0], threading.Event()
    wait = threading.Event.wait

    class Ended(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            now[0] += max(timeout or 0.0, 0.01)
            if now[0] > seconds:
                ended.set()
                self.set()
            return wait(self, 0)

    live.run(Ended(), clock=lambda: now[0])
    assert ended.is_set()


def events(services: Services) -> Counter[str]:
    with services.workspace.events.connect() as connection:
        return Counter(dict(connection.execute('SELECT "goalId", count(*) FROM events GROUP BY ALL').fetchall()))


def test_a_few_conversations_a_minute_reach_steps(demo: Services) -> None:
    before = events(demo)
    live = live_demo(demo, seed=1)
    ran(live, 600)
    assert 25 <= live.conversations <= 80
    came = events(demo) - before
    assert len(came) == 3, "every flow has conversations"
    assert came.total() >= live.steps >= live.conversations / 2
    with demo.workspace.events.connect() as connection:
        (snapshots,) = connection.execute(
            'SELECT list(DISTINCT "snapshotName") FROM events WHERE timestamp = ?', [NOW.replace(tzinfo=None)]
        ).fetchall()
    assert snapshots == (["v2.0 shorter forms"],)


def test_it_is_faster_where_that_is_wanted(demo: Services) -> None:
    live = live_demo(demo, speed=20, seed=1)
    ran(live, 60)
    assert live.conversations > 60


def test_an_edited_project_changes_the_next_conversations(demo: Services) -> None:
    live = live_demo(demo, speed=20, seed=1)
    ran(live, 20)
    for flow in demo.flows.all():
        if flow.name != "Report a Claim":
            demo.flows.delete(flow.id)
    gone = demo.goals.get("Book a Flight")
    demo.goals.delete(gone.id, confirm=gone.name)
    ran(live, 200)  # those that had begun go on
    before = events(demo)
    ran(live, 60)
    assert [demo.goals.get(id_).name for id_ in events(demo) - before] == ["Report a Claim"]
