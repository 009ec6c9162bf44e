"""Pictures of Settings and its dialogs: at three sizes and in both our themes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from goals_tui.tui.config import Config
from tests.conftest import make_services
from tests.tui.harness import SIZES, QuietApp, until

VIEWS: dict[str, tuple[str, ...]] = {
    "list": ("6",),
    "keys": ("6", "down", "down", "down", "down"),
    "name": ("6", "enter"),
    "currency": ("6", "down", "enter", "f", "r", "a"),
    "time-zone": ("6", "down", "down", "enter"),
    "theme": ("6", "down", "down", "down", "enter"),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("theme", ("goals-dark", "goals-light"))
@pytest.mark.parametrize("view", VIEWS)
def test_view(
    snap_compare: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    view: str,
    theme: str,
    size: tuple[int, int],
) -> None:
    # Paths are shown: the same ones in every run.
    monkeypatch.chdir(tmp_path)
    app = QuietApp(make_services(Path("workspace")), Config(theme=theme))
    assert snap_compare(app, terminal_size=size, run_before=until(*VIEWS[view]))
