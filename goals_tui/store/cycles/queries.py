"""Queries over the cycles of the event log: tallies for reports, funnels, and lists that are read page by page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal, NamedTuple

from goals_tui.domain.filters import EVERYTHING, Choice, Dimension
from goals_tui.domain.report import Outcome
from goals_tui.domain.statistics import Departures
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
    now = _within(selection.time_range, values)
    others = [
        (_within(time_range, values), period)
        for time_range, period in ((previous, PREVIOUS), (later, LATER))
        if time_range
    ]
    cases = " ".join(f"WHEN {within} THEN {period}" for within, period in [(now, CURRENT), *others])
    period = f"CASE WHEN started IS NULL THEN {ORPHAN} {cases} END"
    spans = f"({' OR '.join([now, *(within for within, _ in others)])})"
    conditions = _matching(selection, values)
    named = "".join(f", CASE WHEN {now} THEN {sql} END AS {key}" for key, sql in keyed.keys.items())
    grouped = ", ".join(["goal", "period", *keyed.keys, *keyed.masks])
    between = ", min(started) AS first, max(started) AS last" if extent else ""
    found = _ask(
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
        self.masks = _masks(reader)


def _masks(reader: EventReader) -> list[str]:
    return [f"mask{word}" for word in range(reader.words)]


def _matching(selection: Selection, values: Values) -> str:
    """Return the condition for the selected cycles, apart from the time range, for `_ask`."""
    conditions = selection.conditions(values)
    return f"(openings > 1 OR ({' AND '.join(conditions)}))" if conditions else "true"


def _ask(
    reader: EventReader,
    attributes: Sequence[str],
    ask: Callable[[str], list[tuple[Any, ...]]],
    goals: Sequence[int] | None = None,
    **further: str,
) -> list[tuple[Any, ...]]:
    """Return the answer to a query over cycles, with attributes that are settled only if need be.

    `ask` gets the query of cycles (of `goals`, where given) with `attributes` and the aggregates `further`. It returns
    rows whose last column is the greatest number of initial events of their cycles, and applies conditions as
    `_matching` gives them.
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
    now = within = _within(selection.time_range, values)
    if previous is not None:
        within = f"({now} OR {_within(previous, values)})"
    else:
        now = "NOT " + values.is_one_of('"snapshotName"', earlier)
    conditions = _matching(selection, values)
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

    _ask(reader, keyed.attributes, keep, selection.goals)
    found = []
    for key in keyed.keys:
        rows = reader.rows(
            f"SELECT goal, period, {key}, count(*), {masks} FROM chosen GROUP BY goal, period, {key}, {masks}"
        )
        found.append([Tally(row[0], row[1], (row[2],), row[3], row[4:]) for row in rows])
    return found


class Next(NamedTuple):
    """The number of cycles that dropped off after step number `after` and had this step next in their session."""

    after: int
    goal: int
    step_id: str
    cycles: int


def choose(reader: EventReader, selection: Selection) -> list[Tally]:
    """Keep the selected cycles in a table of the session, for `came_next`, and count them by goal and mask."""
    values = Values()
    within, conditions = _within(selection.time_range, values), _matching(selection, values)
    masks = ", ".join(_masks(reader))

    def keep(cycles: str) -> list[tuple[Any, ...]]:
        reader.keep_rows(
            "chosen",
            f"""SELECT goal, cycle, openings, first_session, last_session, last_moment // 2 AS ended, {masks}
                FROM ({cycles}) c WHERE {within} AND {conditions}""",
            values.bound,
        )
        return reader.rows(f"SELECT goal, count(*), {masks}, max(openings) FROM chosen GROUP BY goal, {masks}")

    rows = _ask(
        reader,
        selection.attributes,
        keep,
        selection.goals,
        first_session='min(e."sessionId")',
        last_session='max(e."sessionId")',
        last_moment="max(e.moment)",
    )
    return [Tally(row[0], CURRENT, (), row[1], row[2:-1]) for row in rows]


