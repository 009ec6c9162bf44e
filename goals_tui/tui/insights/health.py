"""Data health: what is odd about the events, what it means, and what to do."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from goals_tui.domain.filters import Filters
from goals_tui.services.insights import HealthEntry
from goals_tui.tui.dialogs import Dialog


class HealthDialog(Dialog[str]):
    """A list of oddities. Returns "orphans" when their cycles are wanted."""

    DEFAULT_CSS = """
    HealthDialog > #dialog { width: 92; }
    HealthDialog #entries { height: auto; max-height: 70vh; }
    HealthDialog .entry { height: auto; margin-bottom: 1; }
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
        self._show([Static(said(entry), classes="entry", markup=False) for entry in entries] or [well])

    def _show(self, lines: list[Static]) -> None:
        place = self.query_one("#entries")
        place.remove_children()
        place.mount(*lines)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss("orphans" if event.button.id == "orphans" else None)


def said(entry: HealthEntry) -> Content:
    """One oddity in words."""
    lines = [
        Content.assemble(("⚠ ", "$warning"), (f"{entry.title}: {entry.count:,}", "bold")),
        Content(f"  {entry.meaning}"),
        Content.assemble(("  → ", "$primary"), entry.remedy),
    ]
    if entry.examples:
        lines.append(Content.styled(f"  For example: {', '.join(entry.examples)}", "$quiet"))
    return Content("\n").join(lines)
