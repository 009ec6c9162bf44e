"""Paths of files that the user asks for."""

from __future__ import annotations

from pathlib import Path

from goals_tui.services.export_files import typed


def test_the_home_folder_may_be_named(home: Path) -> None:
    assert typed(" ~/table.csv ") == home / "table.csv"
    assert typed("~nobody-of-this-name/x") == Path("~nobody-of-this-name/x")
