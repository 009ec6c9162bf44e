"""Refusals of the store, where the disk, the folder or another program stops it: one line, and what to do."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.atomic import scratch_folder
from goals_tui.store.duckdb_files import bare_connection, copy_to, parquet
from goals_tui.store.events import reader as event_reader
from goals_tui.store.events.catalog import CATALOG
from goals_tui.store.events.log import EventLog
from goals_tui.store.locks import LivenessLock, is_running, process_lock
from goals_tui.store.workspace import read_values
from tests.store.builders import events, ids, new_log


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(UnreadableError) as error:
        work()
    return str(error.value)


def test_a_log_whose_folder_is_gone(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(0))
    shutil.rmtree(log.path)
    assert "is gone. Create the workspace again" in refused(lambda: log.append(events(1)))
    assert log.verify() == []


@pytest.mark.parametrize("name", ["events.jsonl", CATALOG])
def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path, name: str) -> None:
    log = new_log(tmp_path)
    (log.path / name).mkdir()
    for work in (log.stats, log.connect, lambda: log.session_events("s"), log.seal):
        line = refused(work)
        assert str(log.path) in line and "is a directory" in line and line.endswith("."), line


def test_a_folder_in_the_place_of_the_values(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").mkdir()
    assert "Can't read" in refused(lambda: read_values(tmp_path))


def test_syncing_that_fails_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = new_log(tmp_path)
    log.sync()  # nothing there yet
    log.append(events(1))

    def failing(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        assert "Can't write" in refused(log.sync)
    log.sync()
    assert ids(log) == ["e1"]


def test_a_log_that_never_stands_still(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = new_log(tmp_path)
    log.append(events(1))
    monkeypatch.setattr(event_reader, "_TRIES", 2)
    monkeypatch.setattr(event_reader, "_inodes", lambda _files, seen=iter(range(100)): [next(seen)])
    assert "change faster than they can be read. Try again." in refused(log.connect)


def take_size(log: EventLog, part: Path) -> None:
    """Let the catalog of one part say the size that its file has now, and no checksum: it is an old one."""
    catalog = json.loads((log.path / CATALOG).read_text())
    catalog["parts"][0]["bytes"] = part.stat().st_size
    del catalog["parts"][0]["file_checksum"]
    (log.path / CATALOG).write_text(json.dumps(catalog))


def test_a_part_that_holds_something_else_than_the_catalog_says(tmp_path: Path) -> None:
    log, other = new_log(tmp_path / "one"), new_log(tmp_path / "two")
    log.append(events(1, 2))
    log.seal()
    other.append(events(1, 2, 3))
    other.seal()
    (mine,), (theirs,) = log.path.glob("part-*.parquet"), other.path.glob("part-*.parquet")
    shutil.copy(theirs, mine)
    take_size(log, mine)
    (finding,) = EventLog(log.path).verify()
    assert finding.code == "damaged-part" and finding.file == mine.name
    assert finding.message == "It should hold 2 events and holds 3. Put it back from a backup."


def test_an_event_that_is_twice_in_a_part(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1, 2))
    log.seal()
    (part,) = log.path.glob("part-*.parquet")
    with bare_connection() as connection:
        connection.execute(f"CREATE TABLE rows AS SELECT * REPLACE ('e1' AS id) FROM {parquet([part])}")
        copy_to(connection, "FROM rows", part)
    take_size(log, part)
    (finding,) = EventLog(log.path).verify()
    assert (finding.code, finding.message) == ("duplicates", "Events that are in it more than once: 1.")


def test_a_lock_that_somebody_keeps(tmp_path: Path) -> None:
    mine, theirs = (process_lock(tmp_path / "a.lock", 0.05) for _ in range(2))
    for holder in (mine, theirs):  # the same lock in another thread, and another process's
        with holder:
            assert "Wait until it is done, or end it, and try again." in refused(mine.__enter__)
    with mine:
        pass


def test_temporary_files_that_can_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def at(place: Path, error: OSError) -> str:
        def work() -> None:
            with scratch_folder() as scratch:
                raise OSError(error.errno, error.strerror, str(place if place.is_absolute() else scratch / place))

        return refused(work)

    full = OSError(errno.ENOSPC, "No space left on device")
    assert "Can't write" in (line := at(Path("rows"), full)) and "Free some space" in line
    assert at(tmp_path / "elsewhere", full).startswith(f"Can't use {tmp_path / 'elsewhere'}")

    def nowhere(*_args: Any, **_options: Any) -> None:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "TemporaryDirectory", nowhere)
        assert "Set TMPDIR to one and try again." in refused(lambda: scratch_folder().__enter__())
    with monkeypatch.context() as patch:
        # A query then has to do with the memory that it may take.
        patch.setattr(tempfile, "gettempdir", nowhere)
        with bare_connection() as connection:
            assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_a_mark_that_can_not_be_set(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "can't be written" in refused(LivenessLock(tmp_path / "file", "me").set)
    (tmp_path / "file").unlink()
    assert not is_running(tmp_path, "") and not is_running(tmp_path, "nobody")
    mark = LivenessLock(tmp_path, "me")
    mark.set()
    mark.set()
    assert is_running(tmp_path, "me")
    mark.clear()
    assert not is_running(tmp_path, "me") and list(tmp_path.iterdir()) == []
    (tmp_path / "running-dead.lock").write_text("")
    assert not is_running(tmp_path, "dead") and list(tmp_path.iterdir()) == []
