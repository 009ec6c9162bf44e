"""The way from a figure to its cycles. Reports, charts, links between screens and commands share this one value."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from goals_tui.domain.buckets import TimeBucket
from goals_tui.domain.filters import Dimension, Filters
from goals_tui.domain.report import Outcome

NO_FILTERS = Filters(span="all", include_test=True)
"""Filters that let every cycle through."""


@dataclass(frozen=True)
class DrillDown:
    """Restriction of the selected cycles to those that one figure counts. The default restricts nothing.

    `outcome="orphan"` selects the orphans of the whole log: they have no start, so no filter applies to them. Without
    it, orphans are left out. `day` is a day of a report, `bucket` a bucket of a series. `part` is a dimension
    with one of its values, or None for cycles without a value.
    """

    outcome: Outcome | None = None
    goal_id: str | None = None
    step_id: str | None = None
    day: date | None = None
    bucket: TimeBucket | None = None
    part: tuple[Dimension, str | None] | None = None
    dropped_after: str | None = None
    """The id of a step: selects cycles that reached it and no later step of the goal, and are not completed."""

    filters: Filters | None = None
    """Filters that apply instead of those of the screens, or None to keep these."""

    part_title: str = ""
    """The value of `part` in words, where it is an id."""

    @classmethod
    def of_session(cls, session_id: str) -> DrillDown:
        """Return the restriction to the cycles of one session, whatever the filters are."""
        return cls(part=("session", session_id), filters=NO_FILTERS)

    @property
    def session_id(self) -> str | None:
        """The session to which this is restricted."""
        return self.part[1] if self.part is not None and self.part[0] == "session" else None

    def to_outcome(self, outcome: Outcome) -> DrillDown:
        """Return this restriction narrowed to one outcome.

        Orphans are outside all filters, so everything else is dropped for them.
        """
        return ORPHANS if outcome == "orphan" else replace(self, outcome=outcome)


ALL_CYCLES = DrillDown()
ORPHANS = DrillDown(outcome="orphan")
