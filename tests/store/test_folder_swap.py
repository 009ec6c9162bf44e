"""A folder is replaced whole, also where the system can't let two folders change places."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from goals_tui.store.folder_swap import replacing_folder


def make(path: Path, text: str, *, ours: str = "a.txt") -> None:
    with replacing_folder(path, lambda name: name == ours) as new:
        new.mkdir()
        (new / ours).write_text(text)


@pytest.mark.parametrize("swaps", [True, False])
def test_the_new_one_takes_the_place_of_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swaps: bool
) -> None:
    if not swaps:
        monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    path = tmp_path / "folder"
    for text in ("first", "second"):
        make(path, text)
        assert (path / "a.txt").read_text() == text
        (path / "mine.txt").write_text("mine")
    assert sorted(one.name for one in path.iterdir()) == ["a.txt", "mine.txt"]
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    make(tmp_path / "link", "first")
    make(tmp_path / "link", "second")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real" / "a.txt").read_text() == "second"


def test_what_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    make(path, "first")
    with pytest.raises(ValueError, match="no"), replacing_folder(path, lambda name: True) as new:
        new.mkdir()
        raise ValueError("no")
    assert (path / "a.txt").read_text() == "first" and [one.name for one in tmp_path.iterdir()] == ["folder"]


def test_who_makes_it_at_the_same_time_is_not_disturbed(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    with replacing_folder(path, lambda name: True) as slow:
        slow.mkdir()
        (slow / "a.txt").write_text("slow")
        make(path, "quick")
        assert (slow / "a.txt").read_text() == "slow" and (path / "a.txt").read_text() == "quick"
    assert (path / "a.txt").read_text() == "slow" and [one.name for one in tmp_path.iterdir()] == ["folder"]
