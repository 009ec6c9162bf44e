"""Readers of formats that define session, name and time: XES, OCEL, OTLP, Rasa and Bot Framework.

Each file is streamed and rewritten as JSON Lines, which DuckDB reads, so that memory is bounded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import orjson

from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.format import plural
from goals_tui.services.imports.json_stream import JsonStream
from goals_tui.services.imports.table import ReadOptions, UnusableError
from goals_tui.store.duckdb_files import bare_connection, json_lines, sql_text
from goals_tui.store.events.bulk_import import LONGEST_LINE

COLUMNS = (
    "id",
    "session",
    "time",
    "kind",
    "name",
    "text",
    "parent",
    "flow",
    "endpoint",
    "locale",
    "snapshot",
    "channel",
)
"""The columns of a record. Records of the same moment stay in the order of the file."""

_FIELDS = {"fault": "VARCHAR"} | dict.fromkeys(COLUMNS, "VARCHAR")
_MOST_WAITING = 200_000
_PIECE = 1 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Record = dict[str, Any]


class RecordLog:
    """An open log of records. `source` is a query with the columns `fault` and COLUMNS, all VARCHAR."""

    columns: tuple[str, ...] = COLUMNS

    def __init__(self, source: str, notes: Sequence[str] = ()) -> None:
        self._source = source
        self.notes: tuple[str, ...] = tuple(notes)

    def query(self, columns: Sequence[str]) -> str | None:
        """Return a DuckDB query for the fault of each record and then the given columns."""
        return f"SELECT fault, {', '.join(columns)} FROM ({self._source})"

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        """Yield the fault of each record (empty for a usable one) and its cells. Raises UnusableError."""
        import duckdb

        try:
            with bare_connection() as connection:
                found = connection.execute(self.query(columns) or "")
                while some := found.fetchmany(10_000):
                    for fault, *cells in some:
                        yield fault or "", [cell or "" for cell in cells]
        except duckdb.Error as error:
            raise UnusableError(f"it can't be read ({str(error).partition(chr(10))[0][:200]})") from None


def _written(records: Iterable[Record], scratch: Path) -> str:
    """Write records to a file and return a query for them."""
    lines = scratch / "records"
    with lines.open("wb") as out:
        for record in records:
            out.write(_line(record))
    return f"SELECT * FROM {json_lines([lines], _FIELDS, 2 * LONGEST_LINE)}"


def _line(record: Record) -> bytes:
    return orjson.dumps({name: value for name, value in record.items() if value is not None}) + b"\n"


def _text(value: object) -> str | None:
    """Return a number or a non-empty text as text, None for any other value."""
    if isinstance(value, str):
        # Lone surrogates can't be encoded.
        return value.encode("utf-8", "replace").decode() or None
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return None
    return str(value)


def _dict(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _documents(stream: JsonStream) -> Iterator[None]:
    """Position the stream at each object of a file with one object, several, or a list of them."""
    while first := stream.next():
        if first == "[":
            for _place in stream.items():
                yield
        else:
            yield


# -- XES


class _XesParser:
    """An incremental parser of XES. Only attributes directly below a trace or an event count, not nested ones."""

    def __init__(self) -> None:
        from xml.parsers import expat

        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._error = expat.ExpatError
        self._path: list[str] = []
        self._trace: dict[str, str] = {}
        self._event: dict[str, str] = {}
        self._waiting: list[Record] = []
        self.found: list[Record] = []
        self.is_log = False

    def feed(self, data: bytes, *, last: bool = False) -> list[Record]:
        """Parse a piece of the file and return the records that it completes. Raises UnusableError."""
        self.found = []
        try:
            self._parser.Parse(data, last)
        except self._error as error:
            raise UnusableError(f"it is not whole XML ({error})") from None
        return self.found

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        above = self._path[-1] if self._path else ""
        self._path.append(tag)
        if len(self._path) == 1:
            self.is_log = tag == "log"
        elif tag == "trace" and above == "log":
            self._trace = {}
        elif tag == "event" and above in ("trace", "log"):
            self._event = {}
        elif above in ("trace", "event") and "key" in attributes:
            (self._trace if above == "trace" else self._event)[attributes["key"]] = attributes.get("value", "")

    def _end(self, tag: str) -> None:
        tag = tag.rpartition(":")[2]
        self._path.pop()
        above = self._path[-1] if self._path else ""
        if tag == "event" and above == "trace":
            self._waiting.append(_xes_record(self._event))
            if self._trace.get("concept:name"):
                self._give()
            elif len(self._waiting) > _MOST_WAITING:
                raise UnusableError(f"a trace has its name behind {_MOST_WAITING:,} events")
        elif tag == "event" and above == "log":
            self.found.append({"fault": "it stands in no trace"})
        elif tag == "trace" and above == "log":
            self._give()

    def _give(self) -> None:
        name = self._trace.get("concept:name")
        for record in self._waiting:
            self.found.append({**record, "session": name} if name else {"fault": "its trace has no concept:name"})
        self._waiting = []


def _xes_record(event: dict[str, str]) -> Record:
    return {
        "id": event.get("identity:id"),
        "time": event.get("time:timestamp"),
        "kind": "event",
        "name": event.get("concept:name"),
    }


def open_xes(path: Path, options: ReadOptions) -> RecordLog:
    """Open an XES log (IEEE 1849). Each trace is a session; its id is the concept:name. Raises UnusableError."""

    def records() -> Iterator[Record]:
        parser = _XesParser()
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield from parser.feed(piece)
        yield from parser.feed(b"", last=True)
        if not parser.is_log:
            raise UnusableError("it is XML and no XES log: its outermost element is not <log>")

    return RecordLog(_written(records(), options.scratch))


# -- OCEL


def open_ocel(path: Path, options: ReadOptions) -> RecordLog:
    """Open an OCEL 2.0 log in JSON. Each object of the type `options.object_type` is a session.

    Raises RefusedError where the log has several types of objects and none is given, NotFoundError for a type that it
    does not have, UnusableError for a file that is no OCEL log or has no event of any object.
    """
    objects, events = options.scratch / "objects", options.scratch / "events"
    with objects.open("wb") as to_objects, events.open("wb") as to_events, JsonStream(path) as stream:
        if stream.next() != "{":
            raise UnusableError("it is no OCEL log: an object with the lists objects and events")
        number = 0
        for key in stream.members():
            if key not in ("objects", "events") or stream.next() != "[":
                stream.skip()
                continue
            for _place in stream.items():
                item = stream.value()
                if key == "objects":
                    one = _dict(item)
                    to_objects.write(_line({"object": _text(one.get("id")), "type": _text(one.get("type"))}))
                else:
                    _write_ocel_event(to_events, item, number)
                    number += 1
    source = json_lines([objects], {"object": "VARCHAR", "type": "VARCHAR"})
    kinds = {
        "n": "BIGINT",
        "fault": "VARCHAR",
        "id": "VARCHAR",
        "time": "VARCHAR",
        "name": "VARCHAR",
        "object": "VARCHAR",
    }
    happened = f"(SELECT *, row_number() OVER () AS place FROM {json_lines([events], kinds, 2 * LONGEST_LINE)})"
    of_type = f"(SELECT object, any_value(type) AS type FROM {source} GROUP BY object)"
    with bare_connection() as connection:
        counts = connection.execute(
            f"SELECT type, count(DISTINCT object) FROM {happened} JOIN {of_type} USING (object) "
            "WHERE type IS NOT NULL GROUP BY type ORDER BY count(DISTINCT object) DESC, type"
        ).fetchall()
        chosen = _object_type(options.object_type, dict(counts))
        (without,) = connection.execute(
            f"SELECT count(DISTINCT n) FROM {happened} WHERE fault IS NULL AND n NOT IN "
            f"(SELECT n FROM {happened} JOIN {of_type} USING (object) WHERE type = {sql_text(chosen)})"
        ).fetchone() or (0,)
    notes = [f"Each {chosen!r} is a session."]
    if without:
        notes.append(f"Passed over: {plural(without, 'event')} that concern no {chosen!r}.")
    return RecordLog(
        "SELECT fault, CASE WHEN fault IS NULL THEN id || '@' || object END AS id, object AS session, time, "
        "'event' AS kind, name, "
        + ", ".join(f"NULL::VARCHAR AS {name}" for name in COLUMNS[5:])
        + f" FROM {happened} LEFT JOIN {of_type} USING (object) WHERE fault IS NOT NULL OR type = {sql_text(chosen)} "
        "ORDER BY place",
        notes,
    )


def _write_ocel_event(out: IO[bytes], item: object, number: int) -> None:
    event = _dict(item)
    if not event:
        out.write(_line({"n": number, "fault": "it is not an object"}))
        return
    relations = event.get("relationships")
    concerned = [_text(_dict(one).get("objectId")) for one in relations] if isinstance(relations, list) else []
    base = {
        "n": number,
        "id": _text(event.get("id")),
        "time": _text(event.get("time")),
        "name": _text(event.get("type")),
    }
    for one in dict.fromkeys(concerned) or [None]:
        out.write(_line({**base, "object": one}))


def _object_type(told: str | None, counts: Mapping[str, int]) -> str:
    if told is not None:
        if told not in counts:
            raise NotFoundError("type of objects that events concern called", told, counts)
        return told
    if len(counts) == 1:
        return next(iter(counts))
    if not counts:
        raise UnusableError("no event of it concerns an object that it holds")
    listed = ", ".join(f"{name!r} ({plural(count, 'object')})" for name, count in list(counts.items())[:20])
    raise RefusedError(
        f"It holds objects of several types. Say which of them is a session, --object-type TYPE: {listed}.",
        field="object_type",
    )


# -- OTLP

_PAIRS = 'STRUCT("key" VARCHAR, "value" STRUCT("stringValue" VARCHAR, "intValue" VARCHAR))[]'
_SPAN = (
    'STRUCT("traceId" VARCHAR, "spanId" VARCHAR, "parentSpanId" VARCHAR, "name" VARCHAR, '
    f'"startTimeUnixNano" VARCHAR, "attributes" {_PAIRS})'
)
_RESOURCE_SPANS = f'STRUCT("resource" STRUCT("attributes" {_PAIRS}), "scopeSpans" STRUCT("spans" {_SPAN}[])[])[]'
SESSION_ATTRIBUTES = ("gen_ai.conversation.id", "session.id", "langfuse.session.id")
AGENT_OPERATIONS = ("chat", "generate_content", "text_completion", "invoke_agent", "create_agent")
_SPANS_A_LINE = 200


def _attribute(pairs: str, keys: str, name: str) -> str:
    value = f"{pairs}[list_position({keys}, '{name}')].\"value\""
    return f'nullif(coalesce({value}."stringValue", {value}."intValue"), \'\')'


def open_otlp(path: Path, options: ReadOptions) -> RecordLog:
    """Open traces in OTLP/JSON: one export request a line, a single one, or a list. Each span is an activity."""
    lines = path
    if not _one_a_line(path):
        lines = options.scratch / "spans"
        with lines.open("wb") as out, JsonStream(path) as stream:
            for _document in _documents(stream):
                _split_request(stream, out)
    requests = json_lines([lines], {"resourceSpans": _RESOURCE_SPANS}, LONGEST_LINE * 4)

    def span(name: str) -> str:
        return _attribute('span."attributes"', "span_keys", name)

    def resource(name: str) -> str:
        return _attribute("given", "given_keys", name)

    operation = span("gen_ai.operation.name")
    speaking = ", ".join(f"'{one}'" for one in AGENT_OPERATIONS)
    trace = "nullif(lower(span.\"traceId\"), '')"
    sessions = ", ".join([*map(span, SESSION_ATTRIBUTES), *map(resource, SESSION_ATTRIBUTES), trace])
    nanoseconds = 'TRY_CAST(span."startTimeUnixNano" AS UBIGINT)'
    columns = {
        "id": f"CASE WHEN span.\"spanId\" <> '' THEN concat_ws('-', {trace}, lower(span.\"spanId\")) END",
        "session": f"coalesce({sessions})",
        "time": f"CASE WHEN {nanoseconds} > 0 THEN "
        f"make_timestamp(CAST({nanoseconds} // 1000 AS BIGINT))::VARCHAR || 'Z' "
        'ELSE span."startTimeUnixNano" END',
        "kind": f"CASE WHEN operation = 'execute_tool' THEN 'tool' WHEN operation IN ({speaking}) THEN 'agent' "
        "ELSE 'step' END",
        "name": f"coalesce(CASE WHEN operation = 'execute_tool' THEN {span('gen_ai.tool.name')} END, span.\"name\")",
        "text": "NULL::VARCHAR",
        "parent": f"CASE WHEN span.\"parentSpanId\" <> '' "
        f"THEN concat_ws('-', {trace}, lower(span.\"parentSpanId\")) END",
        "flow": span("gen_ai.agent.name"),
        "endpoint": resource("service.name"),
        "locale": "NULL::VARCHAR",
        "snapshot": resource("service.version"),
        "channel": "NULL::VARCHAR",
    }
    faults = "CASE WHEN \"resourceSpans\" IS NULL THEN 'it holds no resourceSpans that can be read' END"
    return RecordLog(
        "SELECT fault, "
        + ", ".join(f"CASE WHEN fault IS NULL THEN {value} END AS {name}" for name, value in columns.items())
        + f" FROM (SELECT *, {operation} AS operation FROM (SELECT *, "
        'list_transform(span."attributes", lambda one: one."key") AS span_keys, '
        'list_transform(given, lambda one: one."key") AS given_keys FROM ('
        'SELECT fault, request."resource"."attributes" AS given, '
        'unnest(CASE WHEN fault IS NULL THEN flatten(list_transform(request."scopeSpans", lambda one: '
        'coalesce(one."spans", []))) ELSE [NULL] END) AS span FROM ('
        f'SELECT {faults} AS fault, unnest(coalesce("resourceSpans", [NULL])) AS request FROM {requests}))))'
    )


def _one_a_line(path: Path) -> bool:
    """Return whether the first line is a complete object, as the file exporter of a collector writes them."""
    with path.open("rb") as file:
        line = file.readline(LONGEST_LINE * 4)
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _split_request(stream: JsonStream, out: IO[bytes]) -> None:
    """Write an export request of any size as several lines with a limited number of spans each."""
    if stream.next() != "{":
        stream.skip()
        out.write(b"{}\n")
        return
    found = False
    for key in stream.members():
        if key != "resourceSpans" or stream.next() != "[":
            stream.skip()
            continue
        found = True
        for _place in stream.items():
            _split_resource(stream, out)
    if not found:
        out.write(b"{}\n")


def _split_resource(stream: JsonStream, out: IO[bytes]) -> None:
    resource: object = None
    known = False
    some: list[object] = []

    def give() -> None:
        scope = {"resource": resource, "scopeSpans": [{"spans": some}]}
        out.write(json.dumps({"resourceSpans": [scope]}).encode() + b"\n")
        some.clear()

    if stream.next() != "{":
        stream.skip()
        out.write(b"{}\n")
        return
    for key in stream.members():
        if key == "resource":
            resource, known = stream.value(), True
        elif key in ("scopeSpans", "instrumentationLibrarySpans") and stream.next() == "[":
            for _scope in stream.items():
                if stream.next() != "{":
                    stream.skip()
                    continue
                for inner in stream.members():
                    if inner != "spans" or stream.next() != "[":
                        stream.skip()
                        continue
                    for _span in stream.items():
                        some.append(stream.value())
                        if len(some) >= _SPANS_A_LINE and known:
                            give()
                        elif len(some) > _MOST_WAITING:
                            raise UnusableError(f"a resource stands behind {_MOST_WAITING:,} of its spans")
        else:
            stream.skip()
    while some:
        rest, some[:] = some[_SPANS_A_LINE:], some[:_SPANS_A_LINE]
        give()
        some.extend(rest)


# -- Rasa


def open_rasa(path: Path, options: ReadOptions) -> RecordLog:
    """Open Rasa trackers, one or several. Each sender is a session.

    The order of a tracker's list is more reliable than its times: a time that is earlier than the one before it in the
    list is replaced by that one.
    """
    late = 0

    def records() -> Iterator[Record]:
        nonlocal late
        with JsonStream(path) as stream:
            for _document in _documents(stream):
                if stream.next() != "{":
                    stream.skip()
                    yield {"fault": "it is not a tracker"}
                    continue
                session: str | None = None
                waiting: list[Record] = []
                latest = 0.0
                for key in stream.members():
                    if key == "sender_id":
                        session = _text(stream.value())
                    elif key == "events" and stream.next() == "[":
                        for _place in stream.items():
                            record, moment = _rasa_record(stream.value())
                            if moment is not None:
                                late += moment < latest
                                latest = max(moment, latest)
                                record["time"] = _instant(latest)
                            if session is not None:
                                yield record if "fault" in record else {**record, "session": session}
                            elif len(waiting) < _MOST_WAITING:
                                waiting.append(record)
                            else:
                                raise UnusableError(f"a tracker has its sender_id behind {_MOST_WAITING:,} events")
                    else:
                        stream.skip()
                for record in waiting:
                    if session is None:
                        record = {"fault": "its tracker has no sender_id"}
                    yield record if "fault" in record else {**record, "session": session}

    source = _written(records(), options.scratch)
    notes = [f"{late:,} times go back; each counts as the one before it."] if late else []
    return RecordLog(source, notes)


def _instant(seconds: float) -> str:
    try:
        return (_EPOCH + timedelta(microseconds=round(seconds * 1_000_000))).isoformat()
    except OverflowError:
        return str(seconds)


def _rasa_record(item: object) -> tuple[Record, float | None]:
    """Return the record of an event without its session, and the time in seconds since 1970.

    The time is None where there is no valid one; then the record holds it as it is written.
    """
    event = _dict(item)
    what = _text(event.get("event"))
    if what is None:
        return {"fault": "it says no event"}, None
    moment = event.get("timestamp")
    if isinstance(moment, bool) or not isinstance(moment, int | float) or moment != moment or abs(moment) > 1e11:
        record: Record = {"time": _text(moment)}
        seconds = None
    else:
        record, seconds = {}, float(moment)
    record["channel"] = _text(event.get("input_channel"))
    if what == "user":
        intent = _dict(_dict(event.get("parse_data")).get("intent"))
        record |= {"kind": "user", "name": _text(intent.get("name")), "text": _text(event.get("text"))}
        record["id"] = _text(event.get("message_id"))
    elif what == "bot":
        name = _dict(event.get("metadata")).get("utter_action")
        record |= {"kind": "agent", "name": _text(name), "text": _text(event.get("text"))}
    else:
        record |= {"kind": "step" if what == "action" else "event", "name": _text(event.get("name")) or what}
    return record, seconds


# -- Bot Framework


def open_bot_framework(path: Path, options: ReadOptions) -> RecordLog:
    """Open Bot Framework transcripts: a list of activities, or one activity a line."""

    def records() -> Iterator[Record]:
        with JsonStream(path) as stream:
            for _document in _documents(stream):
                yield _bot_record(stream.value())

    return RecordLog(_written(records(), options.scratch))


def _bot_record(item: object) -> Record:
    activity = _dict(item)
    what, session = _text(activity.get("type")), _text(_dict(activity.get("conversation")).get("id"))
    if what is None:
        return {"fault": "it says no type of activity"}
    if session is None:
        return {"fault": "it names no conversation"}
    sender, receiver = _dict(activity.get("from")), _dict(activity.get("recipient"))
    by_agent = sender.get("role") == "bot" or (sender.get("role") is None and receiver.get("role") == "user")
    name = _text(activity.get("name"))
    if what == "message":
        kind = "agent" if by_agent else "user"
    elif what == "handoff" or (what == "event" and name in ("handoff.initiate", "handoff.status")):
        kind, name = "handover", name or what
    else:
        kind, name = "event", name or what

    def within(own: object) -> str | None:
        """Prefix an activity's id with the conversation, because it may be unique only within the conversation."""
        text = _text(own)
        return text if text is None or session in text else f"{session}|{text}"

    return {
        "id": within(activity.get("id")),
        "session": session,
        "time": _text(activity.get("timestamp")) or _text(activity.get("localTimestamp")),
        "kind": kind,
        "name": name,
        "text": _text(activity.get("text")),
        "parent": within(activity.get("replyToId")),
        "locale": _text(activity.get("locale")),
        "channel": _text(activity.get("channelId")),
    }


