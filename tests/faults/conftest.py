"""Workspaces to be hurt, and the process whose children hurt them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from goals_tui.services.context import Services, create_workspace
from tests.builders import goal
from tests.faults.jobs import GOAL, NOW, OTHER, opened
from tests.faults.server import Server, running_server

if sys.platform == "win32":
    pytest.skip("no fork and no SIGKILL here", allow_module_level=True)

HARMLESS = {"leftover", "torn-lines"}
"""The findings of `verify` allowed after a death: files that count for nothing, and a line that was cut off."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One forking process for the tests of a module."""
    with running_server() as server:
        yield server


@dataclass(frozen=True)
class Patient:
    """A workspace that things happen to, looked at as a new process would."""

    path: Path

    @property
    def services(self) -> Services:
        """The services of a process that has just started."""
        return opened(self.path)

    def events(self) -> dict[str, int]:
        """Return the number of times that each event counts: the ids, read and put together as every report does it."""
        with self.services.workspace.events.connect() as connection:
            rows = connection.execute("SELECT id, count(*) FROM events GROUP BY id").fetchall()
        return dict(rows)

    def check(self, *, harmless: set[str] = HARMLESS) -> None:
        """The workspace opens, everything in it can be read, and nothing is wrong with its events."""
        services = self.services
        assert services.workspace.notices == []
        for found in services.goals.all():
            assert services.goals.problems(found) == []
        assert services.flows.all() is not None
        assert [one for one in services.workspace.events.verify() if one.code not in harmless] == []


@pytest.fixture
def new_patient(tmp_path: Path) -> Callable[[str], Patient]:
    """Makes workspaces with two goals of three steps and no events."""

    def make(name: str) -> Patient:
        services = create_workspace(
            tmp_path / name, name="Flight Desk", currency="EUR", time_zone="Europe/Berlin", clock=lambda: NOW, env={}
        )
        for one in (GOAL, OTHER):
            services.goals.save(goal(one, "Begin", "Choose", "◎Done").model_copy(update={"revision": 0}))
        return Patient(tmp_path / name)

    return make


@pytest.fixture
def patient(new_patient: Callable[[str], Patient]) -> Patient:
    """A workspace with two goals of three steps and no events."""
    return new_patient("workspace")
