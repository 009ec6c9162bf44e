"""A sealed part that is damaged in the middle: one line from every command, and `verify` names the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from goals_tui.store.duckdb_files import bare_connection
from tests.cli.conftest import Cli
from tests.services.odata_records import DONE, event, steps
from tests.services.odata_records import goal as record_of_goal

A_SESSION = "session-31891ee8-6757-43e5-8515-f25992ef7697"


@pytest.fixture
def damaged(cli: Cli, sgd: Path, tmp_path: Path) -> Cli:
    cli("init", tmp_path / "workspace", "--name", "SGD")
    cli("import", "odata", sgd)
    cli("events", "seal")
    [part] = (tmp_path / "workspace" / "events").glob("part-*.parquet")
    content = bytearray(part.read_bytes())
    for place in range(len(content) // 10, len(content) * 9 // 10):
        content[place] ^= 0x5A
    part.write_bytes(content)
    return cli


@pytest.mark.parametrize(
    "command",
    [
        ["report", "--span", "all"],
        ["funnel", "Book a Flight"],
        ["cycles", "--span", "all"],
        ["goals", "delete", "Book a Flight", "--confirm", "Book a Flight"],
        ["events", "export", "-o", "all.jsonl"],
        ["package", "export", "Book a Flight", "-o", "goal.zip", "--with-events"],
    ],
)
def test_commands_say_it_in_one_line(
    damaged: Cli, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = damaged(*command)
    assert (result.code, len(result.err.splitlines())) == (1, 1)
    assert "can't be read" in result.err or "are damaged" in result.err
    assert "goals-tui events verify" in result.err
    assert not list(tmp_path.glob("*.jsonl")) + list(tmp_path.glob("*.zip"))


ODD = {
    "timestamp": ["TIMESTAMP '16531-01-01'", "TIMESTAMP '290000-01-01'", "TIMESTAMP '4000-01-01 (BC)'"],
    "goalId": ["NULL"],
    "stepId": ["NULL"],
    "sessionId": ["NULL"],
}
"""The changes to an event by a flipped bit that leave the part readable."""


@pytest.mark.parametrize(("column", "value"), [(column, value) for column, values in ODD.items() for value in values])
def test_a_value_that_no_event_can_have_is_said_in_one_line(cli: Cli, tmp_path: Path, column: str, value: str) -> None:
    cli("init", tmp_path / "workspace", "--name", "Desk")
    records = [record_of_goal(), *steps(), event(1), event(2, DONE)]
    (tmp_path / "all.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    assert cli("import", "odata", tmp_path / "all.jsonl").code == 0
    [part] = (tmp_path / "workspace" / "events").glob("part-*.parquet")
    with bare_connection() as connection:
        rows = f"SELECT * REPLACE ({value} AS \"{column}\") FROM read_parquet('{part}')"
        connection.execute(f"CREATE TABLE rows AS {rows}")
        connection.execute(f"COPY rows TO '{part}' (FORMAT parquet)")
    catalog = part.with_name("parts.json")
    known = json.loads(catalog.read_text())
    known["parts"][0]["bytes"] = part.stat().st_size
    catalog.write_text(json.dumps(known))
    commands = (["report", "--span", "all"], ["cycles", "--span", "all"], ["cycle", event(1)["goalCycleId"]])
    refused = [result for command in commands if (result := cli(*command)).code]
    assert refused
    for result in refused:
        assert len(result.err.splitlines()) == 1
        assert "goals-tui events verify" in result.err
    assert [finding["code"] for finding in cli("events", "verify", "--format", "json").json] == ["damaged-part"]


def test_tracking_says_it_too(damaged: Cli, tmp_path: Path) -> None:
    goal = damaged("goals", "show", "Book a Flight", "--format", "json").json
    command = ["track", "--session", A_SESSION, "--goal", goal["id"], "--step", goal["steps"][-1]["id"]]
    [part] = (tmp_path / "workspace" / "events").glob("part-*.parquet")
    content = part.read_bytes()
    half = len(content) // 2
    part.write_bytes(content[:4] + bytes(half) + content[4 + half :])
    result = damaged(*command)
    assert (result.code, len(result.err.splitlines())) == (1, 1)
    assert "can't be read" in result.err
    part.unlink()
    result = damaged(*command)
    assert (result.code, len(result.err.splitlines())) == (1, 1)
    assert f"{part.name} are missing" in result.err


def test_verify_names_the_file(damaged: Cli) -> None:
    result = damaged("events", "verify", "--format", "json")
    assert result.code == 3
    assert [finding["code"] for finding in result.json] == ["damaged-part"]
