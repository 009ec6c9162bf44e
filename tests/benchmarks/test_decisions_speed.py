"""Each question over 1,000,000 sealed events costs at most 1.3 times its bare DuckDB query.

By hand: pytest tests/benchmarks/test_decisions_speed.py -o addopts= -s
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from tests.benchmarks.test_report_speed import in_turn, services

__all__ = ["services"]

MOST = 1.3
YEAR = Filters(span="last-365-days")

_CYCLES = """
    SELECT goalId, goalCycleId, min("timestamp") FILTER (list_contains($initial, stepId)) AS started,
           coalesce(bool_or(list_contains($completing, stepId)), false) AS completed,
           bool_or(NOT list_contains($initial, stepId)) AS further {further}
    FROM read_parquet($files)
    WHERE (endpointType IS NULL OR endpointType NOT IN ('adminconsole', 'playbook', 'playbooks')) {where}
    GROUP BY goalId, goalCycleId
"""
_FIRST = 'arg_min({0}, "timestamp") FILTER (list_contains($initial, stepId)) AS {0}'
_STARTED = "WHERE started IS NOT NULL"
_COUNT = "count(*), count(*) FILTER (completed), count(*) FILTER (NOT completed AND further)"


def cycles(*columns: str, goal: bool = False, further: str = "") -> str:
    """The cycles as somebody would write them by hand, with columns of their first initial event."""
    more = "".join(f", {_FIRST.format(column)}" for column in columns) + further
    return _CYCLES.format(further=more, where="AND goalId = $goal" if goal else "")


_EXPLAIN = f"""
    WITH chosen AS MATERIALIZED (
        SELECT *, dayofweek(started) AS weekday, hour(started) AS hour, started >= $since AS now
        FROM ({cycles("endpointName", "localeName", "snapshotName", '"version"', "channel")}) WHERE started IS NOT NULL
    ) {
    " UNION ALL ".join(
        f"SELECT now, {one}::VARCHAR, count(*), count(*) FILTER (completed) FROM chosen GROUP BY now, {one}"
        for one in ("goalId", "endpointName", "localeName", "snapshotName", '"version"', "channel", "weekday", "hour")
    )
}
"""
_RELEASES = f"""
    SELECT snapshotName, endpointName, localeName, {_COUNT}, min(started), max(started)
    FROM ({cycles("endpointName", "localeName", "snapshotName")}) WHERE started IS NOT NULL
    GROUP BY snapshotName, endpointName, localeName
"""
_DROP_OFFS = f"""
    WITH chosen AS MATERIALIZED (
        SELECT * FROM ({
    cycles(
        goal=True,
        further=', max("timestamp") AS ended, min(sessionId) AS session, list_sort(list(DISTINCT stepId)) AS steps',
    )
}) WHERE started IS NOT NULL
    )
    SELECT c.steps, e.goalId, e.stepId, count(DISTINCT c.goalCycleId)
    FROM chosen c LEFT JOIN (SELECT * FROM read_parquet($files)) e
      ON e.sessionId = c.session AND e."timestamp" > c.ended AND NOT c.completed
    GROUP BY ALL
"""
_TIMES = f"""
    SELECT reached - started AS after, following - started AS until, count(*) FROM (
        SELECT *, lead(started) OVER (PARTITION BY session ORDER BY started) AS following
        FROM ({
    cycles(
        goal=True,
        further=', min("timestamp") FILTER (list_contains($completing, stepId)) AS reached, min(sessionId) AS session',
    )
})
    ) WHERE started IS NOT NULL GROUP BY ALL
"""
_WHAT_IF = f"""
    SELECT steps, count(*) FROM ({cycles(goal=True, further=", list_sort(list(DISTINCT stepId)) AS steps")})
    WHERE started IS NOT NULL GROUP BY steps
"""


def bare(services: Services, connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    goals = services.goals.all()
    values = {
        "files": [str(path) for path in (services.workspace.path / "events").glob("*.parquet")],
        "initial": [g.initial.id for g in goals],
        "completing": [s.id for g in goals for s in g.steps if s.kind == "completion"],
        "goal": goals[0].id,
        "since": services.clock().replace(tzinfo=None),
    }
    return connection.execute(sql, {key: value for key, value in values.items() if f"${key}" in sql}).fetchall()


QUESTIONS: dict[str, tuple[str, Callable[[Services], object]]] = {
    "breakdown": (
        f"SELECT endpointName, {_COUNT} FROM ({cycles('endpointName')}) {_STARTED} GROUP BY endpointName",
        lambda services: services.insights.crossed_breakdown(["endpoint"], YEAR),
    ),
    "compare": (
        f"SELECT snapshotName, {_COUNT} FROM ({cycles('snapshotName')}) {_STARTED} GROUP BY snapshotName",
        lambda services: services.insights.compare("snapshot", "v1", "v2", YEAR),
    ),
    "explain": (_EXPLAIN, lambda services: services.insights.explain(Filters(span="last-30-days"))),
    "dropoffs": (_DROP_OFFS, lambda services: services.insights.drop_offs(services.goals.all()[0].id, YEAR)),
    "times": (_TIMES, lambda services: services.insights.times(services.goals.all()[0].id, YEAR)),
    "releases": (_RELEASES, lambda services: services.insights.releases(YEAR)),
    "what-if": (_WHAT_IF, lambda services: services.insights.tallies(services.goals.all()[0].id, YEAR)),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_against_its_bare_query(services: Services, question: str) -> None:
    sql, ask = QUESTIONS[question]
    with duckdb.connect() as connection:
        by_hand, ours = in_turn(lambda: bare(services, connection, sql), lambda: ask(services))
    print(f"\n{question}: bare {by_hand * 1000:.0f} ms, ours {ours * 1000:.0f} ms ({ours / by_hand:.2f}x)")
    assert ours / by_hand <= MOST


def test_what_if_prices_again_without_a_scan(services: Services) -> None:
    goal = services.goals.all()[0]
    tallies = services.insights.tallies(goal.id, YEAR)
    edited = goal.model_copy(
        update={"steps": (goal.initial, *(s.model_copy(update={"kind": "completion"}) for s in goal.further))}
    )
    (again,) = in_turn(lambda: tallies.under(edited))
    print(f"\nunder an edited goal {again * 1000:.1f} ms")
    assert again < 0.05
