"""The events that activities give a goal, and the ids of these events (docs/semantics.md, *Activities*).

The rule is that of a tracked conversation (`cycle.join_cycle`). It stands here for sessions at hand, and as SQL for a
whole log in `services/deriving.py`; docs/architecture.md says why. Both make ids from the same keys.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import partial
from hashlib import sha256

from goals_tui.domain.activity import Activity
from goals_tui.domain.cycle import EventTemplates, join_cycle
from goals_tui.domain.event import GoalEvent, in_milliseconds, source
from goals_tui.domain.goal import Goal

DERIVED = "derived-"
"""Prefix of the ids of derived events; all other events were tracked or imported."""

EVENT_KEY = "{goal}\n{activity}\n{step}"
"""The ids of which the id of a derived event is made: `DERIVED`, and the first digits of the key's SHA-256."""

EVENT_DIGITS = 24

CYCLE_KEY = "{goal} {activity}"
"""The ids of goal and opening activity, of which a cycle's id is made: the UUID 5 of this name among OIDs."""


def is_derived(event_id: str) -> bool:
    """Return whether an event was derived, by its id."""
    return event_id.startswith(DERIVED)


def derive_session(
    goal: Goal, activities: Iterable[Activity], project_id: str, templates: EventTemplates
) -> dict[str, GoalEvent]:
    """Return the events of a goal that the activities of one session give, by id.

    `activities` are in their order. They are all of the session: no cycle is open before them.
    """
    found: dict[str, GoalEvent] = {}
    cycle: str | None = None
    for activity in activities:
        fired = [step.id for step in goal.steps if any(trigger.fires(activity) for trigger in step.triggers)]
        if not fired:
            continue
        joined = join_cycle(goal, fired, cycle, partial(_cycle_id, goal.id, activity.id))
        cycle = joined.cycle_id
        origin = source(activity.endpoint, activity.locale, activity.snapshot, project_id)
        if activity.channel:
            origin = origin.model_copy(update={"channel": activity.channel})
        template = templates.of(goal, origin)
        for step_id in joined.tracked:
            event = template.model_copy(
                update={
                    "id": _event_id(goal.id, activity.id, step_id),
                    "timestamp": in_milliseconds(activity.timestamp),
                    "goal_cycle_id": cycle,
                    "step_id": step_id,
                    "session_id": activity.session_id,
                }
            )
            found[event.id] = event
    return found


def _event_id(goal_id: str, activity_id: str, step_id: str) -> str:
    key = EVENT_KEY.format(goal=goal_id, activity=activity_id, step=step_id)
    return f"{DERIVED}{sha256(key.encode()).hexdigest()[:EVENT_DIGITS]}"


def _cycle_id(goal_id: str, activity_id: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, CYCLE_KEY.format(goal=goal_id, activity=activity_id)))
