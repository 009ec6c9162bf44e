"""Lookup of a session's events before every tracked step, without DuckDB and without scanning the log.

Each sealed part has an index, part-*.sessions: the sorted 64-bit hashes of its session ids, 8 bytes each,
little-endian. A session that is in no index has no sealed events. The appended lines are kept in memory, each parsed
once.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
import threading
import zlib
from array import array
from bisect import bisect_left
from codecs import BOM_UTF8
from collections.abc import Callable, Hashable, Iterator, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.atomic import refusal, replace_file, state_of
from goals_tui.store.duckdb_files import bare_connection, parquet
from goals_tui.store.events.append import Appended
from goals_tui.store.events.catalog import (
    CATALOG,
    DamagedCatalogError,
    Part,
    StaleCatalogError,
    load_catalog,
    waiting,
)
from goals_tui.store.events.lines import MAX_LINE, pieces, read_line
from goals_tui.store.events.reader import check_part, damage_named, damaged, hold_parts
from goals_tui.store.events.schema import EVENTS
from goals_tui.store.locks import Lock

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from goals_tui.domain.event import GoalEvent

_MOST_REMEMBERED = 10_000

_SEARCHED_FROM = 1 << 20
"""The size in bytes above which a file of lines is searched instead of read."""

_MOST_SEARCHES = 8
"""The number of full searches after which the file is read, which takes as long as about thirty searches."""

_CHUNK = MAX_LINE + 1

_ESCAPED_SESSION = re.compile(rb'"sessionId"\s*:\s*"[^"\\\n]*\\')


class SessionEvent(NamedTuple):
    """The fields of an event that tracking needs."""

    timestamp: datetime
    goal_id: str
    step_id: str
    cycle_id: str


Wanted = Callable[[SessionEvent], bool]


def session_hash(session_id: str) -> int:
    """Return 64 bits of the MD5 digest, the same as DuckDB's `md5_number_lower`."""
    return int.from_bytes(hashlib.md5(session_id.encode(), usedforsecurity=False).digest()[8:], "little")


def read_hashes(connection: DuckDBPyConnection, file: Path, session: str) -> array[int]:
    """Return the sorted hashes of the session ids in a Parquet file. `session` is the name of their column."""
    rows = connection.execute(
        f'SELECT DISTINCT md5_number_lower("{session}") AS hash FROM {parquet([file])} ORDER BY hash'
    )
    hashes = array("Q")
    while chunk := rows.fetchmany(100_000):
        hashes.extend(row[0] for row in chunk)
    return hashes


def write_index(path: Path, hashes: array[int]) -> None:
    """Write an index. Raises OSError."""
    replace_file(path, _little_endian(hashes).tobytes())


def checksum(hashes: array[int]) -> int:
    """Return the CRC-32 of an index."""
    return zlib.crc32(_little_endian(hashes).tobytes())


