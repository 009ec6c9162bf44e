"""Packages of random projects: what an import promises holds whatever is in them."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.event import GoalEvent
from goals_tui.domain.filters import Filters
from goals_tui.domain.flow import Flow
from goals_tui.domain.goal import Goal
from goals_tui.domain.ids import Ids
from goals_tui.services.context import Services, create_workspace
from tests.builders import WHEN, event, flow_sets, goals
from tests.examples import examples

pytestmark = pytest.mark.fuzz

ALL = Filters(span="all", include_test=True)
FEW = examples(5)


def workspace(folder: str, name: str) -> Services:
    return create_workspace(Path(folder) / name, name=name, clock=lambda: WHEN, ids=Ids(name), env={})


class Filling(NamedTuple):
    """The content of a project: goals, flows over them, cycles (which goal, edited or not, how many steps)."""

    goals: tuple[Goal, ...]
    flows: tuple[Flow, ...]
    cycles: tuple[tuple[int, bool, int], ...]


@st.composite
def projects(draw: st.DrawFn) -> Filling:
    """Any project."""
    made = draw(st.lists(goals(), min_size=1, max_size=3, unique_by=lambda goal: goal.name.strip().casefold()))
    flows = draw(flow_sets(tuple(made)))
    cycles = draw(st.lists(st.tuples(st.integers(0, len(made) - 1), st.booleans(), st.integers(1, 5)), max_size=8))
    return Filling(tuple(made), flows, tuple(cycles))


def fill(services: Services, project: Filling) -> None:
    first = [services.goals.save(goal.model_copy(update={"revision": 0})) for goal in project.goals]
    second = [services.goals.save(goal.model_copy(update={"description": "edited"})) for goal in first]
    for flow in project.flows:
        services.flows.save(flow)
    events: list[GoalEvent] = []
    for number, (which, edited, reached) in enumerate(project.cycles):
        goal = (second if edited else first)[which]
        for place, step in enumerate(goal.steps[:reached]):
            events.append(event(goal, step.name, cycle=str(number), seconds=number * 40_000 + place))
    services.workspace.events.append(events)


def pack(services: Services, path: Path) -> None:
    names = [goal.id for goal in services.goals.all()]
    services.packages.export(names, path, with_events=True, flows=[flow.id for flow in services.flows.all()])


def state(services: Services) -> tuple[object, ...]:
    report = services.insights.report(ALL)
    return (
        services.goals.all(),
        services.flows.all(),
        services.flows.findings(),
        (report.totals, report.goals, report.days, report.health),
    )


@FEW
@given(projects())
def test_an_empty_project_becomes_the_same(project: Filling) -> None:
    with TemporaryDirectory() as folder:
        source, target = workspace(folder, "source"), workspace(folder, "target")
        fill(source, project)
        pack(source, Path(folder) / "a.zip")
        target.packages.import_package(Path(folder) / "a.zip")
        assert state(target) == state(source)


@FEW
@given(projects(), st.sampled_from(["skip", "replace"]))
def test_a_second_import_that_skips_or_replaces_changes_nothing(
    project: Filling, answer: Literal["skip", "replace"]
) -> None:
    with TemporaryDirectory() as folder:
        source = workspace(folder, "source")
        fill(source, project)
        pack(source, Path(folder) / "a.zip")
        before = state(source)
        source.packages.import_package(Path(folder) / "a.zip", answer)
        assert state(source) == before


@FEW
@given(projects())
def test_a_second_import_that_duplicates_doubles_everything(project: Filling) -> None:
    with TemporaryDirectory() as folder:
        source = workspace(folder, "source")
        fill(source, project)
        pack(source, Path(folder) / "a.zip")
        before, findings = source.insights.report(ALL), source.flows.findings()
        count = (len(source.goals.all()), len(source.flows.all()))
        source.packages.import_package(Path(folder) / "a.zip", "duplicate")
        after = source.insights.report(ALL)
        assert (len(source.goals.all()), len(source.flows.all())) == (count[0] * 2, count[1] * 2)
        assert after.totals == before.totals + before.totals
        assert after.health == before.health
        assert sorted(finding.code for finding in source.flows.findings()) == sorted(
            [finding.code for finding in findings] * 2
        )


@FEW
@given(projects())
def test_what_was_edited_here_is_replaced(project: Filling) -> None:
    with TemporaryDirectory() as folder:
        source = workspace(folder, "source")
        fill(source, project)
        pack(source, Path(folder) / "a.zip")
        before = source.insights.report(ALL).totals
        definitions = [(goal.name, goal.description, goal.steps) for goal in source.goals.all()]
        for goal in source.goals.all():
            source.goals.save(goal.model_copy(update={"description": "edited once more"}))
        source.packages.import_package(Path(folder) / "a.zip", "replace")
        assert [(goal.name, goal.description, goal.steps) for goal in source.goals.all()] == definitions
        assert source.insights.report(ALL).totals == before
