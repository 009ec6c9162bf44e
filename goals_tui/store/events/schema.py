"""The columns of a log, in which logs of events and of activities differ."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from goals_tui.domain.activity import ACTIVITY_FIELDS
from goals_tui.domain.event import EARLIEST, FIELDS, LATEST


@dataclass(frozen=True)
class Schema:
    """The schema of a kind of log.

    `name` is the name of its records and of the view that holds them. `fields` are text, except for `timestamp`; a
    record without one of the `needed` fields is unreadable. `session` is the field with the session id.
    """

    name: str
    fields: tuple[str, ...]
    needed: tuple[str, ...]
    session: str
    expiry: str | None = None
    """The field with the moment at which a record expires by itself, in ISO 8601."""

    @cached_property
    def appended(self) -> str:
        """The name of the file to which records are appended."""
        return f"{self.name}.jsonl"

    @cached_property
    def needed_texts(self) -> tuple[str, ...]:
        """The needed fields without `timestamp`."""
        return tuple(name for name in self.needed if name != "timestamp")

    @cached_property
    def columns(self) -> str:
        """The fields, for SELECT."""
        return ", ".join(f'"{name}"' for name in self.fields)

    @cached_property
    def readable(self) -> str:
        """The SQL condition under which a row is a readable record, equivalent to `lines.read_line`."""
        return " AND ".join(f"\"{name}\" <> ''" for name in self.needed_texts) + (
            f" AND timestamp >= TIMESTAMP '{EARLIEST:%Y-%m-%d}' AND timestamp < TIMESTAMP '{LATEST:%Y-%m-%d}'"
        )

    def expired(self, now: datetime, before: datetime | None) -> str:
        """Return the SQL condition for records that expired by `now`, or are from before `before`. It is never NULL."""
        conditions = [] if before is None else [f"timestamp < {_literal(before)}"]
        if self.expiry is not None:
            moment = f"TRY_CAST(\"{self.expiry}\" AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
            conditions.append(f"coalesce({moment} <= {_literal(now)}, false)")
        return " OR ".join(conditions) or "false"

    @cached_property
    def kinds(self) -> dict[str, str]:
        """The types of the columns, by name."""
        return {name: "TIMESTAMP" if name == "timestamp" else "VARCHAR" for name in self.fields}

    @cached_property
    def table(self) -> str:
        """The columns with their types, for CREATE TABLE."""
        return ", ".join(f'"{name}" {kind}' for name, kind in self.kinds.items())

    @cached_property
    def of_line(self) -> str:
        """The columns of a line, for SELECT, given each field as JSON; `id` is null if the line is unreadable."""
        # DuckDB would turn numbers, lists and objects into text.
        texts = " AND ".join(f'coalesce(starts_with("{name}"::VARCHAR, \'"\'), true)' for name in self.fields)
        others = ", ".join(f'"{name}"->>\'$\' AS "{name}"' for name in self.fields if name not in ("id", "timestamp"))
        return (
            f"CASE WHEN {texts} THEN id->>'$' END AS id, {others}, "
            "TRY_CAST(timestamp->>'$' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS timestamp"
        )


def _literal(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"


EVENTS = Schema(
    "events",
    FIELDS,
    needed=("id", "timestamp", "goalId", "stepId", "goalCycleId", "sessionId"),
    session="sessionId",
    expiry="expiresAt",
)
ACTIVITIES = Schema("activities", ACTIVITY_FIELDS, ("id", "timestamp", "session_id", "kind"), "session_id")
