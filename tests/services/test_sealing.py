"""A log that has grown large is sealed by a process of its own, and nobody waits for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from goals_tui.cli.run import run
from goals_tui.domain.event import source
from goals_tui.domain.goal import Goal
from goals_tui.services import events as events_service
from goals_tui.services.context import Services, open_services
from goals_tui.store import atomic
from goals_tui.store.events import append
from goals_tui.store.events.log import LOCK, EventLog
from goals_tui.store.locks import process_lock
from tests.builders import goal
from tests.conftest import NOW, PATIENCE
from tests.store.builders import event, events, ids, new_log

WEB = source("Webchat", "en", None, None)


@pytest.fixture
def large(services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    """A workspace with a goal and so many events that they are many here."""
    monkeypatch.setattr(events_service, "SEAL_FROM_BYTES", 1_000)
    first = services.goals.save(goal("Book", "Begin", "◎Done").model_copy(update={"revision": 0}))
    for number in range(20):
        services.tracking.track(f"s{number}", first.id, [first.steps[0].id], WEB)
    return services


class Started:
    """The processes that are started, which are waited for only when asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []
        popen = subprocess.Popen

        def start(*args: Any, **options: Any) -> subprocess.Popen[bytes]:
            self.processes.append(popen(*args, **options))
            return self.processes[-1]

        monkeypatch.setattr(subprocess, "Popen", start)

    def ended(self) -> int:
        return self.processes[-1].wait(PATIENCE)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    return Started(monkeypatch)


def test_a_command_seals_a_large_log_behind_itself(large: Services, started: Started) -> None:
    path = large.workspace.path
    before = ids(large.workspace.events)
    command = ["--workspace", str(path), "track", "--session", "new", "--goal", "Book", "--step"]
    assert run([*command, "Begin"]) == 0
    assert run([*command, "Done"]) == 0
    assert len(started.processes) == 1 and started.ended() == 0
    log = open_services(path).workspace.events
    assert len(ids(log)) == len(before) + 2
    assert log.stats().parts == 1 and log.stats().appended_events <= 2
    assert not (log.path / events_service.STARTED).exists() and log.verify() == []
    assert run([*command, "Done"]) == 0
    assert len(started.processes) == 1, "there is little to seal now"


def test_a_small_log_is_left_alone(services: Services, started: Started) -> None:
    assert not services.events.seal_behind()
    services.workspace.events.append(events(1, 2))
    assert not services.events.seal_behind()
    assert started.processes == [] and not (services.workspace.events.path / events_service.STARTED).exists()


def test_who_failed_or_died_is_followed_by_another_one_later(large: Services, started: Started) -> None:
    log = large.workspace.events
    (log.path / "parts.json").write_text('{"format": 99}')
    assert large.events.seal_behind() and started.ended() == 0
    assert not large.events.seal_behind(), "it would fail again"
    (log.path / "parts.json").unlink()
    mark = log.path / events_service.STARTED
    os.utime(mark, (time.time() - 601,) * 2)
    assert large.events.seal_behind() and started.ended() == 0
    assert log.stats().appended_events == 0 and not mark.exists()


@pytest.mark.faults
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_killed_while_others_track(large: Services, started: Started) -> None:
    log, first = large.workspace.events, large.goals.get("Book")
    counted, number, waits = len(ids(log)), 0, [0.1, 0.4, 0.6, 0.8, 1.0]
    while waits:
        (log.path / events_service.STARTED).unlink(missing_ok=True)
        assert large.events.seal_behind()
        until = time.monotonic() + waits.pop()
        while time.monotonic() < until:
            cycle(large, first, f"new{number}")
            counted, number = counted + 2, number + 1
        started.processes[-1].send_signal(signal.SIGKILL)
        started.ended()
        assert len(ids(new_log(large.workspace.path))) == counted
        for _ in range(20):
            cycle(large, first, f"new{number}")
            counted, number = counted + 2, number + 1
    log.seal()
    assert len(set(ids(log))) == counted and log.verify() == []


def cycle(services: Services, first: Goal, session: str) -> None:
    for step in first.steps:
        assert services.tracking.track(session, first.id, [step.id], WEB, at=NOW).events


def test_nobody_waits_for_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = new_log(tmp_path)
    other = EventLog(log.path)
    appending, real, synced = process_lock(log.path / LOCK, 0.0), os.fsync, 0

    def fsync(descriptor: int) -> None:
        nonlocal synced
        synced += 1
        with appending:
            pass
        other.append([event(1_000 + synced)])
        assert other.session_events("session 0")
        real(descriptor)

    log.append(events(0, 1, 2))
    for module in (atomic, append):
        monkeypatch.setattr(module.os, "fsync", fsync)
    log.sync()
    log.seal()
    log.delete("other")
    assert synced > 5
    monkeypatch.undo()
    assert len(ids(log)) == len(set(ids(log))) > 3 and log.verify() == []
