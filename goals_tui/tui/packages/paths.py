"""A field for a path, which completes what is typed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.app import ComposeResult
from textual.content import Content
from textual.suggester import Suggester
from textual.widgets import Input, Label, Static

from goals_tui.services.packages.paths import complete
from goals_tui.tui.dialogs import AskText

MOST_LETTERS = 4096


class _Completion(Suggester):
    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(complete, value)


def path_input(value: str = "", *, id: str = "path") -> Input:
    """A field for a path; → takes the completion."""
    return Input(value, id=id, max_length=MOST_LETTERS, suggester=_Completion(), select_on_focus=False)


class AskPath(AskText):
    """Asks for a path. `check` raises GoalsError for one that won't do."""

    DEFAULT_CSS = "AskPath #hint { margin-top: 1; }"

    def __init__(self, title: str, hint: str, *, save: str, check: Callable[[str], object]) -> None:
        super().__init__(title, label="File", save=save, check=check)
        self.hint = hint

    def compose_dialog(self) -> ComposeResult:
        yield Label(self.label, classes="quiet", markup=False)
        yield path_input()
        yield Static("", classes="problem", markup=False)
        yield Static(Content.assemble(self.hint, "  ", ("→", "bold $primary"), " completes the name."), classes="quiet")
