"""The frame: six screens on six keys, help, palette, jump, undo, messages."""

from __future__ import annotations

from goals_tui.services.context import Services
from goals_tui.tui.actions import AREAS
from tests.tui.harness import press, running, screen_text


async def test_every_screen_has_its_key(services: Services) -> None:
    async with running(services) as pilot:
        assert pilot.app.current_mode == "goals"
        for area in AREAS:
            await press(pilot, area.key)
            assert pilot.app.current_mode == area.name
            assert f"{area.key} {area.title}" in screen_text(pilot.app)


async def test_help_lists_the_keys_of_the_screen(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "question_mark")
        assert "Define a new goal" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert "Define a new goal" not in screen_text(pilot.app)
