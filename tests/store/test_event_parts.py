from __future__ import annotations

import errno
import json
import os
import shutil
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.events import parts as event_parts
from goals_tui.store.events import verify as checks
from goals_tui.store.events.catalog import CATALOG, Part
from goals_tui.store.events.log import EventLog
from goals_tui.store.events.parts import MERGE_AT, SealResult
from tests.store.builders import event, events, files, ids, new_log

SEALED = ["part-*.parquet", "part-*.sessions", "parts.json"]


def test_sealing_turns_lines_into_a_part(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(2, 1, endpoint_name="Web"))
    before = rows(log)
    shares: list[float] = []
    assert log.seal(shares.append) == SealResult(events=2)
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert files(log) == SEALED
    assert rows(log) == before
    assert (log.stats().events, log.stats().appended_events, log.stats().parts) == (2, 0, 1)
    assert log.seal() == SealResult()
    assert log.verify() == []


def test_sealing_an_empty_log_does_nothing(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    assert log.seal() == SealResult()
    assert log.stats().parts == 0 and log.is_empty()


def test_duplicates_go_when_sealed(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1, 2))
    log.seal()
    log.append(events(2, 3, 3))
    with log.connect() as connection:
        assert log.duplicate_events(connection) == 2
    assert log.seal() == SealResult(events=1, duplicates=2)
    assert ids(log) == ["e1", "e2", "e3"]


def test_unreadable_lines_are_kept_when_sealed(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1))
    torn = b'{"id":"e9","timest\n\xff\xfe\n{"id":"e5"}\n'
    with (log.path / "events.jsonl").open("ab") as file:
        file.write(torn)
    log.append(events(2))
    assert log.seal() == SealResult(events=2, torn_lines=3)
    assert ids(log) == ["e1", "e2"]
    kept = [path.read_bytes() for path in log.path.glob("torn-*.jsonl")]
    assert kept == [torn]
    assert log.stats().torn_lines == 3
    assert [finding.code for finding in log.verify()] == ["torn-lines"]
    for path in log.path.glob("torn-*.jsonl"):
        path.unlink()
    assert (log.stats().torn_lines, log.verify()) == (0, [])


def test_many_small_parts_become_one(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    for number in range(event_parts.MERGE_AT):
        log.append(events(number))
        result = log.seal()
    assert result == SealResult(events=1, merged_parts=event_parts.MERGE_AT)
    assert files(log) == SEALED
    assert len(ids(log)) == event_parts.MERGE_AT
    assert log.session_events("session 1")


def test_large_parts_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_parts, "SMALL", 2)
    log = new_log(tmp_path)
    for number in range(0, 2 * event_parts.MERGE_AT, 2):
        log.append(events(number, number + 1))
        assert log.seal().merged_parts == 0


def test_deleting_takes_a_goal_or_one_step_everywhere(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(0, 1, 4, 5))
    log.append(events(2, goal_id="it's"))
    log.seal()
    log.append(events(8, 9, 10))
    assert log.delete("nobody") == 0
    assert log.delete("g", ["s0"]) == 3
    assert ids(log) == ["e1", "e10", "e2", "e5", "e9"]
    assert log.delete("g") == 4
    assert ids(log) == ["e2"]
    assert log.delete("it's") == 1
    assert log.is_empty() and log.stats().events == 0
    assert log.session_events("session 0") == []
    log.append(events(20))
    assert ids(log) == ["e20"]


def test_a_part_is_written_from_a_query(tmp_path: Path) -> None:
    log, other = new_log(tmp_path), new_log(tmp_path / "other")
    log.append(events(1, 2))
    log.seal()
    log.append(events(3))
    other.append(events(2, 3, 4, 5))
    with other.connect() as source:
        every = "SELECT * FROM events UNION ALL SELECT * FROM events"
        assert log.write_part(source, every) == 2
        assert log.write_part(source, every) == 0
        assert log.write_part(source, "SELECT * REPLACE (NULL AS id) FROM events") == 0
        assert log.write_part(source, "SELECT * REPLACE (id || 'x' AS id) FROM events") == 4
    assert ids(log) == ["e1", "e2", "e2x", "e3", "e3x", "e4", "e4x", "e5", "e5x"]
    assert log.session_events("session 1")


def test_a_part_that_is_made_during_the_check_is_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, other = new_log(tmp_path), new_log(tmp_path)
    log.append(events(1))
    log.seal()
    check = checks.check_content

    def meanwhile(folder: Path, part: Part) -> None:
        other.append(events(2))
        other.seal()
        check(folder, part)

    monkeypatch.setattr(checks, "check_content", meanwhile)
    assert log.verify() == []
    assert ids(log) == ["e1", "e2"]


