"""The one registry: every action can be run, no key stands for two, and no key that others steal stands alone."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import Any

import pytest

from goals_tui.tui.app.actions import AREAS, Action, key_table, of_context, registry
from goals_tui.tui.app.app import GoalsApp
from goals_tui.tui.app.dialogs import Dialog, Form, Reading
from goals_tui.tui.goals.delete import StepRows
from goals_tui.tui.goals.editor import GoalEditor
from goals_tui.tui.goals.several import SetValues
from goals_tui.tui.goals.step_form import StepForm
from goals_tui.tui.goals.step_table import CellInput
from goals_tui.tui.goals.triggers import TriggerEditor
from goals_tui.tui.sessions.cycle_list import CycleRows
from goals_tui.tui.widgets.fields import Toggle
from goals_tui.tui.widgets.search_list import Search
from goals_tui.tui.widgets.virtual_list import RowCursor

MINE = [action for action in registry() if action.context.split(".")[0] in ("app", "goals", "settings")]
CLASSES: dict[str, Any] = {
    "app": GoalsApp,
    "app.dialog": Dialog,
    "app.reading": Reading,
    "app.explained": Dialog,
    "app.form": Form,
    "app.choose": Search,
    "app.list": RowCursor,
    "app.toggle": Toggle,
    "goals.editor": GoalEditor,
    "goals.step": StepForm,
    "goals.cell": CellInput,
    "goals.set": SetValues,
    "goals.triggers": TriggerEditor,
    "goals.replace": StepRows,
    "sessions.list": CycleRows,
}


def class_of(context: str) -> Any:
    if context in CLASSES:
        return CLASSES[context]
    area = next(area for area in AREAS if area.name == context)
    return getattr(import_module(area.module), area.screen)


@pytest.mark.parametrize("action", MINE, ids=lambda action: action.id)
def test_every_action_has_a_method_and_says_what_it_does(action: Action) -> None:
    name = action.call.partition("(")[0]
    assert hasattr(class_of(action.context), f"action_{name}"), name
    assert action.description
    assert action.tooltip
    assert action.keys or action.palette, "an action without a key is in the palette"


@pytest.mark.parametrize("action", registry(), ids=lambda action: action.id)
def test_every_ctrl_key_has_an_alternative(action: Action) -> None:
    keys = [key for key in action.keys.split(",") if key]
    assert not keys or any("ctrl" not in key for key in keys)


def test_ids_are_unique_and_a_key_has_one_meaning_in_a_context() -> None:
    assert not [id_ for id_, count in Counter(action.id for action in registry()).items() if count > 1]
    for context in {action.context for action in registry()}:
        keys = Counter(key for action in of_context(context) for key in action.keys.split(",") if key)
        assert not [key for key, count in keys.items() if count > 1], context


def test_the_key_table_has_every_action() -> None:
    table = key_table()
    assert table.startswith("| Where | Key | What it does |\n|---|---|---|\n")
    assert table.count("\n") == len(registry()) + 2
    assert "| Goals | `n` `insert` | New: define a new goal |" in table
    assert "| Everywhere | `?` `f1` | Help:" in table
