"""The way from a figure to its cycles. Reports, charts, links between screens and commands share this one value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from goals_tui.domain.buckets import TimeBucket
from goals_tui.domain.filters import DIMENSIONS, Dimension, Filters
from goals_tui.domain.report import Outcome

NO_FILTERS = Filters(span="all", include_test=True)
"""Filters that let every cycle through."""


PartDimension = Literal[Dimension, "weekday", "hour"]
PART_DIMENSIONS: tuple[PartDimension, ...] = (*DIMENSIONS, "weekday", "hour")
Part = tuple[PartDimension, str | None]


@dataclass(frozen=True)
class DrillDown:
    """Restriction of the selected cycles to those that one figure counts. The default restricts nothing.

    `outcome="orphan"` selects the orphans of the whole log: they have no start, so no filter applies to them. Without
    it, orphans are left out. `day` is a day of a report, `bucket` a bucket of a series. `parts` are dimensions, each
    with one of its values, or None for cycles without a value; a weekday is given by its English name, an hour as
    "09", a version by its id or its title.
    """

    outcome: Outcome | None = None
    goal_id: str | None = None
    step_id: str | None = None
    day: date | None = None
    bucket: TimeBucket | None = None
    parts: tuple[Part, ...] = ()
    dropped_after: str | None = None
    """The id of a step: selects cycles that reached it and no later step of the goal, and are not completed."""

    in_order: bool = False
    """Whether the cycles must also have reached all steps of the goal before `step_id`, in their order."""

    took: tuple[int, int] | None = None
    """How long the cycles took to reach `step_id`, or to complete where that is None: seconds from and until before."""

    filters: Filters | None = None
    """Filters that apply instead of those of the screens, or None to keep these."""

    part_title: str = ""
    """The only part in words, where its value is an id."""

    @classmethod
    def of_session(cls, session_id: str) -> DrillDown:
        """Return the restriction to the cycles of one session, whatever the filters are."""
        return cls(parts=(("session", session_id),), filters=NO_FILTERS)

    @property
    def session_id(self) -> str | None:
        """The session to which this is restricted."""
        return next((value for dimension, value in self.parts if dimension == "session"), None)

    def to_outcome(self, outcome: Outcome) -> DrillDown:
        """Return this restriction narrowed to one outcome.

        Orphans are outside all filters, so everything else is dropped for them.
        """
        return ORPHANS if outcome == "orphan" else replace(self, outcome=outcome)


ALL_CYCLES = DrillDown()
ORPHANS = DrillDown(outcome="orphan")