def test_a_part_that_is_replaced_during_the_check_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, other = new_log(tmp_path), new_log(tmp_path)
    log.append(events(1, 2))
    log.seal()
    check = checks.check_content

    def meanwhile(folder: Path, part: Part) -> None:
        other.delete("g", ["s1"])
        other.seal()
        check(folder, part)

    monkeypatch.setattr(checks, "check_content", meanwhile)
    assert [found for found in log.verify() if found.code != "leftover"] == []
    assert ids(log) == ["e2"]


def test_left_over_files_are_found_and_go(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1))
    log.seal()
    for name in ("part-0.parquet", "part-0.new", "part-1.sessions", "deleted-2.json", "deleted-2.new", ".x.tmp"):
        (log.path / name).write_bytes(b"x")
    (log.path / "part-3.parquet").write_bytes(b"x")
    assert ids(log) == ["e1"]
    assert {(found.code, found.file) for found in log.verify()} == {
        ("leftover", "part-0.parquet"),
        ("leftover", "part-0.new"),
        ("leftover", "part-1.sessions"),
        ("leftover", "deleted-2.json"),
        ("leftover", "deleted-2.new"),
        ("leftover", ".x.tmp"),
        ("uncounted-part", "part-3.parquet"),
    }
    log.seal()
    assert [found.file for found in log.verify()] == ["part-3.parquet"], "what is not known to be ours stays"
    (log.path / "part-3.parquet").unlink()
    assert log.verify() == [] and files(log) == SEALED


def test_verify_counts_what_is_wrong_with_the_lines(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1))
    log.seal()
    log.append(events(1, 2))
    with (log.path / "events.jsonl").open("ab") as file:
        file.write(b"torn\n")
    assert [(found.code, found.file) for found in log.verify()] == [
        ("torn-lines", "events.jsonl"),
        ("duplicates", "events.jsonl"),
    ]


def test_a_newer_catalog_is_refused(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    (log.path / "parts.json").write_text('{"format": 2}')
    with pytest.raises(UnreadableError, match=r"newer goals-tui\. Update goals-tui\.$"):
        log.stats()


def test_parts_that_are_read_stay_until_nobody_reads(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1, 2))
    log.seal()
    reader = log.connect()
    assert new_log(tmp_path).delete("g", ["s1"]) == 1
    assert reader.execute("SELECT id FROM events ORDER BY id").fetchall() == [("e1",), ("e2",)]
    reader.close()
    del reader
    log.seal()
    assert files(log) == ["deleted-*.json", *SEALED]


def test_a_lost_catalog_is_made_anew(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1, 2))
    log.seal()
    log.append(events(3))
    log.seal()
    for damage in (None, b"", b"{}", b'{"format": 1, "parts": [{"id": 1}], "absorbed": [], "torn": 0}'):
        (log.path / "parts.json").unlink()
        if damage is not None:
            (log.path / "parts.json").write_bytes(damage)
        assert ids(new_log(tmp_path)) == ["e1", "e2", "e3"]
        assert new_log(tmp_path).stats().events == 3


def test_unreadable_lines_without_end_are_counted_bit_by_bit(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1, 2))
    log.seal()
    (log.path / "parts.json").unlink()
    with (log.path / "torn-1.jsonl").open("wb") as file:
        file.write(b"torn\n")
        file.truncate(64 << 20)  # sparse: it takes no place on the disk
    tracemalloc.start()
    try:
        assert new_log(tmp_path).stats().torn_lines == 2
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_a_part_that_was_changed_is_found_even_where_every_event_can_be_read(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1, 2))
    log.seal()
    part = next(log.path.glob("part-*.parquet"))
    part.write_bytes(part.read_bytes().replace(b"DuckDB", b"DuckDC"))
    assert ids(log) == ["e1", "e2"]
    assert [(finding.code, finding.file) for finding in log.verify()] == [("damaged-part", part.name)]
    with pytest.raises(UnreadableError, match=part.name):
        log.delete("g", ["s1"])
    for number in range(3, 3 + MERGE_AT):
        log.append(events(number))
        merged = log.seal().merged_parts
    assert (merged, part.exists()) == (MERGE_AT, True), "what is damaged is in no other part"
    assert [(finding.code, finding.file) for finding in log.verify()] == [("damaged-part", part.name)]


def test_verify_reads_every_part_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = new_log(tmp_path)
    for number in (1, 2):
        log.append(events(number))
        log.seal()
    read, real = [], checks._read
    monkeypatch.setattr(
        checks, "_read", lambda connection, file, schema: (read.append(file), real(connection, file, schema))[1]
    )
    assert log.verify() == []
    assert len(read) == len(set(read)) == 2


