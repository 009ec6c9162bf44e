"""ctrl+c ends a command with one line and 130, whenever it comes and whatever becomes of it."""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from goals_tui.domain.errors import RefusedError
from goals_tui.services.context import Services
from goals_tui.services.imports.service import ImportResult, Imports
from tests import builders
from tests.cli.conftest import Cli

STOPPED = "goals-tui: Stopped.\n"

SIGINT_LATER = """
import os, signal, sys, threading, time
from goals_tui.__main__ import main
sys.argv = ["goals-tui", *{arguments!r}]

def interrupt():
    while signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        time.sleep(0.0005)  # Python is starting still
    time.sleep({seconds})
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt, daemon=True).start()
main()
"""


def interrupted_after(seconds: float, *arguments: str, rest: str = "") -> subprocess.CompletedProcess[str]:
    """Runs a command that gets SIGINT `seconds` after it noticed that it may, as bash does with `rest` after it."""
    # The jobs that a shell runs in the background ignore SIGINT, and so would what the tests start.
    heeds = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heeds}\n{SIGINT_LATER.format(arguments=arguments, seconds=seconds)}"
    return subprocess.run(
        ["bash", "-c", f'exec "$@" {rest}', "bash", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


@pytest.fixture
def place(services: Services) -> str:
    goal = services.goals.save(builders.book_a_flight().model_copy(update={"revision": 0}))
    services.flows.save(builders.book_a_flight_flow(goal))
    return str(services.workspace.path)


MOMENTS = [0.02, 0.03, 0.06, 0.1, 0.15, 0.25, 0.5, 0.8, 1.2]


@pytest.mark.parametrize(
    "seconds",
    [*MOMENTS, *(pytest.param(0.02 + number / 100, marks=pytest.mark.long) for number in range(200))],
)
def test_at_any_moment(place: str, services: Services, seconds: float) -> None:
    simulate = ("simulate", "Book a Flight", "--sessions", "300000")
    done = interrupted_after(seconds, "--workspace", place, *simulate)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", STOPPED)
    assert services.workspace.events.is_empty()


@pytest.mark.long
@pytest.mark.parametrize("seconds", [0.02 + number / 500 for number in range(200)])
def test_at_any_moment_of_a_short_command(place: str, seconds: float) -> None:
    done = interrupted_after(seconds, "--workspace", place, "report", "--span", "all")
    assert (done.returncode, done.stderr) in ((130, STOPPED), (0, ""))


@pytest.mark.parametrize("rest", ["2>&-", "2>/dev/full"])
@pytest.mark.parametrize("seconds", [0.02, 0.8])
def test_without_standard_error(place: str, seconds: float, rest: str) -> None:
    simulate = ("simulate", "Book a Flight", "--sessions", "300000")
    assert interrupted_after(seconds, "--workspace", place, *simulate, rest=rest).returncode == 130


@pytest.mark.parametrize(
    "becomes",
    [KeyboardInterrupt(), ValueError("pydantic"), RuntimeError("Query interrupted"), RefusedError("a row"), None],
    ids=["itself", "pydantic", "DuckDB", "ours", "lost"],
)
def test_whatever_becomes_of_it(
    cli: Cli, services: Services, monkeypatch: pytest.MonkeyPatch, becomes: BaseException | None
) -> None:
    def interrupted(*_args: Any, **_options: Any) -> Any:
        with suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        if becomes is not None:
            raise becomes
        return ImportResult()

    monkeypatch.setattr(Imports, "odata", interrupted)
    before = signal.getsignal(signal.SIGINT)
    result = cli("import", "odata", "anything.jsonl")
    assert (result.code, result.err) == (130, STOPPED)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_import_is_finished_first(
    cli: Cli, services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "interrupted.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nfor _ in range(9):\n    whole = True\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    found = []

    def importing(*_args: Any, **_options: Any) -> Any:
        found.append(importlib.import_module("interrupted").whole)
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(Imports, "odata", importing)
    result = cli("import", "odata", "anything.jsonl")
    assert (result.code, result.out, result.err, found) == (130, "", STOPPED, [True])


def test_python_does_not_end_by_the_signal_that_was_caught() -> None:
    code = """
import goals_tui.cli.run
from goals_tui.__main__ import main
def run(_arguments):
    try:
        exec("raise KeyboardInterrupt")
    except KeyboardInterrupt:
        return 130
goals_tui.cli.run.run = run
main()
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 130


def test_another_fault_is_not_taken_for_it(cli: Cli, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def fault(*_args: Any, **_options: Any) -> None:
        raise RuntimeError("something else")

    monkeypatch.setattr(Imports, "odata", fault)
    with pytest.raises(RuntimeError, match="something else"):
        cli("import", "odata", "anything.jsonl")


def test_who_ignores_it_is_not_stopped(place: str) -> None:
    code = SIGINT_LATER.format(arguments=("--workspace", place, "report"), seconds=0.05)
    ignored = subprocess.run(
        ["bash", "-c", 'trap "" INT; exec "$@"', "bash", sys.executable, "-c", code],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert ignored.returncode == 0


def test_the_app_keeps_pythons_own_handler(monkeypatch: pytest.MonkeyPatch, cli: Cli, services: Services) -> None:
    handlers = []
    monkeypatch.setattr(
        "goals_tui.tui.app.start.start", lambda *_args: handlers.append(signal.getsignal(signal.SIGINT))
    )
    monkeypatch.setenv("TEXTUAL_DRIVER", "any")
    assert cli().code == 0
    assert handlers == [signal.default_int_handler]
