"""The README is whole: its pictures are there, it shows real output. What it says to type is tried elsewhere.

`test_readme_commands.py` tries the commands, and with them that no output, key table or picture is older than the app.
"""

from __future__ import annotations

from tests.readme import README, shown_commands


def test_it_shows_commands_with_their_output() -> None:
    shown = list(shown_commands(README.read_text("utf-8")))
    assert len(shown) >= 8
    assert [one.command for one in shown if not one.output.strip()] == ["export GOALS_TUI_WORKSPACE=demo"]


def test_every_picture_is_there() -> None:
    pictures = [line.split("](")[1].split(")")[0] for line in README.read_text().splitlines() if line.startswith("![")]
    assert pictures
    for picture in pictures:
        assert (README.parent / picture).is_file(), picture
