"""Tracking: steps of goals recorded as events, as a Track Goal Process node does (docs/semantics.md, *Cycle*)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from goals_tui.domain.cycle import EventTemplates, join_cycle
from goals_tui.domain.errors import NotFoundError, RefusedError, UnreadableError
from goals_tui.domain.event import EARLIEST, LATEST, LONGEST_FIELD, GoalEvent, Key, Source, in_milliseconds
from goals_tui.domain.goal import Goal

if TYPE_CHECKING:
    from goals_tui.domain.ids import Ids
    from goals_tui.services.clock import Clock
    from goals_tui.services.goals import GoalService
    from goals_tui.store.documents import Documents
    from goals_tui.store.events.log import EventLog
    from goals_tui.store.events.sessions import SessionEvent

_SESSION = TypeAdapter(Key)

_TRIES = 10


@dataclass(frozen=True, slots=True)
class Tracked:
    """The result of tracking steps that fired together: `events` in the goal's order, all of the cycle `cycle_id`."""

    events: tuple[GoalEvent, ...]
    cycle_id: str | None
    not_tracked: tuple[str, ...] = ()
    """The ids of steps that were not recorded, because no cycle was open."""

    why: str = ""
    """A sentence for the user if steps were not tracked, else empty."""


class Tracker:
    """Records steps. Safe in several threads; events that other processes append to the log are taken into account.

    The open cycle of a session and goal is the one that was opened last. For appended events that is the order in which
    they were recorded, the same in every process, because a clock may be set back during a conversation. Sealed events
    are older than appended ones, and are ordered by time. Steps that are recorded for a given moment join the cycle
    that was open at that moment or, if none was open yet, the one that was opened last.
    """

    def __init__(self, log: EventLog, documents: Documents, goals: GoalService, clock: Clock, ids: Ids) -> None:
        self._log = log
        self._documents = documents
        self._goals = goals
        self._clock = clock
        self._ids = ids
        self._templates = EventTemplates()

    def track(
        self, session_id: str, goal_id: str, step_ids: Sequence[str], source: Source, at: datetime | None = None
    ) -> Tracked:
        """Record that a conversation reached steps of a goal at the moment `at`, by default now.

        The returned events survive the end of the process; they survive a power cut only after
        `workspace.events.sync()`, which the command `goals-tui track` calls before it ends.

        Raises NotFoundError for an unknown goal or step, or one that is being deleted; RefusedError for no step, an
        empty session, or a moment without a time zone or outside 1970 to 2200; UnreadableError where the log can't be
        written.
        """
        documents = self._documents
        for _ in range(_TRIES):
            # The steps are looked up without a lock, and recorded only if no goal was changed in the meantime.
            tracked = self._track(session_id, goal_id, step_ids, source, at, documents.stamp())
            if tracked is not None:
                return tracked
        # Goals are edited all the time: for once they have to wait.
        with documents.transaction():
            tracked = self._track(session_id, goal_id, step_ids, source, at, documents.stamp())
        if tracked is None:
            raise UnreadableError("The goals of this project change faster than steps can be tracked. Try again.")
        return tracked

    def _track(
        self,
        session_id: str,
        goal_id: str,
        step_ids: Sequence[str],
        source: Source,
        at: datetime | None,
        stamp: Hashable,
    ) -> Tracked | None:
        """Try once to record the steps; return None if the stamp of goals.json changed before they were recorded."""
        goal = self._goal(goal_id)
        self._check_steps(goal, step_ids)
        session_id = _session(session_id)
        moment = _moment(self._clock() if at is None else at)
        ids = self._ids
        initial = goal.steps[0].id
        open_cycle = None
        if initial not in step_ids:
            open_cycle = self._open_cycle(session_id, goal_id, initial, None if at is None else moment)
        cycle_id, steps, missed = join_cycle(goal, step_ids, open_cycle, ids.uuid)
        if cycle_id is None:
            return Tracked((), None, missed, _why(goal, missed))
        template = self._templates.of(goal, source)
        shared = {"timestamp": moment, "goal_cycle_id": cycle_id, "session_id": session_id}
        events = tuple(template.model_copy(update={**shared, "id": ids.hex24(), "step_id": step}) for step in steps)
        documents = self._documents
        same = self._log.append(events, only_if=lambda: documents.stamp() == stamp)
        return Tracked(events, cycle_id) if same else None

    def _open_cycle(self, session_id: str, goal_id: str, initial: str, at: datetime | None) -> str | None:
        """Return the cycle that further steps of the goal join in this session, or None."""

        def opens(event: SessionEvent) -> bool:
            return event.step_id == initial and event.goal_id == goal_id

        opened = [*filter(opens, self._log.session_events(session_id, opens if at is None else None))]
        if at is not None:
            until_then = [event for event in opened if event.timestamp <= at]
            opened = sorted(until_then, key=attrgetter("timestamp")) or opened
        return opened[-1].cycle_id if opened else None

    def _goal(self, goal_id: str) -> Goal:
        goal = self._goals.get(goal_id)
        # Names are not accepted, because another goal may take them.
        if goal.id != goal_id:
            raise NotFoundError("goal with the id", goal_id)
        return goal

    def _check_steps(self, goal: Goal, step_ids: Sequence[str]) -> None:
        if not step_ids:
            raise RefusedError(f"No step of {goal.name!r} was given. Name at least one to track.", field="steps")
        known = {step.id for step in goal.steps}
        for step_id in step_ids:
            if step_id not in known:
                raise NotFoundError(f"step of the goal {goal.name!r} with the id", step_id, known)


def _session(session_id: str) -> str:
    fits = 0 < len(session_id) <= LONGEST_FIELD
    if fits and session_id.isascii() and session_id.isprintable() and " " not in session_id:
        return session_id
    try:
        return _SESSION.validate_python(session_id)
    except ValidationError:
        raise RefusedError(
            f"A session id has 1 to {LONGEST_FIELD} characters, this one has {len(session_id)}. "
            "Give for example --session s-1.",
            field="session",
        ) from None


def _moment(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise RefusedError(
            f"The time {at.isoformat()} (at) has no zone. Write one, for example {at.isoformat()}Z.", field="at"
        )
    if not EARLIEST <= at < LATEST:
        raise RefusedError(f"The time {at.isoformat()} (at) is not between 1970 and 2200.", field="at")
    moment = at if at.tzinfo is UTC else at.astimezone(UTC)
    # Event data has milliseconds; events of the same moment are ordered by the steps of the goal.
    return in_milliseconds(moment)


def _why(goal: Goal, missed: Sequence[str]) -> str:
    names = ", ".join(repr(step.name) for step in goal.steps if step.id in missed)
    return (
        f"Not tracked: {names}. No cycle of {goal.name!r} is open in this session; "
        f"its initial step {goal.initial.name!r} opens one."
    )
