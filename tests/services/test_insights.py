"""Insights case by case: rates, zones, filters in words, health, timelines, cancelling."""

from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from goals_tui.domain.drill_down import DrillDown
from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.event import GoalEvent, Source
from goals_tui.domain.filters import Choice, Filters
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services, create_workspace
from goals_tui.services.insights.query import offsets_between
from goals_tui.services.insights.service import Cancellation, Cancelled
from goals_tui.store.cycles.reader import EventReader, microseconds
from goals_tui.store.cycles.view import LogView
from goals_tui.store.engines.engine import Columns
from tests.builders import book_a_flight, event, goal, uuid_of

NOW = datetime(2026, 10, 1, 20, tzinfo=UTC)
ALL = Filters(span="all")


def workspace(path: Path, goals: list[Goal], events: list[GoalEvent], time_zone: str = "UTC") -> Services:
    services = create_workspace(path / "w", name="Test", time_zone=time_zone, clock=lambda: NOW, env={})
    with services.workspace.documents.transaction() as tx:
        for known in goals:
            tx.put("goals", known.id, known.model_dump(mode="json"))
    if events:
        services.workspace.events.append(events)
    return services


def test_an_empty_log_has_goals_and_no_rates(tmp_path: Path) -> None:
    report = workspace(tmp_path, [book_a_flight()], []).insights.report(Filters())
    assert report.totals.started == 0
    assert report.totals.completion_rate is None
    assert [(row.name, row.figures.started) for row in report.goals] == [("Book a Flight", 0)]
    assert (report.days, report.filters, bool(report.health)) == ((), {}, False)
    assert report.previous is not None
    assert report.previous.started == 0


def test_the_worked_example_of_the_original_report(tmp_path: Path) -> None:
    """Completed, partial, incomplete of goals 01, 04, 05, 03, 02, 08: 38 % in all, scaled down to 1 in 100."""
    counts = {
        "01": (137, 32, 66),
        "04": (36, 35, 37),
        "05": (34, 36, 36),
        "03": (14, 0, 31),
        "02": (14, 0, 117),
        "08": (1, 0, 0),
    }
    goals = {name: goal(name, "Start", "Middle", "◎ Done") for name in counts}
    events = []
    for name, (completed, partial, incomplete) in counts.items():
        for number in range(completed + partial + incomplete):
            steps = (
                ["Start", "Done"] if number < completed else ["Start", "Middle"][: 1 + (number < completed + partial)]
            )
            events += [event(goals[name], step, cycle=f"{name} {number}", seconds=n) for n, step in enumerate(steps)]
    report = workspace(tmp_path, list(goals.values()), events).insights.report(ALL)
    assert (report.totals.completed, report.totals.started) == (236, 626)
    assert f"{report.totals.completion_rate:.0%}" == "38%"
    rows = {row.name: (row.figures.completed, row.figures.partial, row.figures.incomplete) for row in report.goals}
    assert rows == counts


def test_a_day_of_25_hours_has_25_hours_and_is_one_day(tmp_path: Path) -> None:
    flight = book_a_flight()
    midnight = datetime(2026, 10, 24, 22, tzinfo=UTC)
    start = (midnight - datetime(2026, 10, 1, 8, tzinfo=UTC)).total_seconds()
    events = [event(flight, "Flight selected", cycle=str(n), seconds=start + 3600 * n + 60) for n in range(26)]
    insights = workspace(tmp_path, [flight], events, "Europe/Berlin").insights
    days = insights.report(ALL).days
    assert [(row.day, row.figures.started) for row in days] == [(date(2026, 10, 25), 25), (date(2026, 10, 26), 1)]
    hours = [point.bucket.start for point in insights.series(ALL, "hour")]
    assert len(hours) == 26
    assert [hour.hour for hour in hours[:5]] == [0, 1, 2, 2, 3]
    assert [point.bucket.first for point in insights.series(ALL, "month")] == [date(2026, 10, 1)]


@pytest.mark.parametrize(
    "name", ["Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Asia/Gaza"]
)
def test_offsets_are_what_the_zone_says(name: str) -> None:
    zone = ZoneInfo(name)
    start, end = datetime(2009, 1, 1, tzinfo=UTC), datetime(2012, 6, 1, tzinfo=UTC)
    pieces = offsets_between(zone, microseconds(start), microseconds(end))
    moment = start
    while moment < end:
        offset = next(offset for since, offset in reversed(pieces) if since <= microseconds(moment))
        assert timedelta(microseconds=offset) == moment.astimezone(zone).utcoffset()
        moment += timedelta(minutes=437)


