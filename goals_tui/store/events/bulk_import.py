"""Many events at once: sorted, checked against the log and written as one part by DuckDB."""

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
from goals_tui.store.duckdb_files import bare_connection, json_lines
from goals_tui.store.events.schema import EVENTS

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from goals_tui.store.events.log import Log
    from goals_tui.store.events.parts import Prepared

LONGEST_LINE = 16 << 20
"""Longer lines, in bytes, are broken records: an event has less than a thousandth of that."""
_KEYS = ("id", "goalCycleId", "sessionId")
"""Differ from event to event, so each is looked at."""
_LABELS = tuple(name for name in FIELDS if name not in (*_KEYS, "timestamp"))
"""Repeat, so looking at each of their values once is far quicker than at each row."""
_LARGE = 100_000
_TEXTS = dict.fromkeys(FIELDS, "VARCHAR")
_MOMENT = (
    "CASE WHEN ends_with(timestamp, 'Z') THEN TRY_CAST(timestamp AS TIMESTAMP) "
    r"WHEN regexp_matches(timestamp, '\d\d:\d\d.*[+-]\d\d:\d\d$') "
    "THEN TRY_CAST(timestamp AS TIMESTAMPTZ) AT TIME ZONE 'UTC' END"
)


# Ids of every system at hand are printable ASCII without spaces. A bracket at the start is an object or a list
# that became text. Whatever else there is, is looked at one by one.
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
    """One import. `load` files, then prepare them once: until the commit the log is as it was.

        with BulkImport(log) as bulk:
            for number, line in bulk.load(file): ...    # the records that are not plain events
            with bulk.prepared(batch) as part, batches.adding(batch, what, part, label): ...    # goals of the events

    Memory is bounded by the limit of the store's connections; what exceeds it goes to temporary files.
    """

    def __init__(self, log: Log[Any]) -> None:
        self._log = log
        self._connection: DuckDBPyConnection | None = None
        self._tables = ["staged"]

    def __enter__(self) -> BulkImport:
        self._connection = bare_connection()
        self._connection.execute(f"CREATE TABLE staged ({self._log.schema.table}, plain BOOLEAN)")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    @property
    def what(self) -> str:
        """What is imported: events or activities."""
        return self._log.schema.name

    def watched(self, progress: Callable[[float], None]) -> AbstractContextManager[None]:
        """While the block runs, `progress` hears how far its queries are, and may stop them; see `query_watch`."""
        return watched(self._db, progress)

    def load(self, file: Path) -> Iterator[tuple[int, bytes]]:
        """Take the plain events of a JSON Lines file; gives every other record: its number from 1, and the line.

        Blank lines are no records. A line over LONGEST_LINE arrives empty. Raises OSError.
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
        # Rows are kept in the order of the file, so their place says which line they came from.
        odd = self._db.execute(f"SELECT rowid FROM {table} WHERE NOT plain ORDER BY rowid").fetchall()
        self._keep(table)
        return _lines_at(file, [place for (place,) in odd])

    def load_checked(self, file: Path) -> None:
        """Take the events of a JSON Lines file that `lines.to_line` wrote: every one of them."""
        self._db.execute(_LOAD_CHECKED.format(source=_records_of(file)))

    def add(self, rows: str) -> None:
        """Take the rows of a query over `connection` with the columns FIELDS; all of them are plain events."""
        table = f"read_{len(self._tables)}"
        self._db.execute(f"CREATE VIEW {table} AS SELECT *, true AS plain FROM ({rows})")
        self._tables.append(table)

    @contextmanager
    def prepared(self, batch: str) -> Iterator[Prepared | None]:
        """What was loaded, as a part that is yet to be committed: the events that are new. None where nothing was.

        `batch` is the id of what adds them. Nobody else can seal, delete or import before the block ends.
        """
        counts = {table: self._count(table) for table in self._tables}
        # DuckDB does not say how far it is in a union: one with an empty table is none.
        filled = [table for table, count in counts.items() if count]
        if not filled:
            yield None
            return
        rows = " UNION ALL ".join(f"SELECT {self._log.schema.columns} FROM {table} WHERE plain" for table in filled)
        # The same record may come twice, but not in two forms: which of them is kept makes no difference.
        self._db.execute("SET preserve_insertion_order = false")
        with self._log.adding(self._db, rows, batch) as part:
            yield part

    def count(self) -> int:
        """How many events were loaded."""
        return sum(map(self._count, self._tables))

    def events_by_goal(self) -> dict[str, int]:
        """How many of the events that were loaded belong to each goal, by its id."""
        rows = " UNION ALL ".join(f'SELECT "goalId" FROM {table} WHERE plain' for table in self._tables)
        counts = self._db.execute(f'SELECT "goalId", count(*) FROM ({rows}) GROUP BY ALL').fetchall()
        return {str(goal_id): int(count) for goal_id, count in counts}

    def _keep(self, table: str) -> None:
        """A large table stays as it is: making one is twice as quick as adding to another. Small ones are joined."""
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
        """Where `add` reads from. What is created there is gone after the import."""
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
    """The lines that DuckDB counts as records; a line that is too long as an empty one."""
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
    """While the block runs, `progress` hears how much of the connection's queries is done: from 0 to 1, never less.

    It is called in a thread of its own. What it raises stops the query that runs, and comes out of the block; a block
    that got to its end all the same has done its work, and nothing is raised.
    """
    import duckdb

    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    ended, refusals = threading.Event(), list[BaseException]()

    def look() -> None:
        most = 0.0
        while not ended.wait(LOOK_SECONDS):
            if refusals:
                # It may have come between two queries: then the next one is stopped.
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
