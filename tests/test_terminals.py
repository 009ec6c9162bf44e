"""Terminals in which the app can't be drawn: one line instead of it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PATIENCE, make_services
from tests.readme_commands import app_in_terminal, drawn_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no TERM")


@pytest.mark.parametrize("terminal", ["dumb", "unknown", "", "paper"])
def test_a_terminal_without_addressing_gets_one_line(
    terminal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_services(tmp_path / "w")
    if terminal == "paper":
        if shutil.which("tic") is None:
            pytest.skip("needs tic, which comes with ncurses")
        (tmp_path / "paper.ti").write_text("paper|a terminal that prints,\n\tam, cols#80, cr=\\r, ind=\\n,\n")
        subprocess.run(["tic", "-x", "-o", tmp_path / "terminfo", tmp_path / "paper.ti"], check=True)
        monkeypatch.setenv("TERMINFO", str(tmp_path / "terminfo"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    command = f"TERM={terminal} exec {shlex.quote(sys.executable)} -m goals_tui --workspace w"
    with app_in_terminal(command, tmp_path) as (app, end):
        shown = drawn_until(end, None, PATIENCE)
        assert app.wait(PATIENCE) == 1
    assert os.linesep not in shown.strip()
    assert f"TERM is {terminal!r}" in shown and "Set TERM to" in shown


@pytest.mark.parametrize("terminal", ["vt100", "a-terminal-of-tomorrow"])
def test_one_that_can_or_that_is_not_known_gets_the_app(
    terminal: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_services(tmp_path / "w")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    command = f"TERM={terminal} exec {shlex.quote(sys.executable)} -m goals_tui --workspace w"
    with app_in_terminal(command, tmp_path) as (app, end):
        drawn_until(end, lambda text: "Palette" in text, PATIENCE)
        os.write(end, b"q")
        drawn_until(end, None, PATIENCE)
        assert app.wait(PATIENCE) == 0
