"""Dialogs of Insights: data health, and saving a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from goals_tui.domain.filters import Filters
from goals_tui.services.insights.service import HealthEntry
from goals_tui.tui.app.dialogs import Reading
from goals_tui.tui.app.screen import ScreenFrame
from goals_tui.tui.insights.views import View


class HealthDialog(Reading[str]):
    """A list of oddities. Returns "orphans" when their cycles are wanted."""

    DEFAULT_CSS = """
    HealthDialog > #dialog { width: 92; }
    HealthDialog #entries { height: auto; max-height: 70vh; }
    HealthDialog .entry { height: auto; padding-left: 2; }
    HealthDialog .title { padding-left: 0; }
    HealthDialog .last { margin-bottom: 1; }
    """

    def __init__(self, filters: Filters) -> None:
        super().__init__("Data health")
        self.filters = filters

    def compose_dialog(self) -> ComposeResult:
        with VerticalScroll(id="entries"):
            yield Static("Looking …", classes="quiet", markup=False)

    def compose_buttons(self) -> ComposeResult:
        yield Button("Orphan cycles", id="orphans")
        yield Button("Close", id="close")

    def on_mount(self) -> None:
        self.query_one("#orphans").display = False
        self.query_one("#close").focus()
        self.load("health", lambda: self.services.insights.health_details(self.filters), self._take)

    def _take(self, entries: list[HealthEntry]) -> None:
        self.query_one("#orphans", Button).display = any(entry.code == "orphan_cycles" for entry in entries)
        well = Static("✔ All is well: every event has its goal, its version, and a place in a cycle.", markup=False)
        self._show([line for entry in entries for line in lines_of(entry)] or [well])

    def _show(self, lines: list[Static]) -> None:
        place = self.query_one("#entries")
        place.remove_children()
        place.mount(*lines)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss("orphans" if event.button.id == "orphans" else None)


def lines_of(entry: HealthEntry) -> list[Static]:
    """One oddity in words; each line is a widget of its own, so that what wraps stays under its beginning."""
    lines = [
        Static(
            Content.assemble(("⚠ ", "$warning"), (f"{entry.title}: {entry.count:,}", "bold")), classes="entry title"
        ),
        Static(Content(entry.meaning), classes="entry"),
        Static(Content.assemble(("→ ", "$primary"), entry.remedy), classes="entry"),
    ]
    if entry.examples:
        lines.append(Static(Content.styled(f"For example: {', '.join(entry.examples)}", "$quiet"), classes="entry"))
    lines[-1].add_class("last")
    return lines


def copy_table(screen: ScreenFrame[Any], view: View) -> None:
    """Put the table on the clipboard, and say so."""
    screen.app.copy_to_clipboard(view.table.as_text())
    count = len(view.table.rows)
    screen.app.notify(f"{count} row{'' if count == 1 else 's'} copied: {view.title}")


async def save_table(screen: ScreenFrame[Any], view: View, holds: str) -> None:
    """Ask for a path, and write the table there as CSV. `holds` says what is in it, for the proposed name."""
    from goals_tui.services.export_files import proposed, save_text, typed
    from goals_tui.tui.app.dialogs import AskText

    text = view.table.as_csv()
    asked = AskText("Save the table as CSV", value=Path(proposed(holds, ".csv")).name, label="File")
    path = await screen.app.push_screen_wait(asked)
    if path is not None:
        saved = screen.attempt(lambda: save_text(typed(path), text))
        if saved is not None:
            screen.app.notify(f"Saved {saved}")
