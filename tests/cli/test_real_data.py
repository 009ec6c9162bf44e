"""The main job on real input: import the data, read the report, to the last cent and second."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, program

FILTERS = {
    "whole_period_utc": ["--span", "all", "--time-zone", "UTC", "--include-test"],
    "october_berlin_without_interaction_panel": [
        *("--from", "2026-10-01", "--to", "2026-10-31", "--time-zone", "Europe/Berlin")
    ],
    "september_utc_flights_only": [
        *("--from", "2026-09-01", "--to", "2026-09-30", "--time-zone", "UTC", "--goal", "Book a Flight")
    ],
}
COUNTS = ("started", "completed", "partial", "incomplete", "time_saved_seconds")


@pytest.fixture
def imported(cli: Cli, sgd: Path, tmp_path: Path) -> Cli:
    assert cli("init", tmp_path / "workspace", "--name", "SGD", "--currency", "USD", "--time-zone", "UTC").code == 0
    assert cli("import", "odata", sgd).code == 0
    return cli


def figures(row: dict[str, Any]) -> dict[str, int]:
    """A row of the report under the names of expected.json; what is 0 does not stand there."""
    counted = {key: row[key] for key in COUNTS}
    counted["cost_cents"] = int(Decimal(row["cost_savings"]) * 100)
    counted["revenue_cents"] = int(Decimal(row["revenue"]) * 100)
    return counted


def complete(expected: dict[str, int]) -> dict[str, int]:
    return {**dict.fromkeys((*COUNTS, "cost_cents", "revenue_cents"), 0), **expected}


def by_day(report: dict[str, Any]) -> dict[str, dict[str, int]]:
    days: dict[str, dict[str, int]] = {}
    for row in report["days"]:
        day = days.setdefault(row["day"], complete({}))
        for key, value in figures(row).items():
            day[key] += value
    return days


@pytest.mark.parametrize("name", FILTERS)
def test_the_report_is_what_was_expected(imported: Cli, sgd: Path, name: str) -> None:
    expected = json.loads((sgd / "expected.json").read_text())[name]
    report = imported("report", "--format", "json", *FILTERS[name]).json
    assert figures(report["totals"]) == complete(expected["totals"])
    assert {row["name"]: figures(row) for row in report["goals"] if row["started"]} == {
        goal: complete(row) for goal, row in expected["goals"].items()
    }
    assert by_day(report) == {day: complete(row) for day, row in expected["days"].items()}
    assert report["health"]["orphan_cycles"] == expected["orphans"]


@pytest.mark.parametrize("name", FILTERS)
def test_the_funnel_is_what_was_expected(imported: Cli, sgd: Path, name: str) -> None:
    expected = json.loads((sgd / "expected.json").read_text())[name]
    for goal, reached in expected["funnel"].items():
        funnel = imported("funnel", goal, "--format", "json", *FILTERS[name]).json
        assert {step["name"]: step["reached"] for step in funnel["steps"]} == reached
        for step in funnel["steps"]:
            median = expected["median_seconds_from_start"].get(f"{goal} / {step['name']}")
            assert step["median_seconds"] == (pytest.approx(median, abs=0.0006) if median is not None else None)


def test_importing_twice_adds_nothing(imported: Cli, sgd: Path) -> None:
    before = imported("events", "stats", "--format", "json").json["events"]
    again = imported("import", "odata", sgd, "--format", "json").json
    assert (before, again["events_added"], again["goals_added"], again["goals_changed"]) == (8551, 0, 0, 0)
    assert imported("events", "stats", "--format", "json").json["events"] == 8551


def test_the_report_stays_the_same_when_the_log_is_sealed(imported: Cli) -> None:
    arguments = ("report", "--format", "json", "--span", "all")
    before = imported(*arguments).out
    assert imported("events", "seal").code == 0
    assert imported(*arguments).out == before


def test_the_whole_way_as_a_program(sgd: Path, tmp_path: Path) -> None:
    place = tmp_path / "desk"
    made = program("init", place, "--name", "Desk", "--currency", "EUR", "--time-zone", "Europe/Berlin")
    assert (made.code, made.out.strip()) == (0, str(place))
    assert program("--workspace", place, "import", "odata", sgd).code == 0
    options = ("--from", "2026-10-01", "--to", "2026-10-31", "--format", "json")
    report = program("report", *options, "--workspace", place)
    assert (report.code, report.err) == (0, "")
    totals = report.json["totals"]
    assert (totals["started"], totals["completed"], totals["partial"], totals["incomplete"]) == (605, 341, 263, 1)
    assert (totals["completion_rate"], totals["partial_rate"]) == (0.5636, 0.4347)
    assert (totals["cost_savings"], totals["revenue"]) == ("3233.75", "5355.00")
    assert report.json["span"] == {
        "name": "custom",
        "start": "2026-10-01T00:00:00+02:00",
        "end": "2026-11-01T00:00:00+01:00",
    }
