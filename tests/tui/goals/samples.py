"""Goals as a person would define them."""

from __future__ import annotations

from decimal import Decimal

from goals_tui.domain.goal import Goal
from goals_tui.domain.value import SuccessMetrics
from goals_tui.services.context import Services


def book_a_flight(services: Services, name: str = "Book a Flight") -> Goal:
    """The seed's example, not saved: initial step, one step, one completion step."""
    goals = services.goals
    draft = goals.draft()
    initial = draft.initial.model_copy(update={"name": "Flight details", "description": "Where to and when."})
    entered = goals.new_step().model_copy(update={"name": "Passenger entered"})
    worth = SuccessMetrics(cost_savings=Decimal("15.00"), revenue=Decimal("35.00"), time_saved_seconds=480)
    paid = goals.new_step("completion").model_copy(update={"name": "Payment completed", "metrics": worth})
    return draft.model_copy(
        update={"name": name, "description": "Without the desk.", "steps": (initial, entered, paid)}
    )
