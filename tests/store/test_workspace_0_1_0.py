"""A workspace of version 0.1.0 opens as it is, is read, and can be written."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from goals_tui.domain.activity import Trigger
from goals_tui.domain.event import source
from goals_tui.domain.filters import Filters
from goals_tui.services.context import Services, open_services
from goals_tui.services.imports.log_rows import Columns
from tests.conftest import NOW

ORIGINAL = Path(__file__).with_name("workspace_0_1_0")
ALL = Filters(span="all")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A copy of the old workspace."""
    return shutil.copytree(ORIGINAL, tmp_path / "workspace")


def opened(path: Path) -> Services:
    return open_services(path, clock=lambda: NOW, env={})


def content(folder: Path) -> dict[str, bytes]:
    """Every file that holds something, by its path."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_it_is_read_as_it_was_and_reading_changes_nothing(old: Path) -> None:
    services = opened(old)
    report = services.insights.report(ALL)
    totals, health = report.totals, report.health
    assert (totals.started, totals.completed, totals.partial, totals.incomplete) == (11, 8, 2, 1)
    assert (totals.time_saved_seconds, totals.cost_savings, totals.revenue) == (2820, Decimal(75), Decimal("127.5"))
    assert (health.torn_lines, health.unknown_goals, health.unknown_versions, health.orphan_cycles) == (1, 0, 0, 0)
    goals = services.goals.all()
    assert [(goal.name, len(goal.steps), goal.revision) for goal in goals] == [
        ("Book a Flight", 3, 2),
        ("Find a Hotel ✈", 2, 1),
    ]
    assert [len(services.goals.versions(goal.id)) for goal in goals] == [2, 1]
    assert [node.kind for node in services.flows.get("Main").nodes] == [
        "say",
        "question",
        "track_goal",
        "if",
        "other",
        "end",
    ]
    assert [one.name for one in services.filters.all()] == ["Chat only"]
    assert services.features.max_steps == 12
    assert [one.code for one in services.workspace.events.verify()] == ["torn-lines"]
    assert services.workspace.notices == []
    assert content(old) == content(ORIGINAL)


def test_a_conversation_goes_on_in_it(old: Path) -> None:
    services = opened(old)
    booking = services.goals.get("Book a Flight")
    origin = source("Voice", "de", None, services.project.get().id)
    # Session 6 began before the log was sealed and has not booked yet.
    tracked = services.tracking.track("session-6", booking.id, [booking.step("Booked").id], origin)
    assert tracked.events and not tracked.not_tracked
    totals = opened(old).insights.report(ALL).totals
    assert (totals.started, totals.completed, totals.partial) == (11, 9, 1)


def test_it_is_written(old: Path) -> None:
    services = opened(old)
    assert services.workspace.events.seal().events == 8
    hotel = services.goals.get("Find a Hotel ✈")
    services.goals.save(hotel.model_copy(update={"description": "Somewhere to sleep."}))
    services.goals.delete("Book a Flight", confirm="Book a Flight")
    again = opened(old)
    assert [goal.description for goal in again.goals.all()] == ["Somewhere to sleep."]
    assert (again.insights.report(ALL).totals.started, again.workspace.events.stats().events) == (4, 7)
    assert [one.code for one in again.workspace.events.verify()] == ["torn-lines"]


def test_what_was_written_says_the_format_that_version_0_1_0_knows(old: Path) -> None:
    services = opened(old)
    services.goals.delete("Book a Flight", confirm="Book a Flight")
    assert json.loads((old / "goals.json").read_bytes())["_format"] == 1
    assert json.loads((old / "events" / "parts.json").read_bytes())["format"] == 1


def test_activities_triggers_and_batches_work_in_it(old: Path, tmp_path: Path) -> None:
    services = opened(old)
    before = services.insights.report(ALL).totals
    log = tmp_path / "log.csv"
    log.write_text("case,activity,time\nnew,search,2026-11-01T08:00:00Z\nnew,stay,2026-11-01T09:00:00Z\n")
    services.imports.log([log], None, Columns("case", "activity", "time"))
    hotel = services.goals.get("Find a Hotel ✈")
    for step, name in zip(hotel.steps, ("search", "stay"), strict=True):
        services.goals.set_triggers(hotel.id, step.id, [Trigger(name=name)])
    assert services.deriving.derive(hotel.id).added == 2
    again = opened(old)
    assert again.insights.report(ALL).totals.completed == before.completed + 1
    assert [(one.events, one.activities) for one in again.batches.summaries()] == [(0, 2), (2, 0)]
    for batch in again.batches.summaries():
        again.batches.remove(batch.id, confirm=batch.id)
    assert opened(old).insights.report(ALL).totals == before
