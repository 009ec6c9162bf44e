"""First frame of the app against an empty Textual app, in processes of their own, alternating in one run."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from goals_tui.services.demo.service import make_demo
from tests.conftest import make_services

ROUNDS = 7
MOST_RATIO = 1.5
MOST_FOR_GOALS = 2.6
"""For the list and the journey of the demo. The aim is 2.0; loading pydantic's models is half of the difference."""

EMPTY = """
import asyncio, sys, time
from textual.app import App
class Bench(App):
    def _display(self, *args, **options):
        super()._display(*args, **options)
        print(time.process_time(), "duckdb" in sys.modules)
        sys.stdout.flush()
        import os
        os._exit(0)
asyncio.run(Bench().run_async(headless=True, size=(120, 36)))
"""
OURS = """
import asyncio, gc, os, sys, time
# As `goals_tui.__main__` does.
gc.set_threshold(100_000)
os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
from pathlib import Path
from goals_tui.tui.app.app import GoalsApp
from goals_tui.tui.app.config import Config
def opened():
    from goals_tui.services.context import open_services
    return open_services(Path(sys.argv[1]))
class Bench(GoalsApp):
    def _display(self, *args, **options):
        super()._display(*args, **options)
        strips = self.screen._compositor.render_strips() if len(sys.argv) > 3 else ()
        if self.current_mode == sys.argv[2] and all(
            text in "".join(strip.text for strip in strips) for text in sys.argv[3:]
        ):
            print(time.process_time(), "duckdb" in sys.modules)
            sys.stdout.flush()
            os._exit(0)
# Not the first time: then the tour lies over the demo.
asyncio.run(Bench(opened, Config(tour_seen=True)).run_async(headless=True, size=(120, 36)))
"""
SHOWN = ("Book a Flight", "Report a Claim", "Old number ported")
"""The texts of a filled screen: two rows of the list, and the journey of the chosen goal."""


def first_frame(code: str, *arguments: str) -> tuple[float, bool]:
    """Seconds of processor time until something is drawn, imports included, and whether DuckDB was imported."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    seconds, duckdb = done.stdout.split()[-2:]
    return float(seconds), duckdb == "True"


def test_first_frame(tmp_path: Path) -> None:
    workspace = str(make_services(tmp_path / "workspace").workspace.path)
    empty, frame, goals = [], [], []
    for _ in range(ROUNDS):
        empty.append(first_frame(EMPTY)[0])
        seconds, duckdb = first_frame(OURS, workspace, "_default")
        frame.append(seconds)
        assert not duckdb
        seconds, duckdb = first_frame(OURS, workspace, "goals")
        goals.append(seconds)
        assert not duckdb
    base = statistics.median(empty)
    ratio, to_goals = statistics.median(frame) / base, statistics.median(goals) / base
    print(f"\nempty app {base:.3f} s; first frame {ratio:.2f}x; the Goals screen {to_goals:.2f}x")
    assert ratio < MOST_RATIO


def test_the_goals_of_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As installed: with compiled modules, wherever the tests are told to write none.
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "compiled"))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    demo = str(make_demo(tmp_path / "demo").path)
    pairs = [(first_frame(EMPTY)[0], first_frame(OURS, demo, "goals", *SHOWN)[0]) for _ in range(ROUNDS + 1)][1:]
    empty, goals = (min(column) for column in zip(*pairs, strict=True))
    print(f"\nempty app {empty:.3f} s; the goals of the demo {goals / empty:.2f}x")
    assert goals / empty < MOST_FOR_GOALS
