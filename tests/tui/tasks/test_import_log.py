"""The import of a log in the app: from nothing to a correct report, and everything that can be changed on the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services
from goals_tui.services.imports.log_look import guess_columns
from goals_tui.services.imports.log_rows import Columns
from goals_tui.tui.tasks.import_log import ChooseColumns, ChooseSteps
from tests.conftest import PATIENCE, SHARED
from tests.tui.harness import SIZES, messages, paste, press, running, screen_text, type_text

SAMPLE = SHARED / "data" / "real" / "process-mining" / "running-example.csv"

LOG = """\
who,what,when,lang
1,Begin,2026-11-01T08:00:00Z,de
1,Done,2026-11-01T09:00:00Z,de
2,Begin,2026-11-02T08:00:00Z,en
2,Ask [/],2026-11-02T08:30:00Z,en
2,Done,2026-11-02T08:40:00Z,en
3,Begin,2026-11-03T08:00:00Z,en
3,Ask [/],2026-11-03T08:00:00Z,en
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "log.csv"
    path.write_text(LOG)
    return path


@pytest.mark.skipif(not SAMPLE.exists(), reason="the shared data are not beside this checkout")
async def test_from_nothing_to_a_report_in_under_thirty_keys(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SAMPLE.parent)
    keys = ["5", "l", "r", "right", "enter", "f2", "f2"]
    report = ["3", *["right_square_bracket"] * 5]
    assert len(keys) + len(report) < 30
    async with running(services, (80, 24)) as pilot:
        await press(pilot, *keys[:5])
        text = screen_text(pilot.app)
        for shown in ("case:concept:name", "Activity", "time:timestamp", "register request"):
            assert shown in text
        await press(pilot, keys[5])
        text = screen_text(pilot.app)
        assert "42 rows, 6 cases." in text
        assert "● register request" in text and "6 rows  initial step" in text
        assert "◎ pay compensation" in text and "◎ reject request" in text
        await press(pilot, keys[6])
        assert services.tasks.wait(PATIENCE)
        await press(pilot, *report)
        text = screen_text(pilot.app)
        assert "All time" in text and "running-example" in text
    totals = services.insights.report(Filters(span="all")).totals
    assert (totals.started, totals.completed, totals.partial) == (6, 6, 0)


async def test_a_column_to_choose_is_one_line_with_its_values(services: Services, tmp_path: Path, log: Path) -> None:
    log.write_text(LOG.replace("T08", "T08:00:00+01:00 about 08").replace(",de", ",Deutsch, wie man es spricht, " * 2))
    async with running(services, (80, 24), area="tasks") as pilot:
        await press(pilot, "l")
        await type_text(pilot, "log.csv")
        await press(pilot, "enter", "enter")
        lines = [line.strip("▌ ") for line in screen_text(pilot.app).split("\n")]
        assert "Which column is the case?" in lines
        begin = next(place for place, line in enumerate(lines) if line.startswith("when "))
        assert lines[begin].endswith("…") and lines[begin + 1].startswith("lang ")


@pytest.mark.parametrize("size", SIZES)
async def test_columns_and_steps_are_changed_with_keys(services: Services, log: Path, size: tuple[int, int]) -> None:
    async with running(services, size, area="tasks") as pilot:
        await press(pilot, "l")
        await type_text(pilot, "log.csv")
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, ChooseColumns)
        assert "who" in screen_text(pilot.app) and "what" in screen_text(pilot.app)
        # Locale is the sixth row, the goal's name the ninth.
        await press(pilot, *["down"] * 5, "enter")
        await type_text(pilot, "lang")
        await press(pilot, "enter", *["down"] * 3, "enter", "backspace", "backspace", "backspace")
        await type_text(pilot, "Claims")
        await press(pilot, "enter", "f2")
        dialog = pilot.app.screen
        assert isinstance(dialog, ChooseSteps)
        assert (dialog.initial, dialog.completion) == ("Begin", {"Done"})
        await press(pilot, "down", "space")
        assert dialog.completion == {"Done", "Ask [/]"}
        await press(pilot, "i")
        assert dialog.initial == "Ask [/]" and dialog.completion == {"Done"}
        await press(pilot, "home", "i", "end", "space")
        assert "Mark at least one completion step." in screen_text(pilot.app)
        await press(pilot, "f2")
        assert pilot.app.screen is dialog
        await press(pilot, "c", "f2")
        assert services.tasks.wait(PATIENCE)
    goal = services.goals.get("Claims")
    assert [(step.name, step.kind) for step in goal.steps] == [
        ("Begin", "initial"), ("Ask [/]", "step"), ("Done", "completion")
    ]  # fmt: skip
    report = services.insights.report(Filters(span="all"))
    assert (report.totals.started, report.totals.completed, report.totals.partial) == (3, 2, 1)
    assert services.insights.dimension_values("locale") == ["de", "en"]


