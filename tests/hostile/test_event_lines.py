"""events.jsonl as other programs or accidents leave it: every reader of it sees the same events, and none stumbles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.drill_down import ORPHANS
from goals_tui.domain.event import FIELDS
from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from goals_tui.store.events.lines import read_line, to_line
from goals_tui.store.events.log import EventLog
from tests.hostile.calm import calm, damaged, few, hostile_values, with_one_change
from tests.store.builders import event, ids

GOOD = {name: value for name, value in event(1).model_dump(mode="json", by_alias=True).items() if value is not None}

ODD_LINES = [
    b"",
    b"   ",
    b"null",
    b"[]",
    b"{}",
    b"NaN",
    b"\xff\xfe{\x00}\x00",
    b"\x00" * 50,
    b"[" * 5000,
    b'{"id":' * 3000,
    json.dumps({**GOOD, "id": 7}).encode(),
    json.dumps({**GOOD, "id": [1e308]}).encode(),
    json.dumps({**GOOD, "localeName": True}).encode(),
    json.dumps({**GOOD, "more": float("nan")}).encode(),
    json.dumps({**GOOD, "id": 1e400}).encode(),
    json.dumps({**GOOD, "goalId": 10**40}).encode(),
    json.dumps({**GOOD, "timestamp": 1}).encode(),
    json.dumps({**GOOD, "timestamp": "2026-10-01"}).encode(),
    json.dumps({**GOOD, "timestamp": "2026-10-01T08:00:00"}).encode(),
    json.dumps({**GOOD, "timestamp": "2026-10-01T08:00:00+02:00"}).encode(),
    json.dumps({**GOOD, "timestamp": "1899-01-01T00:00:00Z"}).encode(),
    json.dumps({**GOOD, "timestamp": "2200-01-01T00:00:00Z"}).encode(),
    json.dumps({**GOOD, "timestamp": "20261001T080000Z"}).encode(),
    json.dumps({**GOOD, "timestamp": "2026-W40-4T08:00:00Z"}).encode(),
    json.dumps({**GOOD, "timestamp": "2026-02-30T08:00:00Z"}).encode(),
    json.dumps({**GOOD, "sessionId": ""}).encode(),
    json.dumps({**GOOD, "sessionId": ["x"]}).encode(),
    json.dumps(GOOD).replace("e1", "\\ud800").encode(),
    json.dumps(GOOD).replace("e1", "\\u0000").encode(),
    json.dumps({**GOOD, "id": "x" * 100_000}).encode(),
    json.dumps(GOOD).encode() * 2,
    json.dumps(GOOD).encode() + b"\r",
]


ODDER_LINES = [
    json.dumps(GOOD)[:-1].encode() + b', "id": "second", "stepId": "second"}',
    json.dumps({**GOOD, "pad": "x" * 2_000_000}).encode(),
    json.dumps(GOOD, indent=1).encode(),
    json.dumps({**GOOD, "timestamp": " 2026-10-01T08:00:00Z"}).encode(),
    json.dumps({**GOOD, "timestamp": "2026-10-01 08:00"}).encode(),
    json.dumps({**GOOD, "timestamp": "2026-10-01x08:00:00Z"}).encode(),
    json.dumps({**GOOD, "timestamp": "epoch"}).encode(),
]
"""Read differently by DuckDB and our parser: which of two keys counts, spaces around a time, a line over 1 MB.

They need not agree on these; sealing keeps what either can read or sets the line aside, and nothing else is touched.
"""


def lines() -> st.SearchStrategy[bytes]:
    good = json.dumps(GOOD).encode()
    return st.one_of(
        st.sampled_from(ODD_LINES),
        st.binary(max_size=60).map(lambda data: data.replace(b"\n", b"")),
        damaged(good),
        with_one_change(GOOD).map(lambda record: json.dumps(record).encode()),
        st.dictionaries(st.sampled_from(FIELDS), hostile_values(), max_size=8).map(lambda r: json.dumps(r).encode()),
    )


@pytest.mark.parametrize("line", ODD_LINES, ids=lambda line: repr(line[-60:]))
def test_both_readers_take_the_same_lines(tmp_path_factory: Any, line: bytes) -> None:
    record = read_line(line)
    assert ids(new_log(tmp_path_factory, line)) == ([] if record is None else [record["id"]])


@few
@given(content=st.lists(lines(), max_size=6), ends=st.booleans())
def test_all_readers_agree(tmp_path_factory: Any, content: list[bytes], ends: bool) -> None:
    log = new_log(tmp_path_factory, b"\n".join(content) + (b"\n" if ends else b""))
    before = ids(log)
    expected = [record for line in b"\n".join(content).split(b"\n") if (record := read_line(line))]
    assert len(expected) == len(before)
    stats = log.stats()
    with log.connect() as connection:
        assert stats.events == len(before)
        # What a killed process left at the very end counts as a line in the one and not in the other.
        assert not ends or stats.torn_lines == log.torn_lines(connection)
    log.append([event(1000)])
    assert ids(log) == sorted([*before, "e1000"]) and log.session_events("session 250")
    log.verify()
    log.seal()
    assert ids(log) == sorted({*before, "e1000"})
    assert log.stats().torn_lines >= stats.torn_lines - (0 if ends else 1)
    assert {finding.code for finding in log.verify()} <= {"torn-lines"}


def test_a_byte_order_mark_before_the_first_line_costs_no_event(tmp_path_factory: Any) -> None:
    content = b"\xef\xbb\xbf" + to_line(event(1)) + to_line(event(2))
    log = new_log(tmp_path_factory, content)
    assert log.session_events(event(1).session_id) and log.stats().events == 2
    log.seal()
    assert ids(log) == ["e1", "e2"]


@pytest.mark.parametrize("line", ODDER_LINES, ids=lambda line: repr(line[-60:]))
def test_odder_lines_take_nothing_else_with_them(tmp_path_factory: Any, line: bytes) -> None:
    log = new_log(tmp_path_factory, line + b"\n")
    log.append([event(1000), event(1001)])
    for _ in range(2):
        assert {"e1000", "e1001"} <= set(ids(log)) and len(ids(log)) <= 4
        assert log.session_events("session 250")
        log.seal()
    assert {finding.code for finding in log.verify()} <= {"torn-lines"}


@few
@given(content=st.lists(lines(), max_size=6))
def test_reports_do_not_stumble(services: Services, content: list[bytes]) -> None:
    content += ODDER_LINES
    (services.workspace.path / "events" / "events.jsonl").write_bytes(b"\n".join(content))
    everything = Filters(span="all", include_test=True)
    calm(lambda: services.insights.report(everything))
    calm(lambda: services.insights.health_details())
    calm(lambda: services.insights.cycles(everything, ORPHANS))
    for dimension in ("endpoint", "locale", "snapshot", "version"):
        calm(lambda dimension=dimension: services.insights.breakdown(dimension, everything))  # type: ignore[misc]  # a lambda


def new_log(tmp_path_factory: Any, content: bytes) -> EventLog:
    folder: Path = tmp_path_factory.mktemp("log") / "events"
    folder.mkdir()
    (folder / "events.jsonl").write_bytes(content)
    return EventLog(folder)
