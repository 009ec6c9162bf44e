"""Findings and recent rates beside each goal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from goals_tui.format import percent

if TYPE_CHECKING:
    from goals_tui.domain.filters import SpanName
    from goals_tui.domain.report import Figures
    from goals_tui.domain.wiring import Finding, Severity
    from goals_tui.services.context import Services

SEVERITIES: dict[Severity, tuple[str, str]] = {
    "error": ("✖", "$error"),
    "warning": ("▲", "$warning"),
    "info": ("•", "$quiet"),
}
"""The mark of a finding, as on the chart of its flow, and its colour."""


@dataclass(frozen=True)
class Findings:
    """The findings of all flows by the goal that they are about; `money` writes an amount in the project's currency."""

    by_goal: dict[str, list[Finding]]
    money: Callable[[Decimal], str]


def worst(findings: Sequence[Finding]) -> Severity | None:
    """How bad the worst of them is; None where there is none."""
    found = {finding.severity for finding in findings}
    return next((severity for severity in SEVERITIES if severity in found), None)


def read_findings(services: Services) -> Findings:
    """Check every flow. Call it off the main thread: it walks through all flows and goals."""
    from goals_tui.services.currencies import format_money

    found: dict[str, list[Finding]] = {}
    for finding in services.flows.findings():
        if finding.goal_id:
            found.setdefault(finding.goal_id, []).append(finding)
    currency = services.project.get().currency
    return Findings(found, lambda amount: format_money(amount, currency))


SPAN: SpanName = "last-30-days"
SPARK_DAYS = 10
BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Rate:
    """A goal over the last 30 days; `days` are its completed cycles on each of the last 10."""

    figures: Figures
    days: tuple[int, ...]

    @property
    def text(self) -> str:
        """The completion rate as people read it; 0 of 0 is no rate."""
        return percent(self.figures.completion_rate)

    @property
    def sentence(self) -> str:
        """The rate with both its numbers."""
        figures = self.figures
        return f"{self.text} completed: {figures.completed:,} of {figures.started:,} in the last 30 days"


def read_rates(services: Services) -> dict[str, Rate]:
    """The rates by goal id; nothing is queried where there is no event. Call it off the main thread."""
    if services.workspace.events.is_empty():
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


def sparkline(values: tuple[int, ...]) -> str:
    """A bar a value, the highest one full; empty where all are 0."""
    most = max(values, default=0)
    if not most:
        return ""
    return "".join(" " if not value else BARS[(value * (len(BARS) - 1) + most - 1) // most] for value in values)
