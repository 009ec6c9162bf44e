"""parts.json and Parquet files that were damaged or changed: the log is read, or says in one line what is wrong."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.store.duckdb_files import bare_connection, copy_to
from goals_tui.store.events.log import EventLog
from goals_tui.store.events.reader import damage_named
from tests.examples import examples
from tests.hostile.calm import calm, damaged, with_one_change
from tests.store.builders import event, events, ids, new_log

MOST_SECONDS = 10


def made(folder: Path) -> Path:
    """A log with two parts and appended lines."""
    log = new_log(folder)
    log.append(events(*range(20)))
    log.seal()
    log.append(events(*range(10, 40), endpoint_name="Webchat"))
    log.seal()
    log.append(events(50, 51))
    return log.path


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("original"))


def use_everything(log: EventLog, data: st.DataObject) -> None:
    """Read and write all of the log; each call works or refuses calmly, in time."""
    works: list[Callable[[], object]] = [
        lambda: read(log),
        log.stats,
        log.seal,
        lambda: log.session_events("session 1"),
        lambda: log.append([event(99)]),
        lambda: log.delete("g", {"s1"}),
        lambda: log.delete("nobody"),
        lambda: log.export(log.path.parent / "out.jsonl"),
        lambda: written(log),
        log.is_empty,
        log.sync,
    ]
    for work in (log.verify, data.draw(st.sampled_from(works))):
        began = time.monotonic()
        calm(work)
        assert time.monotonic() - began < MOST_SECONDS


def read(log: EventLog) -> list[str]:
    with damage_named(log.path):
        return ids(log)


def written(log: EventLog) -> int:
    with log.connect() as connection:
        return log.write_part(connection, "SELECT * REPLACE ('x' || id AS id) FROM events")


def copied(original: Path, tmp_path: Path) -> EventLog:
    """A copy that replaces the one of the example before."""
    shutil.rmtree(tmp_path / "events", ignore_errors=True)
    shutil.copytree(original, tmp_path / "events")
    return EventLog(tmp_path / "events")


@examples(150, shared_fixtures=True)
@given(data=st.data())
def test_any_one_value_of_parts_json_is_another(original: Path, tmp_path: Path, data: st.DataObject) -> None:
    log = copied(original, tmp_path)
    catalog = log.path / "parts.json"
    catalog.write_text(json.dumps(data.draw(with_one_change(json.loads(catalog.read_bytes())))))
    use_everything(log, data)


@examples(150, shared_fixtures=True)
@given(data=st.data())
def test_any_damage_of_parts_json(original: Path, tmp_path: Path, data: st.DataObject) -> None:
    log = copied(original, tmp_path)
    catalog = log.path / "parts.json"
    catalog.write_bytes(data.draw(damaged(catalog.read_bytes())))
    use_everything(log, data)


@examples(100, shared_fixtures=True)
@given(data=st.data())
def test_any_damage_of_a_part(original: Path, tmp_path: Path, data: st.DataObject) -> None:
    log = copied(original, tmp_path)
    damage_part(log, data)
    use_everything(log, data)


@examples(100, shared_fixtures=True)
@given(data=st.data())
def test_any_damage_of_a_part_without_a_checksum(original: Path, tmp_path: Path, data: st.DataObject) -> None:
    log = copied(original, tmp_path)
    part = damage_part(log, data)
    noted_as_by_0_1_0(log, part)
    use_everything(log, data)


@examples(100, shared_fixtures=True)
@given(data=st.data())
def test_any_damage_of_a_part_without_parts_json(original: Path, tmp_path: Path, data: st.DataObject) -> None:
    log = copied(original, tmp_path)
    damage_part(log, data)
    (log.path / "parts.json").unlink()
    use_everything(log, data)


def damage_part(log: EventLog, data: st.DataObject) -> Path:
    """Change one part somewhere, and sometimes take its index away."""
    part = data.draw(st.sampled_from(sorted(log.path.glob("part-*.parquet"))))
    content = part.read_bytes()
    one_byte = st.integers(0, len(content) - 1).flatmap(lambda place: flipped(content, place))
    part.write_bytes(data.draw(st.one_of(damaged(content), one_byte)))
    if data.draw(st.booleans()):
        part.with_suffix(".sessions").unlink()
    return part


def noted_as_by_0_1_0(log: EventLog, part: Path) -> None:
    """Let parts.json say of a part what version 0.1.0 said: its length, and no checksum."""
    catalog = log.path / "parts.json"
    noted: dict[str, Any] = json.loads(catalog.read_bytes())
    for one in noted["parts"]:
        one["file_checksum"] = None
        if one["id"] in part.name:
            one["bytes"] = part.stat().st_size
    catalog.write_text(json.dumps(noted))


def flipped(content: bytes, place: int) -> st.SearchStrategy[bytes]:
    return st.integers(0, 255).map(lambda byte: content[:place] + bytes([byte]) + content[place + 1 :])


COLUMNS = {
    "a column less": '* EXCLUDE ("goalId")',
    "a column more": "*, 1 AS more",
    "times are text": "* REPLACE (timestamp::VARCHAR AS timestamp)",
    "times are numbers": "* REPLACE (epoch_ms(timestamp) AS timestamp)",
    "times with a zone": "* REPLACE (timestamp AT TIME ZONE 'UTC' AS timestamp)",
    "no times": "* REPLACE (NULL::TIMESTAMP AS timestamp)",
    "endless times": "* REPLACE ('infinity'::TIMESTAMP AS timestamp)",
    "times out of range": "* REPLACE (TIMESTAMP '1800-01-01' AS timestamp)",
    "ids are numbers": "* REPLACE (1 AS id)",
    "ids are lists": "* REPLACE ([id] AS id)",
    "no ids": "* REPLACE (NULL AS id)",
    "sessions are bytes": "* REPLACE ('\\xFF'::BLOB AS \"sessionId\")",
    "sessions are structs": "* REPLACE ({'a': 1} AS \"sessionId\")",
    "names in other letters": '* RENAME ("sessionId" AS SESSIONID)',
}


@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS.keys())
@pytest.mark.parametrize("listed", [True, False])
def test_parquet_of_others(original: Path, tmp_path: Path, columns: str, listed: bool) -> None:
    log = copied(original, tmp_path)
    part = sorted(log.path.glob("part-*.parquet"))[0]
    other = tmp_path / "other.parquet"
    with bare_connection() as connection:
        copy_to(connection, f"SELECT {columns} FROM read_parquet('{part}')", other)
    other.replace(part)
    noted_as_by_0_1_0(log, part)
    if not listed:
        (log.path / "parts.json").unlink()
    for index in log.path.glob("*.sessions"):
        index.unlink()
    for work in (
        log.stats, log.verify, lambda: read(log), lambda: log.session_events("session 1"),
        lambda: log.export(tmp_path / "out.jsonl"), log.seal, lambda: log.delete("g", {"s1"}),
    ):  # fmt: skip
        calm(work)
