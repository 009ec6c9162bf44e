"""Names are the same name composed or not: `é` as one character, or as `e` and an accent."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.filters import Choice, Filters
from goals_tui.services.context import open_services
from tests.cases.conftest import Case
from tests.cli.conftest import Cli

COLUMNS = ("--cycle", "case", "--step", "activity", "--time", "time")
COMPOSED, APART = unicodedata.normalize("NFC", "Café"), unicodedata.normalize("NFD", "Café")


def test_one_step_and_one_goal(desk: Cli, case: Case) -> None:
    file = case("19") / "nfd.csv"
    for name in (COMPOSED, APART):
        desk("import", "csv", file, "--goal", name, *COLUMNS)
    (goal,) = desk("goals", "list", "--format", "json").json
    assert (goal["name"], goal["steps"]) == (COMPOSED, 2)
    steps = desk("funnel", APART, "--span", "all", "--format", "json").json["steps"]
    assert [(step["name"], step["reached"]) for step in steps] == [("Start", 2), (f"{COMPOSED} booked", 2)]


@pytest.mark.parametrize("stored", [COMPOSED, APART])
@pytest.mark.parametrize("asked", [COMPOSED, APART])
def test_filters(desk: Cli, tmp_path: Path, stored: str, asked: str) -> None:
    goal = tmp_path / "goal.csv"
    goal.write_text(
        f"case,activity,time,e,l,s\n1,Start,2026-03-01T10:00:00Z,{stored},{stored},{stored}\n"
        f"1,Done,2026-03-01T10:05:00Z,{stored},{stored},{stored}\n"
    )
    places = ("--endpoint", "e", "--locale", "l", "--snapshot", "s")
    assert desk("import", "csv", goal, "--goal", "G", *COLUMNS, *places).code == 0
    for dimension in ("endpoint", "locale", "snapshot"):
        for options, started in (((f"--{dimension}", asked), 1), ((f"--not-{dimension}", asked), 0)):
            result = desk("report", "--span", "all", "--format", "json", *options)
            assert result.json["totals"]["started"] == started, options
    assert desk("track", "--session", "x", "--goal", "G", "--step", "start", "--endpoint", asked).code == 0
    (events,) = (tmp_path / "workspace" / "events").glob("events.jsonl")
    assert json.loads(events.read_text().splitlines()[-1])["endpointName"] == COMPOSED


def test_what_another_program_wrote_is_found_and_is_one_part(desk: Cli, tmp_path: Path) -> None:
    csv = tmp_path / "goal.csv"
    csv.write_text("case,activity,time\n1,Start,2026-03-01T10:00:00Z\n1,Done,2026-03-01T10:05:00Z\n")
    assert desk("import", "csv", csv, "--goal", "G", *COLUMNS).code == 0
    goal = desk("goals", "show", "G", "--format", "json").json
    lines = [
        {
            "id": f"e{number}",
            "version": goal["version"],
            "timestamp": "2026-03-02T10:00:00Z",
            "goalCycleId": f"c{number}",
            "stepId": goal["steps"][0]["id"],
            "goalId": goal["id"],
            "sessionId": "s",
            "endpointName": name,
        }
        for number, name in enumerate((COMPOSED, APART))
    ]
    with (tmp_path / "workspace" / "events" / "events.jsonl").open("a") as log:
        log.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    for asked in (COMPOSED, APART):
        assert desk("report", "--span", "all", "--endpoint", asked, "--format", "json").json["totals"]["started"] == 2
    parts = open_services(tmp_path / "workspace").insights.breakdown("endpoint", Filters(span="all"))
    assert sorted((part.title, part.figures.started) for part in parts) == [(COMPOSED, 2), ("No endpoint", 1)]


def test_flows_steps_and_saved_filters(desk: Cli, tmp_path: Path) -> None:
    services = open_services(tmp_path / "workspace")
    made = services.flows.create(COMPOSED)
    assert services.flows.get(APART).id == made.id
    with pytest.raises(RefusedError, match="already"):
        services.flows.create(APART)
    services.filters.save(APART, Filters(endpoints=Choice(values=(APART,))))
    services.filters.save(COMPOSED, Filters(endpoints=Choice(values=(APART,))))
    (saved,) = services.filters.all()
    assert (saved.name, saved.filters.endpoints.values) == (COMPOSED, (COMPOSED,))
    draft = services.goals.draft()
    steps = (draft.initial.model_copy(update={"name": COMPOSED}), services.goals.new_step("completion"))
    twice = draft.model_copy(update={"name": "G", "steps": (steps[0], steps[1].model_copy(update={"name": APART}))})
    assert [problem.message for problem in services.goals.problems(twice)] == [
        f"The goal has a step {APART!r} already. Choose another name."
    ]
