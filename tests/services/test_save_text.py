"""Files that the user asked for: written once, never over another one unasked."""

from __future__ import annotations

from pathlib import Path

import pytest

from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.services.export_files import save_text, typed


def test_the_full_path_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written = save_text(Path("table.csv"), "a,b\r\nä,1\n")
    assert written == tmp_path / "table.csv"
    assert written.read_bytes() == "a,b\r\nä,1\n".encode()


def test_the_home_folder_may_be_named(home: Path) -> None:
    assert save_text(typed("~/table.csv"), "x") == home / "table.csv"
    assert typed("~nobody-of-this-name/x") == Path("~nobody-of-this-name/x")


def test_another_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("theirs")
    with pytest.raises(RefusedError, match="exists already") as refused:
        save_text(path, "mine")
    assert refused.value.field == "path" and path.read_text() == "theirs"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"gone/table\.csv can't be written: .*\. Choose another folder\."):
        save_text(tmp_path / "gone" / "table.csv", "x")
