"""parts.json lost, damaged or an older one, and files that a backup put back: nothing is lost, nothing returns."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.duckdb_files import bare_connection, copy_to, parquet
from goals_tui.store.events import parts as event_parts
from goals_tui.store.events.catalog import CATALOG
from goals_tui.store.events.log import EventLog
from tests.store.builders import event, events, files, ids, new_log


def work(log: EventLog) -> list[Callable[[], object]]:
    """All that makes parts, one after the other."""

    def imported() -> None:
        with log.connect() as source:
            log.write_part(source, "SELECT * REPLACE ('new ' || id AS id, 'i' AS \"goalId\") FROM events LIMIT 3")

    def tracked(*numbers: int, goal_id: str = "g") -> Callable[[], None]:
        return lambda: log.append(events(*numbers, goal_id=goal_id))

    return [
        *(tracked(0, 1, 2, 3), log.seal, tracked(10, 11, goal_id="gone"), log.seal, imported),
        *(tracked(20), tracked(21, goal_id="gone"), lambda: log.delete("gone")),
        *(tracked(30, 31, goal_id="gone"), tracked(32), log.seal, lambda: log.delete("g", ["s1"])),
        *(tracked(40, goal_id="whole"), log.seal, lambda: log.delete("whole"), tracked(41), log.seal),
        *(tracked(50, goal_id="whole"), log.seal, tracked(51), log.seal, tracked(52), log.seal, tracked(53, 53)),
    ]


@pytest.fixture
def worked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[EventLog, list[bytes], Path]:
    """A log on which all that was done, every parts.json that it had, and a folder with every file that it had."""
    monkeypatch.setattr(event_parts, "MERGE_AT", 4)
    log = new_log(tmp_path / "log")
    catalogs, every = [], tmp_path / "every"
    every.mkdir()
    for step in work(log):
        step()
        for path in log.path.iterdir():
            shutil.copy(path, every / path.name)
        if (log.path / CATALOG).exists() and (now := (log.path / CATALOG).read_bytes()) not in catalogs:
            catalogs.append(now)
    assert len(catalogs) > 10
    return log, catalogs, every


@pytest.mark.faults
def test_every_older_catalog_and_none(worked: tuple[EventLog, list[bytes], Path], tmp_path: Path) -> None:
    log, catalogs, every = worked
    present, session = ids(log), log.session_events("session 0")
    # Deleted goals came back to life: what was tracked after the deletion counts.
    assert {"e30", "e31", "e50"} <= set(present) and not {"e10", "e11", "e21", "e40"} & set(present)
    for number, content in enumerate([*catalogs, None, b"", b"<<<<<<< ours\n", b"{}"]):
        for restored in (False, True):
            folder = tmp_path / f"{number}-{restored}"
            shutil.copytree(log.path, folder / "events")
            if restored:
                for path in every.glob("*.parquet"):
                    if not (folder / "events" / path.name).exists():
                        shutil.copy(path, folder / "events" / path.name)
            (folder / "events" / CATALOG).unlink()
            if content is not None:
                (folder / "events" / CATALOG).write_bytes(content)
            again = new_log(folder)
            assert ids(again) == present, (number, restored)
            assert new_log(folder).session_events("session 0") == session
            again.seal()
            assert ids(again) == sorted(set(present))
            assert again.verify() == [], (number, restored)
            assert again.delete("gone") == 2 and "e30" not in ids(again)


def test_an_older_catalog_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = new_log(tmp_path)
    log.append(events(1))
    log.seal()
    old = (log.path / CATALOG).read_bytes()
    log.append(events(2))
    log.seal()
    (log.path / CATALOG).write_bytes(old)

    def refuse(_self: object) -> None:
        raise UnreadableError("Can't write.")

    monkeypatch.setattr(event_parts.Parts, "rebuild_catalog", refuse)
    assert ids(log) == ["e1"] and len(log.session_events("session 0")) == 1
    (finding,) = log.verify()
    assert finding.code == "uncounted-part" and "1 event of 2026-10-01 to 2026-10-01" in finding.message


def test_a_part_of_version_0_1_0_that_is_not_listed_stays_and_is_said(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1))
    log.seal()
    foreign = log.path / "part-abc.parquet"
    with log.connect() as connection:
        copy_to(connection, "SELECT * REPLACE ('e2' AS id) FROM events", foreign)
    assert ids(log) == ["e1"]
    log.append(events(3))
    log.seal()
    log.delete("nobody")
    (finding,) = log.verify()
    assert (finding.code, finding.file, foreign.exists()) == ("uncounted-part", foreign.name, True)
    assert finding.message.startswith("Not counted: 1 event of 2026-10-01 to 2026-10-01.")
    (log.path / CATALOG).unlink()
    assert ids(log) == ["e1", "e2", "e3"] and log.verify() == []


def test_what_version_0_1_0_sealed_after_a_deletion_is_not_deleted(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1, goal_id="gone"))
    log.append(events(2))
    log.seal()
    log.delete("gone")
    log.append(events(3, goal_id="gone"))
    log.seal()
    catalog = json.loads((log.path / CATALOG).read_bytes())
    for part in catalog["parts"]:  # version 0.1.0 has no notes, and drops the deletions from parts.json
        path = log.path / f"part-{part['id']}.parquet"
        with bare_connection() as connection:
            connection.execute(f"CREATE TABLE rows AS FROM {parquet([path])}")
            copy_to(connection, "FROM rows", path)
        part |= {"bytes": path.stat().st_size, "file_checksum": None}
    kept = {name: catalog[name] for name in ("format", "parts", "absorbed", "torn")}
    (log.path / CATALOG).write_text(json.dumps(kept))
    assert ids(log) == ["e2", "e3"]
    assert ids(new_log(tmp_path)) == ["e2", "e3"]


def test_rows_without_an_id_keep_no_other_event_out(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1, 2))
    log.seal()
    catalog = json.loads((log.path / CATALOG).read_bytes())
    path = log.path / f"part-{catalog['parts'][0]['id']}.parquet"
    with bare_connection() as connection:
        connection.execute(f"CREATE TABLE rows AS SELECT * REPLACE (NULL::VARCHAR AS id) FROM {parquet([path])}")
        copy_to(connection, "FROM rows", path)
    catalog["parts"][0] |= {"bytes": path.stat().st_size, "file_checksum": None}
    (log.path / CATALOG).write_text(json.dumps(catalog))
    log.append(events(3))
    log.seal()
    with log.connect() as connection:
        rows = "SELECT * REPLACE ('e4' AS id) FROM events WHERE id = 'e3'"
        assert log.write_part(connection, rows) == 1
    with log.connect() as connection:
        found = connection.execute("SELECT id FROM events WHERE id IS NOT NULL ORDER BY id").fetchall()
    assert found == [("e3",), ("e4",)]


@pytest.mark.parametrize("damage", [None, b"torn", b"[]"])
def test_looking_up_a_session_makes_a_damaged_catalog_anew(tmp_path: Path, damage: bytes | None) -> None:
    log = new_log(tmp_path)
    log.append(events(1, 2))
    log.seal()
    (log.path / CATALOG).unlink()
    if damage is not None:
        (log.path / CATALOG).write_bytes(damage)
    found: list[object] = []
    looking = threading.Thread(target=lambda: found.append(log.session_events("session 0")), daemon=True)
    looking.start()
    looking.join(20)
    assert not looking.is_alive() and found == [new_log(tmp_path).session_events("session 0")] and found[0]


def test_a_deletion_that_was_not_committed_never_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = new_log(tmp_path)
    log.append([event(1), event(2, goal_id="gone")])
    log.seal()

    class KilledError(BaseException):
        pass

    def killed(*_args: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(event_parts, "save_catalog", killed)
        patch.setattr(event_parts, "clean_up", lambda *_args: None)
        with pytest.raises(KilledError):
            log.delete("gone")
    assert list(log.path.glob("deleted-*.json"))
    (log.path / CATALOG).unlink()
    again = new_log(tmp_path)
    assert ids(again) == ["e1", "e2"] and {finding.code for finding in again.verify()} == {"leftover"}
    again.seal()
    assert files(again) == ["part-*.parquet", "part-*.sessions", "parts.json"] and again.verify() == []
