"""An empty span says where there is something: earlier, or in the Interaction Panel."""

from __future__ import annotations

from datetime import timedelta

import pytest

from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from goals_tui.tui.app.config import Config
from goals_tui.tui.insights.tiles import Tile
from tests.builders import WHEN, book_a_flight, event
from tests.conftest import NOW
from tests.tui.harness import press, running, screen_text

SIZE = (80, 24)


def save(services: Services, *, days_ago: int, **fields: str) -> None:
    """A started cycle."""
    goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    seconds = (NOW - timedelta(days=days_ago) - WHEN).total_seconds()
    services.workspace.events.append([event(goal, "Flight selected", seconds=seconds, **fields)])


@pytest.mark.parametrize("area", ["insights", "sessions"])
async def test_it_says_from_when_to_when_there_are_events(services: Services, area: str) -> None:
    save(services, days_ago=20)
    async with running(services, SIZE, area=area) as pilot:
        text = screen_text(pilot.app)
        assert "The log has events from 31 Oct 2026 13:00 to 31 Oct 2026 13:00." in text
        assert "Press ] for a longer span, or f to change the filters." in text


@pytest.mark.parametrize("area", ["insights", "sessions"])
async def test_it_offers_the_cycles_of_the_interaction_panel(services: Services, area: str) -> None:
    save(services, days_ago=1, endpoint="Interaction Panel", endpoint_type="adminconsole")
    async with running(services, SIZE, area=area) as pilot:
        assert "1 cycle of the Interaction Panel is left out: press I to show it." in screen_text(pilot.app)
        await press(pilot, "I")
        assert pilot.app.filters == Filters(include_test=True)
        assert "No goal was started" not in screen_text(pilot.app)
        await press(pilot, "I")
        assert pilot.app.filters == Filters()


async def test_it_names_the_keys_of_the_user(services: Services) -> None:
    save(services, days_ago=1, endpoint="Interaction Panel", endpoint_type="adminconsole")
    config = Config(keys={"insights.test": "f4", "insights.longer": "f11"})
    async with running(services, SIZE, config=config, area="insights") as pilot:
        text = screen_text(pilot.app)
        assert "press f4 to show it" in text and "Press f11 for a longer span" in text


@pytest.mark.parametrize("area", ["insights", "sessions"])
async def test_an_empty_log_says_how_to_fill_it(services: Services, area: str) -> None:
    async with running(services, SIZE, area=area) as pilot:
        assert "The event log is empty. Any of these brings events in:" in screen_text(pilot.app)


async def test_nothing_is_drawn_said_or_offered_of_cycles_that_are_not_there(services: Services) -> None:
    async with running(services, SIZE, area="insights") as pilot:
        screen = pilot.app.screen
        assert not any(tile.facts.trend for tile in screen.query(Tile)), "a trend of nothing"
        for tab in ("performance", "rate", "value", "funnel", "times", "breakdown", "when"):
            screen.action_view(tab)
            changes = ("order", "by", "second", "metric", "zoom")
            assert not any(screen.check_action("change", (change,)) for change in changes)
        await press(pilot, "h")
        assert "No events yet: there is nothing to check." in screen_text(pilot.app)
        await press(pilot, "escape", "p", "W")
        lines = screen_text(pilot.app).splitlines()
        title, close = (next(y for y, line in enumerate(lines) if word in line) for word in ("Why?", "Close"))
        assert close - title < 8, "the dialog is as low as what it says"


@pytest.mark.parametrize(
    ("area", "ways"),
    [
        ("goals", ("n  define", "5, l  import")),
        ("flows", ("n  create", "I  import one")),
        ("insights", ("2, i  talk", "2, S  simulate", "5, l  import", "goals-tui listen", "goals-tui demo --live")),
        ("sessions", ("2, i  talk", "2, S  simulate", "5, l  import", "goals-tui sync", "goals-tui demo --live")),
        ("tasks", ("l  import a table", "o  import events", "goals-tui listen", "goals-tui sync")),
    ],
)
async def test_empty_screens_name_what_brings_data(services: Services, area: str, ways: tuple[str, ...]) -> None:
    async with running(services, SIZE, area=area) as pilot:
        lines = screen_text(pilot.app).splitlines()
        places = [next((line.find(way) for line in lines if way in line), -1) for way in ways]
        assert min(places) > 0, "\n".join(lines)


async def test_the_keys_of_the_user_bring_data(services: Services) -> None:
    config = Config(keys={"flows.talk": "f4"})
    async with running(services, SIZE, config=config, area="insights") as pilot:
        assert "2, f4  talk to a flow" in screen_text(pilot.app)


def test_only_what_the_other_filters_let_through_is_offered(services: Services) -> None:
    save(services, days_ago=1, endpoint="Interaction Panel", endpoint_type="adminconsole")
    count = services.insights.left_out_test_cycles
    assert (count(Filters()), count(Filters(span="today")), count(Filters(include_test=True))) == (1, 0, 0)
