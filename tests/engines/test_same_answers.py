"""Every engine gives the answers of the plain rule and of DuckDB, on any events and under any filters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from goals_tui.domain.drill_down import ORPHANS
from goals_tui.domain.event import FIELDS, GoalEvent
from goals_tui.domain.filters import Choice, Filters
from goals_tui.services.context import Services
from goals_tui.store.engines.address import parse_address
from tests.builders import hex_id, uuid_of
from tests.engines.conftest import ClickHouse
from tests.examples import examples
from tests.services import test_insights_reference as reference
from tests.services.test_insights_reference import CURRENT, GOALS, Made, events, filters, workspace

Push = Callable[[Services, list[GoalEvent]], None]


@pytest.fixture(scope="module")
def clickhouse_push(clickhouse_server: ClickHouse) -> Push:
    """Moves events into a table of the server, and makes the services read them there."""
    from goals_tui.store.engines.clickhouse import connect, open_engine

    address = parse_address(clickhouse_server.url("same_answers"), "the test")
    filling = connect(address, clickhouse_server.password)
    kinds = {name: "String" if name in NEEDED else "LowCardinality(Nullable(String))" for name in FIELDS}
    kinds["timestamp"] = "DateTime64(6, 'America/New_York')"
    columns = ", ".join(f"`{name}` {kind}" for name, kind in kinds.items())
    filling.command(f"CREATE TABLE same_answers ({columns}) ENGINE = MergeTree ORDER BY (goalId, goalCycleId)")

    def push(services: Services, log: list[GoalEvent]) -> None:
        filling.command("TRUNCATE TABLE same_answers")
        if log:
            rows = [{**event.model_dump(by_alias=True), "version": event.version or None} for event in log]
            filling.insert("same_answers", [list(row.values()) for row in rows], column_names=list(rows[0]))
        services.__dict__["engine"] = open_engine(address, clickhouse_server.password)

    return push


NEEDED = ("id", "goalId", "stepId", "goalCycleId", "sessionId")


@pytest.fixture(scope="module")
def spark_push(spark_server: str, tmp_path_factory: pytest.TempPathFactory) -> Push:
    """Writes events into a new folder of Parquet, and makes the services read them there."""
    from goals_tui.store.engines.address import open_engine

    columns = ", ".join(f'"{name}"' for name in FIELDS)
    nulls = "(SELECT * REPLACE (nullif(version, '') AS version) FROM events)"

    def push(services: Services, log: list[GoalEvent]) -> None:
        folder = tmp_path_factory.mktemp("lake")
        with workspace(log, False) as filled, filled.workspace.events.connect() as connection:
            connection.execute(f"COPY (SELECT {columns} FROM {nulls}) TO '{folder}/events.parquet' (FORMAT parquet)")
        services.__dict__["engine"] = open_engine(parse_address(f"{spark_server}?path={folder}", "the test"), None)

    return push


@pytest.fixture(scope="module", params=["clickhouse", "spark"])
def made(request: pytest.FixtureRequest) -> Made:
    """Makes workspaces whose events are in an engine."""
    push: Push = request.getfixturevalue(f"{request.param}_push")

    @contextmanager
    def on_engine(log: list[GoalEvent], _sealed: bool) -> Iterator[Services]:
        with workspace([], False) as services:
            push(services, log)
            yield services

    return on_engine


any_case = examples(4, shared_fixtures=True)


@any_case
@given(log=events(), asked=filters)
def test_an_engine_agrees_with_the_rule(made: Made, log: list[GoalEvent], asked: Filters) -> None:
    reference.agrees_with_the_rule(made, log, asked, False)


@any_case
@given(log=events())
def test_a_repeated_event_changes_no_number(made: Made, log: list[GoalEvent]) -> None:
    reference.counts_repeated_events_once(made, log)


@any_case
@given(log=events(), asked=filters)
def test_the_funnel_leads_to_its_cycles(made: Made, log: list[GoalEvent], asked: Filters) -> None:
    reference.funnels_lead_to_their_cycles(made, log, asked)


def answers(services: Services, asked: Filters) -> dict[str, Any]:
    """Return the answers of Insights to every question that it can be asked."""
    insights = services.insights
    found: dict[str, Any] = {
        "report": insights.report(asked),
        "explain": insights.explain(asked),
        "releases": insights.releases(asked),
        "appearances": sorted(insights.first_appearances(), key=repr),
        "orphans": insights.cycles(asked, ORPHANS),
        "cycles": insights.cycles(asked),
        "page": insights.cycles(asked, limit=2, offset=1),
        "values": insights.dimension_values("snapshot"),
        "health": insights.health_details(asked),
        "crossed": insights.crossed_breakdown(["weekday", "hour"], asked),
        "session": insights.crossed_breakdown(["session", "goal"], asked),
    }
    for cycle in found["cycles"]:
        found[cycle.cycle_id, cycle.goal] = insights.cycle(cycle.cycle_id, cycle.goal_id)
    for current in CURRENT:
        found[current.name] = insights.funnel(current.id, asked)
        found["dropped", current.name] = insights.drop_offs(current.id, asked)
        found["times", current.name] = [insights.times(current.id, asked, step_id=each.id) for each in current.steps]
        found["what-if", current.name] = insights.tallies(current.id, asked).under(GOALS[current.name][0])
    return found


@any_case
@given(log=events(), asked=filters)
def test_an_engine_answers_as_the_local_log(made: Made, log: list[GoalEvent], asked: Filters) -> None:
    once = list({e.id: e for e in log}.values())
    with workspace(once, False) as local, made(once, False) as engine:
        assert answers(engine, asked) == answers(local, asked)


def test_contested_steps_and_more_than_sixty_bits(made: Made) -> None:
    name, first = next(iter(GOALS.items()))
    start, middle, done = first[0].steps
    versions = [
        first[0].model_copy(
            update={
                "version": uuid_of(f"{name} v{number}"),
                "revision": number + 10,
                "steps": (
                    start,
                    middle.model_copy(
                        update={"metrics": middle.metrics.model_copy(update={"revenue": Decimal(number)})}
                    ),
                    done,
                ),
            }
        )
        for number in range(70)
    ]
    moment = datetime(2026, 10, 20, tzinfo=UTC)
    log = [
        GoalEvent(
            id=hex_id(f"{name} {number} {place}"),
            version=versions[(number * 7 + place * (1 + number % 3)) % 70].version,
            timestamp=moment + timedelta(hours=number, seconds=place // 3),
            goal_cycle_id=f"cycle {number}",
            step_id=[start.id, middle.id, middle.id, done.id, middle.id][place % 5],
            goal_id=first[0].id,
            session_id=f"session {number // 2}",
            snapshot_name=["it's", "a \\ b", None][number % 3],
            locale_name=["", "Ünï", "\U0001f600"][number % 3],
        )
        for number in range(80)
        for place in range(6)
    ]
    asked = Filters(span="all", snapshots=Choice(values=("a \\ b",), negated=True))
    with workspace(log, False) as local, made(log, False) as engine:
        for services in (local, engine):
            with services.workspace.documents.transaction() as tx:
                for version in versions:
                    tx.put("goal_versions", version.version, version.model_dump(mode="json"))
        found = answers(engine, asked)
        assert found["report"].totals.revenue > 0
        assert found == answers(local, asked)
