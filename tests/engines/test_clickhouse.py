"""The real data through ClickHouse: in the services, from the command line and on the screens."""

from __future__ import annotations

import shutil
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services, create_workspace, open_services
from goals_tui.store.engines.address import PASSWORD_VARIABLE, parse_address
from goals_tui.store.engines.engine import Cancellation, Cancelled
from goals_tui.tui.sessions.screen import SessionsScreen
from tests.builders import event
from tests.cli.conftest import Cli, cli
from tests.conftest import NOW, SHARED
from tests.engines.conftest import ClickHouse, clickhouse
from tests.services.test_insights_sgd import (
    test_every_number_leads_to_its_cycles,
    test_funnel_and_medians,
    test_totals_goals_and_days,
)
from tests.tui.harness import press, running, screen_text, settle
from tests.tui.insights.test_insights_numbers import test_performance_chart_and_table, test_tiles

__all__ = [
    "cli",
    "test_every_number_leads_to_its_cycles",
    "test_funnel_and_medians",
    "test_performance_chart_and_table",
    "test_tiles",
    "test_totals_goals_and_days",
]

SGD = SHARED / "data" / "sgd"
pytestmark = pytest.mark.skipif(not SGD.is_dir(), reason="the test data is not beside this checkout, in ../shared")
TABLE = "sgd"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, clickhouse_server: ClickHouse) -> Path:
    """A workspace with the real data, which was pushed to the server, too."""
    path = tmp_path_factory.mktemp("sgd") / "workspace"
    env = {PASSWORD_VARIABLE: clickhouse_server.password}
    made = create_workspace(path, name="Flight Desk", time_zone="Europe/Berlin", clock=lambda: NOW, env=env)
    made.imports.odata([SGD])
    made.engine_logs.push(clickhouse_server.url(TABLE))
    return path


def on(server: ClickHouse, path: Path, table: str = TABLE) -> Services:
    """The services of a workspace that reads its events from the server."""
    env = {PASSWORD_VARIABLE: server.password}
    return open_services(path, clock=lambda: NOW, env=env, events=server.url(table))


@pytest.fixture(scope="module")
def services(workspace: Path, clickhouse_server: ClickHouse) -> Services:
    """The services that the tests of the real data ask."""
    return on(clickhouse_server, workspace)


@pytest.fixture
def sgd_services(services: Services) -> Services:
    """The services that the tests of the Insights screen show."""
    return services


