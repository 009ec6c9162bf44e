"""Pictures of the Goals screen and its dialogs at three sizes, and without colours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from textual.pilot import Pilot

from goals_tui.services.context import Services
from goals_tui.tui.goals.step_table import StepTable
from tests.tui.goals.samples import book_a_flight
from tests.tui.harness import HOSTILE, SIZES, press, running
from tests.tui.pictures import GALLERY, Keys, Pictures, each_size, walk

VIEWS: dict[str, tuple[Keys, Keys]] = {
    "list": ((), ()),
    "filter": (("slash", "f", "l"), ("escape",)),
    "editor": (("enter",), ("escape",)),
    "new": (("n",), ("escape",)),
    "refused": (("n", "ctrl+s"), ("escape",)),
    "cell": (("enter", "tab", "tab", "tab", "end", "right", "enter", "x"), ("escape", "escape")),
    "step": (("enter", "tab", "tab", "tab", "down", "o"), ("escape", "escape")),
    "marked": (("space", "v"), ("escape", "escape")),
    "unsaved": (("enter", "end", "s", "escape"), ("right", "enter")),
    "delete": (("x",), ("escape",)),
    "where-used": (("w",), ("escape",)),
    "track": (("t",), ("escape",)),
    "help": (("question_mark",), ("escape",)),
    "palette": (("ctrl+p",), ("escape",)),
    "jump": (("semicolon",), ("escape",)),
}
"""The keys that lead there from the list, and those that lead back."""


DRAWN = {"list": SIZES, "editor": SIZES} | dict.fromkeys(("step", "marked", "delete", "help", "jump"), GALLERY)


@each_size
async def test_views(pictures: Pictures, desk: Services, size: tuple[int, int]) -> None:
    async with running(desk, size) as pilot:
        async for name in walk(pilot, VIEWS):
            await pictures.take(pilot, name, drawn=DRAWN.get(name, ()))
    pictures.compare()


@pytest.mark.parametrize("size", GALLERY, ids="{0[0]}x{0[1]}".format)
async def test_palette(pictures: Pictures, desk: Services, size: tuple[int, int]) -> None:
    async with running(desk, size) as pilot:
        for theme in ("dark", "light"):
            # The palette keeps the colours that it was opened in.
            pilot.app.theme = f"goals-{theme}"
            await press(pilot, "ctrl+p")
            await pictures.draw(pilot, theme)
            await press(pilot, "escape")
    pictures.compare()


async def test_without_colours(pictures: Pictures, desk: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(desk) as pilot:
        await pictures.draw(pilot, "list")
        await press(pilot, "enter")
        await pictures.draw(pilot, "editor")
    pictures.compare()


@each_size
async def test_empty(pictures: Pictures, services: Services, size: tuple[int, int]) -> None:
    async with running(services, size) as pilot:
        await pictures.take(pilot, "empty")
    pictures.compare()


@pytest.mark.parametrize("size", GALLERY, ids="{0[0]}x{0[1]}".format)
async def test_deleting_several(pictures: Pictures, services: Services, size: tuple[int, int]) -> None:
    for name in ("Book a Flight", "Report a Claim"):
        services.goals.save(book_a_flight(services, name))
    async with running(services, size) as pilot:
        await press(pilot, "space", "space", "x")
        await pictures.take(pilot, "several", drawn=GALLERY)
    pictures.compare()


@each_size
async def test_hostile_names(pictures: Pictures, services: Services, size: tuple[int, int]) -> None:
    for name in HOSTILE:
        services.goals.save(book_a_flight(services, name))
    async with running(services, size) as pilot:
        await press(pilot, "end")
        await pictures.take(pilot, "names")
    pictures.compare()


async def questions(pilot: Pilot[Any], desk: Services) -> AsyncIterator[str]:
    """Goes through what is asked when a goal or a step is deleted, and when somebody else saved; names each."""
    await press(pilot, "x", "tab", "enter")
    yield "no-other-goal"
    await press(pilot, "escape")
    goal = desk.goals.get("Book a Flight")
    done = desk.goals.new_step("completion").model_copy(update={"name": "Also done"})
    goal = desk.goals.save(goal.model_copy(update={"steps": (*goal.steps, done)}))
    desk.goals.save(book_a_flight(desk, "Rent a Car"))
    await press(pilot, "x", "tab", "enter")
    yield "another-goal"
    await press(pilot, "enter")
    yield "replace-steps"
    await press(pilot, "escape", "escape", "enter")
    pilot.app.screen.query_one(StepTable).focus()
    await press(pilot, "down", "down", "delete")
    pilot.app.clear_notifications()  # It goes by the clock: a slow machine would draw other pictures.
    await press(pilot, "ctrl+s")
    yield "deleting-a-step"
    await press(pilot, "right", "enter")
    yield "another-step"
    await press(pilot, "escape", "u", "shift+tab", "shift+tab", "!")
    desk.goals.save(goal.model_copy(update={"description": "Theirs."}))
    await press(pilot, "ctrl+s")
    yield "conflict"


@each_size
async def test_questions(pictures: Pictures, desk: Services, size: tuple[int, int]) -> None:
    async with running(desk, size) as pilot:
        async for name in questions(pilot, desk):
            await pictures.take(pilot, name, drawn=GALLERY if name in ("conflict", "replace-steps") else ())
    pictures.compare()
