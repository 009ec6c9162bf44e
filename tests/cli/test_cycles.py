"""`cycles` and `cycle`: what they say of steps without a price, of orphans, and in which zone they tell the time."""

from __future__ import annotations

import csv
import io

import pytest

from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from tests.builders import book_a_flight, event, uuid_of
from tests.cli.conftest import Cli
from tests.tui.harness import press, running, screen_text, settle

SUMS = ("time_saved_seconds", "cost_savings", "revenue")


@pytest.fixture
def goal(services: Services) -> Goal:
    saved = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.workspace.events.append(
        [
            event(saved, "Flight selected", cycle="lost", seconds=0, version="lost"),
            event(saved, "Payment completed", cycle="lost", seconds=60, version="lost"),
            event(saved, "Flight selected", cycle="mixed", seconds=100),
            event(saved, "Passenger information entered", cycle="mixed", seconds=130),
            event(saved, "Payment completed", cycle="mixed", seconds=160, version="lost"),
            event(saved, "Payment completed", cycle="orphan", seconds=200),
        ]
    )
    return saved


def rows(cli: Cli, *arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(cli(*arguments, "--format", "csv").out)))


def test_what_nobody_knows_the_price_of_is_no_zero(cli: Cli, goal: Goal) -> None:
    mixed, lost = cli("cycles", "--span", "all", "--format", "json").json
    assert [lost[key] for key in SUMS] == [None, None, None]
    assert lost["unpriced_steps"] == 1
    assert [mixed[key] for key in SUMS] == [180, "2.50", None], "what is known stays, so that cycles add up to a report"
    report = cli("report", "--span", "all", "--format", "json").json
    assert (report["totals"]["cost_savings"], report["totals"]["unpriced_steps"]) == ("2.50", 2)
    assert [[row[key] for key in (*SUMS, "unpriced_steps")] for row in rows(cli, "cycles", "--span", "all")] == [
        ["180", "2.50", "", "1"],
        ["", "", "", "1"],
    ]
    table = cli("cycles", "--span", "all").out
    assert "unpriced" in table and "€2.50 + unpriced" in table and "€0.00" not in table


def test_nor_is_it_on_the_timeline(cli: Cli, goal: Goal) -> None:
    found = cli("cycle", uuid_of("cycle lost"), "--format", "json").json
    assert [found[key] for key in SUMS] == [None, None, None]
    assert [[one[key] for key in SUMS] for one in found["events"]] == [[0, "0.00", "0.00"], [None, None, None]]
    assert [row["revenue"] for row in rows(cli, "cycle", uuid_of("cycle lost"))] == ["0.00", ""]
    assert cli("cycle", uuid_of("cycle lost")).out.count("unpriced") == 3


def test_orphans_earn_nothing_that_counts(cli: Cli, goal: Goal) -> None:
    [orphan] = cli("cycles", "--outcome", "orphan", "--format", "json").json
    assert [orphan[key] for key in (*SUMS, "unpriced_steps")] == [None, None, None, 0]
    assert "€" not in cli("cycles", "--outcome", "orphan").out
    found = cli("cycle", uuid_of("cycle orphan"), "--format", "json").json
    assert [[one[key] for key in SUMS] for one in found["events"]] == [[None, None, None]]
    assert "€" not in cli("cycle", uuid_of("cycle orphan")).out


def test_tables_and_csv_tell_the_time_of_the_zone_and_json_utc(cli: Cli, goal: Goal) -> None:
    """The first events fired on 1 October 2026 at 08:00 UTC."""
    for zone, table, cell in (
        ((), "2026-10-01 10:00", "2026-10-01T10:00:00+02:00"),
        (("--time-zone", "America/New_York"), "2026-10-01 04:00", "2026-10-01T04:00:00-04:00"),
    ):
        name = zone[1] if zone else "Europe/Berlin"
        listed = cli("cycles", "--span", "all", *zone)
        assert table in listed.out and f"({name})" in listed.out and "UTC" not in listed.out
        assert rows(cli, "cycles", "--span", "all", *zone)[-1]["started_at"] == cell
        assert (
            cli("cycles", "--span", "all", *zone, "--format", "json").json[-1]["started_at"]
            == "2026-10-01T08:00:00.000Z"
        )
        one = ("cycle", uuid_of("cycle lost"), *zone)
        assert f"{table}:00" in cli(*one).out and f"({name})" in cli(*one).out
        assert rows(cli, *one)[0]["timestamp"] == cell
        assert cli(*one, "--format", "json").json["events"][0]["timestamp"] == "2026-10-01T08:00:00.000Z"
    wrong = cli("cycle", uuid_of("cycle lost"), "--time-zone", "Europe/Berlim")
    assert (wrong.code, wrong.out) == (2, "")
    assert "Europe/Berlin" in wrong.err