def test_parts_without_a_checksum_are_read_as_before(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1, 2))
    log.seal()
    catalog = json.loads((log.path / CATALOG).read_text())
    assert catalog["parts"][0].pop("file_checksum") is not None
    (log.path / CATALOG).write_text(json.dumps(catalog))
    again = new_log(tmp_path)
    assert (ids(again), again.verify(), again.delete("g", ["s1"])) == (["e1", "e2"], [], 1)


@pytest.mark.parametrize("damage", ["gone", "short", "other"])
def test_a_damaged_part_is_named(tmp_path: Path, damage: str) -> None:
    log = new_log(tmp_path)
    log.append(events(1, 2))
    log.seal()
    part = next(log.path.glob("part-*.parquet"))
    content = part.read_bytes()
    if damage == "gone":
        part.unlink()
    else:
        part.write_bytes(content[:-20] if damage == "short" else b"PAR1" + b"\0" * (len(content) - 8) + b"PAR1")
    with pytest.raises(UnreadableError, match=part.name):
        ids(log)
    assert [(finding.code, finding.file) for finding in log.verify()] == [("damaged-part", part.name)]
    log.append(events(3))
    assert log.stats().appended_events == 1


def test_a_full_disk_while_sealing_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = new_log(tmp_path)
    log.append(events(1, 2))

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(UnreadableError, match="no space left on device"):
            log.seal()
    assert ids(log) == ["e1", "e2"]
    log.seal()
    assert files(log) == SEALED and ids(log) == ["e1", "e2"]


class Killed(BaseException):
    """Ends the work at one point, as the death of the process would."""


@contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, point: int) -> Iterator[list[str]]:
    """The process dies before its call number `point` of those that change what is on disk."""
    calls: list[str] = []

    def dying(name: str, original: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            calls.append(name)
            if len(calls) > point:
                raise Killed
            return original(*args, **options)

        return call

    with monkeypatch.context() as patch:
        for name in ("replace", "rename", "unlink", "write", "link", "truncate", "ftruncate"):
            patch.setattr(os, name, dying(name, getattr(os, name)))
        yield calls


def work_seal(log: EventLog) -> None:
    log.seal()


def work_delete(log: EventLog) -> None:
    log.delete("gone")


def work_import(log: EventLog) -> None:
    with log.connect() as source:
        log.write_part(source, "SELECT * REPLACE ('new ' || id AS id) FROM events")


@pytest.mark.faults
@pytest.mark.parametrize("work", [work_seal, work_delete, work_import])
def test_work_can_be_killed_at_any_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: Callable[[EventLog], None]
) -> None:
    monkeypatch.setattr(event_parts, "MERGE_AT", 3)
    kept = {"e1", "e3", "e5", "e6", "e7"}
    outcomes = {
        work_seal: [kept | {"e0", "e2", "e4"}],
        work_delete: [kept | {"e0", "e2", "e4"}, kept],
        work_import: [kept | {"e0", "e2", "e4"}, kept | {"e0", "e2", "e4"} | {f"new e{n}" for n in range(8)}],
    }[work]
    log = new_log(tmp_path / "template")
    for number in (0, 2):
        log.append([event(number, goal_id="gone"), event(number + 1)])
        log.seal()
    log.append([event(4, goal_id="gone"), event(5)])
    with (log.path / "events.jsonl").open("ab") as file:
        file.write(b"torn\n")
    log.append(events(6, 7, 7))
    point, seen = 0, set()
    while True:
        folder = tmp_path / str(point)
        shutil.copytree(tmp_path / "template", folder)
        log = new_log(folder)
        with killed_at(monkeypatch, point) as calls:
            try:
                work(log)
                done = True
            except Killed:
                done = False
        del log
        again = new_log(folder)
        present = ids(again)
        assert set(present) in outcomes, (point, calls)
        assert again.stats().torn_lines == 1, (point, calls)
        assert again.stats().events == len(present), (point, calls)
        again.append(events(100))
        assert len(again.session_events("session 25")) == 1
        again.seal()
        assert ids(again) == sorted({*present, "e100"}), (point, calls)
        assert again.stats().torn_lines == 1, (point, calls)
        assert {finding.code for finding in again.verify()} == {"torn-lines"}, (point, calls)
        seen.add(frozenset(present))
        if done:
            break
        point += 1
    assert point > 5
    assert seen == {frozenset(outcome) for outcome in outcomes}


def rows(log: EventLog) -> list[tuple[object, ...]]:
    with log.connect() as connection:
        return connection.execute("SELECT * FROM events ORDER BY id").fetchall()
