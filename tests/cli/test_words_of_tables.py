"""Words and numbers of tables: one name for one thing, and one number of decimals for the money of a table."""

from __future__ import annotations

import re

import pytest

from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from tests.builders import book_a_flight, event, uuid_of
from tests.cli.conftest import Cli

AMOUNT = re.compile(r"¥[\d,]+(\.\d+)?")


@pytest.fixture
def goal(services: Services) -> Goal:
    """A goal worth 2.50, 12.50 and 45, in a currency without decimals."""
    saved = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.project.save(services.project.get().model_copy(update={"currency": "JPY"}))
    services.workspace.events.append(
        [
            event(saved, "Flight selected", cycle="one", seconds=0),
            event(saved, "Passenger information entered", cycle="one", seconds=30),
            event(saved, "Payment completed", cycle="one", seconds=60),
            event(saved, "Flight selected", cycle="two", seconds=100),
            event(saved, "Passenger information entered", cycle="two", seconds=160),
        ]
    )
    return saved


@pytest.mark.parametrize(
    "command",
    [
        "report --span all",
        "cycles --span all",
        f"cycle {uuid_of('cycle one')}",
        "goals show Book_a_Flight",
        "breakdown endpoint --span all",
    ],
)
def test_all_amounts_of_a_table_have_as_many_decimals(cli: Cli, goal: Goal, command: str) -> None:
    shown = cli(*(word.replace("_", " ") for word in command.split())).out
    decimals = {len(found[1] or "") for found in AMOUNT.finditer(shown)}
    assert decimals == {len(".50")}, shown


def test_the_previous_period_is_called_so(cli: Cli, goal: Goal) -> None:
    shown = cli("report", "--span", "last-7-days").out
    assert "Previous period" in shown and "same length" not in shown


def test_a_funnel_has_the_headings_of_the_app(cli: Cli, goal: Goal) -> None:
    shown = cli("funnel", "Book a Flight", "--span", "all").out
    for heading in ("Cycles", "Of start", "Of previous", "Median", "90 % within"):
        assert heading in shown
    assert "Of step before" not in shown
