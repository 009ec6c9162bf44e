"""Serve the app to browsers, for one user of one workspace (extra `web`, textual-serve)."""

from __future__ import annotations

import errno
import ipaddress
import secrets
from pathlib import Path

from goals_tui.cli.output import say
from goals_tui.cli.web.address import PublicAddress
from goals_tui.domain.errors import RefusedError, UnreadableError, WrongValueError


def serve(workspace: Path, host: str, port: int, public_url: str | None = None, events: str | None = None) -> None:
    """Serve a workspace until ctrl+c; each browser tab runs an app of its own on it.

    `public_url` is the address that browsers use, where it is not the one that is listened at. Raises UnreadableError
    where there is no workspace or the port can't be listened at, RefusedError without the extra, and WrongValueError
    where browsers can't use the address.
    """
    from goals_tui.services.context import open_services

    address = PublicAddress.parse(public_url) if public_url else _listened(host, port)
    open_services(workspace, events=events)
    try:
        from goals_tui.cli.web.server import AppServer
    except ImportError:
        raise RefusedError(
            "Showing the app in a browser needs the extra web. Install it with: pip install 'goals-tui[web]'"
        ) from None

    if not _is_local(host):
        say("Whoever has this address can read and change the workspace as you can. Give it to nobody else.")
    try:
        AppServer(workspace, address, secrets.token_urlsafe(32), host=host, port=port, events=events).serve()
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
            raise
        raise UnreadableError(
            f"Can't listen at {host}, port {port}: {error.strerror or error}. Choose another --port or --host."
        ) from error


def _listened(host: str, port: int) -> PublicAddress:
    try:
        everywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        everywhere = not host
    if everywhere:
        raise WrongValueError(
            f"{host or 'An empty --host'} is every address of this machine. Say the one that browsers use:"
            f" --public-url http://NAME:{port}"
        )
    return PublicAddress.parse(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
