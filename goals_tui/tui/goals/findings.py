"""What the journey of a goal says beside its steps and takes longer to read: findings, and how money is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    format_money(Decimal(0), currency)  # Babel is loaded here, not by the first amount on the main thread.
    return Findings(found, lambda amount: format_money(amount, currency))
