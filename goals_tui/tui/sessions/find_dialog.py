"""The dialog that finds a cycle or a session by its id."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.widgets import Button, Input, Label, Static

from goals_tui.domain.drill_down import NO_FILTERS, DrillDown
from goals_tui.domain.errors import NotFoundError
from goals_tui.domain.model import MAX_NAME
from goals_tui.domain.report import Cycle
from goals_tui.domain.text import clean_line
from goals_tui.services.insights.service import Insights
from goals_tui.tui.app.dialogs import Form

Found = Cycle | DrillDown


class FindDialog(Form[Found]):
    """A dialog that asks for an id and returns the cycle or the session with it.

    While no cycle or session has the id, it shows a message and stays open.
    """

    def __init__(self) -> None:
        super().__init__("Find")

    def compose_dialog(self) -> ComposeResult:
        yield Label("Id of a cycle or a session", classes="quiet")
        yield Input(id="text", max_length=MAX_NAME)
        yield Static("", classes="problem", markup=False)

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Find", id="find", variant="primary")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    @on(Button.Pressed, "#find")
    def _find(self) -> None:
        wanted = clean_line(self.query_one(Input).value)
        if not wanted:
            self._say("Type or paste an id.")
            return
        insights = self.services.insights
        self.load("find", lambda: look_for(insights, wanted), lambda found: self._take(wanted, found))

    def _take(self, wanted: str, found: list[Found]) -> None:
        if found:
            self.dismiss(found[0])
        else:
            self._say(f"No session or cycle has the id {wanted!r}.")

    def _say(self, problem: str) -> None:
        self.query_one(".problem", Static).update(problem)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._say("")

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)


def look_for(insights: Insights, wanted: str) -> list[Found]:
    """Return a list of the one cycle or session with this id, or an empty list.

    Raise UnreadableError if the data can't be read, and RefusedError if cycles of several goals have the id.
    """
    try:
        return [insights.cycle(wanted).cycle]
    except NotFoundError:
        session = DrillDown.of_session(wanted)
        return [session] if insights.cycles(NO_FILTERS, session, limit=1) else []
