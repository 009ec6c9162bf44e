"""Results of Insights: figures, reports, funnels and cycles (docs/semantics.md, *Report*).

Figures are plain dataclasses, because there are thousands of them (one for each goal and day), computed from sums
that need no validation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal, TypeVar, get_args

from pydantic import computed_field

from goals_tui.domain.errors import WrongValueError, nearest_names
from goals_tui.domain.event import GoalEvent
from goals_tui.domain.filters import Span
from goals_tui.domain.goal import StepKind
from goals_tui.domain.model import Instant, Model
from goals_tui.domain.statistics import FEW_CYCLES, Difference, Interval, Share, difference, wilson_interval
from goals_tui.domain.value import format_amount

Outcome = Literal["completed", "partial", "incomplete", "orphan"]

OUTCOME_GLYPHS: dict[Outcome, str] = {"completed": "✔", "partial": "◐", "incomplete": "✕", "orphan": "?"}
"""The symbol of each outcome, shown everywhere beside its colour."""

OUTCOME_TITLES: dict[Outcome, str] = {
    "completed": "Completed",
    "partial": "Partially completed",
    "incomplete": "Incomplete",
    "orphan": "Orphan",
}


Amount = TypeVar("Amount", int, Decimal)


def rate(part: int, whole: int) -> float | None:
    """Return part / whole rounded to four digits, or None for 0 of 0, which is no rate."""
    return round(part / whole, 4) if whole else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of cycles and their value. Money is exact and in the project's currency; time is in seconds."""

    started: int = 0
    completed: int = 0
    partial: int = 0
    incomplete: int = 0
    time_saved_seconds: int = 0
    cost_savings: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)
    unpriced_steps: int = 0
    """The number of steps reached whose value is unknown; they are counted instead of being valued at 0 in silence."""

    @property
    def completion_rate(self) -> float | None:
        """The rate of completed cycles among those started, rounded; None if none started."""
        return rate(self.completed, self.started)

    @property
    def partial_rate(self) -> float | None:
        """The rate of partially completed cycles among those started, rounded; None if none started."""
        return rate(self.partial, self.started)

    @property
    def incomplete_rate(self) -> float | None:
        """The rate of incomplete cycles among those started, rounded; None if none started."""
        return rate(self.incomplete, self.started)

    @property
    def completed_share(self) -> Share:
        """The completed cycles among those started, as exact counts."""
        return Share(self.completed, self.started)

    @property
    def partial_share(self) -> Share:
        """The partially completed cycles among those started, as exact counts."""
        return Share(self.partial, self.started)

    @property
    def few(self) -> bool:
        """True if there are too few cycles for a meaningful rate."""
        return 0 < self.started < FEW_CYCLES

    @property
    def value(self) -> Decimal:
        """The sum of cost savings and revenue."""
        return self.cost_savings + self.revenue

    @property
    def value_per_cycle(self) -> Decimal | None:
        """The value divided by the number of started cycles; None if none started."""
        return self.value / self.started if self.started else None

    def shown_value_per_cycle(self, digits: int) -> Decimal | None:
        """Return the value per cycle as people see it, rounded to `digits` decimals; None if no cycle started."""
        value = self.value_per_cycle
        return None if value is None else round(value, digits) + 0  # + 0 turns -0 into 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            started=self.started + other.started,
            completed=self.completed + other.completed,
            partial=self.partial + other.partial,
            incomplete=self.incomplete + other.incomplete,
            time_saved_seconds=self.time_saved_seconds + other.time_saved_seconds,
            cost_savings=self.cost_savings + other.cost_savings,
            revenue=self.revenue + other.revenue,
            unpriced_steps=self.unpriced_steps + other.unpriced_steps,
        )

    def as_json(self, digits: int = 2) -> dict[str, Any]:
        """Return a mapping with the keys of docs/command-line.md; money is text with at least `digits` decimals."""
        return {
            "started": self.started,
            "completed": self.completed,
            "partial": self.partial,
            "incomplete": self.incomplete,
            "completion_rate": self.completion_rate,
            "partial_rate": self.partial_rate,
            "completion_interval": _listed(self.completed_share.interval),
            "partial_interval": _listed(self.partial_share.interval),
            "time_saved_seconds": self.time_saved_seconds,
            "cost_savings": format_amount(self.cost_savings, digits),
            "revenue": format_amount(self.revenue, digits),
            "unpriced_steps": self.unpriced_steps,
        }


def _listed(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)


NOTHING = Figures()


