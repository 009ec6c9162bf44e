"""Wrong usage and bad input: one line and an exit code; and what help and usage lines say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from goals_tui.cli.app import make_app
from tests.cli.conftest import TRACK, Cli


@pytest.mark.parametrize("command", [("report",), ("funnel", "Book a Flight"), ("cycles",)])
@pytest.mark.parametrize("flag", ["--endpoint", "--not-endpoint"])
def test_a_name_that_no_event_has_is_an_error_with_the_nearest(desk: Cli, command: tuple[str, ...], flag: str) -> None:
    slip = desk(*command, flag, "Webchatt", "--format", "json")
    assert (slip.code, slip.out) == (1, "")
    assert slip.err == "goals-tui: There is no event with the endpoint 'Webchatt'. Did you mean 'Webchat'?\n"
    assert desk(*command, flag, "Webchat").code == 0


@pytest.mark.parametrize("flag", ["--locale", "--not-locale", "--snapshot", "--not-snapshot"])
def test_so_is_an_unknown_locale_or_snapshot(desk: Cli, flag: str) -> None:
    slip = desk("report", flag, "x")
    what = flag.rpartition("-")[2]
    assert (slip.code, slip.err) == (1, f"goals-tui: There is no event with the {what} 'x'.\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["goals", "show", "Book a Fligth"], "There is no goal 'Book a Fligth'. Did you mean 'Book a Flight'?"),
        (["flows", "show", "Bok a Flight"], "There is no flow 'Bok a Flight'. Did you mean 'Book a Flight'?"),
        (["report", "--goal", "nope"], "There is no goal 'nope'."),
        (["cycle", "nope"], "There is no cycle 'nope'."),
        (["track", "--session", "s", "--goal", "Book a Flight", "--step", "Fly"], "There is no step"),
        (
            [
                *("track", "--session", "s", "--goal", "Book a Flight", "--step", "Flight selected"),
                *("--endpoint", "x" * 301),
            ],
            "The endpoint has more than 300 characters. Give a shorter name.",
        ),
        (["import", "odata", "nowhere.json"], "nowhere.json"),
        (["flows", "import", "nowhere.json"], "nowhere.json can't be read"),
        (["package", "import", "nowhere.zip"], "nowhere.zip"),
        ([], "The app needs a terminal."),
    ],
)
def test_bad_input_gets_one_line_and_1(desk: Cli, arguments: list[str], message: str) -> None:
    result = desk(*arguments)
    assert (result.code, result.out) == (1, "")
    assert message in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["import", "odata", ""],
        ["import", "log", "", "--as", "activities"],
        ["goals", "export", "-o", ""],
        ["init", "", "--name", "X"],
        ["test", ""],
        ["--workspace", "", "goals", "list"],
        ["listen", "--host", ""],
        ["serve", "--host", ""],
    ],
)
def test_an_empty_text_is_neither_the_current_folder_nor_every_address(
    desk: Cli, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a variable of a shell gives it that was never set."""
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    result = desk(*arguments)
    assert (result.code, result.out) == (2, "")
    assert "it is empty" in result.err
    assert sorted(tmp_path.iterdir()) == before


