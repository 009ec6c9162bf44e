"""What plain `goals-tui` opens where there is no workspace yet: a new project, the demo, or an import."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from goals_tui.domain.errors import GoalsError
from goals_tui.services.first_start import Start, demo_path, propose
from goals_tui.services.packages.paths import check_source, shortened, typed
from goals_tui.tui.actions import Action, bindings, key_name, of_context
from goals_tui.tui.background import ClosesOnce
from goals_tui.tui.base_app import BaseApp
from goals_tui.tui.config import Config
from goals_tui.tui.packages.paths import AskPath
from goals_tui.tui.welcome.project_form import ProjectForm
from goals_tui.tui.widgets.bars import KeyBar
from goals_tui.tui.widgets.columns import Column
from goals_tui.tui.widgets.virtual_list import VirtualList

WAYS = {
    "welcome.new": "an empty one: name, currency, time zone",
    "welcome.demo": "three goals, their flows, 90 days of numbers",
    "welcome.import": "a package, or exported event data",
}
"""The ways to begin by their action, with what each gives."""


class WelcomeScreen(ClosesOnce[None]):
    """Three ways to begin."""

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
        rows.show(len(self.ways), self._cells)
        rows.focus()

    def _key(self, way: Action) -> str:
        return key_name(self.app._keymap.get(way.id, way.keys).split(",")[0])

    def _cells(self, index: int) -> list[Content]:
        way = self.ways[index]
        return [
            Content.styled(self._key(way), "bold $primary"),
            Content.styled(way.description, "bold"),
            Content.styled(WAYS[way.id], "$quiet"),
        ]

    @on(VirtualList.Selected)
    async def _chosen(self, event: VirtualList.Selected) -> None:
        await self.run_action(self.ways[event.index].call)

    @work
    async def action_new(self) -> None:
        """Ask for the project, make it, open it."""
        if await self.app.push_screen_wait(ProjectForm(self.path)):
            self.app.exit(Start(self.path))

    @work
    async def action_import_file(self) -> None:
        """Ask for the file and the project, make it, open it, and import there."""
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
        """Make the demo and open it."""
        from goals_tui.services.demo.service import make_demo

        path = demo_path(self.path)
        self.query_one("#where", Static).update("Creating the demo…")
        try:
            await asyncio.to_thread(make_demo, path)
        except GoalsError as error:
            cast(BaseApp[Start], self.app).show_error(error)
        else:
            self.app.exit(Start(path))

    def action_quit(self) -> None:
        """Close; nothing was made."""
        self.app.exit(None)


class WelcomeApp(BaseApp[Start]):
    """The welcome. Its result says which workspace to open; None when the user went away."""

    ENABLE_COMMAND_PALETTE = False
    QUIT = "welcome.quit"

    def __init__(self, path: Path, config: Config | None = None) -> None:
        super().__init__(config)
        self.path = path

    def get_default_screen(self) -> WelcomeScreen:
        """The welcome itself."""
        return WelcomeScreen(self.path)


def _journey() -> Content:
    """The product's mark: a goal as it is drawn everywhere."""
    return Content.assemble(
        ("●", "bold $primary"), ("━━", "$border-blurred"), ("○", "bold $quiet"), ("━━", "$border-blurred"),
        ("◎", "bold $completed"), "   ", ("goals-tui", "bold"),
    )  # fmt: skip
