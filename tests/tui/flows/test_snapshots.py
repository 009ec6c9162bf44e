"""Pictures of the Flows screen and its dialogs at three sizes, and without colours."""

from __future__ import annotations

from pathlib import Path

import pytest

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
    goal,
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
from tests.tui.harness import SIZES, press, running
from tests.tui.pictures import GALLERY, Keys, Pictures, each_size, walk


def opened(name: str) -> Keys:
    """The keys that open the flow whose name begins so."""
    return ("o", *name, "enter")


TALK = ("i", "1", *"Ada", "enter", "1")
VIEWS: dict[str, tuple[Keys, Keys]] = {
    "open": (("o", "i"), ("escape",)),
    "example": ((*opened("Bo"), "down", "down", "down"), ()),
    "track-editor": (("e",), ("escape",)),
    "question-editor": (("up", "e"), ("escape",)),
    "kinds": (("a",), ("escape",)),
    "rename": (("R",), ("escape",)),
    "export": (("E",), ("escape",)),
    "lines": (("L", *"Ready?"), ("escape",)),
    "comment": (("C", *"Ask legal"), ("escape",)),
    "find": (("slash", *"pa"), ("escape",)),
    "import": (("I",), ("escape",)),
    "simulate": (("S",), ("escape",)),
    "panel": (TALK, ("escape",)),
    "panel-debug": ((*TALK, "f4"), ("escape",)),
    "deep": ((*opened("De"), "down", "down", "down"), ()),
    "in-branch": (("b",), ("escape",)),
    "if-editor": (("e",), ("escape",)),
    "wide": ((*opened("Wi"), "down", "down", "down"), ()),
    "lookup-editor": (("up", "e"), ("escape",)),
    "findings": ((*opened("Fi"), "f"), ("escape",)),
    "choose-goal": (("f", "down", "enter"), ("escape", "escape")),
    "choose-flow": (("f", "down", "down", "enter", "enter"), ("escape", "escape")),
    "empty": (opened("Ne"), ()),
}
"""The keys that lead there from the view before, and those that lead back to the chart."""

REFUSALS: dict[str, tuple[Keys, Keys]] = {
    "kinds-found": ((*opened("Bo"), "a", "slash", *"flow"), ("escape",)),
    "name-taken": (("n", *"Later"), ("escape",)),
    "import-refused": (("I", *"gone", "enter"), ("escape",)),
    "simulate-refused": (("S", *"many", "f2"), ("escape",)),
}
"""The text of dialogs while something is typed; the dialogs themselves are above."""


DRAWN = {"example": SIZES, "panel": SIZES} | dict.fromkeys(
    ("open", "kinds", "track-editor", "export", "lines", "comment", "find", "simulate", "wide", "findings"), GALLERY
)


@pytest.fixture
def filled(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Flows to look at. The working folder is `~` in every run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    tracked = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.goals.save(goal("Report a Claim", "Opened", "◎ Registered").model_copy(update={"revision": 0}))
    later, new = flow("Later", say("See you.")), flow("New flow")
    for each in (book_a_flight_flow(tracked), deep(tracked), wrong(tracked), later, new, wide(tracked)):
        services.flows.save(each)
    return services


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
        execute("Gone"),
        other("httpRequest", {"url": "https://example.org"}),
        go_to("Gone"),
        say("never"),
    )


@each_size
async def test_views(pictures: Pictures, filled: Services, size: tuple[int, int]) -> None:
    async with running(filled, size, area="flows") as pilot:
        async for name in walk(pilot, VIEWS | REFUSALS):
            await pictures.take(pilot, name, drawn=DRAWN.get(name, ()))
    pictures.compare()


async def test_without_colours(pictures: Pictures, filled: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Selection, kinds and findings are told apart by their shapes too."""
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(filled, area="flows") as pilot:
        async for name in walk(pilot, VIEWS):
            if name in ("example", "findings"):
                await pictures.draw(pilot, name)
    pictures.compare()


@each_size
async def test_conflict(pictures: Pictures, filled: Services, size: tuple[int, int]) -> None:
    async with running(filled, size, area="flows") as pilot:
        await press(pilot, *opened("La"), "down", "e", "!")
        theirs = filled.flows.get("Later")
        filled.flows.save(theirs.model_copy(update={"nodes": (*theirs.nodes, say("Or not."))}))
        await press(pilot, "enter")
        await pictures.take(pilot, "conflict")
    pictures.compare()


@each_size
async def test_no_flows(pictures: Pictures, services: Services, size: tuple[int, int]) -> None:
    async with running(services, size, area="flows") as pilot:
        await pictures.take(pilot, "none")
    pictures.compare()
