"""Case 20: what follows an escape character in pasted text acts on the chosen node as keys."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from goals_tui.services.context import open_services
from tests.cases.conftest import Case
from tests.conftest import PATIENCE
from tests.readme_commands import app_in_terminal, drawn_until


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")
@pytest.mark.parametrize("rest", [b"", b"\x1bq", b"\x1b[3~\x1ba"])
def test_pasted_text_does_nothing_without_a_field(case: Case, tmp_path: Path, demo_folder: Path, rest: bytes) -> None:
    pasted = (case("20") / "paste.txt").read_bytes().rstrip(b"\n") + rest
    demo = Path(shutil.copytree(demo_folder, tmp_path / "demo"))
    before = open_services(demo).flows.all()
    command = f"exec {sys.executable} -m goals_tui --workspace {demo}"
    with app_in_terminal(command, tmp_path) as (app, terminal):
        drawn_until(terminal, lambda text: "Goals: what" in text, PATIENCE)
        os.write(terminal, b"\x1b")
        drawn_until(terminal, lambda text: "Palette" in text, PATIENCE)
        os.write(terminal, b"2")
        drawn_until(terminal, lambda text: "Start" in text and "Findings" in text, PATIENCE)
        os.write(terminal, b"\x1b[B")
        os.write(terminal, b"\x1b[200~" + pasted + b"\x1b[201~")
        os.write(terminal, b"1")
        drawn_until(terminal, lambda text: "by name" in text, PATIENCE)
        os.write(terminal, b"q")
        drawn_until(terminal, None, PATIENCE)
        assert app.wait(PATIENCE) == 0
    assert open_services(demo).flows.all() == before
