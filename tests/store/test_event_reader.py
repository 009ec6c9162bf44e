from __future__ import annotations

import csv
import errno
import gzip
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from duckdb import DuckDBPyConnection
from hypothesis import example, given
from hypothesis import strategies as st

from goals_tui.domain.errors import UnreadableError, WrongValueError
from goals_tui.domain.event import FIELDS
from goals_tui.store.duckdb_files import cursor_of
from goals_tui.store.events import reader as event_reader
from goals_tui.store.events.lines import TailCount, count_tail, read_line
from goals_tui.store.events.log import EventLog
from goals_tui.store.events.schema import Schema
from goals_tui.store.locks import process_lock
from tests.examples import examples
from tests.store.builders import START, event, events, ids, new_log

GOOD: dict[str, Any] = {
    "id": "e1",
    "timestamp": "2026-10-01T08:00:00.000Z",
    "goalId": "g",
    "stepId": "s",
    "goalCycleId": "c",
    "sessionId": "x",
}


def line(**fields: Any) -> bytes:
    return orjson.dumps(GOOD | fields) + b"\n"


def write(log: EventLog, content: bytes) -> None:
    (log.path / "events.jsonl").write_bytes(content)


def test_an_empty_log_has_the_right_columns(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    with log.connect() as connection:
        described = connection.execute("DESCRIBE events").fetchall()
        assert [row[0] for row in described] == list(FIELDS)
        assert {row[0]: row[1] for row in described if row[1] != "VARCHAR"} == {"timestamp": "TIMESTAMP"}
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (0,)
    assert log.is_empty() and log.stats().events == 0 and log.verify() == []


def test_what_was_appended_comes_back(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    written = event(1, endpoint_name='"[/foo] 👋', locale_name=None, snapshot_name="v\u200d1", channel="a\tb")
    log.append([written])
    for _ in range(2):
        with log.connect() as connection:
            row = connection.execute("SELECT * FROM events").fetchone()
        assert row is not None
        assert dict(zip(FIELDS, row, strict=True)) == {
            **written.model_dump(by_alias=True),
            "timestamp": written.timestamp.replace(tzinfo=None),
        }
        log.seal()


def test_a_connection_keeps_its_moment(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(1))
    with log.connect() as connection:
        log.append(events(2))
        log.seal()
        log.delete("g", ["s1"])
        assert connection.execute("SELECT id FROM events").fetchall() == [("e1",)]
        assert cursor_of(connection).execute("SELECT id FROM events").fetchall() == [("e1",)]
    assert ids(log) == ["e2"]


def test_a_seal_while_a_reader_begins_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, other = new_log(tmp_path), new_log(tmp_path)
    log.append(events(1, 2))
    load, seals = event_reader.load_appended, [other.seal, lambda: other.append(events(3))]

    def late(connection: DuckDBPyConnection, paths: Sequence[Path], schema: Schema) -> None:
        if seals:
            seals.pop(0)()
        load(connection, paths, schema)

    monkeypatch.setattr(event_reader, "load_appended", late)
    assert set(ids(log)) >= {"e1", "e2"} and not seals
    assert ids(log) == ["e1", "e2", "e3"]


HALVES = line(id="e2") + line(id="e3")[:20], line(id="e3")[20:]
"""An append of two events, as a reader can meet it."""


def add(log: EventLog, content: bytes) -> None:
    with (log.path / "events.jsonl").open("ab") as file:
        file.write(content)


def test_of_an_append_that_begins_meanwhile_a_reader_sees_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, load, begun = new_log(tmp_path), event_reader.load_appended, list[bytes]()

    def begin(connection: DuckDBPyConnection, paths: Sequence[Path], schema: Schema) -> None:
        if not begun:
            begun.append(HALVES[0])
            add(log, begun[0])
        load(connection, paths, schema)

    monkeypatch.setattr(event_reader, "load_appended", begin)
    write(log, line())
    assert ids(log) == ["e1"] and begun
    write(log, line())
    begun.clear()
    assert log.verify() == [] and begun
    add(log, HALVES[1])
    assert ids(log) == ["e1", "e2", "e3"]


@pytest.mark.parametrize("read", [ids, EventLog.stats, EventLog.verify])
def test_of_an_append_under_way_a_reader_waits_for_the_rest(tmp_path: Path, read: Callable[[EventLog], object]) -> None:
    log, other = new_log(tmp_path), new_log(tmp_path)
    log.append(events(1))
    with ThreadPoolExecutor() as pool:
        with process_lock(log.path / "events.lock"):
            add(log, HALVES[0])
            found = pool.submit(read, other)
            time.sleep(0.1)
            add(log, HALVES[1])
        assert found.result() == read(log)
    assert ids(log) == ["e1", "e2", "e3"] and log.stats().torn_lines == 0


def test_figures_of_the_log_are_of_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, other = new_log(tmp_path), new_log(tmp_path)
    log.append(events(1, 2))
    seals = [other.seal]

    def late(*given: Any) -> TailCount:
        if seals:
            seals.pop()()
        return count_tail(*given)

    monkeypatch.setattr("goals_tui.store.events.log.count_tail", late)
    assert log.stats().events == 2 and not seals


def test_a_reader_does_not_wait_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = new_log(tmp_path)
    log.append(events(1))
    monkeypatch.setattr("goals_tui.store.events.log.WAIT_TO_READ", 0.01)
    with process_lock(log.path / "events.lock"):
        assert ids(new_log(tmp_path)) == ["e1"] and new_log(tmp_path).stats().events == 1


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-01T10:00:00+02:00", datetime(2026, 10, 1, 8)),
        ("2026-10-01T08:00:00.123456Z", datetime(2026, 10, 1, 8, 0, 0, 123456)),
        ("2026-10-01 08:00:00", datetime(2026, 10, 1, 8)),
        ("1969-12-31T23:59:59Z", None),
        ("2200-01-01T00:00:00Z", None),
        ("infinity", None),
        ("yesterday", None),
        (12, None),
    ],
)
def test_timestamps_are_utc_or_unreadable(tmp_path: Path, text: object, moment: datetime | None) -> None:
    log = new_log(tmp_path)
    write(log, line(timestamp=text))
    with log.connect() as connection:
        found = [row[0] for row in connection.execute("SELECT timestamp FROM events").fetchall()]
        assert log.torn_lines(connection) == (moment is None)
    assert found == ([moment] if moment else [])
    record = read_line(line(timestamp=text))
    assert (record and record["timestamp"]) == (moment and moment.replace(tzinfo=UTC))


