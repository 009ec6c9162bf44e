"""The simulation dialog: what it refuses, and the task that it starts."""

from __future__ import annotations

from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from tests.builders import book_a_flight, book_a_flight_flow
from tests.tui.harness import messages, press, running, screen_text, type_text

PATIENCE = 30.0


async def test_conversations_are_run_as_a_task(services: Services) -> None:
    tracked = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.flows.save(book_a_flight_flow(tracked))
    async with running(services, area="flows") as pilot:
        await press(pilot, "S")
        await press(pilot, "enter")
        assert not services.tasks.list(), "enter goes on to the next field"
        await press(pilot, "shift+tab")
        await type_text(pilot, "0")
        await press(pilot, "ctrl+s")
        assert "The number of conversations is a number from 1" in screen_text(pilot.app)
        await press(pilot, "backspace")
        await type_text(pilot, "50")
        await press(pilot, "tab", "tab")
        await type_text(pilot, "2026-12-01")
        await press(pilot, "f2")
        assert "ends before it begins" in screen_text(pilot.app)
        await type_text(pilot, "x")
        await press(pilot, "f2")
        assert "is not a date" in screen_text(pilot.app)
        await press(pilot, *["backspace"] * 12)
        await type_text(pilot, "2026-11-01")
        await press(pilot, "f2")
        assert "Press 5 to follow it." in messages(pilot.app)[-1]
        assert services.tasks.wait(PATIENCE)
    assert [task.state for task in services.tasks.list()] == ["done"]
    assert services.insights.report(Filters(span="all")).totals.started > 0
