"""Case 06: both sides of a merge that were kept are refused with their lines, and nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.events.catalog import load_catalog
from goals_tui.store.twice import key_twice
from tests.cases.conftest import Case
from tests.cli.conftest import Cli


def test_goals_json_with_both_sides_of_a_merge(desk: Cli, case: Case, tmp_path: Path) -> None:
    columns = ("--cycle", "case", "--step", "activity", "--time", "time")
    events = case("03") / "first.csv"
    for goal in ("G", "Second"):
        assert desk("import", "csv", events, "--goal", goal, *columns).code == 0
    file = tmp_path / "workspace" / "goals.json"
    subprocess.run([sys.executable, case("06") / "twice.py", file], check=True)
    content = file.read_bytes()
    for command in (("goals", "list"), ("goals", "delete", "Second", "--confirm", "Second")):
        refused = desk(*command)
        assert refused.code == 1 and refused.out == "" and refused.err.count("\n") == 1
        assert "the key 'goals' stands in line 2 and again in line 3" in refused.err
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"a": 1,\n"b": {"a": 2}}', None),
        (b'{"a": 1,\n"a": 2}', "the key 'a' stands in line 1 and again in line 2"),
        (b'[{"a": [{"b": 1}]},\n{"a": {"b": 1,\n\n"b": 1}}]', "the key 'b' stands in line 2 and again in line 4"),
        ('{"é": 1, "\\u00e9": 2}'.encode(), "the key 'é' stands in line 1 and again in line 1"),
        (rb'{"a": "x\": {", "b": ["a", "a", "\\"], "c": "a"}', None),
        (b'\xef\xbb\xbf{"a": {}, "a": []}', "the key 'a' stands in line 1 and again in line 1"),
    ],
)
def test_a_key_that_stands_twice(content: bytes, said: str | None) -> None:
    assert key_twice(content, orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))) == said


def test_a_catalog_with_both_sides_of_a_merge(tmp_path: Path) -> None:
    (tmp_path / "parts.json").write_text('{"format": 1, "parts": [], "absorbed": [],\n"parts": [], "torn": 0}')
    with pytest.raises(UnreadableError, match=r"'parts' stands in line 1 and again in line 2"):
        load_catalog(tmp_path)
