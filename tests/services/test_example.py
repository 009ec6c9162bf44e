"""The seed's *Example*, from nothing to a report: goal, flow with three Track Goal Process nodes, conversations."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from goals_tui.domain.event import source
from goals_tui.domain.filters import Filters
from goals_tui.domain.flow import Question, Say, TrackGoal
from goals_tui.domain.goal import Goal
from goals_tui.domain.value import SuccessMetrics, parse_amount, parse_duration
from goals_tui.services.context import Services
from tests.conftest import NOW


def make_goal(services: Services) -> Goal:
    draft = services.goals.draft()
    initial = draft.initial.model_copy(update={"name": "Flight details selected"})
    passenger = services.goals.new_step().model_copy(update={"name": "Passenger information entered"})
    paid = services.goals.new_step("completion").model_copy(
        update={
            "name": "Payment completed",
            "metrics": SuccessMetrics(
                cost_savings=parse_amount("150.00"), time_saved_seconds=parse_duration("02:45:00")
            ),
        }
    )
    return services.goals.save(draft.model_copy(update={"name": "Book a Flight", "steps": (initial, passenger, paid)}))


def make_flow(services: Services, goal: Goal) -> None:
    def new(kind: type, **fields: object) -> object:
        return kind(id=services.ids.hex24(), **fields)

    nodes = []
    for text, step in zip(("Which flight?", "Who travels?", "Pay now?"), goal.steps, strict=True):
        nodes.append(new(Question, text=text))
        nodes.append(new(TrackGoal, goal_id=goal.id, step_ids=(step.id,)))
    flow = services.flows.create("Book a Flight")
    services.flows.save(flow.model_copy(update={"nodes": (*nodes, new(Say, text="Have a good flight!"))}))


def test_the_example_of_the_seed(services: Services) -> None:
    goal = make_goal(services)
    make_flow(services, goal)
    assert services.flows.findings() == []

    web = source("Webchat", "English", None, services.project.get().id)
    for session, reached in (("done", 3), ("halfway", 2), ("left", 1)):
        for place in range(reached):
            at = NOW - timedelta(hours=1) + timedelta(minutes=place)
            services.tracking.track(session, goal.id, [goal.steps[place].id], web, at=at)

    report = services.insights.report(Filters())
    totals = report.totals
    assert (totals.started, totals.completed, totals.partial, totals.incomplete) == (3, 1, 1, 1)
    assert (totals.cost_savings, totals.time_saved_seconds) == (Decimal("150.00"), 9900)
    assert totals.completion_rate == 0.3333
    assert [(row.name, row.figures) for row in report.goals] == [("Book a Flight", totals)]
    funnel = services.insights.funnel(goal.id, Filters())
    assert [step.reached for step in funnel.steps] == [3, 2, 1]
    assert {cycle.session_id: cycle.outcome for cycle in services.insights.cycles(Filters())} == {
        "done": "completed",
        "halfway": "partial",
        "left": "incomplete",
    }
