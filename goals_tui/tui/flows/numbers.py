"""Numbers on the chart: how many cycles went on, completed and left at each Track Goal Process node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from goals_tui.domain.decisions import DropOff
from goals_tui.domain.filters import EVERYTHING, Filters
from goals_tui.domain.flow import Flow, TrackGoal
from goals_tui.domain.project import currency_digits
from goals_tui.services.currencies import format_money
from goals_tui.tui.flows.kinds import Line, Piece

if TYPE_CHECKING:
    from goals_tui.services.context import Services


def numbers_of(flow: Flow, services: Services, filters: Filters) -> dict[str, tuple[Line, ...]]:
    """Return the lines with numbers for the Track Goal Process nodes of a flow. Counts events: call it in a thread."""
    nodes = [node for node in flow.walk() if isinstance(node, TrackGoal)]
    if not nodes or services.events.is_empty():
        return {}
    known = services.goals.by_id()
    every = filters.model_copy(update={"goals": EVERYTHING})
    goals = {node.goal_id for node in nodes} & known.keys()
    found = {
        (goal_id, step.step_id): step for goal_id in goals for step in services.insights.drop_offs(goal_id, every).steps
    }
    currency = services.project.get().currency
    numbers: dict[str, tuple[Line, ...]] = {}
    for node in nodes:
        steps = [found[node.goal_id, step_id] for step_id in node.step_ids if (node.goal_id, step_id) in found]
        lines = [line for step in steps for line in _number_lines(step, currency, named=len(steps) > 1)]
        if any(step.reached for step in steps):
            numbers[node.id] = tuple(lines)
    return numbers


def _number_lines(step: DropOff, currency: str, *, named: bool) -> Iterator[Line]:
    """Yield the numbers of a step, short enough for a narrow box."""
    if named:
        yield (("dim", f"{step.name}:"),)
    left: Piece = ("broken" if step.dropped else "dim", f"{step.dropped:,} left")
    yield (("target", f"{step.went_on:,} went on"), ("dim", ", "), left) if step.went_on else (left,)
    if step.completed:
        yield (("completion", f"{step.completed:,} completed"),)
    if step.stake is not None and step.dropped:
        money = round(step.stake.cost_savings + step.stake.revenue, currency_digits(currency))
        yield (("dim", f"{format_money(money, currency)} at stake"),)
