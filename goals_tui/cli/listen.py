"""`goals-tui listen`: an OTLP/HTTP receiver for the spans of agents (docs/command-line.md).

The answers are those of the OTLP specification (opentelemetry.io/docs/specs/otlp, *OTLP/HTTP*).
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from goals_tui.cli.commands import Commands, HostOption
from goals_tui.cli.output import say
from goals_tui.cli.state import services
from goals_tui.domain.errors import GoalsError, UnreadableError, WrongValueError

if TYPE_CHECKING:
    from aiohttp import web

    from goals_tui.services.listening import Listening, Received

PATH = "/v1/traces"
MOST_BYTES = 4 << 20
"""The largest request that is read, compressed or not."""

MOST_AT_ONCE = 8
"""The number of requests that are read at the same time, which bounds memory; others wait."""

PAUSE = 0.5
"""The least number of seconds between two derivations."""

SHARE = 0.25
"""The largest share of the time that is spent deriving."""

RETRY_SECONDS = 5
_JSON, _PROTOBUF = "application/json", "application/x-protobuf"
_INVALID, _UNAVAILABLE, _UNAUTHENTICATED = 3, 14, 16
"""Codes of google.rpc.Status."""


def register(app: Commands, name: str) -> None:
    """Register the command `name`."""
    app.command(name)(listen)


def listen(
    context: typer.Context,
    host: HostOption = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")] = 4318,
    derive: Annotated[bool, typer.Option("--derive", help="Fire the triggers of goals as spans come.")] = False,
    key_env: Annotated[
        str | None,
        typer.Option(
            "--key-env",
            metavar="VARIABLE",
            help="The environment variable with a key that senders must give, as a bearer token or X-API-Key.",
        ),
    ] = None,
) -> None:
    """Record the spans that agents send, until ctrl+c.

    They come over OTLP/HTTP, as JSON or protobuf.
    """
    key = None
    if key_env is not None:
        key = os.environ.get(key_env, "")
        if not key:
            raise WrongValueError(f"The environment variable {key_env} is not set or empty.", field="key_env")
    opened = services(context)
    receiver = Receiver(opened.listening, derive=derive, key=key)
    if derive and not any(goal.initial.triggers for goal in opened.goals.all()):
        say("No goal's initial step has a trigger yet. Nothing is derived until one has: goals-tui goals trigger.")
    if key is None and host not in ("127.0.0.1", "::1", "localhost"):
        say("Everybody who reaches this address can send spans. Ask for a key with --key-env VARIABLE.")
    try:
        asyncio.run(receiver.run(host, port))
    except OSError as error:
        raise UnreadableError(
            f"Can't listen at {host}, port {port}: {error.strerror or error}. Choose another --port or --host."
        ) from error
    finally:
        say(receiver.summary())


class Receiver:
    """The receiver of one run. Requests are read on the event loop; the log is written and derived in threads."""

    def __init__(self, listening: Listening, *, derive: bool, key: str | None) -> None:
        self._listening = listening
        self._derives = derive
        self._key = key
        self._writer = ThreadPoolExecutor(1)
        self._requests = self._recorded = self._refused = self._events = 0
        self._said_problem = ""

    def summary(self) -> str:
        """Return what was received, as a sentence."""
        from goals_tui.services.listening import summary

        return summary(self._requests, self._recorded, self._refused, self._events)

    async def run(self, host: str, port: int) -> None:
        """Receive spans until the process is told to end; what was acknowledged is derived before. Raises OSError."""
        from aiohttp import web

        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):  # Windows: ctrl+c raises KeyboardInterrupt
                asyncio.get_running_loop().add_signal_handler(number, ended.set)
        app = web.Application(client_max_size=MOST_BYTES)
        reading = asyncio.Semaphore(MOST_AT_ONCE)

        async def answer(request: web.Request) -> web.Response:
            async with reading:
                return await self._answer(request)

        app.router.add_route("*", "/{path:.*}", answer)
        # Its messages are about requests that were answered with an error.
        quiet = logging.getLogger(__name__)
        quiet.disabled = True
        runner = web.AppRunner(app, access_log=None, logger=quiet, shutdown_timeout=2.0)
        await runner.setup()
        try:
            site = web.TCPSite(runner, host, port)
            await site.start()
            bound = runner.addresses[0][1]
            shown = f"[{host}]" if ":" in host else host
            say(
                f"Receiving spans at http://{shown}:{bound}{PATH} (set OTEL_EXPORTER_OTLP_ENDPOINT=http://{shown}:{bound})."
            )
            say("ctrl+c ends it.")
            await self._work_until(ended)
        finally:
            await runner.cleanup()
            if self._derives:
                await self._derive_all()
            self._writer.shutdown()

    async def _work_until(self, ended: asyncio.Event) -> None:
        pause = PAUSE
        while not ended.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), pause)
            began = time.monotonic()
            if self._derives and self._listening.waiting:
                await self._derive_once()
            pause = max(PAUSE, (time.monotonic() - began) / SHARE)
            try:
                await asyncio.to_thread(self._listening.seal_if_large)
            except GoalsError as error:
                self._say_problem(str(error))

    async def _derive_all(self) -> None:
        while waiting := self._listening.waiting:
            await self._derive_once()
            if self._listening.waiting >= waiting:
                break

    async def _derive_once(self) -> None:
        try:
            self._events += await asyncio.to_thread(self._listening.derive)
        except GoalsError as error:
            self._say_problem(str(error))

    async def _answer(self, request: web.Request) -> web.Response:
        """Return the answer to a request. A request that is not acknowledged leaves nothing behind."""
        from aiohttp import web

        if request.path.rstrip("/") != PATH:
            return self._refusal(request, 404, _INVALID, f"Only traces are received, at {PATH}.")
        if request.method != "POST":
            answer = self._refusal(request, 405, _INVALID, "Spans are sent with POST.")
            answer.headers["Allow"] = "POST"
            return answer
        if "Origin" in request.headers:
            return self._refusal(request, 403, _INVALID, "Pages of a browser can't send spans here.")
        if not self._may_send(request):
            return self._refusal(request, 401, _UNAUTHENTICATED, "The key is missing or wrong.")
        if request.content_type not in (_JSON, _PROTOBUF):
            return self._refusal(request, 415, _INVALID, f"The content type is neither {_JSON} nor {_PROTOBUF}.")
        if request.headers.get("Content-Encoding", "identity").lower() not in ("identity", "gzip", "deflate"):
            return self._refusal(request, 415, _INVALID, "The content encoding is neither gzip nor deflate.")
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return self._refusal(request, 413, _INVALID, f"A request may have {MOST_BYTES >> 20} MiB.")
        except (web.RequestPayloadError, ConnectionError, ValueError):
            return self._refusal(request, 400, _INVALID, "The body can't be read.")
        loop = asyncio.get_running_loop()
        try:
            received = await loop.run_in_executor(self._writer, self._receive, body, request.content_type == _JSON)
        except WrongValueError as error:
            return self._refusal(request, 400, _INVALID, str(error))
        except GoalsError as error:
            self._say_problem(str(error))
            answer = self._refusal(request, 503, _UNAVAILABLE, "The spans can't be recorded now.")
            answer.headers["Retry-After"] = str(RETRY_SECONDS)
            return answer
        self._said_problem = ""
        return _accepted(request, received)

    def _receive(self, body: bytes, is_json: bool) -> Received:
        from goals_tui.services.listening import spans_of_json, spans_of_protobuf

        received = self._listening.receive(spans_of_json(body) if is_json else spans_of_protobuf(body))
        self._requests += 1
        self._recorded += received.recorded
        self._refused += received.refused
        return received

    def _may_send(self, request: web.Request) -> bool:
        if self._key is None:
            return True
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        given = request.headers.get("x-api-key") or (token.strip() if scheme.lower() == "bearer" else "")
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._key.encode("utf-8", "replace"))

    def _say_problem(self, text: str) -> None:
        if text != self._said_problem:
            say(text)
        self._said_problem = text

    @staticmethod
    def _refusal(request: web.Request, status: int, code: int, message: str) -> web.Response:
        """Return an error as a google.rpc.Status in the encoding of the request."""
        from aiohttp import web

        if request.content_type == _PROTOBUF:
            from google.rpc.status_pb2 import Status

            body = Status(code=code, message=message).SerializeToString()
            return web.Response(status=status, body=body, content_type=_PROTOBUF)
        return web.json_response({"code": code, "message": message}, status=status)


def _accepted(request: web.Request, received: Received) -> web.Response:
    from aiohttp import web

    if request.content_type == _JSON:
        partial = {"rejectedSpans": str(received.refused), "errorMessage": received.why} if received.refused else None
        return web.json_response({"partialSuccess": partial} if partial else {})
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
        ExportTracePartialSuccess,
        ExportTraceServiceResponse,
    )

    answer = ExportTraceServiceResponse()
    if received.refused:
        answer.partial_success.CopyFrom(
            ExportTracePartialSuccess(rejected_spans=received.refused, error_message=received.why)
        )
    return web.Response(body=answer.SerializeToString(), content_type=_PROTOBUF)
