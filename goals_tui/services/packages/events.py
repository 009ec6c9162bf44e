"""The events of a package: out of the event log as lines, and into it all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import ValidationError

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.event import FIELDS, LONGEST_FIELD, GoalEvent
from goals_tui.domain.model import format_instant, reason
from goals_tui.domain.package import EVENTS
from goals_tui.domain.words import counted
from goals_tui.services.packages.plan import Plan
from goals_tui.store.events.lines import to_line
from goals_tui.store.events.reader import damage_named, damaged

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from goals_tui.store.events.log import EventLog
    from goals_tui.store.events.parts import Prepared
    from goals_tui.store.package_file import PackageReader

Progress = Callable[[float | None, str], None]

_BATCH = 5000
_TIMESTAMP = FIELDS.index("timestamp")


def lines_of(log: EventLog, goal_ids: Sequence[str], progress: Progress) -> Iterator[bytes]:
    """The events of these goals as lines of JSON, in the order in which they happened.

    Raises RefusedError for one that no import would take: somebody wrote it into the log by hand.
    """
    if log.is_empty() or not goal_ids:
        return
    columns = ", ".join(f'"{name}"' for name in FIELDS)
    where = "goalId IN (SELECT unnest($goals::VARCHAR[]))"
    with log.connect() as connection, damage_named(log.path):
        (total,) = connection.execute(f"SELECT count(*) FROM events WHERE {where}", {"goals": goal_ids}).fetchone() or (
            0,
        )
        _check_lengths(connection, f"SELECT * FROM events WHERE {where}", goal_ids)
        rows = connection.execute(
            f'SELECT {columns} FROM events WHERE {where} ORDER BY "timestamp", id, stepId', {"goals": goal_ids}
        )
        written = 0
        while batch := rows.fetchmany(_BATCH):
            if not all(isinstance(row[_TIMESTAMP], datetime) for row in batch):
                raise damaged(log.path, "the time of an event is none")
            yield b"".join(_line(row) for row in batch)
            written += len(batch)
            progress(written / total, f"{written:,} of {counted(total, 'event')}")


def _check_lengths(connection: DuckDBPyConnection, sql: str, goal_ids: Sequence[str]) -> None:
    lengths = ", ".join(f'max(length("{name}")) AS "{name}"' for name in FIELDS if name != "timestamp")
    longest = connection.execute(f"SELECT {lengths} FROM ({sql})", {"goals": goal_ids})
    names = [name for name, *_ in longest.description or ()]
    for name, most in zip(names, longest.fetchone() or (), strict=False):
        if most and most > LONGEST_FIELD:
            raise RefusedError(f"{EVENTS}: an event has more than {LONGEST_FIELD} characters as its {name}.")


def _line(row: Sequence[Any]) -> bytes:
    fields = {name: value for name, value in zip(FIELDS, row, strict=True) if value is not None}
    fields["timestamp"] = format_instant(row[_TIMESTAMP].replace(tzinfo=UTC))
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


def stage(package: PackageReader, plan: Plan, target: Path, progress: Progress) -> int:
    """Write the events of a package as they are to be kept into `target`; how many. Raises RefusedError."""
    count = 0
    with target.open("wb") as file:
        for number, line in enumerate(package.event_lines(), 1):
            event = _read(line, number)
            if event.goal_id not in plan.moves:
                raise RefusedError(f"{EVENTS}, event {number}, belongs to a goal that the package does not hold.")
            kept = plan.event(event)
            if kept is not None:
                file.write(to_line(kept))
                count += 1
            if number % _BATCH == 0:
                progress(None, f"{number:,} events checked")
    return count


def _read(line: bytes, number: int) -> GoalEvent:
    try:
        return GoalEvent.model_validate(orjson.loads(line))
    except ValidationError as error:
        why = reason(error)
    except orjson.JSONDecodeError as error:
        why = f"it is not JSON ({error})"
    raise RefusedError(f"{EVENTS}, event {number}: {why}.")


@contextmanager
def merging(log: EventLog, staged: Path) -> Iterator[Prepared]:
    """Prepares to add the staged events that are not in the log yet; `commit` adds them."""
    from goals_tui.store.duckdb_files import bare_connection
    from goals_tui.store.events.reader import load_appended

    with bare_connection() as connection:
        load_appended(connection, [staged])
        with log.adding(connection, "SELECT * FROM appended") as part:
            yield part
