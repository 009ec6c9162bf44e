"""Dialogs: questions, forms, messages and conflicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar, cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

from goals_tui.domain.errors import ConflictError, GoalsError
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.background import BackgroundScreen
from goals_tui.tui.widgets.bars import KeyBar
from goals_tui.tui.widgets.fields import ProblemLine

if TYPE_CHECKING:
    from textual.app import App
    from textual.binding import ActiveBinding

ResultT = TypeVar("ResultT")
MOST_WIDE = 3
"""The most answers with buttons of full width; with more, buttons are narrower, so that all of them fit."""


class Dialog(ModalScreen[ResultT | None], BackgroundScreen[ResultT | None]):
    """A box in the middle of the screen with a title, a body and buttons. Escape closes it with None."""

    CONTEXT: ClassVar[str] = "app.dialog"
    HELP: ClassVar[str] = ""
    """Concepts and glyphs, in the form that `tui.app.help` describes; empty for a dialog that explains itself."""
    BINDINGS = bindings("app.dialog")
    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog > #dialog {
        width: 72; max-width: 100%; height: auto; max-height: 100%;
        background: $surface; border-left: outer $primary; padding: 1 2 1 2;
    }
    Dialog.-danger > #dialog { border-left: outer $error; }
    Dialog #dialog-title { text-style: bold; color: $primary; width: 1fr; margin-bottom: 1; }
    Dialog.-danger #dialog-title { color: $error; }
    Dialog #dialog-body { height: auto; max-height: 1fr; }
    Dialog #dialog-buttons { height: 1; margin-top: 1; align-horizontal: right; }
    Dialog #dialog-buttons Button { margin-left: 1; }
    Dialog .dialog-text { width: 1fr; height: auto; }
    Dialog ProblemLine { min-height: 1; }
    Dialog Field ProblemLine { min-height: 0; }
    """

    def __init_subclass__(cls, **options: Any) -> None:
        """Bind the key for help in dialogs that have one."""
        if "HELP" in vars(cls):
            cls.BINDINGS = [*vars(cls).get("BINDINGS", ()), *bindings("app.explained")]
        super().__init_subclass__(**options)

    def __init__(self, title: str, *, danger: bool = False) -> None:
        super().__init__()
        self.dialog_title = title
        self.set_class(danger, "-danger")

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Label(self.dialog_title, id="dialog-title", markup=False)
            with VerticalScroll(id="dialog-body", can_focus=False):
                yield from self.compose_dialog()
            with Horizontal(id="dialog-buttons"):
                yield from self.compose_buttons()
        yield KeyBar()

    def compose_dialog(self) -> ComposeResult:
        """Yield the body of the dialog."""
        yield from ()

    def compose_buttons(self) -> ComposeResult:
        """Yield the buttons; the first one has the focus where the body takes none."""
        yield from ()

    def on_resize(self) -> None:
        """Keep title and buttons in view; a body that is too high scrolls between them."""
        self.fit()
        self.call_after_refresh(self.fit)

    def fit(self) -> None:
        """Limit the body to the lines that title, buttons and keys leave."""
        around = self.query_one("#dialog").gutter.height + 1
        for part in ("#dialog-title", "#dialog-buttons"):
            widget = self.query_one(part)
            around += (max(1, widget.size.height) + widget.styles.margin.height) if widget.display else 0
        self.query_one("#dialog-body").styles.max_height = max(3, self.size.height - around)

    def called(self, action: str, title: str, keys: dict[str, ActiveBinding]) -> dict[str, ActiveBinding]:
        """Return the keys with another title for an action of this dialog, unless the title is empty."""
        return {
            key: active._replace(binding=replace(active.binding, description=title))
            if title and active.node is self and active.binding.action == action
            else active
            for key, active in keys.items()
        }

    def action_help(self) -> None:
        """Show the help of this dialog."""
        from goals_tui.tui.app.help import Help

        self.app.push_screen(Help(self))

    def action_cancel(self) -> None:
        """Close without an answer."""
        self.dismiss(None)

    def action_next_button(self) -> None:
        """Focus the next widget."""
        self.focus_next()

    def action_previous_button(self) -> None:
        """Focus the previous widget."""
        self.focus_previous()


class Reading(Dialog[ResultT]):
    """A dialog for reading, closed by escape."""

    CONTEXT = "app.reading"
    BINDINGS = bindings("app.reading")


