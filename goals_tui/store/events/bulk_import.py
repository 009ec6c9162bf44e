"""Bulk import of events: sorted, checked against the log and written as one part by DuckDB."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from goals_tui.domain.event import EARLIEST, FIELDS, LATEST, LONGEST_FIELD
from goals_tui.domain.text import clean_line
from goals_tui.store.atomic import scratch_folder
from goals_tui.store.duckdb_files import json_lines, separate_connection
from goals_tui.store.events.schema import EVENTS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from goals_tui.store.events.log import Log
    from goals_tui.store.events.parts import Prepared

LONGEST_LINE = 16 << 20
"""The maximum length of a line in bytes; longer lines are broken records. An event is a thousand times shorter."""
_KEYS = ("id", "goalCycleId", "sessionId")
"""The fields that differ from event to event, so that every row is checked."""
_LABELS = tuple(name for name in FIELDS if name not in (*_KEYS, "timestamp"))
"""The fields whose values repeat, so that checking each value once is much faster than checking each row."""
_LARGE = 100_000
_TEXTS = dict.fromkeys(FIELDS, "VARCHAR")
_MOMENT = (
    "CASE WHEN ends_with(timestamp, 'Z') THEN TRY_CAST(timestamp AS TIMESTAMP) "
    r"WHEN regexp_matches(timestamp, '\d\d:\d\d.*[+-]\d\d:\d\d$') "
    "THEN TRY_CAST(timestamp AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END"
)


# Ids are printable ASCII without spaces in all known systems. A bracket or brace at the start is an object or list
# turned into text. Any other record is not plain, and is checked separately.
_PLAIN = (
    " AND ".join(
        f"regexp_full_match(\"{key}\", '[!-Z\\\\-z|}}}}~][!-~]{{{{0,{LONGEST_FIELD - 1}}}}}')" for key in _KEYS
    )
    + "".join(f" AND \"{name}\" <> ''" for name in EVENTS.needed if name in _LABELS)
    + f" AND moment >= TIMESTAMP '{EARLIEST:%Y-%m-%d}' AND moment < TIMESTAMP '{LATEST:%Y-%m-%d}'"
)
_LOAD = (
    f"CREATE TABLE {{table}} AS SELECT * EXCLUDE moment REPLACE (moment AS timestamp), "
    f"coalesce({_PLAIN}, false) AS plain FROM (SELECT *, {_MOMENT} AS moment FROM {{source}})"
)
_LOAD_CHECKED = (
    "INSERT INTO staged SELECT * EXCLUDE moment REPLACE (moment AS timestamp), true "
    f"FROM (SELECT *, {_MOMENT} AS moment FROM {{source}})"
)


class BulkImport:
    """An import of events. Load files, then prepare the part once; the log is unchanged until the commit.

        with BulkImport(log) as bulk:
            for number, line in bulk.load(file): ...    # the records that are not plain events
            with bulk.prepared(batch) as part, batches.adding(batch, what, part, label): ...    # goals of the events

    Memory is bounded by the limit of the store's connections; data that exceeds it goes to temporary files.
    """

    def __init__(self, log: Log[Any]) -> None:
        self._log = log
        self._connection: DuckDBPyConnection | None = None
        self._tables = ["staged"]

    def __enter__(self) -> BulkImport:
        self._connection = separate_connection()
        self._connection.execute(f"CREATE TABLE staged ({self._log.schema.table}, plain BOOLEAN)")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    @property
    def what(self) -> str:
        """The name of the imported records: events or activities."""
        return self._log.schema.name

    def watched(self, progress: Callable[[float], None]) -> AbstractContextManager[None]:
        """Report the progress of queries during the block; see the function `watched`."""
        return watched(self._db, progress)

    def load(self, file: Path) -> Iterator[tuple[int, bytes]]:
        """Load the plain events of a JSON Lines file; give every other record as its number, from 1, and its line.

        Blank lines are not records. A line longer than LONGEST_LINE is given as an empty one. Raises OSError.
        """
        import duckdb

        table = f"read_{len(self._tables)}"
        try:
            self._db.execute(_LOAD.format(table=table, source=_records_of(file)))
        except duckdb.InvalidInputException:
            with scratch_folder() as place:
                shortened = place / "shortened.jsonl"
                _shorten(file, shortened)
                self._db.execute(_LOAD.format(table=table, source=_records_of(shortened)))
        for label in _LABELS:
            self._set_odd_labels_aside(table, label)
        # Rows keep the order of the file, so that their position identifies the line.
        odd = self._db.execute(f"SELECT rowid FROM {table} WHERE NOT plain ORDER BY rowid").fetchall()
        self._keep(table)
        return _lines_at(file, [place for (place,) in odd])

    def load_checked(self, file: Path) -> None:
        """Load all events of a JSON Lines file written by `lines.to_line`."""
        self._db.execute(_LOAD_CHECKED.format(source=_records_of(file)))

    def add(self, rows: str) -> None:
        """Add the rows of a query over `connection` with the columns FIELDS, all of which must be plain events."""
        table = f"read_{len(self._tables)}"
        self._db.execute(f"CREATE VIEW {table} AS SELECT *, true AS plain FROM ({rows})")
        self._tables.append(table)

    @contextmanager
    def prepared(self, batch: str) -> Iterator[Prepared | None]:
        """Give a part, not yet committed, with the loaded events that are new; None if none were loaded.

        `batch` is the id under which they are added. Until the block ends, no other process can seal, delete or import.
        """
        counts = {table: self._count(table) for table in self._tables}
        # Empty tables are left out, because DuckDB reports no progress for a union.
        filled = [table for table, count in counts.items() if count]
        if not filled:
            yield None
            return
        rows = " UNION ALL ".join(f"SELECT {self._log.schema.columns} FROM {table} WHERE plain" for table in filled)
        # Records with equal ids have equal content, so it makes no difference which one is kept.
        self._db.execute("SET preserve_insertion_order = false")
        with self._log.adding(self._db, rows, batch) as part:
            yield part

    def count(self) -> int:
        """Return the number of loaded events."""
        return sum(map(self._count, self._tables))

    def events_by_goal(self) -> dict[str, int]:
        """Return the number of loaded events of each goal, by its id."""
        rows = " UNION ALL ".join(f'SELECT "goalId" FROM {table} WHERE plain' for table in self._tables)
        counts = self._db.execute(f'SELECT "goalId", count(*) FROM ({rows}) GROUP BY ALL').fetchall()
        return {str(goal_id): int(count) for goal_id, count in counts}

    def _keep(self, table: str) -> None:
        """Keep a large table as it is, which is twice as fast as copying it; add a small one to the table `staged`."""
        (count,) = self._db.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)
        if count >= _LARGE:
            self._tables.append(table)
        else:
            self._db.execute(f"INSERT INTO staged SELECT * FROM {table} WHERE plain")
            self._db.execute(f"DROP TABLE {table}")

    def _count(self, table: str) -> int:
        (count,) = self._db.execute(f"SELECT count(*) FROM {table} WHERE plain").fetchone() or (0,)
        return int(count)

    def _set_odd_labels_aside(self, table: str, label: str) -> None:
        values = self._db.execute(f'SELECT DISTINCT "{label}" FROM {table} WHERE plain')
        odd = []
        while some := values.fetchmany(10_000):
            odd += [value for (value,) in some if value and not _is_plain_label(value)]
        for start in range(0, len(odd), 10_000):
            self._db.execute(
                f'UPDATE {table} SET plain = false WHERE list_contains(?::VARCHAR[], "{label}")',
                [odd[start : start + 10_000]],
            )

    @property
    def connection(self) -> DuckDBPyConnection:
        """The connection whose tables `add` reads. Tables created there are gone after the import."""
        return self._db

    @property
    def _db(self) -> DuckDBPyConnection:
        if self._connection is None:
            raise ValueError("use BulkImport as a context manager")
        return self._connection


def _records_of(file: Path) -> str:
    return json_lines([file], _TEXTS, LONGEST_LINE)


def _is_plain_label(value: str) -> bool:
    return len(value) <= LONGEST_FIELD and value[0] not in "[{" and clean_line(value) == value


def _lines_at(file: Path, places: list[int]) -> Iterator[tuple[int, bytes]]:
    if not places:
        return
    wanted = iter(places)
    place = next(wanted)
    for number, line in enumerate(_records(file)):
        if number == place:
            yield number + 1, line
            place = next(wanted, -1)
            if place < 0:
                return


def _records(file: Path) -> Iterator[bytes]:
    """Iterate over the lines that DuckDB counts as records, with empty lines in place of lines that are too long."""
    with file.open("rb") as lines:
        while line := lines.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                while line and not line.endswith(b"\n"):
                    line = lines.readline(LONGEST_LINE)
                yield b""
            elif line.strip(b" \t\r\n"):
                yield line


def _shorten(file: Path, target: Path) -> None:
    with target.open("wb") as short:
        short.writelines(line or b"null\n" for line in _records(file))


LOOK_SECONDS = 0.1


@contextmanager
def watched(connection: DuckDBPyConnection, progress: Callable[[float], None]) -> Iterator[None]:
    """Call `progress` during the block with the share of the connection's queries that is done, which never decreases.

    It is called in a separate thread, with a number from 0 to 1. An exception that it raises interrupts the running
    query and is raised by the block. If the block completes all the same, nothing is raised.
    """
    import duckdb

    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    ended, refusals = threading.Event(), list[BaseException]()

    def look() -> None:
        most = 0.0
        while not ended.wait(LOOK_SECONDS):
            if refusals:
                # The interrupt may have come between two queries: repeat it, to stop the next one.
                connection.interrupt()
                continue
            most = max(most, connection.query_progress() / 100)
            try:
                progress(min(most, 1.0))
            except BaseException as refusal:  # noqa: BLE001  # handed to the thread that runs the query
                refusals.append(refusal)
                connection.interrupt()

    thread = threading.Thread(target=look, name="query-watch", daemon=True)
    thread.start()
    try:
        yield
    except duckdb.InterruptException:
        if refusals:
            raise refusals[0] from None
        raise
    finally:
        ended.set()
        thread.join()
