"""Runs commands: inside this process for speed, or as a program of its own."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from goals_tui.cli.run import run
from goals_tui.services.context import Services
from tests import builders

TRACK = ("track", "--session", "s9", "--goal", "Book a Flight", "--step", "Flight selected")
PROGRAM = [sys.executable, "-m", "goals_tui"]


@dataclass(frozen=True)
class Result:
    """The output of a command and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Cli(Protocol):
    def __call__(self, *arguments: object, workspace: Path | None = None) -> Result: ...


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command on tmp_path / "workspace" at a fixed time, in this process."""
    monkeypatch.setenv("GOALS_TUI_NOW", "2026-11-20T12:00:00Z")

    def call(*arguments: object, workspace: Path | None = None) -> Result:
        monkeypatch.setenv("GOALS_TUI_WORKSPACE", str(workspace or tmp_path / "workspace"))
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Result(code, printed.out, printed.err)

    return call


def program(*arguments: object, **env: str) -> Result:
    """Runs `goals-tui` as a program of its own, as a shell would."""
    done = subprocess.run(
        [*PROGRAM, *(str(argument) for argument in arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def on_a_terminal(workspace: Path, *arguments: str, typed: str, interrupt: bool = False) -> Result:
    """Runs a command with standard input and standard error on a terminal; standard output is a pipe.

    `interrupt` presses ctrl+c once it asks.
    """
    pty = pytest.importorskip("pty", reason="Windows has no terminals of this kind", exc_type=ImportError)
    person, terminal = pty.openpty()
    running = subprocess.Popen(
        [*PROGRAM, *arguments],
        env={**os.environ, "GOALS_TUI_WORKSPACE": str(workspace)},
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        text=True,
    )
    os.close(terminal)
    os.write(person, typed.encode())
    said = b""
    while True:
        # Python misses a ctrl+c that comes in the moment before it waits: a person presses again, and so do we.
        waits = interrupt and b"]:" in said and b"Stopped" not in said
        if waits and not _readable(person):
            running.send_signal(signal.SIGINT)
            continue
        try:
            said += os.read(person, 4096)
        except OSError:  # so Linux says that the program has closed it
            break
    out, _ = running.communicate()
    os.close(person)
    return Result(running.returncode, out, said.decode().replace("\r\n", "\n"))


def _readable(descriptor: int) -> bool:
    """Return True if there is something to read within a second. select() could not name a descriptor above 1,023."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(descriptor, selectors.EVENT_READ)
        return bool(waiting.select(1.0))


@pytest.fixture
def desk(cli: Cli, services: Services) -> Cli:
    """A workspace with the seed's goal and flow, and one completed cycle of session s1."""
    goal = services.goals.save(builders.book_a_flight().model_copy(update={"revision": 0}))
    services.flows.save(builders.book_a_flight_flow(goal))
    track = ("track", "--session", "s1", "--goal", "Book a Flight", "--endpoint", "Webchat")
    assert cli(*track, "--step", "Flight selected", "--at", "2026-11-19T10:00:00Z").code == 0
    assert cli(*track, "--step", "payment completed", "--at", "2026-11-19T10:05:00+00:00").code == 0
    return cli
