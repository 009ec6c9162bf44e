"""The app in a browser: served, opened in headless Chromium, and the goals are there."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from goals_tui.cli import serve as serving
from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.services.context import Services
from tests.builders import book_a_flight

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
PATIENCE = 240
"""In seconds. The test waits for what it needs to see; a busy machine may take long until it does."""


@pytest.fixture
def workspace(services: Services) -> Path:
    services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    return services.workspace.path


@pytest.fixture
def address(workspace: Path, home: Path) -> Iterator[str]:
    pytest.importorskip("textual_serve", reason="the extra web is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "goals_tui", "--workspace", str(workspace), "serve", "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "HOME": str(home)}, text=True) as server:
        assert server.stderr is not None
        try:
            said = server.stderr.readline()
            assert said.startswith(f"goals-tui is at http://localhost:{port} "), said
            yield f"http://localhost:{port}"
        finally:
            server.terminate()
            server.stderr.read()


class Browser:
    """A page of Chromium, by its DevTools protocol."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 0
        self.received = ""
        """What the page's own web socket was sent: the terminal's text."""

    async def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while (message := await self._next()).get("id") != self._number:
            pass
        assert "error" not in message, message
        return dict(message["result"])

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
async def test_the_browser_shows_the_goals(address: str, tmp_path: Path) -> None:
    async with asyncio.timeout(PATIENCE), browser(tmp_path / "chromium") as page:
        await page.do("Network.enable")
        await page.do("Page.enable")
        await page.do("Page.navigate", url=address)
        await page.until_received("Book a Flight")
        classes = await page.do("Runtime.evaluate", expression="document.body.className")
        assert "-first-byte" in classes["result"]["value"]
        title = await page.do("Runtime.evaluate", expression="document.title")
        assert title["result"]["value"] == "goals-tui"
        others = await page.do(
            "Runtime.evaluate",
            expression="performance.getEntriesByType('resource').map(r => r.name).join(' ')",
        )
        assert set(re.findall(r"https?://[^/ ]+", others["result"]["value"])) == {address}
        picture = await page.do("Page.captureScreenshot", format="png")
        (tmp_path / "page.png").write_bytes(base64.b64decode(picture["data"]))


def test_what_cannot_be_served_is_said(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableError, match="There is no workspace"):
        serving.serve(tmp_path / "none", "localhost", 8000)
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    with pytest.raises(RefusedError, match=r"pip install 'goals-tui\[web\]'"):
        serving.serve(workspace, "localhost", 8000)


def test_a_port_that_is_taken(workspace: Path) -> None:
    pytest.importorskip("textual_serve", reason="the extra web is not installed")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UnreadableError, match="Choose another --port or --host"):
            serving.serve(workspace, "127.0.0.1", taken.getsockname()[1])


def test_the_command_survives_a_shell(tmp_path: Path) -> None:
    odd = tmp_path / "a b; echo 'c'"
    printed = subprocess.run(f"printf '%s\\n' {serving.app_command(odd)}", shell=True, capture_output=True, text=True)
    assert printed.stdout.splitlines() == [sys.executable, "-m", "goals_tui", "--workspace", str(odd)]


@pytest.mark.parametrize(
    ("host", "local"), [("localhost", True), ("127.0.0.1", True), ("::1", True), ("0.0.0.0", False), ("a.b", False)]
)
def test_who_can_reach_it(host: str, local: bool) -> None:
    assert serving._is_local(host) is local
