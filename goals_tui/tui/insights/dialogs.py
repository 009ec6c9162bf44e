"""Dialogs of the Insights screen: data health, and what came next after a drop-off."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from goals_tui.domain.decisions import DropOff
from goals_tui.domain.filters import Filters
from goals_tui.format import percent, plural
from goals_tui.services.insights.health import HealthEntry
from goals_tui.tui.app.dialogs import Reading
from goals_tui.tui.app.screen import ScreenFrame
from goals_tui.tui.insights.view import View


class HealthDialog(Reading[str]):
    """A list of the problems found in the events.

    The dialog returns "orphans" if the user chose to see the orphan cycles, and None otherwise.
    """

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
        services, filters = self.services, self.filters
        self.load(
            "health",
            lambda: (services.insights.health_details(filters), services.events.is_empty()),
            lambda found: self._show(*found),
        )

    def _show(self, entries: list[HealthEntry], empty: bool) -> None:
        self.query_one("#orphans", Button).display = any(entry.code == "orphan_cycles" for entry in entries)
        lines = [line for entry in entries for line in lines_of(entry)]
        if not lines:
            well = "✔ All is well: every event has its goal, its version, and a place in a cycle."
            lines = [Static("No events yet: there is nothing to check." if empty else well, markup=False)]
        place = self.query_one("#entries")
        place.remove_children()
        place.mount(*lines)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss("orphans" if event.button.id == "orphans" else None)


def lines_of(entry: HealthEntry) -> list[Static]:
    """Return the lines that describe one problem.

    Each line is a separate widget, so that wrapped text keeps the indentation of its line.
    """
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


class CameNext(Reading[None]):
    """A list of what followed in the sessions of the cycles that dropped off after a step."""

    DEFAULT_CSS = """
    CameNext > #dialog { width: 80; }
    CameNext #following { height: auto; max-height: 60vh; }
    CameNext #following Static { height: auto; }
    """

    def __init__(self, drop: DropOff) -> None:
        super().__init__(f"What came next · {drop.name}")
        self.drop = drop

    def compose_dialog(self) -> ComposeResult:
        dropped = plural(self.drop.dropped, "cycle")
        yield Static(f"{dropped} dropped off after this step. In their sessions came next:", markup=False)
        most = max(count for _, count in self.drop.next)
        with VerticalScroll(id="following"):
            for what, count in self.drop.next:
                share = percent(count / self.drop.dropped)
                bar = "█" * max(1, round(count / most * 12))
                words = Content(f"{what[:1].upper()}{what[1:]}")
                yield Static(Content.assemble(f"{count:>7,}  {share:>5}  ", (f"{bar:<12}", "$primary"), "  ", words))

    def compose_buttons(self) -> ComposeResult:
        yield Button("Close", id="close")


def copy_table(screen: ScreenFrame[Any], view: View) -> None:
    """Copy the table of a view to the clipboard and notify the user."""
    screen.app.copy_to_clipboard(view.table.as_text())
    count = len(view.table.rows)
    screen.app.notify(f"{count} row{'' if count == 1 else 's'} copied: {view.title}")
