"""Events and logs for the tests of the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from goals_tui.domain.event import GoalEvent
from goals_tui.store.events.log import EventLog

START = datetime(2026, 10, 1, tzinfo=UTC)


def event(number: int, **fields: Any) -> GoalEvent:
    """Event e<number>, one second after the one before; goal g, step s, session and cycle of their own by fours."""
    return GoalEvent(
        **{
            "id": f"e{number}",
            "timestamp": START + timedelta(seconds=number),
            "goal_cycle_id": f"c{number // 4}",
            "step_id": f"s{number % 4}",
            "goal_id": "g",
            "session_id": f"session {number // 4}",
            **fields,
        }
    )


def events(*numbers: int, **fields: Any) -> list[GoalEvent]:
    return [event(number, **fields) for number in numbers]


def new_log(folder: Path) -> EventLog:
    """A log with a folder of its own, or the one that is there opened anew, as another process would."""
    (folder / "events").mkdir(parents=True, exist_ok=True)
    return EventLog(folder / "events")


def ids(log: EventLog) -> list[str]:
    """The ids of all events, sorted, as often as they are there."""
    with log.connect() as connection:
        return [row[0] for row in connection.execute("SELECT id FROM events ORDER BY id").fetchall()]


def files(log: EventLog) -> list[str]:
    """The names in the log's folder without their random part, locks left out."""
    names = (path.name for path in log.path.iterdir() if path.suffix != ".lock")
    return sorted(name.partition("-")[0] + ("-*" + Path(name).suffix if "-" in name else "") for name in names)
