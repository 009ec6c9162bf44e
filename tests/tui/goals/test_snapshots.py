"""Pictures of the Goals screen and its dialogs: at three sizes, in both our themes, and without colours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from textual.pilot import Pilot

from goals_tui.services.context import Services
from goals_tui.tui.goals.step_table import StepTable
from tests.tui.goals.samples import book_a_flight
from tests.tui.harness import HOSTILE, SIZES, QuietApp, press, running, until
from tests.tui.pictures import Pictures, take_in_both_themes, themes

VIEWS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "list": ((), ()),
    "filter": (("slash", "f", "l"), ("escape",)),
    "editor": (("enter",), ("escape",)),
    "new": (("n",), ("escape",)),
    "refused": (("n", "ctrl+s"), ("escape",)),
    "step": (("n", "insert"), ("escape", "escape")),
    "unsaved": (("enter", "end", "s", "escape"), ("right", "enter")),
    "delete": (("x",), ("escape",)),
    "where-used": (("w",), ("escape",)),
    "track": (("t",), ("escape",)),
    "help": (("question_mark",), ("escape",)),
    "palette": (("ctrl+p",), ("escape",)),
    "jump": (("semicolon",), ("escape",)),
}
"""The keys that lead there from the list, and those that lead back."""

each_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))


async def views(pilot: Pilot[Any]) -> AsyncIterator[str]:
    """Goes from view to view, and names it."""
    for name, (there, back) in VIEWS.items():
        await press(pilot, *there)
        yield name
        await press(pilot, *back)


@each_size
async def test_views(pictures: Pictures, desk: Services, size: tuple[int, int]) -> None:
    async with running(desk, size) as pilot:
        # The palette keeps the colours that it was opened in.
        async for theme in themes(pilot):
            async for name in views(pilot):
                pictures.take(pilot, f"{name}-{theme}")
    pictures.compare()


async def test_without_colours(pictures: Pictures, desk: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(desk) as pilot:
        async for name in views(pilot):
            pictures.take(pilot, name)
    pictures.compare()


@each_size
async def test_empty(pictures: Pictures, services: Services, size: tuple[int, int]) -> None:
    async with running(services, size) as pilot:
        await take_in_both_themes(pictures, pilot, "empty")
    pictures.compare()


@each_size
def test_hostile_names(snap_compare: Any, services: Services, size: tuple[int, int]) -> None:
    for name in HOSTILE:
        services.goals.save(book_a_flight(services, name))
    assert snap_compare(QuietApp(services), terminal_size=size, run_before=until("end"))


@each_size
async def test_what_saving_asks(pictures: Pictures, desk: Services, size: tuple[int, int]) -> None:
    goal = desk.goals.get("Book a Flight")
    done = desk.goals.new_step("completion").model_copy(update={"name": "Also done"})
    goal = desk.goals.save(goal.model_copy(update={"steps": (*goal.steps, done)}))
    async with running(desk, size) as pilot:
        await press(pilot, "enter")
        pilot.app.screen.query_one(StepTable).focus()
        await press(pilot, "down", "delete", "ctrl+s")
        await take_in_both_themes(pictures, pilot, "deleting-a-step")
        await press(pilot, "escape", "u", "shift+tab", "!")
        desk.goals.save(goal.model_copy(update={"description": "Theirs."}))
        await press(pilot, "ctrl+s")
        await take_in_both_themes(pictures, pilot, "conflict")
    pictures.compare()
