"""Filling a log in an engine from the workspace's own, and comparing the two."""

from __future__ import annotations

import json
import re
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import goals_tui
from goals_tui.domain.event import FIELDS, GoalEvent
from goals_tui.services.context import create_workspace
from goals_tui.store.engines.address import open_table, parse_address
from goals_tui.store.engines.table import push_missing
from tests.builders import event, goal
from tests.cli.conftest import Cli, Result, cli, program
from tests.engines.conftest import ClickHouse, clickhouse

__all__ = ["cli"]

FLIGHT = goal("Book a Flight", "Flight selected", "Seat chosen", "◎ Booked", version=0)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with one goal and 31 events, of which one stands twice."""
    opened = create_workspace(tmp_path / "workspace", name="Flight Desk", time_zone="Europe/Berlin", env={})
    opened.goals.save(FLIGHT)
    saved = opened.goals.get(FLIGHT.id)
    events = [
        event(saved, step.name, cycle=f"{number}", session=f"session {number}", seconds=3600.0 * number)
        for number in range(10)
        for step in saved.steps
    ]
    opened.workspace.events.append([*events, events[0]])
    return tmp_path / "workspace"


def url_of(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if kind == "spark":
        return f"{request.getfixturevalue('spark_server')}?path={tmp_path}/lake/goal_events"
    server: ClickHouse = request.getfixturevalue("clickhouse_server")
    return server.url(tmp_path.name)


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOALS_TUI_EVENTS_PASSWORD", ClickHouse.password)


def asked(server: ClickHouse) -> Any:
    import clickhouse_connect

    return clickhouse_connect.get_client(
        host="127.0.0.1", port=server.port, username=server.user, password=server.password
    )


@pytest.mark.parametrize("kind", ["clickhouse", "spark"])
def test_what_is_missing_is_added_by_id(
    kind: str, cli: Cli, workspace: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = url_of(kind, request, tmp_path)
    before = cli("events", "check", url)
    assert before.code == 3
    assert "There is no " in before.out

    first = cli("events", "push", url, "--since", "2026-10-01T14:00Z", "--format", "json")
    assert (first.code, first.json["added"], first.json["created"]) == (0, 12, True), first.err
    rest = cli("events", "push", url, "--format", "json").json
    assert (rest["added"], rest["known"], rest["created"]) == (18, 12, False)
    assert cli("events", "push", url, "--format", "json").json["added"] == 0

    checked = cli("events", "check", url, "--format", "json")
    assert checked.json == {
        "engine": checked.json["engine"],
        "columns": "ok",
        "events": {"here": 30, "there": 30, "only_here": 0, "only_there": 0},
        "duplicates": {"here": 1, "there": 0},
        "same_report": True,
        "problems": [],
    }
    assert checked.code == 0
    here, there = (cli("report", "--span", "all", "--events", events, "--format", "json").json for events in ("", url))
    assert here.pop("health") | {"duplicate_events": 0} == there.pop("health")
    assert (here, here["totals"]["started"]) == (there, 10)


def test_steps_of_one_instant_survive_the_merging_of_parts(workspace: Path, clickhouse_server: ClickHouse) -> None:
    url = clickhouse_server.url("one_instant")
    assert program("--workspace", workspace, "events", "push", url).code == 0
    client = asked(clickhouse_server)
    client.command("OPTIMIZE TABLE one_instant FINAL")
    assert client.command("SELECT count() FROM one_instant") == 30
    kinds = client.command("SELECT engine_full FROM system.tables WHERE name = 'one_instant'")
    assert "ReplacingMergeTree PARTITION BY toYYYYMM(timestamp) ORDER BY (goalId, goalCycleId, timestamp, id)" in kinds
    # What is added twice goes when parts are merged.
    client.command("INSERT INTO one_instant SELECT * FROM one_instant")
    repeated = json.loads(program("--workspace", workspace, "events", "check", url, "--format", "json").out)
    assert (repeated["duplicates"]["there"], repeated["same_report"]) == (30, True)
    client.command("OPTIMIZE TABLE one_instant FINAL")
    assert client.command("SELECT count() FROM one_instant") == 30


def test_a_push_that_was_killed_goes_on_where_it_was(
    workspace: Path, clickhouse_server: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = clickhouse_server.url("killed")
    code = f"""
