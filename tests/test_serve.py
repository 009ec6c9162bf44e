"""The app in a browser: served, opened in headless Chromium, and the goals are there."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from goals_tui.cli import serve as serving
from goals_tui.cli.web.address import PublicAddress
from goals_tui.domain.errors import RefusedError, UnreadableError, WrongValueError
from goals_tui.services.context import Services
from tests.builders import book_a_flight
from tests.conftest import PATIENCE

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--window-size=1200,800",
)


@pytest.fixture
def workspace(services: Services) -> Path:
    services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    return services.workspace.path


@dataclass
class Served:
    """A server that runs."""

    process: subprocess.Popen[str]
    url: str
    token: str
    port: int

    @property
    def page(self) -> str:
        return f"{self.url}/?token={self.token}"

    def apps(self) -> list[int]:
        """The processes of its tabs."""
        return [
            int(child)
            for child in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]


def free_port() -> int:
    """A port that is free now; another program may take it at any moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serve(workspace: Path, home: Path, *options: str) -> Iterator[Served]:
    """A server at a free port: at another one where a program was quicker to listen there."""
    pytest.importorskip("textual_serve", reason="the extra web is not installed")
    environment = {**os.environ, "HOME": str(home)}
    said = None
    while said is None:
        port = free_port()
        command = [sys.executable, "-m", "goals_tui", "--workspace", str(workspace), "serve", "--port", str(port)]
        with subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, text=True
        ) as server:
            assert server.stdout is not None
            try:
                line = server.stdout.readline()
                said = re.fullmatch(r"goals-tui is at (\S+)/\?token=(\S+) \(ctrl\+c ends it\)\n", line)
                assert said or f"Can't listen at localhost, port {port}" in line, line
                if said:
                    yield Served(server, said[1], said[2], port)
            finally:
                server.terminate()
                rest = server.stdout.read()
            assert said is None or said[2] not in rest


def test_a_port_that_is_taken_meanwhile_is_not_insisted_on(
    workspace: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1], free_port()])
        monkeypatch.setattr(sys.modules[__name__], "free_port", lambda: next(ports))
        with serve(workspace, home) as served:
            assert served.port != taken.getsockname()[1]


@pytest.fixture
def served(workspace: Path, home: Path) -> Iterator[Served]:
    with serve(workspace, home) as served:
        assert served.url == f"http://localhost:{served.port}"
        yield served


