"""One cycle, event by event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goals_tui.domain.cycle import Definitions, timeline
from goals_tui.domain.errors import NotFoundError
from goals_tui.domain.goal import Goal
from goals_tui.domain.report import Timeline
from goals_tui.services.stored import parse

if TYPE_CHECKING:
    from goals_tui.store.documents import Documents
    from goals_tui.store.events.queries import EventReader


def make_timeline(documents: Documents, reader: EventReader, cycle_id: str) -> Timeline:
    """The cycle with all its events, valued as recorded; raises NotFoundError.

    Should cycles of several goals share the id, the one that has the first event is meant.
    """
    events = reader.events_of(cycle_id)
    if not events:
        raise NotFoundError("cycle", cycle_id, where="goals-tui cycles lists them.")
    goal_id = events[0].goal_id
    return timeline([event for event in events if event.goal_id == goal_id], definitions_of(documents, goal_id))


def definitions_of(documents: Documents, goal_id: str) -> Definitions:
    """Every version of one goal, and what it is now."""
    current = documents.get("goals", goal_id)
    versions = [document for document in documents.all("goal_versions").values() if document["id"] == goal_id]
    goals = [parse(Goal, document) for document in ([*versions, current] if current else versions)]
    return Definitions({(goal_id, goal.version): goal for goal in goals}, goals[-1:] if current else ())