# -- recognizing formats


@dataclass(frozen=True, slots=True)
class Format:
    """A format that defines its columns.

    `name` is its value for `--format`; `called` describes a file of it in messages. `knows` tells by the first bytes
    whether a file has this format; `open` opens it.
    """

    name: str
    called: str
    knows: Callable[[bytes], bool]
    open: Callable[[Path, Any], RecordLog]


def _start(head: bytes) -> bytes:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()


def _is_xes(head: bytes) -> bool:
    start = _start(head)
    return start.startswith(b"<") and (b"<log" in start or b":log" in start) and b"<html" not in start[:2000].lower()


def _has(*wanted: bytes | tuple[bytes, ...]) -> Callable[[bytes], bool]:
    """Return a test for JSON with all these keys in its first bytes; of the keys in a tuple, one is enough."""

    def look(head: bytes) -> bool:
        if not _start(head).startswith((b"{", b"[")):
            return False
        each = (one if isinstance(one, tuple) else (one,) for one in wanted)
        return all(any(b'"%s"' % key in head for key in keys) for keys in each)

    return look


FORMATS = (
    Format("xes", "an XES log", _is_xes, open_xes),
    Format("otlp", "traces as OTLP/JSON", _has(b"resourceSpans"), open_otlp),
    Format(
        "ocel", "an OCEL log", _has((b"objectTypes", b"eventTypes", b"objectId"), (b"objects", b"events")), open_ocel
    ),
    Format("rasa", "Rasa trackers", _has(b"sender_id", b"events", b"event"), open_rasa),
    Format("botframework", "a Bot Framework transcript", _has(b"conversation", b"from", b"type"), open_bot_framework),
)
