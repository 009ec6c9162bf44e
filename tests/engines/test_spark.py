"""Spark Connect with two workers: the real data, cancelling, and what comes while a reader is open."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services, create_workspace, open_services
from goals_tui.store.cycles.view import LogView
from goals_tui.store.engines import spark
from goals_tui.store.engines.address import parse_address
from goals_tui.store.engines.engine import Cancellation, Cancelled
from goals_tui.store.engines.table import IdCounts, compare_ids, push_missing
from tests.builders import book_a_flight, event
from tests.cli.conftest import Cli, cli
from tests.cli.test_real_data import (
    test_the_report_is_what_was_expected,
)
from tests.conftest import NOW, SHARED

SGD = SHARED / "data" / "sgd"
pytestmark = pytest.mark.skipif(not SGD.is_dir(), reason="the test data is not beside this checkout, in ../shared")

__all__ = ["cli", "test_the_report_is_what_was_expected"]


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory, spark_server: str) -> tuple[Path, str]:
    """A workspace with the real data, and the URL of a folder that they were pushed to."""
    place = tmp_path_factory.mktemp("sgd")
    url = f"{spark_server}?path={place}/lake/goal_events"
    made = create_workspace(place / "workspace", name="SGD", currency="USD", time_zone="UTC", clock=lambda: NOW, env={})
    made.imports.odata([SGD])
    made.engine_logs.push(url)
    return place / "workspace", url


@pytest.fixture(name="imported")
def _on_spark(cli: Cli, pushed: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs commands on the workspace with the real data in Spark."""
    path, url = pushed
    monkeypatch.setenv("GOALS_TUI_EVENTS", url)
    return lambda *arguments: cli(*arguments, workspace=path)


ALL = ["--span", "all", "--format", "json"]


@pytest.mark.parametrize(
    "command",
    [
        ["report", *ALL],
        ["report", "--from", "2026-10-20T05:00", "--to", "2026-11-03", "--time-zone", "Europe/Berlin", *ALL[2:]],
        ["funnel", "Book a Flight", *ALL],
        ["cycles", "--limit", "50", "--offset", "20", "--outcome", "partial", *ALL],
        ["breakdown", "endpoint,hour", "--time-zone", "America/New_York", *ALL],
        ["dropoffs", "Book a Flight", *ALL],
        ["times", "Book a Flight", *ALL],
        ["releases", *ALL],
        ["explain", "--from", "2026-10-01", "--to", "2026-10-31", *ALL[2:]],
        ["what-if", "Book a Flight", *ALL],
    ],
    ids=lambda command: command[0],
)
def test_the_same_bytes_come_as_from_the_workspace(command: list[str], cli: Cli, pushed: tuple[Path, str]) -> None:
    path, url = pushed
    here, there = (cli(*command, "--events", events, workspace=path) for events in ("", url))
    assert (there.code, there.err) == (here.code, here.err)
    assert there.out == here.out
    assert here.out


def test_a_query_is_cancelled_on_the_server(pushed: tuple[Path, str]) -> None:
    path, url = pushed
    services = open_services(path, clock=lambda: NOW, env={}, events=url)
    services.insights.report(Filters(span="all"))
    cancellation = Cancellation()
    with LogView(services.engine).reader(cancellation) as reader:
        threading.Timer(1, cancellation.cancel).start()
        # Of few rows: Sail keeps one side of a join in memory, and may go on after it was told to stop.
        few = ", ".join(f"(SELECT id FROM events LIMIT 1000) {name}" for name in "abcd")
        endless = f"SELECT count(*) FROM {few} WHERE a.id < b.id AND c.id < d.id"
        with pytest.raises(Cancelled):
            reader.rows(endless)
    assert services.insights.report(Filters(span="all")).totals.started


def test_new_events_are_seen(
    services: Services, tmp_path: Path, spark_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{spark_server}?path={tmp_path}/lake"
    goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.workspace.events.append([event(goal, goal.initial.name)])
    services.engine_logs.push(url)
    engine = spark.open_engine(parse_address(url, "the test"), None)
    engine.look()
    before = engine.stamp()
    services.workspace.events.append([event(goal, goal.initial.name, cycle="2", seconds=timedelta(days=1).seconds)])
    services.engine_logs.push(url)
    engine.look()
    assert engine.stamp() == before  # it is asked every five seconds only
    monkeypatch.setattr("goals_tui.store.engines.remote.STAMP_SECONDS", 0.0)
    again = spark.open_engine(parse_address(url, "the test"), None)
    again.look()
    assert again.stamp() != before


def test_a_folder_with_other_columns_is_refused(
    tmp_path: Path, spark_server: str, cli: Cli, services: Services
) -> None:
    import pyarrow
    from pyarrow import parquet

    lake = tmp_path / "lake"
    lake.mkdir()
    parquet.write_table(pyarrow.table({"id": ["a"], "timestamp": [1]}), lake / "part.parquet")
    refused = cli("report", "--events", f"{spark_server}?path={lake}")
    assert (refused.code, refused.err.count("\n")) == (1, 1)
    assert f"{lake} lacks the columns version, goalCycleId" in refused.err


def test_a_table_of_a_catalog_is_made_and_filled(services: Services, spark_server: str) -> None:
    goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    log = services.workspace.events
    log.append([event(goal, goal.initial.name, cycle=f"{number}") for number in range(5)])
    # The server's own catalog lives as long as a session, so all of this is one session.
    with closing(spark.open_table(parse_address(f"{spark_server}?table=default.made", "the test"), None)) as table:
        assert table.columns() is None
        first = push_missing(log, table, None, lambda _added, _total: None, batch=2)
        assert (first.added, first.created, table.problems()) == (5, True, [])
        assert push_missing(log, table, None, lambda _added, _total: None).added == 0
        assert table.counts() == (5, 0)
        assert compare_ids(log, table) == IdCounts(5, 5, 0, 0)


def test_a_program_without_a_file_reads_spark(pushed: tuple[Path, str], cli: Cli) -> None:
    path, url = pushed
    asked = ["report", *ALL, "--workspace", str(path), "--events", url]
    done = subprocess.run(
        [sys.executable, "-c", f"from goals_tui.cli.run import run; raise SystemExit(run({asked!r}))"],
        capture_output=True,
        text=True,
        env={**os.environ, "GOALS_TUI_NOW": "2026-11-20T12:00:00Z"},
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, cli(*asked).out), done.stderr
