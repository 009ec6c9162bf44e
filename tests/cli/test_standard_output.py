"""Standard output that is full, closed or not read to its end: one line or none, and an exit code that says so."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from goals_tui.services.context import Services
from tests import builders
from tests.cli.conftest import PROGRAM

COMMANDS = [["report"], ["cycles", "--format", "json"], ["goals", "list", "--format", "csv"], ["locate"], ["--version"]]


@pytest.fixture
def place(services: Services) -> Path:
    services.goals.save(builders.book_a_flight().model_copy(update={"revision": 0}))
    return services.workspace.path


def shell(place: Path, command: list[str], rest: str) -> subprocess.CompletedProcess[str]:
    """Runs a command as bash does with `rest` after it, and `set -o pipefail`."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", f'"$@" {rest}', "bash", *PROGRAM, *command],
        env={**os.environ, "GOALS_TUI_WORKSPACE": str(place)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("rest", "why"), [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")], ids=["full", "closed"]
)
def test_what_can_not_be_written_is_one_line_and_1(place: Path, command: list[str], rest: str, why: str) -> None:
    done = shell(place, command, rest)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"goals-tui: Can't write to standard output: {why}. Send it to a file or a program that takes it.\n"
    )


def test_a_command_that_prints_nothing_needs_no_standard_output(place: Path) -> None:
    assert shell(place, ["events", "seal"], ">&-").returncode == 0
    assert shell(place, ["events", "seal"], "2>&-").returncode == 0


@pytest.mark.parametrize("command", [["--help"], ["report", "--help"]])
@pytest.mark.parametrize(
    ("rest", "why"), [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")], ids=["full", "closed"]
)
def test_help_says_it_too(place: Path, command: list[str], rest: str, why: str) -> None:
    done = shell(place, command, rest)
    assert done.returncode == 1
    assert done.stderr == f"goals-tui: Can't use a file or standard output: {why}. Check it.\n"


@pytest.mark.parametrize("rest", ["2>/dev/full", "2>&-", "2</dev/null"])
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["nosuch"], 2),
        (["report", "--span", "nope"], 2),
        (["report", "--from", "x"], 2),
        (["goals", "show", "nosuch"], 1),
        (["report", "--span", "today", "--format", "json"], 0),
    ],
)
def test_a_message_that_can_not_be_written_changes_nothing_else(
    place: Path, command: list[str], code: int, rest: str
) -> None:
    assert shell(place, command, rest).returncode == code


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_in_the_middle(services: Services, unbuffered: str) -> None:
    for number in range(40):
        goal = builders.goal(f"Goal {number}", "Start", "◎ Done")
        services.goals.save(goal.model_copy(update={"revision": 0, "description": "x" * 9_000}))
    # More than a pipe holds: the program still writes when the reader goes.
    command = ["env", f"PYTHONUNBUFFERED={unbuffered}", *PROGRAM, "--workspace", str(services.workspace.path)]
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", '"$@" | head -c 1', "bash", *command, "goals", "list", "--format", "json"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (141, "[", "")


@pytest.mark.parametrize("command", [*COMMANDS, ["report", "--help"]])
def test_a_reader_that_has_gone_is_no_message(place: Path, command: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*PROGRAM, *command],
        env={**os.environ, "GOALS_TUI_WORKSPACE": str(place)},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")
