"""The list of options that is narrowed down by typing: choosing one, choosing the values of a filter, adding a node."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.events import Key
from textual.message import Message
from textual.visual import Visual
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.option_list import Option as Row

from goals_tui.domain.words import fold
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.widgets.fields import Options

_MOVES = {"up": "cursor_up", "down": "cursor_down", "pageup": "page_up", "pagedown": "page_down"}


@dataclass(frozen=True)
class Option:
    """An option of a list: its value, its title, a quiet note, and further words that find it."""

    value: str
    title: str
    note: str = ""
    words: str = ""


class Search(Input):
    """The search field that narrows the list down."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("app.choose")]


class SearchList(Vertical):
    """A search field and the options that contain every word of it, those first whose title begins with it.

    The search has the focus and moves the cursor of the list; `focus_list` gives the focus to the list instead.
    `row` draws an option. `between` are widgets between search and list.
    """

    MOST_ROWS: ClassVar[int] = 400
    """The most options that are listed; typing finds the others."""

    ROWS_AT_ONCE: ClassVar[int] = 60
    """How many options are listed at first, and more as soon as the end of the list is in view."""

    @dataclass
    class Listed(Message):
        """Posted when other options are listed than before: so many match, of all."""

        matches: int
        total: int

    @dataclass
    class Highlighted(Message):
        """Posted when the cursor has reached an option."""

        option: Option

    @dataclass
    class Chosen(Message):
        """Posted when the user chose an option, by enter or a click."""

        option: Option

    def __init__(
        self,
        row: Callable[[Option], Visual],
        *between: Widget,
        placeholder: str = "Type to search",
        focus_list: bool = False,
    ) -> None:
        super().__init__()
        self._row = row
        self._between = between
        self._placeholder = placeholder
        self._focus_list = focus_list
        self._options: tuple[Option, ...] = ()
        self._texts: list[tuple[str, str]] = []
        """The folded texts of the options, in which words are looked up at each key, and their titles."""
        self._drawn: dict[Option, Row] = {}
        """The rows of the options that were listed."""
        self._start: str | None = None
        self.shown: list[Option] = []

    def compose(self) -> ComposeResult:
        yield Search(placeholder=self._placeholder, id="search")
        yield from self._between
        options = Options(id="options", classes="" if self._focus_list else "-follows")
        options.can_focus = self._focus_list
        yield options

    def on_mount(self) -> None:
        """List more options when the list is scrolled."""
        self.watch(self.rows, "scroll_y", self._scrolled, init=False)

    @property
    def rows(self) -> Options:
        """The list below the search."""
        return self.query_one("#options", Options)

    @property
    def search(self) -> Search:
        """The search field."""
        return self.query_one("#search", Search)

    @property
    def highlighted(self) -> Option | None:
        """The option with the cursor."""
        place = self.rows.highlighted
        return self.shown[place] if place is not None and place < len(self.shown) else None

    def fill(self, options: Iterable[Option], start: str | None = None) -> None:
        """List other options. The cursor stays on its option if it can; at first it is on the option `start`."""
        self._options = tuple(options)
        self._drawn.clear()
        self._texts = [
            (_spaced(f"{option.title} {option.note} {option.words}"), fold(option.title)) for option in self._options
        ]
        self._start = start
        here = self.highlighted
        self._list(here.value if here else start)

    def redraw(self, option: Option) -> None:
        """Draw an option again, where it is listed."""
        self._drawn.pop(option, None)
        if option in self.shown[: self.rows.option_count]:
            self.rows.replace_option_prompt_at_index(self.shown.index(option), self._row(option))

    @on(Input.Changed, "#search")
    def _search(self, event: Input.Changed) -> None:
        event.stop()
        self._list(None if event.value.strip() else self._start)

    def _list(self, wanted: str | None) -> None:
        text = self.search.value
        words, first = _spaced(text).split(), fold(text.strip())
        matching = list(zip(self._options, self._texts, strict=True))
        for word in words:
            matching = [(option, texts) for option, texts in matching if word in texts[0]]
        found = [option for option, (_, title) in matching if title.startswith(first)]
        found += [option for option, (_, title) in matching if not title.startswith(first)]
        self.shown = found[: self.MOST_ROWS]
        place = next((place for place, option in enumerate(self.shown) if option.value == wanted), 0)
        rows = self.rows
        if self.shown:
            # Set, not cleared and added: a list that is empty in between is laid out twice.
            rows.set_options(map(self._row_of, self.shown[: place + self.ROWS_AT_ONCE]))
            rows.highlighted = place
        else:
            rows.clear_options()
        self.post_message(self.Listed(len(found), len(self._options)))

    def _add_rows(self, count: int) -> None:
        """List the first `count` options."""
        rows = self.rows
        rows.add_options(map(self._row_of, self.shown[rows.option_count : count]))

    def _row_of(self, option: Option) -> Row:
        """Return the row of an option, which knows its height once it was listed."""
        if option not in self._drawn:
            self._drawn[option] = Row(self._row(option))
        return self._drawn[option]

    def _scrolled(self, y: float) -> None:
        rows = self.rows
        if y + 2 * rows.size.height > rows.virtual_size.height and rows.option_count < len(self.shown):
            self._add_rows(rows.option_count + self.ROWS_AT_ONCE)

    def center(self) -> None:
        """Scroll the option with the cursor to the middle of the list."""
        rows = self.rows
        rows.scroll_to(y=(rows.highlighted or 0) - rows.size.height // 2, animate=False)

    def on_key(self, event: Key) -> None:
        """Move the cursor of the list by arrow keys while the search has the focus."""
        if event.key in _MOVES and self.search.has_focus:
            event.stop()
            getattr(self.rows, f"action_{_MOVES[event.key]}")()

    @on(Options.OptionHighlighted, "#options")
    def _highlight(self, event: Options.OptionHighlighted) -> None:
        event.stop()
        if Options.is_there(event):
            if event.option_index == self.rows.option_count - 1:
                self._add_rows(self.rows.option_count + self.ROWS_AT_ONCE)
            self.post_message(self.Highlighted(self.shown[event.option_index]))

    @on(Input.Submitted, "#search")
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        option = self.highlighted
        if option is not None:
            self.post_message(self.Chosen(option))

    @on(Options.OptionSelected, "#options")
    def _select(self, event: Options.OptionSelected) -> None:
        event.stop()
        if Options.is_there(event):
            self.post_message(self.Chosen(self.shown[event.option_index]))


def _spaced(text: str) -> str:
    return fold(text).replace("/", " ").replace("_", " ")
