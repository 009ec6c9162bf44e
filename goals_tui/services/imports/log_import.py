"""Imports the events of any log that has a case, an activity and a time in each row (docs/command-line.md).

A case becomes a cycle, an activity a step. Ids follow from the content, so importing twice adds nothing. The rows stay
in DuckDB from file to event log: memory is bounded by its limit, not by the size of the file.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.domain.errors import NotFoundError, RefusedError, UnreadableError
from goals_tui.domain.event import FIELDS, source
from goals_tui.domain.goal import Goal
from goals_tui.domain.model import MAX_NAME
from goals_tui.domain.project import zone
from goals_tui.domain.text import clean_line, quoted
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.services.imports.goals import KIND, LABEL, save_read_goals
from goals_tui.services.imports.log_files import STANDARD_INPUT, ReadOptions, open_log, reader_named
from goals_tui.services.imports.log_goal import GoalSketch, check_told
from goals_tui.services.imports.log_rows import Columns, LogRows
from goals_tui.services.imports.odata_goals import Place, ReadGoal
from goals_tui.services.imports.result import (
    MOST_NAMED,
    Broken,
    Guess,
    ImportResult,
    Preview,
    Progress,
    say_done,
    silent,
)
from goals_tui.services.imports.table import UnusableError
from goals_tui.store.atomic import is_full, refusal, scratch_folder
from goals_tui.store.events.bulk_import import BulkImport

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from goals_tui.services.context import Services

_FIRST_ROWS = 5


@dataclass(frozen=True, slots=True)
class LogOptions:
    """How to read a log. What is None is told by the content, or guessed, and the guess is said.

    `time_zone` is the zone of times that carry none (else the project's); `time_format` is a pattern of strptime,
    `epoch`, `epoch-ms` or `excel`. `dry_run` reads everything and changes nothing.
    """

    initial: str | None = None
    completion: Sequence[str] = ()
    time_zone: str | None = None
    time_format: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    format: str | None = None
    dry_run: bool = False


def import_log(
    services: Services,
    files: Sequence[Path],
    goal_name: str,
    columns: Columns,
    options: LogOptions,
    progress: Progress = silent,
) -> ImportResult:
    """Import tables; `-` is standard input. The goal is made where there is none of this name (see `GoalSketch`).

    Rows that can't be used are left out, counted and named. Raises UnreadableError for a file that is no log,
    NotFoundError for an unknown column or activity, WrongValueError for an option that means nothing, RefusedError for
    times that can be read in two ways or a goal that can't be made; then nothing is imported.
    """
    goal_name = clean_line(goal_name)
    if len(goal_name) > MAX_NAME:
        raise RefusedError(f"The goal's name has {len(goal_name)} characters, {MAX_NAME} at most.", field="goal")
    where = zone(options.time_zone) if options.time_zone else services.project.get().zone
    if options.format is not None:
        reader_named(options.format)
    names = tuple("standard input" if file == STANDARD_INPUT else file.name for file in files)
    called = names[0] if len(names) == 1 else plural(len(names), "file")
    with scratch_folder() as folder, BulkImport(services.workspace.events) as bulk:
        rows = LogRows(bulk.connection, columns, folder)
        notes: list[str] = []
        with bulk.watched(_part(progress, 0.0, 0.3, f"Reading {called}")):
            for number, (file, name) in enumerate(zip(files, names, strict=True)):
                notes += _load(rows, file, name, folder / str(number), columns, options)
        with bulk.watched(_part(progress, 0.3, 0.5, f"Reading the times of {called}")):
            rows.read(where, options.time_format, services.clock())
            activities = rows.activities()
            goal, is_new, guesses = _goal(services, bulk.connection, rows, activities, goal_name, called, options)
            steps = {fold(step.name): step.id for step in goal.steps}
            rows.match({activity: steps.get(fold(activity)) for activity in activities})
            counts = rows.counts()
            broken = Broken()
            for row in rows.left_out_rows(MOST_NAMED, goal) if counts.left_out else ():
                broken.add(row.file, row.row, row.why)
            broken.total = counts.rows - counts.usable
        progress(0.5, "Writing events")
        bulk.add(_events(services, bulk.connection, goal))
        preview = None
        if options.dry_run:
            preview = Preview(columns.told(), rows.first(_FIRST_ROWS), activities, _as_json(goal, is_new))
        with bulk.prepared() as part:
            added = part.events if part else 0
            if not options.dry_run:
                with services.history.edit(LABEL, part) as edit:
                    if is_new:
                        place = Place(names[0], 1)
                        save_read_goals(services, edit, [ReadGoal(goal, place, current=True, valued=False)], broken)
                    if edit.get(KIND, goal.id) is None:
                        raise RefusedError(
                            f"The project was changed while {called} was read: the goal {goal.name!r} is not there. "
                            "Import it again."
                        )
        known = bulk.count() - added
    say_done(progress)
    assumed = where.key if rows.local_times and not options.time_zone else None
    if assumed:
        why = f"{plural(rows.local_times, 'time')} without a zone; it is the project's"
        guesses.append(Guess("time_zone", assumed, why, "--time-zone ZONE"))
    if rows.odd_times:
        lie = "time lies" if rows.odd_times == 1 else "times lie"
        notes.append(f"{rows.odd_times:,} {lie} in an hour that the clock of {where.key} skips or shows twice.")
    return ImportResult(
        goals_added=int(is_new),
        events_added=added,
        events_known=known,
        broken=tuple(broken.named),
        broken_total=broken.total,
        files=names,
        assumed_time_zone=assumed,
        rows=counts.rows,
        cases=counts.cases,
        reasons=counts.left_out,
        guesses=tuple(guesses),
        notes=tuple(notes),
        preview=preview,
    )


def _load(rows: LogRows, file: Path, name: str, scratch: Path, columns: Columns, options: LogOptions) -> list[str]:
    """Take the rows of a file; gives what is to be said of it. Raises UnreadableError, NotFoundError."""
    scratch.mkdir()
    wanted = tuple(columns.told().values())
    try:
        log, reader = open_log(file, scratch, options.format, ReadOptions(options.encoding, options.sheet, wanted))
        rows.load(log, name)
    except UnusableError as error:
        raise UnreadableError(f"{name if file == STANDARD_INPUT else file} can't be imported: {error}.") from None
    except OSError as error:
        if is_full(error):
            raise refusal("write", scratch, error) from error
        raise UnreadableError(f"{file} can't be read: {error.strerror or error}.") from None
    said = [] if reader.name == "csv" else [f"Read {name} as {reader.called}."]
    return [*said, *(f"{name}: {note}" for note in log.notes)]


def _goal(
    services: Services,
    connection: DuckDBPyConnection,
    rows: LogRows,
    activities: dict[str, int],
    name: str,
    called: str,
    options: LogOptions,
) -> tuple[Goal, bool, list[Guess]]:
    """The goal that takes the events, whether it is new, and what was guessed."""
    guesses = []
    if rows.time_guess is not None:
        guess = rows.time_guess
        guesses.append(Guess("time_format", guess.words, f"as in {guess.example}", f"--time-format {guess.format!r}"))
    try:
        goal = services.goals.get(name)
    except NotFoundError:
        pass
    else:
        check_told(goal, options.initial, options.completion)
        return goal, False, guesses
    why = "".join(f" {row.file}, record {row.row:,}: {row.why}." for row in rows.left_out_rows(1))
    if not activities:
        raise RefusedError(f"{called} has no row that can be used.{why} Check --cycle, --step and --time.")
    left_out = ""
    if why:
        counts = rows.counts()
        left_out = f" {plural(counts.rows - counts.usable, 'row')} could not be used.{why}"
    sketch = GoalSketch(connection, list(activities), name, called)
    made, drawn = sketch.draw(services, options.initial, options.completion, left_out)
    for problem in services.goals.problems(made):
        raise RefusedError(problem.message, field=problem.field)
    if not options.dry_run:
        undo = f"goals-tui goals delete {quoted(name)} --confirm {quoted(name)}"
        drawn = [replace(guess, before=undo) for guess in drawn]
    return made, True, [*guesses, *drawn]


def _events(services: Services, connection: DuckDBPyConnection, goal: Goal) -> str:
    """A query for the events of the rows that can be used, with the columns FIELDS."""
    project_id = services.project.get().id
    endpoints = connection.execute("SELECT DISTINCT endpoint FROM timed WHERE reason IS NULL AND endpoint IS NOT NULL")
    kinds = [(name, source(name, None, None, project_id).endpoint_type) for (name,) in endpoints.fetchall()]
    connection.execute("CREATE TABLE endpoints (name VARCHAR, kind VARCHAR)")
    connection.execute(
        "INSERT INTO endpoints SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
        [[name for name, _ in kinds], [kind for _, kind in kinds]],
    )
    # Made as earlier versions made them, so that an import of then adds nothing now.
    fraction = "CASE WHEN microsecond(moment) % 1000000 = 0 THEN '' ELSE strftime(moment, '.%f') END"
    content = (
        f'{_text(goal.id)} || chr(10) || "case" || chr(10) || step_id || chr(10) || '
        f"strftime(moment, '%Y-%m-%dT%H:%M:%S') || {fraction} || '+00:00'"
    )
    namespace = "".join(f"\\x{byte:02X}" for byte in uuid.NAMESPACE_OID.bytes)
    digest = f"sha1('{namespace}'::BLOB || encode({_text(f'{goal.id} ')} || \"case\"))"
    variant = "substr('89ab', (strpos('0123456789abcdef', substr(digest, 17, 1)) - 1) % 4 + 1, 1)"
    cycle_id = (
        "concat(substr(digest, 1, 8), '-', substr(digest, 9, 4), '-5', substr(digest, 14, 3), '-', "
        f"{variant}, substr(digest, 18, 3), '-', substr(digest, 21, 12))"
    )
    # As a table: whoever asks it for rows with an id would else have every id made twice.
    connection.execute(
        f"CREATE TABLE identified AS SELECT substr(sha256(content), 1, 24) AS id, {cycle_id} AS cycle_id, moment, "
        f'step_id, coalesce(session, "case") AS session, locale, endpoint, kind, snapshot FROM (SELECT *, '
        f"{content} AS content, {digest} AS digest FROM rows LEFT JOIN endpoints ON name = endpoint "
        "WHERE reason IS NULL)"
    )
    cells = {
        "id": "id",
        "version": _text(goal.version),
        "timestamp": "moment",
        "goalCycleId": "cycle_id",
        "stepId": "step_id",
        "goalId": _text(goal.id),
        "sessionId": "session",
        "projectId": _text(project_id),
        "localeName": "locale",
        "endpointName": "endpoint",
        "endpointType": "kind",
        "channel": "kind",
        "snapshotName": "snapshot",
    }
    listed = ", ".join(f'{cells.get(name, "NULL::VARCHAR")} AS "{name}"' for name in FIELDS)
    return f"SELECT {listed} FROM identified"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _as_json(goal: Goal, is_new: bool) -> dict[str, object]:
    return {
        "name": goal.name,
        "new": is_new,
        "steps": [{"name": step.name, "kind": step.kind} for step in goal.steps],
    }


def _part(progress: Progress, begin: float, end: float, text: str) -> Callable[[float], None]:
    """Hears how far a part of the import is, from 0 to 1, and says how far that is of the whole."""
    return lambda fraction: progress(begin + (end - begin) * fraction, text)
