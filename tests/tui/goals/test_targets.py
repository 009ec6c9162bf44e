"""The target of a goal: typed in its form, saved without a new version, and met or missed in the list."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from goals_tui.domain.event import Source
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from goals_tui.tui.goals.draft import Draft, read_target
from goals_tui.tui.goals.editor import GoalEditor
from tests.conftest import NOW
from tests.tui.harness import press, running, screen_text, type_text


@pytest.mark.parametrize("text", ["60", "60%", " 60 % ", "0.6", "60.0"])
def test_percent_with_and_without_its_sign(text: str) -> None:
    assert read_target(text) == Decimal("0.6")


async def test_typed_in_the_form_it_makes_no_new_version(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter")
        editor = pilot.app.screen
        assert isinstance(editor, GoalEditor)
        editor.query_one("#field-target Input").focus()
        await type_text(pilot, "0.625")
        assert "= 62.5 %" in screen_text(pilot.app)
        assert "● not saved" in screen_text(pilot.app)
        await press(pilot, "f2")
        saved = services.goals.get(flight.id)
        assert (saved.target, saved.version) == (Decimal("0.625"), flight.version)
        assert saved.revision == flight.revision + 1
        assert "too little data" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert "62.5 %" in screen_text(pilot.app)
        pilot.app.screen.query_one("#field-target Input").focus()
        await press(pilot, "end", *["backspace"] * 6, "f2")
    assert services.goals.get(flight.id).target is None


async def test_what_is_no_target_is_said_and_not_lost_in_silence(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "enter")
        pilot.app.screen.query_one("#field-target Input").focus()
        await type_text(pilot, "most")
        assert "A target is a rate above 0" in screen_text(pilot.app)
        await press(pilot, "f2")
        assert isinstance(pilot.app.screen, GoalEditor), "it can't be saved like that"
        await press(pilot, "escape")
        assert "has changes" in screen_text(pilot.app)
        await press(pilot, "escape", *["backspace"] * 4, "escape")
        assert not isinstance(pilot.app.screen, GoalEditor)


def test_a_draft_with_another_target_or_trigger_has_changes(flight: Goal) -> None:
    from goals_tui.domain.activity import Trigger

    draft = Draft(flight)
    draft.write("target", "70")
    assert draft.changed
    draft.undo()
    assert not draft.changed
    step = flight.further[0].model_copy(update={"triggers": (Trigger(kind="tool", name="pay"),)})
    draft.put_step(step)
    assert draft.changed


async def test_the_list_says_in_words_whether_it_is_met(services: Services, flight: Goal) -> None:
    for number in range(60):
        at = NOW - timedelta(hours=2, minutes=number)
        steps = [step.id for step in flight.steps[: 3 if number % 3 else 2]]
        services.tracking.track(f"more{number}", flight.id, steps, Source(endpoint_name="Web"), at=at)
    async with running(services, (80, 24)) as pilot:
        assert "Target" not in screen_text(pilot.app), "no goal has one"
        for target, said in (("0.3", "met"), ("0.9", "missed"), ("0.66", "close")):
            services.goals.set_target(flight.id, Decimal(target))
            pilot.app.changed()
            await press(pilot)
            row = next(line for line in screen_text(pilot.app).split("\n") if "▌ Book a Flight" in line)
            assert said in row and "%" in row
    async with running(services, (120, 36)) as pilot:
        assert "Target 66 %, too close to call: " in " ".join(screen_text(pilot.app).split())
