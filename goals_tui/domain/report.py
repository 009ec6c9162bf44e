"""What Insights says: figures, the report, the funnel, cycles (DESIGN 4 *Report*, 5 for the JSON).

Figures come in thousands (a row a goal and day) out of sums that need no check: they are plain dataclasses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, TypeVar

from pydantic import computed_field

from goals_tui.domain.event import GoalEvent
from goals_tui.domain.filters import Span
from goals_tui.domain.goal import StepKind
from goals_tui.domain.model import Instant, Model
from goals_tui.domain.value import format_amount

Outcome = Literal["completed", "partial", "incomplete", "orphan"]

OUTCOME_GLYPHS: dict[Outcome, str] = {"completed": "✔", "partial": "◐", "incomplete": "✕", "orphan": "?"}
"""How an outcome is marked beside its colour, everywhere."""

OUTCOME_TITLES: dict[Outcome, str] = {
    "completed": "Completed",
    "partial": "Partially completed",
    "incomplete": "Incomplete",
    "orphan": "Orphan",
}


Amount = TypeVar("Amount", int, Decimal)


def rate(part: int, whole: int) -> float | None:
    """part / whole, rounded to four digits; None for 0 of 0, which is no rate at all."""
    return round(part / whole, 4) if whole else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of cycles and what they saved. Money is exact, in the project's currency; time in seconds."""

    started: int = 0
    completed: int = 0
    partial: int = 0
    incomplete: int = 0
    time_saved_seconds: int = 0
    cost_savings: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)
    unpriced_steps: int = 0
    """Steps reached under a version that nobody knows: counted here, never valued at 0 in silence."""

    @property
    def completion_rate(self) -> float | None:
        """Completed of started."""
        return rate(self.completed, self.started)

    @property
    def partial_rate(self) -> float | None:
        """Partially completed of started."""
        return rate(self.partial, self.started)

    @property
    def incomplete_rate(self) -> float | None:
        """Incomplete of started."""
        return rate(self.incomplete, self.started)

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
        """The keys of DESIGN 5; money as text with the currency's `digits`, at least."""
        return {
            "started": self.started,
            "completed": self.completed,
            "partial": self.partial,
            "incomplete": self.incomplete,
            "completion_rate": self.completion_rate,
            "partial_rate": self.partial_rate,
            "time_saved_seconds": self.time_saved_seconds,
            "cost_savings": format_amount(self.cost_savings, digits),
            "revenue": format_amount(self.revenue, digits),
            "unpriced_steps": self.unpriced_steps,
        }


NOTHING = Figures()


@dataclass(frozen=True, slots=True)
class GoalFigures:
    """The figures of one goal over the whole span. `known` is False for events of a goal that is not here."""

    goal_id: str
    name: str
    figures: Figures
    known: bool = True


@dataclass(frozen=True, slots=True)
class DayFigures:
    """The figures of one goal on one calendar day of the zone: the day on which its cycles started."""

    day: date
    goal_id: str
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class PartFigures:
    """The figures of one endpoint, locale, snapshot or version; `part` is None where there is none."""

    part: str | None
    title: str
    figures: Figures


class Health(Model):
    """What is odd about the events as a whole, whatever the filters are."""

    orphan_cycles: int = 0
    duplicate_events: int = 0
    unknown_goals: int = 0
    unknown_versions: int = 0
    torn_lines: int = 0

    def __bool__(self) -> bool:
        return any(self.model_dump().values())


@dataclass(frozen=True, slots=True)
class Report:
    """Figures in total, by goal and by day; days and goals add up to `totals`. `now` is when it was asked for."""

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
    later_cycles: int = 0
    """How many cycles of the span begin later than now: they are in no figure."""


class FunnelStep(Model):
    """How many cycles reached a step, and how long after their start (linear between ranks)."""

    step_id: str
    name: str
    kind: StepKind
    reached: int
    started: int
    before: int | None
    """How many reached the step before; None for the first."""

    median_seconds: float | None = None
    p90_seconds: float | None = None

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def from_start(self) -> float | None:
        """Reached of started."""
        return rate(self.reached, self.started)

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def from_previous(self) -> float | None:
        """Reached of those that reached the step before."""
        return None if self.before is None else rate(self.reached, self.before)


class Funnel(Model):
    """The steps of a goal in order with how many cycles reached each."""

    goal_id: str
    goal: str
    started: int
    steps: tuple[FunnelStep, ...]


class Cycle(Model):
    """One attempt at a goal, valued."""

    cycle_id: str
    goal_id: str
    goal: str
    session_id: str
    started_at: Instant | None
    outcome: Outcome
    reached: tuple[str, ...]
    """The names of the steps reached, in the order of the goal as it was when the cycle started."""

    kinds: tuple[StepKind, ...] = ()
    """What each of these steps was when it was reached."""

    time_saved_seconds: int = 0
    cost_savings: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)
    unpriced_steps: int = 0
    endpoint: str | None = None
    locale: str | None = None
    snapshot: str | None = None
    version: str = ""

    def known(self, sum_: Amount) -> Amount | None:
        """One of the cycle's three sums, or None where it says nothing.

        That is an orphan's, which counts nowhere, and a 0 that stands for steps without a price.
        """
        return None if self.outcome == "orphan" or (self.unpriced_steps and not sum_) else sum_


class Moment(Model):
    """One event of a cycle on its timeline."""

    event: GoalEvent
    step: str
    kind: StepKind | None
    """None where nobody knows the step."""

    since_start: float
    since_previous: float
    counts: bool
    """False where the step was reached before: a step counts and pays once per cycle."""

    time_saved_seconds: int = 0
    cost_savings: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)
    priced: bool = True


class Timeline(Model):
    """A cycle with all its events, in order."""

    cycle: Cycle
    moments: tuple[Moment, ...]
