"""A sealed part that is damaged in the middle: one line from every command, and `verify` names the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Cli

A_SESSION = "session-31891ee8-6757-43e5-8515-f25992ef7697"


@pytest.fixture
def damaged(cli: Cli, sgd: Path, tmp_path: Path) -> Cli:
    cli("init", tmp_path / "workspace", "--name", "SGD")
    cli("import", "odata", sgd)
    cli("events", "seal")
    [part] = (tmp_path / "workspace" / "events").glob("part-*.parquet")
    content = bytearray(part.read_bytes())
    for place in range(len(content) // 3, len(content) // 3 + 20_000):
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
    assert "can't be read" in result.err
    assert "goals-tui events verify" in result.err
    assert not list(tmp_path.glob("*.jsonl")) + list(tmp_path.glob("*.zip"))


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
