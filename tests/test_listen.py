"""`goals-tui listen` as agents meet it: the real exporter, wrong requests, death and a full disk."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from goals_tui.domain.activity import Trigger
from goals_tui.services.context import Services, open_services
from tests import builders
from tests.conftest import PATIENCE
from tests.services.test_listening import MANY, as_protobuf, request, span

JSON, PROTOBUF, PATH = "application/json", "application/x-protobuf", "/v1/traces"


@dataclass
class Running:
    """A receiver that runs, and what it says."""

    process: subprocess.Popen[str]
    url: str
    said: list[str]

    def send(
        self, body: bytes, content_type: str = JSON, path: str = "/v1/traces", **headers: str
    ) -> tuple[int, bytes]:
        """Return the status and the body of the answer."""
        given = {"Content-Type": content_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
        try:
            with urllib.request.urlopen(
                urllib.request.Request(self.url + path, body, given), timeout=PATIENCE
            ) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def end(self, number: int = signal.SIGINT) -> str:
        """End it and return all that it said."""
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return "".join(self.said)

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        self.said.extend(self.process.stderr)


@contextmanager
def listening(workspace: Path, *options: str, largest_file: int | None = None, **env: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "goals_tui", "--workspace", str(workspace), "listen", "--port", "0", *options]
    if largest_file is not None:
        command = ["bash", "-c", f'ulimit -f {largest_file}; exec "$@"', "-", *command]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | env)
    assert process.stderr
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if "Receiving spans at" in line:
                break
        else:
            pytest.fail(f"it did not start: {said}")
        url = said[-1].partition("at ")[2].partition("/v1/traces")[0]
        yield Running(process, url, said)
    finally:
        process.kill()
        process.wait()


def spans(services: Services) -> int:
    return services.activities.stats().activities


@pytest.fixture
def workspace(services: Services) -> Path:
    goal = services.goals.save(builders.goal("Book", "● search", "◎ pay").model_copy(update={"revision": 0}))
    for step in goal.steps:
        services.goals.set_triggers(goal.id, step.id, [Trigger(name=step.name)])
    return services.workspace.path


def test_an_instrumented_agent_completes_a_goal(workspace: Path) -> None:
    """With the exporter of OpenTelemetry, compressed; what was received when it ends is derived."""
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    with listening(workspace, "--derive", "--key-env", "KEY", KEY="s3cret") as running:
        headers = {"x-api-key": "s3cret"}
        exporter = OTLPSpanExporter(f"{running.url}/v1/traces", headers=headers, compression=Compression.Gzip)
        provider = TracerProvider(resource=Resource.create({"service.name": "Webchat", "service.version": "v7"}))
        provider.add_span_processor(BatchSpanProcessor(exporter))
        tracer = provider.get_tracer("agent")
        for session in ("s1", "s2"):
            of_tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.conversation.id": session}
            with tracer.start_as_current_span("invoke_agent", attributes={"gen_ai.operation.name": "invoke_agent"}):
                for tool in ("search", "pay"):
                    tracer.start_span("execute_tool", attributes={**of_tool, "gen_ai.tool.name": tool}).end()
        assert provider.force_flush()
        provider.shutdown()
        assert "1 request, 6 spans recorded, 4 goal events derived." in running.end()
    services = open_services(workspace)
    with services.workspace.events.connect() as connection:
        rows = connection.execute('SELECT "sessionId", count(*) FROM events GROUP BY ALL ORDER BY ALL').fetchall()
    assert rows == [("s1", 2), ("s2", 2)]


def test_answers_are_those_of_the_protocol(workspace: Path) -> None:
    from google.rpc.status_pb2 import Status
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    with listening(workspace) as running:
        assert running.send(MANY) == (200, b"{}")
        assert running.send(as_protobuf(MANY), PROTOBUF) == (200, b"")
        assert running.send(gzip.compress(MANY), Content_Encoding="gzip") == (200, b"{}")
        assert running.send(zlib.compress(MANY), Content_Encoding="deflate") == (200, b"{}")
        assert running.send(b'{"resourceSpans": []}') == (200, b"{}")
        status, body = running.send(request(span(11), span(0)))
        refused = json.loads(body)["partialSuccess"]
        assert (status, refused["rejectedSpans"]) == (200, "1") and "no span id" in refused["errorMessage"]
        status, body = running.send(as_protobuf(request(span(12), span(0))), PROTOBUF)
        assert (status, ExportTraceServiceResponse.FromString(body).partial_success.rejected_spans) == (200, 1)
        status, body = running.send(b"\xff\xff", PROTOBUF)
        assert (status, Status.FromString(body).code) == (400, 3)
        for body in (b"{", b"[" * 100_000, b'{"resourceSpans": 1}'):
            assert running.send(body)[0] == 400
        assert running.send(b"not gzip", Content_Encoding="gzip")[0] == 400
        assert running.send(b" " * (5 << 20))[0] == 413
        bomb = gzip.compress(b" " * (200 << 20))
        assert len(bomb) < 1 << 20 and running.send(bomb, Content_Encoding="gzip")[0] == 413
        assert running.send(MANY, Content_Encoding="br")[0] in (400, 415)  # as the HTTP library knows it or not
        assert running.send(MANY, "text/plain")[0] == 415
        assert running.send(MANY, path="/v1/metrics")[0] == 404
        assert running.send(MANY, Origin="https://evil.example")[0] == 403
        wide = request(span(13, attributes=[{"key": f"k{n}", "value": {"stringValue": "v"}} for n in range(10_000)]))
        assert running.send(wide) == (200, b"{}")
        if sys.platform == "linux":
            status = Path(f"/proc/{running.process.pid}/status").read_text()
            assert int(status.partition("VmHWM:")[2].split()[0]) < 400 << 10  # kB
        said = running.end()
        assert "Traceback" not in said and "Unhandled" not in said
    assert spans(open_services(workspace)) == 10  # those of MANY once, and three more


def test_a_key_is_asked_for(workspace: Path) -> None:
    with listening(workspace, "--key-env", "KEY", KEY="s3cret") as running:
        assert running.send(MANY)[0] == 401
        assert running.send(MANY, x_api_key="wrong")[0] == 401
        assert running.send(MANY, x_api_key="s3cret")[0] == 200
        assert running.send(MANY, Authorization="Bearer s3cret")[0] == 200
        assert "s3cret" not in running.end()
    done = subprocess.run(
        [sys.executable, "-m", "goals_tui", "--workspace", str(workspace), "listen", "--key-env", "NO_SUCH"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "") and "NO_SUCH is not set" in done.stderr


@pytest.mark.faults
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_nothing_acknowledged_is_lost_or_doubled_by_a_kill(workspace: Path) -> None:
    with listening(workspace, "--derive") as running:
        for number in range(1, 21):
            assert running.send(request(span(number, "search"), span(number + 100, "pay")))[0] == 200
        running.end(signal.SIGKILL)
    with listening(workspace, "--derive") as running:
        assert running.send(request(span(20, "search"), span(120, "pay"), span(300, "pay")))[0] == 200
        running.end(signal.SIGTERM)
    services = open_services(workspace)
    assert spans(services) == 41
    done = services.deriving.derive(services.goals.all()[0].id, dry_run=True)
    assert (done.events, done.added, done.replaced, done.removed) == (41, 0, 0, 0)
    # Spans that were sent again are there twice until the log is sealed, and count once.
    assert {finding.code for finding in services.workspace.activities.verify()} == {"duplicates"}


@pytest.mark.faults
@pytest.mark.skipif(sys.platform == "win32", reason="no ulimit")
def test_a_full_disk_is_said_to_the_exporter(workspace: Path) -> None:
    """The request is answered with 503, nothing of it is recorded, and the receiver goes on."""
    with listening(workspace, largest_file=8) as running:
        answers = [running.send(request(*(span(20 * n + k) for k in range(1, 21)))) for n in range(6)]
        assert {status for status, _body in answers} == {200, 503}
        recorded = 20 * sum(status == 200 for status, _body in answers)
        said = running.end()
        assert "Traceback" not in said and "Can't write" in said
    services = open_services(workspace)
    assert spans(services) == recorded
    assert services.workspace.activities.verify() == []


async def test_it_ends_within_seconds_while_a_request_is_sent(workspace: Path) -> None:
    """ctrl+c does not wait for a client that sends half of its body."""
    with listening(workspace) as running:
        host, _, port = running.url.removeprefix("http://").rpartition(":")
        _reader, writer = await asyncio.open_connection(host, int(port))
        head = f"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: 100\r\n\r\n"
        writer.write(head.encode() + b"{")
        await writer.drain()
        assert running.send(MANY)[0] == 200
        assert "7 spans recorded." in await asyncio.to_thread(running.end)
        writer.close()
