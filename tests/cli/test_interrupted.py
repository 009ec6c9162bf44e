"""ctrl+c ends a command with one line, also in the middle of a query."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from goals_tui.services.context import Services
from goals_tui.services.imports import Imports
from goals_tui.store.event_reader import bare_connection
from goals_tui.store.query_watch import watched
from tests.cli.conftest import Cli

ENDLESS = "SELECT count(*) FROM range(1_000_000_000) AS a(x), range(1_000_000) AS b(y) WHERE hash(x, y) = 0"


def test_during_a_query(cli: Cli, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    pressed: list[float] = []

    def press(fraction: float) -> None:
        if not pressed:
            pressed.append(fraction)
            os.kill(os.getpid(), signal.SIGINT)

    def run(*_args: Any, **_options: Any) -> None:
        with bare_connection() as connection, watched(connection, press):
            connection.execute(ENDLESS)

    monkeypatch.setattr(Imports, "odata", run)
    result = cli("import", "odata", "anything.jsonl")
    assert pressed
    assert (result.code, result.out, result.err) == (130, "", "goals-tui: Stopped.\n")


def test_anywhere_else(cli: Cli, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_args: Any, **_options: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Imports, "odata", interrupted)
    assert cli("import", "odata", "anything.jsonl").code == 130