class Sessions:
    """A lookup of events by session, safe in several threads.

    The log's lock is taken only to list the files and their sizes, not while they are read.
    """

    def __init__(self, folder: Path, lock: Lock, recover: Callable[[], object]) -> None:
        self._folder = folder
        self._appended = str(folder / EVENTS.appended)
        self._catalog = str(folder / CATALOG)
        self._lock = lock
        self._recover = recover
        self._guard = threading.Lock()
        self._state: Hashable = None
        self._parts: dict[Part, array[int] | None] = {}
        """The sealed parts with their indexes; None for an index that is not loaded yet."""
        self._sealed: dict[str, list[SessionEvent]] = {}
        self._files: list[_Lines] = []
        """The set-aside files, followed by the file for appending if it exists."""

    def events(self, session_id: str, since: Wanted | None = None) -> list[SessionEvent]:
        """Return the events of a session: the sealed ones by time, then the appended ones in the order of appending.

        Sealed events of the same time keep the order of appending, too. With `since`, events before the last appended
        one for which it is true may be left out, which saves reading them. Raises UnreadableError.
        """
        with self._guard:
            for last in (False, False, True):
                try:
                    return self._events(session_id, since, recovered=last)
                except DamagedCatalogError:
                    # Without the log's lock, which the recovery takes itself.
                    self._recover()
                except UnreadableError:
                    # The part may have been replaced before it was read: then try again.
                    if last or self._state == self._seen():
                        raise
                except OSError as error:
                    raise refusal("read", self._folder, error) from error
            raise UnreadableError(f"The events in {self._folder} change faster than they can be read. Try again.")

    def add(self, events: Sequence[GoalEvent], where: Appended) -> None:
        """Take over events that this process appended directly after the known ones, so that they need not be read."""
        with self._guard:
            if self._files:
                self._files[-1].add(events, where)

    def close(self) -> None:
        """Close the open files."""
        for lines in self._files:
            lines.close()
        self._files = []

    def _events(self, session_id: str, since: Wanted | None, *, recovered: bool) -> list[SessionEvent]:
        release = None
        try:
            with self._lock:
                self._look(recovered)
                if None in self._parts.values() or self._parts_with(session_id):
                    release = hold_parts(self._folder)
            found: list[SessionEvent] = []
            for lines in reversed(self._files):
                found = [*lines.of(session_id, since), *found]
                if since and any(map(since, found)):
                    return found
            for part, hashes in self._parts.items():
                if hashes is None:
                    self._parts[part] = load_index(self._folder, part)
            parts = self._parts_with(session_id)
            return [*self._sealed_events(parts, session_id), *found] if parts else found
        finally:
            if release:
                release()

    def _look(self, recovered: bool) -> None:
        """Start over if events were sealed, deleted or imported; else note how much was appended."""
        appended = state_of(self._appended)
        state = state_of(self._catalog), appended and appended.inode
        if state != self._state:
            try:
                catalog = load_catalog(self._folder)
            except StaleCatalogError as error:
                if not recovered:
                    raise
                catalog = error.listed
            self.close()
            self._parts = {part: self._parts.get(part) for part in catalog.parts}
            self._sealed = {}
            self._files = [_Lines(path) for path in waiting(self._folder, catalog)]
            if appended:
                self._files.append(_Lines(Path(self._appended)))
            self._state = state
        elif appended and self._files:
            self._files[-1].size = appended.size

    def _seen(self) -> Hashable:
        appended = state_of(self._appended)
        return state_of(self._catalog), appended and appended.inode

    def _parts_with(self, session_id: str) -> list[Part]:
        """Return the parts that may have events of a session."""
        if not self._parts:
            return []
        wanted = session_hash(session_id)
        return [part for part, hashes in self._parts.items() if hashes and _contains(hashes, wanted)]

    def _sealed_events(self, parts: Sequence[Part], session_id: str) -> list[SessionEvent]:
        known = self._sealed.get(session_id)
        if known is None:
            if len(self._sealed) >= _MOST_REMEMBERED:
                self._sealed.clear()
            self._sealed[session_id] = known = _query(self._folder, parts, session_id)
        return known


