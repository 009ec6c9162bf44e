"""Imports what the original system exports: goals, their steps and metrics, and their events (DESIGN 5).

Goals are saved before events, and both only after everything was read. An import that was cut off anywhere is
completed by starting it again: what is there already adds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson
from pydantic import ValidationError

from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.event import FIELDS, GoalEvent
from goals_tui.domain.model import reason
from goals_tui.services.imports.files import DataFile, find_files, to_lines
from goals_tui.services.imports.goals import KIND, VERSIONS, save_read_goals
from goals_tui.services.imports.odata_goals import GoalRecords, Place, collection_of, duration_unit
from goals_tui.services.imports.result import Broken, ImportResult, Progress, silent
from goals_tui.services.imports.table import UnusableError
from goals_tui.store.atomic import scratch_folder
from goals_tui.store.events.bulk_import import LONGEST_LINE, BulkImport
from goals_tui.store.events.lines import to_line

if TYPE_CHECKING:
    from goals_tui.services.context import Services

_READING = 0.5
"""The share of the time that reading the files takes; writing the events takes the rest."""

_COPYING = 0.6
"""The share of writing that can be followed; after it, what was in the log already is left out."""


def import_odata(
    services: Services, paths: Sequence[Path], *, unit: str = "seconds", progress: Progress = silent
) -> ImportResult:
    """Import files and folders. `unit` is what durations are in.

    Broken records are left out and named. Raises UnreadableError and RefusedError for a file that was given by
    itself and can't be used as a whole (in a folder it counts as broken), and then imports nothing.
    """
    broken = Broken()
    goals = GoalRecords(broken, duration_unit(unit))
    files = find_files(paths)
    total = sum(file.path.stat().st_size for file in files) or 1
    used: list[str] = []
    ignored: list[str] = []
    done = 0
    with scratch_folder() as place, BulkImport(services.workspace.events) as bulk:
        repaired = place / "repaired.jsonl"
        with repaired.open("wb") as events:
            reader = _Reader(bulk, goals, broken, events)
            for file in files:
                size = file.path.stat().st_size
                hear = _part(progress, _READING * done / total, _READING * size / total, f"Reading {file.name}")
                hear(0.0)
                with bulk.watched(hear):
                    (used if _read(file, place, reader, broken) else ignored).append(file.name)
                done += size
        bulk.load_checked(repaired)
        progress(_READING, "Saving goals")
        known = {goal.id: goal for goal in services.goals.all()}
        saved = save_read_goals(services, goals.assemble(known), broken)
        # Once goals were saved nobody can be told any more that an import was stopped and changed nothing.
        heard = _unstopped(progress) if saved.added or saved.changed or saved.earlier else progress
        hear = _part(heard, _READING, (1 - _READING) * _COPYING, "Writing events")
        hear(0.0)
        with bulk.watched(hear):
            events_added, events_known = bulk.write()
        by_goal = bulk.events_by_goal()
    heard(1.0, "Done")
    here = {document["id"] for kind in (KIND, VERSIONS) for document in services.workspace.documents.all(kind).values()}
    return ImportResult(
        goals_added=saved.added,
        goals_changed=saved.changed,
        goals_earlier=saved.earlier,
        goals_known=saved.known,
        values_kept=saved.kept,
        events_added=events_added,
        events_known=events_known,
        events_unknown_goal=sum(count for goal_id, count in by_goal.items() if goal_id not in here),
        broken=tuple(broken.named),
        broken_total=broken.total,
        files=tuple(used),
        ignored=tuple(ignored),
    )


def _part(progress: Progress, begin: float, share: float, text: str) -> Callable[[float], None]:
    """Hears how far a part of the import is, from 0 to 1, and says how far that is of the whole."""
    return lambda fraction: progress(begin + share * fraction, text)


def _unstopped(progress: Progress) -> Progress:
    def hear(fraction: float, text: str) -> None:
        with suppress(Exception):
            progress(fraction, text)

    return hear


def _read(file: DataFile, place: Path, reader: _Reader, broken: Broken) -> bool:
    """Read one file; False where it holds no records of ours."""
    try:
        lines = to_lines(file, place)
        if lines is not None:
            reader.read(file, lines)
    except UnusableError as error:
        if file.named:
            raise UnreadableError(f"{file.path} can't be imported: {error}.") from None
        broken.add(file.name, None, str(error))
    else:
        if lines is None and file.named:
            raise RefusedError(f"{file.path} holds no records: it must be a list, or an object with a list 'value'.")
        return lines is not None
    return True


class _Reader:
    """Sorts the records of files: plain events in bulk, all others one by one."""

    def __init__(self, bulk: BulkImport, goals: GoalRecords, broken: Broken, events: BinaryIO) -> None:
        self._bulk = bulk
        self._goals = goals
        self._broken = broken
        self._events = events

    def read(self, file: DataFile, lines: Path) -> None:
        """Take every record of a file, given as JSON Lines."""
        for number, line in self._bulk.load(lines):
            try:
                self._take(line, Place(file.name, number), is_table=file.suffix == ".csv")
            except ValueError as error:
                self._broken.add(file.name, number, str(error))

    def _take(self, line: bytes, place: Place, *, is_table: bool) -> None:
        """Raises ValueError with what is wrong."""
        if not line:
            raise ValueError(f"it is longer than {LONGEST_LINE >> 20} MB")
        try:
            record = orjson.loads(line.removeprefix(b"\xef\xbb\xbf") if place.record == 1 else line)
        except orjson.JSONDecodeError as error:
            raise ValueError(f"it is not JSON: {error}") from None
        if not isinstance(record, dict):
            raise ValueError("it has more cells than the header" if is_table else "it is not an object")
        kind = collection_of(record)
        if kind is None:
            keys = ", ".join(list(record)[:5]) or "none"
            raise ValueError(f"it is not a record of Goals, GoalSteps, GoalStepMetrics or GoalEvents; its keys: {keys}")
        if kind == "GoalEvents":
            self._events.write(to_line(checked_event(record)))
        else:
            self._goals.add(kind, record, place)


def checked_event(record: dict[str, Any]) -> GoalEvent:
    """The event of a record; a number or truth value may stand for a text. Raises ValueError with what is wrong."""
    fields = {name: _text(record[name]) for name in FIELDS if record.get(name) is not None}
    moment = fields.get("timestamp")
    if moment is not None:
        try:
            fields["timestamp"] = datetime.fromisoformat(moment)
        except (TypeError, ValueError):
            raise ValueError("the timestamp is not a time, as in 2026-10-01T08:00:00.000Z") from None
    try:
        return GoalEvent.model_validate(fields)
    except ValidationError as error:
        raise ValueError(f"the event is invalid: {reason(error)}") from None


def _text(value: Any) -> Any:
    """What DuckDB makes of numbers and truth values where a text is expected."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value
