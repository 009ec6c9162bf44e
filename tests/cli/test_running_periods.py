"""A period that is not over ends with now, is marked, and compares with as much of the one before."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

import pytest

from goals_tui.services.context import Services
from tests.builders import book_a_flight, event
from tests.cli.conftest import Cli
from tests.conftest import NOW


@pytest.fixture
def hourly(cli: Cli, services: Services) -> Cli:
    """A cycle at every full hour, in Berlin, from 1 November until 24 hours after now."""
    goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    first = datetime.fromisoformat("2026-11-01T00:00:00+01:00")
    events = []
    while first < NOW + timedelta(days=1):
        one = event(goal, "Flight selected", cycle=str(first), session=str(first))
        events.append(one.model_copy(update={"id": f"e{first:%m%d%H}", "timestamp": first}))
        first += timedelta(hours=1)
    services.workspace.events.append(events)
    return cli


@pytest.mark.parametrize(
    ("span", "started", "start", "before", "previous"),
    [
        ("today", 14, "2026-11-20", 13, ("2026-11-19T00:00:00+01:00", "2026-11-19T13:00:00+01:00")),
        (
            "last-7-days",
            6 * 24 + 14,
            "2026-11-14",
            6 * 24 + 13,
            ("2026-11-07T00:00:00+01:00", "2026-11-13T13:00:00+01:00"),
        ),
        ("this-month", 19 * 24 + 14, "2026-11-01", 0, ("2026-10-12T00:00:00+02:00", "2026-10-31T13:00:00+01:00")),
    ],
)
def test_until_the_same_time_of_day(
    hourly: Cli, span: str, started: int, start: str, before: int, previous: tuple[str, str]
) -> None:
    """It is 13:00: the cycle of this very moment is counted, those to come are not."""
    report = hourly("report", "--span", span, "--format", "json").json
    assert report["over"] is False
    assert report["span"] == {"name": span, "start": f"{start}T00:00:00+01:00", "end": "2026-11-20T13:00:00+01:00"}
    assert report["totals"]["started"] == started
    assert report["previous"]["started"] == before
    assert (report["previous"]["span"]["start"], report["previous"]["span"]["end"]) == previous
    assert [day["day"] for day in report["days"] if day.get("over") is False] == ["2026-11-20"]
    assert len(hourly("cycles", "--span", span, "--format", "json").json) == started
    table = hourly("report", "--span", span).out
    assert "2026-11-20 13:00 (not over)" in table
    assert f"Compared with {previous[0][:10]} 00:00 to {previous[1][:10]} 13:00." in table


def test_what_is_over_says_nothing_of_it(hourly: Cli) -> None:
    dates = ("--from", "2026-11-10", "--to", "2026-11-11")
    report = hourly("report", *dates, "--format", "json").json
    assert "over" not in report and not [day for day in report["days"] if "over" in day]
    assert (report["totals"]["started"], report["previous"]["started"]) == (48, 48)
    assert report["previous"]["span"]["end"] == report["span"]["start"] == "2026-11-10T00:00:00+01:00"
    assert "not over" not in hourly("report", *dates).out
    everything = hourly("report", "--span", "all", "--format", "json").json
    assert (everything["over"], everything["previous"]) == (False, None)


def test_days_and_goals_in_csv_are_the_report(hourly: Cli) -> None:
    days = list(csv.DictReader(io.StringIO(hourly("report", "--format", "csv").out)))
    assert sum(int(day["started"]) for day in days) == 6 * 24 + 14
