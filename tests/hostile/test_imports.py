"""Tables, pages and packages that were damaged anywhere: a clear line or counted records, and nothing half imported."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from goals_tui.services.imports.log_rows import Columns
from goals_tui.services.imports.service import ImportResult
from tests.hostile.calm import calm, check_line, damaged, few, hostile_values, with_one_change

TABLE = (
    "case,activity,time,who\n"
    + "".join(
        f'c{case},{activity},2026-10-0{1 + case}T08:00:0{place}Z,"web, {case}"\n'
        for case in range(4)
        for place, activity in enumerate(("Begin", "Choose", "Pay"))
    )
).encode()

RECORDS = [
    {"goalId": "a" * 24, "name": "Book", "version": "5c1c7a56-0000-4000-8000-000000000001", "description": None},
    *(
        {"goalStepId": digit * 24, "name": name, "type": kind, "order": place, "goalId": "a" * 24}
        for place, (digit, name, kind) in enumerate([("b", "Begin", "start"), ("c", "Pay", "completion")])
    ),
    {"goalStepMetricId": "m", "type": "currency", "value": 10.5, "goalId": "a" * 24, "goalStepId": "c" * 24},
    {
        "id": "e1",
        "version": "5c1c7a56-0000-4000-8000-000000000001",
        "timestamp": "2026-10-01T08:00:00Z",
        "goalCycleId": "cycle",
        "stepId": "b" * 24,
        "goalId": "a" * 24,
        "sessionId": "s",
    },
]


def look(services: Services, found: ImportResult | str) -> None:
    """Check that the imported can be reported, and that the rest is named in lines that a terminal can show."""
    if isinstance(found, ImportResult):
        check_line(found.summary())
        for broken in found.broken:
            check_line(str(broken))
    calm(lambda: services.insights.report(Filters(span="all")))
    for goal in services.goals.all():
        assert services.goals.problems(goal) == []


@few
@given(content=st.one_of(damaged(TABLE), st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
@pytest.mark.parametrize("packed", [False, True])
def test_tables(services: Services, tmp_path: Path, content: bytes, packed: bool) -> None:
    path = tmp_path / ("log.csv.gz" if packed else "log.csv")
    path.write_bytes(gzip.compress(content) if packed else content)
    columns = Columns("case", "activity", "time", session="who")
    look(services, calm(lambda: services.imports.log([path], "Pay", columns)))


@few
@given(content=with_one_change(RECORDS))
def test_any_one_value_of_an_export_is_another(services: Services, tmp_path: Path, content: object) -> None:
    (tmp_path / "page.json").write_text(json.dumps(content))
    look(services, calm(lambda: services.imports.odata([tmp_path / "page.json"])))


@few
@given(content=st.lists(hostile_values(), max_size=4), name=st.sampled_from(["page.json", "lines.jsonl"]))
def test_any_content(services: Services, tmp_path: Path, content: list[object], name: str) -> None:
    text = "\n".join(map(json.dumps, content)) if name.endswith("l") else json.dumps({"value": content})
    (tmp_path / name).write_text(text)
    look(services, calm(lambda: services.imports.odata([tmp_path / name])))


@few
@given(data=st.data())
def test_a_damaged_gzip(services: Services, tmp_path: Path, data: st.DataObject) -> None:
    packed = gzip.compress("\n".join(map(json.dumps, RECORDS)).encode())
    (tmp_path / "lines.jsonl.gz").write_bytes(data.draw(damaged(packed)))
    look(services, calm(lambda: services.imports.odata([tmp_path / "lines.jsonl.gz"])))
