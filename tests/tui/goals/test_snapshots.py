"""Pictures of the Goals screen and its dialogs: at three sizes, in both our themes, and once without colours."""

from __future__ import annotations

from typing import Any

import pytest

from goals_tui.services.context import Services
from goals_tui.tui.config import Config
from goals_tui.tui.goals.step_table import StepTable
from tests.tui.goals.samples import book_a_flight
from tests.tui.harness import HOSTILE, SIZES, QuietApp, until

THEMES = ("goals-dark", "goals-light")
VIEWS: dict[str, tuple[str, ...]] = {
    "list": (),
    "filter": ("slash", "f", "l"),
    "editor": ("enter",),
    "new": ("n",),
    "refused": ("n", "ctrl+s"),
    "step": ("n", "insert"),
    "unsaved": ("enter", "end", "s", "escape"),
    "delete": ("x",),
    "where-used": ("w",),
    "track": ("t",),
    "help": ("question_mark",),
    "palette": ("ctrl+p",),
    "jump": ("semicolon",),
}

each_size = pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
each_theme = pytest.mark.parametrize("theme", THEMES)


@each_size
@each_theme
@pytest.mark.parametrize("view", VIEWS)
def test_view(snap_compare: Any, desk: Services, view: str, theme: str, size: tuple[int, int]) -> None:
    app = QuietApp(desk, Config(theme=theme))
    assert snap_compare(app, terminal_size=size, run_before=until(*VIEWS[view]))


@each_size
@each_theme
def test_empty(snap_compare: Any, services: Services, theme: str, size: tuple[int, int]) -> None:
    assert snap_compare(QuietApp(services, Config(theme=theme)), terminal_size=size, run_before=until())


@each_size
def test_hostile_names(snap_compare: Any, services: Services, size: tuple[int, int]) -> None:
    for name in HOSTILE:
        services.goals.save(book_a_flight(services, name))
    assert snap_compare(QuietApp(services), terminal_size=size, run_before=until("end"))


@each_size
@each_theme
def test_conflict(snap_compare: Any, desk: Services, theme: str, size: tuple[int, int]) -> None:
    def change(pilot: Any) -> None:
        goal = desk.goals.get("Book a Flight")
        desk.goals.save(goal.model_copy(update={"description": "Theirs."}))

    async def before(pilot: Any) -> None:
        await until("enter", "end", "s")(pilot)
        change(pilot)
        await until("ctrl+s")(pilot)

    assert snap_compare(QuietApp(desk, Config(theme=theme)), terminal_size=size, run_before=before)


@each_size
@each_theme
def test_deleting_a_step(snap_compare: Any, desk: Services, theme: str, size: tuple[int, int]) -> None:
    goal = desk.goals.get("Book a Flight")
    done = desk.goals.new_step("completion").model_copy(update={"name": "Also done"})
    desk.goals.save(goal.model_copy(update={"steps": (*goal.steps, done)}))

    async def before(pilot: Any) -> None:
        await until("enter")(pilot)
        pilot.app.screen.query_one(StepTable).focus()
        await until("down", "delete", "ctrl+s")(pilot)

    assert snap_compare(QuietApp(desk, Config(theme=theme)), terminal_size=size, run_before=before)


def test_without_colours(snap_compare: Any, desk: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(QuietApp(desk), terminal_size=(120, 36), run_before=until())