async def test_back_keeps_what_was_chosen_and_escape_changes_nothing(services: Services, log: Path) -> None:
    async with running(services, area="tasks") as pilot:
        await press(pilot, "l")
        await paste(pilot, str(log))
        await press(pilot, "enter", "down", "enter")
        await type_text(pilot, "who")
        await press(pilot, "enter", "f2")
        assert isinstance(pilot.app.screen, ChooseColumns), "what is the step now is no longer the case"
        assert "Choose the column for: Case." in screen_text(pilot.app)
        await press(pilot, "escape")
        await press(pilot, "l")
        await paste(pilot, str(log))
        await press(pilot, "enter", *["down"] * 8, "enter")
        await type_text(pilot, "B")
        await press(pilot, "enter", "f2", "escape")
        assert isinstance(pilot.app.screen, ChooseColumns) and pilot.app.screen.plan.goal == "B"
        await press(pilot, "escape")
    assert services.goals.all() == [] and services.tasks.list() == [] and services.workspace.events.is_empty()


async def test_as_activities(services: Services, log: Path) -> None:
    async with running(services, area="tasks") as pilot:
        await press(pilot, "l")
        await paste(pilot, str(log))
        await press(pilot, "enter", *["down"] * 7, "enter", "down", "enter", "f2")
        assert "7 rows, 3 sessions." in screen_text(pilot.app)
        await press(pilot, "f2")
        assert services.tasks.wait(PATIENCE)
    assert services.activities.stats().activities == 7 and services.goals.all() == []


async def test_what_cannot_be_imported_is_said_in_place(services: Services, log: Path) -> None:
    async with running(services, area="tasks") as pilot:
        log.write_text("id,what,when\n" + "".join(f"{n},step {n % 15},2026-11-01T08:00:00Z\n" for n in range(60)))
        await press(pilot, "l")
        await paste(pilot, str(log))
        await press(pilot, "enter", "f2")
        assert "has 15 activities, and a goal has at most 10 steps" in " ".join(screen_text(pilot.app).split())
        await press(pilot, "f2")
        assert isinstance(pilot.app.screen, ChooseSteps)
        await press(pilot, "escape", "escape")
        log.write_bytes(b"PK\x03\x04 no workbook")
        await press(pilot, "l")
        await paste(pilot, str(log))
        await press(pilot, "enter")
        assert any("can't be imported" in message for message in messages(pilot.app))
    assert services.goals.all() == []


async def test_a_format_that_says_its_columns(services: Services, tmp_path: Path) -> None:
    path = tmp_path / "bot.json"
    said = {"type": "message", "timestamp": "2026-10-01T08:00:01Z", "from": {"role": "user"}, "text": "hi"}
    path.write_text(json.dumps([{**said, "id": str(n), "conversation": {"id": f"c{n}"}} for n in range(3)]))
    async with running(services, (80, 24), area="tasks") as pilot:
        await press(pilot, "l")
        await paste(pilot, str(path))
        await press(pilot, "enter")
        text = screen_text(pilot.app)
        assert "a Bot Framework transcript" in text and "Endpoint" not in text
        await press(pilot, "enter", "down", "enter", "f2", "f2")
        assert services.tasks.wait(PATIENCE)
    assert services.activities.stats().sessions == 3


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"case_id": ["1", "1", "2"], "activity": list("ABA"), "ts": ["1790841600"] * 3}, None),
        (
            {"case_id": ["1", "1", "2"], "activity": list("ABA"), "timestamp": ["1790841600"] * 3},
            Columns("case_id", "activity", "timestamp"),
        ),
        (
            {"id": list("123"), "ticket": list("aab"), "status": ["open", "shut", "open"], "date": ["1.10.2026"] * 3},
            Columns("ticket", "status", "date"),
        ),
        (
            {"sessionId": list("112"), "event": list("ABA"), "at": ["2026-10-01"] * 3, "language": ["de"] * 3},
            Columns("sessionId", "event", "at", locale="language"),
        ),
        ({"a": ["1"], "b": ["2"], "c": ["3"]}, None),
        ({}, None),
        ({"when": ["2026-10-01"]}, None),
    ],
)
def test_the_guess_of_columns(values: dict[str, list[str]], expected: Columns | None) -> None:
    assert guess_columns(values) == expected
