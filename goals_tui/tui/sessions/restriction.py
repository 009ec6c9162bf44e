"""What narrows the list of cycles beyond the filters: the number of Insights that they are behind, or an outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from textual.content import Content

from goals_tui.domain.buckets import TimeBucket
from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal
from goals_tui.domain.report import OUTCOME_GLYPHS, OUTCOME_TITLES, Outcome
from goals_tui.services.insights.service import Behind
from goals_tui.tui.insights.words import day_title
from goals_tui.tui.places import CyclesPlace

EVERYTHING_THERE_IS = Filters(span="all", include_test=True)
"""The filters under which the cycles of one session are shown."""

NOTHING_BEHIND = Behind()


@dataclass(frozen=True)
class Restriction:
    """Only the cycles `behind` a number, under `filters` of its own where it has some."""

    behind: Behind = NOTHING_BEHIND
    filters: Filters | None = None
    part_title: str = ""
    """The part that `behind` names, in words."""

    @classmethod
    def of_place(cls, place: CyclesPlace) -> Restriction:
        """To the cycles that another screen leads to."""
        behind = Behind(place.outcome, place.goal_id, place.step_id, place.day, place.bucket, place.part)
        return cls(behind, place.filters, place.part_title)

    @classmethod
    def of_session(cls, session_id: str) -> Restriction:
        """To the cycles of one session, whatever the filters are."""
        return cls(Behind(part=("session", session_id)), EVERYTHING_THERE_IS)

    def to_outcome(self, outcome: Outcome) -> Restriction:
        """To one outcome of these; orphans have none of the rest, nor are they under the filters of another number."""
        if outcome == "orphan":
            return Restriction(Behind(outcome=outcome))
        behind = self.behind
        return replace(
            self, behind=Behind(outcome, behind.goal_id, behind.step_id, behind.day, behind.bucket, behind.part)
        )

    def words(self, goal_of: Callable[[str], Goal | None]) -> list[str]:
        """What it says, each in a few words; `goal_of` finds a goal by its id."""
        return list(self._words(goal_of))

    def _words(self, goal_of: Callable[[str], Goal | None]) -> Iterator[str]:
        behind = self.behind
        if self.filters is not None and self.filters != EVERYTHING_THERE_IS:
            yield "some goals"
        if behind.goal_id is not None:
            goal = goal_of(behind.goal_id)
            yield goal.name if goal else behind.goal_id
            if goal and behind.step_id is not None:
                names = {step.id: step.name for step in goal.steps}
                yield f"reached {names.get(behind.step_id, behind.step_id)}"
        if behind.bucket is not None:
            yield _bucket_words(behind.bucket)
        if behind.day is not None:
            yield day_title(behind.day)
        if behind.part is not None:
            dimension, value = behind.part
            yield f"session {value}" if dimension == "session" else self.part_title or value or f"no {dimension}"
        if behind.outcome is not None:
            yield f"{OUTCOME_GLYPHS[behind.outcome]} {OUTCOME_TITLES[behind.outcome]}"

    def nothing_found(self, key: Callable[[str], str]) -> Content:
        """What the empty list says, and which key leads on; `key` gives that of an action."""
        everything = key("sessions.all")
        if self.behind == Behind(outcome="orphan"):
            title = "No orphans"
            hint = f"Every cycle has its initial step. Press {everything} for the cycles of the filters."
        elif self.behind != NOTHING_BEHIND:
            title, hint = "No such cycle in this span", f"Press {everything} for all cycles."
        else:
            title = "No goal was started in this span"
            longer, filters = key("sessions.longer"), key("sessions.filters")
            hint = f"Press {longer} for a longer span, or {filters} to change the filters."
        return Content.assemble((f"{title}\n", "bold"), (hint, "$quiet"))


def _bucket_words(bucket: TimeBucket) -> str:
    if bucket.unit == "hour":
        return f"{day_title(bucket.first)} {bucket.start:%H:%M}–{bucket.end:%H:%M}"
    if bucket.first == bucket.last:
        return day_title(bucket.first)
    return f"{day_title(bucket.first)} – {day_title(bucket.last)}"
