"""Questions when a goal is saved: deleting steps together with their events, and conflicts with a newer version."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual.content import Content

from goals_tui.domain.errors import ConflictError
from goals_tui.domain.goal import Goal
from goals_tui.domain.value import format_duration
from goals_tui.format import plural
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.dialogs import Answer, Ask, ask_conflict
from goals_tui.tui.goals.delete import what_goes

if TYPE_CHECKING:
    from goals_tui.services.goals import Consequences
    from goals_tui.tui.goals.editor import GoalEditor


async def settle_lost_steps(editor: GoalEditor, lost: list[Consequences]) -> bool:
    """Ask about each step that saving deletes; return whether to save.

    Only the button that says "Delete" goes on to the next step; changing the nodes comes back to the same question.
    """
    for counted_before in lost:
        taken = counted_before
        while (answer := await editor.app.push_screen_wait(_question(taken))) != "delete":
            if answer is None or answer == "back" or taken.step_id is None:
                return False
            changing = _replace(editor, taken) if answer == "replace" else _remove(editor, taken.step_id, taken)
            changed = await changing
            if changed:
                editor.notify(f"{plural(changed, 'node')} changed. The step is still there.")
                editor.goals_app.changed()
            taken = await asyncio.to_thread(editor.services.goals.consequences, taken.goal_id, taken.step_id)
    return True


def _question(taken: Consequences) -> Ask:
    answers = [Answer("back", "Back")]
    if taken.uses:
        answers += [Answer("replace", "Replace in nodes…"), Answer("remove", "Remove from nodes")]
    delete = f"Delete ({plural(taken.events, 'event')})" if taken.events else "Delete step"
    answers.append(Answer("delete", delete, danger=True))
    outlook = "Undo brings the step back, but not its events." if taken.events else "Undo brings the step back."
    text = Content("\n").join([what_goes(taken), Content(""), Content(outlook)])
    return Ask(f"Delete step {taken.name}", text, answers, danger=True)


async def _remove(editor: GoalEditor, step_id: str, taken: Consequences) -> int | None:
    """Remove a step from the nodes that track it; return how many changed, or None after showing a refusal."""
    uses = editor.services.goals.uses
    return await editor.attempt_change("Changing the nodes", lambda: uses.remove_step(taken.goal_id, step_id))


async def _replace(editor: GoalEditor, taken: Consequences) -> int | None:
    """Let the nodes track another step of the stored goal that the draft keeps; return how many changed."""
    goal = editor.attempt(lambda: editor.services.goals.get(taken.goal_id))
    if goal is None:
        return None
    stored = {step.id for step in goal.steps}
    others = [step for step in editor.draft.goal.steps if step.id in stored]
    options = [Option(step.id, f"{step.glyph} {step.name}") for step in others]
    other = await editor.app.push_screen_wait(Choose(f"Replace {taken.name} by", options))
    if other is None or taken.step_id is None:
        return None
    step_id, uses = taken.step_id, editor.services.goals.uses
    return await editor.attempt_change("Changing the nodes", lambda: uses.replace_step(taken.goal_id, step_id, other))


async def resolve_conflict(editor: GoalEditor, conflict: ConflictError) -> bool:
    """Ask how to resolve a conflict with a version that somebody else saved; return whether the draft was saved.

    Nothing is lost: after reloading, undo and the clipboard hold the draft; after overwriting, their version is kept as
    an older one.
    """
    undo = editor.named_key("goals.editor.undo")
    outlook = f"Reload shows theirs; {undo} brings yours back. Overwrite keeps theirs as an older version."
    answer = await ask_conflict(editor.app, conflict, outlook)
    if answer == "overwrite":
        return await editor.save(overwrite=True)
    if answer == "reload":
        editor.app.copy_to_clipboard(as_text(editor.draft.goal))
        stored = editor.attempt(lambda: editor.services.goals.get(editor.draft.goal.id))
        if stored is not None:
            editor.reload(stored)
            editor.notify(f"This is their version. {undo} brings yours back; it is on the clipboard too.")
    if answer == "copy":
        return await _save_copy(editor)
    return False


async def _save_copy(editor: GoalEditor) -> bool:
    """Save the draft as another goal, and leave the stored goal unchanged; return whether it was saved."""
    from goals_tui.services.flows import free_name

    services, mine = editor.services, editor.draft.goal
    names = [row.name for row in services.goals.summaries()]
    ids = services.ids
    copy = mine.model_copy(
        update={
            "id": ids.hex24(),
            "reference_id": ids.uuid(),
            "revision": 0,
            "name": free_name(mine.name, names),
            "steps": tuple(step.model_copy(update={"id": ids.hex24()}) for step in mine.steps),
        }
    )
    label = f"Create goal {copy.name!r}"
    saved = await editor.attempt_change("Saving the goal", lambda: services.goals.save(copy, label=label))
    if saved is None:
        return False
    editor.saved(saved, f"Saved yours as {saved.name!r}.")
    return True


def as_text(goal: Goal) -> str:
    """Return a goal as plain text, for the clipboard."""
    lines = [goal.name, goal.description, ""]
    for step in goal.steps:
        metrics = step.metrics
        worth = [f"cost savings {metrics.cost_savings}"] if metrics.cost_savings else []
        worth += [f"revenue {metrics.revenue}"] if metrics.revenue else []
        worth += [f"time saved {format_duration(metrics.time_saved_seconds)}"] if metrics.time_saved_seconds else []
        lines.append(" ".join(filter(None, [step.glyph, step.name, f"({', '.join(worth)})" if worth else ""])))
        if step.description:
            lines.append(f"  {step.description}")
    return "\n".join(lines) + "\n"
