"""Data health in words: problems of the events, their meaning, and their remedies."""

from __future__ import annotations

from dataclasses import dataclass, replace

from goals_tui.domain.report import Report
from goals_tui.domain.text import clean_line
from goals_tui.services.insights.definitions import Definitions
from goals_tui.services.insights.query import Query
from goals_tui.store.cycles.queries import Restriction, list_cycles, page

_EXAMPLES = 5


@dataclass(frozen=True)
class HealthEntry:
    """A kind of problem in the events: its count, examples by id or name, its meaning and its remedy."""

    code: str
    title: str
    count: int
    examples: tuple[str, ...]
    meaning: str
    remedy: str


def health_entries(query: Query, report: Report) -> list[HealthEntry]:
    """Return the problems that occur, worst first; empty where there are none."""
    health = report.health
    definitions = query.definitions
    versions = [f"{definition.name}: {version or '(none)'}" for definition, version in definitions.unknown_versions]
    entries = [
        HealthEntry(
            "unknown_goals",
            "Unknown goals",
            health.unknown_goals,
            tuple(_name(definitions, goal_id) for goal_id in definitions.unknown_goals[:_EXAMPLES]),
            "Events of goals that this project does not have. They count only where a version of the goal is kept.",
            "Redo the import of the goals, or import them with their steps or in a package. Or delete their events: "
            "goals-tui goals delete ID --confirm ID.",
        ),
        HealthEntry(
            "unpriced_steps",
            "Unpriced steps",
            report.totals.unpriced_steps,
            (),
            "Steps reached, in the cycles shown, under a definition that is not here or without a value that could be "
            "read: counted, but worth nothing.",
            "Import the missing versions of the goals, price by the current definition, or give the steps a value.",
        ),
        HealthEntry(
            "unknown_versions",
            "Unknown versions",
            health.unknown_versions,
            tuple(versions[:_EXAMPLES]),
            "Events that were recorded under states of a goal that are not here. What they are worth is unknown.",
            "Import a package of the goal from the project where it was changed: it brings every version.",
        ),
        HealthEntry(
            "later_cycles",
            "Cycles of the future",
            report.later_cycles,
            (),
            "Cycles in the span that begin later than now. They are in no number of a span that runs until now.",
            "See whether the clock of this machine, or of the one that recorded them, is wrong.",
        ),
        HealthEntry(
            "orphan_cycles",
            "Orphan cycles",
            health.orphan_cycles,
            _orphans(query) if health.orphan_cycles else (),
            "Cycles with no initial step: their start is missing, so that they have no day and no outcome.",
            "Import the events of the days before. Or see whether a flow tracks a step before the initial one.",
        ),
        HealthEntry(
            "duplicate_events",
            "Duplicate events",
            health.duplicate_events,
            tuple(query.reader.duplicate_ids(_EXAMPLES)) if health.duplicate_events else (),
            "The same event stands in the log more than once. Each counts once: no number is too high.",
            "Nothing has to be done. Sealing the log drops the repetitions: goals-tui events seal.",
        ),
        HealthEntry(
            "torn_lines",
            "Unreadable lines",
            health.torn_lines,
            (),
            "Lines of the event log that are cut off or are not events. They are passed over.",
            "See which with: goals-tui events verify.",
        ),
    ]
    return [replace(entry, examples=tuple(map(clean_line, entry.examples))) for entry in entries if entry.count]


def _name(definitions: Definitions, goal_id: str) -> str:
    definition = definitions.by_id.get(goal_id)
    return definition.name if definition else goal_id


def _orphans(query: Query) -> tuple[str, ...]:
    list_cycles(query.reader, query.selection, Restriction(outcome="orphan"))
    return tuple(row.cycle for row in page(query.reader, 0, _EXAMPLES))
