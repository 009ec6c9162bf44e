"""A report over 1,000,000 sealed events costs at most 1.5 times the bare query that counts the same cycles.

By hand: pytest tests/benchmarks/test_report_speed.py -o addopts= --benchmark-enable -s
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from goals_tui.domain.event import FIELDS
from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services, create_workspace, open_services
from tests.builders import goal, step

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CYCLES = 460_000
GOALS = 6
MOST = 1.5
ROUNDS = 9

_EVENTS = """
    SELECT printf('%024x', n * 10 + place) AS id, g.version AS "version",
           TIMESTAMP '2025-11-21' + to_microseconds(CAST(n / {cycles} * 364.5 * 86400e6 AS BIGINT))
               + to_seconds(47 * place) AS "timestamp",
           CAST(md5('cycle' || n) AS VARCHAR)[1:8] || '-' || md5('cycle' || n)[9:12] || '-' || md5('cycle' || n)[13:16]
               || '-' || md5('cycle' || n)[17:20] || '-' || md5('cycle' || n)[21:32] AS "goalCycleId",
           g.steps[place + 1] AS "stepId", g.goal AS "goalId", 'session-' || md5('session' || n) AS "sessionId",
           NULL AS "projectId", NULL AS "organisationId", NULL AS "expiresAt",
           ['Deutsch', 'English', 'Español'][1 + r % 3] AS "localeName", NULL AS "localeReferenceId",
           ['Webchat', 'WhatsApp', 'Voice', 'Interaction Panel'][1 + r // 3 % 4] AS "endpointName",
           ['webchat', 'whatsapp', 'voice', 'adminconsole'][1 + r // 3 % 4] AS "endpointType",
           NULL AS "endpointUrlToken", NULL AS "channel", NULL AS "snapshotId",
           [NULL, 'v1', 'v2'][1 + r // 7 % 3] AS "snapshotName"
    FROM (SELECT range AS n, CAST(hash(range) % 1000003 AS BIGINT) AS r FROM range({cycles}))
    JOIN goals g ON g.number = n % {goals}, range(4) AS places(place)
    WHERE place <= r // 11 % 5 % 4
    ORDER BY n LIMIT 1000000
"""

_BARE = """
    SELECT goalId, day, count(*), count(*) FILTER (completed), count(*) FILTER (NOT completed AND further)
    FROM (
        SELECT goalId, goalCycleId, CAST(min("timestamp") FILTER (list_contains($initial, stepId)) AS DATE) AS day,
               coalesce(bool_or(list_contains($completing, stepId)), false) AS completed,
               bool_or(NOT list_contains($initial, stepId)) AS further
        FROM read_parquet($files)
        WHERE endpointType IS NULL OR endpointType NOT IN ('adminconsole', 'playbook', 'playbooks')
        GROUP BY goalId, goalCycleId
    ) WHERE day IS NOT NULL GROUP BY goalId, day
"""


def _goals() -> list[Goal]:
    names = [f"Goal {number}" for number in range(GOALS)]
    return [
        goal(
            name,
            step("Start", "initial", goal_name=name),
            step("One", cost="1.25", time="00:01:00", goal_name=name),
            step("Two", revenue="0.10", goal_name=name),
            step("Done", "completion", cost="12.50", revenue="45.00", time="00:08:00", goal_name=name),
        )
        for name in names
    ]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return filled(tmp_path_factory.mktemp("speed") / "w", _EVENTS.format(cycles=CYCLES, goals=GOALS), 1_000_000)


def filled(folder: Path, sql: str, events: int) -> Services:
    """A workspace with these goals and the `events` that a query gives."""
    made = create_workspace(folder, name="Speed", clock=lambda: NOW, env={})
    goals = _goals()
    with made.workspace.documents.transaction() as tx:
        for known in goals:
            tx.put("goals", known.id, known.model_dump(mode="json"))
    with made.workspace.events.connect() as connection:
        connection.execute("CREATE TABLE goals (number INTEGER, goal VARCHAR, version VARCHAR, steps VARCHAR[])")
        for number, known in enumerate(goals):
            row = [number, known.id, known.version, [reached.id for reached in known.steps]]
            connection.execute("INSERT INTO goals VALUES (?, ?, ?, ?)", row)
        columns = ", ".join(f'"{field}"' for field in FIELDS)
        assert made.workspace.events.write_part(connection, f"SELECT {columns} FROM ({sql})") == events
    return made


def bare(services: Services, connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """The query that somebody would write by hand for this log: steps known beforehand, nothing priced."""
    goals = services.goals.all()
    return connection.execute(
        _BARE,
        {
            "files": [str(path) for path in (services.workspace.path / "events").glob("*.parquet")],
            "initial": [g.initial.id for g in goals],
            "completing": [s.id for g in goals for s in g.steps if s.kind == "completion"],
        },
    ).fetchall()


def in_turn(*work: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """The shortest seconds of each of several rounds, in turns: what else the machine does only ever adds to them."""
    times: list[list[float]] = [[] for _ in work]
    for _ in range(rounds):
        for place, run in enumerate(work):
            began = time.perf_counter()
            run()
            times[place].append(time.perf_counter() - began)
    return [min(found) for found in times]


def test_the_bare_query_counts_the_same_cycles(services: Services) -> None:
    with duckdb.connect() as connection:
        rows = bare(services, connection)
    report = services.insights.report(Filters(span="last-365-days"))
    assert report.totals.started == sum(row[2] for row in rows)
    assert report.totals.completed == sum(row[3] for row in rows)
    assert report.totals.partial == sum(row[4] for row in rows)
    assert len(report.days) == len(rows)
    assert report.totals.cost_savings > Decimal(0)


def test_report_against_the_bare_query(services: Services, benchmark: BenchmarkFixture) -> None:
    def cold_bare() -> None:
        with duckdb.connect() as connection:
            bare(services, connection)

    year, week = Filters(span="last-365-days"), Filters()
    with duckdb.connect() as connection:
        by_hand, of_year, of_week, cold, cold_by_hand = in_turn(
            lambda: bare(services, connection),
            lambda: services.insights.report(year),
            lambda: services.insights.report(week),
            lambda: open_services(services.path, clock=lambda: NOW, env={}).insights.report(week),
            cold_bare,
        )
    benchmark.pedantic(services.insights.report, args=(year,), rounds=3)
    print(
        f"\nbare query {by_hand * 1000:.0f} ms; report of 365 days {of_year * 1000:.0f} ms ({of_year / by_hand:.2f}x), "
        f"of 7 days {of_week * 1000:.0f} ms ({of_week / by_hand:.2f}x); the first after opening "
        f"{cold * 1000:.0f} ms, bare with its connection {cold_by_hand * 1000:.0f} ms ({cold / cold_by_hand:.2f}x)"
    )
    assert of_year / by_hand <= MOST
    assert of_week / by_hand <= MOST
    assert cold / cold_by_hand <= MOST


def test_a_list_of_cycles_is_paged_without_delay(services: Services, benchmark: BenchmarkFixture) -> None:
    began = time.perf_counter()
    with services.insights.cycle_list(Filters(span="all")) as found:
        print(f"\n{len(found)} cycles found in {(time.perf_counter() - began) * 1000:.0f} ms")
        page = benchmark(found.page, len(found) // 2, 60)
        assert len(page) == 60