@dataclass(frozen=True, slots=True)
class Change:
    """The change from one set of figures to another: rates with the interval of the difference, and value per cycle."""

    before: Figures
    after: Figures

    @property
    def completion_rate(self) -> Difference:
        """The difference of the completion rates."""
        return difference(self.before.completed_share, self.after.completed_share)

    @property
    def partial_rate(self) -> Difference:
        """The difference of the rates of partially completed cycles."""
        return difference(self.before.partial_share, self.after.partial_share)

    @property
    def value_per_cycle(self) -> Decimal | None:
        """The difference of the values per cycle; None if either side has no cycles."""
        before, after = self.before.value_per_cycle, self.after.value_per_cycle
        return None if before is None or after is None else after - before

    def shown_value_per_cycle(self, digits: int) -> Decimal | None:
        """Return the difference of the values per cycle as they are shown, so that a reader finds it by subtracting."""
        before, after = self.before.shown_value_per_cycle(digits), self.after.shown_value_per_cycle(digits)
        return None if before is None or after is None else after - before

    def as_json(self, digits: int = 2) -> dict[str, Any]:
        """Return a mapping with the keys of docs/command-line.md; money is text rounded to `digits` decimals."""
        value = self.value_per_cycle
        return {
            "completion_rate": difference_json(self.completion_rate),
            "partial_rate": difference_json(self.partial_rate),
            "value_per_cycle": None if value is None else format_amount(round(value, digits), digits),
        }


def difference_json(found: Difference) -> dict[str, Any]:
    """Return a difference as a mapping with the keys of docs/command-line.md."""
    return {"difference": found.difference, "interval": _listed(found.interval), "clear": found.clear}


@dataclass(frozen=True, slots=True)
class GoalFigures:
    """The figures of one goal over the whole span. `known` is False if the goal does not exist here."""

    goal_id: str
    name: str
    figures: Figures
    known: bool = True


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The figures of one goal's cycles that started on one calendar day of the zone."""

    day: date
    goal_id: str
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class PartFigures:
    """The figures of one part of a dimension; `part` is None for cycles that have no value of it."""

    part: str | None
    title: str
    figures: Figures


BreakdownDimension = Literal["goal", "endpoint", "locale", "snapshot", "version", "channel", "weekday", "hour"]
BREAKDOWN_DIMENSIONS: tuple[BreakdownDimension, ...] = get_args(BreakdownDimension)
"""The dimensions of breakdowns; weekday and hour are those at which a cycle started, on the zone's clock."""


