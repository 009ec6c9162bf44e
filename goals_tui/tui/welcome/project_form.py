"""The dialog that makes a new project: name, currency, time zone."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import available_timezones

from textual import on
from textual.app import ComposeResult
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Label, Static

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.model import MAX_NAME
from goals_tui.services.first_start import system_time_zone, why_not
from goals_tui.tui.dialogs import Form

FIELDS = ("name", "currency", "zone")


class ProjectForm(Form[bool]):
    """Makes a workspace at `path` and returns True. What keeps it from being made is said beside each field."""

    DEFAULT_CSS = """
    ProjectForm .problem { min-height: 1; }
    """

    def __init__(self, path: Path, *, name: str = "", currency: str = "EUR") -> None:
        super().__init__("New project")
        self.path = path
        self.given = (name, currency, system_time_zone())

    def compose_dialog(self) -> ComposeResult:
        from goals_tui.services.currencies import list_currencies

        name, currency, zone = self.given
        codes = SuggestFromList([known.code for known in list_currencies()], case_sensitive=False)
        zones = SuggestFromList(sorted(available_timezones()), case_sensitive=False)
        yield Label("Name", classes="quiet")
        yield Input(name, id="name", placeholder="Flight Desk", max_length=MAX_NAME)
        yield Static("", id="name-problem", classes="problem", markup=False)
        yield Label("Currency of cost savings and revenue, by its ISO 4217 code", classes="quiet")
        yield Input(currency, id="currency", max_length=3, suggester=codes)
        yield Static("", id="currency-problem", classes="problem", markup=False)
        yield Label("Time zone in which days are counted", classes="quiet")
        yield Input(zone, id="zone", max_length=80, suggester=zones)
        yield Static("", id="zone-problem", classes="problem", markup=False)

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Create", id="make", variant="primary")

    def on_mount(self) -> None:
        self.query_one("#name", Input).focus()

    def _values(self) -> tuple[str, str, str]:
        name, currency, zone = (self.query_one(f"#{field}", Input).value.strip() for field in FIELDS)
        return name, currency.upper(), zone

    def _problems(self) -> tuple[str, str, str]:
        return why_not(*self._values())

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        # While typing only the field that was touched speaks up, and an empty one waits for the button.
        place = FIELDS.index(event.input.id or "")
        said = self._problems()[place] if event.value.strip() and event.value != self.given[place] else ""
        self.query_one(f"#{FIELDS[place]}-problem", Static).update(said)

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        if event.input.id == FIELDS[-1]:
            self._make()
        else:
            self.focus_next()

    @on(Button.Pressed, "#make")
    def _make(self) -> None:
        from goals_tui.services.context import create_workspace

        problems = self._problems()
        for field, problem in zip(FIELDS, problems, strict=True):
            self.query_one(f"#{field}-problem", Static).update(problem)
        wrong = [field for field, problem in zip(FIELDS, problems, strict=True) if problem]
        if wrong:
            self.query_one(f"#{wrong[0]}", Input).focus()
            return
        name, currency, zone = self._values()
        try:
            create_workspace(self.path, name=name, currency=currency, time_zone=zone)
        except GoalsError as error:
            self.query_one("#zone-problem", Static).update(str(error))
        else:
            self.dismiss(True)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)
