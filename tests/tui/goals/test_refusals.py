"""Every rule about goals is broken with the keyboard, and said where it was broken.

What other tests of the editor enter already is named in `ENTERED`, with what they look for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from goals_tui.domain import goal as goal_rules
from goals_tui.domain import value
from goals_tui.domain.goal import Goal, Step
from goals_tui.domain.model import MAX_TEXT
from goals_tui.services import goals as goals_service
from goals_tui.services.context import Services, open_services
from goals_tui.tui.app import dialogs as conflict
from goals_tui.tui.goals import draft, step_form
from goals_tui.tui.goals.editor import GoalEditor
from goals_tui.tui.goals.step_form import StepForm
from goals_tui.tui.goals.step_table import StepTable
from goals_tui.tui.widgets.fields import ProblemLine
from tests.tui.frame.refusals import not_entered, raised, texts
from tests.tui.goals import test_delete, test_editor, test_targets
from tests.tui.goals.samples import book_a_flight
from tests.tui.harness import messages, press, running, screen_text, settle, type_text

LIMIT = "FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL"


async def at_steps(pilot: Pilot[Any]) -> None:
    """Open the chosen goal and focus its steps."""
    await press(pilot, "o")
    pilot.app.screen.query_one(StepTable).focus()
    await press(pilot, "down")


def said(pilot: Pilot[Any]) -> str:
    """Return the text of the editor and its messages beside fields, lines that were broken joined again."""
    assert isinstance(pilot.app.screen, GoalEditor)
    shown = [line.text for line in pilot.app.screen.query(ProblemLine) if line.display and line.region]
    return " ".join("\n".join([screen_text(pilot.app), *shown]).split())


async def test_a_step_may_not_be_called_as_the_initial_one(services: Services, flight: Goal) -> None:
    async with running(services, (200, 60)) as pilot:
        await press(pilot, "o", "tab", "tab", "tab", "enter", "home", "shift+end")
        await type_text(pilot, "payment completed")
        await press(pilot, "ctrl+s")
        assert "The goal has a step 'Payment completed' already. Choose another name." in said(pilot)
    assert services.goals.get(flight.id) == flight


async def test_one_of_several_steps_has_to_complete_the_goal(services: Services, flight: Goal) -> None:
    async with running(services, (200, 60)) as pilot:
        await at_steps(pilot)
        await press(pilot, "down", "o", "tab", "tab", "space", "ctrl+s")
        problem = "At least one step must be a completion step. Mark the one that achieves the goal."
        assert problem in said(pilot)
        await press(pilot, "ctrl+s")
        assert problem in said(pilot)
    assert services.goals.get(flight.id) == flight


@pytest.mark.parametrize(
    ("limit", "outlook"),
    [("2", f"Set {LIMIT} (up to 20) to raise the limit."), ("20", "Delete a step, or split the goal.")],
)
async def test_a_limit_that_was_lowered_is_said_on_saving(
    services: Services, flight: Goal, limit: str, outlook: str
) -> None:
    if limit == "20":
        raised_once = [Step(id=f"{number:024x}", name=f"Step {number}") for number in range(18)]
        written(services, flight, steps=(*flight.steps, *raised_once))
    limited = open_services(services.workspace.path, clock=services.clock, env={LIMIT: limit})
    async with running(limited, (200, 60)) as pilot:
        await press(pilot, "o", "end", "!", "ctrl+s")
        count = len(services.goals.get(flight.id).steps)
        most = f"A goal has at most {limit} steps, the initial one included; this one has {count}."
        assert f"{most} {outlook}" in said(pilot)
    assert services.goals.get(flight.id).name == "Book a Flight"


async def test_the_initial_step_is_not_offered_for_deletion(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await at_steps(pilot)
        await press(pilot, "home", "x", "K", "J")
        assert isinstance(pilot.app.screen, GoalEditor)
        assert pilot.app.screen.draft.goal.steps == flight.steps
        assert messages(pilot.app)[-1].startswith("The initial step can't be deleted")
    assert goal_rules.why_not_delete(flight, flight.initial.id) == (
        "The initial step can't be deleted: the goal is activated by it. Rename it instead."
    )


def written(services: Services, goal: Goal, **changes: Any) -> None:
    """Write into goals.json by hand."""
    with services.workspace.documents.transaction() as transaction:
        transaction.put("goals", goal.id, goal.model_copy(update=changes).model_dump(mode="json"))


def no_initial(first: Step, *rest: Step) -> tuple[Step, ...]:
    return (first.model_copy(update={"kind": "step"}), *rest)


def two_initial(first: Step, second: Step, *rest: Step) -> tuple[Step, ...]:
    return (first, second.model_copy(update={"kind": "initial"}), *rest)


def worth(first: Step, *rest: Step) -> tuple[Step, ...]:
    return (first.model_copy(update={"metrics": rest[-1].metrics}), *rest)


def one_id(first: Step, second: Step, *rest: Step) -> tuple[Step, ...]:
    return (first, second, *(step.model_copy(update={"id": second.id}) for step in rest))


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (no_initial, "A goal begins with exactly one initial step. Add it first."),
        (two_initial, "A goal has exactly one initial step, and it comes first."),
        (worth, "The initial step has no success metrics."),
        (one_id, "Two steps have the same id. Delete one of them and add it again."),
    ],
)
async def test_what_no_form_makes_is_refused_where_a_file_brought_it(
    services: Services, flight: Goal, broken: Callable[..., tuple[Step, ...]], message: str
) -> None:
    written(services, flight, steps=broken(*flight.steps))
    async with running(services, (200, 60)) as pilot:
        await press(pilot, "o", "end", "!", "ctrl+s")
        assert message in said(pilot)
    assert services.goals.get(flight.id).name == "Book a Flight"


async def test_a_goal_without_any_step_is_said_to_be_unreadable(services: Services, flight: Goal) -> None:
    written(services, flight, steps=())
    async with running(services) as pilot:
        await press(pilot, "o")
        assert not isinstance(pilot.app.screen, GoalEditor)
        assert {message.partition(". ")[0] for message in messages(pilot.app)} == {
            "goals.json: the goal 'Book a Flight' can't be read: it has no steps"
        }


async def test_amounts_follow_a_currency_that_was_changed_elsewhere(services: Services, flight: Goal) -> None:
    async with running(services, (200, 60)) as pilot:
        await at_steps(pilot)
        await press(pilot, "down", "o", "tab", "tab", "tab", "home", "shift+end")
        await type_text(pilot, "12.55")
        await press(pilot, "enter")
        other = open_services(services.workspace.path, clock=services.clock, env={})
        other.project.save(other.project.get().model_copy(update={"currency": "JPY"}))
        await press(pilot, "ctrl+s")
        assert "12.55 has too many decimals for JPY." in said(pilot)
    assert services.goals.get(flight.id) == flight


async def test_a_description_has_an_end(services: Services, flight: Goal) -> None:
    async with running(services, (200, 60)) as pilot:
        await press(pilot, "o", "tab")
        pilot.app.post_message(events.Paste("x" * (MAX_TEXT + 1)))
        await settle(pilot)
        assert "The description is longer than" in said(pilot)
        await press(pilot, "ctrl+s")
        assert isinstance(pilot.app.screen, GoalEditor)
    assert services.goals.get(flight.id) == flight


async def test_so_has_the_description_of_a_step(services: Services, flight: Goal) -> None:
    async with running(services, (200, 60)) as pilot:
        await at_steps(pilot)
        await press(pilot, "o", "tab")
        pilot.app.post_message(events.Paste("x" * (MAX_TEXT + 1)))
        await press(pilot, "f2")
        assert isinstance(pilot.app.screen, StepForm)
        assert "Longer than 10,000 characters. Shorten it." in screen_text(pilot.app)


async def test_a_name_that_was_taken_elsewhere_is_said_on_saving(services: Services, flight: Goal) -> None:
    async with running(services, (200, 60)) as pilot:
        await press(pilot, "o", "end", "s")
        other = open_services(services.workspace.path, clock=services.clock, env={})
        other.goals.save(book_a_flight(other, "Book a Flights"))
        await press(pilot, "ctrl+s")
        assert "There is a goal 'Book a Flights' already." in said(pilot)
    assert services.goals.get(flight.id) == flight


ENTERED: dict[str, Callable[..., Any]] = {
    "The goal needs a name": test_editor.test_saving_says_all_that_is_in_the_way,
    "There is a goal ": test_editor.test_messages_stand_beside_the_field_while_typing,
    "A goal begins with exactly one initial step": test_what_no_form_makes_is_refused_where_a_file_brought_it,
    "A goal has at most ": test_editor.test_the_step_limit_is_shown_and_kept,
    " to raise the limit.": test_a_limit_that_was_lowered_is_said_on_saving,
    "Delete a step, or split the goal.": test_a_limit_that_was_lowered_is_said_on_saving,
    "The initial step can't be deleted": test_the_initial_step_is_not_offered_for_deletion,
    "is the last remaining step": test_editor.test_why_a_step_cannot_go,
    "is the only completion step": test_editor.test_why_a_step_cannot_go,
    "The initial step needs a name.": test_editor.test_saving_says_all_that_is_in_the_way,
    "The initial step has no success metrics.": test_what_no_form_makes_is_refused_where_a_file_brought_it,
    "A goal has exactly one initial step": test_what_no_form_makes_is_refused_where_a_file_brought_it,
    "Two steps have the same id.": test_what_no_form_makes_is_refused_where_a_file_brought_it,
    "Add at least one step": test_editor.test_saving_says_all_that_is_in_the_way,
    "The only step must be": test_editor.test_the_only_step_must_complete_the_goal,
    "At least one step must be": test_one_of_several_steps_has_to_complete_the_goal,
    "Mark the one that achieves the goal.": test_one_of_several_steps_has_to_complete_the_goal,
    "A step needs a name.": test_editor.test_the_step_form_refuses_what_cannot_be,
    "The goal has a step ": test_a_step_may_not_be_called_as_the_initial_one,
    "confirm with its name": test_delete.test_only_the_name_deletes,
    " has too many decimals for ": test_amounts_follow_a_currency_that_was_changed_elsewhere,
    "A target is": test_targets.test_what_is_no_target_is_said_and_not_lost_in_silence,
    "The description ": test_a_description_has_an_end,
    "Longer than ": test_so_has_the_description_of_a_step,
    "An amount can't be negative": test_editor.test_the_step_form_refuses_what_cannot_be,
    " is not an amount": test_editor.test_the_step_form_refuses_what_cannot_be,
    "this currency has ": test_editor.test_decimals_follow_the_currency,
    " is not a time.": test_editor.test_the_step_form_refuses_what_cannot_be,
    " has no unit.": test_editor.test_the_step_form_refuses_what_cannot_be,
    "is no whole number of seconds.": test_editor.test_the_step_form_refuses_what_cannot_be,
    "is too long: ": test_editor.test_the_step_form_refuses_what_cannot_be,
    "was changed elsewhere since you opened it": test_editor.test_a_conflict_names_what_changed_and_reload_keeps_mine,
    "was deleted elsewhere": test_editor.test_a_goal_that_was_deleted_elsewhere_can_be_saved_anew,
}
"""A piece of each refusal, and the test that enters it."""


def test_no_rule_about_goals_is_left_out() -> None:
    rules = [text for text in texts(goal_rules) if not text[:1].islower() and not text.endswith("%")]
    refusals = [*rules, *raised(goals_service, draft, value)]
    refusals += [text for text in texts(step_form) if text.endswith(".")]
    refusals += [text for text in texts(conflict) if "elsewhere since" in text]
    assert not_entered(refusals, ENTERED) == [], "enter these too"
