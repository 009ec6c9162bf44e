"""Queries over the cycles of the event log: which cycles, tallies for reports, and lists that are read page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from goals_tui.domain.filters import EVERYTHING, Choice, Dimension
from goals_tui.domain.report import Outcome
from goals_tui.store.cycles.reader import COLUMNS, EventReader, Values, instant

Period = Literal[0, 1, 2, 3]
CURRENT: Literal[0] = 0
PREVIOUS: Literal[1] = 1
ORPHAN: Literal[2] = 2
LATER: Literal[3] = 3
TimeRange = tuple[int | None, int | None]
"""A half-open range of time, in microseconds since 1970; None for no limit."""
Offsets = tuple[tuple[int, int], ...]
"""The offsets of a time zone from UTC, as pairs (valid from, offset) in microseconds; the first has no beginning."""
HOUR = 3_600_000_000
DAY = 24 * HOUR


@dataclass(frozen=True)
class Selection:
    """The cycles to query. A negated choice includes cycles without a value."""

    time_range: TimeRange = (None, None)
    goals: tuple[int, ...] | None = None
    endpoints: Choice = EVERYTHING
    locales: Choice = EVERYTHING
    snapshots: Choice = EVERYTHING
    no_snapshot: bool = False
    any_snapshot: bool = False
    include_test: bool = False

    @property
    def attributes(self) -> list[str]:
        """The columns of the first initial event that `conditions` refers to."""
        asked = {
            "endpointName": bool(self.endpoints),
            "localeName": bool(self.locales),
            "snapshotName": bool(self.snapshots) or self.no_snapshot or self.any_snapshot,
        }
        return [name for name, wanted in asked.items() if wanted]

    def conditions(self, values: Values) -> list[str]:
        """Return the SQL conditions for cycles that have a start, apart from the time range."""
        found = []
        if self.goals is not None:
            found.append(values.is_one_of("goal", self.goals))
        # A chosen endpoint is included even if it is a test endpoint, such as the Interaction Panel.
        if not self.include_test and (self.endpoints.negated or not self.endpoints):
            found.append("NOT test")
        found += _chosen('"endpointName"', self.endpoints, values)
        found += _chosen('"localeName"', self.locales, values)
        if self.any_snapshot:
            found.append('"snapshotName" IS NOT NULL')
        # Cycles without a snapshot are added to chosen snapshots only. A negated choice includes them already.
        if self.no_snapshot and (self.snapshots.negated or not self.snapshots):
            found.append('"snapshotName" IS NULL')
        else:
            found += _chosen('"snapshotName"', self.snapshots, values, none_too=self.no_snapshot)
        return found


@dataclass(frozen=True)
class Bucket:
    """A grouping of cycles by their start, on the clock of a time zone.

    A `day` is counted from 1970, an `hour` is its beginning in microseconds, a `weekday` is counted from Monday (0),
    and an `hour_of_day` from midnight.
    """

    unit: Literal["day", "hour", "weekday", "hour_of_day"]
    offsets: Offsets

    @property
    def sql(self) -> str:
        """The SQL expression over `started`."""
        offset = _by_piece(self.offsets)
        if self.unit == "day":
            return f"(started + {offset}) // {DAY}"
        if self.unit == "weekday":
            # The first day of 1970 was a Thursday.
            return f"((started + {offset}) // {DAY} + 3) % 7"
        if self.unit == "hour_of_day":
            return f"(started + {offset}) // {HOUR} % 24"
        hour = f"((started + {offset}) // {HOUR}) * {HOUR} - {offset}"
        # An hour in which the clock is changed ends there, and another begins.
        changes = [(0, -DAY), *((since, since) for since, _ in self.offsets[1:])]
        return f"greatest({hour}, {_by_piece(changes)})" if len(changes) > 1 else hour


@dataclass(frozen=True)
class Restriction:
    """A restriction of the selected cycles to those that a number of a report counts.

    With `outcome="orphan"` the selection has no effect: an orphan has no start, so no time range or filter applies.
    """

    outcome: Outcome | None = None
    goal: int | None = None
    steps: tuple[tuple[int, ...], ...] = ()
    """The masks of steps that must all be reached, each by any bit. Initial steps have none: every cycle has them."""

    buckets: tuple[tuple[Bucket, int, int], ...] = ()
    """Buckets, each with its first and last value, both included."""

    lacks: tuple[int, ...] | None = None
    """The mask of the steps of which none may be reached."""

    completed: bool | None = None
    """True for completed cycles only, False for all others, None for both."""

    parts: tuple[tuple[Dimension, tuple[str, ...] | None], ...] = ()
    """Dimensions, each with the accepted values, or None for cycles without a value."""

    in_order: tuple[str, ...] = ()
    """The ids of steps of one goal that must all be reached, each first no later than the next."""

    arrived: Arrival | None = None
    """A step of one goal, and how long after their start the cycles must have reached it."""


@dataclass(frozen=True)
class Arrival:
    """A step with the mask `step`, or the initial step for None, reached in a half-open range of microseconds."""

    step: tuple[int, ...] | None
    since: int
    until: int


class Tally(NamedTuple):
    """The number of cycles of a goal with the same masks and `key`: a value for each requested bucket and dimension."""

    goal: int
    period: Period
    key: tuple[Any, ...]
    cycles: int
    masks: tuple[int, ...]
    first: int = 0
    last: int = 0
    """The first and last start of these cycles, in microseconds since 1970, if requested."""


def tally(
    reader: EventReader,
    selection: Selection,
    *,
    by: Sequence[Bucket | Dimension],
    previous: TimeRange | None = None,
    later: TimeRange | None = None,
    extent: bool = False,
) -> list[Tally]:
    """Count the selected cycles by goal, mask and key, in one scan of the log.

    Cycles of the ranges `previous` and `later` are counted as well, with keys of None. `extent` adds the first and the
    last start. All orphans of the log are counted, too, whatever is selected.
    """
    values = Values()
    keyed = _Keyed(reader, selection, by)
    now = within_range(selection.time_range, values)
    others = [
        (within_range(time_range, values), period)
        for time_range, period in ((previous, PREVIOUS), (later, LATER))
        if time_range
    ]
    cases = " ".join(f"WHEN {within} THEN {period}" for within, period in [(now, CURRENT), *others])
    period = f"CASE WHEN started IS NULL THEN {ORPHAN} {cases} END"
    spans = f"({' OR '.join([now, *(within for within, _ in others)])})"
    conditions = matching(selection, values)
    named = "".join(f", CASE WHEN {now} THEN {sql} END AS {key}" for key, sql in keyed.keys.items())
    grouped = ", ".join(["goal", "period", *keyed.keys, *keyed.masks])
    between = ", min(started) AS first, max(started) AS last" if extent else ""
    found = ask_cycles(
        reader,
        keyed.attributes,
        lambda cycles: reader.rows(
            f"""SELECT {grouped}{between}, count(*), max(openings) FROM (
                    SELECT goal, started, openings, {", ".join(keyed.masks)}, {period} AS period{named}
                    FROM ({cycles}) c WHERE started IS NULL OR ({spans} AND {conditions})
                ) c GROUP BY {grouped}""",
            values.bound,
        ),
    )
    first = 2 + len(by)
    end = first + reader.words
    return [Tally(row[0], row[1], row[2:first], row[-2], row[first:end], *row[end:-2]) for row in found]


class _Keyed:
    """The columns by which cycles are counted."""

    def __init__(self, reader: EventReader, selection: Selection, by: Sequence[Bucket | Dimension]) -> None:
        parts = [COLUMNS[one] for one in by if not isinstance(one, Bucket)]
        self.attributes = list(dict.fromkeys([*selection.attributes, *parts]))
        self.keys = {
            f"key{place}": one.sql if isinstance(one, Bucket) else f'"{COLUMNS[one]}"' for place, one in enumerate(by)
        }
        self.masks = mask_columns(reader)


def mask_columns(reader: EventReader) -> list[str]:
    """Return the names of the columns of masks."""
    return [f"mask{word}" for word in range(reader.words)]


def matching(selection: Selection, values: Values) -> str:
    """Return the condition for the selected cycles, apart from the time range, for `ask_cycles`."""
    conditions = selection.conditions(values)
    return f"(openings > 1 OR ({' AND '.join(conditions)}))" if conditions else "true"


def ask_cycles(
    reader: EventReader,
    attributes: Sequence[str],
    ask: Callable[[str], list[tuple[Any, ...]]],
    goals: Sequence[int] | None = None,
    **further: str,
) -> list[tuple[Any, ...]]:
    """Return the answer to a query over cycles, with attributes that are settled only if need be.

    `ask` gets the query of cycles (of `goals`, where given) with `attributes` and the aggregates `further`. It returns
    rows whose last column is the greatest number of initial events of their cycles, and applies conditions as
    `matching` gives them.
    """
    if attributes and not reader.findings.restarts:
        rows = ask(reader.cycles_sql(attributes, further, goals=goals, settled=False))
        if all((row[-1] or 0) <= 1 for row in rows):
            return rows
        reader.findings.restarts = True
    return ask(reader.cycles_sql(attributes, further, goals=goals))


def tally_each(
    reader: EventReader,
    selection: Selection,
    *,
    by: Sequence[Bucket | Dimension],
    previous: TimeRange | None = None,
    earlier: Sequence[str] = (),
) -> list[list[Tally]]:
    """Count the selected cycles and those of an earlier range by each key separately, in one scan of the log.

    Without an earlier range, the selected cycles with one of the snapshots `earlier` are the earlier ones.
    """
    values = Values()
    keyed = _Keyed(reader, selection, by)
    now = within = within_range(selection.time_range, values)
    if previous is not None:
        within = f"({now} OR {within_range(previous, values)})"
    else:
        now = "NOT " + values.is_one_of('"snapshotName"', earlier)
    conditions = matching(selection, values)
    masks = ", ".join(keyed.masks)
    named = ", ".join(f"{sql} AS {key}" for key, sql in keyed.keys.items())

    def keep(cycles: str) -> list[tuple[Any, ...]]:
        reader.keep_rows(
            "chosen",
            f"""SELECT goal, CASE WHEN {now} THEN {CURRENT} ELSE {PREVIOUS} END AS period, openings, {masks}, {named}
                FROM ({cycles}) c WHERE {within} AND {conditions}""",
            values.bound,
        )
        return reader.rows("SELECT max(openings) FROM chosen")

    ask_cycles(reader, keyed.attributes, keep, selection.goals)
    found = []
    for key in keyed.keys:
        rows = reader.rows(
            f"SELECT goal, period, {key}, count(*), {masks} FROM chosen GROUP BY goal, period, {key}, {masks}"
        )
        found.append([Tally(row[0], row[1], (row[2],), row[3], row[4:]) for row in rows])
    return found


def arrival_of(step: tuple[int, ...] | None, values: Values) -> tuple[str, str]:
    """Return the aggregate `arrived`, the time at which a cycle first reached a step, and whether it did."""
    if step is None:
        arriving, has = "s.initial", "true"
    else:
        bits = [(word, values.add(mask)) for word, mask in enumerate(step)]
        arriving = " OR ".join(f"(s.word = {word} AND (s.bit & {mask}) <> 0)" for word, mask in bits)
        has = " OR ".join(f"(mask{word} & {mask}) <> 0" for word, mask in bits)
    return f"min(CASE WHEN {arriving} THEN e.moment END)", f"({has}) AND arrived IS NOT NULL"


@dataclass(frozen=True, slots=True)
class CycleRow:
    """A cycle of the log. `started` is in microseconds since 1970; None for an orphan."""

    masks: tuple[int, ...]
    goal: int
    cycle: str
    started: int | None
    outcome: Outcome
    initial_step: str
    """The step of the first event: the initial step, unless the cycle is an orphan."""

    session: str
    endpoint: str | None
    locale: str | None
    snapshot: str | None
    version: str


def list_cycles(reader: EventReader, selection: Selection, restriction: Restriction) -> int:
    """Find the cycles, newest first, keep them in a table of the session for `page`, and return their number."""
    reader.make_completions()
    values = Values()
    further: dict[str, str] = {}
    conditions = _restricted(selection, restriction, values, further)
    orphans = restriction.outcome == "orphan"
    attributes = [] if orphans else selection.attributes
    attributes = list(dict.fromkeys([*attributes, *(COLUMNS[dimension] for dimension, _ in restriction.parts)]))
    masks = mask_columns(reader)
    completed = " OR ".join(f"(c.{mask} & d.{mask}) <> 0" for mask in masks)
    nothing = " AND ".join(f"c.{mask} = 0" for mask in masks)
    columns = ", ".join(masks)

    def keep(cycles: str) -> list[tuple[Any, ...]]:
        reader.keep_rows(
            "listed",
            f"""SELECT row_number() OVER (ORDER BY moment DESC, goal, cycle) - 1 AS place,
                       goal, cycle, started, moment, outcome, openings, {columns}
                FROM (
                    SELECT c.*, {"first_moment" if orphans else "c.started"} AS moment,
                           CASE WHEN c.started IS NULL THEN 'orphan' WHEN {completed} THEN 'completed'
                                WHEN {nothing} THEN 'incomplete' ELSE 'partial' END AS outcome
                    FROM ({cycles}) c JOIN completions d ON c.goal = d.goal
                ) c WHERE {conditions}""",
            values.bound,
        )
        return reader.rows("SELECT count(*), max(openings) FROM listed")

    if orphans:
        # Only settled cycles have the attributes of orphans.
        return int(keep(reader.cycles_sql(attributes, {"first_moment": "min(e.moment)"}))[0][0])
    return int(ask_cycles(reader, attributes, keep, selection.goals, **further)[0][0])


def page(reader: EventReader, offset: int, limit: int | None) -> list[CycleRow]:
    """Return a page of the cycles that `list_cycles` found, with the attributes that are read only for those."""
    columns = ["stepId", "sessionId", "endpointName", "localeName", "snapshotName", "version"]
    until = "" if limit is None else f" AND place < {offset + limit}"
    shown = f"SELECT * FROM listed WHERE place >= {offset:d}{until}"
    count, first, last = reader.rows(f"SELECT count(*), min(moment), max(moment) FROM ({shown}) c")[0]
    if not count:
        return []
    reader.check_times(first, last)
    # The attributes are those of a cycle's first event, whose time is known: few blocks of a sealed part are read.
    described = reader.attributes_sql(columns, f"SELECT cycle FROM ({shown}) c")
    taken = ", ".join([*(f'd."{column}"' for column in columns), *(f"c.{mask}" for mask in mask_columns(reader))])
    found = reader.rows(
        f"""SELECT c.goal, c.cycle, c.started, c.outcome, {taken}
            FROM ({shown}) c JOIN ({described}) d ON c.goal = d.goal AND c.cycle = d.cycle ORDER BY c.place""",
        {"since": instant(first).replace(tzinfo=None), "until": instant(last).replace(tzinfo=None)},
    )
    cycles = [CycleRow(row[10:], *row[:10]) for row in found]
    if any(cycle.session is None for cycle in cycles):
        raise reader.damaged("an event has no session")
    return cycles


def _restricted(selection: Selection, restriction: Restriction, values: Values, further: dict[str, str]) -> str:
    """Return the condition for the cycles to list. The aggregates that it needs are added to `further`."""
    found = []
    if restriction.outcome == "orphan":
        found.append("started IS NULL")
    else:
        found += [within_range(selection.time_range, values), matching(selection, values)]
        if restriction.outcome is not None:
            found.append(f"outcome = {values.add(restriction.outcome)}")
    if restriction.goal is not None:
        found.append(f"goal = {values.add(restriction.goal)}")
    for step in restriction.steps:
        bits = [f"(mask{word} & {values.add(mask)}) <> 0" for word, mask in enumerate(step)]
        found.append(f"({' OR '.join(bits)})")
    if restriction.lacks is not None:
        found += [f"(mask{word} & {values.add(mask)}) = 0" for word, mask in enumerate(restriction.lacks)]
    if restriction.completed is not None:
        found.append(f"outcome {'=' if restriction.completed else '<>'} 'completed'")
    for place, step_id in enumerate(restriction.in_order):
        further[f"at{place}"] = f"""min(CASE WHEN e."stepId" = {values.add(step_id)} THEN e.moment END)"""
        found.append(f"at{place} >= at{place - 1}" if place else "at0 IS NOT NULL")
    if restriction.arrived is not None:
        arrival = restriction.arrived
        further["arrived"], reached = arrival_of(arrival.step, values)
        found.append(f"{reached} AND arrived - started >= {values.add(arrival.since)}")
        found.append(f"arrived - started < {values.add(arrival.until)}")
    for bucket, first, last in restriction.buckets:
        found.append(f"{bucket.sql} BETWEEN {values.add(first)} AND {values.add(last)}")
    for dimension, parts in restriction.parts:
        column = f'"{COLUMNS[dimension]}"'
        same = f"{column} IS NULL" if parts is None else values.is_one_of(column, parts)
        found.append(f"(openings > 1 OR {same})")
    return " AND ".join(found)


def within_range(time_range: TimeRange, values: Values) -> str:
    """Return the condition for cycles that started in a range of time."""
    start, end = time_range
    found = []
    if start is not None:
        found.append(f"started >= {values.add(start)}")
    if end is not None:
        found.append(f"started < {values.add(end)}")
    return f"({' AND '.join(found) or 'started IS NOT NULL'})"


def _chosen(column: str, choice: Choice, values: Values, *, none_too: bool = False) -> Sequence[str]:
    if not choice:
        return []
    listed = values.is_one_of(column, choice.values)
    if choice.negated:
        return [f"({column} IS NULL OR NOT {listed})"]
    return [f"({column} IS NULL OR {listed})" if none_too else f"coalesce({listed}, false)"]


def _by_piece(pieces: Sequence[tuple[int, int]]) -> str:
    """Return SQL for a value that depends on `started`, given as pairs (valid from, value)."""
    if len(pieces) == 1:
        return f"({pieces[0][1]})"
    cases = " ".join(f"WHEN started >= {since} THEN {value}" for since, value in reversed(pieces[1:]))
    return f"(CASE {cases} ELSE {pieces[0][1]} END)"
