from __future__ import annotations

from pathlib import Path

import pytest

from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.project import Project
from goals_tui.store.values_file import read_values
from goals_tui.store.workspace import Workspace

PROJECT = Project(id="a" * 24, name="Flight Desk", currency="EUR", time_zone="Europe/Berlin")


def test_a_new_workspace_opens_with_its_project(tmp_path: Path) -> None:
    Workspace.create(tmp_path / "deep" / "down", PROJECT)
    workspace = Workspace.open(tmp_path / "deep" / "down")
    assert [Project(**fields) for fields in workspace.documents.all("project").values()] == [PROJECT]
    assert workspace.events.is_empty() and workspace.notices == []


def test_a_workspace_is_not_made_twice(tmp_path: Path) -> None:
    Workspace.create(tmp_path, PROJECT)
    with pytest.raises(RefusedError, match=r"There is a workspace at .* already"):
        Workspace.create(tmp_path, PROJECT)


def test_no_workspace_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError) as refused:
        Workspace.open(tmp_path / "none")
    assert str(refused.value) == (
        f"There is no workspace at {tmp_path / 'none'}. "
        f"Create one with: goals-tui init {tmp_path / 'none'} --name 'My Project', or goals-tui demo."
    )


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnreadableError, match="file"):
        Workspace.create(tmp_path / "file", PROJECT)
    with pytest.raises(UnreadableError, match="file"):
        Workspace.open(tmp_path / "file")


def test_a_recovery_is_a_notice_of_the_workspace(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path, PROJECT)
    with workspace.documents.transaction() as transaction:
        transaction.put("goals", "g", {"name": "G"})
    (tmp_path / "goals.json").write_text('{"goals": ')
    assert "recovered from goals.json.bak" in Workspace.open(tmp_path).notices[0]


def test_values_are_found_flat_and_nested(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text(
        "FEATURE_USE_GOALS_V2: false\ncommon:\n  env:\n    MAX_STEPS: 15\n    NAME: x\nlist: [1]\nnothing:\n"
    )
    values = read_values(tmp_path)
    assert values["FEATURE_USE_GOALS_V2"] == "false"
    assert values["MAX_STEPS"] == values["common__env__MAX_STEPS"] == "15"
    assert "list" not in values and "nothing" not in values


def test_no_values_is_no_error(tmp_path: Path) -> None:
    assert read_values(tmp_path) == {}
    (tmp_path / "values.yaml").write_text("# empty\n")
    assert read_values(tmp_path / "values.yaml") == {}


BOMB = "a: &a {x: 1, y: 2}\n" + "".join(
    f"{name}: &{name} {{x: *{before}, y: *{before}, z: *{before}}}\n"
    for before, name in zip("abcdefghijklm", "bcdefghijklmn", strict=True)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [1", "is not YAML in line"),
        (b"a: {b: 1\nc", "is not YAML in line"),
        (b"- 1\n- 2", "holds no names with values"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"[" * 5000, "is not YAML"),
        (b"a: " + b"9" * 5000, "is not YAML"),
        (b"!!python/object/apply:os.system ['true']", "is not YAML"),
        (BOMB.encode(), "holds more than 10,000 values"),
        (b"a: 1\n" * 300_000, "is too large"),
    ],
    ids=lambda given: given[:20] if isinstance(given, str) else "",
)
def test_bad_values_are_one_clear_line(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "values.yaml").write_bytes(content)
    with pytest.raises(UnreadableError) as refused:
        read_values(tmp_path)
    assert message in str(refused.value) and "values.yaml" in str(refused.value)
    assert "\n" not in str(refused.value)
