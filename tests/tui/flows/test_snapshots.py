"""What the Flows screen looks like, at three sizes and in both themes."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from goals_tui.domain.flow import Flow, Node, Say, TrackGoal
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from tests.builders import (
    book_a_flight,
    book_a_flight_flow,
    end,
    execute,
    flow,
    go_to,
    handover,
    if_,
    lookup,
    node_id,
    once,
    other,
    question,
    say,
    track,
)
from tests.tui.harness import SIZES, QuietApp, press, until

THEMES = ("goals-dark", "goals-light")


@pytest.fixture
def tracked(services: Services) -> Goal:
    return services.goals.save(book_a_flight().model_copy(update={"revision": 0}))


def deep(tracked: Goal) -> Flow:
    """Branches within branches, empty ones, and ones that end."""
    inner: tuple[Node, ...] = (track(tracked, "Payment completed"), say("Thank you."))
    for level in range(4):
        inner = (if_(f"Level {level}", inner, (once(f"Once {level}"),) if level == 2 else ()),)
    return flow(
        "Deep", question("Shall we?", "yes", "no"), track(tracked, "Flight selected"), *inner, handover("A colleague.")
    )


def wide(tracked: Goal) -> Flow:
    """Eight branches beside each other."""
    cities = ("Berlin", "Lisbon", "Oslo", "東京", "القاهرة", "[/foo]", "x" * 60)
    cases: dict[str, tuple[Node, ...]] = {
        city: (say(f"To {city}"), track(tracked, "Flight selected", name=f"track {city}")) for city in cities
    }
    return flow("Wide", question("Where to?"), lookup("Destination", cases, (end(),)), say("Have a good trip."))


def wrong(tracked: Goal) -> Flow:
    """One of everything that is wrong."""
    return flow(
        "Findings",
        track(tracked, "Payment completed", name="before"),
        question("So?"),
        if_("Maybe", (track(tracked, "Flight selected"),)),
        track(tracked, "Passenger information entered", name="maybe"),
        TrackGoal(id=node_id("no goal")),
        Say(id=node_id("label"), label="Greeting", text="Hello"),
        execute("Later"),
        other("httpRequest", {"url": "https://example.org"}),
        go_to("Gone"),
        say("never"),
    )


def scene(services: Services, name: str, tracked: Goal) -> tuple[str, ...]:
    """Save what the scene shows; gives the keys that lead to it."""
    if name == "empty":
        services.flows.save(flow("New flow"))
        return ("2",)
    if name in ("deep", "wide", "findings"):
        services.flows.save({"deep": deep, "wide": wide, "findings": wrong}[name](tracked))
        return ("2", "down", "down", "down", *(("f",) if name == "findings" else ()))
    services.flows.save(book_a_flight_flow(tracked))
    services.flows.save(flow("Later", say("See you.")))
    return {
        "example": ("2", "down", "down", "down"),
        "panel": ("2", "i", "f4", "f4", "1", "A", "d", "a", "enter", "1"),
        "editor": ("2", "down", "down", "e"),
        "track editor": ("2", "down", "down", "down", "e"),
        "kinds": ("2", "a"),
        "simulate": ("2", "S"),
    }[name]


def themed(theme: str) -> Any:
    async def use(pilot: Pilot[Any]) -> None:
        pilot.app.theme = theme
        await press(pilot)

    return use


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("name", ["empty", "deep", "wide", "editor", "kinds", "simulate"])
def test_in_the_dark_theme(services: Services, tracked: Goal, snap_compare: Any, name: str, size: Any) -> None:
    keys = scene(services, name, tracked)
    assert snap_compare(QuietApp(services), terminal_size=size, run_before=until(*keys))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("name", ["example", "findings", "panel", "track editor"])
def test_in_both_themes(services: Services, tracked: Goal, snap_compare: Any, name: str, size: Any, theme: str) -> None:
    keys = scene(services, name, tracked)
    assert snap_compare(QuietApp(services), terminal_size=size, run_before=until(*keys, before=themed(theme)))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_without_any_flow(services: Services, snap_compare: Any, size: Any) -> None:
    assert snap_compare(QuietApp(services), terminal_size=size, run_before=until("2"))


def test_without_colour(services: Services, tracked: Goal, snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Selection, kinds and findings are told apart by their shapes too."""
    monkeypatch.setenv("NO_COLOR", "1")
    keys = scene(services, "findings", tracked)
    assert snap_compare(QuietApp(services), terminal_size=(120, 36), run_before=until(*keys))
