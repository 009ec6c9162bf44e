"""The numbers of ../shared/data/sgd, as a separate script computed them: to the cent, the second and the cycle."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from goals_tui.domain.drill_down import DrillDown
from goals_tui.domain.event import INTERACTION_PANEL
from goals_tui.domain.filters import Choice, Filters
from goals_tui.domain.report import Figures
from goals_tui.services.context import Services, create_workspace
from tests.builders import count_behind
from tests.sgd import CASES, EXPECTED, SGD, each_case

pytestmark = pytest.mark.skipif(not SGD.is_dir(), reason="the test data is not beside this checkout, in ../shared")


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    now = datetime(2026, 11, 19, 12, tzinfo=UTC)
    opened = create_workspace(tmp_path_factory.mktemp("sgd"), name="SGD", clock=lambda: now, env={})
    opened.imports.odata([SGD])
    return opened


def figures(wanted: dict[str, int]) -> Figures:
    return Figures(
        started=wanted["started"],
        completed=wanted.get("completed", 0),
        partial=wanted.get("partial", 0),
        incomplete=wanted.get("incomplete", 0),
        time_saved_seconds=wanted["time_saved_seconds"],
        cost_savings=Decimal(wanted["cost_cents"]) / 100,
        revenue=Decimal(wanted["revenue_cents"]) / 100,
    )


@each_case
def test_totals_goals_and_days(services: Services, case: str) -> None:
    expected, report = EXPECTED[case], services.insights.report(CASES[case])
    assert report.totals == figures(expected["totals"])
    assert {row.name: row.figures for row in report.goals} == {n: figures(f) for n, f in expected["goals"].items()}
    days: dict[str, Figures] = {}
    for row in report.days:
        days[row.day.isoformat()] = days.get(row.day.isoformat(), Figures()) + row.figures
    assert days == {day: figures(wanted) for day, wanted in expected["days"].items()}
    assert report.health.orphan_cycles == expected["orphans"]
    assert not report.health


@each_case
def test_funnel_and_medians(services: Services, case: str) -> None:
    expected = EXPECTED[case]
    medians = {}
    for goal in services.goals.all():
        if goal.name not in expected["goals"]:
            continue
        funnel = services.insights.funnel(goal.id, CASES[case])
        assert {step.name: step.reached for step in funnel.steps} == expected["funnel"][goal.name]
        assert funnel.started == expected["goals"][goal.name]["started"]
        for step in funnel.steps[1:]:
            assert step.median_seconds is not None
            medians[f"{goal.name} / {step.name}"] = round(step.median_seconds, 3)
    assert medians == pytest.approx(expected["median_seconds_from_start"], abs=0.001)


@each_case
def test_every_number_leads_to_its_cycles(services: Services, case: str) -> None:
    filters, insights = CASES[case], services.insights
    report = insights.report(filters)
    assert count_behind(insights, filters) == report.totals.started
    assert count_behind(insights, filters, outcome="completed") == report.totals.completed
    assert count_behind(insights, filters, outcome="partial") == report.totals.partial
    assert count_behind(insights, filters, outcome="incomplete") == report.totals.incomplete
    for row in report.days[:5]:
        found = insights.cycles(filters, DrillDown(goal_id=row.goal_id, day=row.day))
        assert len(found) == row.figures.started
        assert sum(cycle.cost_savings for cycle in found) == row.figures.cost_savings
    for goal in report.goals:
        for step in insights.funnel(goal.goal_id, filters).steps:
            assert count_behind(insights, filters, goal_id=goal.goal_id, step_id=step.step_id) == step.reached
    for part in insights.breakdown("snapshot", filters):
        assert count_behind(insights, filters, parts=(("snapshot", part.part),)) == part.figures.started


def test_sealing_changes_no_number(services: Services) -> None:
    before = [services.insights.report(filters) for filters in CASES.values()]
    services.workspace.events.seal()
    assert [services.insights.report(filters) for filters in CASES.values()] == before


def test_naming_the_interaction_panel_is_asking_for_it(services: Services) -> None:
    everything = services.insights.report(Filters(span="all", include_test=True)).totals
    usual = services.insights.report(Filters(span="all")).totals
    named = Filters(span="all", endpoints=Choice(values=(INTERACTION_PANEL,)))
    panel = services.insights.report(named)
    assert usual + panel.totals == everything
    assert panel.totals.started > 0
    assert panel.filters == {"endpoints": [INTERACTION_PANEL]}
    negated = Filters(span="all", include_test=True, endpoints=Choice(values=(INTERACTION_PANEL,), negated=True))
    assert services.insights.report(negated).totals == usual
