"""The commands that help to decide: each against the report, against `cycles`, or against a rule by hand."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from goals_tui.domain.filters import Choice, Filters
from goals_tui.domain.goal import Goal
from goals_tui.domain.statistics import Departures, Share, difference, incidence
from goals_tui.services.context import Services
from goals_tui.store.cycles.view import LogView
from tests.builders import event, goal, step
from tests.cli.conftest import Cli
from tests.conftest import NOW

DIMENSIONS = ["goal", "endpoint", "locale", "snapshot", "version", "channel", "weekday", "hour"]
FLIGHT = "Book a Flight"


def flight() -> Goal:
    return goal(
        FLIGHT,
        step("Flight selected", "initial", goal_name=FLIGHT),
        step("Passenger entered", cost="2.50", time="00:03:00", goal_name=FLIGHT),
        step("Payment completed", "completion", cost="12.50", revenue="45.00", time="00:08:00", goal_name=FLIGHT),
        step("Seat added", revenue="6.50", goal_name=FLIGHT),
    )


@pytest.fixture
def goals(services: Services) -> list[Goal]:
    made = (flight(), goal("Reserve a Table", "Ask", "Chosen", "◎ Reserved"))
    return [services.goals.save(each.model_copy(update={"revision": 0})) for each in made]


@pytest.fixture
def desk(cli: Cli, services: Services, goals: list[Goal]) -> Cli:
    """Cycles of two goals in the last two weeks, several a session, that got to any of their steps."""
    chance, events = Random(15), []
    for number in range(420):
        tracked = goals[number % 2]
        session = number // 3
        at = NOW - timedelta(minutes=143 * session + 61) + timedelta(minutes=12 * (number % 3))
        late = at > NOW - timedelta(days=4)
        names = [each.name for each in tracked.further if chance.random() < (0.75 if late else 0.5)]
        for place, name in enumerate([tracked.initial.name, *names]):
            one = event(
                tracked,
                name,
                cycle=str(number),
                session=f"s{session}",
                endpoint_name=[None, "Webchat", "Voice"][session % 3],
                locale_name=["de", "en"][session % 2],
                snapshot_name="v2" if late else "v1" if number % 5 else None,
                channel="web",
            )
            moment = at + timedelta(seconds=20 * place + chance.randint(0, 9))
            events.append(one.model_copy(update={"id": f"{number} {place}", "timestamp": moment}))
    services.workspace.events.append(events)
    return cli


def rows(cli: Cli, *arguments: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(cli(*arguments, "--format", "csv").out)))


# -- compare


def test_compare_parts(desk: Cli) -> None:
    parts = {
        row["parts"]["snapshot"]: row
        for row in desk("breakdown", "snapshot", "--span", "all", "--format", "json").json["rows"]
    }
    found = desk("compare", "snapshot", "v1", "v2", "--span", "all", "--format", "json").json
    assert found["dimension"] == "snapshot"
    for side, name in (("a", "v1"), ("b", "v2")):
        assert found[side] == {"part": name, **{key: value for key, value in parts[name].items() if key != "parts"}}
    a, b = (Share(found[side]["completed"], found[side]["started"]) for side in "ab")
    wanted = difference(a, b)
    rate = found["difference"]["completion_rate"]
    assert (rate["difference"], rate["clear"]) == (wanted.difference, wanted.clear)
    values = [
        (Decimal(found[side]["cost_savings"]) + Decimal(found[side]["revenue"])) / found[side]["started"]
        for side in "ab"
    ]
    assert found["difference"]["value_per_cycle"] == str(round(values[1] - values[0], 2))
    assert "+" in desk("compare", "snapshot", "v1", "v2", "--span", "all").out
    turned = desk("compare", "snapshot", "v2", "v1", "--span", "all", "--format", "json").json
    assert turned["difference"]["completion_rate"]["difference"] == pytest.approx(-rate["difference"])


def test_compare_names_parts_as_people_do(desk: Cli) -> None:
    none = desk("compare", "endpoint", "", "webchat", "--format", "json").json
    assert (none["a"]["part"], none["b"]["part"]) == (None, "Webchat")
    assert "no endpoint" in desk("compare", "endpoint", "none", "Voice").out
    assert desk("compare", "weekday", "monday", "Sunday", "--format", "json").json["a"]["part"] == "Monday"
    assert desk("compare", "hour", "9", "10", "--format", "json").json["a"]["part"] == "09"
    missing = desk("compare", "snapshot", "v1", "v2", "--span", "today", "--format", "json").json
    assert missing["a"]["started"] == 0 and missing["difference"]["completion_rate"]["difference"] is None
    assert missing["difference"]["value_per_cycle"] is None


def test_compare_takes_ids_of_goals_and_versions(desk: Cli, services: Services, goals: list[Goal]) -> None:
    first = goals[0]
    newer = services.goals.save(first.model_copy(update={"description": "Without cycles yet."}))
    found = desk("compare", "version", first.version, newer.version, "--span", "all", "--format", "json").json
    assert (found["a"]["part"], found["b"]["part"]) == (f"{first.name} v1", f"{first.name} v2")
    assert found["a"]["started"] and not found["b"]["started"]
    by_id = desk("compare", "goal", first.id, first.id, "--span", "all", "--format", "json").json
    assert by_id["a"]["part"] == first.name and by_id["a"]["started"] == found["a"]["started"]


def test_an_empty_name_is_none_in_every_answer(cli: Cli, services: Services, goals: list[Goal]) -> None:
    names = ("endpoint_name", "locale_name", "snapshot_name", "channel")
    services.workspace.events.append(
        event(goals[0], goals[0].initial.name, cycle=str(number), number=number, **dict.fromkeys(names, value))
        for number, value in enumerate(("", None, "x"))
    )
    for dimension in ("endpoint", "locale", "snapshot", "channel"):
        rows = cli("breakdown", dimension, "--span", "all", "--format", "json").json["rows"]
        assert {row["parts"][dimension]: row["started"] for row in rows} == {None: 2, "x": 1}
        part = ("--part", f"{dimension}=", "--span", "all", "--format", "json")
        listed = cli("cycles", *part).json
        assert [(one["endpoint"], one["locale"], one["snapshot"]) for one in listed] == [(None, None, None)] * 2
    assert [one["snapshot"] for one in cli("releases", "--span", "all", "--format", "json").json] == ["x"]
    assert len(cli("cycles", "--no-snapshot", "--span", "all", "--format", "json").json) == 2
    assert {cli("cycle", one["cycle_id"], "--format", "json").json["endpoint"] for one in listed} == {None}


def test_compare_spans_and_filters(desk: Cli, services: Services) -> None:
    report = desk("report", "--format", "json").json
    found = desk("compare", "span", "previous", "last-7-days", "--format", "json").json
    assert {key: found["b"][key] for key in report["totals"]} == report["totals"]
    assert {key: found["a"][key] for key in report["previous"]} == report["previous"]
    assert (found["b"]["over"], found["difference"]["completion_rate"]) == (False, report["change"]["completion_rate"])
    days = desk("compare", "span", "2026-11-18..2026-11-19", "2026-11-19", "--format", "json").json
    assert days["a"]["span"]["end"] == days["b"]["span"]["end"] == "2026-11-20T00:00:00+01:00"
    assert (0 < days["b"]["started"] < days["a"]["started"]) and "(not over)" in desk(
        "compare", "span", "previous", "today"
    ).out
    services.filters.save("Voice", Filters(span="all", endpoints=Choice(values=("Voice",))))
    services.filters.save("Web", Filters(span="all", endpoints=Choice(values=("Webchat",))))
    by_filter = desk("compare", "filter", "voice", "Web", "--format", "json").json
    by_part = desk("compare", "endpoint", "Voice", "Webchat", "--span", "all", "--format", "json").json
    assert by_filter["difference"] == by_part["difference"]
    narrower = desk("compare", "filter", "Voice", "Web", "--span", "today", "--format", "json").json
    assert narrower["a"]["started"] < by_filter["a"]["started"]


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


def test_explanations_add_up(desk: Cli) -> None:
    report = desk("report", "--format", "json").json
    found = desk("explain", "--format", "json").json
    assert {key: found["to"][key] for key in report["totals"]} == report["totals"]
    assert {key: found["from"][key] for key in report["previous"]} == report["previous"]
    assert found["difference"] == report["change"]["completion_rate"]["difference"]
    assert sorted(each["dimension"] for each in found["dimensions"]) == sorted(DIMENSIONS)
    for each in found["dimensions"]:
        assert each["rate_effect"] + each["mix_effect"] == pytest.approx(found["difference"], abs=1e-9)
        for effect in ("rate_effect", "mix_effect"):
            assert sum(part[effect] for part in each["parts"]) == pytest.approx(each[effect], abs=1e-9)
        assert [sum(part["started"][period] for part in each["parts"]) for period in (0, 1)] == [
            found["from"]["started"], found["to"]["started"]
        ]  # fmt: skip
        of_now = desk("breakdown", each["dimension"], "--format", "json").json["rows"]
        now = {row["parts"][each["dimension"]]: (row["started"], row["completion_rate"]) for row in of_now}
        parts = {part["part"]: part for part in each["parts"] if part["started"][1]}
        assert set(parts) == set(now)
        for name, (started, rate) in now.items():
            assert parts[name]["started"][1] == started
            assert parts[name]["completion_rate"][1] == pytest.approx(rate, abs=1e-4)
    largest = [
        max(abs(part["rate_effect"] + part["mix_effect"]) for part in each["parts"]) for each in found["dimensions"]
    ]
    assert largest == sorted(largest, reverse=True)
    table = desk("explain").out
    assert "no snapshot" in table and "One part only, so nothing to explain: channel." in table
    assert "By its share" in table and len(rows(desk, "explain")) == sum(
        len(each["parts"]) for each in found["dimensions"]
    )


def test_the_cycles_of_a_bar_of_times_and_of_a_step_in_strict_order(desk: Cli) -> None:
    for asked in ((), ("--step", "Passenger entered")):
        reached = ("--reached", *asked[1:]) if asked else ()
        times = desk("times", FLIGHT, *asked, "--format", "json").json
        assert times["histogram"]
        for each in times["histogram"]:
            took = f"{each['from']:.0f}..{each['to']:.0f}"
            listed = desk("cycles", "--goal", FLIGHT, *reached, "--took", took, "--format", "json").json
            assert len(listed) == each["count"], (asked, took)
    for each in desk("funnel", FLIGHT, "--strict", "--format", "json").json["steps"]:
        listed = desk("cycles", "--goal", FLIGHT, "--reached", each["name"], "--strict", "--format", "json").json
        assert len(listed) == each["reached"]


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


def test_an_explanation_says_of_how_many_cycles_all_and_others_are(desk: Cli) -> None:
    found = desk("explain", "--format", "json").json
    every = f"{found['from']['completion_rate'] * 100:.1f} % of {found['from']['started']}"
    shown = desk("explain").out
    assert every in next(line for line in shown.splitlines() if " All " in line)
    weekdays = next(each for each in found["dimensions"] if each["dimension"] == "weekday")
    rest = sum(part["started"][1] for part in weekdays["parts"][3:])
    others = next(line for line in shown.splitlines() if "weekday" in line and "others" in line)
    assert f"of {rest}" in others


@pytest.mark.parametrize(
    "command",
    [
        ("compare", "snapshot", "v1", "v2"),
        ("compare", "span", "last-7-days", "previous"),
        ("explain",),
        ("explain", "--span", "all"),
    ],
    ids=" ".join,
)
def test_comparisons_and_explanations_are_handed_over(desk: Cli, tmp_path: Path, command: tuple[str, ...]) -> None:
    table, written = desk(*command).out, desk(*command, "--format", "md")
    assert written.code == 0 and "Event log: " in written.out
    change = next((line for line in table.splitlines() if line.startswith("Completion rate")), "")
    assert change.strip() in written.out
    for format in ("html", "svg"):
        assert desk(*command, "--format", format, "-o", tmp_path / f"a.{format}").code == 0
        assert (tmp_path / f"a.{format}").read_text().startswith("<")
    assert desk(*command, "-o", tmp_path / "a.md").code == 2


def test_an_empty_period_explains_nothing(desk: Cli) -> None:
    for span in (("--span", "last-365-days"), ("--from", "2025-01-01", "--to", "2025-01-02"), ("--span", "all")):
        found = desk("explain", *span, "--format", "json")
        assert found.code == 0 and found.err.count("\n") == 1, span
        assert (found.json["difference"], found.json["dimensions"]) == (None, [])
    assert found.json["from"] is None
    assert "nothing before it" in found.err


# -- drop-offs


def test_a_report_names_the_largest_loss_of_all_goals(desk: Cli) -> None:
    def money(at_stake: dict[str, str] | None) -> Decimal:
        return Decimal(at_stake["cost_savings"]) + Decimal(at_stake["revenue"]) if at_stake else Decimal(0)

    found = desk("report", "--format", "json").json
    loss = found["largest_loss"]
    steps = {
        (goal["name"], each["name"]): each
        for goal in found["goals"]
        for each in desk("dropoffs", goal["name"], "--format", "json").json["steps"]
    }
    there = steps[loss["goal"], loss["step"]]
    assert {key: loss[key] for key in ("reached", "dropped", "at_stake")} == {
        key: there[key] for key in ("reached", "dropped", "at_stake")
    }
    assert money(loss["at_stake"]) == max(money(each["at_stake"]) for each in steps.values()) > 0
    for format in ("table", "md"):
        assert f"Largest loss: {loss['goal']} after {loss['step']}" in " ".join(
            desk("report", "--format", format).out.split()
        )
    assert desk("report", "--from", "2025-01-01", "--to", "2025-01-02", "--format", "json").json["largest_loss"] is None


def test_drop_offs_add_up(desk: Cli) -> None:
    funnel = desk("funnel", FLIGHT, "--format", "json").json
    found = desk("dropoffs", FLIGHT, "--format", "json").json
    assert (found["goal"], found["started"]) == (FLIGHT, funnel["started"])
    assert [(each["name"], each["reached"]) for each in found["steps"]] == [
        (each["name"], each["reached"]) for each in funnel["steps"]
    ]
    listed = desk("cycles", "--goal", FLIGHT, "--format", "json").json
    order = [each["name"] for each in found["steps"]]
    worth = {"Passenger entered": Decimal("2.50"), "Payment completed": Decimal("12.50")}
    for place, each in enumerate(found["steps"]):
        name = each["name"]
        assert each["reached"] == each["dropped"] + each["went_on"] + each["completed"]
        assert sum(following["count"] for following in each["next"]) == each["dropped"]
        dropped = [row for row in listed if row["reached"][-1] == name and row["outcome"] != "completed"]
        assert each["dropped"] == len(dropped)
        assert desk("cycles", "--dropped-after", name, "--format", "json").json == dropped
        on = [row for row in listed if name in row["reached"] and row["reached"][-1] != name]
        assert each["went_on"] == len(on)
        if not on:
            assert each["at_stake"] is None
            continue
        later = sum(
            (worth.get(one, Decimal(0)) for row in on for one in row["reached"] if one in order[place + 1 :]),
            Decimal(0),
        )
        assert Decimal(each["at_stake"]["cost_savings"]) == round(later * len(dropped) / len(on), 2)
    assert "What came next after 'Passenger entered'" in desk("dropoffs", FLIGHT).out
    one = desk("dropoffs", FLIGHT, "passenger entered", "--format", "json").json["steps"]
    assert one == [found["steps"][1]]


def test_what_came_next(cli: Cli, services: Services, goals: list[Goal]) -> None:
    """Three cycles that dropped: one was the last of its session, one tried again, one turned to another goal."""
    tracked, other = goals
    told = [
        ("a", tracked, "1", "Flight selected", 0),
        ("b", tracked, "2", "Flight selected", 0),
        ("b", tracked, "3", "Flight selected", 60),
        ("b", tracked, "3", "Payment completed", 90),
        ("c", tracked, "4", "Flight selected", 0),
        # In the same moment as what it follows: the order of the steps decides.
        ("c", other, "5", "Chosen", 0),
        ("c", other, "5", "Reserved", 5),
        ("c", tracked, "6", "Flight selected", 9),
        ("c", tracked, "6", "Payment completed", 10),
    ]
    events = [
        event(of, name, cycle=cycle, session=session, seconds=seconds) for session, of, cycle, name, seconds in told
    ]
    services.workspace.events.append(events)
    (first, *_) = cli("dropoffs", FLIGHT, "--span", "all", "--format", "json").json["steps"]
    assert (first["reached"], first["dropped"]) == (5, 3)
    assert {each["what"]: each["count"] for each in first["next"]} == {
        "nothing more": 1,
        "the same goal again": 1,
        "another goal: Reserve a Table, Chosen": 1,
    }


@pytest.mark.parametrize("seed", range(4))
def test_what_came_next_by_the_plain_rule(services: Services, goals: list[Goal], seed: int) -> None:
    """Many events in the same moments, and cycles that span sessions: the last event of a cycle decides."""
    chance, tracked = Random(seed), goals[0]
    drawn = set()
    for _ in range(300):
        of = chance.choice(goals)
        cycle = f"{of.name[0]}{chance.randrange(60)}"
        session = f"s{int(cycle[1:]) % 20}" if chance.random() < 0.9 else f"s{chance.randrange(20)}"
        drawn.add((session, goals.index(of), cycle, chance.choice(of.steps).name, chance.randrange(12)))
    told = [(*rest, f"{number:03}") for number, rest in enumerate(sorted(drawn, key=lambda _: chance.random()))]
    services.workspace.events.append(
        [
            event(goals[of], name, cycle=cycle, session=session, seconds=seconds).model_copy(update={"id": id_})
            for session, of, cycle, name, seconds, id_ in told
        ]
    )

    def order(line: tuple[str, int, str, str, int, str]) -> tuple[int, int, str]:
        return line[4], [step.name for step in goals[line[1]].steps].index(line[3]), line[5]

    wanted: dict[str, Counter[str]] = {step.name: Counter() for step in tracked.steps}
    for cycle in {line[2] for line in told if line[1] == 0}:
        own = [line for line in told if line[2] == cycle]
        reached = {line[3] for line in own}
        if tracked.initial.name not in reached or "Payment completed" in reached:
            continue
        last = max(own, key=order)
        later = [line for line in told if line[0] == last[0] and line[2] != cycle and order(line) > order(last)]
        what = "nothing more"
        if later:
            _, of, _, name, *_ = min(later, key=order)
            what = "the same goal again" if of == 0 else f"another goal: {goals[of].name}, {name}"
        furthest = next(step.name for step in reversed(tracked.steps) if step.name in reached)
        wanted[furthest][what] += 1
    found = services.insights.drop_offs(tracked.id, Filters(span="all")).steps
    assert {each.name: Counter(dict(each.next)) for each in found} == wanted


# -- times


@pytest.mark.parametrize("seed", range(4))
def test_times_by_the_plain_rule(services: Services, goals: list[Goal], seed: int) -> None:
    chance, tracked = Random(seed), goals[0]
    events, begun, reached = [], {}, {}
    for number in range(60):
        # No two cycles of a session start at once: then their ids would decide which comes first.
        session, start = f"s{chance.randrange(25)}", number * 3
        begun[number] = (session, start)
        told = [("Flight selected", start)]
        if chance.random() < 0.4:
            reached[number] = chance.randrange(1, 30)
            told.append(("Payment completed", start + reached[number]))
        events += [
            event(tracked, name, cycle=f"{number:02}", session=session, seconds=seconds) for name, seconds in told
        ]
    services.workspace.events.append(events)
    now = (services.clock() - event(tracked, "Flight selected").timestamp).total_seconds()
    departures = []
    for number, (session, start) in begun.items():
        later = [other for of, other in begun.values() if of == session and other > start]
        if number in reached:
            departures.append(Departures(reached[number], reached=1))
        elif later:
            departures.append(Departures(min(later) - start, superseded=1))
        else:
            departures.append(Departures(now - start, open=1))
    found = services.insights.times(tracked.id, Filters(span="all"))
    assert (found.started, found.open) == (60, sum(each.open for each in departures))
    assert dict(found.seconds) == Counter(reached.values())
    assert list(found.incidence) == incidence(departures)
    nobody = services.insights.times(tracked.id, Filters(span="all", any_snapshot=True))
    assert (nobody.started, nobody.open, nobody.seconds, nobody.incidence) == (0, 0, (), ())


def test_times_are_those_of_the_funnel(desk: Cli) -> None:
    for each in desk("funnel", FLIGHT, "--format", "json").json["steps"][1:]:
        found = desk("times", FLIGHT, "--step", each["name"], "--format", "json").json
        assert (found["step"], found["reached"]) == (each["name"], each["reached"])
        assert found["median_seconds"] == pytest.approx(each["median_seconds"], abs=0.001)
        assert found["p90_seconds"] == pytest.approx(each["p90_seconds"], abs=0.001)
        assert sum(row["count"] for row in found["histogram"]) == found["reached"]
        assert all(
            one["to"] == other["from"] for one, other in zip(found["histogram"], found["histogram"][1:], strict=False)
        )
    whole = desk("times", FLIGHT, "--format", "json").json
    report = desk("report", "--goal", FLIGHT, "--format", "json").json["totals"]
    assert (whole["step"], whole["started"], whole["reached"]) == (None, report["started"], report["completed"])
    shares = [each["share"] for each in whole["incidence"]]
    assert shares == sorted(shares) and 0 < shares[-1] <= 1
    assert "Median" in desk("times", FLIGHT).out


def test_another_attempt_competes_and_open_cycles_are_censored(cli: Cli, services: Services, goals: list[Goal]) -> None:
    tracked = goals[0]
    told = [
        ("a", "1", "Flight selected", 0),
        ("a", "1", "Payment completed", 10),
        ("b", "2", "Flight selected", 0),
        ("b", "3", "Flight selected", 5),
        ("b", "3", "Payment completed", 25),
        ("c", "4", "Flight selected", 0),
    ]
    services.workspace.events.append(
        [event(tracked, name, cycle=cycle, session=session, seconds=seconds) for session, cycle, name, seconds in told]
    )
    found = cli("times", FLIGHT, "--span", "all", "--format", "json").json
    assert {key: found[key] for key in ("started", "reached", "open")} == {"started": 4, "reached": 2, "open": 1}
    assert found["incidence"] == [{"seconds": 10, "share": 0.25}, {"seconds": 20, "share": 0.5}]
    assert (found["median_seconds"], found["p90_seconds"]) == (15, 19)


# -- releases


def test_releases(desk: Cli) -> None:
    parts = {
        row["parts"]["snapshot"]: row
        for row in desk("breakdown", "snapshot", "--span", "all", "--format", "json").json["rows"]
    }
    found = desk("releases", "--span", "all", "--format", "json").json
    assert [(each["snapshot"], each["against"]) for each in found] == [("v1", None), ("v2", "v1")]
    first, second = found
    assert first["difference"] is first["verdict"] is first["at_equal_mix"] is None
    for each in found:
        assert each["started"] == parts[each["snapshot"]]["started"]
    compared = desk("compare", "snapshot", "v1", "v2", "--span", "all", "--format", "json").json
    assert second["difference"] == compared["difference"]
    assert second["verdict"] == "better" and 0 < second["covered"] <= 1
    assert second["at_equal_mix"]["difference"] == pytest.approx(
        second["difference"]["completion_rate"]["difference"], abs=0.05
    )
    assert "better" in desk("releases", "--span", "all").out
    few = desk("releases", "--span", "last-7-days", "--endpoint", "Voice", "--format", "json").json
    assert few[-1]["verdict"] == "too little data"
    nothing = desk("releases", "--from", "2025-01-01", "--to", "2025-01-02")
    assert (nothing.code, nothing.out.strip()) == (0, "") and "No cycle of this span has a snapshot" in nothing.err


# -- what if


EDITS: dict[str, tuple[list[str], Callable[[Goal], Goal]]] = {}


def edit(*options: str) -> Callable[[Callable[[Goal], Goal]], Callable[[Goal], Goal]]:
    def keep(changed: Callable[[Goal], Goal]) -> Callable[[Goal], Goal]:
        EDITS[" ".join(options)] = (list(options), changed)
        return changed

    return keep


def with_step(of: Goal, name: str, **update: Any) -> Goal:
    steps = tuple(each.model_copy(update=update) if each.name == name else each for each in of.steps)
    return of.model_copy(update={"steps": steps})


@edit()
def same(of: Goal) -> Goal:
    return of


@edit("--completion", "Passenger entered")
def completes_earlier(of: Goal) -> Goal:
    return with_step(of, "Passenger entered", kind="completion")


@edit("--completion", "Seat added", "--no-completion", "payment completed", "--cost", "Payment completed=0.99")
def completes_later(of: Goal) -> Goal:
    metrics = of.step("Payment completed").metrics.model_copy(update={"cost_savings": Decimal("0.99")})
    return with_step(with_step(of, "Seat added", kind="completion"), "Payment completed", kind="step", metrics=metrics)


def test_what_if_says_what_differs_without_an_edit(desk: Cli, services: Services, goals: list[Goal]) -> None:
    assert "without an edit" not in desk("what-if", FLIGHT, "--completion", "Passenger entered").out
    services.goals.save(worth_more(services.goals.get(FLIGHT)))
    shown = " ".join(desk("what-if", FLIGHT, "--completion", "Passenger entered").out.split())
    assert (
        "Of that without an edit, as older versions were defined differently: cost savings €0.00, revenue +€" in shown
    )


@edit("--revenue", "Seat added=100", "--time", "Seat added=1:30:00")
def worth_more(of: Goal) -> Goal:
    metrics = of.step("Seat added").metrics.model_copy(update={"revenue": Decimal(100), "time_saved_seconds": 5400})
    return with_step(of, "Seat added", metrics=metrics)


@pytest.mark.parametrize("name", EDITS)
def test_what_if_is_the_report_of_the_same_events_under_the_edited_goal(
    desk: Cli, services: Services, new_services: Callable[..., Services], name: str
) -> None:
    options, changed = EDITS[name]
    found = desk("what-if", FLIGHT, *options, "--span", "all", "--format", "json").json
    filters = Filters(span="all", goals=Choice(values=(services.goals.get(FLIGHT).id,)))
    assert found["recorded"] == services.insights.report(filters).totals.as_json()
    other = new_services("edited")
    edited = changed(services.goals.get(FLIGHT))
    saved = other.goals.save(edited.model_copy(update={"revision": 0}))
    with LogView(services.engine).reader() as reader:
        events = [
            one
            for (cycle,) in reader.rows(f"SELECT DISTINCT goalCycleId FROM events WHERE goalId = '{saved.id}'")
            for one in reader.events_of(cycle)
        ]
    other.workspace.events.append([one.model_copy(update={"version": saved.version}) for one in events])
    assert found["what_if"] == other.insights.report(filters).totals.as_json()
    before = {cycle.cycle_id: cycle.outcome for cycle in services.insights.cycles(filters)}
    after = {cycle.cycle_id: cycle.outcome for cycle in other.insights.cycles(filters)}
    moved = Counter((before[cycle], after[cycle]) for cycle in before if before[cycle] != after[cycle])
    assert {(each["from"], each["to"]): each["cycles"] for each in found["moved"]} == moved
    assert services.goals.get(FLIGHT).revision == 1, "nothing is saved"


# -- targets


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
