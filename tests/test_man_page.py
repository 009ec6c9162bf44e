"""The help of `goals-tui`, and the man page that is made from it when the wheel is built."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from goals_tui.cli.app import GROUPS, MODULES, SECTIONS, make_app
from tests.readme_commands import copy_checkout

ROOT = Path(__file__).parents[1]


def test_every_command_stands_under_one_heading_of_the_help() -> None:
    assert sorted(name for names in SECTIONS.values() for name in names) == sorted([*MODULES, *GROUPS])


def test_the_help_fits_80_columns() -> None:
    shown = CliRunner(env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"}).invoke(make_app(), ["--help"]).output
    assert [line for line in shown.splitlines() if len(line) > 80] == []
    found = [line[:-1] for line in shown.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert found == ["Options", *SECTIONS]
    summaries = {line.split()[0]: line for line in shown.splitlines() if line.startswith("  ") and line[2] != " "}
    assert {line.index(line.split()[1]) for name, line in summaries.items() if name in {*MODULES, *GROUPS}} == {15}


def hook() -> Any:
    """The build hook, as hatchling loads it."""
    pytest.importorskip("hatchling", reason="needs hatchling, which builds the wheel")
    spec = importlib.util.spec_from_file_location("man_page", ROOT / ".ci" / "man_page.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_wheel_holds_the_man_page(tmp_path: Path) -> None:
    page = hook().man_page()
    copy_checkout(tmp_path / "copy")
    built = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(built, cwd=tmp_path / "copy", check=True, capture_output=True)
    with ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        (name,) = (name for name in wheel.namelist() if name.endswith("/data/share/man/man1/goals-tui.1"))
        assert wheel.read(name).decode() == page


def test_the_man_page_tells_every_command_and_option() -> None:
    page = hook().man_page().replace(r"\-", "-")

    def look(command: Any, name: str) -> None:
        inner = getattr(command, "commands", {})
        if not inner:
            assert f"\n\\fB{name}\\fR" in page
        for option in command.params:
            hidden = getattr(option, "hidden", False) or option.name == "show_completion"
            assert hidden or option.param_type_name == "argument" or f"{option.opts[-1]}" in page, (name, option.name)
        for each in inner:
            look(inner[each], f"{name} {each}")

    look(get_command(make_app()), "goals-tui")


def test_the_man_page_is_read_without_warnings(tmp_path: Path) -> None:
    readers = {
        "mandoc": ["mandoc", "-T", "lint", "-W", "error"],
        "groff": ["groff", "-man", "-T", "utf8", "-ww", "-z"],
        "man": ["man", "--warnings", "-l"],
    }
    reader = next((words for name, words in readers.items() if shutil.which(name)), None)
    if reader is None:
        pytest.skip(f"none of {', '.join(readers)} is installed")
    file = tmp_path / "goals-tui.1"
    file.write_text(hook().man_page(), "utf-8")
    done = subprocess.run([*reader, str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
