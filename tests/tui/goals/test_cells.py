"""Steps edited in the cells of their table."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from textual.pilot import Pilot

from goals_tui.domain.goal import Goal, Step
from goals_tui.services.context import Services, open_services
from goals_tui.tui.goals.editor import GoalEditor
from tests.tui.harness import messages, paste, press, running, screen_text, type_text


def editor(pilot: Pilot[Any]) -> GoalEditor:
    assert isinstance(pilot.app.screen, GoalEditor)
    return pilot.app.screen


def further(pilot: Pilot[Any]) -> tuple[Step, ...]:
    return editor(pilot).draft.goal.further


async def test_letters_are_text_while_a_cell_is_edited_and_act_otherwise(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "tab", "tab", "tab", "down", "enter", "end", *"axuK ")
        assert further(pilot)[0].name == "Passenger enteredaxuK"
        assert len(further(pilot)) == 2
        await press(pilot, "escape", "x")
        assert [step.name for step in further(pilot)] == ["Payment completed"]


async def test_space_switches_only_in_the_completion_column(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(
            pilot, "enter", "tab", "tab", "tab", "down", "space", "right", "space", "right", "space", "right", "space"
        )
        assert [step.kind for step in further(pilot)] == ["step", "completion"]
        await press(pilot, "right", "space")
        assert [step.kind for step in further(pilot)] == ["completion", "completion"]


async def test_what_is_no_amount_is_said_below_the_cell_which_is_not_left(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "tab", "tab", "tab", "down", "right", "enter")
        await type_text(pilot, "12,50")
        lines = screen_text(pilot.app).splitlines()
        row = next(number for number, line in enumerate(lines) if "Passenger entered" in line)
        assert "'12,50' is not an amount." in lines[row + 1]
        await press(pilot, "tab", "enter", "up")
        assert editor(pilot).cells.cell.value == "12,50"
        assert not further(pilot)[0].metrics
        await press(pilot, "home", "shift+end", *"12.50", "tab")
        assert further(pilot)[0].metrics.cost_savings == Decimal("12.5")
        assert "is not an amount" not in screen_text(pilot.app)


async def test_what_is_wrong_in_the_last_row_is_said_above_it_where_nothing_is_below(
    services: Services, flight: Goal
) -> None:
    async with running(services, (80, 24)) as pilot:
        await press(pilot, "enter", "tab", "tab", "tab", "down", "down", "right", "enter")
        await type_text(pilot, "12,50")
        lines = screen_text(pilot.app).splitlines()
        row = next(number for number, line in enumerate(lines) if "Payment completed" in line)
        assert "'12,50' is not an amount." in "".join(lines[row - 2 : row])


async def test_a_time_longer_than_its_column_is_seen_whole_while_it_is_typed(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "tab", "tab", "tab", "down", *["right"] * 3, "enter")
        await type_text(pilot, "1 h 20 min 30 s")
        assert "1 h 20 min 30 s" in screen_text(pilot.app)


async def test_a_name_that_is_taken_is_said_once_below_its_cell(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "tab", "tab", "tab", "down", "enter", "home", "shift+end")
        await type_text(pilot, "payment completed")
        lines = screen_text(pilot.app).splitlines()
        row = next(number for number, line in enumerate(lines) if "payment completed" in line)
        assert "The goal has a step 'payment completed' already. Choose" in lines[row + 1]
        assert screen_text(pilot.app).count("already. Choose") == 1
        assert "Before saving: 2 problems, said above." in screen_text(pilot.app)


async def test_undo_goes_cell_by_cell(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(
            pilot, "enter", "tab", "tab", "tab", "down", "enter", "end", *"!?", "tab", *"7", "tab", *"8", "escape"
        )
        assert str(further(pilot)[0].metrics.cost_savings) == "7"
        assert not further(pilot)[0].metrics.revenue, "escape leaves a cell as it was"


async def test_each_cell_is_one_change_for_undo(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(
            pilot,
            "enter",
            "tab",
            "tab",
            "tab",
            "down",
            "enter",
            "end",
            *"!?",
            "tab",
            *"70",
            "tab",
            "shift+tab",
            "escape",
        )
        assert (further(pilot)[0].name, str(further(pilot)[0].metrics.cost_savings)) == ("Passenger entered!?", "70")
        await press(pilot, "u")
        assert (further(pilot)[0].name, bool(further(pilot)[0].metrics)) == ("Passenger entered!?", False)
        await press(pilot, "u")
        assert further(pilot)[0].name == "Passenger entered"
        assert not editor(pilot).unsaved


async def test_lines_and_rows_with_tabs_become_steps(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "tab", "tab", "tab")
        await paste(pilot, "Seat chosen\t1.50\t20\t2m\n\nBag added\nPaid twice\t1,5\n")
        assert [step.name for step in further(pilot)[2:]] == ["Seat chosen", "Bag added", "Paid twice"]
        seat = further(pilot)[2].metrics
        assert (str(seat.cost_savings), str(seat.revenue), seat.time_saved_seconds) == ("1.50", "20", 120)
        assert messages(pilot.app) == ["Paid twice: '1,5' is not an amount. Write it with a point, for example 150.00."]
        await press(pilot, "u")
        assert len(further(pilot)) == 2, "one change"
        await press(pilot, "a")
        await paste(pilot, "First\nSecond")
        assert [step.name for step in further(pilot)[2:]] == ["First", "Second"], "the empty row is filled"


async def test_of_the_first_steps_that_are_pasted_the_last_completes_the_goal(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "n", "tab", "tab", "tab")
        await type_text(pilot, "Opened")
        await press(pilot, "enter")
        await paste(pilot, "Filled in\nPaid\nSent")
        assert [step.kind for step in further(pilot)] == ["step", "step", "completion"]
        await press(pilot, "u")
        assert [step.name for step in further(pilot)] in ([], [""]), "one change"


async def test_pasting_stops_at_the_limit_of_steps(services: Services, flight: Goal) -> None:
    env = {"FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL": "4"}
    limited = open_services(services.workspace.path, clock=services.clock, env=env)
    async with running(limited) as pilot:
        await press(pilot, "enter", "tab", "tab", "tab")
        await paste(pilot, "One\nTwo\nThree")
        assert [step.name for step in further(pilot)[2:]] == ["One"]
        assert messages(pilot.app)[-1].startswith("A goal has at most 4 steps")


async def test_the_initial_step_is_the_first_row_and_its_form_has_no_metrics(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "tab", "tab", "tab", "enter", "end", *"!", "escape", "o")
        assert "Success Metrics" not in screen_text(pilot.app)
        await press(pilot, "end", *"?", "tab", "end", *" Now.", "ctrl+s", "ctrl+s")
    initial = services.goals.get(flight.id).initial
    assert (initial.name, initial.kind, initial.description) == (
        "Flight details?",
        "initial",
        "Where to and when. Now.",
    )


async def test_a_description_grows_with_its_text(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "tab")
        before = pilot.app.focused.size.height
        await press(pilot, *["enter"] * 6)
        assert pilot.app.focused.size.height > before
