"""The README says what is true: its commands run and print what it shows, its key table is the app's."""

from __future__ import annotations

from pathlib import Path

from tests.readme import README, shown_commands, with_real_keys, with_real_output


def test_every_command_prints_what_the_readme_shows(tmp_path: Path) -> None:
    text = README.read_text()
    assert len(list(shown_commands(text))) >= 8
    assert with_real_output(text, tmp_path) == text, "run: python -m tests.readme"


def test_the_key_table_is_the_one_of_the_app() -> None:
    text = README.read_text()
    assert "| `ctrl+p`" in text
    assert with_real_keys(text) == text, "run: python -m tests.readme"


def test_every_picture_is_there() -> None:
    pictures = [line.split("](")[1].split(")")[0] for line in README.read_text().splitlines() if line.startswith("![")]
    assert pictures
    for picture in pictures:
        assert (README.parent / picture).is_file(), picture
