"""Text that would steer the terminal: it is shown without effect and never copied; pasted text is never keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from goals_tui.domain.filters import Choice, Filters
from goals_tui.services.context import Services
from goals_tui.services.tasks.record import TaskResult
from goals_tui.tui.app import textual_compat
from goals_tui.tui.app.base import BaseApp
from goals_tui.tui.app.textual_compat import InputParser
from goals_tui.tui.insights.screen import InsightsScreen
from goals_tui.tui.sessions.screen import SessionsScreen
from goals_tui.tui.welcome.app import WelcomeApp
from tests.conftest import PATIENCE
from tests.hostile.calm import harmless
from tests.tui.harness import drawn_strips, press, running, settle

EVIL = "a\x1b[2J\x1b]0;owned\x07\x9b31m\x7f\u202egpj\x85b"


def written(app: Any) -> str:
    """Return the text that the app would write to a terminal now, without the colours that it writes by itself."""
    strips = drawn_strips(app)
    lines = ["".join(segment.text for segment in strip) for strip in strips]
    assert all(strip.cell_length == app.size.width for strip in strips)
    return "\n".join(lines)


class Evil(BaseApp[None]):
    """A widget that nobody made harmless, and a field."""

    def compose(self) -> ComposeResult:
        yield Static(EVIL, markup=False)
        yield Input(EVIL)


async def test_what_any_widget_shows() -> None:
    async with Evil().run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        shown = written(pilot.app)
        assert harmless(shown) and "a[2J]0;owned31mgpjb" in shown
        pilot.app.notify(EVIL)
        await pilot.pause()
        assert harmless(written(pilot.app))


async def test_what_is_copied() -> None:
    async with Evil().run_test(size=(80, 24)) as pilot:
        pilot.app.copy_to_clipboard(f"{EVIL}\tb\r\nc\n")
        assert pilot.app.clipboard == "a[2J]0;owned31mgpjb\tb\nc\n"
        field = pilot.app.query_one(Input)
        field.focus()
        field.select_all()
        await pilot.press("ctrl+c")
        assert pilot.app.clipboard == "a[2J]0;owned31mgpjb"


async def test_the_path_of_a_task(services: Services, tmp_path: Path) -> None:
    services.tasks.start("Export", "simulation", lambda control: TaskResult("Done.", tmp_path / EVIL))
    assert services.tasks.wait(PATIENCE)
    async with running(services, area="tasks") as pilot:
        assert harmless(written(pilot.app)) and "[2J]0;owned" in written(pilot.app).replace("\n", "")
        await press(pilot, "y")
        assert pilot.app.clipboard.endswith("a[2J]0;owned31mgpjb")


def write_saved_filter(services: Services) -> None:
    """Saved filters as another program may have written them."""
    services.filters.save("Mine", Filters(span="all", endpoints=Choice(values=("Voice",))))
    path = services.workspace.path / "goals.json"
    document = json.loads(path.read_text().replace('"Mine"', json.dumps(EVIL)).replace('"Voice"', json.dumps(EVIL)))
    path.write_text(json.dumps(document))


async def test_saved_filters_and_their_values(services: Services) -> None:
    write_saved_filter(services)
    async with running(services, area="insights") as pilot:
        await press(pilot, "L")
        assert "owned" in written(pilot.app) and harmless(written(pilot.app))
        await press(pilot, "enter")
        assert "owned" in written(pilot.app) and harmless(written(pilot.app))
        await press(pilot, "f")
        assert harmless(written(pilot.app))


@pytest.mark.parametrize("area", ["insights", "sessions"])
async def test_a_copied_command(services: Services, area: str) -> None:
    async with running(services, area=area) as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, InsightsScreen | SessionsScreen)
        screen.use_filters(Filters(endpoints=Choice.model_construct(values=(EVIL, "two\nlines\t'quoted' \\"))))
        await settle(pilot)
        await press(pilot, "x")
        assert "owned" in pilot.app.clipboard
        assert pilot.app.clipboard.isprintable()


async def test_the_path_on_the_welcome(tmp_path: Path) -> None:
    app = WelcomeApp(tmp_path / EVIL)
    async with app.run_test(size=(200, 24)) as pilot:
        await settle(pilot)
        assert "[2J]0;owned" in written(app) and harmless(written(app))


async def test_a_proposed_path(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / EVIL
    folder.mkdir()
    monkeypatch.chdir(folder)
    async with running(services, (200, 60), area="tasks") as pilot:
        await press(pilot, "e")
        assert harmless(written(pilot.app))


# -- pasted text

PASTE = "x\x1bq\x1b[Ay\r\nz\x00\x07"


def read(*pieces: str) -> list[str | tuple[str, str]]:
    """Return the keys, and the pasted texts, that a terminal's output gives."""
    parser = InputParser()
    found: list[str | tuple[str, str]] = []
    for piece in pieces:
        for message in parser.feed(piece):
            if isinstance(message, events.Paste):
                found.append(("paste", message.text))
            else:
                assert isinstance(message, events.Key)
                found.append(message.key)
    return found


def test_a_paste_is_text_wherever_it_is_cut() -> None:
    whole = f"a\x1b[200~{PASTE}\x1b[201~b\x1b[Ac"
    expected = ["a", ("paste", "xq[Ay\nz"), "b", "up", "c"]
    assert read(whole) == expected
    assert read(*whole) == expected
    for cut in range(1, len(whole)):
        assert read(whole[:cut], whole[cut:]) == expected, cut


def test_text_that_ends_the_paste_by_itself() -> None:
    assert read("\x1b[200~one\x1b[201~qx\x1b[201~d") == [("paste", "oneqx"), "d"]


def test_two_pastes_and_keys_between_them() -> None:
    assert read("\x1b[200~1\x1b[201~2\x1b[200~3\x1b[201~4") == [("paste", "1"), "2", ("paste", "3"), "4"]


def test_keys_that_begin_like_a_paste() -> None:
    assert read("\x1b[2~", "\x1b[20~", "\x1b", "[A", "\x1b[2", "0~") == ["insert", "f9", "up", "f9"]


async def test_what_textual_keeps_to_itself_is_there(services: Services) -> None:
    """`textual_compat` relies on these names of an app and a screen, and on what they hold."""
    async with running(services) as pilot:
        app = pilot.app
        app.set_keymap({"goals.new": "insert"})
        assert textual_compat.keymap(app)["goals.new"] == "insert"
        app.notify("Something", timeout=60)
        await settle(pilot)
        [shown] = textual_compat.notifications(app)
        textual_compat.remove_notification(app, shown)
        assert textual_compat.notifications(app) == []
        assert [app.screen] in [stack[-1:] for stack in textual_compat.screen_stacks(app)]
        assert not textual_compat.is_closing(app.screen)
        closed: list[str | None] = []
        covered: ModalScreen[str] = ModalScreen()
        await app.push_screen(covered, closed.append)
        await app.push_screen(ModalScreen[str]())
        front = app.screen
        stack = next(stack for stack in textual_compat.screen_stacks(app) if covered in stack)
        await textual_compat.close_covered(covered, stack, "yes")
        assert closed == ["yes"]
        assert app.screen is front
        assert covered not in stack
