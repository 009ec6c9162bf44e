"""The log of activities: kept as events are, and what the commands say of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from goals_tui.domain.activity import Activity, ActivityKind
from goals_tui.services.context import Services
from tests import builders
from tests.cli.conftest import Cli
from tests.conftest import SHARED
from tests.services.odata_records import lines, write

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


STEP = {
    "_id": "5a91d194fde28b0011ce2423",
    "sessionId": "s1",
    "stepLabel": "Question (2)",
    "parentStep": "5a91d194fde28b0011ce2422",
    "entityReferenceId": "e1",
    "flowName": "Main",
    "timestamp": "2026-10-01T08:00:00.000Z",
    "snapshotName": "v1",
}


def test_the_collections_of_the_original(cli: Cli, services: Services, tmp_path: Path) -> None:
    nameless = {name: value for name, value in STEP.items() if name != "_id"}
    summary = {"_id": "1", "sessionId": "s1", "stepPath": "a, b"}
    write(tmp_path, steps_jsonl=lines([STEP, nameless, nameless, summary, {**STEP, "timestamp": "soon"}]))
    done = cli("import", "odata", tmp_path)
    assert (done.code, "3 activities added, 0 known already" in done.out) == (3, True)
    assert "steps.jsonl, record 4: it is the summary of a session, not a message" in done.err
    assert "steps.jsonl, record 5: the timestamp is not a time" in done.err
    again = cli("import", "odata", tmp_path, "--format", "json").json
    assert (again["activities_added"], again["activities_known"]) == (0, 3)
    listed = cli("activities", "list", "--session", "s1", "--format", "json").json
    first = next(one for one in listed if one["id"] == "step-5a91d194fde28b0011ce2423")
    assert (first["kind"], first["name"], first["flow"], first["snapshot"], first["parent"]) == (
        "step",
        "Question (2)",
        "Main",
        "v1",
        "step-5a91d194fde28b0011ce2422",
    )


CONVERSATION = SHARED / "data" / "real" / "cognigy-odata" / "payment-question.conversation.json"


@pytest.mark.skipif(not CONVERSATION.is_file(), reason="the shared data are not beside this checkout")
@pytest.mark.parametrize("more", [(), ("--without-text",)])
def test_a_real_conversation(cli: Cli, services: Services, more: tuple[str, ...]) -> None:
    assert "16 activities added" in cli("import", "odata", CONVERSATION, *more).out
    [session] = {one["sessionId"] for one in json.loads(CONVERSATION.read_text())}
    listed = cli("activities", "list", "--session", session, "--format", "json").json
    assert {one["kind"] for one in listed} == {"user", "agent"}
    said = [one["text"] for one in listed if one["text"]]
    assert any("mortgage payment" in text for text in said) if not more else said == []
    assert {one["channel"] for one in listed} == {"rest"}


def test_a_goal_that_is_defined_today_reads_what_was(cli: Cli, services: Services) -> None:
    goal = services.goals.save(builders.goal("Book", "● Search", "◎ Pay").model_copy(update={"revision": 0}))
    services.workspace.activities.append([activity(1), activity(2, name="pay"), activity(3, "s2", name="pay")])
    refused = cli("goals", "derive", "Book")
    assert refused.code == 1 and f"goals-tui goals trigger {goal.id}" in refused.err
    assert cli("goals", "trigger", "Book", "Search", "--name", "sea*", "--kind", "tool").code == 0
    said = cli("goals", "trigger", "Book", "Pay", "--name", "pay")
    assert said.err == "'Pay' is fired by: name 'pay'.\n"
    shown = cli("goals", "show", "Book", "--format", "json").json
    assert (shown["version"], [step["triggers"] for step in shown["steps"]]) == (
        goal.version,
        [[{"kind": "tool", "name": "sea*"}], [{"name": "pay"}]],
    )
    tried = cli("goals", "derive", "Book", "--dry-run", "--format", "json").json
    assert (tried["added"], tried["dry_run"], services.workspace.events.is_empty()) == (2, True, True)
    done = cli("goals", "derive", "Book")
    assert "2 events in 1 cycle of 2 sessions: 2 added, 0 replaced, 0 removed" in done.out
    assert "Not tracked: 1 step, for no cycle was open." in done.err
    assert cli("report", "--span", "all", "--format", "json").json["totals"]["completed"] == 1
    assert cli("goals", "derive", "Book", "--from", "2026-10-02", "--format", "json").json["events"] == 0
    assert cli("goals", "derive", "Book", "--format", "json").json["added"] == 0
    assert cli("goals", "trigger", "Book", "Pay", "--kind", "tol").code == 2
    assert cli("goals", "trigger", "Book", "Pay").code == 2
    assert cli("goals", "trigger", "Book", "Search", "--clear").err == "Nothing fires 'Search'.\n"
