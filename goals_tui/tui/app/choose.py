"""The dialog for choosing one entry of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Label, Static

from goals_tui.tui.app.dialogs import Dialog
from goals_tui.tui.widgets.fields import Hanging
from goals_tui.tui.widgets.search_list import Option, SearchList

__all__ = ["Choose", "Option"]


class Choose(Dialog[str]):
    """A list to choose from, narrowed down by typing. Returns the value of the chosen option.

    `preview` is called with the value of each option that the cursor reaches.
    """

    FEW: ClassVar[int] = 6
    """The most options for which the dialog is only as high as they are, lines that wrap included."""

    DEFAULT_CSS = """
    Choose > #dialog { height: 80%; }
    Choose #dialog-body, Choose SearchList { height: 1fr; }
    Choose Options { height: 1fr; margin-top: 1; }
    Choose.-few > #dialog, Choose.-few #dialog-body, Choose.-few SearchList { height: auto; }
    Choose.-few Options { height: auto; min-height: 1; max-height: 12; }
    Choose .quiet { margin-bottom: 1; }
    Choose #count { width: 1fr; margin: 0; text-align: right; }
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

    def compose_dialog(self) -> ComposeResult:
        if self.text:
            yield Static(self.text, classes="dialog-text quiet", markup=False)
        yield SearchList(self._row)

    def compose_buttons(self) -> ComposeResult:
        yield Label("", id="count", classes="quiet")

    def on_mount(self) -> None:
        found = self.query_one(SearchList)
        if len(self.options) <= self.FEW:
            self.add_class("-few")
        found.fill(self.options, self.chosen)
        self.call_after_refresh(found.center)
        found.search.focus()

    @property
    def shown(self) -> list[Option]:
        """The options that match what was typed."""
        return self.query_one(SearchList).shown

    @on(SearchList.Listed)
    def _count(self, event: SearchList.Listed) -> None:
        searching = bool(self.query_one(SearchList).search.value.strip())
        many = f"{event.matches} of {event.total}" if searching else f"{event.total} in all"
        self.query_one("#count", Label).update(many if event.matches else "No matches", layout=False)

    def _row(self, option: Option) -> Hanging:
        # Without a choice made before there is no column for its mark.
        mark = "" if self.chosen is None else "✓ " if option.value == self.chosen else "  "
        return Hanging(Content.styled(mark, "$primary"), self._text(option))

    def _text(self, option: Option) -> Content:
        note = (f"  {option.note}", "$quiet") if option.note else ""
        return Content.assemble(Content(option.title), note)

    @on(SearchList.Highlighted)
    def _highlighted(self, event: SearchList.Highlighted) -> None:
        if self.preview:
            self.preview(event.option.value)

    @on(SearchList.Chosen)
    def _choose(self, event: SearchList.Chosen) -> None:
        self.dismiss(event.option.value)
