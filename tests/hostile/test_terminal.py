"""Event fields that steer a terminal or a spreadsheet: they are shown, and do nothing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from goals_tui.cli.run import run
from goals_tui.domain.drill_down import ORPHANS
from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from goals_tui.tui.insights.table import Cell, Heading, Table
from tests.builders import book_a_flight
from tests.hostile.calm import harmless

EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\x7f\u202egpj"
FORMULAS = [
    "=1+1",
    "+1+cmd",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("x")',
    "＝1+1",
    " =1",
    "\u200b=1",
]


def record(goal: Any, number: int, place: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"e{number}",
        "timestamp": f"2026-11-19T10:00:{number:02}Z",
        "goalCycleId": f"c{number}",
        "stepId": goal.steps[place].id,
        "goalId": goal.id,
        "version": goal.version,
        "sessionId": f"s{number}",
        "localeName": "en",
        **fields,
    }


@pytest.fixture
def hostile(services: Services, monkeypatch: pytest.MonkeyPatch) -> Services:
    """A workspace whose log another program wrote: every text of an event is hostile once, also over-long."""
    monkeypatch.setenv("GOALS_TUI_NOW", "2026-11-20T12:00:00Z")
    goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    names = ("goalCycleId", "sessionId", "endpointName", "localeName", "snapshotName", "version", "channel", "id")
    records = [record(goal, number, **{name: EVIL + name}) for number, name in enumerate(names)]
    records += [record(goal, 20 + number, **{name: name * 10_000}) for number, name in enumerate(names)]
    records += [record(goal, 40, 1, goalCycleId=EVIL), record(goal, 41, goalId=EVIL), record(goal, 42, stepId=EVIL)]
    records += [record(goal, 50 + n, sessionId=cell, endpointName=cell) for n, cell in enumerate(FORMULAS)]
    lines = "".join(json.dumps(one) + "\n" for one in records)
    (services.workspace.path / "events" / "events.jsonl").write_text(lines)
    return services


COMMANDS = (
    "report --span all",
    "cycles --span all",
    "cycles --outcome orphan",
    "funnel Book a Flight",
    "events stats",
    "events verify",
    "goals list",
    "goals show Book a Flight",
)


def printed(services: Services, command: str, capsys: pytest.CaptureFixture[str], form: str) -> str:
    words = [word.replace("_", " ") for word in command.replace("Book a Flight", "Book_a_Flight").split()]
    code = run(["--workspace", str(services.workspace.path), *words, "--format", form])
    out = capsys.readouterr()
    assert code in (0, 3), out.err
    return out.out + out.err


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_nothing_reaches_the_terminal(
    hostile: Services, form: str, sealed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if sealed:
        hostile.workspace.events.seal()
    for command in COMMANDS:
        if command.startswith("goals show") and form == "csv":
            continue
        assert harmless(printed(hostile, command, capsys, form)), (command, form)
    for cycle in hostile.insights.cycles(Filters(span="all")):
        if "s" + cycle.cycle_id.removeprefix("c") == cycle.session_id:
            assert harmless(printed(hostile, f"cycle {cycle.cycle_id}", capsys, form)), cycle.cycle_id


def test_nothing_comes_out_of_insights(hostile: Services) -> None:
    insights, everything = hostile.insights, Filters(span="all")
    cycles = insights.cycles(everything) + insights.cycles(everything, ORPHANS)
    assert len(cycles) > 20
    shown: list[object] = [*cycles, insights.report(everything), *insights.health_details()]
    for dimension in ("endpoint", "locale", "snapshot", "version"):
        shown += insights.dimension_values(dimension)
        shown += [part.title for part in insights.breakdown(dimension, everything)]
    shown.append(insights.funnel(cycles[0].goal_id, everything))
    for text in texts(shown):
        assert harmless(text) and "\n" not in text, ascii(text[:200])


def test_a_cycle_by_its_raw_id(hostile: Services, capsys: pytest.CaptureFixture[str]) -> None:
    for cycle_id in (EVIL + "goalCycleId", "goalCycleId" * 10_000):
        timeline = hostile.insights.cycle(cycle_id)
        assert timeline.moments and all(harmless(text) for text in texts([timeline]))


def test_formulas_in_tables_for_spreadsheets(hostile: Services, capsys: pytest.CaptureFixture[str]) -> None:
    out = hostile.workspace.path / "events.csv"
    hostile.workspace.events.export(out)
    for text in (out.read_text(), printed(hostile, "cycles --span all", capsys, "csv")):
        cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
        assert any("HYPERLINK" in cell for cell in cells)
        assert [cell for cell in cells if cell.strip("\u200b ")[:1] in tuple("=+-@\t\r＝")] == []
    parts = [cell.title for cell in hostile.insights.breakdown("endpoint", Filters(span="all"))]
    assert "=1+1" in parts


def test_formulas_in_a_table_that_is_copied_for_a_sheet() -> None:
    headings = (Heading("=Session", "session", numeric=False), Heading("Saved", "saved"))
    rows = tuple((Cell(text, text), Cell("-0.5 %", -0.005)) for text in (*FORMULAS, "a\nb\tc"))
    lines = Table(headings, rows).as_text().split("\n")
    assert lines[:2] == ["'=Session\tSaved", "'=1+1\t-0.5 %"]
    assert lines[-2:] == ["a b c\t-0.5 %", ""]
    assert [line for line in lines if line.strip("\u200b ")[:1] in tuple("=+-@\t\r＝")] == []


def texts(found: object) -> Iterator[str]:
    """Every text inside of models, tuples and texts."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, (list, tuple)):
        for one in found:
            yield from texts(one)
    elif isinstance(found, dict):
        yield from texts(list(found.items()))
    elif hasattr(found, "model_dump"):
        yield from texts(found.model_dump())
    elif hasattr(found, "__dataclass_fields__"):
        yield from texts([getattr(found, name) for name in found.__dataclass_fields__])
