"""`times`: against the funnel, `cycles` and the plain rule."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal
from goals_tui.domain.statistics import Departures, incidence
from goals_tui.services.context import Services
from tests.builders import event
from tests.cli.conftest import Cli
from tests.cli.decisions.conftest import FLIGHT


@pytest.mark.parametrize("seed", range(4))
def test_times_by_the_plain_rule(services: Services, goals: list[Goal], seed: int) -> None:
    chance, tracked = Random(seed), goals[0]
    events, begun, reached = [], {}, {}
    for number in range(60):
        # No two cycles of a session start at once: the rule doesn't say which of them the other supersedes.
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
    assert desk("times", FLIGHT, "--goal", FLIGHT, "--format", "json").json["incidence"] == whole["incidence"]


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


def test_which_of_two_cycles_came_first_does_not_hang_on_their_ids(
    cli: Cli, services: Services, goals: list[Goal]
) -> None:
    """Both sessions have a cycle that was completed and one that was not, which began in the same moment."""
    tracked, events = goals[0], []
    for session, (completed, other) in (("s1", ("a", "b")), ("s2", ("z", "y"))):
        events += [
            event(tracked, "Flight selected", cycle=f"{session} {completed}", session=session),
            event(tracked, "Flight selected", cycle=f"{session} {other}", session=session),
            event(tracked, "Payment completed", cycle=f"{session} {completed}", session=session, seconds=9),
        ]
    services.workspace.events.append(events)
    found = cli("times", FLIGHT, "--span", "all", "--format", "json").json
    assert (found["started"], found["reached"], found["open"]) == (4, 2, 0)


def test_a_cycle_belongs_to_the_session_of_its_first_initial_step(services: Services, goals: list[Goal]) -> None:
    tracked = goals[0]
    told = [("b", "1", 0), ("a", "1", 3), ("b", "2", 7)]
    services.workspace.events.append(
        [
            event(tracked, "Flight selected", cycle=cycle, session=session, seconds=seconds)
            for session, cycle, seconds in told
        ]
    )
    found = services.insights.times(tracked.id, Filters(span="all"))
    assert (found.started, found.open) == (2, 1), "the second cycle supersedes the first"
