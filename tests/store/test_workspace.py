from __future__ import annotations

from pathlib import Path

import pytest

from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.project import Project
from goals_tui.store.workspace import Values, Workspace, read_values

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


def test_values_are_found_flat_nested_and_spelled_by_what_they_stand_in(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text(
        'common:\n  env:\n    FEATURE_USE_GOALS_V2: "false"\n'
        "FEATURE_USE_GOALS:\n  MAX_STEPS_PER_GOAL: 15\nFEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL:\n"
    )
    values = read_values(tmp_path)
    assert values.known == {"FEATURE_USE_GOALS_V2": "false", "FEATURE_USE_GOALS__MAX_STEPS_PER_GOAL": "15"}
    assert values.warnings == []


def test_an_outer_value_counts_more_than_one_inside_others(tmp_path: Path) -> None:
    for text in (
        "a:\n  FEATURE_USE_GOALS: 1\nFEATURE_USE_GOALS: 2\n",
        "FEATURE_USE_GOALS: 2\na: {FEATURE_USE_GOALS: 1}\n",
    ):
        (tmp_path / "values.yaml").write_text(text)
        assert read_values(tmp_path).known == {"FEATURE_USE_GOALS": "2"}


def test_unknown_keys_are_warned_of_with_line_and_nearest_name(tmp_path: Path) -> None:
    path = tmp_path / "values.yaml"
    path.write_text("\nFEATURE_USE_GOLAS_V2: true\nFEATURE_USE_GOALS:\n  MAX_STEPS: 3\na: [1, {b: [2]}]\nc: 1\nd: 2\n")
    values = read_values(tmp_path)
    assert values.known == {}
    assert values.warnings == [
        f"{path}, line 2: there is no key 'FEATURE_USE_GOLAS_V2'. Did you mean FEATURE_USE_GOALS_V2?",
        f"{path}, line 4: there is no key 'MAX_STEPS'. Did you mean FEATURE_USE_GOALS__MAX_STEPS_PER_GOAL?",
        f"{path}, line 5: there is no key 'a'.",
        f"{path}: 2 more unknown keys.",
    ]


def test_no_values_is_no_error(tmp_path: Path) -> None:
    assert read_values(tmp_path) == Values()
    (tmp_path / "values.yaml").write_text("# empty\n")
    assert read_values(tmp_path) == Values()


BOMB = "a: &a {x: 1, y: 2}\n" + "".join(
    f"{name}: &{name} {{x: *{before}, y: *{before}, z: *{before}}}\n"
    for before, name in zip("abcdefghijklm", "bcdefghijklmn", strict=True)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [1", "is not YAML in line"),
        (b"a: {b: 1\nc", "is not YAML in line"),
        (b"- 1\n- 2", "holds no keys with values"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"a: " + b"[" * 5000, "line 1: this is nested too deeply"),
        (b"{a: " * 5000, "line 1: this is nested too deeply"),
        (b"!!python/object/apply:os.system ['true']", "line 1: this is a tag"),
        (b"\nFEATURE_USE_GOALS_V2: !!int ''", "line 2: this is a tag"),
        (b"FEATURE_USE_GOALS_V2: !!timestamp x", "line 1: this is a tag"),
        (b'FEATURE_USE_GOALS_V2: "\\UFFFFFFFF"', "is not YAML"),
        (BOMB.encode(), "line 1: this is an anchor or an alias"),
        (b"a: 1\nb: *a", "line 2: this is an anchor or an alias"),
        (b"? [1]\n: 2", "line 1: a key is a single word"),
        (b"a: 1\na: 2", "line 2: 'a' stands twice"),
        (b"a: 1\n---\nb: 1", "holds several documents"),
        (b"FEATURE_USE_GOALS_V2: [true]", "line 1: 'FEATURE_USE_GOALS_V2' has a list"),
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
