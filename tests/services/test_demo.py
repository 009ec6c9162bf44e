"""The demo: what it shows, that it is the same every time, and what it leaves alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.filters import Choice, Filters
from goals_tui.domain.report import Cycle
from goals_tui.services.context import Services, create_workspace, open_services
from goals_tui.services.demo.filling import DAYS, NEW, OLD
from goals_tui.services.demo.service import is_demo, make_demo
from goals_tui.services.features import Features
from tests.conftest import NOW

YEAR = Filters(span="last-365-days")


@pytest.fixture
def demo(demo_folder: Path) -> Services:
    return open_services(demo_folder, clock=lambda: NOW, env={})


def test_three_goals_that_could_be_saved_and_their_flows(demo: Services) -> None:
    assert is_demo(demo.project)
    assert [goal.name for goal in demo.goals.all()] == ["Activate a SIM", "Book a Flight", "Report a Claim"]
    assert all(not demo.goals.problems(goal) for goal in demo.goals.all())
    assert {flow for row in demo.goals.summaries() for flow in row.flows} == {
        "Activate a SIM",
        "Book a Flight",
        "Change a Booking (draft)",
        "Report a Claim",
    }
    assert demo.features == Features()


def test_only_the_draft_has_findings_and_each_can_be_fixed(demo: Services) -> None:
    findings = demo.flows.findings()
    assert {finding.flow for finding in findings} == {"Change a Booking (draft)"}
    assert [finding.code for finding in findings] == [
        "before-initial",
        "no-step",
        "maybe-before-initial",
        "node-unreachable",
    ]
    assert all(finding.fix for finding in findings)


def test_ninety_days_up_to_now_and_nothing_later(demo: Services) -> None:
    stats = demo.workspace.events.stats()
    assert stats.first is not None and stats.last is not None
    assert NOW - timedelta(days=DAYS) <= stats.first < NOW - timedelta(days=DAYS - 1)
    assert NOW - timedelta(hours=6) < stats.last <= NOW
    report = demo.insights.report(YEAR)
    assert len({day.day for day in report.days}) >= DAYS
    assert not report.health
    assert report.totals.unpriced_steps == 0


def test_the_second_snapshot_is_visibly_better(demo: Services) -> None:
    def completion(snapshot: str, goal: str) -> float:
        filters = Filters(
            span="last-365-days",
            snapshots=Choice(values=(snapshot,)),
            goals=Choice(values=(demo.goals.get(goal).id,)),
        )
        rate = demo.insights.report(filters).totals.completion_rate
        assert rate is not None
        return rate

    for goal in ("Activate a SIM", "Book a Flight", "Report a Claim"):
        assert completion(NEW, goal) > completion(OLD, goal) + 0.1


def test_every_dimension_has_something_to_show(demo: Services) -> None:
    assert sorted(demo.insights.dimension_values("endpoint")) == ["Interaction Panel", "Voice", "Webchat", "WhatsApp"]
    assert demo.insights.dimension_values("locale") == ["Deutsch", "English", "Français"]
    assert demo.insights.dimension_values("snapshot") == [OLD, NEW]
    versions = demo.insights.breakdown("version", YEAR)
    assert len(versions) == 4, "one goal has two versions with traffic"
    tested = demo.insights.report(Filters(span="last-365-days", include_test=True)).totals.started
    assert tested > demo.insights.report(YEAR).totals.started


def test_funnels_go_down(demo: Services) -> None:
    for goal in demo.goals.all():
        reached = [step.reached for step in demo.insights.funnel(goal.id, YEAR).steps]
        if goal.name != "Activate a SIM":
            assert reached == sorted(reached, reverse=True), goal.name
        assert all(reached)


def test_saved_filters_find_something(demo: Services) -> None:
    saved = demo.filters.all()
    assert len(saved) == 4
    for one in saved:
        assert demo.insights.report(one.filters).totals.started > 30, one.name


def test_the_same_day_gives_the_same_cycles(demo: Services, tmp_path: Path) -> None:
    def cycles(services: Services) -> dict[str, Cycle]:
        return {one.cycle_id: one for one in services.insights.cycles(Filters(span="all", include_test=True))}

    def made_at(moment: datetime) -> Services:
        path = tmp_path / f"{moment:%d-%H-%M}"
        make_demo(path, clock=lambda: moment)
        return open_services(path, clock=lambda: moment, env={})

    noon = cycles(demo)
    midnight = datetime(2026, 11, 20, tzinfo=ZoneInfo("Europe/Berlin"))
    later: dict[str, Cycle] = {}
    for hours in (3.2, 3.3, 23.9):
        services = made_at(midnight + timedelta(hours=hours))
        now = cycles(services)
        assert all(now[id_] == cycle for id_, cycle in later.items()), "what was there earlier is there later"
        shared = noon if hours < 13 else now
        assert all(cycle == shared[id_] for id_, cycle in now.items())
        later = now
        assert services.goals.all() == demo.goals.all() and services.flows.all() == demo.flows.all()
    assert noon.keys() < later.keys()
    assert min(one.started_at for id_, one in later.items() if id_ not in noon) > NOW - timedelta(minutes=30)  # type: ignore[type-var]
    tomorrow = cycles(made_at(midnight + timedelta(days=1, hours=1)))
    assert len(tomorrow.keys() & later.keys()) > len(later) // 2, "a day's conversations are that day's tomorrow, too"


def test_it_is_left_as_it_is_unless_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "made" / "here"
    made = make_demo(path, clock=lambda: NOW)
    assert made.message == f"Created the demo at {path}: 3 goals, 2,906 conversations in 90 days."
    services = open_services(path, env={})
    services.flows.create("Mine")
    again = make_demo(path, clock=lambda: NOW + timedelta(days=5))
    assert "is as you left it. --fresh creates it again" in again.message
    assert "Mine" in [flow.name for flow in open_services(path, env={}).flows.all()]

    make_demo(path, fresh=True, clock=lambda: NOW + timedelta(days=5))
    services = open_services(path, env={})
    assert "Mine" not in [flow.name for flow in services.flows.all()]
    assert services.workspace.events.stats().last > NOW + timedelta(days=4)  # type: ignore[operator]  # not None here
    assert [entry.name for entry in path.parent.iterdir()] == ["here"]


def test_neighbours_and_files_of_others_stay(tmp_path: Path, demo_folder: Path) -> None:
    for name in (".here.new", ".here.abcdefgh.making"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text("a")
    path = Path(shutil.copytree(demo_folder, tmp_path / "here"))
    (path / "flight.csv").write_text("mine")
    (path / "values.yaml").write_text("FEATURE_USE_GOALS_V2: true")
    make_demo(path, fresh=True, clock=lambda: NOW)
    assert (path / "flight.csv").read_text() == "mine" and (path / "values.yaml").exists()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".here.abcdefgh.making", ".here.new", "here"]
    assert [len(list((tmp_path / name).iterdir())) for name in (".here.new", ".here.abcdefgh.making")] == [1, 1]


@pytest.mark.parametrize("fresh", [False, True])
def test_what_is_no_demo_is_left_alone(tmp_path: Path, fresh: bool) -> None:
    mine = create_workspace(tmp_path / "mine", name="Mine", env={})
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("a")
    (tmp_path / "file").write_text("a")
    for name in ("mine", "notes", "file"):
        with pytest.raises(RefusedError, match="holds something else than the demo"):
            make_demo(tmp_path / name, fresh=fresh, clock=lambda: NOW)
    assert mine.project.get().name == "Mine"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "mine", "notes"]


def test_an_empty_folder_becomes_the_demo(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    make_demo(tmp_path / "empty", clock=lambda: NOW)
    assert is_demo(open_services(tmp_path / "empty", env={}).project)


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a")
    with pytest.raises(UnreadableError):
        make_demo(tmp_path / "file" / "demo", clock=lambda: NOW)


def test_opening_it_again_loads_nothing_that_fills_it(demo: Services) -> None:
    program = """
import sys
from pathlib import Path
from goals_tui.services.demo.service import make_demo
make_demo(Path(sys.argv[1]))
assert not {"goals_tui.services.simulation", "goals_tui.services.demo.filling", "duckdb"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program, str(demo.workspace.path)], check=True)