import os
from functools import partial
from goals_tui.services import engine_logs
from goals_tui.store.engines import clickhouse
engine_logs.push_missing = partial(engine_logs.push_missing, batch=7)
add, added = clickhouse.ClickHouseTable.add, []
def add_and_die(self, file, events):
    add(self, file, events)
    added.append(events)
    if len(added) == 2:
        os._exit(9)
clickhouse.ClickHouseTable.add = add_and_die
from goals_tui.cli.run import run
run(["--workspace", {str(workspace)!r}, "events", "push", {url!r}])
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert asked(clickhouse_server).command("SELECT count() FROM killed") == 14
    again = json.loads(program("--workspace", workspace, "events", "push", url, "--format", "json").out)
    assert (again["added"], again["known"]) == (16, 14)
    assert asked(clickhouse_server).command("SELECT count() FROM killed") == 30
    oldest = asked(clickhouse_server).query("SELECT id FROM killed ORDER BY timestamp, id LIMIT 1").result_rows
    assert oldest


def test_progress_is_told_batch_by_batch(workspace: Path, clickhouse_server: ClickHouse) -> None:
    from goals_tui.services.context import open_services

    address = parse_address(clickhouse_server.url("progress"), "The URL")
    told: list[tuple[int, int]] = []
    log = open_services(workspace, env={}).workspace.events
    with closing(open_table(address, clickhouse_server.password)) as table:
        push_missing(log, table, None, lambda *progress: told.append(progress), batch=12)
    assert told == [(0, 30), (12, 30), (24, 30), (30, 30)]


def test_every_field_of_an_event_comes_back(tmp_path: Path, cli: Cli, clickhouse_server: ClickHouse) -> None:
    opened = create_workspace(tmp_path / "workspace", name="Fields", env={})
    texts = {name: f"{name} 'ä\\\n\t`\"" for name in FIELDS if name != "timestamp"}
    full = GoalEvent.model_validate({**texts, "timestamp": datetime(1999, 12, 31, 23, 59, 59, 999_000, UTC)})
    bare = GoalEvent(
        id="b", timestamp=datetime(2199, 1, 1, tzinfo=UTC), goal_cycle_id="c", step_id="s", goal_id="g", session_id="x"
    )
    opened.workspace.events.append([full, bare])
    assert cli("events", "push", clickhouse_server.url("fields")).code == 0
    client = asked(clickhouse_server)
    rows = client.query(f"SELECT {', '.join(FIELDS)} FROM fields ORDER BY timestamp").result_rows
    expected = [[getattr(one, field) for field in GoalEvent.model_fields] for one in (full, bare)]
    assert [[cell or None for cell in row] for row in rows] == [
        [cell.replace(tzinfo=None) if isinstance(cell, datetime) else cell or None for cell in row] for row in expected
    ]


@contextmanager
def in_one_line(result: Result, *parts: str) -> Iterator[None]:
    assert result.code == 1, result
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert "Traceback" not in result.err
    for part in parts:
        assert part in result.err
    assert ClickHouse.password not in result.err
    yield


