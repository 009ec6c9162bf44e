"""Derivation of a goal's events from the activities of the log, by the triggers of its steps.

The rule is that of `domain/deriving.py`, here as SQL over all sessions of a span: the initial step opens a cycle, and
the other steps join the cycle that was opened last; without one they are not tracked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any, get_args
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from goals_tui.domain.activity import ORDER, ActivityKind, Trigger
from goals_tui.domain.deriving import CYCLE_KEY, DERIVED, EVENT_DIGITS, EVENT_KEY
from goals_tui.domain.errors import RefusedError, WrongValueError
from goals_tui.domain.event import FIELDS
from goals_tui.domain.filters import Filters, requested_span
from goals_tui.domain.goal import Goal
from goals_tui.domain.model import reason
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.services.imports.log_import import name_endpoints
from goals_tui.services.imports.result import Progress, say_done, silent
from goals_tui.store.atomic import scratch_folder
from goals_tui.store.duckdb_files import copy_to, cursor_of, parquet, sql_text, uuid5

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from goals_tui.services.activities import Activities
    from goals_tui.services.batches import Batches
    from goals_tui.services.clock import Clock
    from goals_tui.services.goals import GoalService
    from goals_tui.services.project import ProjectService
    from goals_tui.store.events.log import EventLog

_SOME = 10_000
_ASCII = "[\\x00-\\x7f]*"


@dataclass(frozen=True, slots=True)
class Derivation:
    """The result of a derivation, or of its dry run.

    `activities` is the number that fired a step, in `sessions`; `events` is the number of derived events. `added`,
    `replaced` and `removed` compare them with those derived before. `not_tracked` is the number of steps that fired
    while no cycle was open. `sessions_left_out` is the number of sessions with tracked events of the goal, where
    nothing is derived.
    """

    goal: str
    activities: int
    sessions: int
    events: int
    cycles: int
    added: int
    replaced: int
    removed: int
    not_tracked: int
    sessions_left_out: int
    dry_run: bool

    @property
    def changes(self) -> bool:
        """True if any event is added, replaced or removed."""
        return bool(self.added + self.replaced + self.removed)

    def summary(self) -> str:
        """Return the numbers of events as one line for the user."""
        return (
            f"{plural(self.events, 'event')} in {plural(self.cycles, 'cycle')} of {plural(self.sessions, 'session')}: "
            f"{self.added:,} added, {self.replaced:,} replaced, {self.removed:,} removed"
        )

    def left_out(self) -> list[str]:
        """Return sentences about steps and sessions that give no event."""
        said = []
        if self.not_tracked:
            said.append(f"Not tracked: {plural(self.not_tracked, 'step')}, for no cycle was open.")
        if self.sessions_left_out:
            said.append(f"Left out: {plural(self.sessions_left_out, 'session')} with tracked events of this goal.")
        return said

    def as_json(self) -> dict[str, Any]:
        """Return the fields for JSON output."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Firing:
    """In how many sessions triggers fire: each (`recent`, `ever`) and any of them (`recent_all`, `ever_all`).

    `recent` counts the last 30 days. `recent_sessions` and `sessions` are the numbers of sessions with activities.
    """

    recent_sessions: int
    sessions: int
    recent: tuple[int, ...]
    ever: tuple[int, ...]
    recent_all: int
    ever_all: int


def new_trigger(kind: str | None, name: str | None, text: str | None) -> Trigger:
    """Return a trigger. Raises WrongValueError for an unknown kind, or a name or text that is empty or too long."""
    kinds = get_args(ActivityKind)
    if kind is not None and kind not in kinds:
        raise WrongValueError(f"{kind!r} is not a kind of activity. Use one of: {', '.join(kinds)}.", field="kind")
    try:
        return Trigger.model_validate({"kind": kind, "name": name, "text": text})
    except ValidationError as error:
        raise WrongValueError(f"That can be no trigger: {reason(error)}.", field="triggers") from None


