"""Lines of the event log: from and to events, and reading what was appended last."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
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
"""The longest line that is read, in bytes. The longest event that can be appended is far below."""
Record = GoalEvent | Activity


def to_line(record: Record) -> bytes:
    """The record under the field names of its log, without those that it leaves empty, and a line break."""
    return record.__pydantic_serializer__.to_json(record, exclude_none=True) + b"\n"


def read_line(line: bytes, schema: Schema = EVENTS) -> dict[str, Any] | None:
    """The record of a line, or None where it is not readable. Its timestamp becomes a UTC datetime.

    Each of the schema's fields is text, None or missing; what else the record holds is left as it is.
    """
    if len(line) > MAX_LINE:
        return None
    try:
        record = _parse(line)
        # DuckDB, the other reader, would make text of numbers and lists, each with digits of its own.
        if not all(map(record.get, schema.needed_texts)):
            return None
        if not {*map(type, map(record.get, schema.fields))} <= _TEXT_OR_NONE:
            return None
        written = record["timestamp"]
        moment = datetime.fromisoformat(written)
        # Nor does it know weeks and dates without dashes.
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
    # No JSON, but many programs write it, and DuckDB reads it.
    record = json.loads(line)
    orjson.dumps(record)  # refuses half characters, which Python's parser lets through
    return record


def plain_line(record: dict[str, Any], schema: Schema = EVENTS) -> bytes:
    """A record of `read_line` as a line that holds the schema's fields and nothing else."""
    fields = {name: record.get(name) for name in schema.fields}
    return orjson.dumps({**fields, "timestamp": format_instant(record["timestamp"])}) + b"\n"


def pieces(file: BinaryIO) -> Iterator[tuple[bytes, bool, bool]]:
    """The lines of a file, each with whether it starts a line and whether it ends it.

    Both are true for nearly all. A line longer than MAX_LINE comes in several pieces, so that memory is bounded.
    A byte order mark at the start of the file is no part of its first line.
    """
    if file.tell() == 0 and file.read(len(BOM_UTF8)) != BOM_UTF8:
        file.seek(0)
    starts = True
    while piece := file.readline(MAX_LINE + 1):
        ends = piece.endswith(b"\n")
        yield piece, starts, ends
        starts = ends


def sort_lines(
    path: Path, good: Callable[[bytes], object], torn: Callable[[bytes], object], schema: Schema = EVENTS
) -> int:
    """Hands readable lines, rewritten in plain form, to one function and everything else, as it is, to another.

    How many lines were unreadable; blank ones are none. Raises OSError.
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
    """What a few files of lines hold."""

    events: int = 0
    torn: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, line: bytes, schema: Schema) -> None:
        """Counts one line; blank ones say nothing."""
        fields = read_line(line, schema)
        if fields is not None:
            moment: datetime = fields["timestamp"]
            self.events += 1
            self.first = moment if self.first is None or moment < self.first else self.first
            self.last = moment if self.last is None or moment > self.last else self.last
        elif line.strip():
            self.torn += 1


def count_tail(files: Iterable[Path], schema: Schema = EVENTS) -> TailCount:
    """Events, torn lines and the span of time of these files. Raises UnreadableError."""
    count = TailCount()
    for path in files:
        try:
            with path.open("rb") as file:
                for piece, starts, _ends in pieces(file):
                    if starts:
                        count.add(piece, schema)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise refusal("read", path, error) from error
    return count
