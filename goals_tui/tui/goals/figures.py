"""The findings and recent completion rates that are shown beside each goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from goals_tui.domain.project import currency_digits
from goals_tui.format import percent
from goals_tui.tui.app.themes import SEVERITIES

if TYPE_CHECKING:
    from goals_tui.domain.decisions import DropOffs
    from goals_tui.domain.filters import SpanName
    from goals_tui.domain.report import Figures, Stake
    from goals_tui.domain.statistics import TargetState
    from goals_tui.domain.wiring import Finding, Severity
    from goals_tui.services.context import Services


def worst(findings: Sequence[Finding]) -> Severity | None:
    """Return the severity of the worst finding; None if there is none."""
    found = {finding.severity for finding in findings}
    return next((severity for severity in SEVERITIES if severity in found), None)


def read_findings(services: Services) -> dict[str, list[Finding]]:
    """Check every flow and return the findings by the id of their goal.

    Call it in a thread: it walks through all flows and goals.
    """
    found: dict[str, list[Finding]] = {}
    for finding in services.flows.findings():
        if finding.goal_id:
            found.setdefault(finding.goal_id, []).append(finding)
    return found


SPAN: SpanName = "last-30-days"
SPARK_DAYS = 10


@dataclass(frozen=True)
class Rate:
    """The figures of a goal over the last 30 days; `days` are its completed cycles on each of the last 10 days."""

    figures: Figures
    days: tuple[int, ...]

    @property
    def text(self) -> str:
        """The completion rate as a percentage; a dash if no cycle was started."""
        return percent(self.figures.completion_rate)

    def state(self, target: float) -> TargetState:
        """Return whether the rate meets a target."""
        from goals_tui.domain.statistics import target_state

        return target_state(self.figures.completed_share, target)

    @property
    def sentence(self) -> str:
        """The completion rate, with the counts of completed and started cycles, in a short line."""
        return f"✔ {self.text}, {self.figures.completed:,} of {self.figures.started:,} in 30 days"


TARGET_STATES: dict[TargetState, tuple[str, str]] = {
    "met": ("met", "$completed"),
    "missed": ("missed", "$error"),
    "too close to call": ("too close to call", ""),
    "too little data": ("too little data", "$quiet"),
}
"""The words and the colour for each state of a target; only what is sure has a colour."""


def target_sentence(target: Decimal, rate: Rate | None) -> str:
    """Return whether a target is met, with the interval that decides it."""
    from goals_tui.domain.goal import format_target
    from goals_tui.format import short_interval

    state: TargetState = rate.state(float(target)) if rate else "too little data"
    interval = rate.figures.completed_share.interval if rate and state != "too little data" else None
    between = f": {short_interval(interval)} % with 95 % confidence" if interval else ""
    return f"Target {format_target(target)}, {state}{between}"


def read_rates(services: Services) -> dict[str, Rate]:
    """Return the rates by goal id, without a query if there are no events. Call it in a thread."""
    if not services.has_events():
        return {}
    from goals_tui.domain.filters import Filters

    report = services.insights.report(Filters(span=SPAN))
    today = services.clock().astimezone(services.project.get().zone).date()
    days: dict[str, dict[int, int]] = {}
    for day in report.days:
        back = (today - day.day) // timedelta(days=1)
        if 0 <= back < SPARK_DAYS:
            days.setdefault(day.goal_id, {})[back] = day.figures.completed
    return {
        goal.goal_id: Rate(
            goal.figures,
            tuple(days.get(goal.goal_id, {}).get(back, 0) for back in reversed(range(SPARK_DAYS))),
        )
        for goal in report.goals
    }


def read_drop_offs(services: Services, goal_id: str) -> DropOffs:
    """Return how far the cycles of a goal came in the last 30 days.

    What is at stake is rounded to the currency's decimals. Call it in a thread: it needs DuckDB.
    """
    from goals_tui.domain.filters import Filters

    found = services.insights.drop_offs(goal_id, Filters(span=SPAN))
    digits = currency_digits(services.project.get().currency)
    return replace(found, steps=tuple(replace(step, stake=_rounded(step.stake, digits)) for step in found.steps))


def _rounded(stake: Stake | None, digits: int) -> Stake | None:
    if stake is None:
        return None
    return replace(stake, cost_savings=round(stake.cost_savings, digits), revenue=round(stake.revenue, digits))
