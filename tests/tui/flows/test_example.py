"""The seed's example, by keyboard only: the flow is built from nothing and talked through to each outcome."""

from __future__ import annotations

from goals_tui.domain.filters import Filters
from goals_tui.domain.flow import If, Question, Say, TrackGoal
from goals_tui.services.context import Services
from tests.builders import book_a_flight
from tests.tui.harness import Typist, press, running, screen_text, type_text

MOST_KEYS = 39
"""The keys that are no text, for a flow of ten nodes."""


async def build_the_flow(typist: Typist) -> None:
    """Press what a person presses, on the empty Flows screen."""
    await typist.keys("n")
    await typist.text("Book a Flight")
    await typist.keys("enter")
    await add(typist, "s", "Welcome aboard.", "enter")
    await add(typist, "q", "Which flight do you choose?", "tab")
    await typist.text("Berlin")
    await typist.keys("enter")
    await typist.text("Lisbon")
    await typist.keys("enter", "enter")
    await add(typist, "t", "", "escape")
    await add(typist, "q", "Who is travelling?", "enter")
    await add(typist, "t", "", "escape")
    await add(typist, "q", "Shall I charge your card?", "enter")
    await add(typist, "i", "", "tab", "tab")
    await typist.text("yes")
    await typist.keys("enter", "down")
    await add(typist, "t", "", "escape")
    await add(typist, "s", "Thank you.", "enter")
    await typist.keys("right")
    await add(typist, "s", "I keep your booking for a day.", "enter")


async def add(typist: Typist, kind: str, text: str, *keys: str) -> None:
    await typist.keys("a", kind)
    await typist.text(text)
    await typist.keys(*keys)


async def test_the_example_is_built_and_talked_through_by_keyboard_alone(services: Services) -> None:
    goal = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    async with running(services, (120, 36), area="flows") as pilot:
        typist = Typist(pilot)
        await build_the_flow(typist)
        assert typist.keystrokes <= MOST_KEYS
        check_the_flow(services)
        assert services.flows.findings() == []

        await press(pilot, "i")
        await press(pilot, "1")
        await type_text(pilot, "Ada Lovelace")
        await press(pilot, "enter")
        await type_text(pilot, "yes")
        await press(pilot, "enter")
        assert "✔ Completed" in screen_text(pilot.app)
        assert "€45.00" in screen_text(pilot.app)

        await press(pilot, "enter")
        await press(pilot, "2")
        await type_text(pilot, "Grace Hopper")
        await press(pilot, "enter")
        await type_text(pilot, "no")
        await press(pilot, "enter")
        assert "◐ Partially completed" in screen_text(pilot.app)

        await press(pilot, "f5")
        await press(pilot, "down", "enter")
        assert "✕ Incomplete" in screen_text(pilot.app)
        await press(pilot, "escape")

    assert services.insights.report(Filters(span="all")).totals.started == 0, "the panel's cycles are left out"
    report = services.insights.report(Filters(span="all", include_test=True))
    totals = report.totals
    assert (totals.started, totals.completed, totals.partial, totals.incomplete) == (3, 1, 1, 1)
    assert [figures.name for figures in report.goals] == [goal.name]
    cycles = services.insights.cycles(Filters(span="all", include_test=True))
    assert {cycle.endpoint for cycle in cycles} == {"Interaction Panel"}
    assert len({cycle.session_id for cycle in cycles}) == 3


def check_the_flow(services: Services) -> None:
    """Check that the typed flow was saved."""
    flow = services.flows.get("Book a Flight")
    kinds = [node.kind for node in flow.nodes]
    assert kinds == ["say", "question", "track_goal", "question", "track_goal", "question", "if"]
    goal = services.goals.get("Book a Flight")
    tracked = [node.step_ids for node in flow.walk() if isinstance(node, TrackGoal)]
    assert tracked == [(step.id,) for step in goal.steps], "each new node offers the first step that is tracked nowhere"
    choice, paid = flow.nodes[1], flow.nodes[6]
    assert isinstance(choice, Question) and choice.buttons == ("Berlin", "Lisbon")
    assert isinstance(paid, If) and paid.condition.to == "yes"
    kept = paid.branches[1].nodes[0]
    assert isinstance(kept, Say) and kept.text == "I keep your booking for a day."
