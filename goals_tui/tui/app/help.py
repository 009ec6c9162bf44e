"""The help of a screen: its purpose, its glyphs, and every key that works there.

A screen's `HELP` is a little Markdown: paragraphs with **bold** words, lists of items that begin with `* `, and rows
`| glyph | what it means |`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from goals_tui.tui.app.actions import key_names, of_context
from goals_tui.tui.app.dialogs import Dialog, Reading
from goals_tui.tui.app.textual_compat import keymap

if TYPE_CHECKING:
    from textual.screen import Screen


class Help(Reading[None]):
    """A dialog with the help of a screen."""

    DEFAULT_CSS = """
    Help > #dialog { width: 92; height: 90%; }
    Help #dialog-body { height: 1fr; max-height: 1fr; }
    Help #help-scroll { height: 1fr; scrollbar-size-vertical: 1; }
    Help #dialog-buttons { display: none; }
    """

    def __init__(self, screen: Screen[Any]) -> None:
        context = getattr(screen, "CONTEXT", "app")
        about = screen.dialog_title if isinstance(screen, Dialog) else context.replace(".", ", ").capitalize()
        super().__init__(f"Help: {about}")
        self.help = getattr(screen, "HELP", "")
        keys = keymap(screen.app)
        known = list(of_context(context)) if context not in ("", "app") else []
        if isinstance(screen, Dialog):  # The keys of the app do not work over it.
            taken = {action.keys for action in known}
            actions = [*known, *(action for action in of_context("app.dialog") if action.keys not in taken)]
        else:
            actions = [*known, *of_context("app")]
        # The registry has them in the order of the footer, where groups may alternate.
        groups = list(dict.fromkeys(action.group for action in actions))
        actions.sort(key=lambda action: groups.index(action.group))
        self.actions = [(action, keys.get(action.id, action.keys)) for action in actions]

    def compose_dialog(self) -> ComposeResult:
        with VerticalScroll(id="help-scroll"):
            yield Static("", id="help-text")

    def on_mount(self) -> None:
        self.query_one("#help-scroll").focus()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        width = max(30, self.query_one("#help-scroll", VerticalScroll).scrollable_content_region.width - 1)
        lines = list(explained(self.help, width)) if self.help else []
        group = ""
        for action, keys in self.actions:
            if action.group != group:
                group = action.group
                lines += [Content(""), Content.styled(group, "bold $primary")]
            first = Content.assemble((f"{key_names(keys) or 'palette':<17} ", "bold"), f"{action.description:<16} ")
            lines += hanging(first, Content.styled(action.tooltip, "$quiet"), width)
        self.query_one("#help-text", Static).update(Content("\n").join(lines))


def explained(text: str, width: int) -> Iterator[Content]:
    """Yield the help of a screen in lines of `width` cells."""
    for number, paragraph in enumerate(text.strip().split("\n\n")):
        if number:
            yield Content("")
        rows = [row for row in paragraph.split("\n") if row.startswith("|")]
        for row in rows:
            if set(row) - set("|- "):
                what, _, means = row.strip("| ").partition("|")
                glyph = Content.styled(what.strip(), "bold $primary")
                yield from hanging(glyph.pad_right(max(1, 9 - glyph.cell_length)), _emphasized(means.strip()), width)
        if not rows:
            first, *items = f"\n{paragraph}".split("\n* ")
            if first.strip():
                yield from _emphasized(" ".join(first.strip().split("\n"))).wrap(width)
            for item in items:
                yield from hanging(Content.styled("• ", "bold $primary"), _emphasized(" ".join(item.split())), width)


def hanging(first: Content, text: Content, width: int) -> Iterator[Content]:
    """Yield `text` beside `first`; further lines of the text are indented to its beginning."""
    indent = first.cell_length
    for number, part in enumerate(text.wrap(max(12, width - indent))):
        yield Content.assemble(first if number == 0 else " " * indent, part)


def _emphasized(text: str) -> Content:
    parts = re.split(r"[*`]{1,2}", text)
    return Content.assemble(*[(part, "bold" if number % 2 else "") for number, part in enumerate(parts)])
