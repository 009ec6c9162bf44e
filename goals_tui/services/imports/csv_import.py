"""Imports the events of any log that has a case, an activity and a time in each row (DESIGN 5, `import csv`).

A case becomes a cycle, an activity a step. Ids follow from the content, so importing twice adds nothing.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from goals_tui.domain.errors import NotFoundError, RefusedError, UnreadableError, nearest_names
from goals_tui.domain.event import EARLIEST, LATEST, LONGEST_FIELD, GoalEvent, source
from goals_tui.domain.goal import Goal
from goals_tui.domain.model import MAX_NAME, clean_line
from goals_tui.domain.project import zone
from goals_tui.domain.words import fold
from goals_tui.services.imports.csv_import_goal import GoalSketch, check_told
from goals_tui.services.imports.files import DataFile, unpack
from goals_tui.services.imports.goals import save_read_goals
from goals_tui.services.imports.odata_goals import Place, ReadGoal
from goals_tui.services.imports.result import Broken, ImportResult, Progress, silent
from goals_tui.services.imports.table import Table, UnusableError, read_table
from goals_tui.services.imports.times import read_time
from goals_tui.services.tracking import EventTemplates
from goals_tui.store.atomic import scratch_folder
from goals_tui.store.events.bulk_import import BulkImport
from goals_tui.store.events.lines import to_line

if TYPE_CHECKING:
    from goals_tui.services.context import Services

_ROWS_A_REPORT = 20_000


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of the columns to read. Without a session each case is a session of its own."""

    cycle: str
    step: str
    time: str
    session: str | None = None
    endpoint: str | None = None
    locale: str | None = None
    snapshot: str | None = None


class Row(NamedTuple):
    """What a row says."""

    number: int
    case: str
    activity: str
    moment: datetime
    session: str
    endpoint: str | None
    locale: str | None
    snapshot: str | None


def import_csv(
    services: Services,
    file: Path,
    goal_name: str,
    columns: Columns,
    *,
    initial: str | None = None,
    completion: Sequence[str] = (),
    time_zone: str | None = None,
    progress: Progress = silent,
) -> ImportResult:
    """Import a table; the goal is made where there is none of this name (`csv_import_goal.GoalSketch` says how).

    Times without a zone are of `time_zone`, else of the project's. Rows that can't be used are left out and named.
    Raises UnreadableError for a file that is no table, NotFoundError for an unknown column or activity, RefusedError
    for an unknown `time_zone` or a goal that can't be made; then nothing is imported.
    """
    goal_name = clean_line(goal_name)
    if len(goal_name) > MAX_NAME:
        raise RefusedError(f"The goal's name has {len(goal_name)} characters, {MAX_NAME} at most.", field="goal")
    where = zone(time_zone) if time_zone else services.project.get().zone
    data = DataFile(file, file.name, named=True)
    if not file.is_file():
        raise UnreadableError(f"There is no file {file}. Give a table with a header, as .csv or .csv.gz.")
    broken = Broken()
    with scratch_folder() as folder, BulkImport(services.workspace.events) as bulk:
        lines = folder / "events.jsonl"
        try:
            path = unpack(file, folder / "unpacked") if data.packed else file
            reader = _Rows(path, data.name, columns, where, progress)
            goal = _existing(services, goal_name)
            made = None
            if goal is None:
                sketch = GoalSketch(goal_name, data.name)
                unusable = Broken()
                for row in reader.read(unusable, 0.0, 0.4):
                    sketch.add(row.case, row.activity, row.moment)
                made = goal = sketch.draw(services, initial, completion, unusable)
                for problem in services.goals.problems(made):
                    raise RefusedError(problem.message, field=problem.field)
            else:
                check_told(goal, initial, completion)
            with lines.open("wb") as out:
                event_of = _events(goal, services.project.get().id)
                for row in reader.read(broken, 0.4, 0.8):
                    try:
                        event = event_of(row)
                    except ValueError as error:
                        broken.add(data.name, row.number, str(error))
                    else:
                        out.write(to_line(event))
        except UnusableError as error:
            raise UnreadableError(f"{file} can't be imported: {error}.") from None
        progress(0.8, "Writing events")
        bulk.load_checked(lines)
        if made is not None:
            save_read_goals(services, [ReadGoal(made, Place(data.name, 1), current=True, valued=False)], broken)
        added, known = bulk.write()
    progress(1.0, "Done")
    return ImportResult(
        goals_added=int(made is not None),
        events_added=added,
        events_known=known,
        broken=tuple(broken.named),
        broken_total=broken.total,
        files=(data.name,),
        assumed_time_zone=where.key if reader.met_no_zone and not time_zone else None,
    )


