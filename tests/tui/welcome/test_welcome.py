"""The first start: three ways to begin, each to its end."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from goals_tui.services.context import open_services
from goals_tui.services.demo.service import is_demo
from goals_tui.services.first_start import Start, demo_path, is_missing, propose, system_time_zone
from goals_tui.tui.app.config import Config
from goals_tui.tui.app.start import bring_in
from goals_tui.tui.welcome.app import WAYS, ProjectForm, WelcomeApp
from tests.builders import book_a_flight
from tests.conftest import make_services
from tests.tui.harness import SIZES, messages, screen_text, settle, type_text
from tests.tui.pictures import GALLERY, Pictures, each_size

PATIENCE = 30.0


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")


@asynccontextmanager
async def welcome(
    path: Path, size: tuple[int, int] = (80, 24), config: Config | None = None
) -> AsyncIterator[Pilot[Any]]:
    app = WelcomeApp(path, config)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        yield pilot


async def test_keys_that_were_changed_are_shown_and_work(tmp_path: Path) -> None:
    async with welcome(tmp_path / "w", config=Config(keys={"welcome.new": "f9"})) as pilot:
        assert " f9  New project" in screen_text(pilot.app)
        await pilot.press("f9")
        await settle(pilot)
        assert isinstance(pilot.app.screen, ProjectForm)


async def test_nothing_is_cut_off_in_a_small_terminal(tmp_path: Path) -> None:
    async with welcome(tmp_path / "w") as pilot:
        shown = screen_text(pilot.app)
        assert all(text in shown for text in WAYS.values())


async def test_a_new_project_with_the_keyboard_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "workspace"
    async with welcome(path) as pilot:
        assert "The workspace will be at" in screen_text(pilot.app)
        await pilot.press("enter")
        await settle(pilot)
        await type_text(pilot, "Flight Desk")
        await pilot.press("enter")
        await settle(pilot)
        assert pilot.app.return_value == Start(path)
    project = open_services(path, env={}).project.get()
    assert (project.name, project.currency, project.time_zone) == ("Flight Desk", "EUR", "Europe/Berlin")


async def test_what_is_wrong_is_said_beside_the_field(tmp_path: Path) -> None:
    async with welcome(tmp_path / "w") as pilot:
        await pilot.press("n")
        await settle(pilot)
        form = pilot.app.screen
        assert isinstance(form, ProjectForm)
        form.query_one("#currency", Input).value = "EUX"
        form.query_one("#zone", Input).value = "Europe/Berln"
        await settle(pilot)
        shown = screen_text(pilot.app)
        assert "'EUX' is not a currency" in shown
        assert "'Europe/Berln' is not a time zone" in shown
        assert "A project needs a name." not in shown, "nobody was there yet"

        await pilot.click("#make")
        await settle(pilot)
        assert "A project needs a name." in screen_text(pilot.app)
        assert form.query_one("#name").has_focus
        assert is_missing(tmp_path / "w")
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(pilot.app.screen, ProjectForm)


async def test_the_demo(tmp_path: Path) -> None:
    path = tmp_path / "data" / "goals-tui"
    async with welcome(path) as pilot:
        await pilot.press("d")
        await pilot.app.workers.wait_for_complete()
        await settle(pilot)
        assert pilot.app.return_value == Start(demo_path(path))
    assert is_demo(open_services(demo_path(path), env={}).project)
    assert is_missing(path)


async def test_a_demo_that_was_made_before_is_offered_first(tmp_path: Path, demo_folder: Path) -> None:
    path = tmp_path / "data" / "goals-tui"
    shutil.copytree(demo_folder, demo_path(path))
    goals = demo_path(path) / "goals.json"
    before = goals.read_bytes()
    async with welcome(path) as pilot:
        assert "d  Demo again" in screen_text(pilot.app) and "as you left it" in screen_text(pilot.app)
        await pilot.press("enter")
        await pilot.app.workers.wait_for_complete()
        await settle(pilot)
        assert pilot.app.return_value == Start(demo_path(path))
    assert goals.read_bytes() == before


async def test_another_workspace_beside_is_not_taken_for_the_demo(tmp_path: Path) -> None:
    path = tmp_path / "goals-tui"
    make_services(demo_path(path))
    async with welcome(path) as pilot:
        assert "Demo again" not in screen_text(pilot.app)


async def test_the_demo_where_something_else_is(tmp_path: Path) -> None:
    path = tmp_path / "goals-tui"
    demo_path(path).mkdir()
    (demo_path(path) / "mine.txt").write_text("mine")
    async with welcome(path) as pilot:
        await pilot.press("d")
        await pilot.app.workers.wait_for_complete()
        await settle(pilot)
        assert "holds something else than the demo" in messages(pilot.app)[0]
        assert pilot.app.return_value is None


async def test_a_package_brings_its_project(tmp_path: Path) -> None:
    source = make_services(tmp_path / "source", name="Their Desk", currency="USD")
    source.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    source.packages.export(["Book a Flight"], tmp_path / "a.zip")
    path = tmp_path / "w"
    async with welcome(path, (120, 36)) as pilot:
        await pilot.press("i")
        await settle(pilot)
        pilot.app.screen.query_one(Input).value = str(tmp_path / "a.zip")
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("enter", "enter", "enter")
        await settle(pilot)
        assert pilot.app.return_value == Start(path, tmp_path / "a.zip")

    services = open_services(path, env={})
    assert (services.project.get().name, services.project.get().currency) == ("Their Desk", "USD")
    bring_in(services, Start(path, tmp_path / "a.zip"))
    assert services.tasks.wait(PATIENCE)
    assert [goal.name for goal in services.goals.all()] == ["Book a Flight"]


async def test_a_file_that_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("no zip")
    async with welcome(tmp_path / "w") as pilot:
        await pilot.press("i")
        await settle(pilot)
        pilot.app.screen.query_one(Input).value = str(tmp_path / "a.zip")
        await pilot.press("enter")
        await settle(pilot)
        assert "is not a complete ZIP file" in messages(pilot.app)[0]


async def test_going_away_makes_nothing(tmp_path: Path) -> None:
    async with welcome(tmp_path / "w") as pilot:
        await pilot.press("q")
        await settle(pilot)
        assert pilot.app.return_value is None
    assert list(tmp_path.iterdir()) == []


def test_event_data_is_imported_as_a_task(tmp_path: Path, sgd: Path) -> None:
    services = make_services(tmp_path / "w")
    bring_in(services, Start(tmp_path / "w"))
    assert not services.tasks.list()
    bring_in(services, Start(tmp_path / "w", sgd))
    assert services.tasks.wait(PATIENCE)
    assert services.tasks.list()[0].state == "done"
    assert services.workspace.events.stats().events > 0


def test_names_from_files(tmp_path: Path) -> None:
    assert propose(Path("goal_events-2026.jsonl")) == ("Goal events 2026", "EUR")


def test_the_time_zone_of_the_machine(tmp_path: Path) -> None:
    pointed = tmp_path / "usr" / "zoneinfo" / "Asia" / "Tokyo"
    pointed.parent.mkdir(parents=True)
    pointed.touch()
    (tmp_path / "localtime").symlink_to(pointed)
    assert system_time_zone({}, tmp_path / "localtime") == "Asia/Tokyo"
    assert system_time_zone({"TZ": ":Europe/Oslo"}, tmp_path / "localtime") == "Europe/Oslo"
    assert system_time_zone({"TZ": "nonsense"}, tmp_path / "nothing") == "UTC"


async def views(pilot: Pilot[Any]) -> AsyncIterator[str]:
    """Goes from view to view, and names it."""
    for name, keys in (("welcome", ()), ("import", ("i",)), ("form", ("escape", "n"))):
        await pilot.press(*keys)
        await settle(pilot)
        yield name
    pilot.app.screen.query_one("#currency", Input).value = "EUX"
    await pilot.press("enter", "enter", "enter")
    await settle(pilot)
    yield "form-problems"


@each_size
async def test_pictures(pictures: Pictures, size: tuple[int, int]) -> None:
    async with welcome(Path("/srv/goals-tui"), size) as pilot:
        async for name in views(pilot):
            await pictures.take(pilot, name, drawn={"welcome": SIZES, "form": GALLERY}.get(name, ()))
    pictures.compare()


async def test_without_colours(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with welcome(Path("/srv/goals-tui"), (120, 36)) as pilot:
        await pictures.draw(pilot, "welcome")
    pictures.compare()
