"""How many events and cycles belong to a goal or one of its steps: what a deletion would take."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goals_tui.store.events.log import EventLog


def count_events(log: EventLog, goal_id: str, step_id: str | None = None) -> tuple[int, int]:
    """Events and distinct cycles of a goal, or of one of its steps."""
    if log.is_empty():
        return 0, 0
    where, values = "goalId = ?", [goal_id]
    if step_id is not None:
        where, values = f"{where} AND stepId = ?", [goal_id, step_id]
    from goals_tui.store.events.reader import damage_named

    with log.connect() as connection, damage_named(log.path):
        row = connection.execute(
            f"SELECT count(*), count(DISTINCT goalCycleId) FROM events WHERE {where}", values
        ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)
