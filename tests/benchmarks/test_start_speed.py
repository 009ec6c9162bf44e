"""The start of commands, as processor time of whole processes, alternating in one run.

By hand: pytest tests/benchmarks/test_start_speed.py -o addopts= --benchmark-enable -s
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

from goals_tui.services.demo.service import make_demo
from tests.conftest import make_services

ROUNDS = 9
MOST_RATIO = 2.0

PASS = [sys.executable, "-c", "pass"]
TYPER = [sys.executable, "-c", "import typer"]
VERSION = [sys.executable, "-m", "goals_tui", "--version"]
LIBRARIES = [sys.executable, "-c", "import typer, rich.table, rich.console, pydantic, tinydb, orjson"]
DATABASE = [*LIBRARIES[:2], f"{LIBRARIES[2]}, duckdb; duckdb.connect()"]
MOST_FOR_GOALS = 1.4
MOST_FOR_REPORT = 1.5
"""The aim is 1.4, which it reaches on a quiet machine; a third of the difference is loading pydantic's models."""


def seconds(*command: str, **env: str) -> float:
    """The processor time of a program, from its start to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, **env})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def quickest(*commands: list[str], **env: str) -> list[float]:
    """The least time of each in several rounds, in turns: what else the machine does only ever adds to it."""
    times = [[seconds(*command, **env) for command in commands] for _ in range(ROUNDS)]
    return [min(column) for column in zip(*times, strict=True)]


def test_the_version() -> None:
    bare, typer, version = quickest(PASS, TYPER, VERSION)
    print(
        f"\n--version {version * 1000:.0f} ms; python -c pass {bare * 1000:.0f} ms, with typer {typer * 1000:.0f} ms: "
        f"{version / typer:.2f} times"
    )
    assert version <= typer * MOST_RATIO


def test_a_report_of_a_small_workspace(tmp_path: Path) -> None:
    services = make_services(tmp_path / "w")
    command = [sys.executable, "-X", "importtime", "-m", "goals_tui", "report"]
    env = {"GOALS_TUI_WORKSPACE": str(services.workspace.path)}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **env})
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "textual" not in imported and "goals_tui.cli.figures" in imported
    typer, report = quickest(TYPER, [sys.executable, "-m", "goals_tui", "report"], **env)
    print(f"\nreport of an empty workspace {report * 1000:.0f} ms: {report / typer:.2f} times importing typer")


def test_listing_goals_and_a_report_of_the_demo(tmp_path: Path) -> None:
    demo = make_demo(tmp_path / "demo").path
    # As installed: with compiled modules, wherever the tests are told to write none.
    env = {"PYTHONPYCACHEPREFIX": str(tmp_path / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
    command = [sys.executable, "-m", "goals_tui", "--workspace", str(demo)]
    measured = [LIBRARIES, [*command, "goals", "list"], DATABASE, [*command, "report"]]
    for each in measured:
        seconds(*each, **env)
    libraries, goals, database, report = quickest(*measured, **env)
    print(
        f"\ngoals list {goals * 1000:.0f} ms: {goals / libraries:.2f} times importing its libraries; "
        f"report of the demo {report * 1000:.0f} ms: {report / database:.2f} times that with DuckDB"
    )
    assert goals <= libraries * MOST_FOR_GOALS
    assert report <= database * MOST_FOR_REPORT
