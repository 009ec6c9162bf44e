"""Cases 10 to 12: links, modes and groups stay, and a workspace is private or its group's."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from goals_tui.store import duckdb_files
from goals_tui.tui.app.config import Config
from tests.cases.conftest import Case
from tests.cli.conftest import Cli

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no modes here")

COLUMNS = ("--cycle", "case", "--step", "activity", "--time", "time")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): mode(path) for path in [folder, *folder.rglob("*")]}


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=["022", "077", "002"])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def work(desk: Cli, case: Case) -> None:
    """Writes every kind of file of a workspace."""
    assert desk("import", "csv", case("03") / "first.csv", "--goal", "G", *COLUMNS).code == 0
    step = desk("goals", "show", "G", "--format", "json").json["steps"][0]["name"]
    assert desk("track", "--session", "a", "--goal", "G", "--step", step).code == 0
    assert desk("events", "seal").code == 0
    assert desk("track", "--session", "b", "--goal", "G", "--step", step).code == 0


@pytest.mark.usefixtures("umask")
def test_a_new_workspace_is_private(cli: Cli, case: Case, tmp_path: Path) -> None:
    assert cli("init", tmp_path / "workspace", "--name", "T").code == 0
    work(cli, case)
    found = modes(tmp_path / "workspace")
    assert len(found) > 8
    for name, one in found.items():
        assert one == (0o700 if name in (".", "events") else 0o600), name


def test_a_group_keeps_what_its_folder_grants(cli: Cli, case: Case, tmp_path: Path) -> None:
    tmp_path.chmod(0o2775)
    before = os.umask(0o002)
    try:
        assert cli("init", tmp_path / "workspace", "--name", "T").code == 0
        work(cli, case)
    finally:
        os.umask(before)
    for name, one in modes(tmp_path / "workspace").items():
        assert one == (0o2770 if name in (".", "events") else 0o660), name


def test_later_files_take_the_bits_of_the_folder(desk: Cli, case: Case, tmp_path: Path) -> None:
    for folder in (tmp_path / "workspace", tmp_path / "workspace" / "events"):
        folder.chmod(0o750)
    work(desk, case)
    assert {mode(path) for path in (tmp_path / "workspace" / "events").iterdir()} == {0o640}


def test_case_10_a_link_stays_and_its_target_changes(desk: Cli, case: Case, tmp_path: Path) -> None:
    dots, link = case("10") / "dots", tmp_path / "workspace" / "goals.json"
    dots.mkdir()
    link.replace(dots / "goals.json")
    link.symlink_to(dots / "goals.json")
    events = case("03") / "first.csv"
    for goal in ("G", "H"):
        assert desk("import", "csv", events, "--goal", goal, *COLUMNS).code == 0
    assert link.is_symlink() and '"H"' in (dots / "goals.json").read_text()
    assert not link.with_name("goals.json.bak").is_symlink() and [path.name for path in dots.iterdir()] == [
        "goals.json"
    ]


@pytest.mark.parametrize("kept", [0o600, 0o660, 0o644])
def test_case_11_a_mode_stays(desk: Cli, case: Case, tmp_path: Path, kept: int) -> None:
    file = tmp_path / "workspace" / "goals.json"
    file.chmod(kept)
    assert desk("import", "csv", case("03") / "first.csv", "--goal", "G", *COLUMNS).code == 0
    assert mode(file) == kept


def test_case_11_a_file_that_is_read_only_is_refused(desk: Cli, case: Case, tmp_path: Path) -> None:
    file = tmp_path / "workspace" / "goals.json"
    assert desk("import", "csv", case("03") / "first.csv", "--goal", "G", *COLUMNS).code == 0
    content = file.read_bytes()
    file.chmod(0o444)
    refused = desk("goals", "delete", "G", "--confirm", "G")
    assert refused.code == 1 and "permission denied" in refused.err
    assert file.read_bytes() == content and mode(file) == 0o444


def test_case_11_the_configuration_keeps_mode_and_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "config.toml"
    real.write_text('# mine\ntheme = "goals-dark"\n')
    real.chmod(0o600)
    link.symlink_to(real)
    Config(link).keep("theme", "goals-light")
    assert link.is_symlink() and mode(real) == 0o600
    assert real.read_text() == '# mine\ntheme = "goals-light"\n'
    real.chmod(0o444)
    with pytest.raises(Exception, match="can't be written"):
        Config(link).keep("theme", "goals-dark")


def test_temporary_files_of_duckdb_are_private() -> None:
    folder = Path(duckdb_files._spill_folder(os.getpid())).parent
    assert folder.is_dir() and mode(folder) == 0o700
    assert duckdb_files._spill_folder(os.getpid()) != duckdb_files._spill_folder(os.getpid())


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() != 0, reason="only root becomes two other users")
def test_case_12_two_users_of_one_group(case: Case, tmp_path: Path) -> None:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("setpriv is not installed")
    here = case("12")
    for folder in [here, *here.parents]:
        if not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(folder.stat().st_mode | 0o711)
    shared = here / "shr"
    here.chmod(0o755)
    shared.mkdir()
    os.chown(shared, -1, 5000)
    shared.chmod(0o2775)
    events = case("03")
    events.chmod(0o755)
    # They may read everything, as Python itself may lie in root's home folder; what they write is looked at here.
    may_read = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    become = (setpriv, "--regid=5000", "--clear-groups", *may_read)

    def as_user(user: int, *arguments: object) -> None:
        home = tmp_path / f"home{user}"
        home.mkdir(exist_ok=True)
        os.chown(home, user, 5000)
        command = [sys.executable, "-m", "goals_tui", *map(str, arguments)]
        done = subprocess.run(
            [*become, f"--reuid={user}", *command], umask=0o002, cwd=home, capture_output=True, text=True,
            env={"PATH": os.environ["PATH"], "HOME": str(home)}, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    workspace = ("--workspace", shared / "ws")
    as_user(5001, "init", shared / "ws", "--name", "T", "--currency", "EUR", "--time-zone", "UTC")
    as_user(5001, *workspace, "import", "csv", events / "first.csv", "--goal", "G", *COLUMNS)
    for user in (5001, 5002):
        as_user(user, *workspace, "track", "--session", user, "--goal", "G", "--step", "Start")
    as_user(5002, *workspace, "events", "seal")
    as_user(5002, *workspace, "goals", "delete", "G", "--confirm", "G")
    for name, one in modes(shared / "ws").items():
        assert one == (0o2770 if name in (".", "events") else 0o660), name
