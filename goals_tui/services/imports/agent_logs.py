"""Logs of agents: traces of OpenTelemetry (OTLP), trackers of Rasa, transcripts of Bot Framework."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import orjson

from goals_tui.services.imports.json_stream import JsonStream
from goals_tui.services.imports.log_records import (
    MOST_WAITING,
    Format,
    Record,
    RecordLog,
    dict_or_empty,
    each_object,
    has_keys,
    text_or_none,
    write_records,
    written_records,
)
from goals_tui.services.imports.table import ReadOptions, UnusableError
from goals_tui.store.duckdb_files import json_lines
from goals_tui.store.events.bulk_import import LONGEST_LINE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
            for _document in each_object(stream):
                _split_request(stream, out)
    return RecordLog(_spans, lines)


def _spans(files: Sequence[Path]) -> str:
    """Return a query for the spans in files with one export request a line."""
    requests = json_lines(files, {"resourceSpans": _RESOURCE_SPANS}, LONGEST_LINE * 4, named=True)

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
    return (
        "SELECT filename, fault, "
        + ", ".join(f"CASE WHEN fault IS NULL THEN {value} END AS {name}" for name, value in columns.items())
        + f" FROM (SELECT *, {operation} AS operation FROM (SELECT *, "
        'list_transform(span."attributes", lambda one: one."key") AS span_keys, '
        'list_transform(given, lambda one: one."key") AS given_keys FROM ('
        'SELECT filename, fault, request."resource"."attributes" AS given, '
        'unnest(CASE WHEN fault IS NULL THEN flatten(list_transform(request."scopeSpans", lambda one: '
        'coalesce(one."spans", []))) ELSE [NULL] END) AS span FROM ('
        f'SELECT filename, {faults} AS fault, unnest(coalesce("resourceSpans", [NULL])) AS request FROM {requests}))))'
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
                        elif len(some) > MOST_WAITING:
                            raise UnusableError(f"a resource stands behind {MOST_WAITING:,} of its spans")
        else:
            stream.skip()
    while some:
        rest, some[:] = some[_SPANS_A_LINE:], some[:_SPANS_A_LINE]
        give()
        some.extend(rest)


OTLP = Format("otlp", "traces as OTLP/JSON", has_keys(b"resourceSpans"), open_otlp)


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
            for _document in each_object(stream):
                if stream.next() != "{":
                    stream.skip()
                    yield {"fault": "it is not a tracker"}
                    continue
                session: str | None = None
                waiting: list[Record] = []
                latest = 0.0
                for key in stream.members():
                    if key == "sender_id":
                        session = text_or_none(stream.value())
                    elif key == "events" and stream.next() == "[":
                        for _place in stream.items():
                            record, moment = _rasa_record(stream.value())
                            if moment is not None:
                                late += moment < latest
                                latest = max(moment, latest)
                                record["time"] = _instant(latest)
                            if session is not None:
                                yield record if "fault" in record else {**record, "session": session}
                            elif len(waiting) < MOST_WAITING:
                                waiting.append(record)
                            else:
                                raise UnusableError(f"a tracker has its sender_id behind {MOST_WAITING:,} events")
                    else:
                        stream.skip()
                for record in waiting:
                    if session is None:
                        record = {"fault": "its tracker has no sender_id"}
                    yield record if "fault" in record else {**record, "session": session}

    lines = write_records(records(), options.scratch)
    notes = [f"{late:,} times go back; each counts as the one before it."] if late else []
    return RecordLog(written_records, lines, notes)


def _instant(seconds: float) -> str:
    try:
        return (_EPOCH + timedelta(microseconds=round(seconds * 1_000_000))).isoformat()
    except OverflowError:
        return str(seconds)


def _rasa_record(item: object) -> tuple[Record, float | None]:
    """Return the record of an event without its session, and the time in seconds since 1970.

    The time is None where there is no valid one; then the record holds it as it is written.
    """
    event = dict_or_empty(item)
    what = text_or_none(event.get("event"))
    if what is None:
        return {"fault": "it says no event"}, None
    moment = event.get("timestamp")
    if isinstance(moment, bool) or not isinstance(moment, int | float) or moment != moment or abs(moment) > 1e11:
        record: Record = {"time": text_or_none(moment)}
        seconds = None
    else:
        record, seconds = {}, float(moment)
    record["channel"] = text_or_none(event.get("input_channel"))
    if what == "user":
        intent = dict_or_empty(dict_or_empty(event.get("parse_data")).get("intent"))
        record |= {"kind": "user", "name": text_or_none(intent.get("name")), "text": text_or_none(event.get("text"))}
        record["id"] = text_or_none(event.get("message_id"))
    elif what == "bot":
        name = dict_or_empty(event.get("metadata")).get("utter_action")
        record |= {"kind": "agent", "name": text_or_none(name), "text": text_or_none(event.get("text"))}
    else:
        record |= {"kind": "step" if what == "action" else "event", "name": text_or_none(event.get("name")) or what}
    return record, seconds


RASA = Format("rasa", "Rasa trackers", has_keys(b"sender_id", b"events", b"event"), open_rasa)


# -- Bot Framework


def open_bot_framework(path: Path, options: ReadOptions) -> RecordLog:
    """Open Bot Framework transcripts: a list of activities, or one activity a line."""

    def records() -> Iterator[Record]:
        with JsonStream(path) as stream:
            for _document in each_object(stream):
                yield _bot_record(stream.value())

    return RecordLog(written_records, write_records(records(), options.scratch))


def _bot_record(item: object) -> Record:
    activity = dict_or_empty(item)
    what, session = (
        text_or_none(activity.get("type")),
        text_or_none(dict_or_empty(activity.get("conversation")).get("id")),
    )
    if what is None:
        return {"fault": "it says no type of activity"}
    if session is None:
        return {"fault": "it names no conversation"}
    sender, receiver = dict_or_empty(activity.get("from")), dict_or_empty(activity.get("recipient"))
    by_agent = sender.get("role") == "bot" or (sender.get("role") is None and receiver.get("role") == "user")
    name = text_or_none(activity.get("name"))
    if what == "message":
        kind = "agent" if by_agent else "user"
    elif what == "handoff" or (what == "event" and name in ("handoff.initiate", "handoff.status")):
        kind, name = "handover", name or what
    else:
        kind, name = "event", name or what

    def within(own: object) -> str | None:
        """Prefix an activity's id with the conversation, because it may be unique only within the conversation."""
        text = text_or_none(own)
        return text if text is None or session in text else f"{session}|{text}"

    return {
        "id": within(activity.get("id")),
        "session": session,
        "time": text_or_none(activity.get("timestamp")) or text_or_none(activity.get("localTimestamp")),
        "kind": kind,
        "name": name,
        "text": text_or_none(activity.get("text")),
        "parent": within(activity.get("replyToId")),
        "locale": text_or_none(activity.get("locale")),
        "channel": text_or_none(activity.get("channelId")),
    }


BOT_FRAMEWORK = Format(
    "botframework", "a Bot Framework transcript", has_keys(b"conversation", b"from", b"type"), open_bot_framework
)
