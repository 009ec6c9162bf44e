"""Insights: what the events say about goals, under filters (docs/semantics.md; the seed's dashboard).

All can be called from any thread, several at once. Each takes a
`Cancellation`; after its `cancel()` the running query stops and the method raises `Cancelled`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, get_args

from goals_tui.domain.buckets import TimeBucket, Unit
from goals_tui.domain.decisions import (
    ComparedPart,
    Comparison,
    DropOffs,
    Explanation,
    Release,
    TargetResult,
    Times,
)
from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.filters import EVERYTHING, Choice, Filters, Span, resolve_span
from goals_tui.domain.report import (
    NOTHING,
    BreakdownDimension,
    CrossedFigures,
    Cycle,
    Figures,
    Funnel,
    Health,
    Outcome,
    PartFigures,
    Report,
    Timeline,
)
from goals_tui.domain.statistics import target_state
from goals_tui.domain.text import clean_line
from goals_tui.domain.words import fold
from goals_tui.services.insights.cycles import CycleList, DrillDown, make_funnel, make_timeline
from goals_tui.services.insights.decisions import (
    FirstAppearance,
    GoalTallies,
    make_drop_offs,
    make_explanation,
    make_first_appearances,
    make_releases,
    make_times,
    make_totals,
)
from goals_tui.services.insights.health import HealthEntry, health_entries
from goals_tui.services.insights.question import Question, asked
from goals_tui.services.insights.report import (
    WEEKDAYS,
    SeriesPoint,
    make_breakdown,
    make_crossed_breakdown,
    make_report,
    make_series,
)
from goals_tui.store.cycles.reader import Cancellation, Cancelled, Dimension
from goals_tui.store.cycles.view import LogView

if TYPE_CHECKING:
    from goals_tui.services.context import Services

__all__ = [
    "DIMENSIONS",
    "Cancellation",
    "Cancelled",
    "CycleList",
    "Dimension",
    "DrillDown",
    "HealthEntry",
    "Insights",
    "SeriesPoint",
]


DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
"""What the cycles behind a part of a breakdown can be asked for by."""


class Insights:
    """The numbers of one workspace. Wrong filters raise RefusedError, an unknown goal or cycle NotFoundError."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._view = LogView(services.workspace.events)

    def report(self, filters: Filters, *, cancellation: Cancellation | None = None) -> Report:
        """Totals, the previous period, goals and days; days and goals add up to the totals."""
        with asked(self._services, self._view, filters, cancellation) as question:
            return make_report(question, lambda orphans: _health(question, orphans))

    def series(self, filters: Filters, unit: Unit, *, cancellation: Cancellation | None = None) -> list[SeriesPoint]:
        """The same figures by hour, day, week or month and goal, for charts."""
        with asked(self._services, self._view, filters, cancellation) as question:
            return make_series(question, unit)

    def breakdown(
        self, dimension: Dimension, filters: Filters, *, cancellation: Cancellation | None = None
    ) -> list[PartFigures]:
        """The figures of each endpoint, locale, snapshot or version, most started first."""
        with asked(self._services, self._view, filters, cancellation) as question:
            return make_breakdown(question, dimension)

    def crossed_breakdown(
        self, dimensions: Sequence[BreakdownDimension], filters: Filters, *, cancellation: Cancellation | None = None
    ) -> list[CrossedFigures]:
        """The figures of each combination of the parts of one dimension or two; they add up to the totals."""
        with asked(self._services, self._view, filters, cancellation) as question:
            return make_crossed_breakdown(question, dimensions)

    def compare(
        self,
        dimension: BreakdownDimension,
        a: str,
        b: str,
        filters: Filters,
        *,
        cancellation: Cancellation | None = None,
    ) -> Comparison:
        """Two parts of a dimension side by side, given by name; "" or "none" stands for cycles without one.

        Raises NotFoundError with the nearest names for a part that neither these cycles nor the project has.
        """
        rows = self.crossed_breakdown([dimension], filters)
        figures = {row.parts[0]: row.figures for row in rows}
        names = {each for each in figures if each is not None}
        sides = []
        for wanted in (a, b):
            part = self._part(dimension, wanted, names, none=None in figures)
            sides.append(ComparedPart(part, figures.get(part, NOTHING)))
        return Comparison(dimension, *sides)

    def _part(self, dimension: BreakdownDimension, wanted: str, names: set[str], *, none: bool) -> str | None:
        """The part of a dimension that a name means. Raises NotFoundError."""
        text = wanted.strip()
        if dimension == "hour" and text.isdecimal():
            text = f"{int(text):02d}"
        known = names | self._known_parts(dimension)
        if text in known:
            return text
        same = [name for name in sorted(known) if fold(name) == fold(text)]
        if same:
            return same[0]
        if not text or (none and fold(text) in ("none", f"no {dimension}")):
            return None
        raise NotFoundError(dimension, wanted, known)

    def _known_parts(self, dimension: BreakdownDimension) -> set[str]:
        """The parts of a dimension that the project has, whether there are cycles of them or not."""
        if dimension == "weekday":
            return set(WEEKDAYS)
        if dimension == "hour":
            return {f"{hour:02d}" for hour in range(24)}
        if dimension == "goal":
            return {goal.name for goal in self._services.goals.summaries()}
        return set() if dimension == "version" else set(self.dimension_values(dimension))

    def totals(self, filters: Filters) -> tuple[Span, Figures]:
        """The span that filters select, and the figures of all its cycles together."""
        with asked(self._services, self._view, filters) as question:
            return question.span, make_totals(question)

    def span(self, filters: Filters) -> Span:
        """The span that filters select now."""
        zone = self._services.project.get().zone_or(filters.time_zone)
        return resolve_span(filters, self._services.clock(), zone)

    def origin(self, filters: Filters) -> str:
        """Say in one paragraph which cycles filters select: filters, zone, versions of goals, state of the log."""
        from goals_tui.services.insights.documents import make_origin

        with asked(self._services, self._view, filters) as question:
            return make_origin(self._services, question)

    def explain(self, filters: Filters, *, cancellation: Cancellation | None = None) -> Explanation:
        """Why the completion rate differs from that of the previous period."""
        with asked(self._services, self._view, filters, cancellation) as question:
            return make_explanation(question)

    def drop_offs(self, goal_id: str, filters: Filters, *, cancellation: Cancellation | None = None) -> DropOffs:
        """What became of the cycles that reached each step of a goal, and what came next where they dropped."""
        goal = self._services.goals.get(goal_id)
        with asked(self._services, self._view, filters, cancellation) as question:
            return make_drop_offs(question, goal)

    def times(
        self, goal_id: str, filters: Filters, step_id: str | None = None, *, cancellation: Cancellation | None = None
    ) -> Times:
        """How long cycles took to reach a step; without one, to complete."""
        goal = self._services.goals.get(goal_id)
        with asked(self._services, self._view, filters, cancellation, goal_id=goal.id) as question:
            return make_times(question, goal, step_id)

    def releases(self, filters: Filters, *, cancellation: Cancellation | None = None) -> list[Release]:
        """Each snapshot against the one that appeared before it."""
        with asked(self._services, self._view, filters, cancellation) as question:
            return make_releases(question)

    def tallies(self, goal_id: str, filters: Filters, *, cancellation: Cancellation | None = None) -> GoalTallies:
        """The cycles of a goal counted by what they reached, to be read under edited definitions."""
        goal = self._services.goals.get(goal_id)
        with asked(self._services, self._view, filters, cancellation, goal_id=goal.id) as question:
            return GoalTallies(question, goal)

    def targets(self, filters: Filters, *, cancellation: Cancellation | None = None) -> list[TargetResult]:
        """Whether each goal with a target meets it, by name."""
        with asked(self._services, self._view, filters, cancellation) as question:
            rows = make_report(question, lambda orphans: _health(question, orphans)).goals
        found = []
        for row in rows:
            target = self._services.goals.get(row.goal_id).target if row.known else None
            if target is not None:
                state = target_state(row.figures.completed_share, float(target))
                found.append(TargetResult(row.goal_id, row.name, float(target), row.figures, state))
        return found

    def first_appearances(self) -> list[FirstAppearance]:
        """When each version of a goal, and each snapshot, first occurs in the log."""
        with asked(self._services, self._view, Filters(span="all")) as question:
            return make_first_appearances(question)

    def events_between(self, time_zone: str | None = None) -> tuple[datetime, datetime] | None:
        """When the first and the last event of the whole log were, in the zone; None where it is empty."""
        with asked(self._services, self._view, Filters(span="all", time_zone=time_zone)) as question:
            return question.events_between()

    def step(self, text: str, goals: Choice = EVERYTHING) -> tuple[str, str]:
        """The goal and the step that is meant, by the step's name or id, among the chosen goals and their versions.

        Raises NotFoundError with the nearest names, RefusedError where steps of several goals are meant.
        """
        found: dict[tuple[str, str], str] = {}
        names: set[str] = set()
        for row in self._services.goals.summaries():
            if goals and (row.id in goals.values) == goals.negated:
                continue
            for version in [*self._services.goals.versions(row.id), self._services.goals.get(row.id)]:
                names.update(step.name for step in version.steps)
                # The latest version last: a name is the step that has it now.
                same = [step.id for step in version.steps if text == step.id or fold(text) == fold(step.name)]
                if same:
                    found = {key: name for key, name in found.items() if key[0] != row.id}
                    found[row.id, same[0]] = row.name
        if not found:
            raise NotFoundError("step", text, names)
        if len(found) > 1:
            listed = ", ".join(map(repr, found.values()))
            raise RefusedError(
                f"Several goals have a step {text!r}: {listed}. Give the goal, too (--goal).", field="goal"
            )
        return next(iter(found))

    def knows_goal(self, goal_id: str) -> bool:
        """Whether there are events of a goal with this id, be it in the project or not."""
        with self._view.reader() as reader:
            return any(triple.goal_id == goal_id for triple in reader.triples)

    def funnel(self, goal_id: str, filters: Filters, *, cancellation: Cancellation | None = None) -> Funnel:
        """How far the attempts at a goal got: its steps in order, then those that only older versions know."""
        goal = self._services.goals.get(goal_id)
        with asked(self._services, self._view, filters, cancellation, goal_id=goal.id) as question:
            return make_funnel(question, goal)

    def cycle_list(
        self, filters: Filters, drill_down: DrillDown = DrillDown(), *, cancellation: Cancellation | None = None
    ) -> CycleList:
        """The cycles behind a number, for scrolling; the caller closes it."""
        return CycleList(self._services, self._view, filters, drill_down, cancellation)

    def left_out_test_cycles(self, filters: Filters, *, cancellation: Cancellation | None = None) -> int:
        """Count what a span without any cycle leaves out: cycles of the Interaction Panel and of playbooks."""
        if filters.include_test:
            return 0
        included = filters.model_copy(update={"include_test": True})
        with self.cycle_list(included, cancellation=cancellation) as found:
            return len(found)

    def cycles(
        self,
        filters: Filters,
        outcome: Outcome | None = None,
        goal_id: str | None = None,
        step_id: str | None = None,
        day: date | None = None,
        *,
        bucket: TimeBucket | None = None,
        part: tuple[Dimension, str | None] | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Cycle]:
        """The cycles behind a number, newest first (see `DrillDown`)."""
        with self.cycle_list(filters, DrillDown(outcome, goal_id, step_id, day, bucket, part)) as found:
            return found.page(offset, limit)

    def cycle(self, cycle_id: str, goal_id: str | None = None) -> Timeline:
        """A cycle with all its events in order, by its id as it is stored or as it is shown.

        Raises NotFoundError, and RefusedError where cycles of several goals have the id and no goal is given.
        """
        with self._view.reader() as reader:
            return make_timeline(self._services.workspace.documents, reader, cycle_id, goal_id)

    def dimension_values(self, dimension: Dimension) -> list[str]:
        """The endpoints, locales, snapshots or versions that occur anywhere in the log, as they are shown, by name."""
        with self._view.reader() as reader:
            values = {clean_line(value) for value in reader.values_of(dimension)}
        return sorted(values, key=lambda value: (fold(value), value))

    def health_details(self, filters: Filters = Filters(span="all")) -> list[HealthEntry]:
        """Each oddity with examples, what it means and what to do; unpriced steps are those under the filters."""
        with asked(self._services, self._view, filters) as question:
            report = make_report(question, lambda orphans: _health(question, orphans))
            return health_entries(question, report)


def _health(question: Question, orphans: int) -> Health:
    return Health(
        orphan_cycles=orphans,
        duplicate_events=question.reader.duplicate_events,
        unknown_goals=len(question.definitions.unknown_goals),
        unknown_versions=len(question.definitions.unknown_versions),
        torn_lines=question.reader.torn_lines,
    )
