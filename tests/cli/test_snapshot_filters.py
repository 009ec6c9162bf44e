"""The four flags about snapshots together, as the help of a report says."""

from __future__ import annotations

import pytest

from goals_tui.services.context import Services
from tests.builders import book_a_flight, event
from tests.cli.conftest import Cli
from tests.conftest import NOW


@pytest.mark.parametrize(
    ("flags", "snapshots"),
    [
        ((), ["Spring", "Summer", None]),
        (("--no-snapshot",), [None]),
        (("--snapshot", "Spring"), ["Spring"]),
        (("--snapshot", "Spring", "--no-snapshot"), ["Spring", None]),
        (("--not-snapshot", "Spring"), ["Summer", None]),
        (("--not-snapshot", "Spring", "--no-snapshot"), [None]),
        (("--any-snapshot",), ["Spring", "Summer"]),
        (("--snapshot", "Spring", "--any-snapshot"), ["Spring"]),
        (("--not-snapshot", "Spring", "--any-snapshot"), ["Summer"]),
    ],
)
def test_snapshot_flags(cli: Cli, services: Services, flags: tuple[str, ...], snapshots: list[str | None]) -> None:
    goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    for name in ("Spring", "Summer", None):
        one = event(goal, "Flight selected", cycle=str(name), session=str(name))
        services.workspace.events.append([one.model_copy(update={"snapshot_name": name, "timestamp": NOW})])
    found = cli("cycles", "--span", "all", *flags, "--format", "json").json
    assert sorted(cycle["snapshot"] or "" for cycle in found) == sorted(name or "" for name in snapshots)
    assert cli("report", "--span", "all", *flags, "--format", "json").json["totals"]["started"] == len(snapshots)


def test_no_and_any_snapshot_exclude_each_other(cli: Cli, services: Services) -> None:
    refused = cli("report", "--no-snapshot", "--any-snapshot")
    assert refused.code == 2
    assert "--no-snapshot and --any-snapshot exclude each other" in refused.err


def test_the_help_says_so(cli: Cli) -> None:
    shown = " ".join(cli("report", "--help").out.replace("│", " ").split())
    assert "Cycles without a snapshot; beside --snapshot those too." in shown
    assert "Only cycles with a snapshot;" in shown
