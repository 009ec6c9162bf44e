"""Case 02: what `-o FILE` names stays what it is: a pipe, a device, a link."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from goals_tui.services.export_files import exists_already
from tests.cases.conftest import Case
from tests.cli.conftest import Cli, on_a_terminal
from tests.conftest import PATIENCE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pipes and devices with names here")

COMMANDS = {
    "flow.json": ("flows", "export", "F"),
    "goals.zip": ("package", "export", "G", "--with-events"),
    "events.csv": ("events", "export"),
}


@pytest.fixture
def filled(desk: Cli, case: Case, tmp_path: Path) -> Cli:
    case("02")
    flow = tmp_path / "f.json"
    flow.write_text('{"nodes":[{"_id":"a","type":"start"}],"relations":[{"node":"a"}]}')
    assert desk("flows", "import", flow, "--name", "F").code == 0
    columns = ("--cycle", "case", "--step", "activity", "--time", "time")
    assert desk("import", "csv", case("03") / "first.csv", "--goal", "G", *columns).code == 0
    return desk


@pytest.mark.parametrize("name", COMMANDS)
def test_a_pipe_gets_the_bytes(filled: Cli, tmp_path: Path, name: str) -> None:
    pipe, got = tmp_path / name, list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()), daemon=True)
    reader.start()
    assert filled(*COMMANDS[name], "-o", pipe).code == 0
    reader.join(PATIENCE)
    assert len(got[0]) > 20 and stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_link_stays_one(filled: Cli, tmp_path: Path, name: str) -> None:
    real, link = tmp_path / f"real-{name}", tmp_path / name
    real.write_text("keep")
    real.chmod(0o640)
    link.symlink_to(real.name)
    refused = filled(*COMMANDS[name], "-o", link)
    assert refused.code == 1 and "exists already. Give --force" in refused.err and real.read_text() == "keep"
    assert filled(*COMMANDS[name], "-o", link, "--force").code == 0
    assert link.is_symlink() and real.stat().st_size > 20 and stat.S_IMODE(real.stat().st_mode) == 0o640


@pytest.mark.parametrize("name", COMMANDS)
def test_a_device_stays_one(filled: Cli, tmp_path: Path, name: str) -> None:
    device = tmp_path / name
    try:
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        device.write_bytes(b"")
    except OSError:
        pytest.skip("only root makes devices")
    assert filled(*COMMANDS[name], "-o", device).code == 0
    assert stat.S_ISCHR(device.stat().st_mode) and not exists_already(device)


def test_a_dash_is_standard_output(filled: Cli) -> None:
    assert json.loads(filled("flows", "export", "F", "-o", "-").out) == json.loads(filled("flows", "export", "F").out)
    assert not Path("-").exists()


def test_a_dash_is_standard_output_for_bytes_too(filled: Cli, tmp_path: Path) -> None:
    def piped(*command: str) -> bytes:
        workspace = {**os.environ, "GOALS_TUI_WORKSPACE": str(tmp_path / "workspace")}
        program = [sys.executable, "-m", "goals_tui", *command, "-o", "-"]
        return subprocess.run(program, env=workspace, stdout=subprocess.PIPE, cwd=tmp_path, check=True).stdout

    assert all(json.loads(line)["goalId"] for line in piped("events", "export").splitlines())
    (tmp_path / "got.zip").write_bytes(piped("package", "export", "G"))
    assert zipfile.is_zipfile(tmp_path / "got.zip") and not (tmp_path / "-").exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_file_that_is_there_stays_without_a_yes(filled: Cli, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("keep")
    refused = filled(*COMMANDS[name], "-o", file)
    assert (refused.code, refused.out) == (1, "") and refused.err.count("\n") == 1
    assert f"{file} exists already. Give --force to replace it" in refused.err and file.read_text() == "keep"
    assert filled(*COMMANDS[name], "-o", file, "--force").code == 0
    assert file.stat().st_size > 20


@pytest.mark.parametrize(("typed", "code"), [("n\n", 1), ("\n", 1), ("y\n", 0)])
def test_on_a_terminal_it_asks(filled: Cli, tmp_path: Path, typed: str, code: int) -> None:
    file = tmp_path / "flow.json"
    file.write_text("keep")
    done = on_a_terminal(tmp_path / "workspace", "flows", "export", "F", "-o", str(file), typed=typed)
    assert (done.code, done.out) == (code, "") and f"{file} exists already. Replace it? [y/N]:" in done.err
    assert (file.read_text() == "keep") == (code == 1)
