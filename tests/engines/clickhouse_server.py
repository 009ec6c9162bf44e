"""A ClickHouse server for tests: chdb, ClickHouse in process, behind ClickHouse's HTTP interface on the loopback.

    python -m tests.engines.clickhouse_server --port 8123 --user reader --password secret

It needs the extra `engines` only. It serves POST and GET with the query in `query=` or the body, the data of an INSERT
in the body in any format, bound parameters (`param_x`), settings, sessions, `readonly`, compression both ways,
passwords by Basic authorization, headers or parameters, `query_id` with KILL QUERY, and errors with their codes. Left
out: external tables, output before a query has ended, and `client_protocol_version`.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import contextlib
import gzip
import json
import os
import re
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import threading
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import chdb

HOST = "127.0.0.1"
MOST_SESSIONS = 100

STATUS = {
    **dict.fromkeys((164, 192, 193, 291, 497, 516), 403),
    194: 401,
    **dict.fromkeys((6, 26, 27, 36, 38, 41, 43, 53, 62, 69, 70, 72, 115, 117, 130, 131, 386, 456, 457), 400),
    **dict.fromkeys((16, 46, 47, 60, 81), 404),
    159: 408,
    **dict.fromkeys((1, 48, 50), 501),
    373: 409,
}
"""The HTTP status for a code of an exception, as ClickHouse has it; 500 for others."""

TRANSPORT = frozenset(
    """buffer_size client_protocol_version compress database decompress default_format enable_http_compression
    http_headers_progress_interval_ms password query query_id quota_key readonly role send_progress_in_http_headers
    session_check session_id session_timeout stacktrace user wait_end_of_query""".split()
)
"""The parameters that aren't settings of the query."""


class ServerError(Exception):
    """An error that ClickHouse would answer with."""

    def __init__(self, code: int, text: str, name: str) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {text} ({name})")
        self.code = code


def _compressors() -> dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]]:
    """Return how to compress and decompress, by the name of the encoding."""
    found = {"gzip": (gzip.compress, gzip.decompress), "deflate": (zlib.compress, zlib.decompress)}
    with contextlib.suppress(ImportError):
        from lz4 import frame

        found["lz4"] = (frame.compress, frame.decompress)
    with contextlib.suppress(ImportError):
        from backports import zstd

        found["zstd"] = (zstd.compress, zstd.decompress)
    return found


@dataclass
class Answer:
    """The result of a query in the format that it asked for."""

    body: bytes
    format: str
    summary: dict[str, str]


