"""Tables as they come: hours that there are not or twice, times of other forms, columns and lines nobody asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from goals_tui.services.context import Services
from tests.cli.conftest import Cli, Result

Case = Callable[[str], Path]

ODD = "times lie in an hour that the clock of Europe/Berlin skips or shows twice."


def imported(cli: Cli, file: Path, *more: str, goal: str = "G") -> Result:
    done = cli("import", "csv", file, "--goal", goal, "--cycle", "case", "--step", "activity", "--time", "time", *more)
    assert done.code == 0, done.err
    return done


def test_13_an_hour_shown_twice(cli: Cli, services: Services, case: Case) -> None:
    done = imported(cli, case("13") / "fall.csv", "--initial", "Start")
    assert done.err.count(f"3 {ODD}") == 1
    assert done.err.count("Times without a zone were read as Europe/Berlin") == 1
    [start, end] = cli("funnel", "G", "--span", "all", "--format", "json").json["steps"]
    assert (start["reached"], end["reached"], end["median_seconds"]) == (2, 2, 1200.0)


def test_13_an_hour_that_is_skipped(cli: Cli, services: Services, case: Case) -> None:
    assert f"2 {ODD}" in imported(cli, case("13") / "spring.csv", "--initial", "Start").err
    span = ("--from", "2026-03-29 02:30", "--to", "2026-03-29 03:00")
    report = cli("report", *span)
    assert report.code == 2
    assert "Swap" not in report.err and "skips" in report.err


def test_14_ten_digits_are_an_hour(cli: Cli, services: Services, case: Case) -> None:
    done = imported(cli, case("14") / "datehour.csv")
    assert "Guessed: time format %Y%m%d%H (as in 2026100108); --time-format '%Y%m%d%H' says another." in done.err
    stats = cli("events", "stats", "--format", "json").json
    assert (stats["first"], stats["last"]) == ("2026-10-01T06:00:00.000Z", "2026-10-01T07:00:00.000Z")


def test_15_a_date_with_an_offset_is_that_day_there(cli: Cli, services: Services, case: Case) -> None:
    imported(cli, case("15") / "xsdate.csv")
    stats = cli("events", "stats", "--format", "json").json
    assert (stats["first"], stats["last"]) == ("2026-09-30T22:00:00.000Z", "2026-10-02T05:00:00.000Z")
    tracked = cli(
        "track", "--session", "s", "--goal", "G", "--step", "Start", "--at", "2026-10-01+02:00", "--format", "json"
    )
    assert tracked.json["events"][0]["timestamp"] == "2026-09-30T22:00:00.000Z"


@pytest.mark.parametrize("text", ["2026100108", "20261001ab", "20261001-1", "2026W404xx", "2026-10-01-05"])
def test_16_more_behind_a_date(
    cli: Cli, services: Services, case: Case, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(cli, case("18") / "sep.csv")
    assert cli("track", "--session", "s", "--goal", "G", "--step", "Start", "--at", text).code == 2
    assert cli("report", "--from", text, "--to", "2026-10-02").code == 2
    assert cli("report", "--from", "2026-01-01", "--to", text).code == 2
    monkeypatch.setenv("GOALS_TUI_NOW", text)
    assert cli("report").code == 1


@pytest.mark.parametrize("name", ["trail", "dup"])
def test_17_columns_nobody_asked_for(cli: Cli, services: Services, case: Case, name: str) -> None:
    assert "2 events added" in imported(cli, case("17") / f"{name}.csv").out


def test_17_a_column_that_is_asked_for_stands_once(cli: Cli, services: Services, case: Case) -> None:
    file = case("17") / "dup.csv"
    columns = ("--cycle", "case", "--step", "activity", "--time", "time", "--endpoint", "note")
    refused = cli("import", "csv", file, "--goal", "G", *columns)
    assert (refused.code, "two columns are called 'note'" in refused.err) == (1, True)


def test_18_the_line_that_says_the_separator(cli: Cli, services: Services, case: Case) -> None:
    assert "2 events added" in imported(cli, case("18") / "sep.csv").out
