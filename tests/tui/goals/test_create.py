"""Creating the seed's example goal with the keyboard only."""

from __future__ import annotations

from decimal import Decimal

from goals_tui.services.context import Services
from tests.tui.harness import Typist, running

MOST_KEYSTROKES = 40


async def test_the_seeds_example_goal_takes_few_keystrokes(services: Services) -> None:
    async with running(services, (80, 24)) as pilot:
        typist = Typist(pilot)
        await typist.keys("n")
        await typist.text("Reduce Call Handling Time")
        await typist.keys("tab", "tab", "tab")
        await typist.text("Initiate AI Agent Conversation")
        await typist.keys("enter")
        await typist.text("Customer Request Handled")
        await typist.keys("tab")
        await typist.text("150.00")
        await typist.keys("tab", "tab")
        await typist.text("02:45:00")
        await typist.keys("ctrl+s")
        assert typist.keystrokes < MOST_KEYSTROKES

    goal = services.goals.get("Reduce Call Handling Time")
    assert [(step.name, step.kind) for step in goal.steps] == [
        ("Initiate AI Agent Conversation", "initial"),
        ("Customer Request Handled", "completion"),
    ]
    assert goal.further[0].metrics.cost_savings == Decimal("150.00")
    assert goal.further[0].metrics.time_saved_seconds == 2 * 3600 + 45 * 60


async def test_an_initial_and_four_steps_with_their_values_take_25_keys(services: Services) -> None:
    rows = (
        ("Dates chosen", "1", "0", "1m"),
        ("Seats chosen", "2.5", "", "2m"),
        ("Passenger entered", "15", "35", "8m"),
        ("Payment completed", "9", "150", "00:03:00"),
    )
    async with running(services) as pilot:
        typist = Typist(pilot)
        await typist.keys("n")
        await typist.text("Book a Flight")
        await typist.keys("tab", "tab", "tab")
        await typist.text("Flight details")
        for row in rows:
            await typist.keys("enter")
            for place, text in enumerate(row):
                await typist.keys(*["tab"] * bool(place))
                await typist.text(text)
        await typist.keys("tab", "space", "ctrl+s")
        assert typist.keystrokes <= 25

    goal = services.goals.get("Book a Flight")
    assert [(step.name, step.kind) for step in goal.steps] == [
        ("Flight details", "initial"),
        *((name, "step") for name, *_ in rows[:-1]),
        ("Payment completed", "completion"),
    ]
    worth = [
        (step.metrics.cost_savings, step.metrics.revenue, step.metrics.time_saved_seconds) for step in goal.further
    ]
    assert worth == [(1, 0, 60), (Decimal("2.5"), 0, 120), (15, 35, 480), (9, 150, 180)]