TORN = {
    "garbage": b"asdf",
    "nul": b"\0\0\0",
    "nul inside": line().replace(b"e1", b"e\x001").strip(),
    "invalid utf-8": line().replace(b"e1", b"\xff\xfe").strip(),
    "lone surrogate": line().replace(b"e1", b"\\ud800").strip(),
    "other JSON": b'[1, "a"]',
    "null": b"null",
    "deep": b'{"id":' * 50_000,
    "two records": line().strip() * 2,
    "no id": line(id=None).strip(),
    "empty goal": line(goalId="").strip(),
    "half": line()[:30],
    "17 MB": b'{"id":"' + b"x" * 17_000_000 + b'"}',
    "40 MB": b'{"id":"' + b"x" * 40_000_000 + b'"}',
}


@pytest.mark.parametrize("torn", TORN.values(), ids=TORN)
def test_an_unreadable_line_harms_no_other(tmp_path: Path, torn: bytes) -> None:
    log = new_log(tmp_path)
    write(log, line(id="a") + torn + b"\n" + line(id="b"))
    assert ids(log) == ["a", "b"]
    with log.connect() as connection:
        assert log.torn_lines(connection) == 1
    assert (log.stats().events, log.stats().torn_lines) == (2, 1)
    assert len(log.session_events("x")) == 2
    assert (result := log.seal()).events == 2 and result.torn_lines == 1
    assert ids(log) == ["a", "b"]
    assert [path.read_bytes() for path in log.path.glob("torn-*")] == [torn + b"\n"]


@pytest.mark.parametrize("value", [7, 1.5, 1e308, True, [], [1e308], {}, {"a": "b"}], ids=repr)
@pytest.mark.parametrize("name", ["id", "timestamp", "sessionId", "localeName", "expiresAt"])
def test_a_field_that_is_no_text_makes_its_line_unreadable(tmp_path: Path, name: str, value: object) -> None:
    log = new_log(tmp_path)
    odd = line(**{"id": "odd", name: value})
    write(log, odd + line())
    assert (ids(log), log.stats().torn_lines, len(log.session_events("x"))) == (["e1"], 1, 1)
    assert log.seal().torn_lines == 1
    assert [path.read_bytes() for path in log.path.glob("torn-*")] == [odd]


def test_unknown_fields_are_read_and_dropped(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    write(log, b"\n  \n" + line(more=[1.5], channel=None, other={"a": [1]}) + b"torn\n")
    for _ in range(2):
        with log.connect() as connection:
            assert connection.execute("SELECT id, channel FROM events").fetchall() == [("e1", None)]
        log.seal()


@pytest.mark.fuzz
@examples(15)
@given(st.lists(st.one_of(st.binary(max_size=60), st.just(line().strip())), max_size=8))
def test_random_bytes_never_stop_the_reader(tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]) -> None:
    log = new_log(tmp_path_factory.mktemp("log"))
    write(log, b"\n".join(chunks))
    with log.connect() as connection:
        found = connection.execute("SELECT count(*) FROM events").fetchone()
    assert found == (sum(chunk == line().strip() for chunk in b"\n".join(chunks).split(b"\n")),)
    log.append(events(1))
    log.seal()
    assert "e1" in ids(log)


