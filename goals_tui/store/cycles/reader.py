"""The SQL of Insights, which folds events into cycles by bit masks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from goals_tui.domain.event import EARLIEST, FIELDS, LATEST, LONGEST_FIELD, TEST_ENDPOINT_TYPES, GoalEvent
from goals_tui.domain.filters import Dimension
from goals_tui.domain.model import reason
from goals_tui.domain.text import clean_line
from goals_tui.store.cycles.step_bits import StepBit, Triple, masks_of
from goals_tui.store.engines.engine import Cancellation, Columns, ColumnType, Engine, Session

if TYPE_CHECKING:
    from types import TracebackType


COLUMNS: dict[Dimension, str] = {
    "endpoint": "endpointName",
    "locale": "localeName",
    "snapshot": "snapshotName",
    "version": "version",
    "channel": "channel",
    "session": "sessionId",
}


NOTHING_FURTHER: Mapping[str, str] = {}


class Values:
    """The parameters of a query, which engines get separately from its text."""

    def __init__(self) -> None:
        self.bound: dict[str, Any] = {}

    def add(self, value: object) -> str:
        """Add a parameter and return its placeholder."""
        name = f"v{len(self.bound)}"
        self.bound[name] = value
        return f"${name}"

    def is_one_of(self, column: str, values: Iterable[object]) -> str:
        """Return the condition that a column has one of these values, which become parameters."""
        placeholders = ", ".join(map(self.add, values))
        return f"{column} IN ({placeholders})" if placeholders else "false"


@dataclass
class Findings:
    """Facts about the log that queries found, kept for later queries."""

    restarts: bool = False
    """True if some cycle has several initial events, so that its attributes are not simply those of one event."""

    first_seen: dict[tuple[str, ...], list[tuple[Any, ...]]] = field(default_factory=dict)
    """The answers of `EventReader.first_seen`, by columns."""


class EventReader:
    """A reader of the event log with a session of its own. A context manager, made by `LogView`."""

    def __init__(
        self,
        session: Session,
        cancellation: Cancellation,
        engine: Engine,
        *,
        triples: list[Triple],
        torn_lines: int,
        duplicate_events: int,
        findings: Findings,
    ) -> None:
        self.findings = findings
        self.damaged = engine.damaged
        self.triples = triples
        self.torn_lines = torn_lines
        self.duplicate_events = duplicate_events
        self.words = 1
        self._step_bits: Sequence[StepBit] = ()
        self._contested = False
        self.joined = ""
        self._session = session
        self._cancellation = cancellation
        cancellation.watch(session)

    def __enter__(self) -> EventReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the session."""
        self._cancellation.release(self._session)
        self._session.close()

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Return all rows of a query. Raises Cancelled if it was cancelled before or during execution."""
        self._cancellation.check()
        found = self._session.rows(sql, values or {})
        self._cancellation.check()
        return found

    def make_table(self, name: str, columns: Columns) -> None:
        """Make a small table of the session. Raises Cancelled."""
        self._cancellation.check()
        self._session.make_table(name, columns)

    def keep_rows(self, name: str, sql: str, values: Mapping[str, Any]) -> None:
        """Keep the rows of a query as a table of the session. Raises Cancelled."""
        self._cancellation.check()
        self._session.keep_rows(name, sql, values)
        self._cancellation.check()

    @property
    def computes_once(self) -> bool:
        """Whether a common table expression is computed once, however often a query reads it."""
        return self._session.computes_once

    def extent(self) -> tuple[int, int]:
        """Return the times of the first and last event, in microseconds since 1970; 0, 0 for an empty log."""
        first, last = self.rows("""SELECT epoch_us(min("timestamp")), epoch_us(max("timestamp")) FROM events""")[0]
        self.check_times(first, last)
        return first or 0, last or 0

    def size(self) -> tuple[int, int]:
        """Return the number of events, and the time of the last in microseconds since 1970; 0, 0 for an empty log."""
        count, last = self.rows("""SELECT count(*), epoch_us(max("timestamp")) FROM events""")[0]
        return count, last if count else 0

    def check_times(self, first: int | None, last: int | None) -> None:
        """Raise UnreadableError unless these can be times of events; None stands for no event."""
        for moment in (first, last):
            if moment is not None and not 0 <= moment < microseconds(LATEST):
                raise self.damaged("an event has no time")

    def use(self, step_bits: Sequence[StepBit]) -> None:
        """Let the queries of this connection see cycles through these step bits; events without one are left out."""
        self.words = 1 + max((step_bit.word for step_bit in step_bits), default=0)
        columns, by_key = self._keys(step_bits)
        step_bits = list(by_key.values())
        self.joined = " AND ".join(f"e.{_KEYS[column]} = s.key{column}" for column in columns)
        self.make_table(
            "step_bits",
            {
                **{f"key{column}": ("VARCHAR", [key[place] for key in by_key]) for place, column in enumerate(columns)},
                "goal": ("INTEGER", [step_bit.goal for step_bit in step_bits]),
                "rank": ("INTEGER", [step_bit.rank for step_bit in step_bits]),
                "initial": ("BOOLEAN", [step_bit.place is None for step_bit in step_bits]),
                "word": ("INTEGER", [step_bit.word for step_bit in step_bits]),
                "bit": ("BIGINT", [step_bit.bit for step_bit in step_bits]),
            },
        )
        self._step_bits = step_bits
        of_step: dict[tuple[int, str], set[int]] = {}
        for step_bit in step_bits:
            if step_bit.place is not None:
                of_step.setdefault((step_bit.goal, step_bit.step_id), set()).add(step_bit.place)
        contests = [(goal, places) for (goal, _), places in of_step.items() if len(places) > 1]
        self._contested = bool(contests)
        if contests:
            self._mask_table("contests", contests)

    def make_completions(self) -> None:
        """Make the table `completions`: each goal with the mask of its completion steps. Raises Cancelled."""
        completing: dict[int, set[int]] = {step_bit.goal: set() for step_bit in self._step_bits}
        for step_bit in self._step_bits:
            if step_bit.completes and step_bit.place is not None:
                completing[step_bit.goal].add(step_bit.place)
        self._mask_table("completions", list(completing.items()))

    def _keys(self, step_bits: Sequence[StepBit]) -> tuple[tuple[int, ...], dict[tuple[str, ...], StepBit]]:
        """Return the fewest columns that identify a step bit in this log (often the step), and the bits by them."""
        by_triple = {Triple(step_bit.goal_id, step_bit.version, step_bit.step_id): step_bit for step_bit in step_bits}
        for columns in _KEY_COLUMNS:
            found: dict[tuple[str, ...], StepBit | None] = {}
            for triple in self.triples:
                step_bit = by_triple.get(triple)
                known = found.setdefault(tuple(triple[column] for column in columns), step_bit)
                if known is not step_bit and not (known and step_bit and known.same_effect(step_bit)):
                    break
            else:
                return columns, {key: step_bit for key, step_bit in found.items() if step_bit is not None}
        raise AssertionError("all three columns together tell a step bit")

    def _mask_table(self, name: str, rows: Sequence[tuple[int, set[int]]]) -> None:
        masks = [masks_of(places, self.words) for _, places in rows]
        columns: dict[str, tuple[ColumnType, list[Any]]] = {"goal": ("INTEGER", [goal for goal, _ in rows])}
        for word in range(self.words):
            columns[f"mask{word}"] = ("BIGINT", [mask[word] for mask in masks])
        self.make_table(name, columns)

    def values_of(self, dimension: Dimension) -> list[str]:
        """Return all values of a dimension in the log."""
        column = COLUMNS[dimension]
        return [value for (value,) in self.rows(f"""SELECT DISTINCT "{column}" FROM events WHERE "{column}" <> ''""")]

    def shown_as(self, column: str, shown: Collection[str]) -> list[str]:
        """Return the other values of a column that `clean_line` turns into one of `shown`."""
        odd = self.rows(f"""SELECT DISTINCT "{column}" FROM events WHERE regexp_matches("{column}", '[^!-~]')""")
        return sorted(value for (value,) in odd if value not in shown and clean_line(value) in shown)

    def duplicate_ids(self, limit: int) -> list[str]:
        """Return up to `limit` ids of events that are in the log more than once."""
        found = self.rows(f"SELECT id FROM events GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT {limit:d}")
        return [id_ for (id_,) in found]

    def has_session(self, session_id: str) -> bool:
        """Return whether events have exactly this session id."""
        return bool(self.rows('SELECT 1 FROM events WHERE "sessionId" = $session LIMIT 1', {"session": session_id}))

    def events_of(self, cycle_id: str) -> list[GoalEvent]:
        """Return the events of a cycle by time and id, without duplicates."""
        columns = ", ".join(f'"{name}"' for name in FIELDS)
        sql = f"""SELECT {columns} FROM events WHERE "goalCycleId" = $cycle ORDER BY "timestamp", id"""
        found = self.rows(sql, {"cycle": cycle_id})
        events = []
        for row in {row[FIELDS.index("id")]: row for row in found}.values():
            # A line of another program may hold text that GoalEvent refuses: clean and cut it, to show what is left.
            record: dict[str, Any] = {name: _fitting(name, value) for name, value in zip(FIELDS, row, strict=True)}
            record["version"] = record["version"] or ""
            if isinstance(record["timestamp"], datetime):
                record["timestamp"] = record["timestamp"].replace(tzinfo=UTC)
            try:
                events.append(GoalEvent.model_validate(record))
            except ValidationError as error:
                raise self.damaged(reason(error)) from error
        return events

    def first_seen(self, *columns: str) -> list[tuple[Any, ...]]:
        """Return each combination of these columns in the log with its first time, in microseconds since 1970."""
        found = self.findings.first_seen.get(columns)
        if found is None:
            names = ", ".join(f"""nullif("{column}", '')""" for column in columns)
            found = self.rows(f"""SELECT {names}, epoch_us(min("timestamp")) FROM events GROUP BY {names}""")
            self.findings.first_seen[columns] = found
        return found

    def stepping_sql(self, column: str, wanted: str) -> str:
        """Return a query, in parentheses, of the events with a value of `column` that the query `wanted` gives."""
        return f"""(SELECT id, coalesce("version", '') AS "version", "timestamp", "goalCycleId", "stepId", "goalId",
                           "sessionId" FROM events WHERE "{column}" IN ({wanted}))"""

    def cycles_sql(
        self,
        attributes: Sequence[str] = (),
        further: Mapping[str, str] = NOTHING_FURTHER,
        *,
        goals: Sequence[int] | None = None,
        settled: bool = True,
    ) -> str:
        """Return a query of all cycles: goal (its number), cycle, started (NULL for orphans), test, mask0, ...

        `started` is in microseconds since 1970. `attributes` are further columns of `events`, taken from the first
        initial event, or from an orphan's first event. `further` are aggregates by name, over events `e` with their
        step bit `s`, where `e.moment` is the time in microseconds since 1970. With `goals`, only their cycles are read.

        Without `settled`, which takes longer, the attributes are right only for cycles with one initial event:
        `openings` is the number of initial events. With it, `openings` is 1.
        """
        counted = bool(attributes)
        aggregates = {
            "opened": f"min(CASE WHEN s.initial THEN e.moment * 2 + {_IS_TEST} END)",
            **({"openings": "count(CASE WHEN s.initial THEN 1 END)"} if counted else {}),
            **self._masks("bit_or({bits})"),
            # Any value is the only one, or not used: it needs no comparison of texts, which took a fifth of the time.
            **{f'"{name}"': f'any_value(CASE WHEN s.initial THEN e."{name}" END)' for name in attributes},
            **further,
        }
        only = f" WHERE s.goal IN ({', '.join(map(str, goals))})" if goals else ""
        shown = [name for name in aggregates if name not in ("opened", "openings")]
        # The lowest bit of the time marks a test, which saves an aggregate over a million events, and is found for
        # initial events only. If a cycle has two first ones in the same microsecond and only one is a test, it is none.
        found = f"""
            SELECT goal, cycle, opened >> 1 AS started, opened & 1 = 1 AS test,
                   {"openings" if counted else 1} AS openings, {", ".join(shown)}
            FROM (
                SELECT s.goal AS goal, e."goalCycleId" AS cycle,
                       {", ".join(f"{sql} AS {name}" for name, sql in aggregates.items())}
                FROM {_EVENTS} JOIN step_bits s ON {self.joined}{only}
                GROUP BY s.goal, e."goalCycleId"
            )"""
        ordered = settled and counted
        return self._settled_sql(found, shown, attributes if ordered else ()) if self._contested or ordered else found

    def attributes_sql(self, attributes: Sequence[str], cycles: str) -> str:
        """Return a query of goal, cycle and `attributes` as in `cycles_sql`, for the cycles of the query `cycles`.

        `$since` and `$until` limit the times of the first events of these cycles.
        """
        return _first_events(
            f"""{_EVENTS} JOIN step_bits s ON {self.joined}
                WHERE e."timestamp" >= $since AND e."timestamp" <= $until AND e."goalCycleId" IN ({cycles})""",
            attributes,
        )

    def _settled_sql(self, cycles: str, shown: Sequence[str], attributes: Sequence[str]) -> str:
        """Return the query with contests settled: of several bits of a step, the one of the earliest event counts.

        So are the `attributes` of cycles that have not exactly one initial event.
        """
        parts = [f"WITH loose AS MATERIALIZED ({cycles})"]
        columns = {name: f"c.{name}" for name in shown}
        joins = ""
        events = f"{_EVENTS} JOIN step_bits s ON {self.joined}"
        # An engine may give 0 or '' where a left join finds nothing: `found` says whether it did.
        if attributes:
            of_odd = f'{events} JOIN odd o ON o.goal = s.goal AND o.cycle = e."goalCycleId"'
            parts += [
                "odd AS (SELECT goal, cycle FROM loose WHERE openings <> 1)",
                f"firsts AS (SELECT 1 AS found, f.* FROM ({_first_events(of_odd, attributes)}) f)",
            ]
            joins += " LEFT JOIN firsts a ON c.goal = a.goal AND c.cycle = a.cycle"
            for name in (f'"{attribute}"' for attribute in attributes):
                columns[name] = f"CASE WHEN a.found = 1 THEN a.{name} ELSE c.{name} END"
        if self._contested:
            both = " + ".join(f"bit_count(c.mask{word} & k.mask{word})" for word in range(self.words))
            masks = self._masks("bit_or(CASE WHEN word = {word} THEN bit ELSE 0 END)")
            parts += [
                f"contested AS (SELECT DISTINCT c.goal, c.cycle FROM loose c JOIN contests k ON c.goal = k.goal "
                f"WHERE {both} > 1)",
                f"""settled AS (
                    SELECT 1 AS found, goal, cycle, {", ".join(f"{sql} AS {name}" for name, sql in masks.items())}
                    FROM (
                        SELECT s.goal AS goal, e."goalCycleId" AS cycle, s.word AS word, s.bit AS bit,
                               row_number() OVER (PARTITION BY s.goal, e."goalCycleId", e."stepId"
                                                  ORDER BY e."timestamp", s.rank, e.id) AS place
                        FROM {events} JOIN contested c ON c.goal = s.goal AND c.cycle = e."goalCycleId"
                    ) WHERE place = 1 GROUP BY goal, cycle
                )""",
            ]
            joins += " LEFT JOIN settled m ON c.goal = m.goal AND c.cycle = m.cycle"
            columns |= {name: f"CASE WHEN m.found = 1 THEN m.{name} ELSE c.{name} END" for name in masks}
        listed = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
        openings = 1 if attributes else "c.openings"
        return f"""{", ".join(parts)}
            SELECT c.goal AS goal, c.cycle AS cycle, c.started AS started, c.test AS test, {openings} AS openings,
                   {listed}
            FROM loose c{joins}"""

    def _masks(self, expression: str) -> dict[str, str]:
        """Return the columns mask0, mask1, ..., one for each word."""
        bits = "s.bit" if self.words == 1 else "CASE WHEN s.word = {word} THEN s.bit ELSE 0 END"
        return {f"mask{word}": expression.format(bits=bits.format(word=word), word=word) for word in range(self.words)}


def _fitting(name: str, value: object) -> object:
    if not isinstance(value, str) or (not value and name not in _REQUIRED):
        return value
    return clean_line(value[:LONGEST_FIELD]) or "?"


_REQUIRED = {field.alias for field in GoalEvent.model_fields.values() if field.is_required()}


_TESTS = ", ".join(f"'{kind}'" for kind in TEST_ENDPOINT_TYPES)
_EVENTS = """(
    SELECT id, coalesce("version", '') AS "version", "timestamp", "goalCycleId", "stepId", "goalId", "sessionId",
           nullif("endpointName", '') AS "endpointName", nullif("localeName", '') AS "localeName",
           nullif("snapshotName", '') AS "snapshotName", nullif(channel, '') AS channel,
           "endpointType", epoch_us("timestamp") AS moment
    FROM events
) e"""
"""The events as `e`, with `moment`: the microseconds since 1970. An empty name is none."""

_IS_TEST = f"""CASE WHEN e."endpointType" IN ({_TESTS}) THEN 1 ELSE 0 END"""

_KEYS = ('"goalId"', '"version"', '"stepId"')
_KEY_COLUMNS = ((2,), (0, 2), (1, 2), (0, 1, 2))
"""The columns of `_KEYS`, in the order of `Triple`, that are tried in turn as the key of a step bit."""


def _first_events(events: str, columns: Sequence[str]) -> str:
    """Return a query of goal, cycle and columns of each cycle's first initial event, or of an orphan's first event."""
    named = ", ".join(f'"{column}"' for column in columns)
    taken = ", ".join(f'e."{column}" AS "{column}"' for column in columns)
    return f"""
        SELECT goal, cycle, {named} FROM (
            SELECT s.goal AS goal, e."goalCycleId" AS cycle, {taken},
                   row_number() OVER (PARTITION BY s.goal, e."goalCycleId"
                                      ORDER BY CASE WHEN s.initial THEN 0 ELSE 1 END, e."timestamp", s.rank, e.id
                                     ) AS place
            FROM {events}
        ) WHERE place = 1"""


def microseconds(moment: datetime) -> int:
    """Return an instant in microseconds since 1970, like DuckDB's epoch_us; exact, unlike `timestamp()`."""
    since = moment.astimezone(UTC) - EARLIEST
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def instant(micros: int) -> datetime:
    """Return the UTC datetime of a number of microseconds since 1970."""
    return EARLIEST + timedelta(microseconds=micros)
