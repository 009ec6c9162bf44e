"""The list for choosing the values of a filter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Checkbox, Label

from goals_tui.domain.filters import Choice
from goals_tui.domain.words import fold
from goals_tui.tui.widgets.search_list import Option, SearchList


class Tick(Checkbox):
    """A check box of one line: ☑ or ☐, and a label."""

    DEFAULT_CSS = """
    Tick { height: 1; border: none; padding: 0; background: transparent; width: auto; }
    Tick:focus { border: none; background: transparent; text-style: bold; color: $primary; }
    """

    def __init__(self, label: str, value: bool, *, id: str | None = None) -> None:
        super().__init__(label, value, id=id, compact=True)

    def render(self) -> Content:
        mark = ("☑ ", "bold $primary") if self.value else ("☐ ", "$quiet")
        return Content.assemble(mark, self.label)


_NONE = "\0none"
"""The value of the row for cycles without a value; no value of an event has a NUL."""


class ChoicePane(Vertical):
    """An editor for a `Choice`.

    `none` titles a first row for cycles without a value; "All but these" leaves them out, too.
    """

    DEFAULT_CSS = """
    ChoicePane, ChoicePane SearchList { height: 1fr; }
    ChoicePane Input { margin: 0; }
    ChoicePane Options { height: 1fr; }
    ChoicePane Horizontal { height: 1; }
    ChoicePane Label { width: 1fr; text-align: right; color: $quiet; }
    """

    @dataclass
    class Changed(Message):
        """Posted when the choice has changed."""

        pane: ChoicePane

    def __init__(
        self, what: str, choice: Choice, *, none: str = "", none_chosen: bool = False, but: bool = False, id: str
    ) -> None:
        super().__init__(id=id)
        self.what = what
        self.chosen = dict.fromkeys(choice.values)
        self.start = choice
        self.none = none
        self.none_chosen = none_chosen
        self.but = but
        self.known: dict[str, str] = {}
        self._found = 0

    def compose(self) -> ComposeResult:
        between = Horizontal(Tick("All but these", self.start.negated or self.but), Label("", markup=False))
        yield SearchList(self._row, between, placeholder=f"Type to find {self.what}; enter chooses")

    def on_mount(self) -> None:
        self._fill()

    @property
    def choice(self) -> Choice:
        """The current choice."""
        return Choice(values=tuple(self.chosen), negated=self.all_but and bool(self.chosen))

    @property
    def all_but(self) -> bool:
        """True if the chosen values are the ones left out."""
        return self.query_one(Tick).value if self.is_mounted else self.start.negated or self.but

    def fill(self, values: Iterable[tuple[str, str]]) -> None:
        """Set the values that can be chosen, with their titles."""
        self.known = dict(values)
        self._fill()

    def reset(self, choice: Choice, none_chosen: bool) -> None:
        """Edit another choice."""
        self.chosen = dict.fromkeys(choice.values)
        self.none_chosen = none_chosen
        self.query_one(Tick).value = choice.negated
        self.query_one(SearchList).search.value = ""
        self._fill()

    def title(self, value: str) -> str:
        """Return the title of a value."""
        return self.known.get(value, value)

    def _fill(self) -> None:
        order = sorted({*self.known, *self.chosen}, key=lambda v: (v not in self.start.values, fold(self.title(v))))
        none = [Option(_NONE, self.none)] if self.none else []
        self.query_one(SearchList).fill([*none, *(Option(value, self.title(value)) for value in order)])

    def _row(self, option: Option) -> Content:
        on = self.none_chosen if option.value == _NONE else option.value in self.chosen
        mark = ("☑ ", "bold $primary") if on else ("☐ ", "$quiet")
        return Content.assemble(mark, (option.title, "italic") if option.value == _NONE else Content(option.title))

    @on(SearchList.Listed)
    def _listed(self, event: SearchList.Listed) -> None:
        event.stop()
        self._found = event.matches - any(option.value == _NONE for option in self.query_one(SearchList).shown)
        self._count()

    def _count(self) -> None:
        count = len(self.chosen) + self.none_chosen
        more = f"{self._found:,} in all" if self._found else "no matches"
        self.query_one(Label).update(f"{count} chosen, {more}" if count else more)

    @on(SearchList.Highlighted)
    def _keep_highlight_here(self, event: SearchList.Highlighted) -> None:
        event.stop()

    @on(SearchList.Chosen)
    def _toggle(self, event: SearchList.Chosen) -> None:
        event.stop()
        value = event.option.value
        if value == _NONE:
            self.none_chosen = not self.none_chosen
        elif value in self.chosen:
            del self.chosen[value]
        else:
            self.chosen[value] = None
        self.query_one(SearchList).redraw(event.option)
        self._count()
        self.post_message(self.Changed(self))

    @on(Tick.Changed)
    def _negated(self) -> None:
        self.post_message(self.Changed(self))
