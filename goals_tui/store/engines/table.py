"""Filling of a log of events in an engine from the workspace's own, and their comparison."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.event import FIELDS
from goals_tui.store.atomic import scratch_folder
from goals_tui.store.duckdb_files import copy_to, parquet
from goals_tui.store.events.reader import damage_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

    from goals_tui.store.events.log import EventLog

BATCH = 100_000
"""The number of events that are added at once."""


class EventTable(Protocol):
    """A log of events in an engine, which may not exist yet. A context manager that closes the connection.

    A method raises UnreadableError, with one line that says what to do, if the engine can't or won't do it.
    """

    def columns(self) -> Mapping[str, str] | None:
        """Return the types of the columns by name, in the engine's words; None if there is no such table."""
        ...

    def problems(self) -> list[str]:
        """Return a line for each column that is missing or has a type that can't be read."""
        ...

    def create(self) -> None:
        """Create the table with all columns of GoalEvents."""
        ...

    def counts(self) -> tuple[int, int]:
        """Return the number of different events, and the number of rows that repeat one."""
        ...

    def save_ids(self, file: Path) -> None:
        """Write all ids to a Parquet file with the column `id`."""
        ...

    def add(self, file: Path, events: int) -> None:
        """Add the events of a Parquet file with the columns of GoalEvents, all or none where the engine can."""
        ...

    def close(self) -> None:
        """Close the connection."""
        ...


def missing_columns(columns: Collection[str], log: str) -> list[str]:
    """Return the line that says which columns of events `log` lacks, if it lacks any."""
    missing = [name for name in FIELDS if name not in columns]
    if not missing:
        return []
    return [
        f"{log} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}. Add what is missing, or read a "
        "view that has all columns; goals_tui/docs/engines.md shows one."
    ]


@dataclass(frozen=True)
class Pushed:
    """The outcome of a push: the number of events added, of those that were there, and whether the table is new."""

    added: int
    known: int
    created: bool


def push_missing(
    log: EventLog, table: EventTable, since: datetime | None, progress: Callable[[int, int], None], batch: int = BATCH
) -> Pushed:
    """Add the events of `log` whose ids the table lacks, oldest first, after making the table if there is none.

    What was added stays if the push is stopped: the next one adds the rest. `since` leaves out earlier events.
    `progress` is told how many of how many missing events were added. Raises UnreadableError.
    """
    created = table.columns() is None
    if created:
        table.create()
    elif problems := table.problems():
        raise UnreadableError(problems[0])
    with scratch_folder() as place, _with_ids(log, table, place) as connection:
        chosen = "true" if since is None else f"moment >= TIMESTAMPTZ '{since.isoformat()}'"
        connection.execute(
            f"""CREATE TEMP TABLE missing AS
                SELECT id, moment, (row_number() OVER (ORDER BY moment, id) - 1) // {batch} AS batch
                FROM here WHERE {chosen} AND id NOT IN (SELECT id FROM there)"""
        )
        total, known = _numbers(
            connection, f"SELECT (SELECT count(*) FROM missing), (SELECT count(*) FROM here WHERE {chosen})"
        )
        columns = ", ".join(f'{_UTC} AS "timestamp"' if name == "timestamp" else f'e."{name}"' for name in FIELDS)
        added, file = 0, place / "batch.parquet"
        progress(added, total)
        for number, first, last in connection.execute(
            "SELECT batch, min(moment), max(moment) FROM missing GROUP BY batch ORDER BY batch"
        ).fetchall():
            span = f"{_UTC} BETWEEN TIMESTAMPTZ '{first.isoformat()}' AND TIMESTAMPTZ '{last.isoformat()}'"
            events = copy_to(
                connection,
                f"""SELECT {columns} FROM events e JOIN missing m ON e.id = m.id AND {_UTC} = m.moment
                    WHERE m.batch = {number} AND {span}
                    QUALIFY row_number() OVER (PARTITION BY e.id) = 1 ORDER BY m.moment, e.id""",
                file,
            )
            table.add(file, events)
            added += events
            progress(added, total)
    return Pushed(added, known - total, created)


@dataclass(frozen=True)
class IdCounts:
    """The number of ids in a log and in a table, and of those that only one of them has."""

    here: int
    there: int
    only_here: int
    only_there: int


def compare_ids(log: EventLog, table: EventTable) -> IdCounts:
    """Return how far a log and a table have the same events. Raises UnreadableError."""
    with scratch_folder() as place, _with_ids(log, table, place) as connection:
        return IdCounts(
            *_numbers(
                connection,
                """SELECT (SELECT count(*) FROM here), (SELECT count(*) FROM there),
                          (SELECT count(*) FROM here WHERE id NOT IN (SELECT id FROM there)),
                          (SELECT count(*) FROM there WHERE id NOT IN (SELECT id FROM here))""",
            )
        )


_UTC = """(e."timestamp" AT TIME ZONE 'UTC')"""
"""The time of an event, which a Parquet file then marks as UTC."""


@contextmanager
def _with_ids(log: EventLog, table: EventTable, place: Path) -> Iterator[DuckDBPyConnection]:
    """Give a connection to the log with the tables `here` (id, first moment) and `there` (id)."""
    ids = place / "ids.parquet"
    table.save_ids(ids)
    with damage_named(log.path), log.connect() as connection:
        connection.execute(f"CREATE TEMP TABLE there AS SELECT DISTINCT id::VARCHAR AS id FROM {parquet([ids])}")
        connection.execute(f"CREATE TEMP TABLE here AS SELECT id, min({_UTC}) AS moment FROM events e GROUP BY id")
        ids.unlink()
        yield connection


def _numbers(connection: DuckDBPyConnection, sql: str) -> tuple[int, ...]:
    return tuple(connection.execute(sql).fetchone() or ())
