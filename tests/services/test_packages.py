"""Packages: what goes in comes out, what collides is asked, and a failure in the middle changes nothing."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from goals_tui.domain.errors import NotFoundError, RefusedError, UnreadableError
from goals_tui.domain.filters import Filters
from goals_tui.domain.flow import ExecuteFlow, GoTo, TrackGoal
from goals_tui.domain.ids import Ids
from goals_tui.domain.package import ConflictsError
from goals_tui.services.context import Services, create_workspace, open_services
from goals_tui.store.events.log import EventLog
from tests.builders import (
    WHEN,
    book_a_flight,
    book_a_flight_flow,
    event,
    execute,
    flow,
    go_to,
    goal,
    say,
    step,
    track,
)

Make = Callable[..., Services]
ALL = Filters(span="all", include_test=True)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def create(name: str, currency: str = "EUR", env: dict[str, str] | None = None) -> Services:
        later = WHEN + timedelta(days=1)
        return create_workspace(
            tmp_path / name, name=name, currency=currency, clock=lambda: later, ids=Ids(name), env=env or {}
        )

    return create


@pytest.fixture
def source(make: Make) -> Services:
    """Book a Flight with its flow, two versions, and three events under the first one."""
    services = make("source")
    first = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.flows.save(book_a_flight_flow(first))
    services.workspace.events.append(
        [
            event(first, "Flight selected"),
            event(first, "Payment completed", seconds=90),
            event(first, "Flight selected", cycle="2", seconds=500),
        ]
    )
    services.goals.save(first.model_copy(update={"description": "With a payment."}))
    return services


@pytest.fixture
def package(source: Services, tmp_path: Path) -> Path:
    path = tmp_path / "flight.zip"
    source.packages.export(["Book a Flight"], path, with_events=True, flows=["Book a Flight"])
    return path


def test_what_a_package_holds_can_be_read_without_us(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        assert archive.namelist() == ["goals.json", "goal_versions.json", "flows.json", "events.jsonl", "manifest.json"]
        manifest = json.loads(archive.read("manifest.json"))
        goals = json.loads(archive.read("goals.json"))
        versions = json.loads(archive.read("goal_versions.json"))
        events = [json.loads(line) for line in archive.read("events.jsonl").splitlines()]
    assert (manifest["format"], manifest["format_version"]) == ("goals-tui-package", 1)
    assert manifest["project"] == {"name": "source", "currency": "EUR"}
    assert manifest["created_at"] == "2026-10-02T08:00:00.000Z"
    assert goals[0]["steps"][2]["metrics"] == {
        "cost_savings": "12.50",
        "revenue": "45.00",
        "time_saved_seconds": 480,
    }
    assert [version["description"] for version in versions] == ["", "With a payment."]
    assert [moment["timestamp"] for moment in events] == [
        "2026-10-01T08:00:00.000Z",
        "2026-10-01T08:01:30.000Z",
        "2026-10-01T08:08:20.000Z",
    ]
    assert events[0]["version"] == versions[0]["version"]


def test_the_same_contents_give_the_same_bytes(source: Services, package: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    result = source.packages.export(["Book a Flight"], again, with_events=True, flows=["Book a Flight"])
    assert again.read_bytes() == package.read_bytes()
    assert result.summary().startswith("Packed 1 goal, 1 flow, 3 events (")


def test_export_without_events_leaves_them_out(source: Services, tmp_path: Path) -> None:
    result = source.packages.export(["book a flight"], tmp_path / "a.zip")
    assert result.summary().startswith("Packed 1 goal, 0 flows (")
    info = source.packages.inspect(tmp_path / "a.zip")
    assert (info.events, [item.kind for item in info.items]) == (None, ["goal"])


def test_a_flow_brings_what_it_needs(make: Make, tmp_path: Path) -> None:
    services = make("flows")
    tracked = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    services.goals.save(goal("Unrelated", "Start", "◎ End").model_copy(update={"revision": 0}))
    services.flows.save(flow("Main", say("hello"), execute("Booking"), go_to("Main"), go_to("Gone")))
    services.flows.save(flow("Booking", track(tracked, "Flight selected")))
    services.packages.export([], tmp_path / "a.zip", flows=["Main"])
    names = [(item.kind, item.name, item.detail) for item in services.packages.inspect(tmp_path / "a.zip").items]
    assert names == [("goal", "Book a Flight", "3 steps"), ("flow", "Booking", "1 node"), ("flow", "Main", "4 nodes")]


def test_nothing_chosen_and_nothing_known(source: Services, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="There is nothing to pack"):
        source.packages.export([], tmp_path / "a.zip")
    with pytest.raises(NotFoundError, match="Did you mean 'Book a Flight'"):
        source.packages.export(["Book a Fligt"], tmp_path / "a.zip")
    assert not (tmp_path / "a.zip").exists()


def test_an_empty_project_gets_everything_under_the_same_ids(source: Services, package: Path, make: Make) -> None:
    target = make("target")
    result = target.packages.import_package(package)
    assert result.summary() == "Imported 1 goal, 1 flow, 3 events."
    assert result.notices == ()
    assert target.goals.all() == source.goals.all()
    assert target.goals.versions(source.goals.all()[0].id) == source.goals.versions(source.goals.all()[0].id)
    assert target.flows.all() == source.flows.all()
    assert target.flows.findings() == source.flows.findings() == []
    assert figures(target) == figures(source)


def figures(services: Services) -> object:
    report = services.insights.report(ALL)
    return report.totals, report.goals, report.days, report.health


def test_conflicts_are_listed_and_nothing_happens(source: Services, package: Path) -> None:
    info = source.packages.inspect(package)
    assert [(item.kind, item.reason) for item in info.conflicts] == [
        ("goal", "here already, and the same"),
        ("flow", "here already, and the same"),
    ]
    before = source.stamp()
    with pytest.raises(ConflictsError) as refused:
        source.packages.import_package(package)
    assert str(refused.value) == (
        "Nothing was imported, for there are conflicts: goal 'Book a Flight' (here already, and the same), "
        "flow 'Book a Flight' (here already, and the same). Say --on-conflict skip, replace or duplicate."
    )
    assert source.stamp() == before


def test_each_conflict_may_have_its_own_answer(source: Services, package: Path) -> None:
    found = {item.kind: item.id for item in source.packages.inspect(package).conflicts}
    with pytest.raises(ConflictsError, match="flow 'Book a Flight'"):
        source.packages.import_package(package, {found["goal"]: "skip"})
    result = source.packages.import_package(package, {found["goal"]: "skip", found["flow"]: "duplicate"})
    assert result.summary() == "Imported 0 goals, 1 flow, 0 events; 1 item left unchanged."
    assert [flow.name for flow in source.flows.all()] == ["Book a Flight", "Book a Flight (2)"]
    assert source.flows.findings() == []


def test_skip_leaves_everything_as_it_is(source: Services, package: Path) -> None:
    before = (source.goals.all(), source.flows.all(), figures(source))
    result = source.packages.import_package(package, "skip")
    assert result.skipped == ("Book a Flight", "Book a Flight")
    assert (source.goals.all(), source.flows.all(), figures(source)) == before


def test_replace_makes_a_new_version_of_what_is_here(source: Services, package: Path) -> None:
    edited = source.goals.get("Book a Flight")
    renamed = source.goals.save(edited.model_copy(update={"name": "Fly", "description": "edited here"}))
    result = source.packages.import_package(package, "replace")
    assert result.notices == ("Already here: 3 events.",)

    after = source.goals.get("Book a Flight")
    assert (after.id, after.description) == (edited.id, "With a payment.")
    assert after.revision == renamed.revision + 1
    assert [version.name for version in source.goals.versions(after.id)][-2:] == ["Fly", "Book a Flight"]
    assert source.flows.findings() == []


def test_duplicate_is_independent_and_wired_to_itself(source: Services, package: Path) -> None:
    before = figures(source)
    result = source.packages.import_package(package, "duplicate")
    assert "The goal 'Book a Flight' is here as 'Book a Flight (2)'." in result.notices
    original, copy = source.goals.get("Book a Flight"), source.goals.get("Book a Flight (2)")
    assert not {step.id for step in original.steps} & {step.id for step in copy.steps}
    assert copy.version != original.version
    assert copy.reference_id != original.reference_id
    nodes = [node for node in source.flows.get("Book a Flight (2)").walk() if isinstance(node, TrackGoal)]
    assert {node.goal_id for node in nodes} == {copy.id}
    assert [step for node in nodes for step in node.step_ids] == [step.id for step in copy.steps]
    assert source.flows.findings() == []

    report = source.insights.report(ALL)
    one, other = report.goals
    assert one.figures == other.figures
    assert not report.health
    source.goals.delete(copy.id, confirm=copy.name)
    source.flows.delete(source.flows.get("Book a Flight (2)").id)
    assert figures(source) == before


def test_another_goal_of_the_same_name_is_replaced_by_its_steps_names(
    source: Services, package: Path, make: Make
) -> None:
    target = make("target")
    mine = goal(
        "BOOK A FLIGHT",
        step("Chosen", "initial", goal_name="mine"),
        step("Payment completed", "completion", goal_name="mine"),
        step("Rated", goal_name="mine"),
    ).model_copy(update={"revision": 0})
    mine = target.goals.save(mine)
    target.flows.save(flow("Mine", track(mine, "Chosen"), track(mine, "Payment completed")))
    (item, _) = target.packages.inspect(package).items
    assert (item.reason, item.here) == ("another one here has this name", mine.id)

    target.packages.import_package(package, "replace")
    after = target.goals.get("Book a Flight")
    assert after.id == mine.id
    assert [step.name for step in after.steps] == [step.name for step in book_a_flight().steps]
    assert after.initial.id == mine.initial.id
    assert after.step("Payment completed").id == mine.step("Payment completed").id
    assert target.flows.findings() == [], "nodes of both flows find their goal and steps"
    assert target.insights.report(ALL).totals == source.insights.report(ALL).totals

    again = target.packages.import_package(package, "replace")
    assert again.events == 0
    assert target.goals.get("Book a Flight") == after


def test_flows_lead_to_each_other_after_duplication(make: Make, tmp_path: Path) -> None:
    services = make("flows")
    services.flows.save(flow("A", execute("B")))
    services.flows.save(flow("B", go_to("A")))
    services.packages.export([], tmp_path / "a.zip", flows=["A"])
    services.packages.import_package(tmp_path / "a.zip", "duplicate")
    first, second = services.flows.get("A (2)"), services.flows.get("B (2)")
    (leads,), (back,) = first.nodes, second.nodes
    assert isinstance(leads, ExecuteFlow) and leads.flow_id == second.id
    assert isinstance(back, GoTo) and back.flow_id == first.id


def test_two_of_theirs_for_one_of_ours(make: Make, tmp_path: Path) -> None:
    """One collides by id, the other by name, with the same goal here: each finds a place."""
    theirs, ours = make("theirs"), make("ours")
    shared = goal("Shared", "Start", "◎ End")
    theirs.goals.save(shared.model_copy(update={"revision": 0, "name": "Renamed there"}))
    theirs.goals.save(goal("Shared", "Begin", "◎ Finish").model_copy(update={"revision": 0, "id": "f" * 24}))
    ours.goals.save(shared.model_copy(update={"revision": 0}))
    theirs.packages.export(["Renamed there", "Shared"], tmp_path / "a.zip")
    ours.packages.import_package(tmp_path / "a.zip", "replace")
    assert {found.id: found.name for found in ours.goals.all()} == {shared.id: "Renamed there", "f" * 24: "Shared"}


def test_another_currency_and_a_lower_limit_are_said(source: Services, package: Path, make: Make) -> None:
    target = make("yen", "JPY", {"FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL": "2"})
    info = target.packages.inspect(package)
    assert info.notices == (
        "Its amounts are in EUR, this project counts in JPY: nothing is converted.",
        "'Book a Flight' has 3 steps, this project allows 2: it works, but can't be edited.",
    )
    assert target.packages.import_package(package).notices == info.notices
    assert str(target.goals.get("Book a Flight").step("Payment completed").metrics.cost_savings) == "12.50"


def test_undo_takes_an_import_back(source: Services, make: Make, tmp_path: Path) -> None:
    target = make("target")
    source.packages.export(["Book a Flight"], tmp_path / "a.zip", flows=["Book a Flight"])
    target.packages.import_package(tmp_path / "a.zip")
    assert target.history.undo() == "Import package 'a.zip'"
    assert (target.goals.all(), target.flows.all()) == ([], ())


def test_undo_of_an_import_brings_back_what_it_replaced_and_leaves_its_events(source: Services, package: Path) -> None:
    mine = source.goals.get("Book a Flight")
    mine = source.goals.save(mine.model_copy(update={"description": "mine"}))
    source.packages.import_package(package, "replace")
    assert source.history.undo_label == f"Import package {package.name!r}", "all of its events were here already"
    source.history.undo()
    assert source.goals.get("Book a Flight").description == "mine"


def test_undo_of_an_import_with_events_says_that_they_stay(make: Make, package: Path) -> None:
    target = make("target")
    target.packages.import_package(package)
    events = target.workspace.events.stats().events
    assert events and target.history.undo() == f"Import package {package.name!r} (its events stay)"
    assert target.goals.all() == [] and target.workspace.events.stats().events == events
    target.history.redo()
    assert target.insights.report(ALL).totals.started > 0


@pytest.mark.parametrize("answer", ["replace", "duplicate"])
def test_when_the_events_cannot_be_written_nothing_is(
    source: Services, package: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    changed = source.goals.get("Book a Flight")
    source.goals.save(changed.model_copy(update={"description": "edited"}))
    before = (source.stamp(), source.goals.all(), source.flows.all())

    def fail(*args: object) -> int:
        raise UnreadableError("Can't write events: no space left on device.")

    monkeypatch.setattr(EventLog, "adding", fail)
    with pytest.raises(UnreadableError, match="no space left"):
        source.packages.import_package(package, answer)  # type: ignore[arg-type]  # one of the answers
    assert (source.stamp(), source.goals.all(), source.flows.all()) == before


def test_others_save_while_its_events_are_written(
    source: Services, package: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, real = make("target"), EventLog.adding
    elsewhere = open_services(target.workspace.path, env={})

    def meanwhile(log: EventLog, *rows: Any) -> Any:
        elsewhere.project.save(elsewhere.project.get().model_copy(update={"name": "Meanwhile"}))
        return real(log, *rows)

    monkeypatch.setattr(EventLog, "adding", meanwhile)
    target.packages.import_package(package)
    assert target.project.get().name == "Meanwhile" and target.goals.all()


def test_a_change_while_it_is_read_is_noticed(
    source: Services, package: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = make("target")

    def meanwhile(fraction: float | None, text: str) -> None:
        target.flows.create("From elsewhere")

    with pytest.raises(RefusedError, match="The project was changed while the package was read"):
        target.packages.import_package(package, progress=meanwhile)
    assert target.goals.all() == []
    assert target.workspace.events.is_empty()


def test_the_longest_name_can_be_duplicated(make: Make, tmp_path: Path) -> None:
    services = make("long")
    services.goals.save(goal("x" * 300, "Start", "◎ End").model_copy(update={"revision": 0}))
    services.packages.export(["x" * 300], tmp_path / "a.zip")
    services.packages.import_package(tmp_path / "a.zip", "duplicate")
    assert [found.name for found in services.goals.all()] == ["x" * 296 + " (2)", "x" * 300]
