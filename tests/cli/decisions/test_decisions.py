"""What the commands that help to decide have in common; targets, annotations, conditions and `cycles`."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from goals_tui.domain.filters import Choice, Filters
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from tests.builders import event
from tests.cli.conftest import Cli
from tests.cli.decisions.conftest import FLIGHT, rows
from tests.conftest import NOW

# -- compare


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("compare", "endpont", "a", "b"), 2, "Did you mean endpoint?"),
        (("compare", "endpoint", "Webchatt", "Voice"), 1, "Did you mean 'Webchat'?"),
        (("compare", "span", "last-week", "today"), 2, "is not a span"),
        (("compare", "span", "previous", "previous"), 2, "give a span beside it"),
        (("compare", "span", "previous", "all"), 2, "Nothing is before all time"),
        (("compare", "span", "today", "all", "--span", "all"), 2, "leave --span"),
        (("compare", "filter", "x", "y"), 1, "There is no saved filter called 'x'"),
        (("report", "--filter", "x"), 1, "There is no saved filter called 'x'"),
        (("dropoffs", FLIGHT, "Paymnt completed"), 1, "Did you mean 'Payment completed'?"),
        (("times", FLIGHT, "--step", "Ask"), 1, "There is no step 'Ask'"),
        (("times", "Book a Fligt"), 1, f"Did you mean '{FLIGHT}'?"),
        (("what-if", FLIGHT, "--completion", "Flight selected"), 1, "is the initial step"),
        (("what-if", FLIGHT, "--no-completion", "Payment completed"), 1, "must be a completion step"),
        (("what-if", FLIGHT, "--cost", "9.50"), 2, "--cost is STEP=VALUE"),
        (("what-if", FLIGHT, "--cost", "Payment completed=9,5"), 2, "is not an amount"),
        (("what-if", FLIGHT, "--time", "Payment completed=soon"), 2, "is not a time"),
        (("goals", "set", FLIGHT, "--target", "1.5"), 2, "--target is a rate"),
        (("goals", "set", FLIGHT, "--target", "0"), 2, "--target is a rate"),
        (("goals", "set", FLIGHT, "--target", "much"), 2, "--target is a rate"),
        (("annotations", "add", "  "), 1, "needs a text"),
        (("annotations", "add", "x", "--at", "yesterday"), 2, "is not a date"),
        (("annotations", "delete", "ffff"), 1, "There is no annotation"),
        (("report", "--fail-if", "completion rate < 0.35"), 2, "is not a condition"),
        (("report", "--fail-if", "completion_rat < 0.35"), 2, "Did you mean completion_rate?"),
        (("report", "--fail-if", "started < 5%"), 2, "only a rate is compared with a percentage"),
        (("cycles", "--sort", "revenu"), 2, "Did you mean revenue?"),
        (("cycles", "--columns", "goal,outcom"), 2, "Did you mean outcome?"),
        (("cycles", "--dropped-after", "Paymnt completed"), 1, "Did you mean 'Payment completed'?"),
        (("cycles", "--strict"), 2, "give it with --reached STEP"),
        (("cycles", "--took", "0..60"), 2, "give --goal GOAL"),
        (("cycles", "--goal", FLIGHT, "--took", "60"), 2, "30..60"),
        (("cycles", "--goal", FLIGHT, "--took", "60..60"), 2, "A below B"),
        (("cycles", "--reached", "Ask", "--dropped-after", "Passenger entered"), 1, "two goals"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line(desk: Cli, arguments: tuple[str, ...], code: int, said: str) -> None:
    refused = desk(*arguments)
    assert (refused.code, refused.out) == (code, "")
    assert said in refused.err
    # typer's own way of wrong usage has the usage line before it.
    assert refused.err.count("\n") == 1 or "Usage:" in refused.err


# -- explain


def test_tables_say_which_cycles_they_are_of(desk: Cli) -> None:
    for command in (
        ("report",),
        ("breakdown", "snapshot"),
        ("funnel", FLIGHT),
        ("compare", "snapshot", "v1", "v2"),
        ("explain",),
        ("dropoffs", FLIGHT),
        ("times", FLIGHT),
        ("releases",),
        ("what-if", FLIGHT),
    ):
        shown = " ".join(desk(*command, "--endpoint", "Webchat", "--include-test").out.split())
        assert "Last 7 days: 2026-11-" in shown and "; endpoints: Webchat; include test: yes" in shown, command
        assert "; without test cycles" in " ".join(desk(*command).out.split()), command


# -- drop-offs


# -- times


# -- releases


def test_targets_change_the_revision_only(desk: Cli, services: Services) -> None:
    before = services.goals.get(FLIGHT)
    assert desk("targets").code == 0 and "No goal has a target" in desk("targets").err
    assert desk("goals", "set", FLIGHT, "--target", "95%").code == 0
    after = desk("goals", "show", FLIGHT, "--format", "json").json
    assert (after["target"], after["version"], after["revision"]) == (0.95, before.version, before.revision + 1)
    missed = desk("targets", "--span", "all", "--format", "json")
    figures = desk("report", "--span", "all", "--goal", FLIGHT, "--format", "json").json["totals"]
    assert missed.code == 3
    (row,) = missed.json
    assert {key: row[key] for key in ("goal", "target", "completion_rate", "interval", "state")} == {
        "goal": FLIGHT,
        "target": 0.95,
        "completion_rate": figures["completion_rate"],
        "interval": figures["completion_interval"],
        "state": "missed",
    }
    desk("goals", "set", FLIGHT, "--target", "0.05")
    assert desk("targets", "--span", "all", "--format", "json").json[0]["state"] == "met"
    assert desk("targets", "--span", "today", "--format", "json").json[0]["state"] in ("met", "too little data")
    empty = desk("targets", "--from", "2025-01-01", "--to", "2025-01-01", "--format", "json")
    assert (empty.code, empty.json[0]["interval"], empty.json[0]["state"]) == (0, None, "too little data")
    desk("goals", "set", FLIGHT, "--target", "none")
    assert desk("targets", "--format", "json").json == []
    assert services.goals.get(FLIGHT).version == before.version
    assert len(services.goals.versions(before.id)) == 1


# -- annotations


def test_annotations_by_hand_and_by_themselves(desk: Cli) -> None:
    by_themselves = desk("annotations", "list", "--format", "json").json
    assert {(each["kind"], each["text"]) for each in by_themselves} == {
        ("version", "Book a Flight v1 first appears"),
        ("version", "Reserve a Table v1 first appears"),
        ("snapshot", "Snapshot v1 first appears"),
        ("snapshot", "Snapshot v2 first appears"),
    }
    assert all(each["id"] is None for each in by_themselves)
    (id_,) = desk("annotations", "add", "Radio  spot", "--at", "2026-11-18", "--goal", FLIGHT).out.split()
    made = [each for each in desk("annotations", "list", "--format", "json").json if each["id"]]
    assert made[0].pop("goal_id")
    assert made == [
        {"id": id_, "at": "2026-11-17T23:00:00.000Z", "text": "Radio spot", "goal": FLIGHT, "kind": "manual"}
    ]
    assert "2026-11-18 00:00" in desk("annotations", "list").out
    moments = [each["at"] for each in desk("annotations", "list", "--format", "json").json]
    assert moments == sorted(moments)
    assert desk("annotations", "delete", id_).code == 0
    assert desk("annotations", "list", "--format", "json").json == by_themselves


# -- conditions, saved filters, cycles


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ("completion_rate < 0.99", 3),
        ("completion_rate<1%", 0),
        ("completion_rate <.99", 3),
        ("started == 0", 0),
        ("started >= 1", 3),
        ("value_per_cycle > 1000000", 0),
    ],
)
def test_a_report_fails_where_a_condition_holds(desk: Cli, condition: str, code: int) -> None:
    result = desk("report", "--fail-if", condition, "--format", "json")
    assert result.code == code
    assert result.json["totals"]["started"] > 0, "it is printed all the same"
    assert (condition in result.err) == (code == 3)


def test_a_rate_that_is_not_there_fails(desk: Cli) -> None:
    empty = desk("report", "--from", "2025-01-01", "--to", "2025-01-01", "--fail-if", "completion_rate < 0.35")
    assert empty.code == 3 and "nothing was started" in empty.err


def test_saved_filters_with_options_in_their_place(desk: Cli, services: Services) -> None:
    services.filters.save(
        "Voice", Filters(span="all", endpoints=Choice(values=("Voice",)), locales=Choice(values=("de",)))
    )
    plain = desk("report", "--span", "all", "--endpoint", "Voice", "--locale", "de", "--format", "json").json
    assert desk("report", "--filter", "voice", "--format", "json").json == plain
    other = desk("report", "--filter", "Voice", "--not-locale", "de", "--span", "last-7-days", "--format", "json").json
    assert other == desk("report", "--endpoint", "Voice", "--not-locale", "de", "--format", "json").json


def test_cycles_sorted_cut_and_in_columns(desk: Cli) -> None:
    everything = desk("cycles", "--format", "json").json
    assert desk("cycles", "--offset", "5", "--limit", "7", "--format", "json").json == everything[5:12]
    dear = desk("cycles", "--sort", "-revenue", "--format", "json").json
    assert [Decimal(each["revenue"]) for each in dear] == sorted(
        (Decimal(each["revenue"]) for each in everything), reverse=True
    )
    assert desk("cycles", "--sort", "-revenue", "--offset", "2", "--limit", "3", "--format", "json").json == dear[2:5]
    oldest = desk("cycles", "--sort", "started_at", "--format", "json").json
    assert [each["started_at"] for each in oldest] == sorted(each["started_at"] for each in everything)
    some = desk("cycles", "--columns", "goal,outcome", "--limit", "2", "--format", "json").json
    assert some == [{"goal": each["goal"], "outcome": each["outcome"]} for each in everything[:2]]
    assert list(rows(desk, "cycles", "--columns", "outcome,cycle_id")[0]) == ["outcome", "cycle_id"]
    assert everything[0]["cycle_id"] in desk("cycles", "--columns", "cycle_id", "--limit", "1").out


def test_a_dimension_of_many_parts(desk: Cli, services: Services) -> None:
    """All of them in JSON, the largest and the others together in tables."""
    tracked = services.goals.get(FLIGHT)
    found = []
    for number in range(2000):
        one = event(tracked, "Flight selected", cycle=f"x{number}", session=f"x{number}", endpoint_name=f"E{number}")
        moment = NOW - timedelta(days=9 * (number % 2), minutes=9)
        found.append(one.model_copy(update={"id": f"x{number}", "timestamp": moment}))
    services.workspace.events.append(found)
    for command in (("breakdown", "endpoint"), ("explain",)):
        printed = desk(*command).out
        assert printed.count("\n") < 120 and "others" in printed, command
    (endpoints,) = [
        each for each in desk("explain", "--format", "json").json["dimensions"] if each["dimension"] == "endpoint"
    ]
    assert len(endpoints["parts"]) == 2003
    assert len(desk("breakdown", "endpoint", "--span", "all", "--format", "json").json["rows"]) == 2003


def test_an_empty_name_is_none_in_every_answer(cli: Cli, services: Services, goals: list[Goal]) -> None:
    names = ("endpoint_name", "locale_name", "snapshot_name", "channel")
    log = [
        event(goals[0], goals[0].initial.name, cycle=str(number), number=number, **dict.fromkeys(names, value))
        for number, value in enumerate(("", None, "x"))
    ]
    services.workspace.events.append(log)
    for dimension in ("endpoint", "locale", "snapshot", "channel"):
        rows = cli("breakdown", dimension, "--span", "all", "--format", "json").json["rows"]
        assert {row["parts"][dimension]: row["started"] for row in rows} == {None: 2, "x": 1}
        part = ("--part", f"{dimension}=", "--span", "all", "--format", "json")
        listed = cli("cycles", *part).json
        assert [(one["endpoint"], one["locale"], one["snapshot"]) for one in listed] == [(None, None, None)] * 2
    assert [one["snapshot"] for one in cli("releases", "--span", "all", "--format", "json").json] == ["x"]
    assert len(cli("cycles", "--no-snapshot", "--span", "all", "--format", "json").json) == 2
    assert {cli("cycle", one["cycle_id"], "--format", "json").json["endpoint"] for one in listed} == {None}
