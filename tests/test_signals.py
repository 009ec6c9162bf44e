"""A signal that ends the app: the terminal is left as it was before."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path

import pytest

from tests.conftest import PATIENCE
from tests.readme_commands import FIRST_SCREEN, app_in_terminal, drawn_until


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_app_and_leaves_the_terminal_as_it_was(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = f"exec {shlex.quote(sys.executable)} -m goals_tui demo"
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    with app_in_terminal(command, tmp_path) as (app, terminal):
        drawn_until(terminal, lambda text: FIRST_SCREEN in text, PATIENCE)
        app.send_signal(number)
        last = b""
        while chunk := _read(terminal):
            last += chunk
        assert app.wait(PATIENCE) == 128 + number
    for end in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l"):
        assert end in last, "the other screen, the cursor, the mouse"


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # how Linux says that nobody holds the other end any more
        return b""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_the_screen_is_drawn_again_after_the_app_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = f"exec {shlex.quote(sys.executable)} -m goals_tui demo"
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    with app_in_terminal(command, tmp_path) as (app, terminal):
        drawn_until(terminal, lambda text: FIRST_SCREEN in text, PATIENCE)
        app.send_signal(signal.SIGTSTP)
        drawn = b""
        while b"\x1b[?1049l" not in drawn:
            drawn += _read(terminal)
        # It stops itself a little after it gave the terminal back; a SIGCONT that comes before is lost.
        stopped = os.waitid(os.P_PID, app.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        assert stopped is not None
        assert stopped.si_code == os.CLD_STOPPED
        app.send_signal(signal.SIGCONT)
        assert FIRST_SCREEN in drawn_until(terminal, lambda text: FIRST_SCREEN in text, PATIENCE)