class Browser:
    """A page of Chromium, by its DevTools protocol."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 0
        self.received = ""
        """The terminal's text that was sent to the page's own web socket."""

    async def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while (message := await self._next()).get("id") != self._number:
            pass
        assert "error" not in message, message
        return dict(message["result"])

    async def value(self, expression: str) -> Any:
        return (await self.do("Runtime.evaluate", expression=expression))["result"]["value"]

    async def until_received(self, text: str) -> None:
        while text not in re.sub(r"\x1b\[[0-9;:?]*[A-Za-z]", "", self.received):
            await self._next()

    async def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = await self._socket.receive_json()
        if message.get("method") == "Network.webSocketFrameReceived":
            data = message["params"]["response"]["payloadData"]
            binary = message["params"]["response"]["opcode"] == 2
            self.received += base64.b64decode(data).decode("utf-8", "replace") if binary else data
        return message


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Browser]:
    import aiohttp

    assert CHROMIUM is not None
    chromium = await asyncio.create_subprocess_exec(
        CHROMIUM, *FLAGS, f"--user-data-dir={folder}", "about:blank", stderr=asyncio.subprocess.PIPE
    )
    assert chromium.stderr is not None
    try:
        port = ""
        while not port:
            line = (await chromium.stderr.readline()).decode()
            if not line:
                pytest.skip("Chromium does not start on this machine")
            port = next(iter(re.findall(r"DevTools listening on ws://127\.0\.0\.1:(\d+)/", line)), "")
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json") as pages:
                page = next(page for page in await pages.json() if page["type"] == "page")
            async with session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Browser(socket)
    finally:
        with suppress(ProcessLookupError):
            chromium.kill()
        await chromium.communicate()


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
async def test_the_browser_shows_the_goals(served: Served, tmp_path: Path) -> None:
    async with asyncio.timeout(PATIENCE), browser(tmp_path / "chromium") as page:
        await page.do("Network.enable")
        await page.do("Page.enable")
        await page.do("Page.navigate", url=served.page)
        await page.until_received("Book a Flight")
        assert "-first-byte" in await page.value("document.body.className")
        assert await page.value("document.title") == "goals-tui"
        others = await page.value("performance.getEntriesByType('resource').map(r => r.name).join(' ')")
        assert set(re.findall(r"https?://[^/ ]+", others)) == {served.url}
        picture = await page.do("Page.captureScreenshot", format="png")
        (tmp_path / "page.png").write_bytes(base64.b64decode(picture["data"]))

        # The token is neither in the address bar nor can a script read it, and the page opens without it.
        assert await page.value("window.location.href") == f"{served.url}/"
        assert await page.value("document.cookie") == ""
        page.received = ""
        await page.do("Page.navigate", url=served.url)
        await page.until_received("Book a Flight")


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
async def test_keys_work_without_a_click(served: Served, tmp_path: Path) -> None:
    async with asyncio.timeout(PATIENCE), browser(tmp_path / "chromium") as page:
        await page.do("Network.enable")
        await page.do("Page.navigate", url=served.page)
        await page.until_received("Book a Flight")
        await page.do("Input.dispatchKeyEvent", type="char", text="/")
        await page.do("Input.dispatchKeyEvent", type="char", text="q")
        await page.until_received("No goal")


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
async def test_a_page_of_another_site_cannot_open_the_app(served: Served, tmp_path: Path) -> None:
    """`127.0.0.1` is another site than `localhost`; and the browser has the cookie."""
    from aiohttp import web

    async def evil(_request: web.Request) -> web.Response:
        script = f"""
            const socket = new WebSocket("{served.url.replace("http", "ws")}/ws");
            socket.onopen = () => document.title = "opened";
            socket.onclose = () => document.title = "refused";
        """
        return web.Response(text=f"<script>{script}</script>", content_type="text/html")

    site = web.Application()
    site.router.add_get("/", evil)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        async with asyncio.timeout(PATIENCE), browser(tmp_path / "chromium") as page:
            await page.do("Network.enable")
            await page.do("Page.navigate", url=served.page)
            await page.until_received("Book a Flight")
            # Neither another site nor, with the cookie, another port of this host.
            for other in (f"http://127.0.0.1:{port}/", f"http://localhost:{port}/"):
                await page.do("Page.navigate", url=other)
                while (title := await page.value("document.title")) not in ("opened", "refused"):
                    await asyncio.sleep(0)
                assert title == "refused"
    finally:
        await runner.cleanup()


async def test_only_requests_with_the_token_from_the_address_itself(served: Served) -> None:
    aiohttp = pytest.importorskip("aiohttp")
    cookie = {"Cookie": f"goals-tui-{served.url.rsplit(':', 1)[1]}={served.token}"}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:

        async def status(path: str, **headers: str) -> int:
            async with client.get(f"{served.url}{path}", headers=headers, allow_redirects=False) as response:
                if response.status == 403:
                    assert served.token not in await response.text() + str(response.headers)
                return int(response.status)

        for path in (
            "/",
            "/static/js/textual.js",
            "/static/",
            "/download/1",
            "/ws",
            "/nothing",
            "/?token=x",
            "/?token",
        ):
            assert await status(path) == 403, path
            assert await status(path, Cookie="goals-tui=x") == 403, path
            assert await status(path, **cookie, Host="evil.example") == 403, path
            assert await status(path, **cookie, Origin="http://evil.example") == 403, path
            assert await status(path, **cookie, Origin="null") == 403, path
        assert await status("/static/js/textual.js", **cookie) == 200
        assert await status("/", **cookie) == 200
        assert await status("/", **cookie, Origin=served.url) == 200
        assert await status(f"/?token={served.token}", Host="127.0.0.1:1") == 403

        async with client.get(served.page, allow_redirects=False) as response:
            assert response.status == 200
            given = response.headers["Set-Cookie"]
            assert given.startswith(cookie["Cookie"])
            assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(given.split("; "))
            assert response.headers["Referrer-Policy"] == "no-referrer"
            assert served.token not in await response.text()


async def test_a_web_socket_needs_token_origin_and_host(served: Served) -> None:
    aiohttp = pytest.importorskip("aiohttp")
    ws, url = served.url.replace("http", "ws") + "/ws?width=100&height=30", served.url
    cookie = f"goals-tui-{url.rsplit(':', 1)[1]}={served.token}"
    refused = [
        {"Origin": url},
        {"Origin": url, "Cookie": cookie[:-1]},
        {"Cookie": cookie},
        {"Cookie": cookie, "Origin": "null"},
        {"Cookie": cookie, "Origin": "http://evil.example"},
        {"Cookie": cookie, "Origin": url.replace("http", "https")},
        {"Cookie": cookie, "Origin": f"{url}0"},
        {"Cookie": cookie, "Origin": f"{url}.evil.example"},
        {"Cookie": cookie, "Origin": url, "Host": "evil.example"},
        {"Cookie": cookie, "Origin": "http://evil.example", "Host": "evil.example"},
    ]
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client:
        for headers in refused:
            with pytest.raises(aiohttp.WSServerHandshakeError) as error:
                await client.ws_connect(ws, headers=headers)
            assert error.value.status == 403, headers
        assert served.apps() == []
        async with asyncio.timeout(PATIENCE), client.ws_connect(ws, headers={"Cookie": cookie, "Origin": url}) as tab:
            await until_shown(tab, "Book a Flight")


async def until_shown(tab: Any, text: str) -> None:
    shown = ""
    while text not in re.sub(r"\x1b\[[0-9;:?]*[A-Za-z]", "", shown):
        message = await tab.receive()
        assert isinstance(message.data, bytes | str), message
        shown += message.data.decode("utf-8", "replace") if isinstance(message.data, bytes) else message.data


@asynccontextmanager
async def two_tabs(served: Served) -> AsyncIterator[list[int]]:
    """The processes of two tabs that show the app."""
    aiohttp = pytest.importorskip("aiohttp")
    headers = {"Cookie": f"goals-tui-{served.url.rsplit(':', 1)[1]}={served.token}", "Origin": served.url}
    ws = served.url.replace("http", "ws") + "/ws"
    async with (
        asyncio.timeout(PATIENCE),
        aiohttp.ClientSession() as client,
        client.ws_connect(ws, headers=headers) as one,
        client.ws_connect(ws, headers=headers) as two,
    ):
        await until_shown(one, "Book a Flight")
        await until_shown(two, "Book a Flight")
        apps = served.apps()
        assert len(apps) == 2
        yield apps


async def until_gone(apps: list[int]) -> None:
    def runs(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    async with asyncio.timeout(PATIENCE):
        while any(map(runs, apps)):
            await asyncio.sleep(0)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the processes of the tabs are found in /proc")
class TestEnding:
    async def test_killed_the_server_takes_its_apps_along(self, served: Served) -> None:
        async with two_tabs(served) as apps:
            served.process.kill()
            await until_gone(apps)

    def test_two_seconds_are_enough(self) -> None:
        """What the server waits for when it ends; how long the rest takes is the machine's affair."""
        pytest.importorskip("textual_serve", reason="the extra web is not installed")
        from goals_tui.cli.web.server import CLOSE_SECONDS, SHUTDOWN_SECONDS

        assert SHUTDOWN_SECONDS + CLOSE_SECONDS < 2

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    async def test_ctrl_c_ends_it(self, served: Served, number: signal.Signals) -> None:
        async with two_tabs(served) as apps:
            served.process.send_signal(number)
            assert await asyncio.to_thread(served.process.wait) in (0, 130)
            await until_gone(apps)

    async def test_an_app_that_hangs_is_killed(self, served: Served) -> None:
        async with two_tabs(served) as apps:
            os.kill(apps[0], signal.SIGSTOP)
            served.process.send_signal(signal.SIGINT)
            await asyncio.to_thread(served.process.wait)
            await until_gone(apps)

    async def test_a_closed_tab_ends_its_app(self, served: Served) -> None:
        async with two_tabs(served) as apps:
            pass
        await until_gone(apps)


