"""Insights asks the database; domain.cycle is the rule in plain Python. They agree on any events and any filters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.buckets import Unit
from goals_tui.domain.cycle import Definitions, cycles_of
from goals_tui.domain.drill_down import ORPHANS, DrillDown
from goals_tui.domain.event import TEST_ENDPOINT_TYPES, GoalEvent
from goals_tui.domain.filters import Choice, Filters, resolve_span
from goals_tui.domain.goal import Goal
from goals_tui.domain.report import Cycle, Figures, Timeline
from goals_tui.domain.value import SuccessMetrics
from goals_tui.services.context import Services, create_workspace
from goals_tui.services.insights.service import Dimension
from tests.builders import count_behind, goal, hex_id, step, uuid_of
from tests.examples import examples

pytestmark = pytest.mark.fuzz

NOW = datetime(2026, 10, 26, 12, tzinfo=UTC)
ZONE = "Europe/Berlin"


def versions_of(name: str) -> list[Goal]:
    """Three states: first; another price, and a step that became a completion step; a step more."""
    first = goal(
        name,
        step("Start", "initial", goal_name=name),
        step("Middle", cost="1.25", time="00:01:00", goal_name=name),
        step("Done", "completion", cost="10.00", revenue="0.10", goal_name=name),
    )
    start, middle, done = first.steps
    dearer = middle.model_copy(
        update={"kind": "completion", "metrics": SuccessMetrics(cost_savings=Decimal("2.5"), time_saved_seconds=7)}
    )
    extra = step("Extra", revenue="3.3333", goal_name=name)
    return [
        first,
        first.model_copy(
            update={"version": uuid_of(f"{name} 2"), "revision": 2, "steps": (start, dearer, done), "description": "2"}
        ),
        first.model_copy(
            update={"version": uuid_of(f"{name} 3"), "revision": 3, "steps": (start, dearer, done, extra)}
        ),
    ]


GOALS = {name: versions_of(name) for name in ("Alpha", "Beta")}
CURRENT = [versions[-1] for versions in GOALS.values()]
DEFINITIONS = Definitions({(g.id, g.version): g for versions in GOALS.values() for g in versions}, CURRENT)
ENDPOINTS = [("Webchat", "webchat"), ("Interaction Panel", "adminconsole"), (None, None), ("Voice", "playbook")]


@st.composite
def events(draw: st.DrawFn) -> list[GoalEvent]:
    found: list[GoalEvent] = []
    for cycle in range(draw(st.integers(0, 6))):
        name = draw(st.sampled_from([*GOALS, "Nobody's"]))
        versions = GOALS.get(name) or versions_of(name)
        endpoint, kind = draw(st.sampled_from(ENDPOINTS))
        start = datetime(2026, 10, 24, 20, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 48 * 60)))
        for number in range(draw(st.integers(1, 6))):
            recorded = draw(st.sampled_from([*(v.version for v in versions), "lost", ""]))
            step_id = draw(st.sampled_from([*(s.id for s in versions[-1].steps), hex_id("unknown step")]))
            found.append(
                GoalEvent(
                    id=hex_id(f"{draw(st.integers(0, 3))} {number} {cycle}"),
                    version=recorded,
                    timestamp=start + timedelta(seconds=draw(st.integers(0, 3))),
                    goal_cycle_id=f"cycle {cycle if draw(st.booleans()) else cycle // 2}",
                    step_id=step_id,
                    goal_id=versions[0].id,
                    session_id=f"session {cycle}",
                    endpoint_name=endpoint,
                    endpoint_type=kind,
                    locale_name=draw(st.sampled_from(["de", "en", None])),
                    snapshot_name=draw(st.sampled_from(["s1", "s2", None])),
                )
            )
    # A cycle is a test or is none: what its events say differs in everything else.
    kinds = {(e.goal_id, e.goal_cycle_id): (e.endpoint_name, e.endpoint_type) for e in found}
    same = []
    for e in found:
        endpoint, kind = kinds[e.goal_id, e.goal_cycle_id]
        same.append(e.model_copy(update={"endpoint_name": endpoint, "endpoint_type": kind}))
    repeated = draw(st.lists(st.sampled_from(same), max_size=2)) if same else []
    return [*same, *repeated]


def choices(*values: str) -> st.SearchStrategy[Choice]:
    return st.builds(
        Choice, values=st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple), negated=st.booleans()
    )


filters = st.builds(
    Filters,
    span=st.sampled_from(["all", "today", "last-7-days", "this-month"]),
    goals=choices(*(g.id for g in CURRENT)),
    endpoints=choices("Webchat", "Interaction Panel"),
    locales=choices("de", "en"),
    snapshots=choices("s1", "s2"),
    no_snapshot=st.booleans(),
    any_snapshot=st.booleans(),
    include_test=st.booleans(),
    price_by=st.sampled_from(["recorded", "current"]),
    time_zone=st.sampled_from([ZONE, "UTC", "Australia/Lord_Howe"]),
)


@contextmanager
def workspace(log: list[GoalEvent], sealed: bool) -> Iterator[Services]:
    with TemporaryDirectory() as folder:
        services = create_workspace(Path(folder) / "w", name="Test", time_zone=ZONE, clock=lambda: NOW, env={})
        with services.workspace.documents.transaction() as tx:
            for versions in GOALS.values():
                for saved in versions[:-1]:
                    tx.put("goal_versions", saved.version, saved.model_dump(mode="json"))
                tx.put("goals", versions[-1].id, versions[-1].model_dump(mode="json"))
        if log:
            services.workspace.events.append(log)
        if sealed:
            services.workspace.events.seal()
        yield services


def kept(choice: Choice, value: str | None, none_too: bool = False) -> bool:
    if choice.negated:
        return value is None or value not in choice.values
    return value in choice.values or (none_too and value is None)


def selected(line: Timeline, asked: Filters) -> bool:
    cycle = line.cycle
    first = next(m.event for m in line.moments if m.kind == "initial")
    named = bool(asked.endpoints) and not asked.endpoints.negated
    snapshots = asked.snapshots
    return (
        (asked.include_test or named or first.endpoint_type not in TEST_ENDPOINT_TYPES)
        and (not asked.goals or kept(asked.goals, cycle.goal_id))
        and (not asked.endpoints or kept(asked.endpoints, cycle.endpoint))
        and (not asked.locales or kept(asked.locales, cycle.locale))
        and (kept(snapshots, cycle.snapshot, asked.no_snapshot) if snapshots else True)
        and (cycle.snapshot is None if asked.no_snapshot and (snapshots.negated or not snapshots) else True)
        and (cycle.snapshot is not None if asked.any_snapshot else True)
    )


def figures(cycles: list[Cycle]) -> Figures:
    outcomes = [cycle.outcome for cycle in cycles]
    return Figures(
        started=len(cycles),
        completed=outcomes.count("completed"),
        partial=outcomes.count("partial"),
        incomplete=outcomes.count("incomplete"),
        time_saved_seconds=sum(cycle.time_saved_seconds for cycle in cycles),
        cost_savings=sum((cycle.cost_savings for cycle in cycles), Decimal(0)),
        revenue=sum((cycle.revenue for cycle in cycles), Decimal(0)),
        unpriced_steps=sum(cycle.unpriced_steps for cycle in cycles),
    )


def total(parts: list[Figures]) -> Figures:
    return sum(parts, start=Figures())


Made = Callable[[list[GoalEvent], bool], AbstractContextManager[Services]]
"""Makes a workspace with events, sealed or not, or with its events in an engine."""


def agrees_with_the_rule(made: Made, log: list[GoalEvent], asked: Filters, sealed: bool) -> None:
    """Check every number of a report, and the lists and breakdowns behind it, against the rule."""
    # Which of two records with one id is kept is nobody's promise: here the later one, wherever it is read.
    log = list({e.id: e for e in log}.values())
    lines = [line for line in cycles_of(log, DEFINITIONS, price_by=asked.price_by) if line.cycle.goal in GOALS]
    orphans = [line.cycle for line in lines if line.cycle.outcome == "orphan"]
    zone = ZoneInfo(asked.time_zone or ZONE)
    span = resolve_span(asked, NOW, zone)
    before = span.previous()
    chosen = [line.cycle for line in lines if line.cycle.outcome != "orphan" and selected(line, asked)]

    def within(start: datetime | None, end: datetime | None) -> list[Cycle]:
        return [
            c
            for c in chosen
            if c.started_at and (not start or c.started_at >= start) and (not end or c.started_at < end)
        ]

    wanted = within(span.start, span.end)
    with made(log, sealed) as services:
        insights = services.insights
        report = insights.report(asked)
        assert report.totals == figures(wanted)
        assert report.previous == (figures(within(before.start, before.end)) if before else None)
        assert total([row.figures for row in report.goals]) == report.totals
        assert total([row.figures for row in report.days]) == report.totals
        for row in report.days:
            of_day = [c for c in wanted if c.goal_id == row.goal_id and local_day(c, zone) == row.day]
            assert row.figures == figures(of_day)
            assert count_behind(insights, asked, goal_id=row.goal_id, day=row.day) == len(of_day)
        assert report.health.orphan_cycles == len(orphans)
        assert report.health.unknown_goals == len({e.goal_id for e in log} - {g.id for g in CURRENT})
        assert sorted(insights.cycles(asked), key=key) == sorted(wanted, key=key)
        assert sorted(insights.cycles(asked, ORPHANS), key=key) == sorted(orphans, key=key)
        starts = [cycle.started_at for cycle in insights.cycles(asked)]
        assert starts == sorted(starts, key=lambda moment: moment or NOW, reverse=True)
        units: list[Unit] = ["hour", "day", "week", "month"]
        for unit in units:
            points = insights.series(asked, unit)
            assert total([point.figures for point in points]) == report.totals
            for point in points:
                found = count_behind(insights, asked, goal_id=point.goal_id, bucket=point.bucket)
                assert found == point.figures.started
        dimensions: list[Dimension] = ["endpoint", "locale", "snapshot", "version"]
        for dimension in dimensions:
            parts = insights.breakdown(dimension, asked)
            assert total([part.figures for part in parts]) == report.totals
            for part in parts:
                assert part.figures == figures([c for c in wanted if getattr(c, dimension) == part.part])
                assert count_behind(insights, asked, parts=((dimension, part.part),)) == part.figures.started


def key(cycle: Cycle) -> tuple[str, str]:
    return cycle.goal_id, cycle.cycle_id


def local_day(cycle: Cycle, zone: ZoneInfo) -> date:
    assert cycle.started_at is not None
    return cycle.started_at.astimezone(zone).date()


def counts_repeated_events_once(made: Made, log: list[GoalEvent]) -> None:
    """Check that a report over events that stand twice has the numbers of one over the same events."""
    once = list({e.id: e for e in log}.values())
    asked = Filters(span="all", include_test=True)
    with made(once, False) as plain:
        totals = plain.insights.report(asked).totals
    with made([*once, *once], False) as repeated:
        assert repeated.insights.report(asked).totals == totals
        assert repeated.insights.report(Filters(span="all")).health.duplicate_events == len(once)


def funnels_lead_to_their_cycles(made: Made, log: list[GoalEvent], asked: Filters) -> None:
    """Check each step of the funnels against the list of the cycles behind it."""
    with made(list({e.id: e for e in log}.values()), False) as services:
        for current in CURRENT:
            funnel = services.insights.funnel(current.id, asked)
            found = services.insights.cycles(asked, DrillDown(goal_id=current.id))
            assert funnel.started == len(found)
            for place in funnel.steps:
                assert place.reached == sum(place.name in cycle.reached for cycle in found)
                assert place.reached == count_behind(
                    services.insights, asked, goal_id=current.id, step_id=place.step_id
                )


any_case = examples(8)


@any_case
@given(log=events(), asked=filters, sealed=st.booleans())
def test_the_database_agrees_with_the_rule(log: list[GoalEvent], asked: Filters, sealed: bool) -> None:
    agrees_with_the_rule(workspace, log, asked, sealed)


@any_case
@given(log=events())
def test_a_repeated_event_changes_no_number(log: list[GoalEvent]) -> None:
    counts_repeated_events_once(workspace, log)


@any_case
@given(log=events(), asked=filters)
def test_the_funnel_leads_to_its_cycles(log: list[GoalEvent], asked: Filters) -> None:
    funnels_lead_to_their_cycles(workspace, log, asked)
