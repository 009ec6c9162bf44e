"""Commands as programs of their own, with what they cost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

NOW = "2026-11-20T12:00:00Z"


def measured(workspace: Path, *arguments: object) -> tuple[float, float]:
    """Run a command on a workspace, and return its seconds and its most memory in bytes."""
    env = {**os.environ, "GOALS_TUI_NOW": NOW, "GOALS_TUI_WORKSPACE": str(workspace)}
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "goals_tui", *map(str, arguments)], env=env, stdout=subprocess.DEVNULL
    ) as program:
        _, status, used = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
    assert program.returncode == 0
    return time.perf_counter() - began, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