def test_filters_are_named_in_the_report(tmp_path: Path) -> None:
    flight = book_a_flight()
    insights = workspace(tmp_path, [flight], []).insights
    asked = Filters(
        goals=Choice(values=(flight.id,)),
        locales=Choice(values=("de",), negated=True),
        no_snapshot=True,
        include_test=True,
        price_by="current",
    )
    assert insights.report(asked).filters == {
        "goals": ["Book a Flight"],
        "not_locales": ["de"],
        "no_snapshot": True,
        "include_test": True,
        "price_by": "current",
    }


def test_wrong_questions_get_an_answer(tmp_path: Path) -> None:
    insights = workspace(tmp_path, [book_a_flight()], []).insights
    with pytest.raises(RefusedError, match="Europe/Berlin"):
        insights.report(Filters(time_zone="Europe/Berlim"))
    with pytest.raises(NotFoundError, match="There is no cycle 'nope'"):
        insights.cycle("nope")
    with pytest.raises(NotFoundError, match="no goal"):
        insights.funnel("nope", ALL)


def test_health_says_what_how_many_and_what_to_do(tmp_path: Path) -> None:
    flight, stranger = book_a_flight(), goal("Stranger", "Start", "◎ Done")
    started = event(flight, "Flight selected", cycle="1")
    events = [
        started,
        started,
        event(flight, "Payment completed", cycle="1", seconds=5, version="lost"),
        event(flight, "Payment completed", cycle="2"),
        event(stranger, "Start", cycle="3"),
    ]
    insights = workspace(tmp_path, [flight], events).insights
    report = insights.report(ALL)
    assert report.totals.unpriced_steps == 1
    assert report.totals.cost_savings == 0
    found = {entry.code: (entry.count, entry.examples) for entry in insights.health_details()}
    assert found == {
        "unknown_goals": (1, (stranger.id,)),
        "unpriced_steps": (1, ()),
        "unknown_versions": (1, ("Book a Flight: lost",)),
        "orphan_cycles": (1, (uuid_of("cycle 2"),)),
        "duplicate_events": (1, (started.id,)),
    }
    assert all(entry.meaning and entry.remedy for entry in insights.health_details())


def test_new_events_are_seen_by_the_next_question_and_not_by_an_open_list(tmp_path: Path) -> None:
    flight = book_a_flight()
    services = workspace(tmp_path, [flight], [event(flight, "Flight selected", cycle="1")])
    with services.insights.cycle_list(ALL) as found:
        services.workspace.events.append([event(flight, "Flight selected", cycle="2", seconds=1)])
        assert len(found) == 1
        services.workspace.events.seal()
        assert [cycle.cycle_id for cycle in found.page(0, 10)] == [uuid_of("cycle 1")]
        assert services.insights.report(ALL).totals.started == 2
    assert [c.cycle_id for c in services.insights.cycles(ALL, limit=1)] == [uuid_of("cycle 2")]
    assert [c.cycle_id for c in services.insights.cycles(ALL, limit=1, offset=1)] == [uuid_of("cycle 1")]


def test_a_timeline_tells_each_event(tmp_path: Path) -> None:
    flight = book_a_flight()
    steps = ["Flight selected", "Passenger information entered", "Payment completed"]
    events = [event(flight, step, seconds=90 * n) for n, step in enumerate(steps)]
    timeline = workspace(tmp_path, [flight], events).insights.cycle(uuid_of("cycle 1"))
    assert [(m.step, m.since_start) for m in timeline.moments] == list(zip(steps, (0, 90, 180), strict=True))
    assert str(timeline.cycle.cost_savings) == "15.00"
    assert timeline.cycle.outcome == "completed"


def test_a_cancelled_question_has_no_answer(tmp_path: Path) -> None:
    insights = workspace(tmp_path, [book_a_flight()], []).insights
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(Cancelled):
        insights.report(ALL, cancellation=cancellation)


def test_a_running_query_is_interrupted(tmp_path: Path) -> None:
    cancellation = Cancellation()
    reader = LogView(workspace(tmp_path, [book_a_flight()], []).engine).reader(cancellation)
    timer = threading.Timer(0.05, cancellation.cancel)
    timer.start()
    with reader, pytest.raises(Cancelled):
        reader.rows("SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b")


def test_cycles_of_several_goals_may_have_the_same_id(tmp_path: Path) -> None:
    flight, claim = book_a_flight(), goal("Claim", "Opened", "◎ Paid")
    events = [event(flight, "Flight selected"), event(claim, "Opened"), event(claim, "Paid", seconds=9)]
    insights = workspace(tmp_path, [flight, claim], events).insights
    shared = uuid_of("cycle 1")
    assert insights.cycle(shared, flight.id).cycle.outcome == "incomplete"
    assert insights.cycle(shared, claim.id).cycle.outcome == "completed"
    with pytest.raises(RefusedError, match=r"Several goals have a cycle '.*': '.*', '.*'\. Give the goal, too"):
        insights.cycle(shared)
    with pytest.raises(NotFoundError):
        insights.cycle(shared, "f" * 24)


