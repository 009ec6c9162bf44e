"""The dialog that exports a package, and fields and questions for paths of files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import Screen
from textual.suggester import Suggester
from textual.widgets import Button, Input, Label, Static

from goals_tui.domain.errors import GoalsError
from goals_tui.services.export_files import check_target, complete, exists_already, proposed, typed
from goals_tui.tui.app.dialogs import Answer, Ask, AskText, Form
from goals_tui.tui.widgets.fields import ProblemLine, Toggle

if TYPE_CHECKING:
    from goals_tui.tui.app.app import GoalsApp

Read = TypeVar("Read")

MOST_LETTERS = 4096


class _Completion(Suggester):
    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        return await asyncio.to_thread(complete, value)


def path_input(value: str = "", *, id: str = "path") -> Input:
    """Return a field for a path that proposes completions; → accepts one."""
    return Input(value, id=id, max_length=MOST_LETTERS, suggester=_Completion(), select_on_focus=False)


class AskPath(AskText):
    """A dialog that asks for a path. `check` raises GoalsError if the path is not acceptable."""

    DEFAULT_CSS = "AskPath #hint { margin-top: 1; }"

    def __init__(self, title: str, hint: str, *, save: str, check: Callable[[str], object]) -> None:
        super().__init__(title, label="File", save=save, check=check)
        self.hint = hint

    def compose_dialog(self) -> ComposeResult:
        yield Label(self.label, classes="quiet", markup=False)
        yield path_input()
        yield ProblemLine()
        yield Static(Content.assemble(self.hint, "  ", ("→", "bold $primary"), " completes the name."), classes="quiet")


async def ask_and_read(app: GoalsApp, dialog: AskPath, read: Callable[[Path], Read]) -> tuple[Path, Read] | None:
    """Ask for a file and read it in a thread; None if nobody names one, or if it can't be read, which is said."""
    text = await app.push_screen_wait(dialog)
    if text is None:
        return None
    path = typed(text)
    try:
        return path, await asyncio.to_thread(read, path)
    except GoalsError as error:
        app.show_error(error)
        return None


def ask_before_replacing(form: Screen[Any], path: Path, write: Callable[[], object]) -> None:
    """Call `write`, but ask first if there is already a file at `path`.

    If the user declines, nothing is written and `form` stays open.
    """
    try:
        there = exists_already(path)
    except GoalsError as error:
        form.notify(str(error), severity="error", markup=False)
        return
    if not there:
        write()
        return
    answers = [Answer("keep", "Cancel", nothing=True), Answer("replace", "Replace", danger=True)]
    question = Ask("Replace this file?", f"{path} exists already.", answers, danger=True)

    def decide(answer: str | None) -> None:
        if answer == "replace":
            write()

    form.app.push_screen(question, decide)


class AskTarget(AskText):
    """A dialog for the file to write to, which asks before replacing a file."""

    def __init__(self, title: str, proposed: str) -> None:
        super().__init__(title, value=proposed, label="File", save="Export", check=check_target)

    def compose_dialog(self) -> ComposeResult:
        yield Label(self.label, classes="quiet", markup=False)
        yield path_input(self.value)
        yield ProblemLine()
        yield ProblemLine(id="note")

    @on(Input.Changed)
    def _note(self) -> None:
        there = not self.problem() and typed(self.query_one(Input).value).exists()
        self.query_one("#note", ProblemLine).say("There is a file of this name already." if there else "", "warning")

    def answer(self, text: str) -> None:
        ask_before_replacing(self, typed(text), lambda: self.dismiss(text))


_NAMED = 4


@dataclass(frozen=True)
class ExportChoice:
    """The choices made in the export dialog."""

    path: Path
    with_events: bool
    with_flows: bool


class ExportPackage(Form[ExportChoice]):
    """A dialog that asks for the file, and whether to include flows and analytics data.

    `names` are the names of the goals and flows to export; `flows` those of further flows that track the goals.
    """

    DEFAULT_CSS = """
    ExportPackage Toggle { margin-bottom: 0; }
    ExportPackage #what { margin-bottom: 1; width: 1fr; height: auto; }
    ExportPackage #file-label { margin-top: 1; }
    """

    def __init__(self, names: Sequence[str], flows: Sequence[str], *, has_events: bool, with_events: bool) -> None:
        super().__init__("Export as package")
        self.names = names
        self.flows = flows
        self.has_events = has_events
        self.with_events = with_events

    def compose_dialog(self) -> ComposeResult:
        yield Static(_listed(self.names), id="what")
        if self.flows:
            listed = ", ".join(self.flows[:2]) + (f" and {len(self.flows) - 2} more" if len(self.flows) > 2 else "")
            yield Toggle(f"With the flows that track them: {listed}", True, id="with-flows")
        if self.has_events:
            yield Toggle("With their analytics data", self.with_events, id="with-events")
        yield Label("File", id="file-label", classes="quiet")
        yield path_input(proposed(self.names[0] if len(self.names) == 1 else f"{len(self.names)} goals"))
        yield ProblemLine()

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Export", id="export", variant="primary")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._say()

    @on(Input.Changed)
    def _say(self) -> None:
        path, problem = self._checked()
        there = path is not None and path.exists()
        text = problem or ("This file exists already." if there else "")
        self.query_one(ProblemLine).say(text, "error" if problem else "warning")

    def _checked(self) -> tuple[Path | None, str]:
        text = self.query_one(Input).value
        if not text.strip():
            return None, "Enter a file name, for example goals.zip."
        try:
            return check_target(text), ""
        except GoalsError as error:
            return None, str(error)

    @on(Input.Submitted)
    @on(Button.Pressed, "#export")
    def _export(self) -> None:
        path, _ = self._checked()
        if path is not None:
            choice = ExportChoice(path, self._on("#with-events"), self._on("#with-flows"))
            ask_before_replacing(self, path, lambda: self.dismiss(choice))

    def _on(self, selector: str) -> bool:
        return any(box.value for box in self.query(selector).results(Toggle))

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)


def _listed(names: Sequence[str]) -> Content:
    shown = [Content.assemble(("• ", "$primary"), Content(name)) for name in names[:_NAMED]]
    if len(names) > _NAMED:
        shown.append(Content.styled(f"  and {len(names) - _NAMED} more", "$quiet"))
    return Content("\n").join(shown)