def test_a_cycle_is_drawn_by_its_own_version(cli: Cli, services: Services, goal: Goal) -> None:
    """After an edit that moves the completion, what came before keeps its kinds beside its outcome."""
    services.workspace.events.append(
        [
            event(goal, "Flight selected", cycle="old", seconds=300),
            event(goal, "Payment completed", cycle="old", seconds=360),
        ]
    )
    first, entered, paid = goal.steps
    turned = (
        first,
        entered.model_copy(update={"kind": "completion"}),
        paid.model_copy(update={"kind": "step", "name": "Paid"}),
    )
    new = services.goals.save(goal.model_copy(update={"steps": turned}))
    services.workspace.events.append(
        [event(new, "Flight selected", cycle="new", seconds=400), event(new, "Paid", cycle="new", seconds=460)]
    )
    after, before = cli("cycles", "--span", "all", "--limit", "2", "--format", "json").json
    assert (before["outcome"], before["reached"][-1], before["kinds"]) == (
        "completed",
        "Payment completed",
        ["initial", "completion"],
    )
    assert (after["outcome"], after["reached"][-1], after["kinds"]) == ("partial", "Paid", ["initial", "step"])
    assert "◎" in cli("cycle", uuid_of("cycle old")).out
    assert "◎" not in cli("cycle", uuid_of("cycle new")).out


async def test_the_app_draws_it_so_too_and_says_what_is_unpriced(services: Services, goal: Goal, cli: Cli) -> None:
    test_a_cycle_is_drawn_by_its_own_version(cli, services, goal)
    async with running(services, (160, 36)) as pilot:
        pilot.app.filters = Filters(span="all", time_zone="UTC")
        await pilot.app.switch_mode("sessions")
        await settle(pilot)
        lines = [line for line in screen_text(pilot.app).splitlines() if "1 Oct 2026 08:" in line]
        drawn = ["".join(c for c in line if c in "●○◎·") for line in lines]
        assert drawn[:2] == ["●·○", "●·◎"], "the new one, and the one from before the edit"
        assert "1 Oct 2026 08:06" in lines[0], "in the zone of the filters"
        assert lines[2].count("+?") == 2 and "unpriced" in lines[2]
        assert lines[3].count("unpriced") == 3


def test_the_funnel_says_where_versions_differ_and_why_a_share_is_above_all(
    cli: Cli, services: Services, goal: Goal
) -> None:
    test_a_cycle_is_drawn_by_its_own_version(cli, services, goal)
    funnel = cli("funnel", "Book a Flight", "--span", "all", "--format", "json").json
    assert [step["kind_differs"] for step in funnel["steps"]] == [False, True, True]
    order, versions = funnel["notes"]
    assert order.startswith("'Paid' is above 100 % of the step before: 4 cycles reached it and 1 reached 'Passenger")
    assert versions == (
        "Versions of the goal differ in what completes: 'Passenger information entered' completes now and did not "
        "always; 'Paid' does not complete now and once did. A cycle keeps the outcome by the version that it recorded."
    )
    table = " ".join(cli("funnel", "Book a Flight", "--span", "all").out.split())
    assert order in table and versions in table
    first = ("--from", "2026-10-01T08:06:20Z", "--to", "2026-10-01T09:00Z")
    now = cli("funnel", "Book a Flight", *first, "--format", "json").json
    assert [step["kind_differs"] for step in now["steps"]] == [False, False, False], "only what these cycles recorded"


async def test_so_does_the_funnel_in_the_app(cli: Cli, services: Services, goal: Goal) -> None:
    test_a_cycle_is_drawn_by_its_own_version(cli, services, goal)
    async with running(services, (120, 36)) as pilot:
        pilot.app.filters = Filters(span="all")
        await press(pilot, "3", "n")
        text = " ".join(screen_text(pilot.app).split())
        assert "'Paid' is above 100 % of the step before" in text
        assert "Versions of the goal differ in what completes" in text