def test_what_is_shown_is_found_again(tmp_path: Path) -> None:
    """Another program's lines may hold spaces and characters that are shown otherwise."""
    flight = book_a_flight()
    services = workspace(tmp_path, [flight], [event(flight, "Flight selected", cycle="2")])
    line = event(flight, "Flight selected").model_dump(mode="json", by_alias=True)
    odd = {"goalCycleId": "c \u2028 1", "sessionId": " s\t1", "endpointName": "Web\u00a0 chat"}
    (services.workspace.path / "events" / "events.jsonl").write_text(json.dumps({**line, **odd}) + "\n")
    insights = services.insights
    [cycle] = insights.cycles(ALL)
    assert (cycle.cycle_id, cycle.session_id, cycle.endpoint) == ("c 1", "s 1", "Web chat")
    assert insights.cycle(cycle.cycle_id, flight.id).cycle.cycle_id == cycle.cycle_id
    assert insights.cycles(ALL, DrillDown(parts=(("session", cycle.session_id),))) == [cycle]
    [endpoint] = insights.dimension_values("endpoint")
    chosen = ALL.model_copy(update={"endpoints": Choice(values=(endpoint,))})
    assert insights.report(chosen).totals.started == 1
    others = ALL.model_copy(update={"endpoints": Choice(values=(endpoint,), negated=True)})
    assert insights.report(others).totals.started == 0


def test_threads_ask_at_once(tmp_path: Path) -> None:
    flight = book_a_flight()
    insights = workspace(tmp_path, [flight], [event(flight, "Flight selected")]).insights
    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(insights.report(ALL).totals.started)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [1] * 8
    assert insights.dimension_values("endpoint") == []


def test_a_funnel_starts_with_every_cycle_though_older_versions_began_otherwise(tmp_path: Path) -> None:
    old, new = goal("Order", "Call", "◎ Done"), goal("Order", "Click", "◎ Done", version=2)
    services = workspace(tmp_path, [new], [event(old, "Call"), event(new, "Click", cycle="2"), event(new, "Done")])
    with services.workspace.documents.transaction() as tx:
        tx.put("goal_versions", old.version, old.model_dump(mode="json"))
    funnel = services.insights.funnel("Order", ALL)
    assert funnel.started == services.insights.report(ALL).totals.started == 2
    assert [(step.name, step.reached) for step in funnel.steps] == [("Click", 1), ("Done", 1), ("Call", 1)]


def test_a_goal_that_only_its_versions_know_is_reported_under_its_last_name(services: Services) -> None:
    saved = services.goals.save(goal("Book", "Begin", "◎Done").model_copy(update={"revision": 0}))
    services.tracking.track("s", saved.id, [step.id for step in saved.steps], Source())
    with services.workspace.documents.transaction() as transaction:
        transaction.delete("goals", saved.id)
    report = services.insights.report(Filters(span="all"))
    assert [(row.goal_id, row.name, row.figures.completed) for row in report.goals] == [(saved.id, "Book", 1)]
    assert report.totals.started == 1 and report.health.unknown_goals == 1


def test_versions_are_parsed_once_however_many_questions_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracked = book_a_flight()
    services = workspace(tmp_path, [tracked], [event(tracked, "Flight selected")])
    for number in range(5):
        tracked = services.goals.save(tracked.model_copy(update={"description": f"State {number}"}))
    first = services.insights.report(ALL)
    parsed, real = [], Goal.model_validate
    monkeypatch.setattr(Goal, "model_validate", lambda document: (parsed.append(document), real(document))[1])
    assert services.insights.report(ALL) == first
    assert len(parsed) <= 1, "only the goal as it is now"


def test_no_table_is_made_that_the_question_does_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    make = EventReader.make_table

    def make_table(self: EventReader, name: str, columns: Columns) -> None:
        made.append(name)
        make(self, name, columns)

    monkeypatch.setattr(EventReader, "make_table", make_table)
    known = book_a_flight()
    insights = workspace(tmp_path, [known], [event(known, known.initial.name)]).insights
    insights.report(ALL)
    assert made == ["step_bits"]
    with insights.cycle_list(ALL) as found:
        assert len(found) == 1
    assert made == ["step_bits"] * 2 + ["completions"]
