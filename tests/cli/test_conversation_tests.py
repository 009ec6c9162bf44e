"""`goals-tui test`: conversations that were kept run again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from goals_tui.services.context import Services
from tests.builders import book_a_flight, book_a_flight_flow
from tests.cli.conftest import Cli

RIGHT = """\
flow: Book a Flight
answers: [Berlin, Ada]
events:
  - {goal: Book a Flight, step: Flight selected}
  - {goal: Book a Flight, step: Passenger information entered}
"""


@pytest.fixture
def file(services: Services, tmp_path: Path) -> Path:
    services.flows.save(book_a_flight_flow(services.goals.save(book_a_flight().model_copy(update={"revision": 0}))))
    return tmp_path / "book.yaml"


def test_one_that_passes(cli: Cli, file: Path) -> None:
    file.write_text(RIGHT)
    result = cli("test", file)
    assert (result.code, result.out, result.err) == (0, "✔ book\n", "1 test passed, 0 failed.\n")


def test_one_that_fails_says_what_had_to_come_and_what_came(cli: Cli, file: Path) -> None:
    file.write_text(RIGHT.replace("Flight selected", "Payment completed"))
    result = cli("test", file, "--format", "json")
    assert result.code == 3
    assert json.loads(result.out) == [
        {
            "name": "book",
            "passed": False,
            "problems": ["1 event missing, 1 event too many"],
            "difference": [
                "- Book a Flight: Payment completed",
                "+ Book a Flight: Flight selected",
                "  Book a Flight: Passenger information entered",
            ],
        }
    ]


def test_nothing_is_tracked(cli: Cli, file: Path, services: Services) -> None:
    file.write_text(RIGHT)
    cli("test", file)
    assert services.workspace.events.is_empty()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty. It should begin with `flow:`"),
        ("flow: Fly\n", "There is no flow 'Fly'."),
        ("answers: []\n", "names no flow"),
        ("flow: Book a Flight\nanswer: []\n", "line 2, column 1: a conversation test has no 'answer'. Did you mean"),
        ("flow: Book a Flight\nevents:\n  - {goal: X}\n", "line 3, column 5: there is no step here"),
    ],
)
def test_mistakes_have_one_clear_line(cli: Cli, file: Path, text: str, said: str) -> None:
    file.write_text(text)
    result = cli("test", file)
    assert result.code in (1, 3)
    assert said in result.out + result.err
    assert "Traceback" not in result.err


def test_a_workspace_without_tests_says_how_to_make_one(cli: Cli, services: Services) -> None:
    result = cli("test")
    assert result.code == 0
    assert "Keep a conversation from the Interaction Panel with f6" in result.err
