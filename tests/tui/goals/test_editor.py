"""The goal editor: every action, what it refuses and how it says so."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from goals_tui.domain.event import Source
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services, open_services
from goals_tui.tui.goals.editor import GoalEditor
from goals_tui.tui.goals.step_form import StepForm
from goals_tui.tui.goals.step_table import StepTable
from goals_tui.tui.widgets.fields import Field
from tests import builders
from tests.tui.goals.samples import book_a_flight
from tests.tui.harness import messages, press, running, screen_text, type_text, until_true


def editor(pilot: Pilot[Any]) -> GoalEditor:
    assert isinstance(pilot.app.screen, GoalEditor)
    return pilot.app.screen


async def at_steps(pilot: Pilot[Any]) -> StepTable:
    """Open the chosen goal and focus its steps."""
    await press(pilot, "enter")
    table = pilot.app.screen.query_one(StepTable)
    table.focus()
    await press(pilot, "down")
    return table


async def test_an_empty_form_does_not_nag(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "n")
        shown = screen_text(pilot.app)
        assert "mandatory" not in shown
        assert "1 of 10" in shown
        assert "not saved" not in shown
        await press(pilot, "escape")
        assert pilot.app.screen.CONTEXT == "goals"


async def test_messages_stand_beside_the_field_while_typing(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "n")
        await type_text(pilot, "book a flight")
        shown = screen_text(pilot.app)
        assert "There is a goal 'book a" in shown
        assert "● not saved" in shown
        await press(pilot, "s")
        assert "There is a goal" not in screen_text(pilot.app)


async def test_saving_says_all_that_is_in_the_way(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "n", "ctrl+s")
        shown = screen_text(pilot.app)
        assert "The goal needs a name" in shown
        assert "needs a name" in shown.replace("The goal needs a name", "")
        assert "Add at least one step: the one that completes the goal." in shown
        assert editor(pilot).focused is editor(pilot).query_one("#field-name", Field).entry
        await press(pilot, "tab", "tab", "tab")
        assert "The initial step needs a name." in screen_text(pilot.app), "below its cell"


async def test_save_makes_a_new_version(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "end")
        await type_text(pilot, "s")
        await press(pilot, "f2")
        assert pilot.app.screen.CONTEXT == "goals"
    saved = services.goals.get(flight.id)
    assert (saved.name, saved.revision) == ("Book a Flights", flight.revision + 1)


async def test_leaving_with_changes_asks(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "end")
        await type_text(pilot, "s")
        await press(pilot, "escape")
        assert "Book a Flights has changes." in screen_text(pilot.app)
        assert screen_text(pilot.app).splitlines()[-1].strip() == "esc Stay", "the key is called as the button is"
        await press(pilot, "escape")
        assert editor(pilot).unsaved
        await press(pilot, "escape", "right", "right", "enter")
        assert editor(pilot).unsaved, "Stay stays"
        await press(pilot, "escape", "right", "enter")
        assert pilot.app.screen.CONTEXT == "goals"
        assert services.goals.get(flight.id).name == "Book a Flight"
        await press(pilot, "enter", "end")
        await type_text(pilot, "s")
        await press(pilot, "escape", "enter")
        assert services.goals.get(flight.id).name == "Book a Flights"


async def test_steps_are_added_edited_moved_and_taken_back(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        table = await at_steps(pilot)
        await press(pilot, "a")
        await type_text(pilot, "Seat chosen")
        await press(pilot, "enter", "enter")
        names = lambda: [step.name for step in editor(pilot).draft.goal.further]  # noqa: E731  read after each key
        assert names() == ["Passenger entered", "Payment completed", "Seat chosen"]
        assert editor(pilot).draft.goal.further[-1].kind == "step"
        await press(pilot, "K")
        assert names() == ["Passenger entered", "Seat chosen", "Payment completed"]
        await press(pilot, "shift+up")
        assert names() == ["Seat chosen", "Passenger entered", "Payment completed"]
        await press(pilot, "J")
        assert table.chosen is not None and table.chosen.name == "Seat chosen"
        await press(pilot, "enter", "end")
        await type_text(pilot, "!")
        await press(pilot, "enter", "escape", "up")
        assert names()[1] == "Seat chosen!"
        await press(pilot, "x")
        assert names() == ["Passenger entered", "Payment completed"]
        await press(pilot, "u")
        assert names()[1] == "Seat chosen!"
        await press(pilot, "U")
        assert names() == ["Passenger entered", "Payment completed"]
        await press(pilot, *"uuuuuu")
        assert names() == ["Passenger entered", "Payment completed"]
        assert not editor(pilot).unsaved


async def test_the_mouse_drags_a_step(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter")
        await pilot.mouse_down("#steps", offset=(8, 2))
        await pilot.hover("#steps", offset=(8, 3))
        await pilot.mouse_up("#steps", offset=(8, 3))
        await press(pilot)
        assert [step.name for step in editor(pilot).draft.goal.further] == ["Payment completed", "Passenger entered"]


async def test_why_a_step_cannot_go(services: Services) -> None:
    goal = book_a_flight(services)
    services.goals.save(goal.model_copy(update={"steps": (goal.steps[0], goal.steps[2])}))
    services.goals.save(book_a_flight(services, "Other"))
    async with running(services) as pilot:
        await at_steps(pilot)
        await press(pilot, "delete")
        assert messages(pilot.app)[-1] == (
            "'Payment completed' is the last remaining step. Add another one before you delete it."
        )
        await press(pilot, "escape", "down")
        await at_steps(pilot)
        await press(pilot, "down", "delete")
        assert messages(pilot.app)[-1] == (
            "'Payment completed' is the only completion step. Mark another step as a completion step first."
        )


async def test_the_step_limit_is_shown_and_kept(services: Services, flight: Goal) -> None:
    env = {"FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL": "3"}
    limited = open_services(services.workspace.path, clock=services.clock, env=env)
    async with running(limited) as pilot:
        await at_steps(pilot)
        assert "3 of 3" in screen_text(pilot.app)
        await press(pilot, "a")
        assert messages(pilot.app)[-1].startswith("A goal has at most 3 steps, the initial one included")


async def test_the_only_step_must_complete_the_goal(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "n", "insert")
        await type_text(pilot, "Done")
        await press(pilot, *["tab"] * 4, "space", "ctrl+s")
        assert "The only step must be a completion step." in screen_text(pilot.app)


# -- the form of a step


async def test_time_is_typed_as_people_write_it_and_the_form_says_what_it_understood(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "n", "ctrl+n")
        await type_text(pilot, "Paid")
        await press(pilot, "enter", "enter", "o", *["tab"] * 5)
        await type_text(pilot, "1h 30m")
        assert "= 01:30:00" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert pilot.app.screen.draft.goal.further[0].metrics.time_saved_seconds == 5400  # type: ignore[attr-defined]


async def test_the_step_form_refuses_what_cannot_be(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await at_steps(pilot)
        await press(pilot, "o", "home", "shift+end", "delete", "enter")
        assert "A step needs a name." in screen_text(pilot.app)
        await type_text(pilot, "payment COMPLETED")
        assert "The goal has a step 'payment COMPLETED' already." in screen_text(pilot.app)
        await press(pilot, "2", "tab", "tab", "tab")
        await type_text(pilot, "12,50")
        assert "'12,50' is not an amount. Write it with a point, for example 150.00." in screen_text(pilot.app)
        await press(pilot, "home", "shift+end", "1", "tab")
        await type_text(pilot, "-3")
        assert "An amount can't be negative" in screen_text(pilot.app)
        await press(pilot, "home", "shift+end", "3", "tab")
        await type_text(pilot, "00:75:00")
        assert "'00:75:00' is not a time." in screen_text(pilot.app)
        await press(pilot, "home", "shift+end")
        await type_text(pilot, "90")
        assert "'90' has no unit. Write 90h, 90m or 90s" in screen_text(pilot.app)
        for wrong, said in (("0.001m", "is no whole number of seconds."), ("99999h", "is too long: 9999:59:59")):
            await press(pilot, "home", "shift+end")
            await type_text(pilot, wrong)
            assert said in screen_text(pilot.app)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, StepForm)
        await press(pilot, "escape", "right", "enter")
        assert isinstance(pilot.app.screen, GoalEditor)


async def test_decimals_follow_the_currency(services: Services, flight: Goal) -> None:
    project = services.project.get()
    services.project.save(project.model_copy(update={"currency": "JPY"}))
    async with running(services) as pilot:
        await at_steps(pilot)
        await press(pilot, "o", "tab", "tab", "tab")
        await type_text(pilot, "1.5")
        shown = screen_text(pilot.app)
        assert "this currency has no decimals" in shown
        assert "¥" in shown


async def test_an_old_amount_with_more_decimals_stays(services: Services, flight: Goal) -> None:
    project = services.project.get()
    services.project.save(project.model_copy(update={"currency": "JPY"}))
    goal = services.goals.get(flight.id)
    assert goal.steps[2].metrics.cost_savings == Decimal("15.00")
    async with running(services) as pilot:
        await at_steps(pilot)
        await press(pilot, "down", "o", "end")
        await type_text(pilot, "!")
        await press(pilot, "enter", "ctrl+s")
    assert services.goals.get(flight.id).steps[2].name == "Payment completed!"


# -- deleting a step on save


async def test_deleting_a_tracked_step_says_what_goes(services: Services, flight: Goal) -> None:
    done = services.goals.new_step("completion").model_copy(update={"name": "Also done"})
    goal = services.goals.save(flight.model_copy(update={"steps": (*flight.steps, done)}))
    async with running(services) as pilot:
        await at_steps(pilot)
        await press(pilot, "down", "delete", "ctrl+s")
        shown = screen_text(pilot.app)
        assert "Delete step Payment completed" in shown
        assert "2 events in 2 cycles" in shown
        assert "1 Track Goal Process node stops working" in shown
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, GoalEditor), "Back has the focus"
        await press(pilot, "ctrl+s", "right", "enter")
        assert "Replace Payment completed by" in screen_text(pilot.app)
        await type_text(pilot, "also")
        await press(pilot, "enter")
        await until_true(pilot, lambda: "Delete (2 events)" in screen_text(pilot.app))  # It is asked again.
        assert "No flow tracks it." in screen_text(pilot.app)
        assert services.goals.get(goal.id) == goal and services.workspace.events.stats().events == 9
        await press(pilot, "left", "enter")
    assert [step.name for step in services.goals.get(goal.id).steps][2:] == ["Also done"]
    assert [use.step_ids for use in services.goals.where_used(goal.id)][1] == (done.id,)
    assert services.workspace.events.stats().events == 7
    assert services.history.undo_label == "Edit goal 'Book a Flight' (deleted events stay deleted)"


async def test_a_step_is_deleted_while_its_events_stay_in_a_log_elsewhere(services: Services, flight: Goal) -> None:
    done = services.goals.new_step("completion").model_copy(update={"name": "Also done"})
    goal = services.goals.save(flight.model_copy(update={"steps": (*flight.steps, done)}))
    services.workspace.why_read_only = lambda: "It is read only."
    async with running(services) as pilot:
        await at_steps(pilot)
        await press(pilot, "down", "delete", "ctrl+s")
        shown = screen_text(pilot.app)
        assert "The events of the step stay in the log." in shown
        assert "2 events" not in shown and "1 Track Goal Process node stops working" in shown
        await press(pilot, "right", "right", "right", "enter")
    assert [step.name for step in services.goals.get(goal.id).steps][2:] == ["Also done"]
    assert services.workspace.events.stats().events == 9


async def test_removing_a_step_from_its_nodes_deletes_nothing(services: Services, flight: Goal) -> None:
    done = services.goals.new_step("completion").model_copy(update={"name": "Also done"})
    goal = services.goals.save(flight.model_copy(update={"steps": (*flight.steps, done)}))
    before = services.workspace.events.stats().events
    async with running(services, (80, 24)) as pilot:
        await at_steps(pilot)
        await press(pilot, "down", "delete", "ctrl+s")
        buttons = list(pilot.app.screen.query(Button))
        assert [button.label.plain for button in buttons][1:3] == ["Replace in nodes…", "Remove from nodes"]
        assert all(button.region.width >= len(button.label.plain) for button in buttons), "none is cut off"
        assert buttons[0].region.x - len("1,234,566") >= 2, "even with a million events"
        await press(pilot, "right", "right", "enter")
        await until_true(pilot, lambda: "Delete (2 events)" in screen_text(pilot.app))  # It is asked again.
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, GoalEditor)
    assert services.goals.get(goal.id) == goal and services.workspace.events.stats().events == before
    assert all(flight.steps[2].id not in use.step_ids for use in services.goals.where_used(goal.id))


# -- somebody else's newer version


async def change_elsewhere(services: Services, goal: Goal) -> Services:
    other = open_services(services.workspace.path, clock=services.clock, env={})
    other.goals.save(other.goals.get(goal.id).model_copy(update={"description": "Theirs."}))
    return other


async def test_a_conflict_names_what_changed_and_reload_keeps_mine(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "end")
        await type_text(pilot, "s")
        await change_elsewhere(services, flight)
        await press(pilot, "ctrl+s")
        shown = screen_text(pilot.app)
        assert "was changed elsewhere since you opened it" in shown
        assert "· description" in shown
        await press(pilot, "right", "enter")
        assert editor(pilot).draft.goal.description == "Theirs."
        assert "Book a Flights" in pilot.app.clipboard
        pilot.app.screen.query_one(StepTable).focus()
        await press(pilot, "u")
        assert editor(pilot).draft.goal.name == "Book a Flights"
        await press(pilot, "ctrl+s")
    assert services.goals.get(flight.id).name == "Book a Flights"


async def test_a_conflict_can_be_overwritten_and_theirs_stays_a_version(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "end")
        await type_text(pilot, "s")
        await change_elsewhere(services, flight)
        await press(pilot, "ctrl+s", "left", "enter")
    assert services.goals.get(flight.id).name == "Book a Flights"
    assert "Theirs." in [goal.description for goal in services.goals.versions(flight.id)]


async def test_overwriting_asks_about_the_steps_that_others_added(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "end")
        await type_text(pilot, "s")
        extra = services.goals.new_step().model_copy(update={"name": "Seat chosen"})
        theirs = services.goals.save(flight.model_copy(update={"steps": (*flight.steps, extra)}))
        services.tracking.track("s0", theirs.id, [extra.id], Source(endpoint_name="Web"))
        before = services.workspace.events.stats().events
        await press(pilot, "ctrl+s")
        assert "Changed elsewhere" in screen_text(pilot.app) and not messages(pilot.app), "it is asked, not said too"
        await press(pilot, "left", "enter")
        assert "Delete step Seat chosen" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert services.goals.get(flight.id).name == "Book a Flight", "Back has the focus"
        assert services.workspace.events.stats().events == before
        await press(pilot, "ctrl+s", "left", "enter", "left", "enter")
        assert services.workspace.events.stats().events == before - 1
    assert services.goals.get(flight.id).name == "Book a Flights"


async def test_damaged_events_are_said_and_the_form_stays(services: Services, flight: Goal) -> None:
    services.workspace.events.seal()
    async with running(services) as pilot:
        await at_steps(pilot)
        await press(pilot, "delete")
        for part in services.workspace.events.path.glob("part-*.parquet"):
            part.write_bytes(b"damaged")
        await press(pilot, "ctrl+s")
        assert "are damaged" in messages(pilot.app)[-1]
        assert isinstance(pilot.app.screen, GoalEditor)
        assert editor(pilot).unsaved


async def test_mine_can_be_saved_as_a_copy(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "end")
        await type_text(pilot, "s")
        await change_elsewhere(services, flight)
        await press(pilot, "ctrl+s", "right", "right", "enter")
    assert [row.name for row in services.goals.summaries()] == ["Book a Flight", "Book a Flights"]
    assert services.goals.get(flight.id).description == "Theirs."


async def test_a_goal_that_was_deleted_elsewhere_can_be_saved_anew(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "end")
        await type_text(pilot, "s")
        other = open_services(services.workspace.path, clock=services.clock, env={})
        other.goals.delete(flight.id, confirm=flight.name)
        await press(pilot, "ctrl+s")
        assert "was deleted elsewhere" in screen_text(pilot.app)
        await press(pilot, "right", "enter")
    assert services.goals.get(flight.id).name == "Book a Flights"


async def test_an_unchanged_form_follows_what_others_save(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter")
        await change_elsewhere(services, flight)
        pilot.app.look_for_changes()
        await press(pilot)
        assert editor(pilot).query_one("#field-description", Field).value == "Theirs."


async def test_quitting_with_changes_asks(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter", "end")
        await type_text(pilot, "s")
        await press(pilot, "ctrl+q")
        assert "Book a Flights has changes." in screen_text(pilot.app)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_names_are_whole_where_there_is_room(services: Services, size: tuple[int, int]) -> None:
    long = builders.book_a_flight()
    services.goals.save(long.model_copy(update={"revision": 0}))
    async with running(services, size) as pilot:
        await press(pilot, "enter")
        shown = screen_text(pilot.app)
        assert all(f"{step.glyph}  {step.name} " in shown for step in long.steps)
        table = pilot.app.screen.query_one(StepTable)
        assert all(table.cell_region(1, field).width >= 7 for field in ("cost", "revenue", "time"))
