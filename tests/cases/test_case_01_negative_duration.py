"""A step that fired before the initial one: the same ten minutes everywhere, and no row is called what it is not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from goals_tui.domain.filters import Filters
from goals_tui.format import long_time
from goals_tui.services.context import Services, open_services
from goals_tui.tui.charts.axis import short_time
from tests.cli.conftest import Cli
from tests.tui.harness import press, running, screen_text, settle


@pytest.fixture
def late(cli: Cli, services: Services, case: Callable[[str], Path]) -> Cli:
    file = case("01") / "late.csv"
    columns = ("--cycle", "case", "--step", "activity", "--time", "time", "--initial", "Start", "--completion", "End")
    assert cli("import", "csv", file, "--goal", "G", *columns).code == 0
    return cli


def test_commands_give_the_time_its_sign(late: Cli) -> None:
    steps = late("funnel", "G", "--span", "all", "--format", "json").json["steps"]
    assert {step["name"]: step["median_seconds"] for step in steps} == {"Start": None, "Mid": -600.0, "End": 60.0}
    table = late("funnel", "G", "--span", "all").out
    assert "10 min before start" in table and "50 min" not in table
    [cycle] = late("cycles", "--span", "all", "--format", "json").json
    drawn = late("cycle", cycle["cycle_id"]).out
    assert "10 min before start" in drawn and "1 min " in drawn and "50 min" not in drawn


async def test_the_app_too(late: Cli, services: Services) -> None:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    opened = open_services(services.workspace.path, clock=lambda: now, env={})
    async with running(opened, (120, 36)) as pilot:
        pilot.app.filters = Filters(span="all")
        await press(pilot, "3", "n")
        assert "-10 min" in screen_text(pilot.app) and "50 min" not in screen_text(pilot.app)
        await press(pilot, "4", "enter")
        await settle(pilot)
        rows = {
            line.split()[1]: line for line in screen_text(pilot.app).splitlines() if line.strip()[:1] in {"●", "○", "◎"}
        }
        assert rows["Mid"].rstrip(" │▌").endswith("10 min before")
        assert rows["Start"].rstrip(" │▌").endswith("start")
        assert rows["End"].rstrip(" │▌").endswith("after 1 min")


def test_lengths_of_time_in_words_have_their_sign() -> None:
    assert (long_time(-600), long_time(-7500), short_time(-600)) == ("-10 min", "-2 h 05 min", "-10 min")