def came_next(reader: EventReader, dropped: Mapping[tuple[int, tuple[int, ...]], int]) -> list[Next]:
    """Count the steps that came first in the sessions of chosen cycles after these cycles' last events.

    `dropped` maps goal and mask of the cycles that dropped off, among those kept by `choose`, to a number for the step
    after which they did. Cycles with no later event in their session are left out.
    """
    masks = _masks(reader)
    reader.make_table(
        "dropped",
        {
            "goal": ("INTEGER", [goal for goal, _ in dropped]),
            "after": ("INTEGER", list(dropped.values())),
            **{mask: ("BIGINT", [of[word] for _, of in dropped]) for word, mask in enumerate(masks)},
        },
    )
    same = " AND ".join(f"c.{mask} = d.{mask}" for mask in masks)
    reader.keep_rows(
        "lost",
        f"""SELECT d.after AS after, c.goal AS goal, c.cycle AS cycle, c.ended AS ended,
                   c.first_session AS session, CASE WHEN c.first_session = c.last_session THEN 0 ELSE 1 END AS odd
            FROM chosen c JOIN dropped d ON c.goal = d.goal AND {same}""",
        {},
    )
    # The cycle's last moment and its only session, which the scan of cycles gave, say what came later. Only where an
    # event of another cycle came in that same moment, or the cycle spans sessions, is its last event looked for.
    reader.keep_rows(
        "following",
        f"""SELECT after, lost, cycle, goal, step, tied FROM (
                SELECT l.after AS after, l.goal AS lost, l.cycle AS cycle, s.goal AS goal, e."stepId" AS step,
                       CASE WHEN epoch_us(e."timestamp") = l.ended THEN 1 ELSE 0 END AS tied,
                       row_number() OVER (PARTITION BY l.goal, l.cycle
                                          ORDER BY e."timestamp", s.rank, e.id) AS place
                FROM lost l
                JOIN {reader.stepping_sql("sessionId", "SELECT session FROM lost")} e ON e."sessionId" = l.session
                JOIN step_bits s ON {reader.joined}
                WHERE l.odd = 0 AND epoch_us(e."timestamp") >= l.ended
                  AND (s.goal <> l.goal OR e."goalCycleId" <> l.cycle)
            ) WHERE place = 1""",
        {},
    )
    reader.keep_rows(
        "odd",
        """SELECT after, goal, cycle FROM lost WHERE odd = 1
           UNION ALL SELECT after, lost AS goal, cycle FROM following WHERE tied = 1""",
        {},
    )
    found = reader.rows("SELECT after, goal, step, count(*) FROM following WHERE tied = 0 GROUP BY after, goal, step")
    if reader.rows("SELECT count(*) FROM odd")[0][0]:
        found += _after_last_events(reader)
    return [Next(*row) for row in found]


def _after_last_events(reader: EventReader) -> list[tuple[Any, ...]]:
    """Return the rows of `came_next` for the cycles in the table `odd`, by the order of events within a moment."""
    return reader.rows(
        f"""WITH ended AS (
                SELECT c.after AS after, c.goal AS goal, c.cycle AS cycle, e."sessionId" AS session,
                       e."timestamp" AS moment, s.rank AS rank, e.id AS id,
                       row_number() OVER (PARTITION BY c.goal, c.cycle
                                          ORDER BY e."timestamp" DESC, s.rank DESC, e.id DESC) AS place
                FROM odd c
                JOIN {reader.stepping_sql("goalCycleId", "SELECT cycle FROM odd")} e ON e."goalCycleId" = c.cycle
                JOIN step_bits s ON {reader.joined} AND s.goal = c.goal
            ), later AS (
                SELECT l.after AS after, s.goal AS goal, e."stepId" AS step,
                       row_number() OVER (PARTITION BY l.goal, l.cycle
                                          ORDER BY e."timestamp", s.rank, e.id) AS place
                FROM (SELECT * FROM ended WHERE place = 1) l
                JOIN {reader.stepping_sql("sessionId", "SELECT session FROM ended")} e ON e."sessionId" = l.session
                JOIN step_bits s ON {reader.joined}
                WHERE (s.goal <> l.goal OR e."goalCycleId" <> l.cycle)
                  AND (e."timestamp" > l.moment OR (e."timestamp" = l.moment
                       AND (s.rank > l.rank OR (s.rank = l.rank AND e.id > l.id))))
            )
            SELECT after, goal, step, count(*) FROM later WHERE place = 1 GROUP BY after, goal, step"""
    )


