"""What an import did, and what it had to leave out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from goals_tui.domain.model import clean_line
from goals_tui.domain.words import counted

Progress = Callable[[float, str], None]
"""Hears how much is done, from 0 to 1, and with what. What it raises stops the import before it writes."""

MOST_NAMED = 100
"""So many broken records are named; the others are counted."""

_LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class BrokenRecord:
    """A record that was left out. `record` counts from 1 within `file`; None: the file as a whole."""

    file: str
    record: int | None
    why: str

    def __str__(self) -> str:
        place = self.file if self.record is None else f"{self.file}, record {self.record:,}"
        return f"{place}: {self.why}"


class Broken:
    """Collects broken records: all are counted, the first MOST_NAMED are kept."""

    def __init__(self) -> None:
        self.named: list[BrokenRecord] = []
        self.total = 0

    def add(self, file: str, record: int | None, why: str) -> None:
        """Count one more."""
        self.total += 1
        if len(self.named) < MOST_NAMED:
            why = clean_line(why)
            short = why if len(why) <= _LONGEST_REASON else f"{why[:_LONGEST_REASON]}…"
            self.named.append(BrokenRecord(clean_line(file), record, short))


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What came in. `goals_known` and `events_known` were there already; `ignored` are files of a folder that hold
    nothing of ours. `events_unknown_goal` belong to goals that are not here, and are in no number of a report.

    `goals_earlier` got a version that is not their current one. `values_kept` goals came without GoalStepMetrics in a
    version that is known: they are worth what they were.
    """

    goals_added: int = 0
    goals_changed: int = 0
    goals_earlier: int = 0
    goals_known: int = 0
    values_kept: int = 0
    events_added: int = 0
    events_known: int = 0
    events_unknown_goal: int = 0
    broken: tuple[BrokenRecord, ...] = ()
    broken_total: int = 0
    files: tuple[str, ...] = ()
    ignored: tuple[str, ...] = field(default=())
    assumed_time_zone: str | None = None
    """Of which zone times were taken that carried none, where nobody said which is meant."""

    @property
    def nothing(self) -> bool:
        """Whether there was something to import, and all of it had to be left out."""
        goals = self.goals_added + self.goals_changed + self.goals_earlier + self.goals_known
        return bool(self.broken_total) and not goals + self.events_added + self.events_known

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "goals_added": self.goals_added,
            "goals_changed": self.goals_changed,
            "goals_earlier": self.goals_earlier,
            "goals_known": self.goals_known,
            "values_kept": self.values_kept,
            "events_added": self.events_added,
            "events_known": self.events_known,
            "events_unknown_goal": self.events_unknown_goal,
            "broken_total": self.broken_total,
            "broken": [{"file": one.file, "record": one.record, "why": one.why} for one in self.broken],
            "files": list(self.files),
            "ignored": list(self.ignored),
            "assumed_time_zone": self.assumed_time_zone,
        }

    def summary(self) -> str:
        """One line for the person who started it."""
        goals = f"{counted(self.goals_added, 'goal')} added, {self.goals_changed:,} changed"
        if self.goals_earlier:
            goals += f"; an earlier version of {counted(self.goals_earlier, 'goal')}, whose newer one stays"
        events = f"{counted(self.events_added, 'event')} added, {self.events_known:,} known already"
        broken = f"; {counted(self.broken_total, 'record')} left out" if self.broken_total else ""
        kept = f"; kept the values of {counted(self.values_kept, 'goal')}" if self.values_kept else ""
        return f"{goals}{kept}; {events}{broken}"


def silent(_fraction: float, _text: str) -> None:
    """The progress that nobody listens to."""
