"""What the app does about tasks wherever the user is: says when one has ended, and asks before quitting on one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from goals_tui.tui.app.base import STAYS_SECONDS
from goals_tui.tui.app.dialogs import Answer, Ask

if TYPE_CHECKING:
    from goals_tui.services.tasks.record import Task
    from goals_tui.tui.app.app import GoalsApp

GRACE_SECONDS = 3.0
"""How long quitting waits for a cancelled task to stop."""


class TaskWatch:
    """Follows the tasks of this process. Costs nothing while there never was one."""

    def __init__(self) -> None:
        self._seen = 0
        self._told: set[str] = set()

    def look(self, app: GoalsApp) -> None:
        """Say which tasks ended since the last look; call it often."""
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
        # In one note: a second one would take the place of the first.
        done = [task for task in ended if task.state == "done"]
        if done:
            title = f"{done[0].glyph} {done[0].title if len(done) == 1 else f'{len(done)} tasks are done'}"
            app.notify("\n".join(map(_result, done)), title=title)
        if ended:
            app.changed()


def _result(task: Task) -> str:
    return "\n".join(filter(None, [task.text, task.path]))


async def may_end(app: GoalsApp) -> bool:
    """Whether the app may close: nothing runs, or the user wants it stopped; then it is."""
    services: Any = vars(app.services)
    running = services["tasks"].running() if "tasks" in services else []
    if not running:
        return True
    names = "\n".join(f"• {task.title}" for task in running[:5])
    title = "A task is still running" if len(running) == 1 else f"{len(running)} tasks are still running"
    answers = [Answer("stay", "Stay"), Answer("end", "Cancel and quit", danger=True)]
    question = Ask(title, f"{names}\n\nCancelled tasks are rolled back.", answers)
    if await app.push_screen_wait(question) != "end":
        return False
    app.services.tasks.cancel_all()
    await asyncio.to_thread(app.services.tasks.wait, GRACE_SECONDS)
    return True
