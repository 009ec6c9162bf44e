"""Pictures of Insights: every view at three sizes, with much, little, no and hostile data."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from goals_tui.domain.filters import Choice, Filters, SpanName
from goals_tui.services.context import Services
from goals_tui.tui.charts.chart import Chart
from tests.builders import event
from tests.tui.harness import SIZES, press, running, screen_text, settle, shown_notifications
from tests.tui.insights.conftest import Scenario, flight
from tests.tui.pictures import GALLERY, Keys, Pictures, each_size, walk

KEYS = {
    "performance": "p",
    "rate": "r",
    "value": "e",
    "funnel": "n",
    "times": "t",
    "breakdown": "b",
    "when": "w",
    "releases": "l",
}
DRAWN = {"performance": SIZES, **dict.fromkeys(("rate", "value", "funnel", "when", "releases"), GALLERY)}
DIALOGS: dict[str, tuple[Keys, Keys]] = {
    "save-filters": (("S",), ("escape",)),
    "load-filters": (("L",), ("escape",)),
    "save-view": (("s",), ("escape",)),
    "funnel-of": (("n", "g"), ("escape",)),
    "came-next": (("c",), ("escape",)),
    "help": (("question_mark",), ("escape",)),
    "palette": (("ctrl+p", *"delete saved"), ("escape",)),
}


NUMBERS: dict[str, tuple[Keys, Keys]] = {
    "why": (("W",), ("escape",)),
    "how-made": (("shift+tab", "i"), ("escape", "p")),
    "compare": (("v", "home", "space", "down", "space", "C"), ("escape", "v")),
    "annotate": (("r", "a"), ("escape",)),
    "annotations": (("A",), ("escape",)),
}
"""The dialogs about one number, and those of annotations."""


@asynccontextmanager
async def insights(
    services: Services, size: tuple[int, int] = (120, 36), span: SpanName = "last-30-days"
) -> AsyncIterator[Pilot[Any]]:
    """The app on Insights under a span."""
    async with running(services, size) as pilot:
        pilot.app.filters = Filters(span=span)
        await press(pilot, "3")
        yield pilot


@each_size
@pytest.mark.parametrize("scenario", ["data", "one-day", "none", "forty"])
async def test_every_view(
    scenario: str, size: tuple[int, int], scenarios: dict[str, Scenario], pictures: Pictures
) -> None:
    drawn = DRAWN if scenario == "data" else {}
    async with insights(scenarios[scenario](), size) as pilot:
        for view, key in KEYS.items():
            await press(pilot, key)
            await pictures.take(pilot, view, drawn=drawn.get(view, ()))
        assert not shown_notifications(pilot.app), "no picture is of a fault"
    pictures.compare()


@each_size
async def test_tables_and_all_goals(size: tuple[int, int], scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    async with insights(scenarios["forty"](), size) as pilot:
        await press(pilot, "v")
        await pictures.take(pilot, "performance")
        await press(pilot, "e")
        await pictures.take(pilot, "value")
        await press(pilot, "v", "p", "o", "o")
        await pictures.take(pilot, "all-goals")
    pictures.compare()


async def test_full_screen_and_another_bar(scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    async with insights(scenarios["data"]()) as pilot:
        await press(pilot, "e", "z", "left", "up")
        await pictures.take(pilot, "full")
        await press(pilot, "escape", "p", "down", "right")
        await pictures.take(pilot, "part")
    pictures.compare()


async def test_hours_and_weeks(scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    async with insights(scenarios["data"](), span="today") as pilot:
        await press(pilot, "e")
        await pictures.take(pilot, "day-by-the-hour")
        await press(pilot, *["right_square_bracket"] * 5, "r")
        await pictures.take(pilot, "year-by-the-week")
    pictures.compare()


@each_size
async def test_filters(size: tuple[int, int], scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    async with insights(scenarios["forty"](), size) as pilot:
        await press(pilot, "f")
        await pictures.take(pilot, "span")
        await press(pilot, "enter", "tab", "down")
        await pictures.take(pilot, "calendar", drawn=GALLERY)
        await press(pilot, "escape", "left", "down", "enter", "enter")
        await pictures.take(pilot, "goals", drawn=GALLERY)
        await press(pilot, "left", "end")
        await pictures.take(pilot, "more")
    pictures.compare()


@each_size
async def test_data_health(size: tuple[int, int], scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    services, tracked = scenarios["data"](), flight()
    services.workspace.events.append(
        [
            event(tracked, "Flight chosen", cycle="lost"),
            event(tracked, "Start search", cycle="strange", version="lost", seconds=3_500_000),
        ]
    )
    async with insights(services, size) as pilot:
        await pictures.take(pilot, "mark")
        await press(pilot, "h")
        await pictures.take(pilot, "list", drawn=GALLERY)
    pictures.compare()


def with_saved_filters(services: Services) -> Services:
    """Two saved filters, one of which says a lot."""
    services.filters.save("All year", Filters(span="this-year"))
    narrow = Filters(
        span="last-7-days",
        endpoints=Choice(values=("Webchat", "WhatsApp")),
        snapshots=Choice(values=("v1",), negated=True),
    )
    services.filters.save("[/foo] 予約", narrow)
    return services


@each_size
async def test_dialogs(size: tuple[int, int], scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    async with insights(with_saved_filters(scenarios["data"]()), size) as pilot:
        async for name in walk(pilot, DIALOGS):
            await pictures.take(pilot, name, drawn=GALLERY if name in ("save-view", "came-next") else ())
        await press(pilot, "ctrl+p", *"delete saved", "enter")
        await pictures.take(pilot, "delete-filters")
    pictures.compare()


async def test_without_colours(
    scenarios: dict[str, Scenario], pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with insights(scenarios["data"]()) as pilot:
        await pictures.draw(pilot, "performance")
    pictures.compare()


async def test_every_chart_of_outcomes_has_its_patterns(
    scenarios: dict[str, Scenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with insights(scenarios["data"]()) as pilot:
        for tab in ("performance", "breakdown"):
            pilot.app.screen.action_view(tab)  # type: ignore[attr-defined]
            await settle(pilot)
            assert all(pattern in screen_text(pilot.app) for pattern in "█▓░"), tab
        pilot.app.screen.action_view("value")  # type: ignore[attr-defined]
        await settle(pilot)
        chart = pilot.app.screen.query_one(Chart)
        assert all(pattern in chart.caption(200).plain for pattern in "█▓"), "as in the bars"
        pilot.app.screen.action_view("rate")  # type: ignore[attr-defined]
        await settle(pilot)
        assert all(screen_text(pilot.app).count(glyph) >= 2 for glyph in "✔◐"), "in the legend and at the line"


@each_size
async def test_one_number(size: tuple[int, int], scenarios: dict[str, Scenario], pictures: Pictures) -> None:
    services = scenarios["data"]()
    services.annotations.add("New welcome [/x]", at="2026-11-12")
    async with insights(services, size, "last-7-days") as pilot:
        async for name in walk(pilot, NUMBERS):
            await pictures.take(pilot, name, drawn=GALLERY)
    pictures.compare()