async def test_behind_a_proxy_the_public_url_counts(workspace: Path, home: Path) -> None:
    aiohttp = pytest.importorskip("aiohttp")
    with serve(workspace, home, "--public-url", "https://Goals.example.com/team/") as served:
        assert served.url == "https://goals.example.com/team"
        local = f"http://localhost:{served.port}/?token={served.token}"
        async with aiohttp.ClientSession() as client:
            async with client.get(local) as response:
                assert response.status == 403
            async with client.get(local, headers={"Host": "goals.example.com"}) as response:
                assert response.status == 200
                assert {"Secure", "Path=/team"} <= set(response.headers["Set-Cookie"].split("; "))
                assert "wss://goals.example.com/team/ws" in await response.text()


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://goals.example.com", "https://goals.example.com"),
        ("http://EXAMPLE.com:80/", "http://example.com"),
        ("https://example.com:8443/a/b/", "https://example.com:8443/a/b"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_public_addresses(url: str, read: str) -> None:
    assert PublicAddress.parse(url).url == read


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "ftp://example.com", "https://", "https://a b", "https://a?b", "https://a#b", "https://u@a",
     "https://a:x", "https://a:0", "https://a:99999", "https://[", "https://a\x1b[2J", "https:/a"],
)  # fmt: skip
def test_no_public_address(url: str) -> None:
    with pytest.raises(WrongValueError, match=r"--public-url is the address that browsers use"):
        PublicAddress.parse(url)


def test_every_address_of_a_machine_is_none_that_browsers_use(workspace: Path) -> None:
    for host in ("0.0.0.0", "::", ""):
        with pytest.raises(WrongValueError, match=r"--public-url http://NAME:8000"):
            serving.serve(workspace, host, 8000)


def test_what_cannot_be_served_is_said(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableError, match="There is no workspace"):
        serving.serve(tmp_path / "none", "localhost", 8000)
    monkeypatch.setitem(sys.modules, "goals_tui.cli.web.server", None)
    with pytest.raises(RefusedError, match=r"pip install 'goals-tui\[web\]'"):
        serving.serve(workspace, "localhost", 8000)


def test_a_port_that_is_taken(workspace: Path) -> None:
    pytest.importorskip("textual_serve", reason="the extra web is not installed")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UnreadableError, match="Choose another --port or --host"):
            serving.serve(workspace, "127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "local"), [("localhost", True), ("127.0.0.1", True), ("::1", True), ("0.0.0.0", False), ("a.b", False)]
)
def test_who_can_reach_it(host: str, local: bool) -> None:
    assert serving._is_local(host) is local
