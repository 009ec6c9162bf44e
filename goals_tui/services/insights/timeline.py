"""One cycle, event by event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goals_tui.domain.cycle import Definitions, timeline
from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.goal import Goal
from goals_tui.domain.report import Timeline
from goals_tui.domain.text import clean_line
from goals_tui.services.stored import parse

if TYPE_CHECKING:
    from goals_tui.store.documents import Documents
    from goals_tui.store.events.queries import EventReader


def make_timeline(documents: Documents, reader: EventReader, cycle_id: str, goal_id: str | None) -> Timeline:
    """The cycle of a goal with all its events, valued as recorded; its id may be given as it is stored or shown.

    Raises NotFoundError; RefusedError where no goal is given and cycles of several have the id.
    """
    events = reader.events_of(cycle_id)
    if not events and (stored := reader.shown_as("goalCycleId", [cycle_id])):
        events = reader.events_of(stored[0])
    goal_ids = list(dict.fromkeys(event.goal_id for event in events))
    if goal_id is None and len(goal_ids) > 1:
        names = ", ".join(repr(definitions_of(documents, one).goal_name(one)) for one in goal_ids)
        raise RefusedError(
            f"Several goals have a cycle {clean_line(cycle_id)!r}: {names}. Give the goal, too (--goal).",
            field="goal",
        )
    goal_id = goal_id or (goal_ids[0] if goal_ids else "")
    if goal_id not in goal_ids:
        raise NotFoundError("cycle", cycle_id, where="goals-tui cycles lists them.")
    found = timeline([event for event in events if event.goal_id == goal_id], definitions_of(documents, goal_id))
    # An event's fields are cut to what ours may hold: the id stays the one under which the cycle is found.
    return found.model_copy(update={"cycle": found.cycle.model_copy(update={"cycle_id": clean_line(cycle_id)})})


def definitions_of(documents: Documents, goal_id: str) -> Definitions:
    """Every version of one goal, and what it is now."""
    current = documents.get("goals", goal_id)
    versions = [document for document in documents.all("goal_versions").values() if document["id"] == goal_id]
    goals = [parse(Goal, document) for document in ([*versions, current] if current else versions)]
    return Definitions({(goal_id, goal.version): goal for goal in goals}, goals[-1:] if current else ())
