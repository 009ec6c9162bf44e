"""Asks Insights for what the screen shows: one piece of work for a thread, stopped when its answer is not wanted."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from goals_tui.domain.filters import Filters
from goals_tui.domain.report import Funnel, PartFigures, Report
from goals_tui.services.context import Services
from goals_tui.services.insights.service import Cancellation, Cancelled, Dimension, SeriesPoint
from goals_tui.tui.insights.buckets import HOURS_UP_TO

Tab = Literal["performance", "rate", "time", "cost", "revenue", "funnel", "breakdown"]
TABS: tuple[Tab, ...] = ("performance", "rate", "time", "cost", "revenue", "funnel", "breakdown")


@dataclass(frozen=True)
class Wanted:
    """What is to be shown. The same `stamp` means that no file changed since."""

    stamp: Hashable
    filters: Filters
    tab: Tab
    goal_id: str | None
    dimension: Dimension

    def same_report(self, other: Wanted | None) -> bool:
        """Whether the report of `other` answers this too."""
        return other is not None and (self.stamp, self.filters) == (other.stamp, other.filters)


@dataclass(frozen=True)
class Gathered:
    """The answer to `wanted`."""

    wanted: Wanted
    report: Report
    hours: Sequence[SeriesPoint] | None = None
    funnel: Funnel | None = None
    parts: Sequence[PartFigures] | None = None


def gather(services: Services, wanted: Wanted, known: Gathered | None, cancellation: Cancellation) -> Gathered | None:
    """The answer, with what is `known` already taken over; None when it was cancelled."""
    insights = services.insights
    try:
        if known is not None and wanted.same_report(known.wanted):
            report, hours = known.report, known.hours
        else:
            report, hours = insights.report(wanted.filters, cancellation=cancellation), None
            covered = report.days_covered
            if covered is not None and (covered[1] - covered[0]).days < HOURS_UP_TO:
                hours = insights.series(wanted.filters, "hour", cancellation=cancellation)
        funnel, parts = None, None
        if wanted.tab == "funnel":
            goal_id = funnel_goal(report, wanted.goal_id)
            funnel = insights.funnel(goal_id, wanted.filters, cancellation=cancellation) if goal_id else None
        elif wanted.tab == "breakdown":
            parts = insights.breakdown(wanted.dimension, wanted.filters, cancellation=cancellation)
    except Cancelled:
        return None
    return Gathered(wanted, report, hours, funnel, parts)


def funnel_goal(report: Report, chosen: str | None) -> str | None:
    """Whose funnel is shown: the chosen goal while it is there, else the one that was started most."""
    known = [goal for goal in report.goals if goal.known]
    if chosen in [goal.goal_id for goal in known]:
        return chosen
    return max(known, key=lambda goal: goal.figures.started).goal_id if known else None
