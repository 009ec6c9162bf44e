"""The dialog that starts a simulation of many conversations as a task."""

from __future__ import annotations

from datetime import datetime, timedelta

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, Static

from goals_tui.domain.errors import GoalsError, RefusedError
from goals_tui.domain.filters import Filters, requested_span
from goals_tui.domain.flow import Flow
from goals_tui.services.tasks.record import Task
from goals_tui.services.tasks.start import simulate
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import Dialog
from goals_tui.tui.widgets.fields import ProblemLine

MOST = 1_000_000


class SimulateDialog(Dialog[Task]):
    """A dialog for the number of conversations, the seed and the days; returns the task that was started.

    Starting writes events to the workspace, so enter in a field only moves to the next field.
    """

    CONTEXT = "flows.simulation"
    BINDINGS = bindings("flows.simulation")
    DEFAULT_CSS = """
    SimulateDialog .pair { height: auto; margin-top: 1; }
    SimulateDialog .pair Vertical { height: auto; width: 1fr; }
    SimulateDialog .pair Vertical.-second { margin-left: 2; }
    SimulateDialog Label { color: $quiet; }
    """

    def __init__(self, flow: Flow) -> None:
        super().__init__(f"Simulate {flow.name}")
        self.flow = flow

    def compose_dialog(self) -> ComposeResult:
        today = self.services.clock().astimezone(self.services.project.get().zone).date()
        yield Static(
            "Conversations with made-up users, who answer at random and sometimes leave. Their goal events are "
            "written as real ones, so use it in a test workspace.",
            classes="dialog-text quiet",
            markup=False,
        )
        with Horizontal(classes="pair"):
            yield from self._field("Conversations", "sessions", "1000")
            yield from self._field("Seed (repeat for the same result)", "seed", "1", second=True)
        with Horizontal(classes="pair"):
            yield from self._field("First day", "from", (today - timedelta(days=29)).isoformat())
            yield from self._field("Last day", "to", today.isoformat(), second=True)
        yield ProblemLine()

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Simulate", id="start", variant="primary")

    def _field(self, title: str, id: str, value: str, *, second: bool = False) -> ComposeResult:
        with Vertical(classes="-second" if second else ""):
            yield Label(title, markup=False)
            yield Input(value, id=id, max_length=40)

    def on_mount(self) -> None:
        self.query_one("#sessions", Input).focus()

    @on(Input.Submitted)
    def _go_on(self) -> None:
        self.focus_next()

    @on(Button.Pressed, "#start")
    @work
    async def action_start(self) -> None:
        """Start the simulation in the background."""
        try:
            start, end = self._span()
            sessions = self._number("sessions", "The number of conversations", MOST)
            seed = self._number("seed", "The seed", 2**31, least=0)
            task = await self.change(
                "Starting the simulation",
                lambda: simulate(self.services, self.flow.id, sessions=sessions, seed=seed, start=start, end=end),
            )
        except GoalsError as error:
            self.query_one(ProblemLine).say(str(error))
        else:
            self.dismiss(task)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)

    def _span(self) -> tuple[datetime, datetime]:
        since, until = self._text("from"), self._text("to")
        if since and until:
            days = Filters(span="custom", since=since, until=until)
            span = requested_span(days, self.services.clock(), self.services.project.get().zone)
            if span.start is not None and span.end is not None and span.start < span.end:
                return span.start, span.end
        raise RefusedError("Give a first and a last day, for example 2026-10-01.")

    def _number(self, id: str, what: str, most: int, *, least: int = 1) -> int:
        text = self._text(id).replace(",", "")
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise RefusedError(f"{what} is a number from {least:,} to {most:,}, not {text!r}.")
        return int(text)

    def _text(self, id: str) -> str:
        return self.query_one(f"#{id}", Input).value.strip()
