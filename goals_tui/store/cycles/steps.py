"""Queries over the steps of the cycles of one goal: when they were reached, and what came after the last of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

from goals_tui.domain.statistics import Departures
from goals_tui.store.cycles.queries import (
    CURRENT,
    Selection,
    Tally,
    arrival_of,
    ask_cycles,
    mask_columns,
    matching,
    within_range,
)
from goals_tui.store.cycles.reader import EventReader, Values


class Next(NamedTuple):
    """The number of cycles that dropped off after step number `after` and had this step next in their session."""

    after: int
    goal: int
    step_id: str
    cycles: int


def choose(reader: EventReader, selection: Selection) -> list[Tally]:
    """Keep the selected cycles in a table of the session, for `came_next`, and count them by goal and mask."""
    values = Values()
    within, conditions = within_range(selection.time_range, values), matching(selection, values)
    masks = ", ".join(mask_columns(reader))

    def keep(cycles: str) -> list[tuple[Any, ...]]:
        reader.keep_rows(
            "chosen",
            f"""SELECT goal, cycle, openings, first_session, last_session, last_moment AS ended, {masks}
                FROM ({cycles}) c WHERE {within} AND {conditions}""",
            values.bound,
        )
        return reader.rows(f"SELECT goal, count(*), {masks}, max(openings) FROM chosen GROUP BY goal, {masks}")

    rows = ask_cycles(
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
    masks = mask_columns(reader)
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
    arrived, reached = arrival_of(step, values)
    within, conditions = within_range(selection.time_range, values), matching(selection, values)
    current = values.add(now)
    attributes = [f'"{name}"' for name in selection.attributes]
    columns = ", ".join(["goal", "started", "test", "openings", *attributes])
    # Cycles that began in the same moment are ordered by all that the answer depends on: by their ids it takes longer.
    order = ", ".join(["started", "test", "coalesce(arrived, 0)", *(f"coalesce({name}, '')" for name in attributes)])
    following = f"""min(started) OVER (PARTITION BY session ORDER BY {order}
                                       ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING) AS following"""

    def followed(cycles: str) -> str:
        """Return a query of the cycles that have a start, each with the start of the next one of its session."""
        begun = f"""SELECT {columns}, CASE WHEN {reached} THEN arrived END AS arrived,
                           coalesce("sessionId", '') AS session
                    FROM ({cycles}) c WHERE started IS NOT NULL"""
        if not reader.computes_once:
            return f"SELECT {columns}, arrived, {following} FROM ({begun}) c"
        # Most sessions have one cycle: only the others are put in order, which takes long.
        several = "SELECT session FROM begun GROUP BY session HAVING count(*) > 1"
        return f"""WITH begun AS MATERIALIZED ({begun})
            SELECT {columns}, arrived, CASE WHEN started IS NULL THEN started END AS following
            FROM begun WHERE session NOT IN ({several})
            UNION ALL SELECT {columns}, arrived, {following} FROM begun WHERE session IN ({several})"""

    rows = ask_cycles(
        reader,
        [*selection.attributes, "sessionId"],
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
                            SELECT openings, CASE WHEN arrived IS NOT NULL THEN 1 ELSE 0 END AS reached,
                                   CASE WHEN arrived IS NULL AND following <= {current} THEN 1 ELSE 0 END AS superseded,
                                   CASE WHEN arrived IS NOT NULL THEN arrived - started
                                        WHEN following <= {current} THEN following - started
                                        WHEN started < {current} THEN {current} - started ELSE 0 END AS waited
                            FROM ({followed(cycles)}) c WHERE {within} AND {conditions}
                        ) c GROUP BY waited
                    ) c
                ) c WHERE place = 1 OR reached + superseded > 0 ORDER BY waited""",
            values.bound,
        ),
        arrived=arrived,
    )
    return [
        Departures(micros / 1e6, int(reached), int(superseded), int(longer - (later[3] if later else 0)))
        for (micros, reached, superseded, longer, _), later in zip_longest(rows, rows[1:])
    ]


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
    within, conditions = within_range(selection.time_range, values), matching(selection, values)
    masks = mask_columns(reader)
    together = ", ".join(f"bit_or({mask})" for mask in masks)

    def keep(cycles: str) -> list[tuple[Any, ...]]:
        reader.keep_rows(
            "chosen",
            f"SELECT cycle, started, openings, {', '.join(masks)} FROM ({cycles}) c WHERE {within} AND {conditions}",
            values.bound,
        )
        return reader.rows(f"SELECT count(*), {together}, max(openings) FROM chosen")

    started, *all_masks = ask_cycles(reader, selection.attributes, keep)[0][:-1]
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
