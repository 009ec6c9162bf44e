"""Exporting and importing packages in the app, from the first key to the finished task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from goals_tui.services.context import Services
from goals_tui.services.export_files import check_target, complete, proposed, shortened
from goals_tui.tui.packages.export import ExportPackage
from goals_tui.tui.packages.review import ReviewPackage
from goals_tui.tui.widgets.fields import Toggle
from tests.builders import book_a_flight, book_a_flight_flow, event, goal
from tests.conftest import PATIENCE
from tests.tui.harness import HOSTILE, QuietApp, messages, press, running, screen_text, settle
from tests.tui.pictures import GALLERY, Pictures, each_size


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    return folder


@pytest.fixture
def filled(services: Services) -> Services:
    flight = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.goals.save(goal("Report a Claim", "Opened", "◎ Registered").model_copy(update={"revision": 0}))
    services.flows.save(book_a_flight_flow(flight))
    services.workspace.events.append([event(flight, "Flight selected"), event(flight, "Payment completed", seconds=9)])
    return services


@pytest.fixture
def package(filled: Services, working_folder: Path) -> Path:
    path = working_folder / "both.zip"
    names = [found.id for found in filled.goals.all()]
    filled.packages.export(names, path, with_events=True, flows=["Book a Flight"])
    return path


async def review(pilot: Pilot[Any], path: str) -> ReviewPackage:
    """Open the dialog that shows what is in a package."""
    await press(pilot, "i")
    await enter(pilot, path)
    assert isinstance(pilot.app.screen, ReviewPackage)
    return pilot.app.screen


async def enter(pilot: Pilot[Any], text: str) -> None:
    """Put text into the field of the dialog at once, and go on."""
    pilot.app.screen.query_one(Input).value = text
    await press(pilot, "enter")
    await settle(pilot)


async def test_export_from_the_list_of_goals(filled: Services, working_folder: Path) -> None:
    async with running(filled, (80, 24)) as pilot:
        await press(pilot, "e")
        dialog = pilot.app.screen
        assert isinstance(dialog, ExportPackage)
        assert dialog.query_one(Input).value == "~/here/book-a-flight.zip"
        assert "With the flows that track them: Book a Flight" in screen_text(pilot.app)
        await press(pilot, "enter")
        assert filled.tasks.wait(PATIENCE)
        app = pilot.app
        assert isinstance(app, QuietApp)
        app.look_for_changes()
        await settle(pilot)
        assert str(working_folder / "book-a-flight.zip") in messages(app)[0]
    info = filled.packages.inspect(working_folder / "book-a-flight.zip")
    assert ([item.name for item in info.items], info.events) == (["Book a Flight", "Book a Flight"], None)


async def test_export_of_everything_with_events(filled: Services, working_folder: Path) -> None:
    async with running(filled, (120, 36), area="tasks") as pilot:
        await press(pilot, "e", "enter")
        dialog = pilot.app.screen
        assert isinstance(dialog, ExportPackage)
        dialog.query_one("#with-events", Toggle).value = True
        dialog.query_one(Input).value = "all.zip"
        await press(pilot, "enter")
        assert filled.tasks.wait(PATIENCE)
    info = filled.packages.inspect(working_folder / "all.zip")
    assert (len(info.items), info.events) == (3, 2)


async def test_where_to_is_checked_while_typing(filled: Services, working_folder: Path) -> None:
    (working_folder / "there.zip").touch()
    async with running(filled, (80, 24)) as pilot:
        await press(pilot, "e")
        field = pilot.app.screen.query_one(Input)
        for text, said in (
            ("", "✖ Enter a file name, for example goals.zip."),
            (str(working_folder), "✖ This is a folder. Name a file in it."),
            ("gone/a.zip", "✖ There is no folder gone."),
            ("there.zip", "▲ This file exists already."),
        ):
            field.value = text
            await settle(pilot)
            assert said in screen_text(pilot.app)
        field.value = "gone/a.zip"
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ExportPackage), "nothing is written where it can't be"
        await press(pilot, "escape")
    assert not filled.tasks.list()


async def test_a_file_that_is_there_is_replaced_after_a_yes_only(filled: Services, working_folder: Path) -> None:
    file = working_folder / "there.zip"
    file.write_text("keep")
    async with running(filled, (80, 24)) as pilot:
        await press(pilot, "e")
        pilot.app.screen.query_one(Input).value = "there.zip"
        for keys in (("enter", "enter"), ("enter", "escape")):
            await press(pilot, keys[0])
            assert "there.zip exists already." in screen_text(pilot.app)
            await press(pilot, keys[1])
            assert isinstance(pilot.app.screen, ExportPackage) and file.read_text() == "keep"
        await press(pilot, "enter", "tab", "enter")
        assert filled.tasks.wait(PATIENCE)
    assert file.stat().st_size > 100 and len(filled.tasks.list()) == 1


async def test_import_into_another_project(filled: Services, package: Path, new_services: Any) -> None:
    target = new_services("target", currency="USD")
    async with running(target, (120, 36), area="tasks") as pilot:
        await review(pilot, "both.zip")
        shown = screen_text(pilot.app)
        assert "From Flight Desk · EUR" in shown
        assert "· 2 events" in shown
        assert "+ 3 new" in shown
        assert shown.count("+ new") == 3
        assert "New here.\n" not in shown, "there is nothing to decide"
        assert "▲ Its amounts are in EUR, this project counts in USD: nothing is converted." in shown
        await press(pilot, "enter")
        assert target.tasks.wait(PATIENCE)
    assert [found.name for found in target.goals.all()] == ["Book a Flight", "Report a Claim"]
    assert target.workspace.events.stats().events == 2


async def test_conflicts_are_answered_one_by_one(filled: Services, package: Path) -> None:
    filled.goals.save(filled.goals.get("Report a Claim").model_copy(update={"description": "edited here"}))
    async with running(filled, (120, 36), area="tasks") as pilot:
        dialog = await review(pilot, "both.zip")
        answers = {item.name: dialog.chosen[item.id] for item in dialog.info.conflicts if item.kind == "goal"}
        assert answers == {"Book a Flight": "skip", "Report a Claim": "replace"}, "what is proposed"
        await press(pilot, "down", "space")
        assert "[ duplicate ]" in screen_text(pilot.app)
        assert "Duplicate: theirs is added beside yours" in screen_text(pilot.app)
        await press(pilot, "tab", "tab", "enter")
        assert filled.tasks.wait(PATIENCE)
    assert [found.name for found in filled.goals.all()] == ["Book a Flight", "Report a Claim", "Report a Claim (2)"]
    assert [found.name for found in filled.flows.all()] == ["Book a Flight"]


async def test_the_review_explains_itself(filled: Services, package: Path) -> None:
    async with running(filled, (120, 36), area="tasks") as pilot:
        await review(pilot, "both.zip")
        await press(pilot, "a", "space")
        assert "Replace: theirs becomes the next version of yours; the events of both count." in screen_text(pilot.app)
        await press(pilot, "end", "space")
        assert "Replace: theirs becomes the next version of yours." in screen_text(pilot.app), "a flow has no events"
        await press(pilot, "question_mark")
        shown = screen_text(pilot.app)
        for words in ("Help: Import both.zip", "A package brings goals and flows of another project.", "• skip leaves"):
            assert words in shown
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, ReviewPackage)


async def test_one_answer_for_all(filled: Services, package: Path) -> None:
    async with running(filled, (120, 36), area="tasks") as pilot:
        dialog = await review(pilot, "both.zip")
        await press(pilot, "space", "space", "a")
        assert set(dialog.chosen.values()) == {"duplicate"}
        await press(pilot, "enter", "enter")
        assert filled.tasks.wait(PATIENCE)
    assert len(filled.goals.all()) == 4
    assert len(filled.flows.all()) == 2


async def test_going_away_imports_nothing(filled: Services, package: Path) -> None:
    async with running(filled, (120, 36), area="tasks") as pilot:
        await review(pilot, "both.zip")
        await press(pilot, "escape")
    assert not filled.tasks.list()


async def test_a_file_that_is_no_package_is_said(filled: Services, working_folder: Path) -> None:
    (working_folder / "odd.zip").write_text("odd")
    async with running(filled, (120, 36), area="tasks") as pilot:
        await press(pilot, "i")
        await enter(pilot, "odd.zip")
        assert "is not a complete ZIP file" in messages(pilot.app)[0]
        assert not isinstance(pilot.app.screen, ReviewPackage)


async def test_events_are_imported_from_the_screen(services: Services, working_folder: Path) -> None:
    flight = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    line = event(flight, "Flight selected").model_dump_json(by_alias=True)
    (working_folder / "events.jsonl").write_text(line + "\n")
    async with running(services, (120, 36), area="tasks") as pilot:
        await press(pilot, "o")
        await enter(pilot, "events.jsonl")
        assert services.tasks.wait(PATIENCE)
    assert services.workspace.events.stats().events == 1


async def test_nothing_to_export_is_said(services: Services) -> None:
    async with running(services, (120, 36), area="tasks") as pilot:
        await press(pilot, "e")
        assert messages(pilot.app) == ["There is no goal or flow to pack yet."]


async def test_hostile_names_are_shown_as_they_are(services: Services, working_folder: Path) -> None:
    for name in HOSTILE:
        services.goals.save(goal(name, "Start", "◎ End").model_copy(update={"revision": 0}))
    services.packages.export(HOSTILE, working_folder / "a.zip")
    async with running(services, (120, 36), area="tasks") as pilot:
        await review(pilot, "a.zip")
        shown = screen_text(pilot.app)
        assert [name for name in HOSTILE if name[:12] not in shown] == []
        await press(pilot, "escape")
        for name in HOSTILE:
            pilot.app.push_screen(ExportPackage([name], [name], has_events=False, with_events=False))
            await settle(pilot)
            assert screen_text(pilot.app).count(name[:12]) >= 2, "as what is packed, and as its flow"
            await press(pilot, "escape")


def test_paths_are_completed(working_folder: Path, tmp_path: Path) -> None:
    (working_folder / "flight.zip").touch()
    (working_folder / "folder").mkdir()
    assert complete("fl") == "flight.zip"
    assert complete("fo") == "folder/"
    assert complete("~/he") == "~/here/"
    assert complete(f"{tmp_path}/here/f") == f"{tmp_path}/here/flight.zip"
    assert [complete(text) for text in ("", "x", "here/", "gone/a")] == [None] * 4


def test_proposed_names(tmp_path: Path) -> None:
    assert proposed("Book a Flight") == "~/here/book-a-flight.zip"
    assert proposed("予約 / [x]") == "~/here/予約-x.zip"
    (Path.cwd() / "book-a-flight.zip").touch()
    assert proposed("Book a Flight") == "~/here/book-a-flight-2.zip", "never that of a file that is there"
    assert proposed("Book a Flight", ".json") == "~/here/book-a-flight.json"
    assert proposed("///") == "~/here/goals.zip"
    assert proposed("x" * 300) == f"~/here/{'x' * 60}.zip"
    assert shortened(Path("/srv/a.zip")) == "/srv/a.zip"
    assert check_target("a.zip") == Path("a.zip")


@each_size
async def test_pictures(
    filled: Services, package: Path, new_services: Any, pictures: Pictures, size: tuple[int, int]
) -> None:
    filled.goals.save(filled.goals.get("Report a Claim").model_copy(update={"description": "edited here"}))
    filled.goals.delete(filled.goals.get("Book a Flight").id, confirm="Book a Flight")
    async with running(filled, size) as pilot:
        await press(pilot, "e")
        pilot.app.screen.query_one(Input).value = "~/report-a-claim.zip"
        await pictures.take(pilot, "export", drawn=GALLERY)
        await press(pilot, "escape", "5", "e")
        await pictures.take(pilot, "what-to-export")
        await press(pilot, "escape", "i")
        await pictures.take(pilot, "which-package", drawn=GALLERY)
        await press(pilot, "escape")
        await review(pilot, "both.zip")
        await pictures.take(pilot, "review-conflicts", drawn=GALLERY)
    async with running(new_services("target", currency="USD"), size, area="tasks") as pilot:
        await review(pilot, "both.zip")
        await pictures.take(pilot, "review-new")
    pictures.compare()


async def test_every_line_of_the_review_and_its_buttons_are_seen_at_80_columns(
    services: Services, working_folder: Path
) -> None:
    names = [f"Goal {number}" for number in range(12)]
    for name in names:
        services.goals.save(goal(name, "Opened", "◎ Done").model_copy(update={"revision": 0}))
    services.packages.export([found.id for found in services.goals.all()], working_folder / "many.zip")
    async with running(services, (80, 24), area="tasks") as pilot:
        dialog = await review(pilot, "many.zip")
        shown = screen_text(pilot.app)
        for words in ("Import many.zip", "From", "Goal 0", "Skip:", " Cancel", "ctrl+s Import"):
            assert words in shown
        await press(pilot, "end")
        assert "Goal 9" in screen_text(pilot.app)
        assert dialog.query_one("#import").region in dialog.region
        await press(pilot, "ctrl+s")
        assert pilot.app.screen is not dialog
