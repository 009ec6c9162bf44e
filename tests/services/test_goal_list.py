"""The list of goals is made from documents; it says what the models would."""

from __future__ import annotations

from types import SimpleNamespace
from typing import get_args

import pytest
from hypothesis import given, settings

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.flow import KIND_TITLES, Flow, TrackGoal, title
from goals_tui.domain.goal import Goal, Step, StepKind
from goals_tui.domain.value import SuccessMetrics
from goals_tui.domain.words import fold
from goals_tui.services.context import Services
from goals_tui.services.goal_list import (
    GOAL_KEYS,
    METRICS_KEYS,
    STEP_KEYS,
    STEP_KINDS,
    TRACKING_TITLE,
    GoalSummaries,
    NodeUse,
    node_uses,
)
from tests.builders import book_a_flight, flow, flow_sets, if_, say, track


def test_the_fields_are_those_of_the_models() -> None:
    assert set(Goal.model_fields) == GOAL_KEYS
    assert set(Step.model_fields) == STEP_KEYS
    assert set(SuccessMetrics.model_fields) == METRICS_KEYS
    assert set(get_args(StepKind)) == STEP_KINDS
    assert KIND_TITLES["track_goal"] == TRACKING_TITLE


def test_flows_that_track_a_goal_are_named_in_order(services: Services) -> None:
    flight = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    initial = track(flight, flight.initial.name)
    services.flows.save(flow("b", if_("If", (say("Hello"), initial))))
    services.flows.save(flow("A", initial, track(flight, flight.initial.name, name="again")))
    services.flows.save(flow("C", say("Nothing")))
    (row,) = GoalSummaries(services.workspace.documents).all()
    assert row.flows == ("A", "b")
    assert services.goal_summaries() == services.goals.summaries() == [row]


def test_an_edit_makes_only_the_summaries_of_changed_goals_again(services: Services) -> None:
    flight = services.goals.save(book_a_flight().model_copy(update={"revision": 0}))
    other = services.goals.duplicate(flight.id)
    before = {row.id: row for row in services.goals.summaries()}
    renamed = services.goals.save(other.model_copy(update={"name": "A"}))
    after = services.goals.summaries()
    assert [row.name for row in after] == ["A", flight.name]
    assert after[1] is before[flight.id] and after[0].revision == renamed.revision
    services.flows.save(flow("Trips", track(flight, flight.initial.name)))
    assert {row.id: row.flows for row in services.goals.summaries()} == {flight.id: ("Trips",), other.id: ()}
    services.goals.delete(other.id, confirm="A")
    assert [row.id for row in services.goals.summaries()] == [flight.id]


def test_a_flow_that_cannot_be_read_is_named(services: Services) -> None:
    path = services.workspace.path / "goals.json"
    services.flows.save(flow("Broken", say("Hello")))
    path.write_text(path.read_text().replace('"kind": "say"', '"sort": "say"'))
    with pytest.raises(UnreadableError, match="the flow 'Broken' can't be read"):
        services.goal_summaries()


@settings(max_examples=30, deadline=None)
@given(flows=flow_sets(tracked=(book_a_flight(),)))
def test_nodes_that_track_are_those_of_the_models(flows: tuple[Flow, ...]) -> None:
    documents = {"flows": {flow.id: flow.model_dump(mode="json") for flow in flows}}
    found = node_uses(SimpleNamespace(all=documents.__getitem__))  # type: ignore[arg-type]  # it is asked for nothing else
    expected = [
        NodeUse(flow.id, flow.name, node.id, title(node), node.label, node.step_ids)
        for flow in sorted(flows, key=lambda flow: (fold(flow.name), flow.id))
        for node in flow.walk()
        if isinstance(node, TrackGoal) and node.goal_id
    ]
    assert [use for uses in found.values() for use in uses] == expected
