"""Simulation: the same seed gives the same events, by the rules of real conversations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from goals_tui.domain.errors import NotFoundError, RefusedError, WrongValueError
from goals_tui.domain.filters import Filters
from goals_tui.domain.flow import Condition, Flow, Node
from goals_tui.services.context import Services
from goals_tui.services.simulation import ANYTHING, Profile, Release, SimulationResult, answers_of, span_of
from tests import builders
from tests.conftest import NOW, make_services

GOAL = builders.book_a_flight()
START = NOW - timedelta(days=28)
CALM = Profile(endpoints={"Webchat": 1}, releases=(Release(leaves=0.0),))


def with_flow(services: Services, *nodes: Node) -> Flow:
    services.goals.save(GOAL.model_copy(update={"revision": 0}))
    flow = builders.flow("Talk", *nodes) if nodes else builders.book_a_flight_flow(GOAL)
    return services.flows.save(flow, overwrite=True)


def run(services: Services, flow: Flow, sessions: int = 200, **options: object) -> SimulationResult:
    given = {"sessions": sessions, "start": START, "end": NOW, **options}
    return services.simulation.simulate(flow.id, **given)  # type: ignore[arg-type]  # keywords pass through


def rows(services: Services, sql: str) -> list[tuple[object, ...]]:
    with services.workspace.events.connect() as connection:
        return connection.execute(sql).fetchall()


def test_the_same_seed_gives_the_same_events_and_another_one_others(tmp_path: Path) -> None:
    found = []
    for place, seed in enumerate((7, 7, 8)):
        services = make_services(tmp_path / str(place))
        run(services, with_flow(services), seed=seed)
        found.append(rows(services, "SELECT * FROM events ORDER BY ALL"))
    assert found[0] == found[1] != found[2]


def test_running_the_same_simulation_again_adds_nothing(services: Services) -> None:
    flow = with_flow(services)
    first = run(services, flow)
    again = run(services, flow)
    assert (again.events, again.events_added) == (first.events, 0)


def test_the_counts_are_those_of_the_report(services: Services) -> None:
    result = run(services, with_flow(services), 300)
    totals = services.insights.report(Filters(span="all")).totals
    assert result.outcomes == {
        "completed": totals.completed,
        "partial": totals.partial,
        "incomplete": totals.incomplete,
    }
    assert sum(result.endings.values()) == result.conversations == 300
    assert min(result.outcomes.values()) > 0
    assert set(result.endings) == {"end", "left"}
    assert result.as_json()["events_added"] == result.events


def test_what_is_not_tracked_is_counted(services: Services) -> None:
    flow = with_flow(services, builders.track(GOAL, "Payment completed"))
    result = run(services, flow, 5)
    assert (result.events, result.not_tracked) == (0, 5)


def test_a_flow_may_ask_nothing_hand_over_or_go_round(services: Services) -> None:
    asks = builders.question("More?")
    flow = with_flow(services, builders.track(GOAL, "Flight selected"), asks, builders.go_to("Talk"))
    result = run(services, flow, 3, profile=CALM)
    assert result.endings == {"left": 3}
    assert result.outcomes["incomplete"] == 300
    flow = services.flows.save(flow.model_copy(update={"nodes": (builders.handover(),)}), overwrite=True)
    assert run(services, flow, 3).endings == {"handover": 3}


def test_nobody_leaves_where_nobody_should(services: Services) -> None:
    assert run(services, with_flow(services), profile=CALM).endings == {"end": 200}


def test_weights_of_answers(services: Services) -> None:
    always = Profile(releases=(Release(leaves=0.0),), answers={"No": 0})
    result = run(services, with_flow(services), profile=always)
    assert result.outcomes == {"completed": 200, "partial": 0, "incomplete": 0}


def test_arrivals_stay_in_the_span_and_follow_hours_and_weekdays_of_the_zone(services: Services) -> None:
    hours = tuple(1.0 if hour in (9, 10) else 0.0 for hour in range(24))
    profile = Profile(hours=hours, weekdays=(1, 1, 1, 1, 1, 0, 0))
    run(services, with_flow(services), 300, profile=profile)
    started = [
        cycle.started_at.astimezone(services.project.get().zone)
        for cycle in services.insights.cycles(Filters(span="all"))
        if cycle.started_at
    ]
    assert {moment.weekday() for moment in started} == {0, 1, 2, 3, 4}
    assert {moment.hour for moment in started} <= {9, 10, 11}
    assert min(started) >= START


def test_nothing_is_simulated_to_begin_later_than_now(services: Services) -> None:
    run(services, with_flow(services), 300, start=NOW - timedelta(hours=1), end=NOW + timedelta(days=9))
    [(latest,)] = rows(services, "SELECT max(timestamp) FROM events")
    assert isinstance(latest, datetime)
    assert latest.replace(tzinfo=UTC) < NOW + timedelta(hours=1)


def test_releases_follow_each_other_and_may_be_better(services: Services) -> None:
    turn = NOW - timedelta(days=14)
    profile = Profile(releases=(Release("v2", turn, leaves=0.02), Release("v1", leaves=0.4)))
    run(services, with_flow(services), 600, profile=profile)
    parts = {row.part: row.figures for row in services.insights.breakdown("snapshot", Filters(span="all"))}
    assert set(parts) == {"v1", "v2"}
    assert (parts["v2"].completion_rate or 0) > (parts["v1"].completion_rate or 0) + 0.2
    late = "SELECT count(*) FROM events WHERE \"snapshotName\" = 'v2' AND timestamp < $turn::TIMESTAMP"
    assert rows(services, late.replace("$turn", f"'{turn:%Y-%m-%d %H:%M}'")) == [(0,)]


def test_endpoints_and_locales_as_given(services: Services) -> None:
    profile = Profile(endpoints={"Voice": 1, "Webchat": 3, "Fax": 0}, locales={"Deutsch": 1})
    run(services, with_flow(services), profile=profile)
    assert services.insights.dimension_values("endpoint") == ["Voice", "Webchat"]
    assert services.insights.dimension_values("locale") == ["Deutsch"]


def test_answers_look_ahead_for_what_makes_a_difference() -> None:
    flow = builders.flow(
        "F",
        builders.question("Buttons?", "a", "b"),
        builders.question("Then?", save_as="plan"),
        builders.if_("Paid?", condition=Condition(to="yes")),
        builders.question("Free?"),
        builders.lookup("Plan", {"gold": (), "silver": ()}, of="plan"),
        builders.question("Given?", name="given"),
        builders.if_("Any?", condition=Condition(comparison="exists")),
    )
    found = answers_of([flow], {"Silver": 9, "b": 0})
    texts = {node.id: found[node.id] for node in flow.walk() if node.id in found}
    assert [answers.texts for answers in texts.values()] == [
        ("a", "b"),
        ("yes", "gold", "silver", ANYTHING),
        (ANYTHING,),
        ("", ANYTHING),
    ]
    assert [answers.totals for answers in texts.values()][:2] == [(3.0, 3.0), (3.0, 4.0, 13.0, 13.5)]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"sessions": 0}, RefusedError, "There is nothing to simulate"),
        ({"start": NOW, "end": NOW}, RefusedError, "There is nothing to simulate"),
    ],
)
def test_what_is_refused(services: Services, change: dict[str, object], error: type[Exception], message: str) -> None:
    flow = with_flow(services)
    with pytest.raises(error, match=message):
        run(services, flow, **change)  # type: ignore[arg-type]  # keywords pass through
    with pytest.raises(NotFoundError, match="There is no flow"):
        services.simulation.simulate("f" * 24, sessions=1, start=START, end=NOW)


def test_stopping_it_writes_nothing(services: Services) -> None:
    class StoppedError(Exception):
        pass

    def stop(fraction: float, _text: str) -> None:
        if fraction > 0.5:
            raise StoppedError

    with pytest.raises(StoppedError):
        run(services, with_flow(services), 2000, progress=stop)
    assert services.workspace.events.is_empty()


def test_the_span_of_the_command_line() -> None:
    zone = ZoneInfo("Europe/Berlin")
    assert span_of("2026-10-24", "2026-10-25", NOW, zone) == (
        datetime(2026, 10, 23, 22, tzinfo=UTC),
        datetime(2026, 10, 25, 23, tzinfo=UTC),
    )
    with pytest.raises(WrongValueError, match=r"2027-06-01, is after today.* Give --to as well"):
        span_of("2027-06-01", None, NOW, zone)
    start, end = span_of(None, None, NOW, zone)
    assert (end - start, end) == (timedelta(days=30), datetime(2026, 11, 20, 23, tzinfo=UTC))


def test_hours_in_which_nobody_comes_are_taken_where_there_are_no_others(services: Services) -> None:
    nobody = Profile(endpoints={"Webchat": 1}, hours=(0.0,) * 24, releases=(Release(leaves=0.0),))
    result = run(services, with_flow(services), 50, profile=nobody)
    assert result.conversations == 50 and result.events >= 50


def test_answers_that_nobody_gives_are_given_where_there_are_no_others() -> None:
    question = builders.question("Sure?", "yes", "no")
    (answers,) = answers_of([builders.flow("F", question)], {"yes": 0.0, "no": 0.0}).values()
    assert answers.texts == ("yes", "no") and answers.totals == (1.0, 2.0)
