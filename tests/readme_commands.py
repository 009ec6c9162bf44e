"""The shell commands of README.md and CONTRIBUTING.md: read, and tried in a copy of the checkout."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
FIRST_SCREEN = "Goals: what a conversation should achieve"
"""Stands on the first screen of the demo: the title of the tour's first card."""

_BASH = re.compile(r"^```bash\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ESCAPES = re.compile(r"\x1b\[[0-9;:?<>=]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b\][^\x07]*\x07")


def lines(text: str) -> Iterator[str]:
    """Every line of the bash blocks that does something."""
    for block in _BASH.findall(text):
        yield from (line for line in block.splitlines() if shlex.split(line, comments=True))


def commands(text: str) -> Iterator[str]:
    """The single commands of those lines, without what is a comment."""
    for line in lines(text):
        yield from (shlex.join(shlex.split(part, comments=True)) for part in line.split(" && "))


def copy_checkout(target: Path) -> Path:
    """A copy of what git knows and of what is new, so that nothing here is changed by what runs there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


def contents(folder: Path) -> Mapping[str, bytes]:
    """README.md and every file of the documentation and of screenshots/, with its bytes."""
    folders = (folder / "goals_tui" / "docs", folder / "screenshots")
    files = [folder / "README.md", *(file for one in folders for file in sorted(one.iterdir()))]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files if file.is_file()}


def run(command: str, folder: Path, *more: str, patience: float = 600) -> str:
    """Run a command in `folder` and return its output; fails with all of that where it fails."""
    done = subprocess.run(
        command + "".join(f" {shlex.quote(word)}" for word in more),
        shell=True, executable="/bin/bash", cwd=folder, env=_environment(folder), timeout=patience,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout[-5000:]}"
    return done.stdout


@contextmanager
def app_in_terminal(command: str, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A command that opens the app in a terminal of 120x36, and that terminal's other end."""
    import fcntl
    import pty
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
    app = subprocess.Popen(
        ["/bin/bash", "-c", command],
        cwd=folder, env=_environment(folder), stdin=follower, stdout=follower, stderr=follower, start_new_session=True,
    )  # fmt: skip
    os.close(follower)
    try:
        yield app, leader
    finally:
        app.kill()
        app.wait()
        os.close(leader)


def run_app(command: str, folder: Path, *, patience: float) -> str:
    """Run a command that opens the app until its first screen is there; then quit with `q`.

    Gives all that was drawn, as text. Fails where the screen does not come, or the app does not end well.
    """
    with app_in_terminal(command, folder) as (app, terminal):
        drawn = drawn_until(terminal, lambda text: FIRST_SCREEN in text, patience)
        # The tour stands over the screen, and takes the first one.
        os.write(terminal, b"q")
        drawn += drawn_until(terminal, lambda text: "Palette" in text, patience)
        os.write(terminal, b"q")
        # A terminal that nobody reads fills up, and the app waits for it with its last screen half drawn.
        drawn += drawn_until(terminal, None, patience)
        assert app.wait(patience) == 0, drawn[-3000:]
        return drawn


def drawn_until(terminal: int, there: Callable[[str], bool] | None, patience: float) -> str:
    """Return all that is drawn until it is `there`; None: until nobody holds the terminal any more."""
    import selectors

    drawn, end = "", time.monotonic() + patience
    while there is None or not there(drawn):
        # Not select(): a worker that has run many tests holds more files than that can name.
        with selectors.DefaultSelector() as waiting:
            waiting.register(terminal, selectors.EVENT_READ)
            ready = waiting.select(max(0.0, end - time.monotonic()))
        assert ready, f"it did not come in {patience:.0f} s:\n{drawn[-3000:]}"
        try:
            read = os.read(terminal, 1 << 16)
        except OSError:  # how Linux says that nobody holds the other end any more
            read = b""
        if there is None and not read:
            break
        assert read, f"it ended before:\n{drawn[-3000:]}"
        drawn += _ESCAPES.sub("", read.decode("utf-8", "replace"))
    return drawn


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    if (folder / ".venv").is_symlink():
        # The environment of this test knows this checkout: what runs there imports the copy.
        kept["PYTHONPATH"] = str(folder)
    return {**kept, "TERM": "xterm-256color"}


def this_environment(folder: Path) -> None:
    """Lets `.venv` in a copy be the environment of this test."""
    (folder / ".venv").symlink_to(sys.prefix)
