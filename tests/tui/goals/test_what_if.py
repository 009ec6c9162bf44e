"""The panel What-if of the goal editor: it says what the command says, follows every key, and nothing is saved."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from textual.pilot import Pilot

from goals_tui.cli.run import run
from goals_tui.domain.decisions import WhatIf
from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from goals_tui.tui.goals.editor import GoalEditor
from goals_tui.tui.goals.step_form import StepForm
from goals_tui.tui.goals.step_table import StepTable
from goals_tui.tui.goals.what_if import WhatIfPanel
from tests.conftest import NOW
from tests.tui.harness import press, running, screen_text, type_text


def result(pilot: Pilot[Any]) -> WhatIf:
    """Return the text of the panel of the screen in front."""
    shown = pilot.app.screen.query_one(WhatIfPanel).shown
    assert shown is not None
    return shown.result


def command(services: Services, *words: str) -> dict[str, Any]:
    with redirect_stdout(StringIO()) as printed:
        workspace = str(services.workspace.path)
        assert run(["--workspace", workspace, "what-if", *words, "--format", "json"]) == 0
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found


def as_command(found: WhatIf) -> dict[str, Any]:
    moved = [{"from": each.before, "to": each.after, "cycles": each.cycles} for each in found.moved]
    return {"recorded": found.recorded.as_json(), "what_if": found.edited.as_json(), "moved": moved}


async def in_step(pilot: Pilot[Any], place: int) -> None:
    """Open the chosen goal and the form of one of its steps."""
    await press(pilot, "enter")
    pilot.app.screen.query_one(StepTable).focus()
    await press(pilot, *["down"] * (place + 1), "o")
    assert isinstance(pilot.app.screen, StepForm)


async def test_the_panel_says_what_the_command_says(
    services: Services, flight: Goal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOALS_TUI_NOW", NOW.isoformat())
    span = ("--span", "last-30-days")
    async with running(services) as pilot:
        await in_step(pilot, 0)
        same = command(services, flight.name, *span)
        assert same["recorded"]["started"] == 4
        assert as_command(result(pilot)) == {key: same[key] for key in ("recorded", "what_if", "moved")}
        await press(pilot, "tab", "tab", "space", "tab")
        await type_text(pilot, "2.50")
        edits = ("--completion", "Passenger entered", "--cost", "Passenger entered=2.50")
        edited = command(services, flight.name, *edits, *span)
        assert edited["moved"] == [{"from": "partial", "to": "completed", "cycles": 1}]
        assert as_command(result(pilot)) == {key: edited[key] for key in ("recorded", "what_if", "moved")}
        assert "1 cycle from partial to completed" in screen_text(pilot.app)
        assert "+€7.50" in screen_text(pilot.app)
        await press(pilot, "f2")
        assert isinstance(pilot.app.screen, GoalEditor)
        assert as_command(result(pilot)) == {key: edited[key] for key in ("recorded", "what_if", "moved")}
        await press(pilot, "u")
        assert result(pilot).edited == result(pilot).recorded
    assert services.goals.get(flight.id) == flight


async def test_what_differs_without_an_edit_is_said(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter")
        assert "Without an edit" not in screen_text(pilot.app)
        await press(pilot, "escape")
        paid = flight.step("Payment completed")
        dearer = paid.model_copy(update={"metrics": paid.metrics.model_copy(update={"cost_savings": Decimal(16)})})
        steps = tuple(dearer if step.id == paid.id else step for step in flight.steps)
        services.goals.save(flight.model_copy(update={"steps": steps}))
        await press(pilot, "enter")
        found = result(pilot)
        assert found.saved == found.edited != found.recorded
        assert "Without an edit: cost savings +€" in screen_text(pilot.app)
        await press(pilot, "f4")
        assert "Last 30 days, without an edit: cost savings +€" in screen_text(pilot.app)


async def test_the_chosen_step_stays_in_view_when_the_table_takes_the_room(services: Services, flight: Goal) -> None:
    async with running(services, (80, 24)) as pilot:
        await press(pilot, "enter", "tab", "tab", "tab", "down", "down")
        assert "Payment completed" in screen_text(pilot.app)
        await press(pilot, "f4")
        assert "As recorded" in screen_text(pilot.app)
        assert "Payment completed" in screen_text(pilot.app)


async def test_an_amount_that_is_wrong_changes_no_figure(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await in_step(pilot, 1)
        before = result(pilot)
        await press(pilot, "tab", "tab", "tab")
        await type_text(pilot, "x")
        assert result(pilot) == before
        await press(pilot, "backspace")
        await type_text(pilot, "16")
        assert result(pilot).edited.cost_savings == 2 * 16


async def test_the_last_30_days_at_first_then_the_filters_of_insights(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter")
        assert "Last 30 days" in screen_text(pilot.app)
        await press(pilot, "escape")
        pilot.app.filters = Filters(span="today")
        await press(pilot, "enter")
        assert "Today" in screen_text(pilot.app)
        assert result(pilot).recorded.started == 1
        await press(pilot, "f6", "f5", "f2")
        assert "Last 7 days" in screen_text(pilot.app)
        assert pilot.app.filters == Filters()


async def test_in_brief_where_room_is_short_and_whole_by_its_key(services: Services, flight: Goal) -> None:
    async with running(services, (80, 24)) as pilot:
        await press(pilot, "enter")
        assert "as recorded, ✔ 2 of 4 (50 %)" in screen_text(pilot.app)
        await press(pilot, "f4")
        assert "Under the edit" in screen_text(pilot.app)
        await press(pilot, "f4")
        assert "Under the edit" not in screen_text(pilot.app)
        pilot.app.screen.query_one(StepTable).focus()
        await press(pilot, "down", "x")
        assert "unpriced steps +3" in screen_text(pilot.app), "its cycles stay, without a value"


async def test_without_cycles_and_without_a_saved_goal(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        pilot.app.filters = Filters(span="custom", since="2020-01-01", until="2020-01-02")
        await press(pilot, "enter")
        assert "No cycle of this goal was started." in screen_text(pilot.app)
        await press(pilot, "escape", "n")
        assert not pilot.app.screen.query_one(WhatIfPanel).display
        await press(pilot, "f4")
        await press(pilot, "ctrl+n")
        assert not pilot.app.screen.query_one(WhatIfPanel).display