class Form(Dialog[ResultT]):
    """A dialog with fields; a key presses its main button from any of them."""

    CONTEXT = "app.form"
    BINDINGS = bindings("app.form")

    def action_accept(self) -> None:
        """Press the main button."""
        self.query_one("#dialog-buttons Button.-primary", Button).press()

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The keys that work now; the one for the main button is called as the button is."""
        main = next(iter(self.query("#dialog-buttons Button.-primary").results(Button)), None)
        return self.called("accept", str(main.label) if main else "", super().active_bindings)


@dataclass(frozen=True)
class Answer:
    """A button of `Ask`: the returned value, its title, and whether it loses something or changes nothing."""

    value: str
    title: str
    danger: bool = False
    nothing: bool = False
    """True if escape does the same; it is called alike then."""


class Ask(Dialog[str]):
    """A question with some answers; the first has the focus. Returns the value of the chosen answer."""

    def __init__(self, title: str, text: str | Content, answers: Sequence[Answer], *, danger: bool = False) -> None:
        super().__init__(title, danger=danger)
        self.text = text
        self.answers = answers
        self.set_class(len(answers) > MOST_WIDE, "-many")

    def compose_dialog(self) -> ComposeResult:
        yield Static(self.text, markup=False, classes="dialog-text")

    def compose_buttons(self) -> ComposeResult:
        for number, answer in enumerate(self.answers):
            yield Button(answer.title, id=f"answer-{number}", variant="error" if answer.danger else "default")

    def on_mount(self) -> None:
        self.query_one("#answer-0", Button).focus()

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The keys that work now; escape is called as the answer that changes nothing."""
        title = next((answer.title for answer in self.answers if answer.nothing), "")
        return self.called("cancel", title, super().active_bindings)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(self.answers[int((event.button.id or "").rpartition("-")[2])].value)


def ask_to_leave(name: str) -> Ask:
    """Return the question before changes are lost: save, discard or stay."""
    answers = [Answer("save", "Save"), Answer("discard", "Discard", danger=True), Answer("stay", "Stay", nothing=True)]
    return Ask("Not saved", f"{name} has changes.", answers)


class AskText(Form[str]):
    """A dialog for a line of text.

    `check` raises GoalsError for text that can't be used; its message is shown below the field while typing. The text
    may be empty if it is `optional`.
    """

    def __init__(
        self,
        title: str,
        *,
        value: str = "",
        label: str = "Name",
        save: str = "Save",
        check: Callable[[str], object] | None = None,
        optional: bool = False,
    ) -> None:
        super().__init__(title)
        self.value = value
        self.label = label
        self.optional = optional
        self.save = save
        self.check = check

    def compose_dialog(self) -> ComposeResult:
        yield Label(self.label, classes="quiet", markup=False)
        yield Input(self.value, id="text", max_length=300)
        yield ProblemLine()

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button(self.save, id="save", variant="primary")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def problem(self) -> str:
        """Return the reason why the text can't be used; empty where it can."""
        text = self.query_one(Input).value.strip()
        # Text without a visible character is not a name; pasted text may be like that.
        # Imported here, because models are loaded after the first frame, which needs this module.
        from goals_tui.domain.text import clean_line

        if not clean_line(text):
            return "" if self.optional else f"{self.label} can't be empty."
        try:
            if self.check:
                self.check(text)
        except GoalsError as error:
            return str(error)
        return ""

    @on(Input.Changed)
    def _say(self) -> None:
        value = self.query_one(Input).value
        self.query_one(ProblemLine).say(self.problem() if value.strip() and value != self.value else "")

    @on(Input.Submitted)
    @on(Button.Pressed, "#save")
    def _save(self) -> None:
        problem = self.problem()
        self.query_one(ProblemLine).say(problem)
        if not problem:
            self.answer(self.query_one(Input).value.strip())

    def answer(self, text: str) -> None:
        """Close the dialog with the text, which has passed the checks."""
        self.dismiss(text)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)


Resolution = Literal["reload", "copy", "overwrite"]


async def ask_conflict(app: App[Any], conflict: ConflictError, outlook: str) -> Resolution | None:
    """Ask which version to keep after a conflict; None goes back. Await it in a worker.

    `outlook` tells in a line or two how the version that gives way can be reached afterwards.
    """
    back = Answer("", "Back", nothing=True)
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
