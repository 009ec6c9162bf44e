"""The list for choosing the values of a filter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.widgets import Checkbox, Input, Label
from textual.widgets.option_list import Option

from goals_tui.domain.filters import Choice
from goals_tui.domain.words import fold
from goals_tui.tui.widgets.fields import Options


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


MOST_ROWS = 300
"""The most values that are listed at once; typing finds the others."""


class ChoicePane(Vertical):
    """An editor for a `Choice`.

    `none` titles a first row for cycles without a value; "All but these" leaves them out, too.
    """

    DEFAULT_CSS = """
    ChoicePane { height: 1fr; }
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
        self.rows: list[str | None] = []
        self._found = 0

    def compose(self) -> ComposeResult:
        yield Input(placeholder=f"Type to find {self.what}; enter chooses")
        with Horizontal():
            yield Tick("All but these", self.start.negated or self.but)
            yield Label("", markup=False)
        yield Options(classes="-follows")

    def on_mount(self) -> None:
        self.query_one(Options).can_focus = False
        self._list()

    @property
    def choice(self) -> Choice:
        """The current choice."""
        return Choice(values=tuple(self.chosen), negated=self.all_but and bool(self.chosen))

    @property
    def all_but(self) -> bool:
        """Whether the chosen values are the ones left out."""
        return self.query_one(Tick).value if self.is_mounted else self.start.negated or self.but

    def fill(self, values: Iterable[tuple[str, str]]) -> None:
        """Set the values that can be chosen, with their titles."""
        self.known = dict(values)
        self._list()

    def reset(self, choice: Choice, none_chosen: bool) -> None:
        """Edit another choice."""
        self.chosen = dict.fromkeys(choice.values)
        self.none_chosen = none_chosen
        self.query_one(Tick).value = choice.negated
        self.query_one(Input).value = ""
        self._list()

    def title(self, value: str) -> str:
        """Return the title of a value."""
        return self.known.get(value, value)

    @on(Input.Changed)
    def _list(self) -> None:
        rows = self.query_one(Options)
        words = fold(self.query_one(Input).value).split()
        here = self.rows[rows.highlighted] if rows.highlighted is not None and self.rows else None
        order = sorted({*self.known, *self.chosen}, key=lambda v: (v not in self.start.values, fold(self.title(v))))
        found = [value for value in order if all(word in fold(self.title(value)) for word in words)]
        self.rows = [*([None] if self.none and not words else []), *found[:MOST_ROWS]]
        rows.clear_options()
        rows.add_options([Option(self._row(value)) for value in self.rows])
        if self.rows:
            rows.highlighted = self.rows.index(here) if here in self.rows else 0
        self._found = len(found)
        self._count()

    def _row(self, value: str | None) -> Content:
        on = self.none_chosen if value is None else value in self.chosen
        mark = ("☑ ", "bold $primary") if on else ("☐ ", "$quiet")
        return Content.assemble(mark, (self.none, "italic") if value is None else Content(self.title(value)))

    def _count(self) -> None:
        count = len(self.chosen) + self.none_chosen
        more = f"{self._found:,} in all" if self._found else "no matches"
        self.query_one(Label).update(f"{count} chosen, {more}" if count else more)

    def on_key(self, event: Key) -> None:
        """Move the cursor of the list by arrow keys while the search has the focus."""
        rows = self.query_one(Options)
        if not self.query_one(Input).has_focus:
            return
        moves = {"up": "cursor_up", "down": "cursor_down", "pageup": "page_up", "pagedown": "page_down"}
        if event.key in moves:
            event.stop()
            getattr(rows, f"action_{moves[event.key]}")()

    @on(Input.Submitted)
    def _toggle_highlighted(self) -> None:
        place = self.query_one(Options).highlighted
        if place is not None:
            self._toggle(place)

    @on(Options.OptionSelected)
    def _toggle_clicked(self, event: Options.OptionSelected) -> None:
        event.stop()
        if Options.is_there(event):
            self._toggle(event.option_index)

    @on(Options.OptionHighlighted)
    def _keep_highlight_here(self, event: Options.OptionHighlighted) -> None:
        event.stop()

    def _toggle(self, place: int) -> None:
        value = self.rows[place]
        if value is None:
            self.none_chosen = not self.none_chosen
        elif value in self.chosen:
            del self.chosen[value]
        else:
            self.chosen[value] = None
        rows = self.query_one(Options)
        rows.replace_option_prompt_at_index(place, self._row(value))
        self._count()
        self.post_message(self.Changed(self))

    @on(Tick.Changed)
    def _negated(self) -> None:
        self.post_message(self.Changed(self))
