"""Tables on narrow terminals: every number, amount of money and id is whole, and nothing is wider than the terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from decimal import Decimal
from pathlib import Path

import pytest

from goals_tui.cli.output import Heading, add_row, fitted, needed_width, new_table
from goals_tui.services.context import Services
from tests import builders
from tests.cli.conftest import PROGRAM

CYCLE = builders.uuid_of("cycle 1")
FIGURES = ("12,345", "1,000 8.1 %", "2,345 19.0 %", "9,000 72.9 %", "1157:47:00", "€1,234,567.89", "€17,637.50")
REPORT: tuple[Heading, ...] = ("Goal", *((name, "right") for name in "abcdefg"))
FUNNEL: tuple[Heading, ...] = ("", "Step", ("Reached", "right"), ("", "whole"))


def shown(columns: int, *arguments: object) -> list[str]:
    """The lines that the program draws on a terminal of so many columns."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    env = {**os.environ, "NO_COLOR": "1", "TERM": "xterm"}
    program = subprocess.Popen([*PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=follower, env=env)
    os.close(follower)
    drawn = b""
    try:
        while read := os.read(leader, 1 << 16):
            drawn += read
    except OSError:  # how Linux says that nobody holds the other end any more
        pass
    os.close(leader)
    assert program.wait() == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", drawn.decode()).splitlines()


@pytest.fixture
def desk(services: Services) -> Path:
    """A goal with amounts that need room, and one completed cycle."""
    goal = builders.book_a_flight()
    worth = goal.steps[2].metrics.model_copy(update={"revenue": Decimal(1234567), "time_saved_seconds": 400 * 3600})
    steps = (*goal.steps[:2], goal.steps[2].model_copy(update={"metrics": worth}))
    goal = services.goals.save(goal.model_copy(update={"revision": 0, "steps": steps}))
    events = [builders.event(goal, step.name, version=goal.version) for step in goal.steps]
    services.workspace.events.append(events)
    return services.workspace.path


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize(
    ("command", "values"),
    [
        (["report"], ["1 100.0 %", "0 0.0 %", "400 h 03 min", "€15.00", "€1,234,567.00"]),
        (["cycles"], ["✔ completed", "€15.00", "€1,234,567.00", CYCLE]),
        (["funnel", "Book a Flight"], ["100.0 %", "0 s", "Flight", "completed"]),
    ],
)
def test_every_value_is_whole(desk: Path, columns: int, command: list[str], values: list[str]) -> None:
    lines = shown(columns, "--workspace", desk, *command, "--span", "all")
    assert max(map(len, lines)) <= columns
    for value in values:
        assert any(value in line for line in lines), value


def drawn(columns: int, headings: tuple[Heading, ...], *cells: str) -> str:
    from rich.console import Console

    table = new_table(*headings)
    add_row(table, *cells)
    console = Console(width=columns, color_system=None)
    with console.capture() as capture:
        console.print(fitted(table, columns))
    return capture.get()


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 120, 200])
def test_rows_are_stacked_where_the_table_does_not_fit(columns: int) -> None:
    text = drawn(columns, REPORT, "Book a Flight", *FIGURES)
    for figure in FIGURES:
        assert figure in text
    assert ("─" in text) == (columns >= 120)
    assert all(len(line) <= columns for line in text.splitlines())


def test_a_title_is_as_wide_as_the_terminal(desk: Path) -> None:
    lines = shown(80, "--workspace", desk, "report", "--from", "2026-10-01", "--to", "2026-10-31")
    assert lines[0] == "Custom: 2026-10-01 00:00 to 2026-11-01 00:00, Europe/Berlin; without test cycles"


@pytest.mark.parametrize("columns", [40, 118, 125])
def test_names_wrap_between_words(columns: int) -> None:
    text = drawn(columns, REPORT, "Reschedule an Appointment", *FIGURES)
    assert "Reschedule" in text
    assert "Appointment" in text


@pytest.mark.parametrize(("columns", "rule", "bar"), [(53, True, True), (52, True, False), (25, False, False)])
def test_a_bar_goes_before_rows_are_stacked(columns: int, rule: bool, bar: bool) -> None:
    text = drawn(columns, FUNNEL, "●", "Flight selected", "1,080", "█" * 24)
    assert ("─" in text, "█" in text) == (rule, bar)
    assert "1,080" in text
    assert "●" in text


def test_what_is_no_terminal_is_as_wide_as_it_must_be() -> None:
    table = new_table(*(("x" * 20, "whole") for _ in range(10)))
    assert needed_width(table) == 10 * 23 + 1
