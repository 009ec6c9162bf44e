"""`import csv` and `import odata`: what they say on standard error, and how they end."""

from __future__ import annotations

from pathlib import Path

from goals_tui.services.context import Services
from tests.cli.conftest import Cli

COLUMNS = ("--cycle", "case", "--step", "activity", "--time", "when")
LOCAL = "case,activity,when\n1,Select,2026-10-01 10:00\n1,Pay,2026-10-01 10:05\n"


def test_times_without_a_zone_are_said_once(cli: Cli, services: Services, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(LOCAL)
    arguments = ("import", "csv", tmp_path / "log.csv", "--goal", "Book", *COLUMNS)
    done = cli(*arguments)
    assert done.code == 0
    assert done.err == "Times without a zone were read as Europe/Berlin; --time-zone says another one.\n"
    assert cli(*arguments, "--time-zone", "Europe/Berlin").err == ""