COMMANDS = [
    ["report", "--span", "all"],
    ["report", "--format", "md", "--span", "last-30-days"],
    ["funnel", "Book a Flight", "--span", "all"],
    ["breakdown", "endpoint,hour", "--span", "all"],
    ["breakdown", "version", "--span", "all"],
    ["compare", "weekday", "Monday", "Tuesday", "--span", "all"],
    ["explain", "--from", "2026-10-01", "--to", "2026-10-31"],
    ["dropoffs", "Book a Flight", "--span", "all"],
    ["times", "Book a Flight", "--span", "all"],
    ["releases", "--span", "all"],
    ["targets"],
    ["annotations", "list"],
    ["cycles", "--span", "all"],
    ["cycles", "--span", "all", "--outcome", "partial", "--limit", "7", "--offset", "3"],
    ["report", "--not-locale", "English", "--no-snapshot", "--span", "all"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_prints_the_same_bytes(
    command: list[str],
    cli: Cli,
    workspace: Path,
    clickhouse_server: ClickHouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, clickhouse_server.password)
    given = command if "--format" in command else [*command, "--format", "json"]
    here = cli(*given, workspace=workspace)
    there = cli(*given, "--events", clickhouse_server.url(TABLE), workspace=workspace)
    assert here.code == 0, here.err
    assert (there.code, there.out) == (here.code, here.out), there.err
    if command[0] == "cycles":
        shown = ["cycle", here.json[0]["cycle_id"], "--format", "json"]
        one = cli(*shown, workspace=workspace)
        assert cli(*shown, "--events", clickhouse_server.url(TABLE), workspace=workspace).out == one.out != ""


async def test_the_screens_say_which_engine_and_follow_it(
    workspace: Path, clickhouse_server: ClickHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Path(shutil.copytree(workspace, tmp_path / "workspace"))
    local = open_services(workspace, clock=lambda: NOW, env={PASSWORD_VARIABLE: clickhouse_server.password})
    local.engine_logs.push(clickhouse_server.url("followed"))
    services = on(clickhouse_server, workspace, "followed")
    monkeypatch.setattr("goals_tui.store.engines.remote.STAMP_SECONDS", 0.0)
    async with running(services, (100, 30)) as pilot:
        pilot.app.filters = Filters(span="all")
        await press(pilot, "4")
        screen = pilot.app.screen
        assert isinstance(screen, SessionsScreen)
        assert f"Events: {services.engine_title}"[:40] in screen_text(pilot.app)
        before = len(services.insights.cycles(Filters(span="all")))
        assert f"{before:,} cycles" in screen_text(pilot.app)
        goal = local.goals.all()[0]
        opening = event(goal, goal.initial.name, cycle="new").model_copy(update={"timestamp": NOW - timedelta(hours=1)})
        local.workspace.events.append([opening])
        local.engine_logs.push(clickhouse_server.url("followed"))
        pilot.app.look_at_engine()
        await settle(pilot)
        pilot.app.look_for_changes()
        await settle(pilot)
        assert f"{before + 1:,} cycles" in screen_text(pilot.app)
        await press(pilot, "6")
        assert clickhouse_server.url("followed")[:30] in screen_text(pilot.app)


def test_a_user_who_may_make_no_tables_gets_the_same_answers(tmp_path: Path, workspace: Path) -> None:
    with clickhouse("--path", str(tmp_path / "data")) as server:
        local = open_services(workspace, clock=lambda: NOW, env={PASSWORD_VARIABLE: server.password})
        local.engine_logs.push(server.url())
    asked = Filters(span="last-30-days")
    with clickhouse("--path", str(tmp_path / "data"), "--readonly") as server:
        services = on(server, workspace, "goal_events")
        session = services.engine.open().session()
        goal = local.goals.all()[0].id
        assert services.insights.explain(asked) == local.insights.explain(asked)
        assert services.insights.drop_offs(goal, asked) == local.insights.drop_offs(goal, asked)
        with services.insights.cycle_list(asked) as there, local.insights.cycle_list(asked) as here:
            assert there.page(5, 10) == here.page(5, 10)
        session.close()


class Endless:
    """A client whose query runs until another client kills it."""

    def __init__(self) -> None:
        self.started, self.killed = threading.Event(), threading.Event()
        self.query_text = ""

    def query(self, text: str, **_options: Any) -> Any:
        self.query_text = text
        self.started.set()
        assert self.killed.wait(20)
        raise OSError("killed")

    def command(self, text: str, **_options: Any) -> None:
        mark = self.query_text.partition("*/")[0].removeprefix("/* ").strip()
        first, _, last = mark.partition(" ")
        if text.startswith("KILL QUERY") and first in text and last in text:
            self.killed.set()


def test_a_newer_question_cancels_the_query_on_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    from goals_tui.store.engines import clickhouse, clickhouse_engine

    client = Endless()
    monkeypatch.setattr(clickhouse, "connect", lambda _address, _password: client)
    engine = clickhouse.open_engine(parse_address("clickhouse://reader@localhost:1/default?table=t", "the test"), None)
    session = clickhouse_engine._Session(engine, "SELECT 1 AS id")
    cancellation = Cancellation()
    cancellation.watch(session)
    ended: list[BaseException] = []

    def ask() -> None:
        try:
            session.rows("SELECT id FROM events", {})
        except Cancelled as error:
            ended.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    assert client.started.wait(20)
    cancellation.cancel()
    asking.join(20)
    assert ended
    with pytest.raises(Cancelled):
        session.rows("SELECT id FROM events", {})