def _existing(services: Services, name: str) -> Goal | None:
    try:
        return services.goals.get(name)
    except NotFoundError:
        return None


class _Rows:
    """Reads the rows of a table, as often as needed. `met_no_zone` says whether a time was read that has none."""

    def __init__(self, path: Path, name: str, columns: Columns, zone: ZoneInfo, progress: Progress) -> None:
        self._path = path
        self._name = name
        self._columns = columns
        self._zone = zone
        self._progress = progress
        self.met_no_zone = False

    def read(self, broken: Broken, start: float, end: float) -> Iterator[Row]:
        """Every row that can be used; progress goes from `start` to `end`."""
        table = read_table(self._path)
        named = self._columns
        case, step, time = (self._place(table, name) for name in (named.cycle, named.step, named.time))
        further = [named.session, named.endpoint, named.locale, named.snapshot]
        places = [None if name is None else self._place(table, name) for name in further]
        for number, cells in table.rows:
            if number % _ROWS_A_REPORT == 0:
                self._progress(start + (end - start) * table.fraction(), f"{number:,} rows")
            if len(cells) != len(table.columns):
                why = f"it has {len(cells)} cells, the header has {len(table.columns)}"
                broken.add(self._name, number, why)
                continue
            try:
                moment = self._moment(cells[time])
                key = _needed(cells[case], named.cycle)
                activity = _needed(cells[step], named.step)
                if len(activity) > MAX_NAME:
                    raise ValueError(f"a step's name has {MAX_NAME} characters at most")
            except ValueError as error:
                broken.add(self._name, number, str(error))
                continue
            session, endpoint, locale, snapshot = (
                None if place is None else clean_line(cells[place]) or None for place in places
            )
            yield Row(number, key, activity, moment, session or key, endpoint, locale, snapshot)

    def _place(self, table: Table, name: str) -> int:
        if name not in table.columns:
            raise NotFoundError(f"column of {self._name} called", name, table.columns)
        return table.columns.index(name)

    def _moment(self, text: str) -> datetime:
        """Raises ValueError."""
        moment = read_time(text)
        if moment.tzinfo is None:
            self.met_no_zone = True
            moment = moment.replace(tzinfo=self._zone)
        try:
            moment = moment.astimezone(UTC)
        except OverflowError:
            moment = LATEST
        if not EARLIEST <= moment < LATEST:
            raise ValueError(f"the time {clean_line(text)} is not between 1970 and 2200")
        return moment


def _needed(text: str, column: str) -> str:
    line = clean_line(text)
    if not line:
        raise ValueError(f"the column {column} is empty")
    return line


def _events(goal: Goal, project_id: str) -> Callable[[Row], GoalEvent]:
    """Makes the event of a row; what it gives raises ValueError where the goal has no such step."""
    templates = EventTemplates()
    steps = {fold(step.name): step.id for step in goal.steps}
    names = [step.name for step in goal.steps]
    sources = {}

    def event(row: Row) -> GoalEvent:
        step_id = steps.get(fold(row.activity))
        if step_id is None:
            near = nearest_names(row.activity, names)
            hint = f"; the nearest is {near[0]!r}" if near else ""
            raise ValueError(f"the goal {goal.name!r} has no step {row.activity!r}{hint}")
        where = row[5:]
        if where not in sources:
            try:
                sources[where] = source(*where, project_id)
            except RefusedError as error:
                raise ValueError(str(error)) from None
        if len(row.session) > LONGEST_FIELD:
            raise ValueError(f"a session has {LONGEST_FIELD} characters at most")
        content = "\n".join((goal.id, row.case, step_id, row.moment.isoformat()))
        return templates.of(goal, sources[where]).model_copy(
            update={
                "id": hashlib.sha256(content.encode()).hexdigest()[:24],
                "timestamp": row.moment,
                "goal_cycle_id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{goal.id} {row.case}")),
                "step_id": step_id,
                "session_id": row.session,
            }
        )

    return event
