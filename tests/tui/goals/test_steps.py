"""Adding steps in the goal editor: how to get there, what is seen, and which step completes the goal."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from goals_tui.domain.goal import Goal
from goals_tui.domain.value import SuccessMetrics
from goals_tui.services.context import Services
from goals_tui.tui.goals.editor import GoalEditor
from goals_tui.tui.goals.step_form import StepForm
from tests.tui.harness import messages, press, running, screen_text, type_text


def kinds(pilot: Pilot[Any]) -> list[str]:
    assert isinstance(pilot.app.screen, GoalEditor)
    return [step.kind for step in pilot.app.screen.draft.goal.further]


async def add(pilot: Pilot[Any], name: str, *keys: str) -> None:
    """Add a step in the table, press some keys in its name, and leave the cell."""
    await press(pilot, "ctrl+n")
    await type_text(pilot, name)
    await press(pilot, *keys, *([] if keys else ["enter", "enter"]))


async def open_form(pilot: Pilot[Any], name: str) -> StepForm:
    """Add a step and open its form."""
    await add(pilot, name)
    await press(pilot, "o")
    assert isinstance(pilot.app.screen, StepForm)
    return pilot.app.screen


async def test_tab_leads_from_the_fields_to_the_steps(services: Services) -> None:
    async with running(services, (80, 24)) as pilot:
        await press(pilot, "n", "tab", "tab", "tab")
        assert pilot.app.screen.cells.editing, "the initial step has no name yet"
        await press(pilot, "tab")
        assert pilot.app.focused.id == "add-step"
        await press(pilot, "enter")
        assert pilot.app.screen.cells.editing and len(kinds(pilot)) == 1


async def test_a_chord_adds_a_step_while_a_field_has_the_focus(services: Services) -> None:
    async with running(services, (80, 24)) as pilot:
        await press(pilot, "n")
        assert "ctrl+n Add step" in screen_text(pilot.app)
        await press(pilot, "ctrl+n")
        assert pilot.app.screen.cells.editing
        await press(pilot, "escape")
        assert kinds(pilot) == [], "a step without anything in it is no step"
        await press(pilot, "tab", "ctrl+n")
        assert pilot.app.screen.cells.editing


async def test_a_new_step_is_in_view_and_after_redo_too(services: Services) -> None:
    async with running(services, (80, 24)) as pilot:
        await press(pilot, "n")
        for number in range(6):
            await add(pilot, f"Step {number}")
            assert f"Step {number}" in screen_text(pilot.app)
        pilot.app.screen.form.scroll_home(animate=False)
        await press(pilot, "u", "U")
        assert "Step 5" in screen_text(pilot.app)


async def test_the_cursor_goes_along_with_a_step_whose_move_is_undone(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "tab", "tab", "tab", "down")
        table = pilot.app.screen.form.steps
        moved = table.chosen
        await press(pilot, "J")
        assert (table.cursor, table.chosen) == (2, moved)
        await press(pilot, "u")
        assert (table.cursor, table.chosen) == (1, moved)


async def test_the_title_names_the_key_that_undoes_where_one_is(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "tab", "tab", "tab", "down", "J")
        assert "Undo (u): last change" in screen_text(pilot.app)
        await press(pilot, "shift+tab")
        assert isinstance(pilot.app.focused, Input | TextArea)
        assert "Undo (ctrl+z): last change" in screen_text(pilot.app)


async def test_the_footer_of_the_steps_at_80_columns(services: Services, flight: Goal) -> None:
    async with running(services, (80, 24)) as pilot:
        await press(pilot, "enter", "tab", "tab", "tab", "down")
        footer = screen_text(pilot.app).splitlines()[-1]
        for words in ("ctrl+s Save", "o Form", "K Up", "J Down", "del Delete"):
            assert words in footer


async def test_a_mark_that_was_forced_goes_when_another_step_has_it(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "n")
        await add(pilot, "First")
        assert kinds(pilot) == ["completion"]
        await add(pilot, "Second")
        assert kinds(pilot) == ["completion", "step"]
        await press(pilot, "u", "u")
        await add(pilot, "Second", *["tab"] * 4, "space")
        assert kinds(pilot) == ["step", "completion"]
        await press(pilot, *"uuu")
        assert kinds(pilot) == ["completion"]


async def test_a_mark_that_the_user_set_stays(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "n")
        await add(pilot, "First", *["tab"] * 4, "space", "space")
        await add(pilot, "Second", *["tab"] * 4, "space")
        assert kinds(pilot) == ["completion", "completion"]


async def test_every_metric_that_is_wrong_is_said_and_the_title_stays(services: Services, flight: Goal) -> None:
    async with running(services, (80, 24)) as pilot:
        await press(pilot, "n")
        form = await open_form(pilot, "Paid")
        form.query_one("#cost Input", Input).value = "9,5"
        form.query_one("#time Input", Input).value = "01:75:99"
        await press(pilot, "ctrl+s")
        assert form is pilot.app.screen
        shown = screen_text(pilot.app)
        problems = ("Cost Savings: '9,5' is not", "Time Saved: '01:75:99' is not")
        for words in ("Step Paid", *problems, " Cancel", "Save step"):
            assert words in shown


async def test_escape_in_a_changed_step_asks(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "n")
        await open_form(pilot, "Paid")
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, GoalEditor)
        await press(pilot, "o", "end", "!", "escape")
        assert "Paid! has changes." in screen_text(pilot.app)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, StepForm)
        await press(pilot, "escape", "right", "enter")
        assert [step.name for step in pilot.app.screen.draft.goal.further] == ["Paid"]
        await press(pilot, "o", "end", "!", "escape", "enter")
        assert [step.name for step in pilot.app.screen.draft.goal.further] == ["Paid!"]


async def test_what_keeps_a_goal_from_being_saved_is_said_whole(services: Services) -> None:
    async with running(services, (80, 24)) as pilot:
        await press(pilot, "n")
        await type_text(pilot, "Fly")
        await press(pilot, "tab", "tab", "tab")
        await type_text(pilot, "Asked")
        assert "Before saving: Add at least one step: the one that completes the goal." in screen_text(pilot.app)


async def test_deleting_says_when(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "tab", "tab", "tab", "down", "delete")
        assert messages(pilot.app) == ["'Passenger entered' will be deleted when you save (u undoes)."]


async def test_a_step_stays_unpriced_until_it_has_an_amount_be_it_0(services: Services, flight: Goal) -> None:
    *others, paid = flight.steps
    unpriced = paid.model_copy(update={"metrics": SuccessMetrics(unpriced=True, time_saved_seconds=60)})
    services.goals.save(flight.model_copy(update={"steps": (*others, unpriced)}))
    async with running(services) as pilot:
        assert "unpriced" in screen_text(pilot.app)
        await press(pilot, "enter", "tab", "tab", "tab", "down", "down", "o")
        assert isinstance(pilot.app.screen, StepForm) and "unpriced" in screen_text(pilot.app)
        await press(pilot, "home", "X", "ctrl+s", "ctrl+s")
        assert services.goals.get(flight.id).steps[-1].metrics.unpriced
        await press(pilot, "enter", "tab", "tab", "tab", "down", "down", "o")
        pilot.app.screen.query_one("#cost Input", Input).focus()
        await press(pilot, "0", "ctrl+s", "ctrl+s")
    assert services.goals.get(flight.id).steps[-1].metrics == SuccessMetrics(time_saved_seconds=60)
