"""The dialog for choosing one entry of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.widgets import Input, Label, Static
from textual.widgets.option_list import Option as Row

from goals_tui.domain.words import fold
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import Dialog
from goals_tui.tui.widgets.fields import Options


@dataclass(frozen=True)
class Option:
    """An entry of `Choose`: the returned value, its title, a quiet note, and further words that find it."""

    value: str
    title: str
    note: str = ""
    words: str = ""


class Search(Input):
    """The search field that narrows the list down."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app.choose")]


class Choose(Dialog[str]):
    """A list to choose from, narrowed down by typing. Returns the value of the chosen option.

    `preview` is called with the value of each option that the cursor reaches.
    """

    MOST_ROWS: ClassVar[int] = 400

    FEW: ClassVar[int] = 6
    """The most options for which the dialog is only as high as they are, lines that wrap included."""

    DEFAULT_CSS = """
    Choose > #dialog { height: 80%; }
    Choose #dialog-body { height: 1fr; }
    Choose Options { height: 1fr; margin-top: 1; }
    Choose.-few > #dialog, Choose.-few #dialog-body { height: auto; }
    Choose.-few Options { height: auto; min-height: 1; max-height: 12; }
    Choose .quiet { margin-bottom: 1; }
    Choose #dialog-buttons .quiet { margin: 0; }
    """

    def __init__(
        self,
        title: str,
        options: Sequence[Option],
        *,
        chosen: str | None = None,
        text: str = "",
        preview: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__(title)
        self.options = options
        self.chosen = chosen
        self.text = text
        self.preview = preview
        self.shown: list[Option] = []

    def compose_dialog(self) -> ComposeResult:
        if self.text:
            yield Static(self.text, classes="dialog-text quiet", markup=False)
        yield Search(placeholder="Type to search", id="search")
        yield Options(id="options", classes="-follows")

    def compose_buttons(self) -> ComposeResult:
        yield Label("", id="count", classes="quiet")

    def on_mount(self) -> None:
        rows = self.query_one(Options)
        rows.can_focus = False
        if len(self.options) <= self.FEW:
            self.add_class("-few")
        self._list("")
        self.call_after_refresh(self._center)
        self.query_one(Input).focus()

    def _center(self) -> None:
        """Scroll the chosen option to the middle of the list."""
        rows = self.query_one(Options)
        rows.scroll_to(y=(rows.highlighted or 0) - rows.size.height // 2, animate=False)

    @on(Input.Changed, "#search")
    def _search(self, event: Input.Changed) -> None:
        self._list(event.value)

    def _list(self, wanted: str) -> None:
        words = fold(wanted).replace("/", " ").replace("_", " ").split()
        found = [option for option in self.options if all(word in _searched(option) for word in words)]
        first = fold(wanted.strip())
        found.sort(key=lambda option: not fold(option.title).startswith(first))
        self.shown = found[: self.MOST_ROWS]
        rows = self.query_one(Options)
        rows.clear_options()
        rows.add_options([Row(self._row(option)) for option in self.shown])
        values = [option.value for option in self.shown]
        if self.shown:
            rows.highlighted = values.index(self.chosen) if not words and self.chosen in values else 0
        many = f"{len(found)} of {len(self.options)}" if words else f"{len(self.options)} in all"
        self.query_one("#count", Label).update(many if found else "No matches")

    def _row(self, option: Option) -> Content:
        mark = ("✓ ", "$primary") if option.value == self.chosen else "  "
        note = (f"  {option.note}", "$quiet") if option.note else ""
        return Content.assemble(mark, Content(option.title), note)

    def on_key(self, event: object) -> None:
        """Move the cursor of the list by arrow keys while the search has the focus."""
        key = getattr(event, "key", "")
        moves = {"up": "cursor_up", "down": "cursor_down", "pageup": "page_up", "pagedown": "page_down"}
        if key in moves:
            getattr(self.query_one(Options), f"action_{moves[key]}")()

    @on(Options.OptionHighlighted)
    def _highlighted(self, event: Options.OptionHighlighted) -> None:
        if self.preview and Options.is_there(event):
            self.preview(self.shown[event.option_index].value)

    @on(Input.Submitted, "#search")
    def _take(self) -> None:
        index = self.query_one(Options).highlighted
        if index is not None and self.shown:
            self.dismiss(self.shown[index].value)

    @on(Options.OptionSelected)
    def _clicked(self, event: Options.OptionSelected) -> None:
        if Options.is_there(event):
            self.dismiss(self.shown[event.option_index].value)


def _searched(option: Option) -> str:
    return fold(f"{option.title} {option.note} {option.words}").replace("/", " ").replace("_", " ")
