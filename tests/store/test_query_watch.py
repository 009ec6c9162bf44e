"""Queries that say how far they are, and end where nobody wants them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from goals_tui.domain.event import FIELDS
from goals_tui.store.duckdb_files import bare_connection
from goals_tui.store.events.bulk_import import watched
from tests.store.builders import event, ids, new_log

_ROWS = "FROM range(1_000_000_000) AS a(x), range(1_000_000) AS b(y) WHERE hash(x, y) = 0"
ENDLESS = f"SELECT count(*) {_ROWS}"
"""Runs for years unless it is stopped."""


class StoppedError(Exception):
    pass


def test_what_progress_raises_stops_the_query() -> None:
    heard: list[float] = []

    def stop(fraction: float) -> None:
        heard.append(fraction)
        if len(heard) == 3:
            raise StoppedError

    with bare_connection() as connection:
        with pytest.raises(StoppedError), watched(connection, stop):
            connection.execute(ENDLESS)
        assert len(heard) == 3
        assert heard == sorted(heard)
        assert all(0 <= fraction <= 1 for fraction in heard)
        assert connection.execute("SELECT 42").fetchone() == (42,), "the connection can be used again"


def test_what_is_stopped_between_two_queries_does_not_begin_the_next() -> None:
    refused = threading.Event()

    def stop(_fraction: float) -> None:
        refused.set()
        raise StoppedError

    with bare_connection() as connection, pytest.raises(StoppedError), watched(connection, stop):
        assert refused.wait(30)
        connection.execute(ENDLESS)


def test_work_that_got_to_its_end_is_done() -> None:
    refused = threading.Event()

    def stop(_fraction: float) -> None:
        refused.set()
        raise StoppedError

    with bare_connection() as connection:
        with watched(connection, stop):
            connection.execute("CREATE TABLE made AS SELECT 42 AS x")
            assert refused.wait(30)
        assert connection.execute("SELECT x FROM made").fetchone() == (42,)


def test_events_whose_writing_is_stopped_are_not_there(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append([event(1)])
    values = ", ".join(f"{'TIMESTAMP ' * (name == 'timestamp')}'2026-10-01' AS \"{name}\"" for name in FIELDS)

    def stop(_fraction: float) -> None:
        raise StoppedError

    with bare_connection() as connection, pytest.raises(StoppedError), watched(connection, stop):
        log.write_part(connection, f"SELECT {values} {_ROWS}")
    assert ids(log) == ["e1"]
