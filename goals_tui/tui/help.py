"""`?`: what this screen is for, its glyphs, and every key that belongs to it.

A screen's `HELP` is a little Markdown: paragraphs with **bold** words, and rows `| glyph | what it means |`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from goals_tui.tui.actions import APP_ACTIONS, Action, key_names, of_context
from goals_tui.tui.dialogs import Dialog

if TYPE_CHECKING:
    from textual.screen import Screen


class Help(Dialog[None]):
    """The help of a screen."""

    DEFAULT_CSS = """
    Help > #dialog { width: 92; height: 90%; }
    Help #dialog-body { height: 1fr; max-height: 1fr; }
    Help #help-scroll { height: 1fr; scrollbar-size-vertical: 1; }
    Help .help-group { color: $primary; text-style: bold; margin-top: 1; }
    """

    def __init__(self, screen: Screen[Any]) -> None:
        context = getattr(screen, "CONTEXT", "app")
        super().__init__(f"Help: {context.replace('.', ', ').capitalize()}")
        self.help = getattr(screen, "HELP", "")
        keymap = screen.app._keymap
        known = list(of_context(context)) if context not in ("", "app") else []
        self.actions = [(action, keymap.get(action.id, action.keys)) for action in [*known, *APP_ACTIONS]]

    def compose_dialog(self) -> ComposeResult:
        with VerticalScroll(id="help-scroll"):
            if self.help:
                yield Static(explained(self.help))
            groups: dict[str, list[tuple[Action, str]]] = {}
            for action, keys in self.actions:
                if action.context != "app.dialog":
                    groups.setdefault(action.group, []).append((action, keys))
            for group, rows in groups.items():
                yield Static(group, classes="help-group", markup=False)
                yield Static(Content("\n").join([self._row(action, keys) for action, keys in rows]))

    def _row(self, action: Action, keys: str) -> Content:
        shown = key_names(keys) or "palette"
        return Content.assemble((f"{shown:<18}", "bold"), f"{action.description:<20} ", (action.tooltip, "$quiet"))

    def on_mount(self) -> None:
        self.query_one("#help-scroll").focus()


def explained(text: str) -> Content:
    """The help of a screen as it is shown."""
    lines: list[Content] = []
    for paragraph in text.strip().split("\n\n"):
        if lines:
            lines.append(Content(""))
        rows = [row for row in paragraph.split("\n") if row.startswith("|")]
        if rows:
            lines += [_meaning(row) for row in rows if set(row) - set("|- ")]
        else:
            lines.append(_emphasized(" ".join(paragraph.split("\n"))))
    return Content("\n").join(lines)


def _meaning(row: str) -> Content:
    what, _, means = row.strip("| ").partition("|")
    glyph = Content.styled(what.strip(), "bold $primary")
    return Content.assemble(glyph.pad_right(max(1, 10 - glyph.cell_length)), _emphasized(means.strip()))


def _emphasized(text: str) -> Content:
    parts = re.split(r"[*`]{1,2}", text)
    return Content.assemble(*[(part, "bold" if number % 2 else "") for number, part in enumerate(parts)])