def test_sessions_are_found_wherever_their_events_are(tmp_path: Path) -> None:
    log, other = new_log(tmp_path), new_log(tmp_path)
    assert log.session_events("x") == []
    other.append([event(1, session_id="x"), event(2)])
    assert [found.step_id for found in log.session_events("x")] == ["s1"]
    log.seal()
    assert [found.step_id for found in other.session_events("x")] == ["s1"]
    other.append([event(3, session_id="x")])
    assert [found.step_id for found in log.session_events("x")] == ["s1", "s3"]
    assert log.session_events("x")[0] == (event(1).timestamp, "g", "s1", "c0")
    assert log.session_events("y") == []
    log.delete("g", ["s1"])
    assert [found.step_id for found in other.session_events("x")] == ["s3"]


@pytest.mark.parametrize("with_index", [True, False])
def test_a_damaged_part_is_named_when_a_session_is_looked_up(tmp_path: Path, with_index: bool) -> None:
    log = new_log(tmp_path)
    log.append(events(*range(100)))
    log.seal()
    [part] = log.path.glob("part-*.parquet")
    content = part.read_bytes()
    part.write_bytes(content[:4] + b"\xa5" * (len(content) // 2) + content[4 + len(content) // 2 :])
    if not with_index:
        part.with_suffix(".sessions").unlink()
    with pytest.raises(UnreadableError, match=r"can't be read: .*goals-tui events verify"):
        new_log(tmp_path).session_events("session 7")


def test_a_part_that_went_missing_is_named_when_a_session_is_looked_up(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(*range(100)))
    log.seal()
    assert len(log.session_events("session 7")) == 4
    [part] = log.path.glob("part-*.parquet")
    part.unlink()
    with pytest.raises(UnreadableError, match=rf"{part.name} are missing"):
        log.session_events("session 8")


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="counts open files")
def test_reading_damaged_events_leaves_no_file_open(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(*range(100)))
    log.seal()
    [part] = log.path.glob("part-*.parquet")
    part.write_bytes(part.read_bytes()[:-9])
    kept = []
    for _ in range(5):
        with pytest.raises(UnreadableError) as failed:
            log.connect()
        # A traceback keeps what its frames hold: closing must not wait for it to go.
        kept.append((failed.value, len(os.listdir("/dev/fd"))))  # noqa: PTH208  # as short as the question
    assert len({count for _, count in kept}) == 1


@pytest.mark.parametrize("damage", [None, b"", b"12345678", b"x"])
def test_a_damaged_index_of_sessions_is_made_anew(tmp_path: Path, damage: bytes | None) -> None:
    log = new_log(tmp_path)
    log.append(events(*range(100)))
    log.seal()
    index = next(log.path.glob("*.sessions"))
    good = index.read_bytes()
    index.unlink()
    if damage is not None:
        index.write_bytes(damage)
    assert len(new_log(tmp_path).session_events("session 7")) == 4
    assert index.read_bytes() == good


def test_the_stamp_follows_every_change(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    seen = [log.stamp()]
    for change in (
        lambda: log.append(events(1)),
        lambda: log.append(events(2)),
        lambda: log.seal(),
        lambda: log.append(events(3)),
        lambda: log.delete("g", ["s1"]),
    ):
        change()
        assert log.stamp() not in seen
        assert log.stamp() == new_log(tmp_path).stamp()
        seen.append(log.stamp())


def test_stats_say_from_when_to_when(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(events(5, 9))
    log.seal()
    log.append(events(7, 1))
    stats = log.stats()
    assert (stats.events, stats.appended_events, stats.parts, stats.torn_lines) == (4, 2, 1, 0)
    assert (stats.first, stats.last) == (event(1).timestamp, event(9).timestamp)
    assert stats.bytes > 300


def test_exports_hold_every_event_in_order(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append([event(2, endpoint_name="=1+1"), event(1, endpoint_name="-x"), event(3, endpoint_name="a=b")])
    for name in ("all.jsonl", "all.jsonl.gz", "all.csv", "all.parquet", "ALL.JSONL.GZ"):
        assert log.export(tmp_path / name) == 3
    lines = [orjson.loads(text) for text in (tmp_path / "all.jsonl").read_bytes().splitlines()]
    assert [(found["id"], found["timestamp"], found["endpointName"]) for found in lines] == [
        ("e1", "2026-10-01T00:00:01.000Z", "-x"),
        ("e2", "2026-10-01T00:00:02.000Z", "=1+1"),
        ("e3", "2026-10-01T00:00:03.000Z", "a=b"),
    ]
    for name in ("all.jsonl.gz", "ALL.JSONL.GZ"):
        assert gzip.decompress((tmp_path / name).read_bytes()) == (tmp_path / "all.jsonl").read_bytes()
    with (tmp_path / "all.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert list(table[0]) == list(FIELDS)
    assert [row["endpointName"] for row in table] == ["'-x", "'=1+1", "a=b"]
    again = new_log(tmp_path / "again")
    (again.path / "events.jsonl").write_bytes((tmp_path / "all.jsonl").read_bytes())
    assert ids(again) == ["e1", "e2", "e3"]


def test_an_export_of_an_unknown_kind_or_into_nowhere_is_refused(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    with pytest.raises(WrongValueError, match=r"'all\.xlsx' does not say a format\. End it with \.jsonl, "):
        log.export(tmp_path / "all.xlsx")
    with pytest.raises(UnreadableError, match="there is no folder"):
        log.export(tmp_path / "none" / "all.csv")


def test_an_export_where_nothing_can_be_written_is_said_in_our_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path, *_args: object, **_options: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    log = new_log(tmp_path)
    monkeypatch.setattr(Path, "touch", denied)
    with pytest.raises(UnreadableError) as refused:
        log.export(tmp_path / "all.csv")
    assert str(refused.value).startswith(f"Can't write {tmp_path / 'all.csv'}: permission denied.")


def test_a_full_disk_leaves_no_half_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = new_log(tmp_path)
    log.append(events(1))
    (tmp_path / "all.csv").write_text("old")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(UnreadableError, match=r"Can't write .*all\.csv: no space left on device\. Free"):
            log.export(tmp_path / "all.csv")
    assert [path.name for path in tmp_path.glob("*all*")] == ["all.csv"]
    assert (tmp_path / "all.csv").read_text() == "old"


def one_row(number: int) -> str:
    """A query whose one row is an event of goal a, step s."""
    texts = {"id": f"e{number}", "goalId": "a", "stepId": "s", "goalCycleId": "c", "sessionId": "a"}
    values = {name: f"'{text}'" for name, text in texts.items()} | {"timestamp": f"TIMESTAMP '{START:%Y-%m-%d}'"}
    return "SELECT " + ", ".join(values.get(name, "NULL") + f' AS "{name}"' for name in FIELDS)


STEPS = st.one_of(
    st.tuples(st.just("append"), st.integers(0, 12), st.sampled_from("ab"), st.sampled_from("st")),
    st.tuples(st.just("seal")),
    st.tuples(st.just("delete"), st.sampled_from("ab"), st.sampled_from(["s", "t", None])),
    st.tuples(st.just("torn")),
    st.tuples(st.just("import"), st.integers(0, 12)),
)


@pytest.mark.fuzz
@examples(12)
@given(st.lists(STEPS, max_size=10))
@example([("append", 6, "a", "s"), ("append", 6, "a", "t"), ("delete", "a", "s")])
def test_the_log_behaves_like_a_list(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]) -> None:
    folder = tmp_path_factory.mktemp("log")
    log, other = new_log(folder), new_log(folder)
    sealed: list[tuple[str, str, str]] = []
    appended: list[tuple[str, str, str]] = []

    def seal() -> None:
        for row in appended:
            if row[0] not in {known[0] for known in sealed}:
                sealed.append(row)
        appended.clear()

    for step in steps:
        match step:
            case ("append", number, goal, name):
                log.append([event(number, goal_id=goal, step_id=name, session_id=goal)])
                appended.append((f"e{number}", goal, name))
            case ("seal",):
                other.seal()
                seal()
            case ("delete", goal, name):
                doomed = [row for row in sealed + appended if row[1] == goal and name in (None, row[2])]
                assert log.delete(goal, name and [name]) == len(doomed)
                if doomed:
                    sealed = [row for row in sealed if row not in doomed]
                    appended[:] = [row for row in appended if row not in doomed]
                    seal()
            case ("torn",):
                with (log.path / "events.jsonl").open("ab") as file:
                    file.write(b'{"id":')
            case ("import", number):
                with log.connect() as source:
                    new = f"e{number}" not in {row[0] for row in sealed + appended}
                    assert log.write_part(source, one_row(number)) == new
                if new:
                    sealed.append((f"e{number}", "a", "s"))
        expected = sorted(sealed + appended)
        with other.connect() as connection:
            found = connection.execute('SELECT id, "goalId", "stepId" FROM events').fetchall()
        assert sorted(found) == expected
        assert other.stats().events == len(expected)
        assert sorted(row.step_id for row in log.session_events("a")) == sorted(
            step_id for _, goal, step_id in expected if goal == "a"
        )
