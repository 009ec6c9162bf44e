"""Pictures of the way from a log to a goal: import, batches, triggers, deriving, and tests of conversations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from goals_tui.domain.activity import Trigger
from goals_tui.services.context import Services
from goals_tui.services.conversation_tests import ConversationTest
from tests.builders import book_a_flight, book_a_flight_flow
from tests.services.test_batches import bring
from tests.tui.goals.test_triggers import with_activities
from tests.tui.harness import SIZES, press, running, type_text
from tests.tui.pictures import GALLERY, Pictures, each_size
from tests.tui.tasks.test_import_log import LOG


@each_size
async def test_tasks(
    size: tuple[int, int], services: Services, pictures: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("log.csv").write_text(LOG)
    async with running(services, size, area="tasks") as pilot:
        await press(pilot, "b")
        await pictures.take(pilot, "no-batches")
        await press(pilot, "escape", "l")
        await type_text(pilot, "log.csv")
        await press(pilot, "enter")
        await pictures.take(pilot, "columns", drawn=GALLERY)
        await press(pilot, "f2")
        await pictures.take(pilot, "steps", drawn=GALLERY)
    bring(services, "Hotel", 0, 1)
    bring(services, "Taxi [b] 予約", 0)
    async with running(services, size, area="tasks") as pilot:
        await press(pilot, "b")
        await pictures.take(pilot, "batches", drawn=SIZES)
        await press(pilot, "x")
        await pictures.take(pilot, "take-back", drawn=GALLERY)
    pictures.compare()


@each_size
async def test_triggers(size: tuple[int, int], services: Services, pictures: Pictures) -> None:
    goal = with_activities(services)
    services.goals.set_triggers(goal.id, goal.initial.id, [Trigger(name="search*"), Trigger(text="refund")])
    async with running(services, size) as pilot:
        await press(pilot, "d")
        await pictures.take(pilot, "derive", drawn=GALLERY)
        await press(pilot, "escape", "o", "f3")
        await pictures.take(pilot, "triggers", drawn=GALLERY)
        await press(pilot, "a")
        await type_text(pilot, "se")
        await pictures.take(pilot, "trigger", drawn=GALLERY)
    pictures.compare()


@each_size
async def test_conversation_tests(size: tuple[int, int], services: Services, pictures: Pictures) -> None:
    booking = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.flows.save(book_a_flight_flow(booking).model_copy(update={"revision": 0}))
    right = ConversationTest("Book a Flight", ("Berlin",), (("Book a Flight", "Flight selected"),))
    services.conversation_tests.keep("right", right)
    services.conversation_tests.keep("wrong", replace(right, events=(("Book a Flight", "Payment completed"),)))
    async with running(services, size, area="flows") as pilot:
        await press(pilot, "T")
        await pictures.take(pilot, "results", drawn=GALLERY)
    pictures.compare()
