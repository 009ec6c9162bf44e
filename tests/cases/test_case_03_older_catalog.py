"""An older parts.json (a merge in git, a backup, a sync tool): the parts that it does not list count all the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from goals_tui.services.context import Services
from tests.cli.conftest import Cli


def test_an_older_catalog_loses_no_event(cli: Cli, services: Services, case: Callable[[str], Path]) -> None:
    folder, options = case("03"), ("--goal", "G", "--cycle", "case", "--step", "activity", "--time", "time")
    catalog = services.workspace.path / "events" / "parts.json"
    assert cli("import", "csv", folder / "first.csv", *options).code == 0
    old = catalog.read_bytes()
    assert cli("import", "csv", folder / "second.csv", *options).code == 0

    def report() -> tuple[object, ...]:
        return (
            cli("report", "--span", "all", "--format", "json").json["totals"]["started"],
            cli("events", "stats", "--format", "json").json["events"],
            cli("events", "verify").code,
        )

    before = report()
    assert before == (2, 4, 0)
    for command in (("report", "--span", "all"), ("events", "verify"), ("events", "seal"), ("events", "stats")):
        catalog.write_bytes(old)
        assert cli(*command).code == 0
        assert report() == before, command
    catalog.write_bytes(old)
    assert cli("goals", "delete", "G", "--confirm", "G").code == 0
    for content in (old, None):
        catalog.unlink()
        if content:
            catalog.write_bytes(content)
        assert cli("events", "stats", "--format", "json").json["events"] == 0
        assert cli("events", "seal").code == cli("events", "verify").code == 0
