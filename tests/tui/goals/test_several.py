"""Several goals marked in the list, and changed, copied or deleted together."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from textual.pilot import Pilot

from goals_tui.domain.errors import RefusedError
from goals_tui.services.context import Services
from tests.tui.goals.samples import book_a_flight
from tests.tui.harness import messages, paste, press, running, screen_text, type_text


@pytest.fixture
def six(services: Services) -> Services:
    for name in "ABCDEF":
        services.goals.save(book_a_flight(services, f"Goal {name}"))
    return services


def marked(pilot: Pilot[Any]) -> str:
    return "".join(row.name[-1] for row in pilot.app.screen.goal_list.marked)


async def test_one_value_on_five_goals_takes_at_most_12_keys(six: Services) -> None:
    async with running(six) as pilot:
        keys = [*["space"] * 5, "v"]
        await press(pilot, *keys)
        await type_text(pilot, "9.50")
        await press(pilot, "enter")
        assert len(keys) + 1 <= 12
        assert messages(pilot.app) == ["Changed 5 goals."]
        worth = [goal.steps[2].metrics.cost_savings for goal in six.goals.all()]
        assert worth == [Decimal("9.50")] * 5 + [Decimal("15.00")]
        assert {goal.steps[2].metrics.revenue for goal in six.goals.all()} == {Decimal(35)}, "what is empty stays"
        assert not any(goal.steps[1].metrics for goal in six.goals.all()), "only completion steps"
        await press(pilot, "u")
    assert [goal.steps[2].metrics.cost_savings for goal in six.goals.all()] == [Decimal(15)] * 6, "one undo"


async def test_marks_are_set_shown_and_taken_away(six: Services) -> None:
    async with running(six) as pilot:
        await press(pilot, "space", "down", "shift+down", "shift+down")
        assert marked(pilot) == "ACDE"
        shown = screen_text(pilot.app)
        assert shown.count("✓") == 4 and "4 marked" in shown
        await press(pilot, "home", "space")
        assert marked(pilot) == "CDE"
        await press(pilot, "end", "shift+up")
        assert marked(pilot) == "CDEF"
        await press(pilot, "slash")
        await type_text(pilot, "c")
        assert marked(pilot) == "C", "what is not shown is not changed"
        await press(pilot, "enter", "escape")
        assert marked(pilot) == ""
        await press(pilot, "escape", "ctrl+a")
        assert marked(pilot) == "ABCDEF"


async def test_every_step_and_a_target(six: Services) -> None:
    async with running(six) as pilot:
        await press(pilot, "space", "space", "v", "tab", "tab")
        await type_text(pilot, "1m")
        await press(pilot, "tab", "space", "tab")
        await type_text(pilot, "60")
        assert "Target 60 %" in screen_text(pilot.app)
        await press(pilot, "ctrl+s")
    first, _, third, *_ = six.goals.all()
    assert [step.metrics.time_saved_seconds for step in first.steps] == [0, 60, 60]
    assert (first.target, third.target) == (Decimal("0.6"), None)


async def test_what_can_not_be_set_is_said_and_nothing_is_changed(six: Services) -> None:
    before = six.goals.all()
    async with running(six) as pilot:
        await press(pilot, "space", "space", "v")
        await type_text(pilot, "9,50")
        await press(pilot, "enter")
        assert "'9,50' is not an amount." in screen_text(pilot.app)
        await press(pilot, "escape")
    assert six.goals.all() == before
    ids = [goal.id for goal in before[:2]]
    with pytest.raises(RefusedError, match=r"Goal B: There is a goal 'Goal C' already\."):
        six.goals.change_all(
            ids, lambda goal: goal.model_copy(update={"name": "Goal C" if goal.id == ids[1] else "Other"})
        )
    assert six.goals.all() == before


async def test_several_are_copied_and_deleted_together(six: Services) -> None:
    async with running(six) as pilot:
        await press(pilot, "space", "space", "D")
        assert messages(pilot.app) == ["Created 'Goal A (2)', 'Goal B (2)'."]
        assert len(six.goals.summaries()) == 8
        await press(pilot, "u")
        assert len(six.goals.summaries()) == 6
        await press(pilot, "home", "space", "space", "space", "x")
        assert "Delete 3 goals" in screen_text(pilot.app)
        await press(pilot, "tab", "tab")
        pilot.app.screen.query_one("#confirm").focus()
        await type_text(pilot, "2 goals")
        await press(pilot, "enter")
        assert len(six.goals.summaries()) == 6
        await press(pilot, "home", "shift+end")
        await type_text(pilot, "3 goals")
        await press(pilot, "enter")
    assert [row.name for row in six.goals.summaries()] == ["Goal D", "Goal E", "Goal F"]


async def test_several_are_not_deleted_where_the_log_is_elsewhere(six: Services) -> None:
    six.workspace.why_read_only = lambda: "It is read only."
    async with running(six) as pilot:
        await press(pilot, "space", "space", "x")
        shown = screen_text(pilot.app)
        assert "The goals can't be deleted now." in shown
        assert "go with them" not in shown and "To delete them" not in shown
        await press(pilot, "escape")
    assert len(six.goals.summaries()) == 6


async def test_steps_of_several_goals_get_a_trigger_together(six: Services) -> None:
    async with running(six) as pilot:
        await press(pilot, "space", "space", "T")
        await type_text(pilot, "search_*")
        await press(pilot, "enter")
        assert "The initial step" in screen_text(pilot.app) and "in 2 goals" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert messages(pilot.app) == ["Changed 2 goals."]
        fired = [[trigger.name for step in goal.steps for trigger in step.triggers] for goal in six.goals.all()]
        assert fired == [["search_*"]] * 2 + [[]] * 4
        assert six.goals.all()[0].initial.triggers
        assert six.history.undo_label == "Edit 2 goals"
        await press(pilot, "u")
    assert not any(step.triggers for goal in six.goals.all() for step in goal.steps), "one undo"


async def test_a_trigger_is_given_to_steps_of_one_name(six: Services) -> None:
    name = six.goals.all()[0].steps[1].name
    async with running(six) as pilot:
        await press(pilot, "ctrl+a", "T")
        await type_text(pilot, "find")
        await press(pilot, "enter")
        await type_text(pilot, name)
        await press(pilot, "enter")
    assert [[bool(step.triggers) for step in goal.steps] for goal in six.goals.all()] == [[False, True, False]] * 6


async def test_a_goal_is_made_of_pasted_lines(services: Services) -> None:
    async with running(services) as pilot:
        await paste(pilot, "Rebook\nAsked\nFlight offered\t2.50\nRebooked")
        assert "Rebook: 3 steps, completed by Rebooked." in screen_text(pilot.app)
        assert "✖" not in screen_text(pilot.app), "it is not drawn as a problem"
        assert "ctrl+s Create" in screen_text(pilot.app), "the key is called as the button is"
        await press(pilot, "f2", "f2", "escape")
        [made] = services.goals.all()
        assert [(step.name, step.kind) for step in made.steps] == [
            ("Asked", "initial"),
            ("Flight offered", "step"),
            ("Rebooked", "completion"),
        ]
        assert made.steps[1].metrics.cost_savings == Decimal("2.50")
        await press(pilot, "L")
        await type_text(pilot, "Only a name")
        assert "Give at least three lines" in screen_text(pilot.app)
        await press(pilot, "f2")
        assert "Give at least three lines" in screen_text(pilot.app), "it stays"
    assert len(services.goals.all()) == 1