def test_what_can_be_wrong_is_said_in_one_line(
    cli: Cli, workspace: Path, clickhouse_server: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = clickhouse_server.url("nothing")
    client = asked(clickhouse_server)
    client.command("CREATE TABLE wrong (id UInt64, timestamp String) ENGINE = Memory")

    def say(*parts: str, url: str = url) -> None:
        for command in (["report"], ["cycles"], ["funnel", "Book a Flight"]):
            with in_one_line(cli(*command, "--events", url), *parts):
                pass

    say("There is no table default.nothing", "events push")
    say("There is no database 'no_database'", url=clickhouse_server.url("t", "no_database"))
    say("wrong lacks the columns version, ", "engines.md", url=clickhouse_server.url("wrong"))
    say("There is no host 'no-host.invalid'", url="clickhouse://no-host.invalid/d?table=t")
    say("nothing answers there", url="clickhouse://127.0.0.1:1/d?table=t")
    say("There is no host 'no-host.invalid'", url="sc://no-host.invalid?table=t")
    say("nothing answers there", url="sc://127.0.0.1:1?table=t")
    monkeypatch.setenv("GOALS_TUI_EVENTS_PASSWORD", "wrong")
    say("refused the user 'writer'", "GOALS_TUI_EVENTS_PASSWORD")
    monkeypatch.delenv("GOALS_TUI_EVENTS_PASSWORD")
    say("refused the user 'writer'", "Set its password in GOALS_TUI_EVENTS_PASSWORD")


def test_a_user_who_may_only_read_can_read_but_not_push(cli: Cli, workspace: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with clickhouse("--path", str(data)) as server:
        assert cli("events", "push", server.url("kept")).code == 0
    with clickhouse("--path", str(data), "--readonly") as server:
        own = cli("report", "--span", "all", "--format", "json", "--events", "").json
        assert (
            cli("report", "--span", "all", "--format", "json", "--events", server.url("kept")).json["totals"]
            == own["totals"]
        )
        refused = cli("events", "push", server.url("new"))
        with in_one_line(refused, "does not allow the user 'writer'"):
            pass


WRITERS = [
    ["track", "--session", "s", "--goal", "Book a Flight", "--step", "Flight selected"],
    ["goals", "delete", "Book a Flight", "--confirm", "Book a Flight"],
    ["import", "csv", "rows.csv", "--goal", "New", "--cycle", "c", "--step", "s", "--time", "t"],
]


@pytest.mark.parametrize("command", WRITERS, ids=lambda command: command[0])
@pytest.mark.parametrize("source", ["--events", "GOALS_TUI_EVENTS", "values.yaml"])
def test_what_writes_events_says_that_the_log_is_read_only(
    command: list[str], source: str, cli: Cli, workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("c,s,t\n1,a,2026-11-19T10:00:00Z\n1,b,2026-11-19T11:00:00Z\n")
    # The server isn't asked, so it need not be there.
    url = "clickhouse://reader@127.0.0.1:1/analytics?table=goal_events"
    files = {file: file.read_bytes() for file in workspace.rglob("*") if file.is_file() and file.suffix != ".lock"}
    if source == "values.yaml":
        (workspace / source).write_text(f"events: {url}\n")
    elif source == "GOALS_TUI_EVENTS":
        monkeypatch.setenv(source, url)
    options = ["--events", url] if source == "--events" else []
    refused = cli(*command, *options)
    with in_one_line(refused, "read only", "127.0.0.1:1 analytics.goal_events", source):
        pass
    (workspace / "values.yaml").unlink(missing_ok=True)
    assert {f: f.read_bytes() for f in workspace.rglob("*") if f.is_file() and f.suffix != ".lock"} == files


def test_a_folder_of_chdb_that_is_not_there_stays_away(cli: Cli, workspace: Path, tmp_path: Path) -> None:
    url = f"chdb://{tmp_path}/ch/default?table=goal_events"
    with in_one_line(cli("report", "--events", url), "There is no table default.goal_events", "events push"):
        pass
    assert cli("events", "check", url).code == 3
    assert not (tmp_path / "ch").exists()


def test_a_table_of_chdb_is_pushed_to_and_read(workspace: Path, tmp_path: Path) -> None:
    url = f"chdb://{tmp_path}/ch/default?table=goal_events"
    here = ["--workspace", workspace]
    assert program(*here, "events", "push", url).code == 0
    for command in (["report"], ["funnel", "Book a Flight"], ["times", "Book a Flight"]):
        asked = [*here, *command, "--span", "all", "--format", "csv", "--events"]
        own, there = (program(*asked, at) for at in ("", url))
        assert (there.code, there.out, there.err) == (0, own.out, "")


def test_a_column_of_another_type_is_said(cli: Cli, workspace: Path, clickhouse_server: ClickHouse) -> None:
    url = clickhouse_server.url("types")
    assert cli("events", "push", clickhouse_server.url("typed")).code == 0
    asked(clickhouse_server).command(
        "CREATE TABLE types ENGINE = Memory AS SELECT * REPLACE ([sessionId] AS sessionId) FROM typed"
    )
    with in_one_line(cli("report", "--events", url), "The column sessionId of default.types is Array(String)"):
        pass
    asked(clickhouse_server).command("ALTER TABLE types DROP COLUMN endpointName")
    with in_one_line(cli("report", "--events", url), "default.types lacks the column endpointName"):
        pass
    checked = cli("events", "check", url, "--format", "json")
    assert (checked.code, len(checked.json["columns"])) == (3, 2)


def test_the_view_of_the_documentation_is_read(cli: Cli, workspace: Path, clickhouse_server: ClickHouse) -> None:
    page = (Path(goals_tui.__file__).parent / "docs" / "engines.md").read_text("utf-8")
    view = page.partition("<!-- view -->\n```sql\n")[2].partition("```")[0]
    client = asked(clickhouse_server)
    assert cli("events", "push", clickhouse_server.url("pushed")).code == 0
    client.command("CREATE DATABASE views")
    client.command(
        """CREATE TABLE views.tracking ENGINE = Memory AS SELECT
             toUUID(concat('00000000-', substring(id, 1, 4), '-', substring(id, 5, 4), '-', substring(id, 9, 4), '-',
                           substring(id, 13, 12))) AS event_uuid,
             version AS goal_version, toUnixTimestamp64Milli(timestamp) AS occurred_ms, goalCycleId AS attempt,
             stepId AS step, goalId AS goal, sessionId AS conversation, coalesce(localeName, '') AS language,
             coalesce(endpointName, '') AS endpoint, coalesce(snapshotName, '') AS release
           FROM pushed"""
    )
    client.command(view.replace("goal_events", "views.goal_events").replace("FROM tracking", "FROM views.tracking"))
    url = clickhouse_server.url(database="views")
    here, there = (cli("report", "--span", "all", "--events", at, "--format", "json").json for at in ("", url))
    assert (there["totals"], there["goals"]) == (here["totals"], here["goals"])


def test_a_query_that_takes_too_long_is_stopped(
    cli: Cli, workspace: Path, clickhouse_server: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    from goals_tui.store.engines import clickhouse as module

    assert cli("events", "push", clickhouse_server.url("slow_source")).code == 0
    asked(clickhouse_server).command(
        "CREATE OR REPLACE VIEW slow AS SELECT * FROM slow_source "
        "WHERE (SELECT count() FROM numbers(100000000000) WHERE number % 7 = 3) > 0"
    )
    monkeypatch.setattr(module, "LONGEST_QUERY", 1)
    with in_one_line(cli("report", "--events", clickhouse_server.url("slow")), "took too long"):
        pass


def test_a_connection_that_breaks_in_the_middle_of_an_answer_is_said(
    cli: Cli, workspace: Path, clickhouse_server: ClickHouse
) -> None:
    assert cli("events", "push", clickhouse_server.url("broken")).code == 0
    with broken_off(clickhouse_server.port) as port:
        url = replace(clickhouse_server, port=port).url("broken")
        with in_one_line(cli("cycles", "--span", "all", "--events", url), "broke in the middle of an answer"):
            pass


@contextmanager
def broken_off(port: int) -> Iterator[int]:
    """Pass connections on to a port, but end answers to queries of events after a few bytes of their content."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while head := self.head(self.rfile):
                length = re.search(rb"(?i)content-length: (\d+)", head)
                body = self.rfile.read(int(length[1])) if length else b""
                with socket.create_connection(("127.0.0.1", port)) as there:
                    there.sendall(head + body)
                    answer = there.makefile("rb")
                    start = self.head(answer)
                    size = int(re.search(rb"(?i)content-length: (\d+)", start)[1])  # type: ignore[index]
                    cut = b"goalCycleId" in body
                    self.wfile.write(start + answer.read(min(size, 5) if cut else size))
                    if cut:
                        return

        def head(self, stream: Any) -> bytes:
            lines = []
            while (line := stream.readline()).strip():
                lines.append(line)
            return b"".join(lines) + b"\r\n" if lines else b""

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def test_a_token_is_sent_over_tls_only() -> None:
    from goals_tui.store.engines.spark import Connection

    plain, secure = (parse_address(f"sc://host?table=t{more}", "The URL") for more in ("", "&use_ssl=true"))
    assert "token" not in Connection(plain, "s;cret").url
    assert Connection(secure, "s;cret").url.endswith("use_ssl=true;token=s%3Bcret")
    assert "cret" not in secure.url + secure.title