class _Lines:
    """The events in a file of lines, by session. The file stays open, so that it can be read after it was sealed.

    A file that is large when it is opened is not read: searching its lines for a session is a hundred times faster.
    After several searches it is read after all.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        found = os.fstat(self._file.fileno())
        self.inode, self.size = found.st_ino, found.st_size
        """The end of the known content; the last line before it may be incomplete."""
        self._events: dict[str, list[SessionEvent]] = {}
        self._searched = self._whole_lines() if self.size > _SEARCHED_FROM else 0
        """The offset up to which lines are searched. Lines from there up to `_read` are in `_events`."""
        self._read = self._searched
        self._found: dict[str, tuple[list[SessionEvent], bool]] = {}
        """The events found for each searched session, and whether they are complete."""
        self._cost = 0
        """The number of bytes searched so far."""

    def close(self) -> None:
        self._file.close()

    def add(self, events: Sequence[GoalEvent], where: Appended) -> None:
        """Add events that directly follow the known ones; others are read when they are needed."""
        if self.inode != where.inode or self._read != where.begins:
            return
        for event in events:
            known = SessionEvent(event.timestamp, event.goal_id, event.step_id, event.goal_cycle_id)
            self._events.setdefault(event.session_id, []).append(known)
        self._read = self.size = where.ends

    def of(self, session_id: str, since: Wanted | None) -> list[SessionEvent]:
        """Return the events of a session in the order of the file; see `Sessions.events`. Raises OSError."""
        if self._read < self.size:
            self._read = self._take(self._read, self.size, self._events)
        known = self._events.get(session_id, [])
        if not self._searched or (since and any(map(since, known))):
            return known
        found, whole = self._found.get(session_id, ([], False))
        if not whole and not (since and any(map(since, found))):
            if self._cost >= _MOST_SEARCHES * self._searched:
                self._read_all()
                return self._events.get(session_id, [])
            found, whole = [], True
            for event in self._search(session_id):
                found.insert(0, event)
                if since and since(event):
                    whole = False
                    break
            self._found[session_id] = found, whole
        return [*found, *known]

    def _read_all(self) -> None:
        every: dict[str, list[SessionEvent]] = {}
        self._take(0, self._searched, every)
        for session_id, events in self._events.items():
            every.setdefault(session_id, []).extend(events)
        self._events, self._searched, self._found = every, 0, {}

    def _take(self, start: int, end: int, events: dict[str, list[SessionEvent]]) -> int:
        """Add the events of whole lines between two offsets and return the end of these lines."""
        file = self._file
        file.seek(start)
        read = start
        for piece, starts, ends in pieces(file):
            record = read_line(piece) if starts and ends else None
            if record is not None:
                events.setdefault(record["sessionId"], []).append(_session_event(record))
            if ends:
                read = file.tell()
            if file.tell() >= end:
                break
        return read

    def _whole_lines(self) -> int:
        """Return the end of the last complete line."""
        self._file.seek(max(self.size - MAX_LINE, 0))
        begins = self._file.tell()
        return begins + self._file.read(self.size - begins).rfind(b"\n") + 1 if begins else 0

    def _search(self, session_id: str) -> Iterator[SessionEvent]:
        """Iterate over the events of a session in the lines that are not read, the last one first."""
        needle = orjson.dumps(session_id)
        end, inside = self._searched, False
        while end:
            begin = max(end - _CHUNK, 0)
            self._file.seek(begin)
            chunk = self._file.read(end - begin)
            self._cost += len(chunk)
            if inside:
                # The rest of a line longer than MAX_LINE.
                end = begin + chunk.rfind(b"\n") + 1
                inside = end == begin
                continue
            start = chunk.find(b"\n", 0, -1) + 1 if begin else 0
            inside = bool(begin) and not start
            for place in [] if inside else sorted(_candidates(chunk, needle, start), reverse=True):
                line = chunk[place : chunk.find(b"\n", place) + 1]
                record = read_line(line if begin + place else line.removeprefix(BOM_UTF8))
                if record is not None and record["sessionId"] == session_id:
                    yield _session_event(record)
            end = begin + start


def _candidates(chunk: bytes, needle: bytes, begin: int) -> set[int]:
    """Return the starts of lines from `begin` on that hold the session id, or one written with escapes."""
    starts = set()
    at = chunk.rfind(needle, begin)
    while at >= 0:
        start = chunk.rfind(b"\n", begin, at) + 1 or begin
        starts.add(start)
        at = chunk.rfind(needle, begin, start)
    if b"\\" in chunk:
        for match in _ESCAPED_SESSION.finditer(chunk, begin):
            starts.add(chunk.rfind(b"\n", begin, match.start()) + 1 or begin)
    return starts


def _session_event(record: dict[str, Any]) -> SessionEvent:
    return SessionEvent(record["timestamp"], record["goalId"], record["stepId"], record["goalCycleId"])


def load_index(folder: Path, part: Part) -> array[int]:
    """Return the index of a part, rebuilt if its file is missing or damaged. Raises UnreadableError, OSError."""
    path = part.index(folder)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    hashes = array("Q")
    if len(content) == part.sessions * hashes.itemsize and zlib.crc32(content) == part.checksum:
        hashes.frombytes(content)
        return _little_endian(hashes)
    check_part(folder, part)
    with damage_named(folder), bare_connection() as connection:
        hashes = read_hashes(connection, part.file(folder), EVENTS.session)
    # A read-only workspace can still be read: the next process just has to rebuild the index again.
    with contextlib.suppress(OSError):
        write_index(path, hashes)
    return hashes


def _query(folder: Path, parts: Sequence[Part], session_id: str) -> list[SessionEvent]:
    found = []
    with damage_named(folder), bare_connection() as connection:
        for part in parts:
            check_part(folder, part)
            rows = connection.execute(
                'SELECT timestamp, "goalId", "stepId", "goalCycleId" '
                f"FROM {parquet([part.file(folder)], row_numbers=True)} "
                'WHERE "sessionId" = ? ORDER BY file_row_number',
                [session_id],
            ).fetchall()
            if not all(isinstance(moment, datetime) for moment, *_ in rows):
                raise damaged(folder, "an event has no time")
            found += [SessionEvent(moment.replace(tzinfo=UTC), *rest) for moment, *rest in rows]
    # The sort is stable: events of the same time stay in the order of the parts and their rows.
    return sorted(found, key=itemgetter(0))


def _contains(hashes: array[int], wanted: int) -> bool:
    place = bisect_left(hashes, wanted)
    return place < len(hashes) and hashes[place] == wanted


def _little_endian(hashes: array[int]) -> array[int]:
    if sys.byteorder == "big":
        hashes = hashes[:]
        hashes.byteswap()
    return hashes
