"""Every action of the registry is run by its key, or from the palette, and does its work; a new one has to join."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.dom import DOMNode

from goals_tui.tui.app.actions import registry
from tests.tui.frame.walking import Do, Walk, take
from tests.tui.frame.walks.everywhere import EVERYWHERE
from tests.tui.frame.walks.flows import FLOWS
from tests.tui.frame.walks.goals import GOALS
from tests.tui.frame.walks.insights import INSIGHTS
from tests.tui.frame.walks.sessions import SESSIONS
from tests.tui.frame.walks.tasks import TASKS
from tests.tui.frame.walks.welcome import DEMO, WELCOME
from tests.tui.harness import heard_actions, own_binding_ids

WALKS = (EVERYWHERE, GOALS, FLOWS, INSIGHTS, SESSIONS, TASKS, WELCOME, DEMO)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of actions as Textual dispatches them."""
    found: list[str] = []

    def hear(namespace: DOMNode, name: str, parameters: Any) -> None:
        call = f"{name}({', '.join(map(repr, parameters))})" if parameters else name
        bound = own_binding_ids(namespace)
        context = "app" if isinstance(namespace, App) else getattr(namespace, "CONTEXT", "")
        found.extend(
            action.id
            for action in registry()
            if action.call == call and (action.id in bound or (not action.keys and action.context == context))
        )

    heard_actions(monkeypatch, hear)
    return found


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.name)
async def test_every_action_does_its_work(
    walk: Walk, ran: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take(walk, tmp_path, ran)


def test_no_action_of_the_registry_is_left_out() -> None:
    driven = {row.action for walk in WALKS for row in walk.actions}
    assert driven == {action.id for action in registry()}, "drive these too, or no more"


def test_each_is_driven_by_a_key_of_its_own() -> None:
    keys = {action.id: [key for key in action.keys.split(",") if key] for action in registry()}
    rows = [row for walk in WALKS for row in walk.actions]
    assert [row for row in rows if isinstance(row, Do) and row.key not in keys[row.action]] == []
    assert [row for row in rows if not isinstance(row, Do) and keys[row.action]] == []
