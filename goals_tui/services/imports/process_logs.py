"""Logs of process mining, as files of XES (IEEE 1849) and OCEL 2.0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.format import plural
from goals_tui.services.imports.json_stream import JsonStream
from goals_tui.services.imports.log_records import (
    COLUMNS,
    MOST_WAITING,
    Format,
    Record,
    RecordLog,
    dict_or_empty,
    first_bytes,
    has_keys,
    json_line,
    text_or_none,
    write_records,
    written_records,
)
from goals_tui.services.imports.table import ReadOptions, UnusableError
from goals_tui.store.duckdb_files import json_lines, separate_connection, sql_text
from goals_tui.store.events.bulk_import import LONGEST_LINE

_PIECE = 1 << 20


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
        except (LookupError, ValueError) as error:
            raise UnusableError(f"its encoding can't be read ({error})") from None
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
            elif len(self._waiting) > MOST_WAITING:
                raise UnusableError(f"a trace has its name behind {MOST_WAITING:,} events")
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

    return RecordLog(written_records, write_records(records(), options.scratch))


def _is_xes(head: bytes) -> bool:
    start = first_bytes(head)
    return start.startswith(b"<") and (b"<log" in start or b":log" in start) and b"<html" not in start[:2000].lower()


XES = Format("xes", "an XES log", _is_xes, open_xes)


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
                    one = dict_or_empty(item)
                    to_objects.write(
                        json_line({"object": text_or_none(one.get("id")), "type": text_or_none(one.get("type"))})
                    )
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
    with separate_connection() as connection:
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
    query = (
        "SELECT fault, CASE WHEN fault IS NULL THEN id || '@' || object END AS id, object AS session, time, "
        "'event' AS kind, name, "
        + ", ".join(f"NULL::VARCHAR AS {name}" for name in COLUMNS[5:])
        + f" FROM {happened} LEFT JOIN {of_type} USING (object) WHERE fault IS NOT NULL OR type = {sql_text(chosen)} "
        "ORDER BY place"
    )
    return RecordLog(lambda _files: query, events, notes)


def _write_ocel_event(out: IO[bytes], item: object, number: int) -> None:
    event = dict_or_empty(item)
    if not event:
        out.write(json_line({"n": number, "fault": "it is not an object"}))
        return
    relations = event.get("relationships")
    concerned = (
        [text_or_none(dict_or_empty(one).get("objectId")) for one in relations] if isinstance(relations, list) else []
    )
    base = {
        "n": number,
        "id": text_or_none(event.get("id")),
        "time": text_or_none(event.get("time")),
        "name": text_or_none(event.get("type")),
    }
    for one in dict.fromkeys(concerned) or [None]:
        out.write(json_line({**base, "object": one}))


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


OCEL = Format(
    "ocel", "an OCEL log", has_keys((b"objectTypes", b"eventTypes", b"objectId"), (b"objects", b"events")), open_ocel
)