def waits(reader: EventReader, selection: Selection, step: tuple[int, ...] | None, now: int) -> list[Departures]:
    """Count the selected cycles by how long they waited for the step with the mask `step`, the shortest first.

    Open cycles, each of which waits for a time of its own, are counted at the last departure before: there is one for
    each time at which a cycle reached the step or was superseded, and for the shortest wait.
    `step` is None for the initial step. The reader must have the step bits of one goal only. `now` is in microseconds
    since 1970.
    """
    values = Values()
    within, conditions = _within(selection.time_range, values), _matching(selection, values)
    arrived, reached = _arrival(step, values)
    current = values.add(now)
    ends = {
        "reached": f"CASE WHEN {reached} THEN 1 ELSE 0 END",
        "superseded": f"CASE WHEN NOT ({reached}) AND following <= {current} THEN 1 ELSE 0 END",
    }
    # Cycles that began in the same moment are ordered by all that the answer depends on: by their ids it takes longer.
    attributes = (f"""coalesce("{name}", '')""" for name in selection.attributes)
    order = ", ".join(["started", "test", *_masks(reader), "coalesce(arrived, 0)", *attributes])
    rows = _ask(
        reader,
        selection.attributes,
        lambda cycles: reader.rows(
            f"""SELECT waited, reached, superseded, longer, openings FROM (
                    SELECT waited, reached, superseded, max(openings) OVER () AS openings,
                           sum(cycles - reached - superseded) OVER (ORDER BY waited DESC
                               ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS longer,
                           row_number() OVER (ORDER BY waited) AS place
                    FROM (
                        SELECT waited, sum(reached) AS reached, sum(superseded) AS superseded, count(*) AS cycles,
                               max(openings) AS openings
                        FROM (
                            SELECT openings, {", ".join(f"{sql} AS {name}" for name, sql in ends.items())},
                                   CASE WHEN {reached} THEN arrived // 2 - started
                                        WHEN following <= {current} THEN following - started
                                        WHEN started < {current} THEN {current} - started ELSE 0 END AS waited
                            FROM (
                                SELECT c.*, min(started) OVER (PARTITION BY session ORDER BY {order}
                                                               ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING) AS following
                                FROM ({cycles}) c WHERE started IS NOT NULL
                            ) c WHERE {within} AND {conditions}
                        ) c GROUP BY waited
                    ) c
                ) c WHERE place = 1 OR reached + superseded > 0 ORDER BY waited""",
            values.bound,
        ),
        arrived=arrived,
        session='min(CASE WHEN s.initial THEN e."sessionId" END)',
    )
    return [
        Departures(micros / 1e6, int(reached), int(superseded), int(longer - (later[3] if later else 0)))
        for (micros, reached, superseded, longer, _), later in zip_longest(rows, rows[1:])
    ]


def _arrival(step: tuple[int, ...] | None, values: Values) -> tuple[str, str]:
    """Return the aggregate `arrived`, twice the time at which a cycle first reached a step, and whether it did."""
    if step is None:
        arriving, has = "s.initial", "true"
    else:
        bits = [(word, values.add(mask)) for word, mask in enumerate(step)]
        arriving = " OR ".join(f"(s.word = {word} AND (s.bit & {mask}) <> 0)" for word, mask in bits)
        has = " OR ".join(f"(mask{word} & {mask}) <> 0" for word, mask in bits)
    return f"min(CASE WHEN {arriving} THEN e.moment END)", f"({has}) AND arrived IS NOT NULL"


@dataclass(frozen=True, slots=True)
class StepTimes:
    """The number of cycles that reached a step, with quantiles of the seconds from the cycle's start to the step."""

    step_id: str
    reached: int
    median: float
    p90: float


def step_times(
    reader: EventReader, selection: Selection, goal_id: str, order: Sequence[str] | None = None
) -> tuple[int, tuple[int, ...], list[StepTimes]]:
    """Return the number of selected cycles, all their masks combined, and the times of the steps that they reached.

    With `order`, the ids of steps, a cycle counts at a step only if it reached all steps before it in this order, each
    first no later than the next. The reader must have the step bits of this goal only.
    """
    values = Values()
    within, conditions = _within(selection.time_range, values), _matching(selection, values)
    masks = _masks(reader)
    together = ", ".join(f"bit_or({mask})" for mask in masks)

    def keep(cycles: str) -> list[tuple[Any, ...]]:
        reader.keep_rows(
            "chosen",
            f"SELECT cycle, started, openings, {', '.join(masks)} FROM ({cycles}) c WHERE {within} AND {conditions}",
            values.bound,
        )
        return reader.rows(f"SELECT count(*), {together}, max(openings) FROM chosen")

    started, *all_masks = _ask(reader, selection.attributes, keep)[0][:-1]
    if not started:
        return 0, tuple(0 for _ in masks), []
    named = Values()
    found = reader.rows(
        f"""WITH reached AS (
               SELECT c.cycle AS cycle, e."stepId" AS step, epoch_us(min(e."timestamp")) - c.started AS after
               FROM events e JOIN chosen c ON e."goalCycleId" = c.cycle
               WHERE e."goalId" = {named.add(goal_id)}
               GROUP BY c.cycle, c.started, e."stepId"
           ){_in_order(order, named)}
           SELECT step, count(*), quantile_cont(after, 0.5), quantile_cont(after, 0.9)
           FROM {"reached" if order is None else "in_order WHERE counts = 1"} GROUP BY step""",
        named.bound,
    )
    times = [StepTimes(step, count, round(median) / 1e6, round(p90) / 1e6) for step, count, median, p90 in found]
    return started, tuple(all_masks), times


