"""The fields of the node editor: spoken text, and a list of lines that grows as one types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, TextArea

from goals_tui.domain.model import MAX_NAME


class SpokenField(TextArea):
    """Text of several lines. Enter finishes, ctrl+j or alt+enter begins a new line, tab goes on."""

    DEFAULT_CSS = """
    SpokenField { min-height: 3; max-height: 12; }
    """

    @dataclass
    class Submitted(Message):
        """Enter was pressed."""

        field: SpokenField

    def __init__(self, text: str, *, id: str) -> None:
        super().__init__(text, id=id, soft_wrap=True, tab_behavior="focus", show_line_numbers=False)
        self.move_cursor(self.document.end)
        # The app's own style sheet gives every TextArea one height; this one grows with its text.
        self.styles.height = "auto"

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.post_message(self.Submitted(self))
        elif event.key in ("ctrl+j", "alt+enter", "shift+enter"):
            event.stop()
            event.prevent_default()
            self.insert("\n")
        else:
            await super()._on_key(event)


class ListedLine(NamedTuple):
    """A line of a `LineList`: its text, and which of the lines it was at first (None for a new one)."""

    origin: int | None
    text: str


class LineList(Vertical):
    """Short texts, one below the other; there is always an empty one to go on with. Empty lines count for nothing."""

    DEFAULT_CSS = """
    LineList { height: auto; }
    """

    class Finished(Message):
        """Enter was pressed on the empty line."""

    def __init__(self, lines: Sequence[str], *, placeholder: str, id: str) -> None:
        super().__init__(id=id)
        self._lines = lines
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        for number, line in enumerate(self._lines):
            yield self._field(line, number)
        yield self._field("", None)

    def lines(self) -> list[ListedLine]:
        """What is in the fields, without the empty ones."""
        fields = self.query(_LineField)
        return [ListedLine(field.origin, field.value.strip()) for field in fields if field.value.strip()]

    @on(Input.Changed)
    def _grow(self, event: Input.Changed) -> None:
        if event.value and event.input is self.query(_LineField).last():
            self.mount(self._field("", None))

    @on(Input.Submitted)
    def _go_on(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.screen.focus_next(_LineField)
        else:
            self.post_message(self.Finished())

    def _field(self, text: str, origin: int | None) -> _LineField:
        return _LineField(text, origin, self._placeholder)


class _LineField(Input):
    def __init__(self, text: str, origin: int | None, placeholder: str) -> None:
        super().__init__(text, placeholder=placeholder, max_length=MAX_NAME, compact=False)
        self.origin = origin
