"""The dialog for a list of lines that is pasted or typed."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.widgets import Button, Input, Static, TextArea

from goals_tui.domain.errors import GoalsError
from goals_tui.tui.app.dialogs import Form
from goals_tui.tui.widgets.fields import ProblemLine


class AskLines(Form[str]):
    """A dialog for a list of lines.

    `read` returns what the lines stand for, in words, and raises GoalsError for lines that can't be used. With
    `name_hint` there is a field for a name, too, which may stay empty: `name_typed`.
    """

    DEFAULT_CSS = """
    AskLines > #dialog { width: 80; }
    AskLines #lines { margin-top: 1; }
    AskLines #name { margin-top: 1; }
    """
    # Above the height that the app gives every field of several lines.
    CSS = "AskLines #lines { height: 10; }"

    def __init__(
        self, title: str, hint: str, read: Callable[[str], str], *, save: str, text: str = "", name_hint: str = ""
    ) -> None:
        super().__init__(title)
        self.hint = hint
        self.read = read
        self.save = save
        self.text = text
        self.name_hint = name_hint
        self.name_typed = ""

    def compose_dialog(self) -> ComposeResult:
        yield Static(self.hint, classes="dialog-text quiet", markup=False)
        yield TextArea(self.text, id="lines", tab_behavior="focus")
        if self.name_hint:
            yield Input(placeholder=self.name_hint, id="name")
        yield ProblemLine()

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button(self.save, id="ok", variant="primary")

    def on_mount(self) -> None:
        lines = self.query_one(TextArea)
        lines.move_cursor(lines.document.end)
        lines.focus()
        self._checked(strict=False)

    @on(TextArea.Changed)
    def _say(self) -> None:
        self._checked(strict=False)

    def _checked(self, *, strict: bool) -> bool:
        text, line = self.query_one(TextArea).text, self.query_one(ProblemLine)
        try:
            line.say(self.read(text) if text.strip() or strict else "", None)
        except GoalsError as error:
            line.say(str(error))
            return False
        return True

    @on(Button.Pressed, "#ok")
    @on(Input.Submitted)
    def _ok(self) -> None:
        if self._checked(strict=True):
            if self.name_hint:
                self.name_typed = self.query_one(Input).value.strip()
            self.dismiss(self.query_one(TextArea).text)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)
