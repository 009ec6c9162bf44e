"""The log of activities: kept as events are, and what the commands say of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from goals_tui.domain.activity import Activity, ActivityKind
from goals_tui.services.context import Services
from tests.cli.conftest import Cli

START = datetime(2026, 10, 1, 8, tzinfo=UTC)


def activity(number: int, session: str = "s1", kind: ActivityKind = "tool", **fields: Any) -> Activity:
    moment = START + timedelta(seconds=number)
    return Activity(id=f"a{number}", timestamp=moment, session_id=session, kind=kind, **{"name": "search", **fields})


def ids(services: Services, session: str = "s1") -> list[str]:
    return [one.id for one in services.activities.of_session(session)]


def test_what_is_appended_and_sealed_is_read_as_one(services: Services) -> None:
    log = services.workspace.activities
    log.append([activity(2), activity(1)])
    log.seal()
    log.append([activity(3), activity(2), activity(4, "s2")])
    assert ids(services) == ["a1", "a2", "a3"]
    assert services.activities.stats().activities == 4
    assert log.seal().duplicates == 1
    assert (ids(services), log.verify()) == (["a1", "a2", "a3"], [])
    assert services.workspace.events.is_empty()


def test_a_torn_line_is_passed_over_and_kept(services: Services) -> None:
    log = services.workspace.activities
    log.append([activity(1)])
    with (log.path / "activities.jsonl").open("ab") as file:
        file.write(b'{"id": "a2", "timestamp": "2026')
    log.append([activity(3)])
    assert ids(services) == ["a1", "a3"]
    assert log.seal().torn_lines == 1
    assert ids(services) == ["a1", "a3"]


def test_activities_of_one_moment_keep_their_place(services: Services) -> None:
    same = {"timestamp": START}
    log = services.workspace.activities
    log.append([activity(n, position=str(p)).model_copy(update=same) for n, p in ((1, 10), (2, 9), (3, 8))])
    assert ids(services) == ["a3", "a2", "a1"]


def test_the_commands(cli: Cli, services: Services) -> None:
    text = "[bold]Hi[/]\x1b[31m"
    services.workspace.activities.append(
        [activity(1, kind="user", name=None, text=text), activity(2), activity(3), activity(4, "s2")]
    )
    assert cli("activities", "stats", "--format", "json").json == {
        "activities": 4,
        "sessions": 2,
        "first": "2026-10-01T08:00:01.000Z",
        "last": "2026-10-01T08:00:04.000Z",
        "kinds": {"tool": 3, "user": 1},
    }
    assert cli("activities", "names", "--format", "json").json == [
        {"kind": "tool", "name": "search", "count": 3, "sessions": 2},
        {"kind": "user", "name": None, "count": 1, "sessions": 1},
    ]
    listed = cli("activities", "list", "--session", "s1", "--format", "json").json
    assert [(one["id"], one["session_id"], one["kind"]) for one in listed] == [
        ("a1", "s1", "user"),
        ("a2", "s1", "tool"),
        ("a3", "s1", "tool"),
    ]
    shown = cli("activities", "list", "--session", "s1").out
    assert "[bold]Hi[/]" in shown and "\x1b" not in shown
    unknown = cli("activities", "list", "--session", "s3")
    assert unknown.code == 1 and "Did you mean" in unknown.err


def test_where_there_are_none(cli: Cli, services: Services) -> None:
    assert cli("activities", "stats", "--format", "json").json["activities"] == 0
    assert cli("activities", "names", "--format", "json").json == []
    assert cli("activities", "list", "--session", "s").code == 1


def test_lines_are_what_the_commands_print(cli: Cli, services: Services) -> None:
    services.workspace.activities.append([activity(1)])
    [line] = (services.workspace.activities.path / "activities.jsonl").read_text().splitlines()
    [listed] = cli("activities", "list", "--session", "s1", "--format", "json").json
    assert json.loads(line).items() <= listed.items()
