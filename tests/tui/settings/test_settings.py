"""The Settings screen: every setting, its warnings and refusals."""

from __future__ import annotations

from goals_tui.services.context import Services, open_services
from goals_tui.tui.app.config import Config
from tests.tui.harness import HOSTILE, messages, press, running, screen_text, type_text


async def test_the_settings_and_where_they_come_from(services: Services) -> None:
    async with running(services, (200, 60), area="settings") as pilot:
        shown = screen_text(pilot.app)
        for text in ("Flight Desk", "EUR", "Euro, €, 2 decimals", "Europe/Berlin", "it is 13:00 there", "goals-dark"):
            assert text in shown, text
        assert "the default" in shown


async def test_the_step_limit_says_where_it_comes_from(services: Services) -> None:
    (services.workspace.path / "values.yaml").write_text('FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL: "15"\n')
    raised = open_services(services.workspace.path, clock=services.clock, env={})
    async with running(raised, (200, 60), area="settings") as pilot:
        await press(pilot, *["down"] * 5)
        row = pilot.app.screen.chosen
        assert (row.value, row.note) == ("15", "values.yaml")
        assert "now from FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL in values.yaml" in row.about


async def test_the_project_is_renamed_and_named_in_the_title(services: Services) -> None:
    async with running(services, area="settings") as pilot:
        await press(pilot, "enter", "home", "shift+end")
        await type_text(pilot, "Train Desk")
        await press(pilot, "enter")
        assert screen_text(pilot.app).splitlines()[0].endswith("Train Desk")
        await press(pilot, "u")
    assert services.project.get().name == "Flight Desk"


async def test_a_project_needs_a_name(services: Services) -> None:
    async with running(services, area="settings") as pilot:
        await press(pilot, "enter", "home", "shift+end", "delete", "enter")
        assert "Name can't be empty." in screen_text(pilot.app)
        await press(pilot, "escape")
    assert services.project.get().name == "Flight Desk"


async def test_changing_the_currency_says_that_nothing_is_converted(services: Services) -> None:
    async with running(services, area="settings") as pilot:
        await press(pilot, "down", "enter")
        assert "Amounts keep their value" in screen_text(pilot.app)
        await type_text(pilot, "kuwaiti")
        await press(pilot, "enter")
        assert messages(pilot.app) == ["Amounts are in KWD now; their values are unchanged (u undoes)."]
    assert services.project.get().currency == "KWD"


async def test_the_time_zone_is_searched_by_its_city(services: Services) -> None:
    async with running(services, area="settings") as pilot:
        await press(pilot, "down", "down", "enter")
        await type_text(pilot, "buenos aires")
        assert "America/Argentina/Buenos_Aires" in screen_text(pilot.app)
        await press(pilot, "home", "shift+end")
        await type_text(pilot, "atlantis")
        assert "No matches" in screen_text(pilot.app)
        await press(pilot, "enter", "home", "shift+end")
        await type_text(pilot, "tokyo")
        await press(pilot, "enter")
    assert services.project.get().time_zone == "Asia/Tokyo"


async def test_settings_that_were_changed_elsewhere_are_not_overwritten_silently(services: Services) -> None:
    async with running(services, area="settings") as pilot:
        await press(pilot, "enter", "end")
        await type_text(pilot, "!")
        other = open_services(services.workspace.path, clock=services.clock, env={})
        other.project.save(other.project.get().model_copy(update={"currency": "USD"}))
        await press(pilot, "enter")
        assert "The settings were changed elsewhere: " in screen_text(pilot.app)
        await press(pilot, "enter")
        assert services.project.get().name == "Flight Desk"
        assert "Not saved: Flight Desk!" in messages(pilot.app), "Reload has the focus, and mine is still to be read"
        await press(pilot, "enter", "end")
        await type_text(pilot, "!")
        other.project.save(other.project.get().model_copy(update={"currency": "CHF"}))
        await press(pilot, "enter", "right", "enter")
    project = services.project.get()
    assert (project.name, project.currency) == ("Flight Desk!", "CHF"), "theirs of the other setting stays"


async def test_the_keys_are_listed_with_their_ids(services: Services) -> None:
    async with running(services, (120, 60), config=Config(keys={"goals.new": "f4"}), area="settings") as pilot:
        await press(pilot, "down", "down", "down", "down")
        shown = screen_text(pilot.app)
        assert "1 changed" in shown
        assert "app.undo" in shown
        await press(pilot, "enter")
        assert pilot.app.focused.id == "about"


async def test_what_is_set_elsewhere_says_where(services: Services) -> None:
    async with running(services, area="settings") as pilot:
        await press(pilot, *["down"] * 5)
        assert "enter Change" not in screen_text(pilot.app)
        await press(pilot, "enter")
        assert "FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL" in messages(pilot.app)[0]


async def test_a_value_is_copied(services: Services) -> None:
    async with running(services, area="settings") as pilot:
        await press(pilot, *["down"] * 9, "c")
        assert pilot.app.clipboard == str(services.workspace.path)


async def test_the_theme_is_chosen(services: Services) -> None:
    async with running(services, area="settings") as pilot:
        await press(pilot, "down", "down", "down", "enter", "down", "enter")
        assert pilot.app.theme == "goals-light"
        assert "goals-light" in screen_text(pilot.app)


async def test_hostile_project_names(services: Services) -> None:
    async with running(services, (80, 24), area="settings") as pilot:
        for name in HOSTILE:
            project = services.project.get()
            services.project.save(type(project).model_validate({**project.model_dump(), "name": name}))
            pilot.app.changed()
            await press(pilot)
            assert services.project.get().name[:8] in screen_text(pilot.app)


async def test_escape_leads_back_from_the_keys(services: Services) -> None:
    async with running(services, (80, 24), area="settings") as pilot:
        await press(pilot, *["down"] * 4, "enter")
        assert pilot.app.focused.id == "about"
        assert "esc Back" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert pilot.app.focused.id == "settings"
        assert "esc Back" not in screen_text(pilot.app)


async def test_a_source_is_listed_and_read_as_a_task(services: Services) -> None:
    services.syncs.add("Live [/]", "http://127.0.0.1:9/v2.4", key_env="LIVE_KEY")
    async with running(services, (120, 36), area="settings") as pilot:
        shown = screen_text(pilot.app)
        assert "Live [/]" in shown and "http://127.0.0.1:9/v2.4" in shown and "not read yet" in shown
        await press(pilot, *["down"] * 7)
        assert "LIVE_KEY" in pilot.app.screen.chosen.about
        await press(pilot, "enter")
    (task,) = services.tasks.list()
    assert (task.kind, task.title) == ("sync", "Sync Live [/]")


async def test_the_retention_is_set_in_days_and_says_what_it_does(services: Services) -> None:
    async with running(services, (200, 60), area="settings") as pilot:
        await press(pilot, *["down"] * 8)
        assert (pilot.app.screen.chosen.title, pilot.app.screen.chosen.value) == ("Retention", "off")
        await press(pilot, "enter", "home", "shift+end")
        await type_text(pilot, "soon")
        await press(pilot, "enter")
        assert "'soon' is not a number of days" in screen_text(pilot.app)
        await press(pilot, "home", "shift+end")
        await type_text(pilot, "30")
        await press(pilot, "enter")
        assert services.project.get().retention_days == 30
        assert pilot.app.screen.chosen.value == "30 days"
        assert "older than 30 days is deleted when the log is sealed next" in messages(pilot.app)[0]
        await press(pilot, "u")
    assert services.project.get().retention_days is None
