"""Results of the analyses: comparisons, explanations, drop-offs, times, releases, targets (docs/semantics.md)."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from goals_tui.domain.errors import WrongValueError, nearest_names
from goals_tui.domain.filters import Filters, Span
from goals_tui.domain.report import BreakdownDimension, Change, Figures, Outcome, Stake
from goals_tui.domain.statistics import (
    NO_DIFFERENCE,
    Difference,
    EqualMix,
    Interval,
    PartEffect,
    TargetState,
    Verdict,
    difference,
    quantile,
    verdict,
)
from goals_tui.domain.value import SuccessMetrics


@dataclass(frozen=True, slots=True)
class ComparedPart:
    """One side of a comparison; `part` is None for cycles without one.

    `filters` select its cycles, or those of all parts. `span` is set if spans or filters are compared.
    """

    part: str | None
    figures: Figures
    filters: Filters
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two parts side by side; differences are B - A."""

    dimension: str
    a: ComparedPart
    b: ComparedPart

    @property
    def change(self) -> Change:
        """The difference B - A."""
        return Change(self.a.figures, self.b.figures)


@dataclass(frozen=True, slots=True)
class DimensionEffects:
    """The contributions of a dimension's parts to a difference, the largest first."""

    dimension: BreakdownDimension
    parts: tuple[PartEffect[str | None], ...]

    @property
    def rate_effect(self) -> float:
        """The sum of the effects of changed rates within the parts."""
        return math.fsum(each.rate_effect for each in self.parts)

    @property
    def mix_effect(self) -> float:
        """The sum of the effects of changed shares of the parts."""
        return math.fsum(each.mix_effect for each in self.parts)

    @property
    def largest(self) -> float:
        """The absolute size of the largest contribution; 0.0 without parts."""
        return max((abs(each.contribution) for each in self.parts), default=0.0)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The effects, by dimension and part, behind the change of the completion rate since the previous period.

    Dimensions are ranked by their largest contribution. `before` is None if there is no previous period, as for all
    time. With `releases`, the names of two snapshots, the second is explained against the first, in the same span.
    """

    before_span: Span | None
    before: Figures | None
    span: Span
    after: Figures
    dimensions: tuple[DimensionEffects, ...]
    releases: tuple[str, str] | None = None

    @property
    def change(self) -> Difference:
        """The difference of the two completion rates."""
        if self.before is None:
            return NO_DIFFERENCE
        return difference(self.before.completed_share, self.after.completed_share)


@dataclass(frozen=True, slots=True)
class DropOff:
    """The cycles that reached a step: reached = went_on + dropped + completed; the last two reached no later step."""

    step_id: str
    name: str
    reached: int
    dropped: int
    went_on: int
    completed: int
    stake: Stake | None
    """None if no cycle went on."""

    next: tuple[tuple[str, int], ...] = ()
    """The next things that happened in the sessions of dropped cycles, with their counts, most frequent first."""


@dataclass(frozen=True, slots=True)
class DropOffs:
    """The drop-offs of a goal, in the order of its steps."""

    goal_id: str
    goal: str
    started: int
    steps: tuple[DropOff, ...]


@dataclass(frozen=True, slots=True)
class Bin:
    """The number of cycles that reached a step from `start` until before `end` seconds after they started."""

    start: float
    end: float
    count: int


@dataclass(frozen=True, slots=True)
class Times:
    """The times that cycles took to reach a step; `step` is None for the first completion step that each reached."""

    goal: str
    step: str | None
    started: int
    open: int
    """The number of cycles that neither reached it nor were followed by another attempt; they are censored at now."""

    seconds: tuple[tuple[float, int], ...]
    """Pairs of the seconds from start to step and the number of cycles, in order of time."""

    incidence: tuple[tuple[float, float], ...]
    """Pairs of seconds and the share of cycles that had reached it by then (see `statistics.incidence`)."""

    @property
    def reached(self) -> int:
        """The number of cycles that reached it."""
        return sum(count for _, count in self.seconds)

    @property
    def median(self) -> float | None:
        """The median time of the cycles that reached it, in seconds."""
        return quantile(self.seconds, 0.5)

    @property
    def p90(self) -> float | None:
        """The 90th percentile of the times, in seconds."""
        return quantile(self.seconds, 0.9)

    @property
    def histogram(self) -> list[Bin]:
        """All times in bins of a round width; cycles that took far longer than most share a wider last bin."""
        if not self.seconds:
            return []
        first, last, most = self.seconds[0][0], self.seconds[-1][0], self.p90 or 0.0
        low = min(first, 0.0)
        width = next((each for each in _WIDTHS if (most - low) / each < _BINS), _WIDTHS[-1])
        start = width * (low // width)
        edges = [start]
        while edges[-1] <= last and len(edges) <= 2 * _BINS:
            edges.append(edges[-1] + width)
        if edges[-1] <= last:
            edges.append(start + width * ((last - start) // width + 1))
        counts = [0] * (len(edges) - 1)
        place = 0
        for seconds, count in self.seconds:
            while seconds >= edges[place + 1]:
                place += 1
            counts[place] += count
        return [Bin(edges[place], edges[place + 1], count) for place, count in enumerate(counts)]


_BINS = 12
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86_400.0
_WIDTHS = (
    *(1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(_MINUTE * each for each in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * each for each in (1, 2, 6, 12)),
    *(_DAY * each for each in (1, 2, 7, 14, 30, 90, 365)),
)


@dataclass(frozen=True, slots=True)
class ReleasedGoal:
    """A goal in a snapshot, and in the one before it; `before` is None where there is no snapshot before."""

    goal_id: str
    goal: str
    before: Figures | None
    figures: Figures

    @property
    def change(self) -> Change | None:
        """What changed since the snapshot before."""
        return Change(self.before, self.figures) if self.before else None

    @property
    def verdict(self) -> Verdict | None:
        """The verdict on the goal in this snapshot against the one before."""
        return verdict(self.before.completed_share, self.figures.completed_share) if self.before else None


@dataclass(frozen=True, slots=True)
class Release:
    """A snapshot compared with the one that appeared before it; the first is compared with nothing."""

    snapshot: str
    against: str | None
    figures: Figures
    days: int
    """The number of calendar days from its first to its last cycle in the span, both included."""

    change: Change | None
    equal_mix: EqualMix | None
    verdict: Verdict | None
    goals: tuple[ReleasedGoal, ...] = ()
    """Its goals and those of the snapshot before it, most started first."""

    @property
    def value_per_week(self) -> Decimal | None:
        """Cost savings and revenue per seven days; None if no cycle started."""
        return self.figures.value * 7 / self.days if self.days else None


@dataclass(frozen=True, slots=True)
class Moved:
    """The number of cycles whose outcome would change from `before` to `after`."""

    before: Outcome
    after: Outcome
    cycles: int


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The figures of a goal as recorded and under an edited definition, and the outcomes that change."""

    goal_id: str
    goal: str
    recorded: Figures
    edited: Figures
    moved: tuple[Moved, ...]
    saved: Figures
    """The figures under the goal as it is saved; they differ from the recorded ones where older versions did."""


