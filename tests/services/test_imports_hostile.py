"""Files that are damaged or mean harm: a clear line or a counted record, never a traceback, memory bounded."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.errors import GoalsError, UnreadableError
from goals_tui.services.context import Services
from goals_tui.services.imports import files as imports_files
from goals_tui.services.imports.result import MOST_NAMED
from goals_tui.store.events.bulk_import import LONGEST_LINE
from tests.examples import examples
from tests.services.odata_records import event, goal, lines, page, steps, write

GOOD = [goal(), *steps(), event(1)]
DEEP = "[" * 100_000 + "]" * 100_000


def changed(**fields: Any) -> str:
    return json.dumps(event(2) | fields)


BROKEN_LINES = {
    "cut short": ('{"id": "a", "goalId', "it is not JSON"),
    "random bytes": (b"\xff\xfe\x00\x01", "it is not JSON"),
    "deep": ('{"id": ' + DEEP + "}", "it is not JSON"),
    "deep label": (json.dumps(event(2))[:-1] + f', "channel": {DEEP}}}', "it is not JSON"),
    "not a number": ('{"goalCycleId": NaN}', "it is not JSON"),
    "lone surrogate": (changed().replace("Webchat", "\\ud800"), "it is not JSON"),
    "a list": ("[1, 2]", "it is not an object"),
    "a text": ('"x"', "it is not an object"),
    "null": ("null", "it is not an object"),
    "of nothing": ('{"a": 1, "b": 2}', "its keys: a, b"),
    "empty": ("{}", "its keys: none"),
    "two in a line": (json.dumps(event(2)) + json.dumps(event(3)), "it is not JSON"),
    "object for an id": (changed(id={"a": 1}), "the event is invalid: id"),
    "list for an id": (changed(sessionId=["a"]), "the event is invalid: sessionId"),
    "object for a label": (changed(endpointName={"a": 1}), "the event is invalid: endpointName"),
    "no id": (changed(id=""), "the event is invalid: id"),
    "blank id": (changed(goalCycleId=" \n "), "the event is invalid: goalCycleId: it is empty"),
    "no goal": (changed(goalId=None), "the event is invalid: goalId"),
    "long id": (changed(id="x" * 301), "the event is invalid: id: it has more than 300 characters"),
    "long label": (changed(localeName="x" * 301), "the event is invalid: localeName"),
    "huge year": (changed(timestamp="99999-01-01T00:00:00Z"), "the timestamp is not a time"),
    "first year": (changed(timestamp="0001-01-01T00:00:00+14:00"), "the time 0001-01-01T00:00:00+14:00 can't be"),
    "object for a time": (changed(timestamp={}), "the timestamp is not a time"),
    "huge number for a goal": ('{"goalId": 1e400, "name": "x"}', ""),
    "a line of 17 MB": (changed(id="x" * (LONGEST_LINE + 1_000_000)), "it is longer than 16 MB"),
}


@pytest.mark.parametrize(("line", "why"), BROKEN_LINES.values(), ids=BROKEN_LINES.keys())
def test_a_broken_line_is_named_and_the_rest_imported(
    services: Services, tmp_path: Path, line: str | bytes, why: str
) -> None:
    raw = line if isinstance(line, bytes) else line.encode()
    content = lines(GOOD).encode() + b"  \n" + raw + b"\r\n" + lines([event(5)]).encode().rstrip()
    result = services.imports.odata([write(tmp_path / "in", a_jsonl=content)])
    assert (result.goals_added, result.events_added) == (1, 2)
    assert [(broken.file, broken.record) for broken in result.broken] == [("a.jsonl", 6)]
    assert why in result.broken[0].why
    assert len(result.broken[0].why) < 320


@pytest.mark.long
def test_a_line_that_duckdb_gives_up_on(services: Services, tmp_path: Path) -> None:
    file = write(tmp_path / "in") / "a.jsonl"
    with file.open("wb") as out:
        out.write(lines([event(1)]).encode() + b'{"id": "')
        for _ in range(1000):
            out.write(b"x" * 1_000_000)
        out.write(b'"}\n' + lines([event(2)]).encode())
    result = services.imports.odata([file])
    assert result.events_added == 2
    assert [str(broken) for broken in result.broken] == ["a.jsonl, record 2: it is longer than 16 MB"]


def test_what_is_odd_and_yet_fine(services: Services, tmp_path: Path) -> None:
    odd = [
        changed(id=12345678901234567890),
        changed(id="e2", version=None, stepId=True, channel=False),
        changed(id="e3", endpointName=7, channel=""),
        changed(id="e4", sessionId="Größe ✈️ 予約"),
        changed(id="e5")[:-1] + ', "stepId": "twice"}',
    ]
    result = services.imports.odata([write(tmp_path / "in", a_jsonl="\n".join(odd))])
    assert (result.events_added, result.broken) == (5, ())


def test_only_so_many_are_named_and_all_are_counted(services: Services, tmp_path: Path) -> None:
    result = services.imports.odata([write(tmp_path / "in", a_jsonl="nonsense\n" * 250)])
    assert (len(result.broken), result.broken_total) == (MOST_NAMED, 250)
    assert result.summary().endswith("; 250 records left out")
    assert result.as_json()["broken"][99]["record"] == 100


def test_a_broken_file_of_a_folder_is_named_and_the_rest_imported(services: Services, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "in",
        a_json=page(GOOD)[:-5],
        b_json=page(GOOD),
        c_json="[NaN]",
        d_json=DEEP,
        e_json_gz=gzip.compress(page(GOOD).encode())[:-20],
        f_csv=b"goalId,name\n\xff,x\n",
        g_csv="id,id\n1,2\n",
        h_csv=f"id,name\n{'x' * 200_000},y\n",
        i_json="[1e999, -0, 10000000000000000000000]",
    )
    result = services.imports.odata([folder])
    assert (result.goals_added, result.events_added) == (1, 1)
    whole = [broken for broken in result.broken if broken.record is None]
    assert [broken.file for broken in whole] == [
        *("a.json", "c.json", "d.json", "e.json.gz", "f.csv", "g.csv", "h.csv"),
        *(["i.json"] if len(whole) == 8 else []),
    ]


def test_rows_of_a_table_with_too_many_or_too_few_cells(services: Services, tmp_path: Path) -> None:
    header = "id,version,timestamp,goalCycleId,stepId,goalId,sessionId"
    text = f"{header}\na,v,2026-10-01T08:00:00Z,c,s,g,x\na,b,c,d,e,f,g,h\na,b,c\n"
    result = services.imports.odata([write(tmp_path / "in", a_csv=text)])
    assert result.events_added == 1
    assert [str(broken) for broken in result.broken] == [
        "a.csv, record 2: it has more cells than the header",
        "a.csv, record 3: it has fewer cells than the header",
    ]


def test_records_of_a_page_that_are_nested_deeply(services: Services, tmp_path: Path) -> None:
    nested = "[" * 500 + "]" * 500
    result = services.imports.odata([write(tmp_path / "in", a_json=f"[{nested}, {json.dumps(event(1))}]")])
    assert (result.events_added, result.broken_total) == (1, 1)
    assert result.broken[0].record == 1


def test_a_gzip_bomb_is_refused(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports_files, "FREE", 1 << 20)
    bomb = write(tmp_path / "in", a_jsonl_gz=gzip.compress(b"{}\n" * 3_000_000)) / "a.jsonl.gz"
    with pytest.raises(UnreadableError, match="it unpacks to more than 200 times its size"):
        services.imports.odata([bomb])


def test_a_page_too_large_for_memory_is_refused(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports_files, "LARGEST_PAGE", 1 << 20)
    file = write(tmp_path / "in", a_json=page([event(1)] * 4000)) / "a.json"
    with pytest.raises(UnreadableError, match=r"it has more than 1 MB\. Export smaller pages, or JSON Lines"):
        services.imports.odata([file])


@pytest.mark.fuzz
@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.csv", "a.json.gz"])
@examples(8, shared_fixtures=True)
@given(
    content=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
)
def test_any_bytes(services: Services, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    try:
        result = services.imports.odata([tmp_path / name])
    except GoalsError as error:
        assert str(error)
        assert "\n" not in str(error)
    else:
        assert (result.goals_added, result.events_added) == (0, 0)
