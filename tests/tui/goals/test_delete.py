"""Deleting a goal: what it takes, what it offers, and that it wants the name."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from goals_tui.tui.goals.delete import DeleteGoal
from tests.conftest import PATIENCE
from tests.tui.goals.samples import book_a_flight
from tests.tui.harness import messages, press, running, screen_text, settle, type_text, until_true


async def test_it_says_what_goes_and_cancel_has_the_focus(services: Services, flight: Goal) -> None:
    async with running(services, (80, 24)) as pilot:
        await press(pilot, "x")
        shown = screen_text(pilot.app)
        assert "9 events in 4 cycles" in shown
        assert "2 Track Goal Process nodes stop working" in shown
        assert pilot.app.screen.focused is pilot.app.screen.query_one("#cancel", Button)
        await press(pilot, "enter")
    assert services.goals.get(flight.id) == flight


async def test_only_the_name_deletes(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "delete")
        await type_text(pilot, "Book a Fligh")
        await press(pilot, "enter")
        assert "To delete the goal, confirm with its name" in screen_text(pilot.app)
        assert pilot.app.screen.query_one("#delete", Button).disabled
        await type_text(pilot, "t")
        await press(pilot, "enter")
        assert "No goals yet" in screen_text(pilot.app)
    assert services.goals.summaries() == []
    assert services.workspace.events.stats().events == 0


async def test_a_log_elsewhere_is_not_counted_and_nothing_is_asked(services: Services, flight: Goal) -> None:
    services.workspace.why_read_only = lambda: "It is read only."
    async with running(services, (80, 24)) as pilot:
        await press(pilot, "x")
        shown = screen_text(pilot.app)
        assert "The goal can't be deleted now. It is read only." in shown
        assert "9 events" not in shown and "type the goal's name" not in shown and "Do this first" not in shown
        await press(pilot, "b", "o", "escape")
    assert services.goals.get(flight.id) == flight


async def test_its_nodes_can_track_another_goal_first(services: Services, flight: Goal) -> None:
    other = services.goals.save(book_a_flight(services, "Book a Train"))
    async with running(services) as pilot:
        await press(pilot, "x")
        pilot.app.screen.query_one("#replace", Button).focus()
        await press(pilot, "enter", "enter")
        shown = screen_text(pilot.app)
        assert "● Flight details  1 node  → ● Flight details" in shown and "finding" not in shown
        await press(pilot, "ctrl+s")
        assert "No flow tracks it." in screen_text(pilot.app)
    assert len(services.goals.where_used(other.id)) == 2
    assert not [found for found in services.flows.findings() if found.code == "unknown-step"]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_steps_of_other_names_are_chosen_and_never_guessed(
    services: Services, flight: Goal, size: tuple[int, int]
) -> None:
    draft = book_a_flight(services, "Book a Room")
    names = ("Room selected", "Guest entered", "Room paid")
    steps = tuple(step.model_copy(update={"name": name}) for step, name in zip(draft.steps, names, strict=True))
    room = services.goals.save(draft.model_copy(update={"steps": steps}))
    async with running(services, size) as pilot:
        await press(pilot, "x")
        pilot.app.screen.query_one("#replace", Button).focus()
        await press(pilot, "enter", "enter")
        shown = screen_text(pilot.app)
        assert "● Flight details  1 node  → nothing yet: choose" in shown
        assert "2 nodes have findings afterwards" in shown
        await press(pilot, "down", "enter")
        await type_text(pilot, "paid")
        await press(pilot, "enter")
        shown = screen_text(pilot.app)
        assert "→ ◎ Room paid" in shown and "1 node has a finding afterwards" in shown
        await press(pilot, "ctrl+s")
    selected, paid = services.goals.where_used(room.id)
    assert (selected.step_ids, paid.step_ids) == ((flight.initial.id,), (steps[2].id,))
    assert [found.code for found in services.flows.findings() if found.severity == "error"].count("unknown-step") == 1


async def test_its_nodes_can_be_removed_first(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "x")
        pilot.app.screen.query_one("#remove", Button).focus()
        await press(pilot, "enter")
        assert "No flow tracks it." in screen_text(pilot.app)
    assert services.goals.where_used(flight.id) == []


async def test_there_is_nothing_to_replace_it_by(services: Services, flight: Goal) -> None:
    async with running(services) as pilot:
        await press(pilot, "x")
        pilot.app.screen.query_one("#replace", Button).focus()
        await press(pilot, "enter")
        assert "There is no other goal to replace it by." in screen_text(pilot.app)


# -- while it is being deleted


class Slow:
    """A deletion that waits until it is told to go on, and can fail then."""

    def __init__(self, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go_on = threading.Event()
        self.error: Exception | None = None
        delete = services.goals.delete

        def slowly(goal_id: str, *, confirm: str) -> object:
            self.go_on.wait(PATIENCE)
            if self.error is not None:
                raise self.error
            return delete(goal_id, confirm=confirm)

        monkeypatch.setattr(services.goals, "delete", slowly)

    @staticmethod
    async def begin(pilot: Pilot[Any], flight: Goal) -> None:
        await press(pilot, "x")
        await type_text(pilot, flight.name)
        await pilot.press("enter")
        await until_true(pilot, lambda: bool(pilot.app.doing()))


async def test_it_cannot_be_closed_while_it_deletes(
    services: Services, flight: Goal, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(services, monkeypatch)
    async with running(services) as pilot:
        await slow.begin(pilot, flight)
        await pilot.press("escape")
        assert messages(pilot.app) == ["Deleting 'Book a Flight'… This closes when it is done."]
        assert isinstance(pilot.app.screen, DeleteGoal)
        slow.go_on.set()
        await settle(pilot)
        assert not isinstance(pilot.app.screen, DeleteGoal)
    assert services.goals.summaries() == []


async def test_its_error_arrives_after_somebody_tried_to_close_it(
    services: Services, flight: Goal, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(services, monkeypatch)
    slow.error = UnreadableError("The disk is full. Nothing was deleted.")
    async with running(services) as pilot:
        await slow.begin(pilot, flight)
        await pilot.press("escape")
        slow.go_on.set()
        await settle(pilot)
        assert "The disk is full. Nothing was deleted." in screen_text(pilot.app)


async def test_quitting_waits_for_a_deletion(services: Services, flight: Goal, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(services, monkeypatch)
    async with running(services) as pilot:
        await slow.begin(pilot, flight)
        pilot.app.action_quit()
        await until_true(pilot, lambda: "goals-tui closes when it is done." in "".join(messages(pilot.app)))
        assert pilot.app.is_running
        slow.go_on.set()
        await until_true(pilot, lambda: not pilot.app.doing())
    assert services.goals.summaries() == []
