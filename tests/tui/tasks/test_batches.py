"""The list of batches, and taking one back after a question that names what stays."""

from __future__ import annotations

from goals_tui.domain.event import source
from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from goals_tui.tui.tasks.batches import BatchesScreen, RemoveBatch
from tests.services.test_batches import bring, simulated
from tests.tui.harness import messages, press, running, screen_text


async def test_a_batch_is_taken_back_after_the_question(services: Services) -> None:
    simulated(services)
    was = services.insights.report(Filters(span="all"))
    bring(services, "Hotel", 0, 1)
    bring(services, "Taxi [b]", 0)
    taxi = services.goals.get("Taxi [b]")
    services.tracking.track("s", taxi.id, [taxi.steps[0].id], source("Webchat", "en", None, None))
    async with running(services, (80, 24), area="tasks") as pilot:
        await press(pilot, "b")
        lines = [line for line in screen_text(pilot.app).splitlines() if "import odata" in line or "simulate" in line]
        assert ["Taxi" in lines[0], "Hotel" in lines[1], "simulate" in lines[2]] == [True] * 3
        await press(pilot, "x")
        text = screen_text(pilot.app)
        assert isinstance(pilot.app.screen, RemoveBatch) and "Deletes 3 events, 0 goals." in text
        assert "The goal 'Taxi [b]' stays: it has 1 event that the batch did not add." in " ".join(
            text.replace("▌", "").split()
        )
        assert pilot.app.focused is not None and pilot.app.focused.id == "cancel"
        await press(pilot, "enter")
        assert len(services.batches.summaries()) == 3, "Cancel changes nothing"
        await press(pilot, "x", "tab", "enter")
        assert isinstance(pilot.app.screen, BatchesScreen)
        assert any(message.startswith("Took back ") for message in messages(pilot.app))
        await press(pilot, "up", "enter")
        assert isinstance(pilot.app.screen, RemoveBatch) and "✕ goal Hotel" in screen_text(pilot.app)
        await press(pilot, "tab", "enter")
        await press(pilot, "escape")
        assert not isinstance(pilot.app.screen, BatchesScreen)
    assert [one.what for one in services.batches.summaries()] == ["simulate Book a Flight: 20 conversations"]
    now = services.insights.report(Filters(span="all"))
    assert [one for one in now.goals if one.name != "Taxi [b]"] == list(was.goals)


async def test_without_batches_it_says_what_would_be_here(services: Services) -> None:
    async with running(services, (80, 24), area="tasks") as pilot:
        await press(pilot, "b")
        assert "Nothing was added yet" in screen_text(pilot.app)
        await press(pilot, "x", "enter")
        assert isinstance(pilot.app.screen, BatchesScreen)


def test_what_would_be_removed_is_what_is(services: Services) -> None:
    first = bring(services, "Hotel", 0, 1)
    bring(services, "Hotel", 1, 2)
    other = bring(services, "Taxi", 0)
    for batch in (first, other):
        expected = services.batches.would_remove(batch)
        assert services.batches.remove(batch, confirm=batch) == expected
