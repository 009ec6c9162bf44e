"""Goals as files, from the palette's actions."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from tests.tui.harness import messages, press, running, screen_text, settle


async def test_a_goal_is_written_edited_and_applied(
    services: Services, flight: Goal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with running(services) as pilot:
        screen = pilot.app.screen
        screen.action_export_file()
        await settle(pilot)
        file = tmp_path / "book-a-flight.yaml"
        pilot.app.screen.query_one(Input).value = str(file)
        await press(pilot, "f2")
        assert messages(pilot.app) == [f"Wrote {file}."]
        file.write_text("# ours\n" + file.read_text().replace("name: Book a Flight", "name: Fly"))
        screen.action_apply_file()
        await settle(pilot)
        pilot.app.screen.query_one(Input).value = str(file)
        await press(pilot, "enter")
        assert "Apply book-a-flight.yaml?" in screen_text(pilot.app)
        assert services.goals.get(flight.id).name == "Book a Flight"
        await press(pilot, "tab", "enter")
        assert messages(pilot.app) == ["Applied book-a-flight.yaml: 1 goal changed."]
        assert services.goals.get(flight.id).name == "Fly"
        await press(pilot, "u")
        assert services.goals.get(flight.id).name == "Book a Flight"


async def test_a_wrong_file_is_refused_with_its_line(services: Services, flight: Goal, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("goals:\n  - nome: Fly\n")
    async with running(services) as pilot:
        pilot.app.screen.action_apply_file()
        await settle(pilot)
        pilot.app.screen.query_one(Input).value = str(wrong)
        await press(pilot, "enter")
        assert "wrong.yaml, line 2, column 5" in messages(pilot.app)[0]
    assert services.goals.get(flight.id) == flight
