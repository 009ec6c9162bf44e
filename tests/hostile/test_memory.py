"""Files without end: memory stays within a bound, whatever their size."""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from goals_tui.services.context import Services
from tests.hostile.calm import check_line
from tests.store.builders import event

NORMAL, LONG = 50 << 20, 1 << 30
"""Bytes of a line."""

BOUND = 3 << 30
"""Address space that a command may take: 1 GB for DuckDB's data, the rest is code, stacks and what they reserve."""

RESIDENT = 700 << 20
"""Memory that a command may really use at most, in bytes, in the normal mode."""

line_lengths = pytest.mark.parametrize("length", [NORMAL, pytest.param(LONG, marks=pytest.mark.long)])

RECORD = {**event(1).model_dump(mode="json", by_alias=True, exclude_none=True)}


def bounded(services: Services, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A command with bounded memory, as a program of its own; not killed, and no traceback."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(BOUND), *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "GOALS_TUI_WORKSPACE": str(services.workspace.path)},
        check=False,
    )
    assert "Traceback" not in done.stderr and done.returncode in (0, 1, 3), done.stderr[-2000:]
    if done.returncode == 1:
        check_line(done.stderr.strip())
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    print(f"{arguments[:2]}: {used >> 20} MB at most")
    assert used < RESIDENT
    return done


PROGRAM = """
import resource, sys
bound = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
from goals_tui.cli.run import run
sys.exit(run(sys.argv[2:]))
"""


def endless(path: Path, length: int, start: bytes = b"", end: bytes = b"") -> Path:
    """A file with one line of so many zero bytes: sparse, it takes no place on the disk."""
    with path.open("wb") as file:
        file.write(start)
        file.truncate(len(start) + length)
        file.seek(0, os.SEEK_END)
        file.write(end)
    return path


@line_lengths
def test_an_endless_line_in_the_log(services: Services, length: int) -> None:
    good = json.dumps(RECORD).encode() + b"\n"
    endless(services.workspace.path / "events" / "events.jsonl", length, good, b"\n" + good.replace(b"e1", b"e2"))
    assert bounded(services, "report", "--span", "all", "--format", "json").returncode == 0
    bounded(services, "events", "verify")
    bounded(services, "track", "--session", "s", "--goal", "nobody", "--step", "s")
    assert bounded(services, "events", "seal").returncode == 0
    assert services.workspace.events.stats().events == 2


@line_lengths
@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv"])
def test_an_endless_line_to_import(services: Services, tmp_path: Path, name: str, length: int) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    good = json.dumps(RECORD).encode() + b"\n"
    endless(folder / name, length, good if name == "a.jsonl" else b"id,name\n", b"\n" + good)
    bounded(services, "import", "odata", folder)
    if name == "a.csv":
        bounded(
            services, "import", "csv", folder / name, "--goal", "g", "--cycle", "id", "--step", "id", "--time", "name"
        )


@line_lengths
def test_endless_small_files(services: Services, tmp_path: Path, length: int) -> None:
    endless(tmp_path / "flow.json", length)
    bounded(services, "flows", "import", tmp_path / "flow.json")
    endless(tmp_path / "goals.zip", length)
    bounded(services, "package", "import", tmp_path / "goals.zip")
    endless(services.workspace.path / "values.yaml", length)
    bounded(services, "goals", "list")


def test_a_bomb(services: Services, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.jsonl.gz"
    with gzip.open(bomb, "wb", compresslevel=9) as file:
        for _ in range(200):
            file.write(bytes(1 << 20))
    done = bounded(services, "import", "odata", bomb)
    assert done.returncode == 1 and "200 times" in done.stderr
