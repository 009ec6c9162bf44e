"""The same app in a browser, on this machine: for showing it to somebody (extra `web`, textual-serve)."""

from __future__ import annotations

import errno
import ipaddress
import shlex
import subprocess
import sys
from pathlib import Path

from goals_tui.cli.output import say
from goals_tui.domain.errors import RefusedError, UnreadableError

PAGE = Path(__file__).with_name("web")
"""The page around the app: ours asks nothing of other servers."""


def serve(workspace: Path, host: str, port: int) -> None:
    """Serve the workspace until ctrl+c. Each browser tab is an app of its own over the same workspace.

    Raises UnreadableError where there is no workspace or the port is taken, RefusedError without the extra.
    """
    from goals_tui.services.context import open_services

    open_services(workspace)
    try:
        from textual_serve.server import Server
    except ImportError:
        raise RefusedError(
            "Showing the app in a browser needs the extra web. Install it with: pip install 'goals-tui[web]'"
        ) from None

    class _Server(Server):
        async def on_startup(self, app: object) -> None:
            say(f"goals-tui is at {self.public_url} (ctrl+c ends it)")

    if not _is_local(host):
        say(f"Anybody who reaches {host} can read and change this workspace.")
    command = app_command(workspace)
    try:
        _Server(command, host=host, port=port, title="goals-tui", templates_path=PAGE).serve()
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
            raise
        raise UnreadableError(
            f"Can't listen at {host}, port {port}: {error.strerror or error}. Choose another --port or --host."
        ) from error


def app_command(workspace: Path) -> str:
    """The command line that opens the app on a workspace, for the shell of this system."""
    parts = [sys.executable, "-m", "goals_tui", "--workspace", str(workspace.absolute())]
    return subprocess.list2cmdline(parts) if sys.platform == "win32" else shlex.join(parts)


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
