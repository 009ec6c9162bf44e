"""Every action of the frame, the goals and the settings is run by a key or from the palette; a new one has to join."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App
from textual.dom import DOMNode

from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from goals_tui.tui.actions import AREAS, registry
from tests.tui.goals.conftest import make_flight
from tests.tui.harness import press, running, settle, type_text

CONTEXTS = ("app", "app.dialog", "goals", "goals.editor", "goals.step", "settings")

WALK = (
    *((area.key, f"app.{area.name}") for area in (*AREAS[1:], AREAS[0])),
    ("s", "goals.sort"),
    ("slash", "goals.filter"),
    ("escape", "goals.clear-filter"),
    ("w", "goals.where-used"),
    ("escape", "app.dialog.cancel"),
    ("t", "goals.track"),
    ("escape", "app.dialog.cancel"),
    ("D", "goals.duplicate"),
    ("u", "app.undo"),
    ("U", "app.redo"),
    ("e", "goals.export"),
    ("escape", "app.dialog.cancel"),
    ("x", "goals.delete"),
    ("right", "app.dialog.next-button"),
    ("escape", "app.dialog.cancel"),
    ("x", "goals.delete"),
    ("left", "app.dialog.previous-button"),
    ("escape", "app.dialog.cancel"),
    ("n", "goals.new"),
    ("escape", "goals.editor.back"),
    ("o", "goals.edit"),
    ("insert", "goals.editor.add-step"),
    ("escape", "goals.step.cancel"),
    ("a", "goals.editor.add-step"),
    ("Z", ""),
    ("f2", "goals.step.save"),
    ("K", "goals.editor.step-up"),
    ("J", "goals.editor.step-down"),
    ("o", "goals.editor.edit-step"),
    ("escape", "goals.step.cancel"),
    ("x", "goals.editor.delete-step"),
    ("u", "goals.editor.undo"),
    ("U", "goals.editor.redo"),
    ("f2", "goals.editor.save"),
    ("semicolon", "app.jump"),
    ("escape", ""),
    ("colon", "app.palette"),
    ("escape", ""),
    ("question_mark", "app.help"),
    ("escape", "app.dialog.cancel"),
    ("6", "app.settings"),
    ("c", "settings.copy"),
    ("o", "settings.change"),
    ("escape", "app.dialog.cancel"),
)
"""Keys in turn, each with the action that it runs; none where a widget takes it."""

FROM_THE_PALETTE = {"app.theme": "choose theme", "app.tour": "tour", "app.close-messages": "close messages"}


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of actions as Textual runs them."""
    found: list[str] = []
    dispatch = App._dispatch_action

    async def listen(app: App[Any], namespace: DOMNode, name: str, parameters: Any) -> bool:
        context = "app" if isinstance(namespace, App) else getattr(namespace, "CONTEXT", "")

        call = f"{name}({', '.join(map(repr, parameters))})" if parameters else name
        found.extend(action.id for action in registry() if (action.context, action.call) == (context, call))
        return await dispatch(app, namespace, name, parameters)

    monkeypatch.setattr(App, "_dispatch_action", listen)
    return found


@pytest.fixture
def flight(services: Services) -> Goal:
    """A goal that flows track."""
    return make_flight(services)


async def test_every_action_is_run(services: Services, flight: Goal, ran: list[str]) -> None:
    async with running(services) as pilot:
        for key, action in WALK:
            before = len(ran)
            await press(pilot, key)
            assert ran[before:] == ([action] if action else []), key
        for words in FROM_THE_PALETTE.values():
            await press(pilot, "ctrl+p")
            await type_text(pilot, words)
            await settle(pilot)
            await press(pilot, "enter", "escape")
        await press(pilot, "q")
    known = {action.id for action in registry() if action.context in CONTEXTS}
    assert known - set(ran) == set(), "drive these too"
