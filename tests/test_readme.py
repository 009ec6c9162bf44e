"""The README is whole and short: its pictures are there, it names every command, it shows real output.

`test_readme_commands.py` tries what it says to type, and that no output, key table or picture is older than the app.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.readme import EXAMPLES, KEYS, README, shown_commands, with_real_keys
from tests.test_docs import COMMANDS

MOST_LINES = 250


def test_it_is_short() -> None:
    assert len(README.read_text("utf-8").splitlines()) < MOST_LINES


@pytest.mark.parametrize("page", [README, EXAMPLES], ids=lambda page: page.stem)
def test_it_shows_commands_with_their_output(page: Path) -> None:
    shown = list(shown_commands(page.read_text("utf-8")))
    assert len(shown) >= 7
    assert [one.command for one in shown if not one.output.strip()] == ["export GOALS_TUI_WORKSPACE=demo"]


def test_its_pictures_are_those_that_are_there() -> None:
    named = set(re.findall(r"screenshots/[\w-]+\.svg", README.read_text("utf-8")))
    assert named == {f"screenshots/{file.name}" for file in (README.parent / "screenshots").glob("*.svg")}


def test_the_recording_is_small_and_shows_each_frame_in_its_turn() -> None:
    recording = (README.parent / "screenshots" / "first-minute.svg").read_text("utf-8")
    assert len(recording.encode()) < 600_000
    frames = len(ElementTree.fromstring(recording).findall("{http://www.w3.org/2000/svg}g[@class]"))
    moves = re.findall(r"@keyframes f(\d+) \{ .*?([\d.]+)% \{ visibility: visible \}", recording)
    assert [int(number) for number, _ in moves] == list(range(frames)) and frames > 8
    begins = [float(begin) for _, begin in moves]
    assert begins == sorted(set(begins)) and begins[0] == 0
    assert "prefers-reduced-motion" in recording


def test_its_table_names_every_command() -> None:
    table = README.read_text("utf-8").partition("| command | what it does |\n")[2].partition("\n\n")[0]
    spans = [span for row in table.splitlines() for span in re.findall(r"`([^`]+)`", row.split(" | ")[0])]
    named = {re.split(r" (?=[A-Z\[-])", span)[0] for span in spans}
    assert named == {"goals-tui", *COMMANDS}


def test_the_key_table_is_that_of_the_registry() -> None:
    text = KEYS.read_text("utf-8")
    assert "<!-- keys -->\n| Where | Key | What it does |" in text
    assert with_real_keys(text) == text
