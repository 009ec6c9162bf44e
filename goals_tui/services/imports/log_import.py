"""Import any log that has a case, an activity and a time in each row (docs/command-line.md).

For a goal, each case becomes a cycle and each activity a step; for an import as activities, each case is a session.
Ids are derived from the content, so importing a log twice adds nothing. The rows stay in DuckDB from the file to the
event log, so memory is bounded by DuckDB's limit, not by the size of the file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.domain.errors import NotFoundError, RefusedError, UnreadableError, WrongValueError
from goals_tui.domain.event import FIELDS, source
from goals_tui.domain.goal import Goal
from goals_tui.domain.model import MAX_NAME, MAX_TEXT
from goals_tui.domain.project import zone
from goals_tui.domain.text import clean_line, quoted
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.services.imports.goals import KIND, LABEL, save_read_goals
from goals_tui.services.imports.log_files import STANDARD_INPUT, Log, Reader, open_log, reader_named
from goals_tui.services.imports.log_goal import GoalSketch, check_told
from goals_tui.services.imports.log_records import RecordLog
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
from goals_tui.services.imports.table import ReadOptions, UnusableError
from goals_tui.store.atomic import is_full, refusal, scratch_folder
from goals_tui.store.duckdb_files import sql_text, uuid5
from goals_tui.store.events.bulk_import import BulkImport

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from goals_tui.services.imports.result import ImportTarget

MOST_TOGETHER = 200
"""The most files that are loaded by one query."""

_FIRST_ROWS = 5
_MOST_COLUMNS = 20


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Options of `import_log`. Those that are None are taken from the content or guessed; guesses are reported.

    `time_zone` is the zone of times that carry none, by default the project's. `time_format` is a pattern of strptime,
    `epoch`, `epoch-ms` or `excel`. `object_type` is the type of the objects of an OCEL log that are sessions.
    `without_text` leaves out the texts of activities. `dry_run` reads everything and changes nothing.
    """

    initial: str | None = None
    completion: Sequence[str] = ()
    time_zone: str | None = None
    time_format: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    format: str | None = None
    object_type: str | None = None
    without_text: bool = False
    dry_run: bool = False


_STEPS = Columns("session", "name", "time", endpoint="endpoint", locale="locale", snapshot="snapshot")
_ACTIVITIES = replace(_STEPS, id="id", kind="kind", text="text", parent="parent", flow="flow", channel="channel")
"""The columns of formats that define their columns themselves."""


