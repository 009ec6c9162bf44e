"""Annotations on the charts over time: added at the cursor, listed, edited and deleted by keys, and in the table."""

from __future__ import annotations

from textual.widgets import Static

from goals_tui.tui.insights.annotations import AnnotationForm, AnnotationList
from goals_tui.tui.insights.screen import InsightsScreen
from tests.tui.harness import messages, press, running, screen_text, type_text
from tests.tui.insights.conftest import Scenario, flight


async def test_a_day_is_annotated_and_its_table_says_so(scenarios: dict[str, Scenario]) -> None:
    services = scenarios["data"]()
    async with running(services, area="insights") as pilot:
        await press(pilot, "r", "end", "left", "a")
        assert isinstance(pilot.app.screen, AnnotationForm)
        await type_text(pilot, "New welcome [/x]")
        await press(pilot, "enter")
        made = [each for each in services.annotations.all() if each.id]
        assert [(each.text, each.goal_id) for each in made] == [("New welcome [/x]", None)]
        screen = pilot.app.screen
        assert isinstance(screen, InsightsScreen) and screen.pane.chosen is not None
        assert screen.pane.chosen.bucket is not None and made[0].at == screen.pane.chosen.bucket.start
        assert "✎ New welcome [/x]" in str(screen.query_one("#caption", Static).content)
        await press(pilot, "v")
        assert "Annotations" in screen_text(pilot.app)
        assert screen.shown is not None
        column = [row[-1].text for row in screen.shown.table.rows]
        assert column[-2] == "New welcome [/x]" and column[-1] == ""
        await press(pilot, "u")
        assert not [each for each in services.annotations.all() if each.id]


async def test_only_about_the_goal_that_is_shown(scenarios: dict[str, Scenario]) -> None:
    services = scenarios["data"]()
    async with running(services, area="insights") as pilot:
        await press(pilot, "r", "g", "down", "enter", "end", "a")
        await type_text(pilot, "Campaign")
        assert "Only about Book a Flight" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert [each.goal_id for each in services.annotations.all() if each.id] == [flight().id]


async def test_the_list_edits_and_deletes_what_was_made_by_hand(scenarios: dict[str, Scenario]) -> None:
    services = scenarios["data"]()
    services.annotations.add("Holiday", at="2026-11-19")
    async with running(services, area="insights") as pilot:
        await press(pilot, "A")
        assert isinstance(pilot.app.screen, AnnotationList)
        shown = screen_text(pilot.app)
        assert "✎  19 Nov 2026 00:00  Holiday" in shown and "◆" in shown
        await press(pilot, "enter", "end")
        await type_text(pilot, "s")
        await press(pilot, "enter")
        assert [each.text for each in services.annotations.all() if each.id] == ["Holidays"]
        await press(pilot, "end", "delete", "enter")
        assert "by itself" in messages(pilot.app)[-1]
        await press(pilot, "home", "delete")
        assert not [each for each in services.annotations.all() if each.id]


async def test_what_is_no_moment_is_said_beside_its_field(scenarios: dict[str, Scenario]) -> None:
    async with running(scenarios["data"](), area="insights") as pilot:
        await press(pilot, "r", "a", "enter")
        assert "An annotation needs a text." in screen_text(pilot.app)
        await type_text(pilot, "Sale")
        pilot.app.screen.query_one("#annotation-at Input").value = "soon"  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, AnnotationForm) and "soon" in screen_text(pilot.app)
