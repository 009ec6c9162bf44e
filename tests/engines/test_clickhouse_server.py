"""The ClickHouse server of the tests, asked by clickhouse-connect as the program does."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.engines.conftest import ClickHouse, clickhouse

ENDLESS = "SELECT count() FROM numbers(100000000000) WHERE number % 7 = 3"


def client(server: ClickHouse, **options: Any) -> Any:
    import clickhouse_connect

    given = {"host": "127.0.0.1", "port": server.port, "username": server.user, "password": server.password}
    return clickhouse_connect.get_client(**given | options)


def refused(ask: Any) -> int | None:
    from clickhouse_connect.driver.exceptions import DatabaseError

    with pytest.raises(DatabaseError) as error:
        ask()
    return error.value.code


@pytest.mark.parametrize("compress", ["lz4", "zstd", "gzip", False])
def test_rows_come_back_as_they_were_inserted(clickhouse_server: ClickHouse, compress: str | bool) -> None:
    asked = client(clickhouse_server, compress=compress)
    asked.command(
        """CREATE OR REPLACE TABLE kinds (id String, name LowCardinality(Nullable(String)),
           moment DateTime64(6, 'UTC')) ENGINE = MergeTree ORDER BY id"""
    )
    rows = [("a", None, datetime(2026, 1, 1)), ("it's \\ `b`\n", "x", datetime(2026, 1, 2, 1, 2, 3, 456_789))]
    asked.insert(
        "kinds", [(*row[:2], row[2].replace(tzinfo=UTC)) for row in rows], column_names=["id", "name", "moment"]
    )
    found = asked.query(
        "SELECT * FROM kinds WHERE id IN {ids:Array(String)} ORDER BY id", parameters={"ids": [row[0] for row in rows]}
    )
    assert found.result_rows == rows
    lines = b'{"id": "c"}\n{"id": "d"}\n'
    assert asked.raw_insert("kinds", ["id"], lines, fmt="JSONEachRow").written_rows == 2
    assert asked.command("SELECT count() FROM kinds") == 4


def test_a_session_keeps_its_temporary_tables(clickhouse_server: ClickHouse) -> None:
    mine, other = client(clickhouse_server), client(clickhouse_server)
    mine.command("CREATE TEMPORARY TABLE kept (a Int64)")
    mine.insert("kept", [[1], [2]], column_names=["a"])
    assert mine.query("SELECT sum(a) FROM kept").result_rows == [(3,)]
    assert refused(lambda: other.query("SELECT * FROM kept")) == 60


def test_errors_carry_their_codes(clickhouse_server: ClickHouse) -> None:
    asked = client(clickhouse_server)
    assert refused(lambda: client(clickhouse_server, password="wrong")) == 516
    assert refused(lambda: client(clickhouse_server, username="", password="")) == 194
    assert refused(lambda: asked.query("SELECT * FROM nothing")) == 60
    assert refused(lambda: asked.query("SELECT nothing FROM system.one")) == 47
    assert refused(lambda: client(clickhouse_server, database="nothing").query("SELECT 1")) == 81
    assert refused(lambda: asked.query(ENDLESS, settings={"max_execution_time": 1})) == 159
    assert asked.query("SELECT toFloat64(getSetting('max_execution_time'))").result_rows == [(0.0,)]


def test_nothing_is_written_where_that_is_forbidden(clickhouse_server: ClickHouse) -> None:
    table = "CREATE TABLE forbidden (a Int8) ENGINE = Memory"
    asked = client(clickhouse_server)
    assert refused(lambda: asked.command(table, settings={"readonly": 1})) == 164
    with clickhouse("--readonly") as server:
        reader = client(server)
        assert reader.query("SELECT 1", settings={"max_threads": 1}).result_rows == [(1,)]
        assert refused(lambda: reader.command(table)) == 164


def test_a_query_is_killed_by_its_id(clickhouse_server: ClickHouse) -> None:
    asked, other = client(clickhouse_server), client(clickhouse_server)
    codes: list[int | None] = []
    running = threading.Thread(
        target=lambda: codes.append(refused(lambda: asked.query(ENDLESS, settings={"query_id": "o'ne"})))
    )
    running.start()
    for _ in range(1000):
        if other.command("SELECT count() FROM system.processes WHERE query LIKE '%numbers(1000000%'") > 1:
            break
    other.command("KILL QUERY WHERE query_id = 'o\\'ne' SYNC")
    running.join(20)
    assert codes == [394]


def test_without_a_client_library(clickhouse_server: ClickHouse) -> None:
    url = f"http://127.0.0.1:{clickhouse_server.port}/"
    user = {"X-ClickHouse-User": clickhouse_server.user, "X-ClickHouse-Key": clickhouse_server.password}
    assert urllib.request.urlopen(url + "ping").read() == b"Ok.\n"
    asked = urllib.request.Request(
        url + "?query=SELECT+%7Bx:String%7D+AS+x+FORMAT+JSONEachRow&param_x=a'b", headers=user
    )
    assert json.load(urllib.request.urlopen(asked)) == {"x": "a'b"}
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(url + "?query=SELECT+1")
    assert error.value.code == 401
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(url + "?query=SELECT+1&user=x&password=y")
    assert (error.value.code, error.value.headers["X-ClickHouse-Exception-Code"]) == (403, "516")
