"""Flows that tests edit, and what they look at."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from goals_tui.domain.flow import Flow, Node, Say
from goals_tui.domain.goal import Goal
from goals_tui.services.context import Services
from goals_tui.tui.flows.chart import FlowChart
from tests.builders import book_a_flight, flow, if_, say

ABC = flow("Abc", say("a"), if_("choice", (say("yes"),)), say("c"))


def saved(services: Services, name: str = "Abc") -> Flow:
    return services.flows.get(name)


def kinds_and_texts(nodes: tuple[Node, ...]) -> list[str]:
    return [node.text if isinstance(node, Say) else node.label or node.kind for node in nodes]


def save_goal(services: Services) -> Goal:
    return services.goals.save(book_a_flight().model_copy(update={"revision": 0}))


def chart(pilot: Pilot[Any]) -> FlowChart:
    return pilot.app.screen.query_one(FlowChart)
