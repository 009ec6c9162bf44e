"""The welcome app of the first start: create a project, try the demo or import a file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar, cast
from zoneinfo import available_timezones

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widgets import Button, Input, Label, Static

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.model import MAX_NAME
from goals_tui.services.demo.service import demo_is_at
from goals_tui.services.export_files import check_source, shortened, typed
from goals_tui.services.first_start import Start, demo_path, propose, system_time_zone, why_not
from goals_tui.tui.app.actions import Action, bindings, key_name, of_context
from goals_tui.tui.app.background import ClosesOnce
from goals_tui.tui.app.base import BaseApp
from goals_tui.tui.app.config import Config
from goals_tui.tui.app.dialogs import Form
from goals_tui.tui.app.textual_compat import keymap
from goals_tui.tui.packages.export import AskPath
from goals_tui.tui.widgets.bars import KeyBar
from goals_tui.tui.widgets.columns import Column
from goals_tui.tui.widgets.fields import ProblemLine
from goals_tui.tui.widgets.virtual_list import VirtualList

FIELDS = ("name", "currency", "zone")


class ProjectForm(Form[bool]):
    """A form that creates a workspace at `path`, and returns True if it did. Enter in any field creates it.

    Problems are shown below the fields that cause them.
    """

    DEFAULT_CSS = """
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
        yield Input(name, id="name", placeholder="for example: Flight Desk", max_length=MAX_NAME)
        yield ProblemLine(id="name-problem")
        yield Label("Currency of cost savings and revenue, by its ISO 4217 code", classes="quiet")
        yield Input(currency, id="currency", max_length=3, suggester=codes)
        yield ProblemLine(id="currency-problem")
        yield Label("Time zone in which days are counted", classes="quiet")
        yield Input(zone, id="zone", max_length=80, suggester=zones)
        yield ProblemLine(id="zone-problem")

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
        # While typing, show only the problem of the changed field; an empty field is reported by the button.
        place = FIELDS.index(event.input.id or "")
        said = self._problems()[place] if event.value.strip() and event.value != self.given[place] else ""
        self.query_one(f"#{FIELDS[place]}-problem", ProblemLine).say(said)

    @on(Input.Submitted)
    @on(Button.Pressed, "#make")
    def _make(self) -> None:
        from goals_tui.services.context import create_workspace

        problems = self._problems()
        for field, problem in zip(FIELDS, problems, strict=True):
            self.query_one(f"#{field}-problem", ProblemLine).say(problem)
        wrong = [field for field, problem in zip(FIELDS, problems, strict=True) if problem]
        if wrong:
            self.query_one(f"#{wrong[0]}", Input).focus()
            return
        name, currency, zone = self._values()
        try:
            create_workspace(self.path, name=name, currency=currency, time_zone=zone)
        except GoalsError as error:
            self.query_one("#zone-problem", ProblemLine).say(str(error))
        else:
            self.dismiss(True)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)


WAYS = {
    "welcome.new": "an empty one: name, currency, time zone",
    "welcome.demo": "three goals, their flows, 90 days of numbers",
    "welcome.import": "a package, or exported event data",
}
"""The ways to begin: what each action creates, by its id."""


class WelcomeScreen(ClosesOnce[None]):
    """The screen that offers three ways to begin."""

    CONTEXT: ClassVar[str] = "welcome"
    BINDINGS = bindings("welcome")
    DEFAULT_CSS = """
    WelcomeScreen { align: center middle; }
    WelcomeScreen #welcome { width: 96; max-width: 100%; height: auto; padding: 1 3; }
    WelcomeScreen #welcome > Static { width: 1fr; height: auto; margin-bottom: 1; }
    WelcomeScreen #ways { height: 3; margin: 1 0 2 0; }
    WelcomeScreen #where { color: $quiet; }
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.ways = [action for action in of_context(self.CONTEXT) if action.id in WAYS]
        self.made_before = demo_is_at(demo_path(path))
        """True if the demo was created before."""

    def compose(self) -> ComposeResult:
        keys = max(len(self._key(way)) for way in self.ways)
        columns = (Column("Key", keys), Column("Way", 12), Column("What", 20, share=1))
        with Vertical(id="welcome"):
            yield Static(_journey())
            yield Static("Define goals for AI agents' conversations, wire them into flows, and see what they saved.")
            yield VirtualList(columns, id="ways", header=False)
            yield Static(f"The workspace will be at {shortened(self.path)}", id="where", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        rows = self.query_one(VirtualList)
        demo = next(number for number, way in enumerate(self.ways) if way.id == "welcome.demo")
        rows.show(len(self.ways), self._cells, cursor=demo if self.made_before else 0)
        rows.focus()
        cast(BaseApp[Start], self.app).show_window_title("Welcome")

    def _key(self, way: Action) -> str:
        return key_name(keymap(self.app).get(way.id, way.keys).split(",")[0])

    def _cells(self, index: int) -> list[Content]:
        way = self.ways[index]
        title, gives = way.description, WAYS[way.id]
        if way.id == "welcome.demo" and self.made_before:
            title, gives = "Demo again", f"as you left it, at {shortened(demo_path(self.path))}"
        return [
            Content.styled(self._key(way), "bold $primary"),
            Content.styled(title, "bold"),
            Content.styled(gives, "$quiet"),
        ]

    @on(VirtualList.Selected)
    async def _chosen(self, event: VirtualList.Selected) -> None:
        await self.run_action(self.ways[event.index].call)

    @work
    async def action_new(self) -> None:
        """Ask for the properties of a project, create it and open it."""
        if await self.app.push_screen_wait(ProjectForm(self.path)):
            self.app.exit(Start(self.path))

    @work
    async def action_import_file(self) -> None:
        """Ask for a file and the properties of a project, create the project, open it and import the file."""
        hint = "A package (.zip), or a file or folder of the original system's event data."
        text = await self.app.push_screen_wait(AskPath("Begin with", hint, save="Next", check=check_source))
        if text is None:
            return
        brings = typed(text).absolute()
        try:
            name, currency = propose(brings)
        except GoalsError as error:
            cast(BaseApp[Start], self.app).show_error(error)
            return
        if await self.app.push_screen_wait(ProjectForm(self.path, name=name, currency=currency)):
            self.app.exit(Start(self.path, brings))

    @work(exclusive=True)
    async def action_demo(self) -> None:
        """Create the demo, or keep the existing one, and open it."""
        from goals_tui.services.demo.service import make_demo

        path = demo_path(self.path)
        self.query_one("#where", Static).update("Opening the demo…" if self.made_before else "Creating the demo…")
        try:
            await asyncio.to_thread(make_demo, path)
        except GoalsError as error:
            cast(BaseApp[Start], self.app).show_error(error)
        else:
            self.app.exit(Start(path))

    def action_quit(self) -> None:
        """Close the app without creating anything."""
        self.app.exit(None)


class WelcomeApp(BaseApp[Start]):
    """The welcome app. It returns the workspace to open, or None if the user quit."""

    ENABLE_COMMAND_PALETTE = False
    QUIT = "welcome.quit"

    def __init__(self, path: Path, config: Config | None = None) -> None:
        super().__init__(config)
        self.path = path

    def get_default_screen(self) -> WelcomeScreen:
        """Return the welcome screen."""
        return WelcomeScreen(self.path)


def _journey() -> Content:
    """Return the logo: a small goal of three steps."""
    return Content.assemble(
        ("●", "bold $primary"), ("━━", "$border-blurred"), ("○", "bold $quiet"), ("━━", "$border-blurred"),
        ("◎", "bold $completed"), "   ", ("goals-tui", "bold"),
    )  # fmt: skip