class Engine:
    """The databases in a folder, with one connection for each session and one for each query without a session."""

    def __init__(self, path: Path, *, readonly: bool = False) -> None:
        self._path = str(path)
        self._readonly = readonly
        self._keep = chdb.connect(self._path)
        self._lock = threading.Lock()
        self._sessions: dict[str, tuple[Any, threading.Lock]] = {}
        self.time_zone = self._keep.query("SELECT timezone()", "TSV").bytes().decode().strip()
        self.version = self._keep.query("SELECT version()", "TSV").bytes().decode().strip()

    def run(
        self, sql: bytes, given: Mapping[str, str], parameters: Mapping[str, str], gone: Callable[[], bool] | None
    ) -> Answer:
        """Run a query, and cancel it when `gone` says that nobody waits for it any more."""
        level = given.get("readonly", "0")
        query_id = given["query_id"]
        with self._connection("" if level != "0" else given.get("session_id", "")) as connection:
            self._ask(connection, f"USE {_name(given.get('database') or 'default')}")
            settings = {name: value for name, value in given.items() if name not in TRANSPORT}
            for name, value in settings.items():
                self._ask(connection, f"SET {_name(name)} = {_text(value)}")
            if level != "0":
                self._ask(connection, f"SET readonly = {_text(level)}")
            try:
                return self._answer(connection, sql, given, parameters, query_id, gone)
            finally:
                if level == "0":
                    for name in settings:
                        with contextlib.suppress(ServerError):
                            self._ask(connection, f"SET {_name(name)} = DEFAULT")

    def _answer(
        self,
        connection: Any,
        sql: bytes,
        given: Mapping[str, str],
        parameters: Mapping[str, str],
        query_id: str,
        gone: Callable[[], bool] | None,
    ) -> Answer:
        place = _data(sql)
        marked = f"/* query_id={query_id} */ "
        if place is None:
            text = _killing(sql.decode(errors="surrogateescape"))
            named = re.search(r"\bFORMAT\s+(\w+)\s*;?\s*$", text, re.IGNORECASE)
            kind = named.group(1) if named else given.get("default_format", "TabSeparated")
            with self._watched(query_id, gone):
                found = self._ask(connection, marked + text, kind, parameters)
            return Answer(found.bytes() or b"", kind, _summary(found, "read"))
        clause, start = place
        with tempfile.NamedTemporaryFile(suffix=".data") as file:
            file.write(sql[start:])
            file.flush()
            head = sql[:clause].decode()
            text = f"{head} FROM INFILE {_text(file.name)} {sql[clause:start].decode()}"
            found = self._ask(connection, marked + text, "TabSeparated", parameters)
        return Answer(b"", "TabSeparated", _summary(found, "written"))

    @contextlib.contextmanager
    def _connection(self, session: str) -> Iterator[Any]:
        if not session:
            connection = self._opened()
            try:
                yield connection
            finally:
                connection.close()
            return
        with self._lock:
            connection, lock = self._sessions.pop(session, None) or (self._opened(), threading.Lock())
            self._sessions[session] = connection, lock
            if len(self._sessions) > MOST_SESSIONS:
                oldest = next(iter(self._sessions))
                if not self._sessions[oldest][1].locked():
                    self._sessions.pop(oldest)[0].close()
        if not lock.acquire(blocking=False):
            raise ServerError(373, f"Session {session} is locked by a concurrent client.", "SESSION_IS_LOCKED")
        try:
            yield connection
        finally:
            lock.release()

    def _opened(self) -> Any:
        connection = chdb.connect(self._path)
        if self._readonly:
            self._ask(connection, "SET readonly = 2")
        return connection

    @contextlib.contextmanager
    def _watched(self, query_id: str, gone: Callable[[], bool] | None) -> Iterator[None]:
        """Kill the query with this id when nobody waits for it any more."""
        if gone is None:
            yield
            return
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.05):
                if gone():
                    self.kill(query_id)
                    return

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()

    def kill(self, query_id: str) -> None:
        """Cancel a running query."""
        connection = chdb.connect(self._path)
        with contextlib.suppress(ServerError):
            self._ask(connection, f"KILL QUERY WHERE {_running(_text(query_id))} ASYNC")
        connection.close()

    def _ask(self, connection: Any, sql: str, kind: str = "TSV", parameters: Mapping[str, str] | None = None) -> Any:
        try:
            return connection.query(sql, kind, params=dict(parameters or {}))
        except (RuntimeError, chdb.ChdbError) as error:
            text = str(error)
            code = re.search(r"Code: (\d+)\.", text)
            failure = ServerError(int(code.group(1)) if code else 1000, text, "")
            failure.args = (text[code.start() :] if code else text,)
            raise failure from None


