"""Which events a session has: what tracking asks before every step, without DuckDB and without a scan.

Each sealed part has an index beside it, part-*.sessions: the sorted 64-bit hashes of its session ids, 8 bytes
each, little-endian. A session that no index knows has no sealed events. The appended lines are kept in memory,
each parsed once.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import threading
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from goals_tui.store.atomic import refusal, replace_file
from goals_tui.store.duckdb_files import bare_connection, parquet
from goals_tui.store.events.append import APPENDED, Appended
from goals_tui.store.events.catalog import CATALOG, Catalog, Part, waiting
from goals_tui.store.events.lines import pieces, read_line
from goals_tui.store.events.reader import check_part, damage_named, damaged, hold_parts
from goals_tui.store.locks import Lock

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from goals_tui.domain.event import GoalEvent

_MOST_REMEMBERED = 10_000


class SessionEvent(NamedTuple):
    """The little of an event that tracking needs."""

    timestamp: datetime
    goal_id: str
    step_id: str
    cycle_id: str


def session_hash(session_id: str) -> int:
    """64 bits of MD5, the same in every process and in DuckDB (`md5_number_lower`)."""
    return int.from_bytes(hashlib.md5(session_id.encode(), usedforsecurity=False).digest()[8:], "little")


def read_hashes(connection: DuckDBPyConnection, file: Path) -> array[int]:
    """The hashes of the session ids in a Parquet file, computed by DuckDB."""
    rows = connection.execute(
        f'SELECT DISTINCT md5_number_lower("sessionId") AS hash FROM {parquet([file])} ORDER BY hash'
    )
    hashes = array("Q")
    while chunk := rows.fetchmany(100_000):
        hashes.extend(row[0] for row in chunk)
    return hashes


def write_index(path: Path, hashes: array[int]) -> None:
    """Writes an index. Raises OSError."""
    replace_file(path, _little_endian(hashes).tobytes())


def checksum(hashes: array[int]) -> int:
    """The CRC-32 of an index."""
    return zlib.crc32(_little_endian(hashes).tobytes())


class Sessions:
    """Looks up the events of a session. Safe in several threads; takes the log's lock for a moment."""

    def __init__(self, folder: Path, lock: Lock, load: Callable[[], Catalog]) -> None:
        self._folder = folder
        self._appended = str(folder / APPENDED)
        self._catalog = str(folder / CATALOG)
        self._lock = lock
        self._load = load
        self._guard = threading.Lock()
        self._state: Hashable = None
        self._parts: dict[Part, array[int]] = {}
        self._sealed: dict[str, list[SessionEvent]] = {}
        self._tail: dict[str, list[SessionEvent]] = {}
        self._file: BinaryIO | None = None
        self._inode = -1
        self._read = 0
        """Up to where the lines of `_file` are in `_tail`."""

    def events(self, session_id: str) -> list[SessionEvent]:
        """The events of a session: the sealed ones by time, then the appended ones as they came in.

        Sealed ones of one moment stand as they came in, too. Raises UnreadableError.
        """
        with self._guard:
            try:
                with self._lock:
                    self._refresh()
                    parts = self._parts_with(session_id)
                    hold = hold_parts(self._folder) if parts else None
            except OSError as error:
                raise refusal("read", self._folder, error) from error
            try:
                sealed = self._sealed_events(parts, session_id) if parts else []
            finally:
                if hold:
                    hold()
            return [*sealed, *self._tail.get(session_id, ())]

    def add(self, events: Sequence[GoalEvent], where: Appended) -> None:
        """Takes over what this process appended right after all that is known: it need not be read again."""
        with self._guard:
            if self._inode == where.inode and self._read == where.begins:
                for event in events:
                    known = SessionEvent(event.timestamp, event.goal_id, event.step_id, event.goal_cycle_id)
                    self._tail.setdefault(event.session_id, []).append(known)
                self._read = where.ends

    def _refresh(self) -> None:
        """Starts over when something was sealed, deleted or imported; else reads what was appended since."""
        appended = _identity(self._appended)
        state = _identity(self._catalog), appended and appended[0]
        if state != self._state:
            self._start_over()
            self._state = state
        if self._file and appended and appended[1] != self._read:
            self._file.seek(self._read)
            self._read += self._take_lines(self._file)

    def _start_over(self) -> None:
        catalog = self._load()
        self._parts = {part: self._parts.get(part) or load_index(self._folder, part) for part in catalog.parts}
        self._sealed, self._tail, self._read = {}, {}, 0
        for path in waiting(self._folder, catalog):
            with path.open("rb") as file:
                self._take_lines(file)
        self.close()
        with contextlib.suppress(FileNotFoundError):
            self._file = Path(self._appended).open("rb")  # noqa: SIM115  # stays open between look-ups
            self._inode = os.fstat(self._file.fileno()).st_ino

    def close(self) -> None:
        """Lets go of the open file."""
        if self._file:
            self._file.close()
        self._file = None
        self._inode = -1

    def _take_lines(self, file: BinaryIO) -> int:
        """Takes the whole lines from here on into the index; how many bytes those are."""
        began = read = file.tell()
        for piece, starts, ends in pieces(file):
            record = read_line(piece) if starts and ends else None
            if record is not None:
                event = SessionEvent(record["timestamp"], record["goalId"], record["stepId"], record["goalCycleId"])
                self._tail.setdefault(record["sessionId"], []).append(event)
            if ends:
                read = file.tell()
        return read - began

    def _parts_with(self, session_id: str) -> list[Part]:
        """The parts that may have events of a session."""
        if not self._parts:
            return []
        wanted = session_hash(session_id)
        return [part for part, hashes in self._parts.items() if _contains(hashes, wanted)]

    def _sealed_events(self, parts: Sequence[Part], session_id: str) -> list[SessionEvent]:
        known = self._sealed.get(session_id)
        if known is None:
            if len(self._sealed) >= _MOST_REMEMBERED:
                self._sealed.clear()
            self._sealed[session_id] = known = _query(self._folder, parts, session_id)
        return known


def load_index(folder: Path, part: Part) -> array[int]:
    """The index of a part; made anew where its file is missing or damaged. Raises UnreadableError, OSError."""
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
        hashes = read_hashes(connection, part.file(folder))
    # A workspace that can't be written is still read; only the next one has to count again.
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
                raise damaged(folder, "the time of an event is none")
            found += [SessionEvent(moment.replace(tzinfo=UTC), *rest) for moment, *rest in rows]
    # Stable: of one moment the earlier part comes first, and in a part the earlier row.
    return sorted(found, key=itemgetter(0))


def _contains(hashes: array[int], wanted: int) -> bool:
    place = bisect_left(hashes, wanted)
    return place < len(hashes) and hashes[place] == wanted


def _little_endian(hashes: array[int]) -> array[int]:
    if sys.byteorder == "big":
        hashes = hashes[:]
        hashes.byteswap()
    return hashes


def _identity(path: str) -> tuple[int, int, int] | None:
    """Inode, size and time of change; None where there is no such file."""
    try:
        found = os.stat(path)  # noqa: PTH116  # before every tracked step: Path.stat takes three times as long
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
