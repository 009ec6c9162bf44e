"""Lines of the event log: conversion from and to events, and reading of the files of lines."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from goals_tui.domain.activity import Activity
from goals_tui.domain.event import EARLIEST, LATEST, GoalEvent
from goals_tui.domain.model import format_instant
from goals_tui.store.atomic import refusal
from goals_tui.store.events.schema import EVENTS, Schema

_TEXT_OR_NONE = {str, type(None)}
MAX_LINE = 1 << 20
"""The maximum length of a line that is read, in bytes. The longest possible event is far shorter."""
Record = GoalEvent | Activity


def to_line(record: Record) -> bytes:
    """Return the record as a line of JSON under the field names of its log, without empty fields."""
    return record.__pydantic_serializer__.to_json(record, exclude_none=True) + b"\n"


def read_line(line: bytes, schema: Schema = EVENTS) -> dict[str, Any] | None:
    """Return the record of a line, with its timestamp as a UTC datetime; None if the line is unreadable.

    Each of the schema's fields is text, None or missing. Other fields of the line are kept as they are.
    """
    if len(line) > MAX_LINE:
        return None
    try:
        record = _parse(line)
        # DuckDB, which also reads these lines, would turn numbers and lists into text, and write numbers differently.
        if not all(map(record.get, schema.needed_texts)):
            return None
        if not {*map(type, map(record.get, schema.fields))} <= _TEXT_OR_NONE:
            return None
        written = record["timestamp"]
        moment = datetime.fromisoformat(written)
        # DuckDB doesn't know week dates or dates without dashes either.
        if written[4:8:3] != "--":
            return None
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (AttributeError, TypeError, KeyError, ValueError, OverflowError, RecursionError):
        return None
    if not EARLIEST <= moment < LATEST:
        return None
    record["timestamp"] = moment
    return cast(dict[str, Any], record)


def _parse(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        if b"NaN" not in line and b"Infinity" not in line:
            raise
    # Not JSON, but many programs write it and DuckDB reads it.
    record = json.loads(line)
    orjson.dumps(record)  # refuses lone surrogates, which Python's parser accepts
    return record


def plain_line(record: dict[str, Any], schema: Schema = EVENTS) -> bytes:
    """Return a record of `read_line` as a line with exactly the schema's fields."""
    fields = {name: record.get(name) for name in schema.fields}
    return orjson.dumps({**fields, "timestamp": format_instant(record["timestamp"])}) + b"\n"


def pieces(file: BinaryIO, size: float = inf) -> Iterator[tuple[bytes, bool, bool]]:
    """Iterate over the lines of a file, each with whether it starts a line and whether it ends one.

    `size` is the number of bytes to read at most. A line longer than MAX_LINE comes in several pieces, to bound memory;
    for all others both are true, except for a last line without a line break. A byte order mark at the start of the
    file is skipped.
    """
    if file.tell() == 0 and file.read(len(BOM_UTF8)) != BOM_UTF8:
        file.seek(0)
    starts, left = True, size - file.tell()
    while piece := file.readline(int(min(MAX_LINE + 1, left))):
        left -= len(piece)
        ends = piece.endswith(b"\n")
        yield piece, starts, ends
        starts = ends


def sort_lines(
    path: Path, good: Callable[[bytes], object], torn: Callable[[bytes], object], schema: Schema = EVENTS
) -> int:
    """Pass readable lines, rewritten in plain form, to `good` and all others, unchanged, to `torn`.

    Return the number of unreadable lines, not counting blank ones. Raises OSError.
    """
    count = 0
    with path.open("rb") as file:
        for piece, starts, _ends in pieces(file):
            record = read_line(piece, schema) if starts else None
            if record is not None:
                good(plain_line(record, schema))
            elif not starts or piece.strip():
                torn(piece)
                count += starts
    return count


@dataclass(slots=True)
class TailCount:
    """The number of events and torn lines in files of lines, and the times of the first and the last event."""

    events: int = 0
    torn: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, line: bytes, schema: Schema) -> None:
        """Count one line; blank lines are ignored."""
        fields = read_line(line, schema)
        if fields is not None:
            moment: datetime = fields["timestamp"]
            self.events += 1
            self.first = moment if self.first is None or moment < self.first else self.first
            self.last = moment if self.last is None or moment > self.last else self.last
        elif line.strip():
            self.torn += 1


def count_tail(files: Mapping[Path, float], schema: Schema = EVENTS) -> TailCount:
    """Count the events and torn lines of these files, each up to a size in bytes, skipping missing ones.

    Raises UnreadableError.
    """
    count = TailCount()
    for path, size in files.items():
        try:
            with path.open("rb") as file:
                for piece, starts, _ends in pieces(file, size):
                    if starts:
                        count.add(piece, schema)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise refusal("read", path, error) from error
    return count
