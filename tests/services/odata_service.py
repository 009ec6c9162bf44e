"""A double of an OData service, with the habits and the failures of real ones."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.services.odata_records import DONE, MIDDLE, START, event, goal, metric, steps

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Service:
    """A service: its records, the size of its pages, whether it links them, and answers that come instead."""

    records: dict[str, list[dict[str, Any]]]
    size: int = 4
    links: bool = True
    sorts: bool = True
    asked: list[str] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    instead: dict[int, Callable[[BaseHTTPRequestHandler], Answer | None]] = field(default_factory=dict)
    url: str = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> Answer | None:
        self.asked.append(handler.path)
        self.keys.append(handler.headers.get("X-API-Key"))
        if len(self.asked) in self.instead:
            return self.instead[len(self.asked)](handler)
        parts = urlsplit(handler.path)
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        records = self.records.get(parts.path.rpartition("/")[2])
        if records is None:
            return 404, {}, b'{"error": {"message": "no such collection"}}'
        if options.get("$orderby") and self.sorts:
            records = sorted(records, key=lambda record: record["timestamp"])
        if "$filter" in options:
            since = re.fullmatch(r"timestamp ge (\S+)", options["$filter"])
            assert since, options
            records = [record for record in records if record["timestamp"] >= since[1]]
        begin = int(options.get("$skip", 0)) + int(options.get("$skiptoken", 0))
        page: dict[str, Any] = {"value": records[begin : begin + self.size]}
        if self.links and begin + self.size < len(records):
            rest = "".join(f"&{name}={value}" for name, value in options.items() if name != "$skiptoken")
            page["@odata.nextLink"] = f"{parts.path.rpartition('/')[2]}?$skiptoken={begin + self.size}{rest}"
        return 200, {}, json.dumps(page).encode()


@contextmanager
def serving() -> Iterator[Service]:
    """Serve a goal and 21 events, often several of the same time, on a port of the loopback."""
    made = Service(
        {
            "Goals": [goal()],
            "GoalSteps": steps(),
            "GoalStepMetrics": [metric(20.0)],
            "GoalEvents": [event(number, step) for number in range(1, 8) for step in (START, MIDDLE, DONE)],
        }
    )
    for number, record in enumerate(made.records["GoalEvents"]):
        record.update(id=f"e{number:03}", timestamp=f"2026-10-01T08:{number // 6:02}:00.000Z")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = made.answer(self)
            if answer is None:
                self.close_connection = True
                return
            status, headers, body = answer
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/v2.4"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
