"""The frame: six screens on six keys, help, palette, jump, undo, messages."""

from __future__ import annotations

from itertools import groupby

import pytest
from textual.dom import DOMNode
from textual.screen import Screen

from goals_tui.services.context import Services
from goals_tui.tui.app.actions import AREAS
from goals_tui.tui.app.app import GoalsApp
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.dialogs import Answer, Ask
from goals_tui.tui.app.help import Help
from tests.tui.harness import SIZES, press, running, screen_text, settle


async def test_every_screen_has_its_key(services: Services) -> None:
    async with running(services) as pilot:
        assert pilot.app.current_mode == "goals"
        for area in AREAS:
            await press(pilot, area.key)
            assert pilot.app.current_mode == area.name
            assert f"{area.key} {area.title}" in screen_text(pilot.app)


async def test_a_screen_is_styled_once_as_a_whole_when_it_opens(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it looks like at its size, and empty, is known before it has widgets: each would be styled again."""
    styled: list[str] = []
    update_styles = GoalsApp.update_styles

    def note(app: GoalsApp, node: DOMNode, animate: bool = True) -> None:
        if isinstance(node, Screen) and list(node.children):
            styled.append(type(node).__name__)
        update_styles(app, node, animate)

    async with running(services, (80, 24)) as pilot:
        monkeypatch.setattr(GoalsApp, "update_styles", note)
        await press(pilot, "n")
        assert styled == ["GoalEditor"]
        assert {"-normal", "-low", "-new"} <= pilot.app.screen.classes
        await pilot.resize_terminal(200, 60)
        assert {"-huge", "-high"} <= pilot.app.screen.classes


async def test_help_lists_the_keys_of_the_screen(services: Services) -> None:
    async with running(services) as pilot:
        await press(pilot, "question_mark")
        assert "Define a new goal" in screen_text(pilot.app)
        await press(pilot, "escape")
        assert "Define a new goal" not in screen_text(pilot.app)


@pytest.mark.parametrize("area", ["insights", "flows", "sessions"])
async def test_help_has_each_group_of_keys_once(services: Services, area: str) -> None:
    async with running(services, area=area) as pilot:
        await press(pilot, "question_mark")
        shown = pilot.app.screen
        assert isinstance(shown, Help)
        groups = [group for group, _ in groupby(action.group for action, _ in shown.actions)]
        assert len(groups) == len(set(groups))


@pytest.mark.parametrize("size", SIZES)
async def test_a_long_question_scrolls_between_its_title_and_its_buttons(
    services: Services, size: tuple[int, int]
) -> None:
    async with running(services, size) as pilot:
        text = "\n".join(f"Line {number}" for number in range(100))
        pilot.app.push_screen(Ask("A long title " * 12, text, [Answer("yes", "Go on"), Answer("no", "Back")]))
        await settle(pilot)
        shown = screen_text(pilot.app)
        for words in ("A long title", "Line 0", "Go on", "Back"):
            assert words in shown


async def test_lines_of_an_option_that_wrap_stay_right_of_its_mark(services: Services) -> None:
    async with running(services, (80, 24)) as pilot:
        options = [Option("a", "Short"), Option("b", "Long", "words " * 20)]
        await pilot.app.push_screen(Choose("Which?", options, chosen="a"))
        await settle(pilot)
        lines = screen_text(pilot.app).splitlines()
        first = next(number for number, line in enumerate(lines) if "Long" in line)
        assert lines[first + 1].index("words") == lines[first].index("Long") == lines[first - 1].index("Short")


async def test_a_short_dialog_after_a_resize_is_as_high_as_it_needs(services: Services) -> None:
    async with running(services, (80, 24)) as pilot:
        pilot.app.push_screen(Ask("Title", "\n".join(["Line"] * 30), [Answer("yes", "Go on")]))
        await settle(pilot)
        await pilot.resize_terminal(120, 60)
        await settle(pilot)
        assert pilot.app.screen.query_one("#dialog-body").size.height == 30
