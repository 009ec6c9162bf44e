"""`breakdown`, `report --by`, `cycles --reached` and `--part`, `--excel`: rows that add up to the report."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from goals_tui.services.context import Services
from tests.builders import book_a_flight, event, goal
from tests.cli.conftest import Cli
from tests.conftest import NOW

DIMENSIONS = ["goal", "endpoint", "locale", "snapshot", "version", "channel", "weekday", "hour"]
COUNTS = ("started", "completed", "partial", "incomplete", "time_saved_seconds", "unpriced_steps")


@pytest.fixture
def desk(cli: Cli, services: Services) -> Cli:
    """Forty cycles of two goals on the last days, from 25 endpoints and none."""
    goals = [
        services.goals.save(each.model_copy(update={"revision": 0}))
        for each in (book_a_flight(), goal("Reserve a Table", "Ask", "◎ Reserved"))
    ]
    events = []
    for number in range(40):
        tracked = goals[number % 2]
        at = NOW - timedelta(hours=3 * number + 1)
        for place, step in enumerate(tracked.steps[: 1 + number % 3]):
            one = event(
                tracked,
                step.name,
                cycle=str(number),
                session=f"s{number}",
                endpoint_name=None if number % 8 == 0 else f"Endpoint {number % 25}",
                locale_name=["de", "en", None][number % 3],
                channel="web",
            )
            events.append(
                one.model_copy(update={"timestamp": at + timedelta(minutes=place), "id": f"{number} {place}"})
            )
    services.workspace.events.append(events)
    return cli


def rows(cli: Cli, *arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(cli(*arguments, "--format", "csv").out)))


@pytest.mark.parametrize("wanted", [*DIMENSIONS, "endpoint,locale", "goal,hour", "weekday,goal"])
def test_rows_add_up_to_the_report(desk: Cli, wanted: str) -> None:
    totals = desk("report", "--format", "json").json["totals"]
    found = desk("breakdown", wanted, "--format", "json").json
    assert found["dimensions"] == wanted.split(",")
    assert all(list(row["parts"]) == found["dimensions"] for row in found["rows"])
    assert {key: sum(row[key] for row in found["rows"]) for key in COUNTS} == {key: totals[key] for key in COUNTS}
    parts = [tuple(row["parts"].values()) for row in found["rows"]]
    assert len(parts) == len(set(parts))
    assert [
        tuple(row[each] or None for each in found["dimensions"]) for row in rows(desk, "breakdown", wanted)
    ] == parts


def parts(cli: Cli, dimension: str) -> list[Any]:
    return [row["parts"][dimension] for row in cli("breakdown", dimension, "--format", "json").json["rows"]]


def test_parts_are_names(desk: Cli) -> None:
    assert set(parts(desk, "goal")) == {"Book a Flight", "Reserve a Table"}
    assert set(parts(desk, "version")) == {"Book a Flight v1", "Reserve a Table v1"}
    assert set(parts(desk, "locale")) == {"de", "en", None}
    weekdays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    assert parts(desk, "weekday") == [day for day in weekdays if day in parts(desk, "weekday")]
    assert "12" in parts(desk, "hour"), "11:00 UTC is 12:00 in Berlin"
    utc = desk("breakdown", "hour", "--time-zone", "UTC", "--format", "json").json
    assert "11" in [row["parts"]["hour"] for row in utc["rows"]]


def test_a_table_has_the_largest_parts_and_the_others_together(desk: Cli) -> None:
    table = desk("breakdown", "endpoint").out
    assert "no endpoint" in table and "others" in table and "Total" in table
    assert len(parts(desk, "endpoint")) > 20


@pytest.mark.parametrize("wanted", ["endpont", "endpoint,", "endpoint,endpoint", "goal,locale,hour", ""])
def test_what_is_no_dimension_is_wrong_usage(desk: Cli, wanted: str) -> None:
    refused = desk("breakdown", wanted)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.count("\n") == 1
    assert "Did you mean endpoint?" in refused.err or wanted != "endpont"


def test_an_empty_span_says_when_there_is_something(desk: Cli) -> None:
    dates = ("--from", "2025-01-01", "--to", "2025-01-02")
    for command in (("report",), ("breakdown", "locale"), ("cycles",), ("funnel", "Book a Flight")):
        said = desk(*command, *dates)
        assert said.code == 0
        assert "Nothing was started in this span. The log has events from 2026-11-15 15:00 to 2026-11-20" in said.err, (
            command
        )
    between = desk("report", *dates, "--format", "json").json["events_between"]
    assert between == ["2026-11-15T14:00:00.000Z", "2026-11-20T11:00:00.000Z"]
    assert "events_between" not in desk("report", "--format", "json").json


def test_a_row_a_goal_or_a_day(desk: Cli) -> None:
    report = desk("report", "--format", "json").json
    goals = rows(desk, "report", "--by", "goal")
    assert [(row["name"], row["started"]) for row in goals] == [
        (row["name"], str(row["started"])) for row in report["goals"]
    ]
    days = rows(desk, "report", "--by", "day", "--from", "2026-11-10", "--to", "2026-11-20")
    assert [row["day"] for row in days] == [f"2026-11-{day}" for day in range(10, 21) for _ in range(2)]
    assert [row["started"] for row in days[:2]] == ["0", "0"], "days without starts are there"
    assert [row["over"] for row in days] == ["true"] * 20 + ["false"] * 2
    assert sum(int(row["started"]) for row in days) == 40
    assert rows(desk, "report", "--from", "2026-11-10", "--to", "2026-11-20") == days
    table = desk("report", "--by", "day").out
    assert "2026-11-14" in table and "2026-11-20 (not over)" in table
    assert "Book a Flight" not in table.partition("Largest loss")[0]


def test_a_byte_order_mark_where_asked(desk: Cli) -> None:
    for command in (("report",), ("funnel", "Book a Flight"), ("cycles",), ("breakdown", "goal")):
        plain = desk(*command, "--format", "csv").out
        assert desk(*command, "--excel", "--format", "csv").out == f"\ufeff{plain}"
        refused = desk(*command, "--excel")
        assert refused.code == 2 and "--excel goes with --format csv" in refused.err


def test_cycles_that_reached_a_step_and_those_of_a_part(desk: Cli) -> None:
    funnel = desk("funnel", "Book a Flight", "--format", "json").json
    for step in funnel["steps"]:
        for named in (step["name"], step["step_id"]):
            assert len(desk("cycles", "--reached", named, "--format", "json").json) == step["reached"]
    wrong = desk("cycles", "--reached", "Flight select")
    assert wrong.code == 1 and "Did you mean 'Flight selected'" in wrong.err
    for row in desk("breakdown", "endpoint", "--format", "json").json["rows"]:
        name = row["parts"]["endpoint"] or ""
        assert len(desk("cycles", "--part", f"endpoint={name}", "--format", "json").json) == row["started"]
    assert len(desk("cycles", "--part", "session=s3", "--format", "json").json) == 1
    assert desk("cycles", "--part", "endpont=x").code == 2
    for row in desk("breakdown", "weekday,hour", "--format", "json").json["rows"][:5]:
        parts = [f"{name}={value}" for name, value in row["parts"].items()]
        listed = desk("cycles", "--part", parts[0].lower(), "--part", parts[1], "--format", "json").json
        assert len(listed) == row["started"]
    for row in desk("breakdown", "version", "--format", "json").json["rows"]:
        title = row["parts"]["version"]
        assert len(desk("cycles", "--part", f"version={title}", "--format", "json").json) == row["started"]
    assert desk("cycles", "--part", "weekday=Someday").code == 2
    assert desk("cycles", "--part", "hour=24").code == 2


@pytest.mark.parametrize("unit", ["hour", "week", "month"])
def test_a_row_an_hour_a_week_or_a_month(desk: Cli, unit: str) -> None:
    report = desk("report", "--by", unit, "--format", "json").json
    found = report[f"{unit}s"]
    for name in COUNTS:
        assert sum(row[name] for row in found) == report["totals"][name]
    flat = rows(desk, "report", "--by", unit)
    assert [(row[unit], row["name"], row["started"], row["over"]) for row in flat] == [
        (row[unit], row["name"], str(row["started"]), str(row.get("over", True)).lower()) for row in found
    ]
    assert unit == "hour" or flat[-1]["over"] == "false"
    table = desk("report", "--by", unit).out
    assert unit.capitalize() in table and ("(not over)" in table or unit == "hour")


def test_the_funnel_says_where_cycles_dropped_and_what_is_at_stake(desk: Cli) -> None:
    steps = desk("funnel", "Book a Flight", "--format", "json").json["steps"]
    dropped = desk("dropoffs", "Book a Flight", "--format", "json").json["steps"]
    assert [(step["dropped"], step["at_stake"]) for step in steps] == [
        (step["dropped"], step["at_stake"]) for step in dropped
    ]
    strict = desk("funnel", "Book a Flight", "--strict", "--format", "json").json
    assert all(step["dropped"] is None and step["at_stake"] is None for step in strict["steps"])
    assert "strict order" in desk("funnel", "Book a Flight", "--strict").out
    assert rows(desk, "funnel", "Book a Flight")[0]["at_stake_revenue"] == dropped[0]["at_stake"]["revenue"]
