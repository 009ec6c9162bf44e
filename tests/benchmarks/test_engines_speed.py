"""Over 10,000,000 events, a report on chdb costs at most 1.3 times the bare ClickHouse query for the same cycles.

By hand: pytest tests/benchmarks/test_engines_speed.py -o addopts= -s
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from goals_tui.domain.event import FIELDS
from goals_tui.domain.filters import Filters
from goals_tui.services.context import open_services
from goals_tui.store.engines.address import open_table, parse_address
from tests.benchmarks import million
from tests.benchmarks import test_report_speed as report_speed
from tests.benchmarks.test_import_speed import read_and_write
from tests.benchmarks.test_report_speed import GOALS, NOW, bare, in_turn
from tests.benchmarks.timing import measured
from tests.builders import book_a_flight

pytest.importorskip("chdb", reason="needs the extra `engines`")
pytest.importorskip("clickhouse_connect", reason="needs the extra `engines`")

EVENTS = 10_000_000
MOST = 1.3
MOST_MEMORY = 2.5e9
"""Bytes that the import may take, of which DuckDB may take 1 GB."""

MOST_OF_A_QUESTION = 3.5e9
"""Bytes that a command which counts may take: a row for each of 4,600,000 cycles is in memory."""

YEAR = Filters(span="last-365-days")

_BARE = """
    SELECT goalId, day, count(), countIf(completed), countIf(NOT completed AND further)
    FROM (
        SELECT goalId, goalCycleId, toDate(minOrNullIf(timestamp, stepId IN {initial:Array(String)})) AS day,
               max(stepId IN {completing:Array(String)}) AS completed,
               max(stepId NOT IN {initial:Array(String)}) AS further
        FROM events
        WHERE endpointType IS NULL OR endpointType NOT IN ('adminconsole', 'playbook', 'playbooks')
        GROUP BY goalId, goalCycleId
    ) WHERE day IS NOT NULL GROUP BY goalId, day
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the events, which are in a folder of chdb, too."""
    folder = tmp_path_factory.mktemp("engines")
    events = report_speed._EVENTS.replace("LIMIT 1000000", f"LIMIT {EVENTS}").replace("ORDER BY n", "")
    made = report_speed.filled(folder / "w", events.format(cycles=EVENTS * 46 // 100, goals=GOALS), EVENTS)
    with closing(open_table(parse_address(url(folder / "w"), "the benchmark"), None)) as table:
        table.create()
        # Much faster than `events push`, which can be stopped at any point.
        listed = ", ".join(f"`{field}`" for field in FIELDS)
        parts = f"file('{made.workspace.path}/events/*.parquet', Parquet)"
        table._client.command(f"INSERT INTO events ({listed}) SELECT {listed} FROM {parts}")
    return folder / "w"


def url(workspace: Path) -> str:
    """The table of chdb beside a workspace."""
    return f"chdb://{workspace.parent}/ch/default?table=events"


@pytest.fixture(scope="module")
def client(workspace: Path) -> Iterator[Any]:
    """A client of the same chdb."""
    import clickhouse_connect

    made = clickhouse_connect.get_client(interface="chdb", path=str(workspace.parent / "ch"))
    yield made
    made.close()


def test_the_import_of_ten_million_events(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    million.export(book_a_flight(), file, EVENTS)
    began = time.perf_counter()
    read_and_write(file, tmp_path / "bare.parquet")
    bare_seconds = time.perf_counter() - began
    measured(tmp_path / "w", "init", tmp_path / "w", "--name", "Speed")
    seconds, memory = measured(tmp_path / "w", "import", "odata", file)
    print(
        f"\nDuckDB reads and writes {EVENTS:,} events in {bare_seconds:.1f} s, the import takes {seconds:.1f} s "
        f"({seconds / bare_seconds:.2f}x), at most {memory / 1e6:.0f} MB of memory"
    )
    assert memory <= MOST_MEMORY


def test_the_memory_of_commands_over_ten_million_events(workspace: Path) -> None:
    year = ("--span", "last-365-days", "--format", "json")
    for events, engine in (("", "DuckDB"), (url(workspace), "chdb")):
        for command in (["report"], ["funnel", "Goal 0"]):
            seconds, memory = measured(workspace, *command, *year, "--events", events)
            print(f"\n{command[0]} on {engine}: {seconds:.1f} s, at most {memory / 1e6:.0f} MB", end="")
            assert memory <= MOST_OF_A_QUESTION, (command, engine)


def test_a_report_and_a_funnel_over_ten_million_events(workspace: Path, client: Any) -> None:
    import duckdb

    here = open_services(workspace, clock=lambda: NOW, env={})
    there = open_services(workspace, clock=lambda: NOW, env={}, events=url(workspace))
    goals = here.goals.all()
    steps = {
        "initial": [goal.initial.id for goal in goals],
        "completing": [step.id for goal in goals for step in goal.steps if step.kind == "completion"],
    }
    assert there.insights.report(YEAR) == here.insights.report(YEAR)
    with duckdb.connect() as connection:
        by_hand, ours, of_clickhouse, on_clickhouse = in_turn(
            lambda: bare(here, connection),
            lambda: here.insights.report(YEAR),
            lambda: client.query(_BARE, parameters=steps).result_rows,
            lambda: there.insights.report(YEAR),
            rounds=3,
        )
    funnel, funnel_there = in_turn(
        lambda: here.insights.funnel(goals[0].id, YEAR), lambda: there.insights.funnel(goals[0].id, YEAR), rounds=1
    )
    print(
        f"\nDuckDB: bare {by_hand:.2f} s, report {ours:.2f} s ({ours / by_hand:.2f}x), funnel {funnel:.2f} s"
        f"\nchdb: bare {of_clickhouse:.2f} s, report {on_clickhouse:.2f} s ({on_clickhouse / of_clickhouse:.2f}x), "
        f"funnel {funnel_there:.2f} s"
    )
    assert on_clickhouse / of_clickhouse <= MOST
