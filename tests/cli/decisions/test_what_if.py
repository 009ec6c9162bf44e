"""`what-if`: against the report of the same events under the edited goal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from goals_tui.domain.filters import Choice, Filters
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from tests.cli.conftest import Cli
from tests.cli.decisions.conftest import FLIGHT, TwoWeeks

# -- what if


EDITS: dict[str, tuple[list[str], Callable[[Goal], Goal]]] = {}


def edit(*options: str) -> Callable[[Callable[[Goal], Goal]], Callable[[Goal], Goal]]:
    def keep(changed: Callable[[Goal], Goal]) -> Callable[[Goal], Goal]:
        EDITS[" ".join(options)] = (list(options), changed)
        return changed

    return keep


def with_step(of: Goal, name: str, **update: Any) -> Goal:
    steps = tuple(each.model_copy(update=update) if each.name == name else each for each in of.steps)
    return of.model_copy(update={"steps": steps})


@edit()
def same(of: Goal) -> Goal:
    return of


@edit("--completion", "Passenger entered")
def completes_earlier(of: Goal) -> Goal:
    return with_step(of, "Passenger entered", kind="completion")


@edit("--completion", "Seat added", "--no-completion", "payment completed", "--cost", "Payment completed=0.99")
def completes_later(of: Goal) -> Goal:
    metrics = of.step("Payment completed").metrics.model_copy(update={"cost_savings": Decimal("0.99")})
    return with_step(with_step(of, "Seat added", kind="completion"), "Payment completed", kind="step", metrics=metrics)


def test_what_if_says_what_differs_without_an_edit(desk: Cli, services: Services, goals: list[Goal]) -> None:
    assert "without an edit" not in desk("what-if", FLIGHT, "--completion", "Passenger entered").out
    services.goals.save(worth_more(services.goals.get(FLIGHT)))
    shown = " ".join(desk("what-if", FLIGHT, "--completion", "Passenger entered").out.split())
    assert (
        "Of that without an edit, as older versions were defined differently: cost savings €0.00, revenue +€" in shown
    )


@edit("--revenue", "Seat added=100", "--time", "Seat added=1:30:00")
def worth_more(of: Goal) -> Goal:
    metrics = of.step("Seat added").metrics.model_copy(update={"revenue": Decimal(100), "time_saved_seconds": 5400})
    return with_step(of, "Seat added", metrics=metrics)


@pytest.mark.parametrize("name", EDITS)
def test_what_if_is_the_report_of_the_same_events_under_the_edited_goal(
    desk: Cli, services: Services, two_weeks: TwoWeeks, new_services: Callable[..., Services], name: str
) -> None:
    options, changed = EDITS[name]
    found = desk("what-if", FLIGHT, *options, "--span", "all", "--format", "json").json
    filters = Filters(span="all", goals=Choice(values=(services.goals.get(FLIGHT).id,)))
    assert found["recorded"] == services.insights.report(filters).totals.as_json()
    other = new_services("edited")
    edited = changed(services.goals.get(FLIGHT))
    saved = other.goals.save(edited.model_copy(update={"revision": 0}))
    events = [one for one in two_weeks.events if one.goal_id == saved.id]
    other.workspace.events.append([one.model_copy(update={"version": saved.version}) for one in events])
    assert found["what_if"] == other.insights.report(filters).totals.as_json()
    before = {cycle.cycle_id: cycle.outcome for cycle in services.insights.cycles(filters)}
    after = {cycle.cycle_id: cycle.outcome for cycle in other.insights.cycles(filters)}
    moved = Counter((before[cycle], after[cycle]) for cycle in before if before[cycle] != after[cycle])
    assert {(each["from"], each["to"]): each["cycles"] for each in found["moved"]} == moved
    assert services.goals.get(FLIGHT).revision == 1, "nothing is saved"


# -- targets
