"""The welcome, which is an app of its own. Two of its keys end it, so it is begun twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from goals_tui.services.first_start import Start, demo_path
from goals_tui.tui.packages.export import AskPath
from goals_tui.tui.welcome.app import ProjectForm, WelcomeApp
from tests.tui.frame.walking import Do, Walk, keys, on
from tests.tui.harness import has_ended, settle


@asynccontextmanager
async def begin(folder: Path) -> AsyncIterator[Pilot[Any]]:
    """No workspace yet."""
    app = WelcomeApp(folder / "workspace")
    async with app.run_test(notifications=True) as pilot:
        await settle(pilot)
        yield pilot


WELCOME = Walk(
    "welcome",
    begin,
    (
        Do("n", "welcome.new", on(ProjectForm)),
        keys("escape"),
        Do("i", "welcome.import", on(AskPath)),
        keys("escape"),
        Do("q", "welcome.quit", lambda app: has_ended(app) and app.return_value is None),
    ),
)

DEMO = Walk(
    "demo",
    begin,
    (Do("d", "welcome.demo", lambda app: app.return_value == Start(demo_path(app.path))),),
)
