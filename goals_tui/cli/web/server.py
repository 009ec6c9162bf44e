"""The server of `goals-tui serve`.

Anyone who can use the app acts as the user who started it. So every request needs the token of this run, and must be
made to and from the one address that was printed; everything else is answered with 403.
"""

from __future__ import annotations

import asyncio
import hmac
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.server import Server, to_int

from goals_tui.cli.output import say
from goals_tui.cli.web.address import PublicAddress

DRIVER = "goals_tui.tui.web_driver:EndingWebDriver"

TAB_SECONDS = 6.0
"""Seconds that an app has to end by itself when its tab is closed: a little more than its driver gives it."""

SHUTDOWN_SECONDS = 0.8
"""Seconds that an app has to end by itself when the server ends."""

CLOSE_SECONDS = 0.1
"""Seconds that a browser has to confirm that its web socket is closed."""

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Guard:
    """A middleware that answers requests with 403 unless they have the token and the public address.

    A page of another site can make a browser send requests here, with the cookies for this host. It can neither read
    the token nor choose `Origin` and `Host`. A name server that claims that its host is this machine does not help it:
    `Host` then names that host.
    """

    def __init__(self, address: PublicAddress, token: str) -> None:
        self._address = address
        self._token = token
        self._cookie = f"goals-tui-{address.port}"  # cookies are shared by all ports of a host

    def allows(self, request: web.Request) -> bool:
        """Return whether the request has the token and is made to and from the public address."""
        hosts = request.headers.getall("Host", [])
        origins = request.headers.getall("Origin", [])
        if len(hosts) != 1 or not self._address.is_host(hosts[0]):
            return False
        # Browsers always send the origin of a web socket.
        if len(origins) > 1 or (not origins and request.path == "/ws"):
            return False
        if not all(map(self._address.is_origin, origins)):
            return False
        return self._is_token(request.query.get("token")) or self._is_token(request.cookies.get(self._cookie))

    def _is_token(self, given: str | None) -> bool:
        return given is not None and hmac.compare_digest(given.encode("utf-8", "replace"), self._token.encode())

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer the request, or refuse it."""
        if not self.allows(request):
            return web.Response(
                status=403,
                text="403: open the address that `goals-tui serve` printed, with its token.\n",
                headers=_HEADERS,
            )
        response = await handler(request)
        if not response.prepared:
            response.headers.update(_HEADERS)
            # Set with the page itself: after a redirect from another site, the browser would not send a strict cookie.
            response.set_cookie(
                self._cookie,
                self._token,
                path=self._address.path or "/",
                httponly=True,
                secure=self._address.scheme == "https",
                samesite="Strict",
            )
        return response


class _Tab(AppService):
    """The app of one browser tab, in a process of its own."""

    def __init__(self, server: AppServer, socket: web.WebSocketResponse) -> None:
        super().__init__(
            "",
            write_bytes=socket.send_bytes,
            write_str=socket.send_str,
            close=self._close,
            download_manager=server.download_manager,
        )
        self.socket = socket
        self._arguments = app_command(server.workspace, server.events)

    async def _close(self) -> None:
        await self.socket.close()

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        return {**super()._build_environment(width, height), "TEXTUAL_DRIVER": DRIVER}

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        # Without a shell, and in a process session of its own: ctrl+c reaches only the server, which ends its apps.
        self._process = process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width, height),
            start_new_session=True,
        )
        self._stdin = process.stdin
        return process

    async def end(self, seconds: float) -> None:
        """Ask the app to quit, and kill it where it has not ended after this many seconds."""
        process = self._process
        if process is None:
            return
        ended = asyncio.create_task(self._quit(process))
        await asyncio.wait([ended], timeout=seconds)
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        await ended

    async def _quit(self, process: Process) -> None:
        await self.stop()
        self.stdin.close()
        await process.wait()


class AppServer(Server):
    """A server of one workspace at one public address, for users who have the token."""

    def __init__(
        self, workspace: Path, address: PublicAddress, token: str, *, host: str, port: int, events: str | None
    ) -> None:
        super().__init__(
            "", host=host, port=port, title="goals-tui", public_url=address.url, templates_path=Path(__file__).parent
        )
        self.workspace = workspace
        self.events = events
        self._guard = Guard(address, token)
        self._said = f"goals-tui is at {address.url}/?token={token} (ctrl+c ends it)"
        self._tabs: set[_Tab] = set()

    def serve(self, debug: bool = False) -> None:
        """Serve until ctrl+c. Raises OSError where the port can't be listened at."""
        web.run_app(
            self._make_app(),
            host=self.host,
            port=self.port,
            print=lambda *_: say(self._said),  # called when it listens
            access_log=None,  # it would hold the token
            shutdown_timeout=CLOSE_SECONDS,
        )

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(web.middleware(self._guard))
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Print nothing: `serve` prints the address when it can be opened."""

    async def on_shutdown(self, app: web.Application) -> None:
        """End the apps of all tabs."""
        await asyncio.gather(*(tab.end(SHUTDOWN_SECONDS) for tab in self._tabs))
        await asyncio.gather(*(tab.socket.close() for tab in self._tabs), return_exceptions=True)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Run an app for a tab until either of them is closed."""
        socket = web.WebSocketResponse(heartbeat=15, timeout=CLOSE_SECONDS)
        await socket.prepare(request)
        tab = _Tab(self, socket)
        self._tabs.add(tab)
        try:
            await tab.start(to_int(request.query.get("width", ""), 80), to_int(request.query.get("height", ""), 24))
            # A message that our page does not send closes the tab.
            with suppress(ValueError, LookupError, TypeError, AttributeError, AssertionError):
                await self._process_messages(socket, tab)
        finally:
            await tab.end(TAB_SECONDS)
            await socket.close()
            self._tabs.discard(tab)
        return socket


def app_command(workspace: Path, events: str | None) -> list[str]:
    """Return the command line that opens the app on a workspace, and on an engine with the events."""
    command = [sys.executable, "-m", "goals_tui", "--workspace", str(workspace.absolute())]
    return command if events is None else [*command, "--events", events]
