"""Recording from Python: steps of goals and activities, straight into a workspace (docs/python.md)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from pydantic import ValidationError

from goals_tui.domain.activity import Activity
from goals_tui.domain.errors import GoalsError, NotFoundError, RefusedError, UnreadableError
from goals_tui.domain.event import GoalEvent, source
from goals_tui.domain.model import reason
from goals_tui.services.tracking import Tracked

if TYPE_CHECKING:
    from goals_tui.services.context import Services

__all__ = [
    "Activity",
    "GoalEvent",
    "GoalsError",
    "NotFoundError",
    "Recorder",
    "RefusedError",
    "Tracked",
    "UnreadableError",
    "open_workspace",
]


def open_workspace(path: str | Path | None = None) -> Recorder:
    """Open a workspace to record into it.

    Without `path`, it is the one that commands use: that of `GOALS_TUI_WORKSPACE`, else the platform's default.

    Raises UnreadableError where there is none, RefusedError where goals are switched off.
    """
    from goals_tui.services.completion_names import default_workspace
    from goals_tui.services.context import open_services

    services = open_services(Path(path).expanduser() if path is not None else default_workspace())
    enabled, enabled_from = services.switch
    if not enabled:
        raise RefusedError(f"Goals are switched off by {enabled_from}.")
    return Recorder(services)


class Recorder:
    """Records steps of goals and activities in a workspace. Made by `open_workspace`; use it as a context manager.

    All methods may be called from several threads, and other processes may use the workspace at the same time. They
    write to the disk before they return: call them in a thread (`asyncio.to_thread`) where an event loop must go on.

    What `track` or `record` has returned survives the end of the process, however it ends. `flush` makes it survive a
    power cut, too. Errors are GoalsError with a one-line message; a call that raises has recorded nothing.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._closed = False
        self._closing = threading.Lock()

    def track(
        self,
        session: str,
        goal: str,
        step: str,
        *further: str,
        endpoint: str | None = None,
        locale: str | None = None,
        snapshot: str | None = None,
        at: datetime | None = None,
    ) -> Tracked:
        """Record that a session reached steps of a goal, at the moment `at` (with a time zone), by default now.

        Goal and steps go by name or id. The steps are recorded together, as those of one Track Goal Process node.
        `not_tracked` of the result holds the ids of steps that fired while no cycle was open; they are not recorded.

        Raises NotFoundError with the nearest names, RefusedError for an empty session, for a name that is too long or
        for a moment that has no time zone or is not between 1970 and 2200, UnreadableError where the log can't be
        written.
        """
        services = self._open()
        found = services.goals.get(goal)
        steps = [found.step(name).id for name in (step, *further)]
        origin = source(endpoint, locale, snapshot, services.project.get().id)
        return services.tracking.track(session, found.id, steps, origin, at=at)

    def record(self, activity: Activity | Mapping[str, object]) -> Activity:
        """Record an activity and return it. A mapping has its fields; `id` and `timestamp` (now) may be left out.

        Raises RefusedError for fields that are missing or wrong, UnreadableError where the log can't be written.
        """
        services = self._open()
        if not isinstance(activity, Activity):
            unknown = [name for name in activity if name not in Activity.model_fields]
            if unknown:
                raise RefusedError(f"An activity has no {unknown[0]!r}. It has: {', '.join(Activity.model_fields)}.")
            given = {"id": services.ids.uuid(), "timestamp": services.clock(), **activity}
            try:
                activity = Activity.model_validate(given)
            except ValidationError as error:
                raise RefusedError(f"The activity can't be recorded: {reason(error)}.") from None
        services.activities.record([activity])
        return activity

    def flush(self) -> None:
        """Make everything that was recorded survive a power cut (fsync). Raises UnreadableError."""
        services = self._open()
        services.events.sync()
        services.activities.sync()

    def close(self) -> None:
        """Flush, and refuse further calls. Closing twice has no effect. Raises UnreadableError."""
        with self._closing:
            if not self._closed:
                self.flush()
                self._closed = True

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _open(self) -> Services:
        if self._closed:
            raise RefusedError("This recorder is closed. Open the workspace again.")
        return self._services
