"""Notifications about tasks that have ended, and the question before quitting while tasks run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from goals_tui.tui.app.base import STAYS_SECONDS

if TYPE_CHECKING:
    from goals_tui.services.tasks.record import Task
    from goals_tui.tui.app.app import GoalsApp

GRACE_SECONDS = 3.0
"""The longest time in seconds for which quitting waits for cancelled tasks to stop."""


class TaskWatch:
    """Notifies the user when tasks of this process end.

    The task service is not loaded until something else has used it.
    """

    def __init__(self) -> None:
        self._seen = 0
        self._told: set[str] = set()

    def look(self, app: GoalsApp) -> None:
        """Notify the user of the tasks that have ended since the last call. Call this at short intervals."""
        if "tasks" not in vars(app.services):
            return
        tasks = app.services.tasks
        if tasks.changed == self._seen:
            return
        self._seen = tasks.changed
        ended = [task for task in tasks.own() if not task.live and task.id not in self._told]
        self._told.update(task.id for task in ended)
        for task in ended:
            if task.state == "failed":
                title = f"{task.glyph} {task.title} failed"
                app.notify(_result(task), title=title, severity="error", timeout=STAYS_SECONDS)
        # Use one notification for all: a second one would replace the first.
        done = [task for task in ended if task.state == "done"]
        if done:
            title = f"{done[0].glyph} {done[0].title if len(done) == 1 else f'{len(done)} tasks are done'}"
            app.notify("\n".join(map(_result, done)), title=title)
        if ended:
            app.changed()


def _result(task: Task) -> str:
    return "\n".join(filter(None, [task.text, task.path]))


async def may_end(app: GoalsApp) -> bool:
    """Return whether the app may close.

    If tasks are running, ask the user first; on confirmation, cancel them and wait for them to stop, for at most
    `GRACE_SECONDS`.
    """
    services: Any = vars(app.services)
    running = services["tasks"].running() if "tasks" in services else []
    if not running:
        return True
    from goals_tui.tui.app.dialogs import Answer, Ask

    names = "\n".join(f"• {task.title}" for task in running[:5])
    title = "A task is still running" if len(running) == 1 else f"{len(running)} tasks are still running"
    answers = [Answer("stay", "Stay", nothing=True), Answer("end", "Cancel and quit", danger=True)]
    question = Ask(title, f"{names}\n\nCancelled tasks are rolled back.", answers)
    if await app.push_screen_wait(question) != "end":
        return False
    app.services.tasks.cancel_all()
    await asyncio.to_thread(app.services.tasks.wait, GRACE_SECONDS)
    return True