def test_an_empty_events_option_reads_the_workspaces_own_log(desk: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOALS_TUI_EVENTS", "clickhouse://nowhere.invalid/events")
    assert desk("report").code == 1
    assert desk("--events", "", "report").code == desk("report", "--events", "").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["report", "--from", "2026-10-31", "--to", "2026-10-01"], "The span ends before it begins"),
        (["cycles", "--from", "2026-10-01T08:00", "--to", "2026-10-01T08:00"], "The span is empty"),
        (["report", "--from", "", "--to", "2026-10-31"], "'' is not a date for --from."),
        (["simulate", "Book a Flight", "--sessions", "1", "--from", ""], "'' is not a date for --from."),
        (["report", "--from", "yesterday"], "'yesterday' is not a date for --from. Write 2026-10-01"),
        (["report", "--time-zone", "Mars/Base"], "'Mars/Base' is not a time zone."),
        (["init", "elsewhere", "--name", "X", "--time-zone", "Mars/Base"], "'Mars/Base' is not a time zone."),
        (["init", "elsewhere", "--name", "X", "--currency", "Shells"], "'Shells' is not a currency."),
        (["import", "odata", ".", "--duration-unit", "weeks"], "'weeks' is not a unit of durations."),
        (["simulate", "Book a Flight", "--sessions", "1", "--to", "soon"], "'soon' is not a date for --to."),
        (["simulate", "Book a Flight", "--sessions", "1", "--from", "2027-06-01"], "is after today"),
        ([*TRACK, "--at", "noon"], "'noon' is not a date for --at. Write 2026-10-01, or 2026-10-01T08:30 with a time."),
        (["report", "--from", "1960-01-01"], "The year of --from, 1960-01-01, is not between 1970 and 2200."),
        (["events", "export", "-o", "all.xlsx"], "'all.xlsx' does not say a format. End it with .jsonl, "),
        ([*TRACK, "--at", "0001-01-01T00:00:00+14:00"], "is not between 1970 and 2200"),
    ],
)
def test_a_value_that_means_nothing_gets_one_line_and_2(desk: Cli, arguments: list[str], message: str) -> None:
    result = desk(*arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert len(result.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("at", "timestamp"),
    [
        ("2026-11-19", "2026-11-18T23:00:00.000Z"),
        ("2026-11-19T10:00", "2026-11-19T09:00:00.000Z"),
        ("2026-11-19T10:00Z", "2026-11-19T10:00:00.000Z"),
    ],
)
def test_track_takes_times_in_the_zone_of_the_project(desk: Cli, at: str, timestamp: str) -> None:
    [event] = desk(*TRACK, "--at", at, "--format", "json").json["events"]
    assert event["timestamp"] == timestamp


def test_a_time_zone_in_lower_case_is_shown_as_it_is_called(desk: Cli) -> None:
    assert desk("report", "--time-zone", "america/new_york", "--format", "json").json["time_zone"] == "America/New_York"


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "--nonsense"],
        ["report", "--span", "last-week"],
        ["report", "--span", "today", "--from", "2026-10-01"],
        ["report", "--endpoint", "A", "--not-endpoint", "B"],
        ["cycles", "--outcome", "great"],
        ["goals", "list", "--format", "xml"],
        ["flows", "show", "Book a Flight", "--format", "csv"],
        ["simulate", "Book a Flight", "--sessions", "1", "--format", "csv"],
        ["import", "odata", ".", "--format", "csv"],
        ["import", "csv", "x.csv", "--goal", "G", "--cycle", "a", "--step", "b", "--time", "c", "--format", "xml"],
        [*TRACK, "--format", "csv"],
        ["nonsense"],
    ],
)
def test_wrong_usage_ends_with_2(desk: Cli, arguments: list[str]) -> None:
    result = desk(*arguments)
    assert (result.code, result.out) == (2, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["goals", "list", "--format", "xml"], "'--format': 'xml' is not one of 'table', 'json', 'csv'."),
        (["cycles", "--outcome", "x"], "'x' is not one of 'completed', 'partial', 'incomplete', 'orphan'."),
        (
            ["package", "import", "x.zip", "--on-conflict", "x"],
            "'x' is not one of 'ask', 'skip', 'replace', 'duplicate'.",
        ),
        (["simulate", "Book a Flight", "--sessions", "0"], "'--sessions': it is less than 1."),
        (["simulate", "Book a Flight", "--sessions", "many"], "'--sessions': it is not a whole number."),
        (["serve", "--port", "99999"], "'--port': it is more than 65535."),
    ],
)
def test_wrong_usage_is_said_in_our_words(desk: Cli, arguments: list[str], message: str) -> None:
    result = desk(*arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.splitlines()[-1].endswith(message)
    assert "Value error" not in result.err and "Input should" not in result.err


@pytest.mark.parametrize(
    ("arguments", "usage"),
    [
        (["check"], "check [OPTIONS] [FLOW]"),
        (["demo"], "demo [OPTIONS] [DIR]"),
        (["package", "export"], "package export [OPTIONS] GOAL..."),
        (["import", "odata"], "import odata [OPTIONS] PATH..."),
        (["goals", "show"], "goals show [OPTIONS] GOAL"),
    ],
)
def test_usage_lines(cli: Cli, arguments: list[str], usage: str) -> None:
    assert cli(*arguments, "--help").out.splitlines()[0] == f"Usage: goals-tui {usage}"


def commands(group: Any, *path: str) -> Iterator[list[str]]:
    yield [*path]
    for name, command in getattr(group, "commands", {}).items():
        yield from commands(command, *path, name)


@pytest.mark.parametrize("path", commands(get_command(make_app())), ids=" ".join)
def test_help_is_whole_and_shows_no_types_of_python(cli: Cli, path: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = re.sub("'[^']*'", "", cli(*path, "--help").out)
    assert not re.search(r"[<>…]|list\[|\b(str|int|x)\b", shown), shown
    listed = shown.partition("Commands:")[2]
    assert "..." not in listed
    assert not listed or listed.rstrip().endswith(".")


def test_help_names_what_an_option_takes(cli: Cli) -> None:
    shown = cli("cycles", "--help").out
    for words in ("--goal GOAL ", "--not-locale LOCALE ", "--limit LIMIT ", "[at least 1]", "--format table|json|csv "):
        assert words in shown


def test_a_missing_workspace_says_how_to_make_one(cli: Cli, tmp_path: Path) -> None:
    result = cli("report", workspace=tmp_path / "nowhere")
    assert result.code == 1
    assert "goals-tui init" in result.err
    assert len(result.err.splitlines()) == 1


def test_a_workspace_that_is_not_said_is_wrong_usage(desk: Cli) -> None:
    for arguments in (["cycles", "--workspace"], ["--workspace"]):
        result = desk(*arguments)
        assert (result.code, result.out) == (2, "")
        assert "'--workspace' requires an argument" in result.err