def import_log(
    target: ImportTarget,
    files: Sequence[Path],
    goal_name: str | None,
    columns: Columns | None,
    options: LogOptions,
    progress: Progress = silent,
) -> ImportResult:
    """Import logs as events of a goal, or as activities if `goal_name` is None. The file `-` is standard input.

    `columns` names the columns of tables; other formats define their own. A goal that does not exist is created (see
    `GoalSketch`). Rows that can't be used are left out, counted, and the first of them reported.

    Nothing is imported if an error is raised: UnreadableError for a file that is not a log, NotFoundError for an
    unknown column or activity, WrongValueError for an invalid or missing option, RefusedError for ambiguous times or a
    goal that can't be created.
    """
    goal_name = None if goal_name is None else clean_line(goal_name)
    if goal_name is not None and len(goal_name) > MAX_NAME:
        raise RefusedError(f"The goal's name has {len(goal_name)} characters, {MAX_NAME} at most.", field="goal")
    where = zone(options.time_zone) if options.time_zone else target.project.get().zone
    if options.format is not None:
        reader_named(options.format)
    names = tuple("standard input" if file == STANDARD_INPUT else file.name for file in files)
    called = names[0] if len(names) == 1 else plural(len(names), "file")
    log = target.activity_log if goal_name is None else target.log
    with scratch_folder() as folder, BulkImport(log) as bulk:
        rows = LogRows(bulk.connection, folder, step_needed=goal_name is not None)
        notes: list[str] = []
        there: dict[str, None] = {}
        with bulk.watched(_part(progress, 0.0, 0.3, f"Reading {called}")):
            waiting: list[_Opened] = []
            for number, (file, name) in enumerate(zip(files, names, strict=True)):
                opened = _open(file, name, folder / str(number), columns, options)
                if waiting and (len(waiting) == MOST_TOGETHER or not waiting[0].joins(opened)):
                    notes += _load(rows, waiting, columns, options, there, as_steps=goal_name is not None)
                    waiting = []
                waiting.append(opened)
            if waiting:
                notes += _load(rows, waiting, columns, options, there, as_steps=goal_name is not None)
        with bulk.watched(_part(progress, 0.3, 0.5, f"Reading the times of {called}")):
            rows.read(where, options.time_format, target.clock())
            guesses = _time_guesses(rows)
            activities = rows.activities() if goal_name is not None or options.dry_run else {}
            goal, is_new = None, False
            if goal_name is not None:
                goal, is_new, drawn = _goal(target, bulk.connection, rows, activities, goal_name, called, options)
                guesses += drawn
                steps = {fold(step.name): step.id for step in goal.steps}
                rows.match({activity: steps.get(fold(activity)) for activity in activities})
            counts = rows.counts()
            broken = Broken()
            for row in rows.left_out_rows(MOST_NAMED, goal) if counts.left_out else ():
                broken.add(row.file, row.row, row.why)
            broken.total = counts.rows - counts.usable
        progress(0.5, f"Writing {bulk.what}")
        bulk.add(
            _activities(bulk.connection) if goal is None else _events(bulk.connection, goal, target.project.get().id)
        )
        preview = None
        if options.dry_run:
            drawn_goal = _as_json(goal, is_new) if goal else None
            used = set(rows.columns.values())
            unused = [name for name in there if name not in used]
            preview = Preview(rows.columns, unused, rows.first(_FIRST_ROWS), activities, drawn_goal)
        batch, what = target.batches.new_id(), f"import log {called}"
        with bulk.prepared(batch) as part:
            added = part.events if part else 0
            if goal is None and part and not options.dry_run:
                part.commit()
                with target.batches.adding(batch, what, None, LABEL, committed=part):
                    pass
            elif goal is not None and not options.dry_run:
                with target.batches.adding(batch, what, part, LABEL) as edit:
                    if is_new:
                        place = Place(names[0], 1)
                        drawn_goals = [ReadGoal(goal, place, current=True, valued=False)]
                        save_read_goals(edit, drawn_goals, broken, target.features().max_steps)
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
    if rows.cut_texts:
        notes.append(f"Cut at {MAX_TEXT:,} characters: {plural(rows.cut_texts, 'text')}.")
    return ImportResult(
        goals_added=int(is_new),
        events_added=added if goal else 0,
        events_known=known if goal else 0,
        activities_added=0 if goal else added,
        activities_known=0 if goal else known,
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
        batch=batch if added and not options.dry_run else None,
    )


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file that is open to be loaded."""

    file: Path
    name: str
    scratch: Path
    log: Log
    reader: Reader

    def joins(self, other: _Opened) -> bool:
        """Return whether another file can be loaded together with this one."""
        one, another = self.log, other.log
        return isinstance(one, RecordLog) and isinstance(another, RecordLog) and one.records is another.records


@contextlib.contextmanager
def _refusals_named(file: Path, name: str, scratch: Path) -> Iterator[None]:
    """Turn what is wrong with a file into UnreadableError with its name."""
    try:
        yield
    except UnusableError as error:
        raise UnreadableError(f"{name if file == STANDARD_INPUT else file} can't be imported: {error}.") from None
    except OSError as error:
        if is_full(error):
            raise refusal("write", scratch, error) from error
        raise UnreadableError(f"{file} can't be read: {error.strerror or error}.") from None


def _open(file: Path, name: str, scratch: Path, columns: Columns | None, options: LogOptions) -> _Opened:
    """Open a file. Raises UnreadableError for one that is not a log, WrongValueError where its columns are missing."""
    scratch.mkdir()
    wanted = tuple(columns.told().values()) if columns else ()
    with _refusals_named(file, name, scratch):
        reading = ReadOptions(scratch, options.encoding, options.sheet, wanted, options.object_type)
        log, reader = open_log(file, options.format, reading)
    if columns is None and not reader.implied:
        has = ", ".join(repr(clean_line(column)) for column in log.columns[:_MOST_COLUMNS])
        more = f" and {len(log.columns) - _MOST_COLUMNS} more" if len(log.columns) > _MOST_COLUMNS else ""
        raise WrongValueError(
            f"{name} is {reader.called}: name its columns with --cycle, --step and --time. It has {has}{more}.",
            field="cycle",
        )
    return _Opened(file, name, scratch, log, reader)


def _load(
    rows: LogRows,
    files: Sequence[_Opened],
    columns: Columns | None,
    options: LogOptions,
    there: dict[str, None],
    *,
    as_steps: bool,
) -> list[str]:
    """Load the rows of files that join and return notes about them. The columns of a table are added to `there`.

    Raises UnreadableError for a file that can't be read, NotFoundError for an unknown column.
    """
    implied = _STEPS if as_steps else _ACTIVITIES
    if options.without_text:
        implied = replace(implied, text=None)
    logs = [(one.log, one.name) for one in files if isinstance(one.log, RecordLog)]
    if len(logs) == 1 or len(logs) < len(files) or not rows.load_together(logs, implied, named_only=as_steps):
        for one in files:
            with _refusals_named(one.file, one.name, one.scratch):
                if one.reader.implied:
                    rows.load(one.log, one.name, implied, named_only=as_steps)
                elif columns is not None:
                    rows.load(one.log, one.name, columns)
                    there.update(dict.fromkeys(map(clean_line, one.log.columns)))
    said = []
    for one, blank in zip(files, rows.blanks(len(files)), strict=True):
        if one.reader.name != "csv":
            said.append(f"Read {one.name} as {one.reader.called}.")
        said += [f"{one.name}: {note}" for note in one.log.notes]
        if one.reader.implied and blank:
            without = plural(blank, "record")
            said.append(
                f"{one.name}: Passed over {without} without a name, which can be no step; --as activities takes all."
            )
        if one.reader.implied and columns is not None:
            said.append(
                f"{one.name}: The format says what the columns are; --cycle, --step and --time were passed over."
            )
    return said


def _goal(
    target: ImportTarget,
    connection: DuckDBPyConnection,
    rows: LogRows,
    activities: dict[str, int],
    name: str,
    called: str,
    options: LogOptions,
) -> tuple[Goal, bool, list[Guess]]:
    """Return the goal of the events, whether it is new, and the guesses that it is based on."""
    try:
        goal = target.goals.get(name)
    except NotFoundError:
        pass
    else:
        check_told(goal, options.initial, options.completion)
        return goal, False, []
    why = "".join(f" {row.file}, record {row.row:,}: {row.why}." for row in rows.left_out_rows(1))
    if not activities:
        raise RefusedError(f"{called} has no row that can be used.{why} Check --cycle, --step and --time.")
    left_out = ""
    if why:
        counts = rows.counts()
        left_out = f" {plural(counts.rows - counts.usable, 'row')} could not be used.{why}"
    sketch = GoalSketch(connection, list(activities), name, called)
    made, drawn = sketch.draw(target.goals, target.features().max_steps, options.initial, options.completion, left_out)
    for problem in target.goals.problems(made):
        raise RefusedError(problem.message, field=problem.field)
    if not options.dry_run:
        undo = f"goals-tui goals delete {quoted(name)} --confirm {quoted(name)}"
        drawn = [replace(guess, before=undo) for guess in drawn]
    return made, True, drawn


def _time_guesses(rows: LogRows) -> list[Guess]:
    guess = rows.time_guess
    if guess is None:
        return []
    return [Guess("time_format", guess.words, f"as in {guess.example}", f"--time-format {guess.format!r}")]


def _activities(connection: DuckDBPyConnection) -> str:
    """Return a query for the activities of the usable rows."""
    given = connection.execute("SELECT count(*) FROM rows WHERE reason IS NULL AND id IS NULL").fetchone()
    made = "id"
    if given and given[0]:
        number = (
            'row_number() OVER (PARTITION BY file, coalesce(session, "case"), step, moment, id IS NULL ORDER BY number)'
        )
        made = (
            "coalesce(id, substr(sha256(concat_ws(chr(10), coalesce(session, \"case\"), coalesce(step, ''), "
            f"strftime(moment, '%Y-%m-%dT%H:%M:%S.%fZ'), {number})), 1, 24))"
        )
    return (
        f'SELECT {made} AS id, moment AS timestamp, coalesce(session, "case") AS session_id, '
        "coalesce(kind, 'event') AS kind, nullif(step, '') AS name, text, parent, flow, endpoint, locale, snapshot, "
        "channel, (place + 1)::VARCHAR AS position FROM rows WHERE reason IS NULL"
    )


def _events(connection: DuckDBPyConnection, goal: Goal, project_id: str) -> str:
    """Return a query for the events of the usable rows, with the columns FIELDS."""
    name_endpoints(connection, "SELECT DISTINCT endpoint FROM timed WHERE reason IS NULL AND endpoint IS NOT NULL")
    # Ids must be the same as in earlier versions, so that repeating an old import adds nothing.
    fraction = "CASE WHEN microsecond(moment) % 1000000 = 0 THEN '' ELSE strftime(moment, '.%f') END"
    content = (
        f'{sql_text(goal.id)} || chr(10) || "case" || chr(10) || step_id || chr(10) || '
        f"strftime(moment, '%Y-%m-%dT%H:%M:%S') || {fraction} || '+00:00'"
    )
    cycle_id = uuid5(f'{sql_text(f"{goal.id} ")} || "case"')
    # A table, because with a subquery a condition on `id` would compute every id a second time.
    connection.execute(
        f"CREATE TABLE identified AS SELECT substr(sha256(content), 1, 24) AS id, {cycle_id} AS cycle_id, moment, "
        f'step_id, coalesce(session, "case") AS session, locale, endpoint, endpoint_kind, snapshot FROM (SELECT *, '
        f"{content} AS content FROM rows LEFT JOIN endpoints ON endpoints.name = endpoint "
        "WHERE reason IS NULL)"
    )
    cells = {
        "id": "id",
        "version": sql_text(goal.version),
        "timestamp": "moment",
        "goalCycleId": "cycle_id",
        "stepId": "step_id",
        "goalId": sql_text(goal.id),
        "sessionId": "session",
        "projectId": sql_text(project_id),
        "localeName": "locale",
        "endpointName": "endpoint",
        "endpointType": "endpoint_kind",
        "channel": "endpoint_kind",
        "snapshotName": "snapshot",
    }
    listed = ", ".join(f'{cells.get(name, "NULL::VARCHAR")} AS "{name}"' for name in FIELDS)
    return f"SELECT {listed} FROM identified"


def name_endpoints(connection: DuckDBPyConnection, names: str) -> None:
    """Create the table `endpoints` with the name and endpoint_kind of each endpoint that the query `names` returns."""
    found = [(name, source(name, None, None, None).endpoint_type) for (name,) in connection.execute(names).fetchall()]
    connection.execute("CREATE TABLE endpoints (name VARCHAR, endpoint_kind VARCHAR)")
    connection.execute(
        "INSERT INTO endpoints SELECT unnest(?::VARCHAR[]), unnest(?::VARCHAR[])",
        [[name for name, _ in found], [kind for _, kind in found]],
    )


def _as_json(goal: Goal, is_new: bool) -> dict[str, object]:
    return {
        "name": goal.name,
        "new": is_new,
        "steps": [{"name": step.name, "kind": step.kind} for step in goal.steps],
    }


def _part(progress: Progress, begin: float, end: float, text: str) -> Callable[[float], None]:
    """Return a callback that converts the progress of one phase, from 0 to 1, to that of the whole import."""
    return lambda fraction: progress(begin + (end - begin) * fraction, text)
