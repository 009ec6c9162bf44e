"""Refusals of the settings beyond the everyday cases of `test_settings`."""

from __future__ import annotations

from textual import events

from goals_tui.services.context import Services, open_services
from tests.tui.harness import messages, press, running, screen_text, type_text


async def test_a_project_name_of_which_nothing_can_be_seen_is_none(services: Services) -> None:
    async with running(services, area="settings") as pilot:
        await press(pilot, "enter", "home", "shift+end")
        pilot.app.post_message(events.Paste("\u202e\u200b"))
        await press(pilot, "enter")
        assert "Name can't be empty." in screen_text(pilot.app)
        assert messages(pilot.app) == []
    assert services.project.get().name == "Flight Desk"


async def test_a_currency_that_was_changed_elsewhere_is_not_overwritten_silently(services: Services) -> None:
    async with running(services, area="settings") as pilot:
        await press(pilot, "down", "enter")
        await type_text(pilot, "kuwaiti")
        other = open_services(services.workspace.path, clock=services.clock, env={})
        other.project.save(other.project.get().model_copy(update={"name": "Theirs"}))
        await press(pilot, "enter")
        assert "The settings were changed elsewhere: name." in screen_text(pilot.app)
        await press(pilot, "right", "enter")
    project = services.project.get()
    assert (project.name, project.currency) == ("Theirs", "KWD"), "theirs of the other setting stays"
