"""The columns of a log. Events and activities lie in the same kind of log and differ in nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from goals_tui.domain.activity import ACTIVITY_FIELDS
from goals_tui.domain.event import EARLIEST, FIELDS, LATEST


@dataclass(frozen=True)
class Schema:
    """A kind of log. `fields` are text, but `timestamp`; a record that lacks one of `needed` says nothing.

    `name` is what its records are called, and the view that holds them; `session` the field with the session's id.
    """

    name: str
    fields: tuple[str, ...]
    needed: tuple[str, ...]
    session: str

    @cached_property
    def appended(self) -> str:
        """The name of the file that records are appended to."""
        return f"{self.name}.jsonl"

    @cached_property
    def needed_texts(self) -> tuple[str, ...]:
        """The needed fields but `timestamp`."""
        return tuple(name for name in self.needed if name != "timestamp")

    @cached_property
    def columns(self) -> str:
        """The fields, for SELECT."""
        return ", ".join(f'"{name}"' for name in self.fields)

    @cached_property
    def readable(self) -> str:
        """The condition under which a row with these columns is a record (the same as `lines.read_line`)."""
        return " AND ".join(f"\"{name}\" <> ''" for name in self.needed_texts) + (
            f" AND timestamp >= TIMESTAMP '{EARLIEST:%Y-%m-%d}' AND timestamp < TIMESTAMP '{LATEST:%Y-%m-%d}'"
        )

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
        """The columns of a line, for SELECT, given each field as JSON; `id` is null where the line is unreadable."""
        # DuckDB would take numbers, lists and objects for text.
        texts = " AND ".join(f'coalesce(starts_with("{name}"::VARCHAR, \'"\'), true)' for name in self.fields)
        others = ", ".join(f'"{name}"->>\'$\' AS "{name}"' for name in self.fields if name not in ("id", "timestamp"))
        return (
            f"CASE WHEN {texts} THEN id->>'$' END AS id, {others}, "
            "TRY_CAST(timestamp->>'$' AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS timestamp"
        )


EVENTS = Schema("events", FIELDS, ("id", "timestamp", "goalId", "stepId", "goalCycleId", "sessionId"), "sessionId")
ACTIVITIES = Schema("activities", ACTIVITY_FIELDS, ("id", "timestamp", "session_id", "kind"), "session_id")
