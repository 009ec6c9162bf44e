"""Durability: a power cut leaves `track` of the command line, and all that Python has synced."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import pytest

from goals_tui.domain.event import source
from goals_tui.services.context import Services
from tests.builders import book_a_flight
from tests.cli.conftest import Cli
from tests.cli.conftest import cli as cli

pytestmark = pytest.mark.skipif(os.name == "nt", reason="folders can't be synced here")

SOURCE = source("Webchat", "en", None, None)
Synced = Callable[[], list[str]]


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch, services: Services) -> Synced:
    """Gives the files and folders of the workspace that were synced since it was last asked."""
    workspace, inodes = services.workspace.path, list[int]()
    fsync = os.fsync

    def spy(descriptor: int) -> None:
        inodes.append(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", spy)

    def names() -> list[str]:
        here = {path.stat().st_ino: path.name for path in [workspace, *workspace.rglob("*")]}
        found = [here[inode] for inode in inodes if inode in here]
        inodes.clear()
        return found

    return names


def test_python_syncs_when_it_is_told(services: Services, synced: Synced) -> None:
    goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    synced()

    def track(session: str) -> None:
        services.tracking.track(session, goal.id, [goal.initial.id], SOURCE)

    track("a")
    track("b")
    assert synced() == []
    services.workspace.events.sync()
    assert synced() == ["events.jsonl", "events"], "the name of a new file, too"
    track("c")
    services.workspace.events.sync()
    assert synced() == ["events.jsonl"]
    services.workspace.events.seal()
    track("d")
    synced()
    services.workspace.events.sync()
    assert synced() == ["events.jsonl", "events"], "another new file, whatever its inode is"


def test_the_command_syncs(services: Services, cli: Cli, synced: Synced) -> None:
    goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    synced()
    track = ("track", "--session", "a", "--goal", goal.name, "--step", goal.initial.name)
    assert cli(*track, workspace=services.workspace.path).code == 0
    assert synced() == ["events.jsonl", "events"]


def test_a_folder_that_was_missing_keeps_its_name(services: Services, synced: Synced) -> None:
    goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    shutil.rmtree(services.workspace.path / "events")
    synced()
    services.tracking.track("a", goal.id, [goal.initial.id], SOURCE)
    assert synced() == [services.workspace.path.name]
