"""Goals as files that people edit: writing one, and making the goals what one says.

Await the functions in a worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from goals_tui.domain.errors import GoalsError
from goals_tui.format import plural
from goals_tui.services.export_files import check_source, proposed, typed
from goals_tui.tui.app.dialogs import Answer, Ask
from goals_tui.tui.packages.export import AskPath, AskTarget, ask_and_read

if TYPE_CHECKING:
    from goals_tui.services.goal_files import Plan
    from goals_tui.services.goal_list import GoalSummary
    from goals_tui.tui.app.app import GoalsApp

MOST_LINES = 12
"""The most changes that are listed before a file is applied; `goals-tui goals diff` lists all."""


async def export_goals(app: GoalsApp, goals: Sequence[GoalSummary]) -> None:
    """Ask for a file and write goals to it; comments and order of a file of goals that is there stay."""
    title = f"Export {goals[0].name if len(goals) == 1 else plural(len(goals), 'goal')} as a file"
    name = goals[0].name if len(goals) == 1 else "goals"
    text = await app.push_screen_wait(AskTarget(title, proposed(name, ".yaml")))
    if text is None:
        return
    files, path, ids = app.services.goal_files, typed(text), [goal.id for goal in goals]

    def write() -> bool:
        written, updates = files.export(ids, path)
        files.write(path, written)
        return updates

    try:
        updated = await asyncio.to_thread(write)
    except GoalsError as error:
        app.show_error(error)
    else:
        app.notify(f"Updated {path}: its comments and order stayed." if updated else f"Wrote {path}.")


async def apply_goals(app: GoalsApp) -> None:
    """Ask for a file of goals, show what it changes, and make the goals what it says."""
    files = app.services.goal_files
    hint = "A file of goals (.yaml), as the export or `goals-tui goals export` writes it."
    read = await ask_and_read(app, AskPath("Apply a file of goals", hint, save="Next", check=check_source), files.plan)
    if read is None:
        return
    path, plan = read
    if not plan.differences:
        app.notify(f"Nothing to do: the goals are as in {path.name}.")
        return
    answers = [Answer("", "Cancel", nothing=True), Answer("apply", "Apply")]
    if not await app.push_screen_wait(Ask(f"Apply {path.name}?", what_changes(plan), answers)):
        return
    try:
        plan = await app.change("Applying the file", lambda: files.apply(path))
    except GoalsError as error:
        app.show_error(error)
        return
    app.notify(f"Applied {path.name}: {plural(len(plan.differences), 'goal')} changed.")
    app.changed()


def what_changes(plan: Plan) -> Content:
    """Return the changes of each goal in words, and what stays."""
    lines = []
    for each in plan.differences:
        name = (each.before or each.goal).name
        lines += [Content.styled(name, "bold"), *(Content(f"  {change}") for change in each.changes)]
    if len(lines) > MOST_LINES:
        more = plural(len(lines) - MOST_LINES, "more line")
        lines = [*lines[:MOST_LINES], Content.styled(f"… and {more}: goals-tui goals diff lists all.", "$quiet")]
    if plan.events:
        lines.append(Content.styled(f"{plural(sum(plan.events.values()), 'event')} of deleted steps stay.", "$quiet"))
    if plan.not_in_file:
        lines.append(Content.styled(f"{plural(len(plan.not_in_file), 'goal')} not in the file: unchanged.", "$quiet"))
    return Content("\n").join(lines)
