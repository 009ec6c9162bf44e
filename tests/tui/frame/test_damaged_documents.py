"""goals.json is damaged while the app runs: the copy comes back, the damaged file is kept, and the screen says so."""

from __future__ import annotations

import pytest

from goals_tui.services.context import Services
from tests.builders import book_a_flight
from tests.tui.harness import messages, press, running, settle


@pytest.fixture
def saved(services: Services) -> Services:
    goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.goals.save(goal.model_copy(update={"description": "Later."}))
    return services


@pytest.mark.parametrize("area", ["goals", "flows", "insights", "settings"])
async def test_it_is_said_and_both_files_are_kept(saved: Services, area: str) -> None:
    file = saved.workspace.path / "goals.json"
    copy, cut = (saved.workspace.path / "goals.json.bak").read_bytes(), file.read_bytes()[:-41]
    async with running(saved, area=area) as pilot:
        file.write_bytes(cut)
        pilot.app.look_for_changes()
        await settle(pilot)
        await press(pilot, "1")
        pilot.app.look_for_changes()
        await settle(pilot)
        (said,) = [message for message in messages(pilot.app) if "damaged" in message]
        assert "was recovered from goals.json.bak" in said
        assert "the damaged one is kept as goals.json.damaged" in said
    assert file.read_bytes() == copy
    assert file.with_name("goals.json.damaged").read_bytes() == cut
    assert saved.goals.get("Book a Flight").description != "Later."


async def test_an_edit_that_finds_it_says_it_too(saved: Services) -> None:
    file = saved.workspace.path / "goals.json"
    async with running(saved) as pilot:
        file.write_bytes(file.read_bytes()[:-41])
        saved.flows.create("Meanwhile")
        pilot.app.look_for_changes()
        await settle(pilot)
        assert [message for message in messages(pilot.app) if "the damaged one is kept as" in message]
    assert file.with_name("goals.json.damaged").exists()
    assert [flow.name for flow in saved.flows.all()] == ["Meanwhile"]


async def test_both_sides_of_a_merge_are_said_and_left_as_they_are(saved: Services) -> None:
    file = saved.workspace.path / "goals.json"
    content = file.read_text().replace('  "goals": {', '  "goals": {},\n  "goals": {', 1)
    async with running(saved) as pilot:
        file.write_text(content)
        pilot.app.look_for_changes()
        await settle(pilot)
        assert [message for message in messages(pilot.app) if "the key 'goals' stands in line" in message]
        await press(pilot, "2", "3", "1")
        assert pilot.app.is_running
    assert file.read_text() == content