@dataclass(frozen=True, slots=True)
class StepWorth:
    """The number of cycles that reached a step at one worth; `metrics` is None if its worth is unknown.

    Times its worth, summed over all rows, this gives the value of a report exactly.
    """

    goal: str
    step: str
    cycles: int
    metrics: SuccessMetrics | None


@dataclass(frozen=True, slots=True)
class TargetResult:
    """A goal's target completion rate and the figures that meet or miss it."""

    goal_id: str
    goal: str
    target: float
    figures: Figures
    state: TargetState

    @property
    def interval(self) -> Interval | None:
        """The 95 % interval of the completion rate."""
        return self.figures.completed_share.interval


_COMPARISONS: dict[str, Callable[[Fraction, Fraction], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
_LIMIT = re.compile(r"\s*([a-z_]+)\s*(<=|>=|==|!=|<|>)\s*(-?(?:\d+(?:\.\d+)?|\.\d+))\s*(%?)\s*", re.ASCII)

Metric = Literal[
    "started",
    "completed",
    "partial",
    "incomplete",
    "completion_rate",
    "partial_rate",
    "incomplete_rate",
    "time_saved_seconds",
    "cost_savings",
    "revenue",
    "value_per_cycle",
    "unpriced_steps",
]
_METRICS: dict[Metric, Callable[[Figures], Fraction | None]] = {
    "started": lambda figures: Fraction(figures.started),
    "completed": lambda figures: Fraction(figures.completed),
    "partial": lambda figures: Fraction(figures.partial),
    "incomplete": lambda figures: Fraction(figures.incomplete),
    "completion_rate": lambda figures: _share(figures.completed, figures),
    "partial_rate": lambda figures: _share(figures.partial, figures),
    "incomplete_rate": lambda figures: _share(figures.incomplete, figures),
    "time_saved_seconds": lambda figures: Fraction(figures.time_saved_seconds),
    "cost_savings": lambda figures: Fraction(figures.cost_savings),
    "revenue": lambda figures: Fraction(figures.revenue),
    "value_per_cycle": lambda figures: Fraction(figures.value) / figures.started if figures.started else None,
    "unpriced_steps": lambda figures: Fraction(figures.unpriced_steps),
}


def _share(part: int, figures: Figures) -> Fraction | None:
    return Fraction(part, figures.started) if figures.started else None


@dataclass(frozen=True, slots=True)
class Limit:
    """A condition on the figures of a report, such as `completion_rate < 0.35`, that should fail a pipeline."""

    text: str
    metric: Metric
    comparison: str
    bound: Fraction

    def holds(self, figures: Figures) -> bool | None:
        """Return whether the condition is true, without rounding; None if the figure does not exist (0 of 0)."""
        value = self.value(figures)
        return None if value is None else _COMPARISONS[self.comparison](value, self.bound)

    def value(self, figures: Figures) -> Fraction | None:
        """Return the figure that is compared; None if it does not exist."""
        return _METRICS[self.metric](figures)


def parse_limit(text: str) -> Limit:
    """Parse a condition such as `completion_rate < 0.35`. Raises WrongValueError."""
    read = _LIMIT.fullmatch(text)
    if read is None:
        raise WrongValueError(
            f"{text!r} is not a condition. Write a figure, a comparison and a number, as in 'completion_rate < 0.35'."
        )
    name, comparison, number, percent = read.groups()
    metric = next((each for each in _METRICS if each == name), None)
    if metric is None:
        near = nearest_names(name, _METRICS, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise WrongValueError(f"{name!r} is not a figure of a report.{hint} Use one of: {', '.join(_METRICS)}.")
    if percent and not name.endswith("_rate"):
        raise WrongValueError(f"{text!r}: only a rate is compared with a percentage, as in 'completion_rate < 35%'.")
    return Limit(text.strip(), metric, comparison, Fraction(number) / (100 if percent else 1))
