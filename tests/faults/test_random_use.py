"""Somebody, or a cat, presses anything at any time, while other programs write and the terminal changes its size."""

from __future__ import annotations

import asyncio
import random
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.geometry import Size

from goals_tui.domain.errors import GoalsError
from goals_tui.domain.event import Source
from goals_tui.services.context import Services, open_services
from goals_tui.services.demo.service import make_demo
from goals_tui.tui.app.actions import registry
from goals_tui.tui.app.app import GoalsApp
from tests.conftest import NOW
from tests.tui.harness import error_of, shown_notifications

SIZES = ((20, 5), (40, 12), (80, 24), (120, 36), (200, 60))
LEAVES = {"app.quit"}
KEYS = sorted({key for action in registry() if action.id not in LEAVES for key in action.keys.split(",") if key})
OFTEN = "enter escape tab shift+tab down up left right space 1 2 3 4 5 6 a x y [ / ctrl+s pagedown end home".split()
PASTED = ("[/x]", "12", "two\nlines", "=1+1", "\x1b[31m", "\u202eabc")
PATIENCE = 20.0
"""Seconds in which the app has to be closed."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with goals, flows and events."""
    path = tmp_path_factory.mktemp("demo") / "demo"
    make_demo(path, clock=lambda: NOW)
    return path


@pytest.mark.long
@pytest.mark.parametrize("seed", range(200))
async def test_nothing_that_is_pressed_ends_the_app_or_harms_the_workspace(
    demo: Path, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # Exports go there.
    workspace = shutil.copytree(demo, tmp_path / "workspace")
    chance = random.Random(seed)
    app = GoalsApp(open_services(workspace, env={}))
    app.animation_level = "none"
    running = asyncio.create_task(app.run_async(headless=True, size=chance.choice(SIZES)))
    await asyncio.sleep(chance.random() * 0.5)
    for _ in range(chance.randrange(5, 60)):
        anything(app, chance)
        if chance.random() < 0.06:
            with suppress(GoalsError):
                somebody_else(open_services(workspace, env={}), chance)
        await asyncio.sleep(chance.choice((0, 0, chance.random() * 0.05, 0.2)))
        if not app.is_running:
            break
    app.exit()
    await asyncio.wait_for(running, PATIENCE)
    assert (app.return_code, error_of(app)) == (0, None)
    assert not [said.message for said in shown_notifications(app) if said.title == "Internal error"]
    services = open_services(workspace, env={})
    assert services.workspace.notices == []
    assert [one for one in services.workspace.events.verify() if one.code != "leftover"] == []


def anything(app: GoalsApp, chance: random.Random) -> None:
    """A key, and sometimes a click, a paste or another size before it, without waiting for what it does."""
    kind = chance.random()
    if kind < 0.04:
        size = Size(*chance.choice(SIZES))
        app.post_message(events.Resize(size, size))
    elif kind < 0.16:
        x, y = chance.randrange(app.size.width), chance.randrange(app.size.height)
        for event, button in ((events.MouseMove, 0), (events.MouseDown, 1), (events.MouseUp, 1)):
            app.post_message(event(None, x, y, 0, 0, button, False, False, False, x, y))
    elif kind < 0.2:
        app.post_message(events.Paste(chance.choice(PASTED)))
    key = chance.choice(OFTEN if chance.random() < 0.5 else KEYS)
    app.post_message(events.Key(key, key if len(key) == 1 else None))


def somebody_else(services: Services, chance: random.Random) -> None:
    """One edit, deletion or event by another program."""
    goals, flows = services.goals.summaries(), services.flows.summaries()
    if not goals or not flows:
        return
    goal: Any = chance.choice(goals)
    flow: Any = chance.choice(flows)
    match chance.randrange(5):
        case 0:
            edited = services.goals.get(goal.id)
            services.goals.save(edited.model_copy(update={"description": f"{chance.random()}"}))
        case 1:
            services.goals.delete(goal.id, confirm=goal.name)
        case 2:
            services.flows.save(services.flows.get(flow.id).model_copy(update={"name": f"{flow.name}x"}))
        case 3:
            services.flows.delete(flow.id)
        case _:
            steps = [chance.choice(services.goals.get(goal.id).steps).id]
            services.tracking.track(f"s{chance.randrange(9)}", goal.id, steps, Source(endpoint_name="Web"))
