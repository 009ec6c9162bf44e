"""Retention: what has expired is counted, deleted in one step, and leaves with the next seal."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from goals_tui.domain.activity import Activity
from goals_tui.domain.errors import WrongValueError
from goals_tui.domain.event import GoalEvent
from goals_tui.domain.project import parse_retention
from goals_tui.services.context import Services
from tests.builders import event, goal
from tests.conftest import NOW

GOAL = goal("Book a Flight", "● Flight selected", "◎ Paid")


def aged(days: float, *, expires_in: float | None = None, number: int = 0) -> GoalEvent:
    """An initial step so many days before now."""
    made = event(GOAL, GOAL.initial.name, cycle=f"{days} {number}", session=f"{days} {number}")
    expiry = None if expires_in is None else (NOW + timedelta(days=expires_in)).isoformat()
    return made.model_copy(update={"timestamp": NOW - timedelta(days=days), "expires_at": expiry})


def activity(days: float) -> Activity:
    return Activity(id=f"a{days}", timestamp=NOW - timedelta(days=days), session_id="s", kind="user")


def keep_for(services: Services, days: int | None) -> None:
    project = services.project.get().model_copy(update={"retention_days": days})
    services.project.save(project)


def ages(services: Services) -> list[float]:
    with services.workspace.events.connect() as connection:
        rows = connection.execute("SELECT timestamp FROM events ORDER BY timestamp DESC").fetchall()
    return [(NOW.replace(tzinfo=None) - moment) / timedelta(days=1) for (moment,) in rows]


@pytest.mark.parametrize("sealed", [False, True])
def test_what_is_older_than_the_retention_goes(services: Services, sealed: bool) -> None:
    log = services.workspace.events
    log.append([aged(days) for days in (1, 29.99, 30, 30.01, 400)])
    services.workspace.activities.append([activity(days) for days in (1, 31, 32)])
    if sealed:
        log.seal()
        services.workspace.activities.seal()
    log.append([aged(2), aged(500)])
    keep_for(services, 30)
    counted = services.events.expire(dry_run=True)
    assert (counted.events, counted.activities, counted.before) == (3, 2, NOW - timedelta(days=30))
    assert len(ages(services)) == 7
    assert services.events.expire().events == 3
    assert ages(services) == [1, 2, 29.99, 30]
    assert services.activities.stats().activities == 1
    assert services.events.expire().events == services.events.expire().activities == 0
    assert services.events.verify() == []


def test_an_event_goes_at_its_own_expiry_also_where_everything_is_kept(services: Services) -> None:
    odd = aged(3, number=9).model_copy(update={"expires_at": "never"})
    services.workspace.events.append(
        [aged(1, expires_in=-0.01), aged(2, expires_in=0), aged(3, expires_in=0.01), aged(4), odd]
    )
    assert services.events.expire(dry_run=True).before is None
    assert services.events.expire().events == 2
    assert ages(services) == [3, 3, 4]


def test_sealing_takes_what_has_expired(services: Services) -> None:
    services.workspace.events.append([aged(1), aged(40)])
    services.workspace.activities.append([activity(40)])
    keep_for(services, 30)
    sealed = services.events.seal()
    assert (sealed.events, sealed.expired, sealed.expired_activities) == (2, 1, 1)
    assert ages(services) == [1]
    assert services.activities.stats().activities == 0


def test_nothing_goes_and_no_file_changes_where_nothing_has_expired(services: Services) -> None:
    services.workspace.events.append([aged(1), aged(4000)])
    before = services.workspace.events.stamp()
    assert (services.events.expire().events, services.workspace.events.stamp()) == (0, before)


def test_a_project_without_retention_is_written_as_before(services: Services) -> None:
    def stored() -> dict[str, object]:
        documents = json.loads((services.path / "goals.json").read_text("utf-8"))
        return next(iter(documents["project"].values()))

    keep_for(services, 30)
    assert stored()["retention_days"] == 30
    keep_for(services, None)
    assert "retention_days" not in stored()


@pytest.mark.parametrize(("text", "days"), [("0", None), (" 365 ", 365), ("30 days", 30), ("1 day", 1)])
def test_a_retention_is_read(text: str, days: int | None) -> None:
    assert parse_retention(text) == days


@pytest.mark.parametrize("text", ["", "-1", "a year", "1.5", "36501", "٣", "9" * 5000])
def test_what_is_no_number_of_days_is_refused(text: str) -> None:
    with pytest.raises(WrongValueError, match="not a number of days"):
        parse_retention(text)


def test_the_command(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from goals_tui.cli.app import app

    services.workspace.events.append([aged(1), aged(40)])
    keep_for(services, 30)
    monkeypatch.setenv("GOALS_TUI_NOW", NOW.isoformat())
    run = CliRunner().invoke
    at = ["--workspace", str(services.path), "events", "expire"]
    counted = json.loads(run(app, [*at, "--dry-run", "--format", "json"]).stdout)
    assert counted == {"events": 1, "activities": 0, "before": "2026-10-21T12:00:00.000Z", "dry_run": True}
    assert "Deleted 1 event and 0 activities." in run(app, at).stdout
    services.workspace.events.append([aged(41)])
    services.workspace.activities.append([activity(41), activity(42)])
    sealed = run(app, ["--workspace", str(services.path), "events", "seal"])
    assert "Deleted 1 event and 2 activities that had expired." in sealed.output
    assert "0 events and 0 activities would be deleted." in run(app, [*at, "--dry-run"]).stdout
