"""Where one screen can send the user on another one: `app.go(FlowPlace(...))`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from goals_tui.domain.buckets import TimeBucket
    from goals_tui.domain.filters import Filters
    from goals_tui.domain.report import Outcome
    from goals_tui.services.insights.service import Dimension


@dataclass(frozen=True)
class GoalPlace:
    """A goal in the list of goals; `edit` opens its editor."""

    goal_id: str
    edit: bool = False
    area = "goals"


@dataclass(frozen=True)
class FlowPlace:
    """A flow, at a node where one is given; `track_goal_id` asks for a new Track Goal Process node for that goal."""

    flow_id: str | None
    node_id: str | None = None
    track_goal_id: str | None = None
    area = "flows"


@dataclass(frozen=True)
class CyclesPlace:
    """The cycles behind a number of Insights. `filters` None keeps the present ones."""

    filters: Filters | None = None
    outcome: Outcome | None = None
    goal_id: str | None = None
    step_id: str | None = None
    day: date | None = None
    bucket: TimeBucket | None = None
    part: tuple[Dimension, str | None] | None = None
    part_title: str = ""
    """The part in words, where its value is an id."""

    area = "sessions"


@dataclass(frozen=True)
class SessionPlace:
    """All cycles of one session, by its id."""

    session_id: str
    area = "sessions"


Place = GoalPlace | FlowPlace | CyclesPlace | SessionPlace
