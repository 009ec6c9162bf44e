"""Questions when a goal is saved: deleting steps together with their events, and conflicts with a newer version."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from textual.content import Content

from goals_tui.domain.errors import ConflictError
from goals_tui.domain.goal import Goal
from goals_tui.domain.names import free_name
from goals_tui.format import exact_time, plural
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.dialogs import Answer, Ask, ask_conflict
from goals_tui.tui.goals.delete import what_goes

if TYPE_CHECKING:
    from goals_tui.services.goals import Consequences
    from goals_tui.tui.app.background import BackgroundScreen
    from goals_tui.tui.app.dialogs import Resolution


async def settle_lost_steps(screen: BackgroundScreen[Any], draft: Goal, lost: list[Consequences]) -> bool:
    """Ask about each step that saving the draft deletes; return whether to save.

    Only the button that says "Delete" goes on to the next step; changing the nodes comes back to the same question.
    """
    for counted_before in lost:
        taken = counted_before
        while (answer := await screen.app.push_screen_wait(_question(taken))) != "delete":
            if answer is None or answer == "back" or taken.step_id is None:
                return False
            replaces = answer == "replace"
            changed = await (_replace(screen, draft, taken) if replaces else _remove(screen, taken.step_id, taken))
            if changed:
                screen.notify(f"{plural(changed, 'node')} changed. The step is still there.")
                screen.goals_app.changed()
            taken = await asyncio.to_thread(screen.services.goals.consequences, taken.goal_id, taken.step_id)
    return True


def _question(taken: Consequences) -> Ask:
    answers = [Answer("back", "Back", nothing=True)]
    if taken.uses:
        answers += [Answer("replace", "Replace in nodes…"), Answer("remove", "Remove from nodes")]
    delete = f"Delete ({plural(taken.events, 'event')})" if taken.events else "Delete step"
    answers.append(Answer("delete", delete, danger=True))
    outlook = "Undo brings the step back, but not its events." if taken.events else "Undo brings the step back."
    text = Content("\n").join([what_goes(taken), Content(""), Content(outlook)])
    return Ask(f"Delete step {taken.name}", text, answers, danger=True)


async def _remove(screen: BackgroundScreen[Any], step_id: str, taken: Consequences) -> int | None:
    """Remove a step from the nodes that track it; return how many changed, or None after showing a refusal."""
    uses = screen.services.goals.uses
    return await screen.attempt_change("Changing the nodes", lambda: uses.remove_step(taken.goal_id, step_id))


async def _replace(screen: BackgroundScreen[Any], draft: Goal, taken: Consequences) -> int | None:
    """Let the nodes track another step of the stored goal that the draft keeps; return how many changed."""
    goal = screen.attempt(lambda: screen.services.goals.get(taken.goal_id))
    if goal is None:
        return None
    stored = {step.id for step in goal.steps}
    options = [Option(step.id, f"{step.glyph} {step.name}") for step in draft.steps if step.id in stored]
    other = await screen.app.push_screen_wait(Choose(f"Replace {taken.name} by", options))
    if other is None or taken.step_id is None:
        return None
    step_id, uses = taken.step_id, screen.services.goals.uses
    return await screen.attempt_change("Changing the nodes", lambda: uses.replace_step(taken.goal_id, step_id, other))


async def resolve_conflict(
    screen: BackgroundScreen[Any], conflict: ConflictError, mine: Goal
) -> tuple[Resolution, Goal] | None:
    """Ask how to resolve a conflict with a version that somebody else saved; None goes back to the draft `mine`.

    Return the answer with the goal to go on with: the draft to overwrite theirs with, their version, or the saved copy
    of the draft. Nothing is lost: after reloading, undo and the clipboard hold the draft; after overwriting, their
    version is kept as an older one.
    """
    undo = screen.named_key("goals.editor.undo")
    outlook = f"Reload shows theirs; {undo} brings yours back. Overwrite keeps theirs as an older version."
    answer = await ask_conflict(screen.app, conflict, outlook)
    goal: Goal | None = mine
    if answer == "reload":
        screen.app.copy_to_clipboard(as_text(mine))
        goal = screen.attempt(lambda: screen.services.goals.get(mine.id))
    elif answer == "copy":
        goal = await _save_copy(screen, mine)
    return (answer, goal) if answer and goal else None


async def _save_copy(screen: BackgroundScreen[Any], mine: Goal) -> Goal | None:
    """Save the draft as another goal, and leave the stored goal unchanged; None after showing a refusal."""
    services, ids = screen.services, screen.services.ids
    copy = mine.model_copy(
        update={
            "id": ids.hex24(),
            "reference_id": ids.uuid(),
            "revision": 0,
            "name": free_name(mine.name, [row.name for row in services.goals.summaries()]),
            "steps": tuple(step.model_copy(update={"id": ids.hex24()}) for step in mine.steps),
        }
    )
    label = f"Create goal {copy.name!r}"
    return await screen.attempt_change("Saving the goal", lambda: services.goals.save(copy, label=label))


def as_text(goal: Goal) -> str:
    """Return a goal as plain text, for the clipboard."""
    lines = [goal.name, goal.description, ""]
    for step in goal.steps:
        metrics = step.metrics
        worth = [f"cost savings {metrics.cost_savings}"] if metrics.cost_savings else []
        worth += [f"revenue {metrics.revenue}"] if metrics.revenue else []
        worth += [f"time saved {exact_time(metrics.time_saved_seconds)}"] if metrics.time_saved_seconds else []
        lines.append(" ".join(filter(None, [step.glyph, step.name, f"({', '.join(worth)})" if worth else ""])))
        if step.description:
            lines.append(f"  {step.description}")
    return "\n".join(lines) + "\n"
