"""Somebody saved the same goal or flow in between: one question for every screen, and no side's text is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from textual.content import Content

from goals_tui.domain.errors import ConflictError
from goals_tui.tui.dialogs import Answer, Ask

if TYPE_CHECKING:
    from textual.app import App

Resolution = Literal["reload", "copy", "overwrite"]


async def ask_conflict(app: App[Any], conflict: ConflictError, outlook: str) -> Resolution | None:
    """Ask what becomes of both versions; None goes back. Await it in a worker.

    `outlook` says in a line or two how the side that gives way can be reached afterwards.
    """
    back = Answer("", "Back")
    if conflict.deleted:
        lines = [f"{conflict.name} was deleted elsewhere since you opened it. Your text is still here."]
        answers = [back, Answer("overwrite", "Save again")]
    else:
        changed = conflict.changed or ("nothing that can be seen",)
        lines = [f"{conflict.name} was changed elsewhere since you opened it:", *(f"  · {what}" for what in changed)]
        lines += ["", outlook]
        answers = [
            back,
            Answer("reload", "Reload"),
            Answer("copy", "Save mine as a copy"),
            Answer("overwrite", "Overwrite", danger=True),
        ]
    answer = await app.push_screen_wait(Ask("Changed elsewhere", Content("\n".join(lines)), answers))
    return cast(Resolution, answer) if answer else None