def span_of(
    since: str | None, until: str | None, now: datetime, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """Return the start and end of `--from` and `--to`, None for an option that is not given. Raises WrongValueError."""
    if since is None and until is None:
        return None, None
    span = requested_span(Filters(span="custom", since=since, until=until), now, zone)
    return span.start if since is not None else None, span.end if until is not None else None


class Deriving:
    """Derives the events of goals. Takes long: call it off the main thread."""

    def __init__(
        self,
        log: EventLog,
        project: ProjectService,
        goals: GoalService,
        activities: Activities,
        batches: Batches,
        clock: Clock,
    ) -> None:
        self._log = log
        self._project = project
        self._goals = goals
        self._activities = activities
        self._batches = batches
        self._clock = clock

    def derive(
        self,
        goal_id: str,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        dry_run: bool = False,
        progress: Progress = silent,
    ) -> Derivation:
        """Derive a goal from the activities from `start` to before `end`, replacing events derived there before.

        Steps may join a cycle that was derived before `start`. Events that were not derived stay as they are.
        `progress` is called between the parts of the work; an exception in it stops the derivation before anything is
        written. Raises NotFoundError, RefusedError for a goal whose initial step has no trigger, UnreadableError.
        """
        goal = self._goals.get(goal_id)
        if not goal.initial.triggers:
            raise RefusedError(
                f"The initial step {goal.initial.name!r} of {goal.name!r} has no trigger, so no cycle would open. "
                f"Give it one: goals-tui goals trigger {goal.id} {goal.initial.id} --name NAME.",
                field="triggers",
            )
        self._log.check_writable()
        progress(0.0, "Reading the activities")
        with scratch_folder() as folder, self._activities.reading() as connection:
            existing = folder / "existing.parquet"
            with self._log.connect() as events:
                copy_to(events, f'SELECT * FROM events WHERE "goalId" = {sql_text(goal.id)}', existing)
            span = _Span(connection, goal, existing, _utc(start), _utc(end))
            found = span.derive(self._project.get().id)
            progress(0.5, "Comparing with what was derived before")
            gone = folder / "gone.parquet"
            copy_to(connection, f"SELECT id FROM ({span.old} EXCEPT {span.new})", gone)
            added, replaced, removed = span.difference(parquet([gone]))
            left_out = span.left_out()
            if not dry_run and added + replaced + removed:
                doomed = f"id IN (SELECT id FROM {parquet([gone])})"
                progress(0.7, "Writing the events")
                fresh = f"SELECT * FROM ({span.new} EXCEPT {span.old}) ORDER BY timestamp, id"
                batches, what = self._batches, f"derive {goal.name}"
                batch = batches.new_id()
                change = (
                    self._log.replacing(doomed, connection, fresh, batch)
                    if replaced + removed
                    else self._log.adding(connection, fresh, batch)
                )
                with change as prepared:
                    progress(0.9, "Writing the events")
                    with batches.adding(batch, what, prepared, f"Derive goal {goal.name!r}"):
                        pass
        say_done(progress)
        return Derivation(goal.name, *found, added, replaced, removed, *left_out, dry_run)

    def firing(self, triggers: Sequence[Trigger]) -> Firing:
        """Return in how many sessions triggers fire. Raises UnreadableError."""
        if self._activities.is_empty():
            none = (0,) * len(triggers)
            return Firing(0, 0, none, none, 0, 0)
        span = requested_span(Filters(span="last-30-days"), self._clock(), self._project.get().zone)
        recent = f"timestamp >= TIMESTAMP '{_utc(span.start)}' AND timestamp < TIMESTAMP '{_utc(span.end)}'"
        with self._activities.reading() as connection:
            conditions = _Conditions(connection, triggers, "true")
            fires = [conditions.of(trigger) for trigger in triggers]
            fires = ["true", f"({' OR '.join(fires) or 'false'})", *fires]
            columns = [f"bool_or({one}) AS ever_{place}" for place, one in enumerate(fires)]
            columns += [f"bool_or({one} AND {recent}) AS recent_{place}" for place, one in enumerate(fires)]
            counts = [f"count(*) FILTER ({what}_{n})" for what in ("ever", "recent") for n in range(len(fires))]
            row = connection.execute(
                f"SELECT {', '.join(counts)} FROM (SELECT {', '.join(columns)} FROM each_once GROUP BY session_id)"
            ).fetchone()
        found = row or (0,) * len(counts)
        ever, now = found[: len(fires)], found[len(fires) :]
        return Firing(now[0], ever[0], now[2:], ever[2:], now[1], ever[1])


class _Conditions:
    """Triggers as SQL conditions on the view `each_once` of a connection, within a condition that always holds."""

    def __init__(self, connection: DuckDBPyConnection, triggers: Sequence[Trigger], within: str) -> None:
        self._db = connection
        self._within = within
        self._parts = list(dict.fromkeys(fold(one.text) for one in triggers if one.text is not None))
        if self._parts:
            self._find_texts()

    def of(self, trigger: Trigger) -> str:
        """Return SQL equivalent to `Trigger.fires`; its value is never NULL."""
        conditions = []
        if trigger.kind is not None:
            conditions.append(f"kind = {sql_text(trigger.kind)}")
        if trigger.name is not None:
            conditions.append(_named(trigger.name))
        if trigger.text is not None:
            part = fold(trigger.text)
            plain = f"contains(lower(coalesce(text, '')), {sql_text(part)})"
            other = f"text IN (SELECT written FROM odd_texts WHERE part = {self._parts.index(part)})"
            conditions.append(
                f"CASE WHEN regexp_full_match(coalesce(text, ''), '{_ASCII}') THEN {plain} ELSE {other} END"
            )
        return f"coalesce({' AND '.join(conditions)}, false)"

    def _find_texts(self) -> None:
        """Make the table `odd_texts`: trigger texts found in non-ASCII texts, whose case DuckDB folds differently."""
        self._db.execute("CREATE TABLE odd_texts (written VARCHAR, part INTEGER)")
        texts = cursor_of(self._db).execute(
            f"SELECT DISTINCT text FROM each_once WHERE {self._within} AND NOT regexp_full_match(text, '{_ASCII}')"
        )
        while some := texts.fetchmany(_SOME):
            found = [
                (text, part) for (text,) in some for part, wanted in enumerate(self._parts) if wanted in fold(text)
            ]
            if found:
                self._db.execute(
                    "INSERT INTO odd_texts SELECT unnest(?::VARCHAR[]), unnest(?::INTEGER[])",
                    [[text for text, _ in found], [part for _, part in found]],
                )


class _Span:
    """A goal and a span of activities, as tables of a connection to the activity log."""

    def __init__(
        self,
        connection: DuckDBPyConnection,
        goal: Goal,
        existing: Path,
        start: datetime | None,
        end: datetime | None,
    ) -> None:
        self._db = connection
        self._goal = goal
        self._existing = parquet([existing])
        self._start = start
        self._within = " AND ".join(
            [
                "true",
                *([f"timestamp >= TIMESTAMP '{start}'"] if start else []),
                *([f"timestamp < TIMESTAMP '{end}'"] if end else []),
            ]
        )
        columns = ", ".join(f'"{name}"' for name in FIELDS)
        self.new = f"SELECT {columns} FROM derived"
        self.old = f"SELECT {columns} FROM {self._existing} WHERE starts_with(id, '{DERIVED}') AND {self._within}"

    def derive(self, project_id: str) -> tuple[int, int, int, int]:
        """Make the table `derived`; return the numbers of activities that fired, their sessions, events and cycles."""
        self._find_fired()
        goal, db = self._goal, self._db
        before = "NULL::VARCHAR AS opened_before"
        joined = ""
        if self._start is not None:
            before = "opened.cycle AS opened_before"
            joined = (
                'LEFT JOIN (SELECT "sessionId" AS session, max_by("goalCycleId", (timestamp, id)) AS cycle '
                f"FROM {self._existing} WHERE starts_with(id, '{DERIVED}') "
                f'AND "stepId" = {sql_text(goal.initial.id)} '
                f"AND timestamp < TIMESTAMP '{self._start}' GROUP BY ALL) AS opened ON opened.session = session_id"
            )
        opening = uuid5(_key(CYCLE_KEY, goal=sql_text(goal.id), activity="opened_by"))
        db.execute(
            f"CREATE TABLE cycles AS SELECT *, coalesce(CASE WHEN opened_by IS NOT NULL THEN {opening} END, "
            "opened_before) AS cycle FROM (SELECT fired.*, "
            f"last_value(CASE WHEN mask & 1 = 1 THEN fired.id END IGNORE NULLS) OVER (PARTITION BY session_id "
            f"ORDER BY {ORDER} ROWS UNBOUNDED PRECEDING) AS opened_by, {before} "
            f"FROM fired {joined} WHERE session_id NOT IN (SELECT session FROM tracked))"
        )
        name_endpoints(db, "SELECT DISTINCT endpoint FROM cycles WHERE endpoint IS NOT NULL")
        db.execute("CREATE TABLE steps (place INTEGER, step_id VARCHAR)")
        db.executemany("INSERT INTO steps VALUES (?, ?)", [[place, step.id] for place, step in enumerate(goal.steps)])
        identity = _key(EVENT_KEY, goal=sql_text(goal.id), activity="cycles.id", step="step_id")
        cells = {
            "id": f"'{DERIVED}' || substr(sha256({identity}), 1, {EVENT_DIGITS})",
            "version": sql_text(goal.version),
            # Tracked events have milliseconds, too.
            "timestamp": "date_trunc('milliseconds', timestamp)",
            "goalCycleId": "cycle",
            "stepId": "step_id",
            "goalId": sql_text(goal.id),
            "sessionId": "session_id",
            "projectId": sql_text(project_id),
            "localeName": "locale",
            "endpointName": "endpoint",
            "endpointType": "endpoint_kind",
            "channel": "coalesce(channel, endpoint_kind)",
            "snapshotName": "snapshot",
        }
        listed = ", ".join(f'{cells.get(name, "NULL::VARCHAR")} AS "{name}"' for name in FIELDS)
        db.execute(
            f"CREATE TABLE derived AS SELECT {listed} FROM cycles JOIN steps ON (mask >> place) & 1 = 1 "
            "LEFT JOIN endpoints ON endpoints.name = endpoint WHERE cycle IS NOT NULL"
        )
        activities, sessions = self._row("SELECT count(*), count(DISTINCT session_id) FROM cycles")
        events, cycles = self._row('SELECT count(*), count(DISTINCT "goalCycleId") FROM derived')
        return activities, sessions, events, cycles

    def difference(self, gone: str) -> tuple[int, int, int]:
        """Return how many events are added, replaced and removed.

        `gone` is a table with the ids of the events that don't stay as they are.
        """
        fresh, replaced = self._row(
            f"SELECT count(*), count(*) FILTER (id IN (SELECT id FROM {gone})) FROM ({self.new} EXCEPT {self.old})"
        )
        (all_gone,) = self._row(f"SELECT count(*) FROM {gone}")
        return fresh - replaced, replaced, all_gone - replaced

    def left_out(self) -> tuple[int, int]:
        """Return how many steps were not tracked, and how many sessions were left out."""
        (missed,) = self._row("SELECT coalesce(sum(bit_count(mask)), 0)::BIGINT FROM cycles WHERE cycle IS NULL")
        (sessions,) = self._row(
            "SELECT count(DISTINCT session_id) FROM fired WHERE session_id IN (SELECT session FROM tracked)"
        )
        return missed, sessions

    def _find_fired(self) -> None:
        """Make the tables `fired`, with one bit of `mask` a step, and `tracked`, the sessions with tracked events."""
        self._db.execute(
            f'CREATE TABLE tracked AS SELECT DISTINCT "sessionId" AS session FROM {self._existing} '
            f"WHERE NOT starts_with(id, '{DERIVED}')"
        )
        triggers = [trigger for step in self._goal.steps for trigger in step.triggers]
        conditions = _Conditions(self._db, triggers, self._within)
        bits = []
        for place, step in enumerate(self._goal.steps):
            fires = " OR ".join(conditions.of(trigger) for trigger in step.triggers)
            if fires:
                bits.append(f"CASE WHEN {fires} THEN {1 << place} ELSE 0 END")
        self._db.execute(
            "CREATE TABLE fired AS SELECT id, timestamp, session_id, position, endpoint, locale, snapshot, channel, "
            f"mask FROM (SELECT *, ({' | '.join(bits)})::INTEGER AS mask FROM each_once WHERE {self._within}) "
            "WHERE mask > 0"
        )

    def _row(self, sql: str) -> tuple[Any, ...]:
        return self._db.execute(sql).fetchone() or ()


def _named(name: str) -> str:
    if "*" not in name:
        return f"name = {sql_text(name)}"
    pattern = name.replace("!", "!!").replace("%", "!%").replace("_", "!_").replace("*", "%")
    return f"name LIKE {sql_text(pattern)} ESCAPE '!'"


def _key(key: str, **columns: str) -> str:
    """Return SQL for one of the keys that ids are made of, given that of its fields."""
    found = []
    for text, field, _, _ in Formatter().parse(key):
        found += [sql_text(text)] if text else []
        found += [columns[field]] if field else []
    return " || ".join(found)


def _utc(moment: datetime | None) -> datetime | None:
    return moment and moment.astimezone(UTC).replace(tzinfo=None)