def _name(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _summary(found: Any, what: str) -> dict[str, str]:
    return {
        f"{what}_rows": str(found.rows_read()),
        f"{what}_bytes": str(found.bytes_read()),
        "elapsed_ns": str(int(found.elapsed() * 1e9)),
    }


_PIECES = re.compile(
    rb"--[^\n]*|/\*.*?\*/|'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.)*`|\"(?:[^\"\\]|\\.)*\"|[A-Za-z_]\w*|\s+|.", re.DOTALL
)


def _data(sql: bytes) -> tuple[int, int] | None:
    """Return where the FORMAT clause of an INSERT begins and ends, if data follows; None for any other query."""
    first = True
    pieces = _PIECES.finditer(sql)
    for piece in pieces:
        word = piece.group().upper()
        if word[:2] in (b"--", b"/*") or word.isspace():
            continue
        if (first and word != b"INSERT") or word in (b"VALUES", b"SELECT", b"WITH", b"INFILE"):
            return None
        first = False
        if word == b"FORMAT":
            for after in pieces:
                if not after.group().isspace():
                    if after.group().upper() == b"VALUES":
                        return None
                    end = after.end()
                    # One line break, or one space, parts the name of the format from the data.
                    gap = re.compile(rb"[ \t]*\r?\n| ?").match(sql, end)
                    return piece.start(), gap.end() if gap else end
    return None


def _running(query_id: str) -> str:
    """Return the condition for the query with this id, given as a literal of SQL."""
    # The id is put together, so that the text of the KILL doesn't contain what it looks for.
    return f"position(query, concat('/* query', '_id=', {query_id}, ' */')) > 0"


def _killing(sql: str) -> str:
    """Return a KILL QUERY that finds queries by the ids that clients gave them; other queries as they are."""
    if not re.match(r"\s*KILL\s+QUERY\b", sql, re.IGNORECASE):
        return sql
    return re.sub(r"\bquery_id\s*=\s*('(?:[^'\\]|\\.)*')", lambda found: _running(found.group(1)), sql)


@dataclass
class Request:
    """A request: the query, the parameters of the URL and of the form, and the bound parameters."""

    sql: bytes
    given: dict[str, str]
    parameters: dict[str, str] = field(default_factory=dict)


class Handler(BaseHTTPRequestHandler):
    """The HTTP interface."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        try:
            body = self._body()
        except (OSError, ValueError) as error:
            self.close_connection = True
            self._fail(ServerError(27, f"The body can't be read: {error}.", "CANNOT_PARSE_INPUT_ASSERTION_FAILED"))
            return
        self._serve(body)

    def _serve(self, body: bytes) -> None:
        url = urlsplit(self.path)
        if url.path == "/ping" or (not url.query and not body and self.command == "GET"):
            self._send(200, b"Ok.\n", {"Content-Type": "text/html; charset=UTF-8"})
            return
        if url.path != "/":
            self._send(404, f"There is no handle {url.path}\n".encode(), {})
            return
        try:
            request = self._request(dict(parse_qsl(url.query, keep_blank_values=True)), body)
            self._check_user(request.given)
            if self.command == "GET" and request.given.get("readonly", "0") == "0":
                request.given["readonly"] = "2"
            if not request.sql.strip():
                raise ServerError(62, "Empty query", "SYNTAX_ERROR")
            answer = self.server.engine.run(request.sql, request.given, request.parameters, self._gone(request))
        except ServerError as error:
            self._fail(error)
            return
        self._send(
            200,
            answer.body,
            {
                "Content-Type": "application/octet-stream",
                "X-ClickHouse-Format": answer.format,
                "X-ClickHouse-Query-Id": request.given["query_id"],
                "X-ClickHouse-Summary": json.dumps(answer.summary),
                "X-ClickHouse-Timezone": self.server.engine.time_zone,
            },
            compressed=request.given.get("enable_http_compression") == "1",
        )

    def _request(self, given: dict[str, str], body: bytes) -> Request:
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("multipart/form-data"):
            form = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
            for part in form.iter_parts():
                name = part.get_param("name", header="content-disposition")
                if part.get_filename():
                    raise ServerError(48, "External tables aren't supported here.", "NOT_IMPLEMENTED")
                given[str(name)] = (part.get_payload(decode=True) or b"").decode()
            body = b""
        if "X-ClickHouse-Database" in self.headers:
            given.setdefault("database", self.headers["X-ClickHouse-Database"])
        given.setdefault("query_id", str(uuid.uuid4()))
        query = given.get("query", "").encode()
        sql = query + (b"\n" if query and body else b"") + body
        parameters = {name[6:]: given.pop(name) for name in list(given) if name.startswith("param_")}
        return Request(sql, given, parameters)

    def _check_user(self, given: Mapping[str, str]) -> None:
        name, password = given.get("user"), given.get("password")
        if name is None and "X-ClickHouse-User" in self.headers:
            name, password = self.headers["X-ClickHouse-User"], self.headers.get("X-ClickHouse-Key")
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        if name is None and scheme.lower() == "basic":
            with contextlib.suppress(binascii.Error, UnicodeDecodeError):
                name, _, password = base64.b64decode(encoded).decode().partition(":")
        if (name or "default", password or "") == (self.server.user, self.server.password):
            return
        if name is None:
            text = f"{self.server.user}: Authentication failed: password is required."
            raise ServerError(194, text, "REQUIRED_PASSWORD")
        text = f"{name}: Authentication failed: password is incorrect, or there is no user with such name."
        raise ServerError(516, text, "AUTHENTICATION_FAILED")

    def _gone(self, request: Request) -> Callable[[], bool] | None:
        """Return a test for whether the client has closed the connection, if it wants its query cancelled then."""
        if request.given.get("cancel_http_readonly_queries_on_client_close") != "1":
            return None

        def gone() -> bool:
            try:
                with selectors.DefaultSelector() as selector:
                    selector.register(self.connection, selectors.EVENT_READ)
                    return bool(selector.select(0)) and not self.connection.recv(1, socket.MSG_PEEK)
            except (OSError, ValueError):
                return True

        return gone

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            chunks = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            body = b"".join(chunks)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        encoding = self.headers.get("Content-Encoding", "identity")
        if encoding == "identity" or not body:
            return body
        if encoding not in COMPRESSORS:
            raise ValueError(f"unknown encoding {encoding}")
        return COMPRESSORS[encoding][1](body)

    def _fail(self, error: ServerError) -> None:
        text = f"{error}"
        if "(version " not in text:
            text += f" (version {self.server.engine.version} (official build))"
        headers = {"X-ClickHouse-Exception-Code": str(error.code), "Content-Type": "text/plain; charset=UTF-8"}
        if error.code == 194:
            headers["WWW-Authenticate"] = 'Basic realm="ClickHouse server HTTP API"'
        self._send(STATUS.get(error.code, 500), text.encode() + b"\n", headers)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str], *, compressed: bool = False) -> None:
        wanted = [name.split(";")[0].strip() for name in self.headers.get("Accept-Encoding", "").split(",")]
        encoding = next((name for name in wanted if name in COMPRESSORS), None) if compressed else None
        if encoding:
            body = COMPRESSORS[encoding][0](body)
        with contextlib.suppress(OSError):  # the client doesn't wait any more
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if encoding:
                self.send_header("Content-Encoding", encoding)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: a URL can hold a password."""


COMPRESSORS = _compressors()


class Server(ThreadingHTTPServer):
    """The server, listening when it has been made."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, engine: Engine, port: int, user: str, password: str) -> None:
        super().__init__((HOST, port), Handler)
        self.engine = engine
        self.user = user
        self.password = password


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.engines.clickhouse_server", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one and says which")
    parser.add_argument("--user", default="default")
    parser.add_argument("--password", default="")
    parser.add_argument("--path", type=Path, help="the folder of the data; by default a temporary one")
    parser.add_argument("--readonly", action="store_true", help="refuse every query that writes")
    options = parser.parse_args()

    path = options.path or Path(tempfile.mkdtemp(prefix="clickhouse-"))
    server = Server(Engine(path, readonly=options.readonly), options.port, options.user, options.password)

    def stop(_number: int, _frame: FrameType | None) -> None:
        if options.path is None:
            shutil.rmtree(path, ignore_errors=True)
        # Threads of the engine may be busy with a query, which an orderly exit would wait for.
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"Listening on http://{HOST}:{server.server_address[1]}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