def breakdown_dimensions(text: str) -> tuple[BreakdownDimension, ...]:
    """Parse one or two dimensions, separated by a comma. Raises WrongValueError with the nearest name."""
    found: list[BreakdownDimension] = []
    for name in text.split(","):
        known = next((each for each in BREAKDOWN_DIMENSIONS if each == name.strip().casefold()), None)
        if known is None:
            near = nearest_names(name.strip(), BREAKDOWN_DIMENSIONS, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            names = ", ".join(BREAKDOWN_DIMENSIONS)
            raise WrongValueError(f"{name.strip()!r} is not a dimension.{hint} Use one or two of: {names}.")
        found.append(known)
    if len(found) > 2 or len(set(found)) < len(found):
        raise WrongValueError(f"{text!r} is not one dimension or two different ones, such as endpoint,locale.")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class CrossedFigures:
    """The figures of a combination of parts, one for each dimension, in order; None for cycles without a value."""

    parts: tuple[str | None, ...]
    figures: Figures


class Health(Model):
    """Counts of irregularities in all events, independent of filters."""

    orphan_cycles: int = 0
    duplicate_events: int = 0
    unknown_goals: int = 0
    unknown_versions: int = 0
    torn_lines: int = 0

    def __bool__(self) -> bool:
        return any(self.model_dump().values())


_LONGEST_EMPTY = 2 * 366
"""The longest span, in days, that is shown in full; longer ones are cut to the days from first to last start."""


@dataclass(frozen=True, slots=True)
class Stake:
    """The value lost in a drop-off: the number of dropped cycles times the mean later value of those that went on."""

    cost_savings: Decimal
    revenue: Decimal
    time_saved_seconds: float

    def value(self, digits: int) -> Decimal:
        """Return cost savings and revenue together, each rounded first, so that it is the sum of what is shown."""
        return round(self.cost_savings, digits) + round(self.revenue, digits)


@dataclass(frozen=True, slots=True)
class Loss:
    """The drop-offs after one step of a goal, of the cycles that reached it, and what they would have been worth."""

    goal_id: str
    goal: str
    step_id: str
    step: str
    reached: int
    dropped: int
    stake: Stake


@dataclass(frozen=True, slots=True)
class Report:
    """Figures in total, by goal and by day; both goals and days add up to `totals`. `now` is the time of the report."""

    span: Span
    time_zone: str
    currency: str
    filters: dict[str, Any]
    totals: Figures
    previous: Figures | None
    previous_span: Span | None
    now: datetime
    goals: tuple[GoalFigures, ...]
    days: tuple[DayFigures, ...]
    health: Health
    largest_loss: Loss | None = None
    """Where most money is at stake; None if none is."""

    later_cycles: int = 0
    """The number of cycles in the span that start later than now; they are not in the figures."""

    @property
    def change(self) -> Change | None:
        """The change of the totals since the previous period; None if there is no previous period."""
        return None if self.previous is None else Change(self.previous, self.totals)

    events_between: tuple[datetime, datetime] | None = None
    """The times of the first and the last event of the whole log, if no cycle started in the span."""

    @property
    def days_covered(self) -> tuple[date, date] | None:
        """The first and the last day of charts over time; None for all time without any cycle."""
        seen = [row.day for row in self.days]
        first, last = self.span.start and self.span.start.date(), self.span.last_day
        if first is None or last is None or ((last - first).days > _LONGEST_EMPTY and seen):
            return (min(seen), max(seen)) if seen else None
        return first, last

    def every_day(self) -> Iterator[DayFigures]:
        """Yield the figures of every day for each goal that was started, or for all goals if none was started.

        Days without cycles are included.
        """
        covered = self.days_covered
        known = {(row.day, row.goal_id): row for row in self.days}
        goals = [goal for goal in self.goals if goal.figures.started or not self.days]
        for number in range((covered[1] - covered[0]).days + 1 if covered else 0):
            day = covered[0] + timedelta(days=number) if covered else date.min
            for goal in goals:
                yield known.get((day, goal.goal_id)) or DayFigures(day, goal.goal_id, goal.name, NOTHING)


class FunnelStep(Model):
    """The cycles that reached a step, and the time from their start to it; quantiles are linear between ranks."""

    step_id: str
    name: str
    kind: StepKind
    reached: int
    started: int
    before: int | None
    """The number of cycles that reached the step before; None for the first step."""

    kind_differs: bool = False
    """True if some cycles reached it under a version in which, unlike now, it was (or was not) a completion step."""

    median_seconds: float | None = None
    p90_seconds: float | None = None

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def from_start(self) -> float | None:
        """The rate of cycles that reached the step among those started."""
        return rate(self.reached, self.started)

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def from_previous(self) -> float | None:
        """The rate of cycles that reached the step relative to those that reached the step before."""
        return None if self.before is None else rate(self.reached, self.before)

    @property
    def from_start_interval(self) -> Interval | None:
        """The 95 % interval of `from_start`; None if no cycle started, or if more reached the step than started."""
        return wilson_interval(self.reached, self.started) if self.reached <= self.started else None


class Funnel(Model):
    """The steps of a goal in order, with the number of cycles that reached each."""

    goal_id: str
    goal: str
    started: int
    steps: tuple[FunnelStep, ...]
    strict: bool = False
    """True if a cycle counts at a step only if it reached all steps before it, in their order."""

    @property
    def notes(self) -> list[str]:
        """Sentences that explain surprising numbers: rates above 100 %, and steps whose kind has changed."""
        found = []
        for before, step in pairwise(self.steps):
            if step.reached > before.reached:
                found.append(
                    f"{step.name!r} is above 100 % of the step before: {step.reached:,} cycles reached it and "
                    f"{before.reached:,} reached {before.name!r}, as steps can be reached in another order, or skipped."
                )
        now = [step.name for step in self.steps if step.kind_differs and step.kind == "completion"]
        then = [step.name for step in self.steps if step.kind_differs and step.kind != "completion"]
        changes = [f"{', '.join(map(repr, now))} completes now and did not always"] if now else []
        changes += [f"{', '.join(map(repr, then))} does not complete now and once did"] if then else []
        if changes:
            found.append(
                f"Versions of the goal differ in what completes: {'; '.join(changes)}. "
                "A cycle keeps the outcome by the version that it recorded."
            )
        return found


class Cycle(Model):
    """One attempt at a goal, with its outcome and value."""

    cycle_id: str
    goal_id: str
    goal: str
    session_id: str
    started_at: Instant | None
    outcome: Outcome
    reached: tuple[str, ...]
    """The names of the reached steps, in the order of the goal's version when the cycle started."""

    kinds: tuple[StepKind, ...] = ()
    """The kind of each reached step in the version under which it was reached."""

    time_saved_seconds: int = 0
    cost_savings: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)
    unpriced_steps: int = 0
    endpoint: str | None = None
    locale: str | None = None
    snapshot: str | None = None
    version: str = ""

    def known(self, sum_: Amount) -> Amount | None:
        """Return one of the cycle's three sums, or None if it is unknown.

        The sums of an orphan are unknown, and so is a sum of 0 in a cycle with unpriced steps.
        """
        return None if self.outcome == "orphan" or (self.unpriced_steps and not sum_) else sum_


class Moment(Model):
    """One event of a cycle on its timeline."""

    event: GoalEvent
    step: str
    kind: StepKind | None
    """None if the step is unknown."""

    since_start: float
    since_previous: float
    counts: bool
    """False if the cycle had reached the step before: a step counts and pays once per cycle."""

    time_saved_seconds: int = 0
    cost_savings: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)
    priced: bool = True


class Timeline(Model):
    """A cycle with all its events, in order."""

    cycle: Cycle
    moments: tuple[Moment, ...]