def _in_order(order: Sequence[str] | None, values: Values) -> str:
    """Return SQL that adds a table to `reached`: whether a cycle reached all steps before a step, one after the other.

    Where `order` is None, there is nothing to add.
    """
    if order is None:
        return ""
    places = " ".join(f"WHEN {values.add(step)} THEN {place}" for place, step in enumerate(order))
    until_now = "PARTITION BY cycle ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    return f""", placed AS (
               SELECT cycle, step, after, CASE step {places} END AS place FROM reached
           ), following AS (
               SELECT cycle, step, after, place,
                      CASE WHEN row_number() OVER (PARTITION BY cycle ORDER BY place) = place + 1
                            AND after = max(after) OVER ({until_now}) THEN 1 ELSE 0 END AS follows
               FROM placed WHERE place IS NOT NULL
           ), in_order AS (
               SELECT step, after, min(follows) OVER ({until_now}) AS counts FROM following
           )"""


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
    values = Values()
    further = {"moment": "min(CASE WHEN s.initial THEN e.moment END) // 2"}
    conditions = _restricted(selection, restriction, values, further)
    orphans = restriction.outcome == "orphan"
    attributes = [] if orphans else selection.attributes
    attributes = list(dict.fromkeys([*attributes, *(COLUMNS[dimension] for dimension, _ in restriction.parts)]))
    masks = _masks(reader)
    completed = " OR ".join(f"(c.{mask} & d.{mask}) <> 0" for mask in masks)
    nothing = " AND ".join(f"c.{mask} = 0" for mask in masks)
    columns = ", ".join(masks)

    def keep(cycles: str) -> list[tuple[Any, ...]]:
        reader.keep_rows(
            "listed",
            f"""SELECT row_number() OVER (ORDER BY moment DESC, goal, cycle) - 1 AS place,
                       goal, cycle, started, moment, outcome, openings, {columns}
                FROM (
                    SELECT c.*, CASE WHEN c.started IS NULL THEN 'orphan' WHEN {completed} THEN 'completed'
                                     WHEN {nothing} THEN 'incomplete' ELSE 'partial' END AS outcome
                    FROM ({cycles}) c JOIN completions d ON c.goal = d.goal
                ) c WHERE {conditions}""",
            values.bound,
        )
        return reader.rows("SELECT count(*), max(openings) FROM listed")

    if orphans:
        # Only settled cycles have the attributes of orphans.
        return int(keep(reader.cycles_sql(attributes, {"moment": "min(e.moment) // 2"}))[0][0])
    return int(_ask(reader, attributes, keep, selection.goals, **further)[0][0])


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
    taken = ", ".join([*(f'd."{column}"' for column in columns), *(f"c.{mask}" for mask in _masks(reader))])
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
        found += [_within(selection.time_range, values), _matching(selection, values)]
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
        further[f"at{place}"] = f"""min(CASE WHEN e."stepId" = {values.add(step_id)} THEN e.moment // 2 END)"""
        found.append(f"at{place} >= at{place - 1}" if place else "at0 IS NOT NULL")
    if restriction.arrived is not None:
        arrival = restriction.arrived
        further["arrived"], reached = _arrival(arrival.step, values)
        found.append(f"{reached} AND arrived // 2 - started >= {values.add(arrival.since)}")
        found.append(f"arrived // 2 - started < {values.add(arrival.until)}")
    for bucket, first, last in restriction.buckets:
        found.append(f"{bucket.sql} BETWEEN {values.add(first)} AND {values.add(last)}")
    for dimension, parts in restriction.parts:
        column = f'"{COLUMNS[dimension]}"'
        matching = f"{column} IS NULL" if parts is None else values.is_one_of(column, parts)
        found.append(f"(openings > 1 OR {matching})")
    return " AND ".join(found)


def _within(time_range: TimeRange, values: Values) -> str:
    start, end = time_range
    found = ["started IS NOT NULL"]
    if start is not None:
        found.append(f"started >= {values.add(start)}")
    if end is not None:
        found.append(f"started < {values.add(end)}")
    return "(" + " AND ".join(found) + ")"


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
