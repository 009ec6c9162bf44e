"""Insights: figures and cycles of goals from the event log, under filters (docs/semantics.md).

All methods are thread-safe. Many take a `Cancellation`: its `cancel()` stops the running query, and the method raises
`Cancelled`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from goals_tui.domain.buckets import Unit
from goals_tui.domain.drill_down import ALL_CYCLES, DrillDown
from goals_tui.domain.errors import NotFoundError, RefusedError, WrongValueError
from goals_tui.domain.filters import EVERYTHING, Choice, Dimension, Filters, Span, resolve_span, span_fields
from goals_tui.domain.report import (
    NOTHING,
    BreakdownDimension,
    CrossedFigures,
    Cycle,
    Figures,
    Funnel,
    Health,
    PartFigures,
    Report,
    Timeline,
)
from goals_tui.domain.text import clean_line
from goals_tui.domain.words import fold
from goals_tui.format import span_dates
from goals_tui.services.insights.query import Queries, Query
from goals_tui.services.insights.report import (
    WEEKDAYS,
    SeriesPoint,
    make_breakdown,
    make_crossed_breakdown,
    make_report,
    make_series,
)
from goals_tui.store.engines.engine import Cancellation, Cancelled

if TYPE_CHECKING:
    from goals_tui.domain.decisions import (
        ComparedPart,
        Comparison,
        DropOffs,
        Explanation,
        Release,
        StepWorth,
        TargetResult,
        Times,
    )
    from goals_tui.services.clock import Clock
    from goals_tui.services.goals import GoalService
    from goals_tui.services.insights.cycles import CycleList
    from goals_tui.services.insights.decisions import FirstAppearance, GoalTallies
    from goals_tui.services.insights.health import HealthEntry
    from goals_tui.services.project import ProjectService
    from goals_tui.store.documents import Documents
    from goals_tui.store.engines.engine import Engine

__all__ = [
    "Cancellation",
    "Cancelled",
    "Insights",
    "SeriesPoint",
]


class Insights:
    """The Insights of one workspace.

    Invalid filters raise RefusedError; an unknown goal, step or cycle raises NotFoundError.
    """

    def __init__(
        self,
        engine: Engine,
        documents: Documents,
        project: ProjectService,
        goals: GoalService,
        clock: Clock,
    ) -> None:
        self._queries = Queries(engine, documents, project, goals, clock)
        self._documents = documents
        self._project = project
        self._goals = goals
        self._clock = clock

    def report(self, filters: Filters, *, cancellation: Cancellation | None = None) -> Report:
        """Return totals, previous period, goals and days. Goals add up to the totals, and so do days."""
        with self._queries.open(filters, cancellation) as query:
            return make_report(query, lambda orphans: _health(query, orphans))

    def series(self, filters: Filters, unit: Unit, *, cancellation: Cancellation | None = None) -> list[SeriesPoint]:
        """Return the figures by goal and hour, day, week or month, for charts."""
        with self._queries.open(filters, cancellation) as query:
            return make_series(query, unit)

    def breakdown(
        self, dimension: Dimension, filters: Filters, *, cancellation: Cancellation | None = None
    ) -> list[PartFigures]:
        """Return the figures of each part of a dimension, most started cycles first."""
        with self._queries.open(filters, cancellation) as query:
            return make_breakdown(query, dimension)

    def crossed_breakdown(
        self, dimensions: Sequence[BreakdownDimension], filters: Filters, *, cancellation: Cancellation | None = None
    ) -> list[CrossedFigures]:
        """Return the figures of each part of a dimension, or each combination of two; they add up to the totals."""
        with self._queries.open(filters, cancellation) as query:
            return make_crossed_breakdown(query, dimensions)

    def compare(
        self,
        dimension: BreakdownDimension,
        a: str,
        b: str,
        filters: Filters,
        *,
        cancellation: Cancellation | None = None,
    ) -> Comparison:
        """Compare two parts of a dimension, given by name; "" and "none" stand for cycles without a value.

        Raises NotFoundError with the nearest names for a part that neither the selected cycles nor the project has.
        """
        from goals_tui.domain.decisions import ComparedPart, Comparison

        rows = self.crossed_breakdown([dimension], filters, cancellation=cancellation)
        figures = {row.parts[0]: row.figures for row in rows}
        names = {each for each in figures if each is not None}
        sides = []
        for wanted in (a, b):
            part = self._part(dimension, wanted, names, filters, none=None in figures)
            sides.append(ComparedPart(part, figures.get(part, NOTHING), filters))
        return Comparison(dimension, *sides)

    def compare_spans(self, a: str, b: str, filters: Filters) -> Comparison:
        """Compare two spans, given by name, by day, as D..D, or as "previous" for the period before the other one.

        Raises WrongValueError for a text that is no span, or where nothing lies before the other one.
        """
        from goals_tui.domain.decisions import Comparison

        sides: list[Filters | None] = [
            None if _is_previous(text) else filters.model_copy(update=span_fields(text)) for text in (a, b)
        ]
        for place, other in ((0, sides[1]), (1, sides[0])):
            if sides[place] is None:
                sides[place] = self._before(other)
        return Comparison("span", *(self._side(text, side) for text, side in zip((a, b), sides, strict=True) if side))

    def _before(self, filters: Filters | None) -> Filters:
        """Return the same filters for the period before. Raises WrongValueError where there is none."""
        if filters is None:
            raise WrongValueError("'previous' is the period before the other one: give a span beside it.")
        before = self.span(filters).previous()
        if before is None or before.start is None or before.end is None:
            raise WrongValueError("Nothing is before all time: give a span that begins somewhere.")
        moments = {"since": before.start.isoformat(), "until": before.end.isoformat()}
        return filters.model_copy(update={"span": "custom", **moments})

    def _side(self, name: str, filters: Filters) -> ComparedPart:
        from goals_tui.domain.decisions import ComparedPart

        span, figures = self.totals(filters)
        return ComparedPart(name, figures, filters, span)

    def compare_filters(
        self, a: tuple[str, Filters], b: tuple[str, Filters], dimension: Literal["filter", "span"] = "filter"
    ) -> Comparison:
        """Compare the cycles of two filters, each given with a name; with "span", they differ in their spans only."""
        from goals_tui.domain.decisions import Comparison

        return Comparison(dimension, *(self._side(name, filters) for name, filters in (a, b)))

    def _part(
        self, dimension: BreakdownDimension, wanted: str, names: set[str], filters: Filters, *, none: bool
    ) -> str | None:
        """Return the part of a dimension with a name, regardless of case, or an id. Raises NotFoundError."""
        text = wanted.strip()
        if dimension == "hour" and text.isdecimal():
            text = f"{int(text):02d}"
        if text in names:
            return text
        by_id = self._parts_by_id(dimension, filters)
        known = names | self._known_parts(dimension) | set(by_id.values())
        if text in known:
            return text
        if text in by_id:
            return by_id[text]
        same = [name for name in sorted(known) if fold(name) == fold(text)]
        if same:
            return same[0]
        if not text or (none and fold(text) in ("none", f"no {dimension}")):
            return None
        raise NotFoundError(dimension, wanted, known)

    def _known_parts(self, dimension: BreakdownDimension) -> set[str]:
        """Return the parts of a dimension that the project has, with or without cycles."""
        if dimension == "weekday":
            return set(WEEKDAYS)
        if dimension == "hour":
            return {f"{hour:02d}" for hour in range(24)}
        if dimension == "goal" or dimension == "version":  # mypy narrows no literal by `in`
            return set()
        return set(self.dimension_values(dimension))

    def _parts_by_id(self, dimension: BreakdownDimension, filters: Filters) -> dict[str, str]:
        """Return the names of goals, or the titles of versions of goals with events, by id; else nothing."""
        if dimension == "goal":
            return {goal.id: goal.name for goal in self._goals.summaries()}
        if dimension != "version":
            return {}
        with self._queries.open(filters) as query:
            goals = query.definitions
            unknown = {version: goal.version_title(version) for goal, version in goals.unknown_versions}
            known = {version: goal.version_title(version) for goal in goals.by_number for version in goal.versions}
            return unknown | known

    def totals(self, filters: Filters) -> tuple[Span, Figures]:
        """Return the span of filters, and the figures of all its cycles together."""
        from goals_tui.services.insights.decisions import make_totals

        with self._queries.open(filters) as query:
            return query.span, make_totals(query)

    def span(self, filters: Filters) -> Span:
        """Return the span that filters select at this time."""
        zone = self._project.get().zone_or(filters.time_zone)
        return resolve_span(filters, self._clock(), zone)

    def scope(self, filters: Filters, dates_of: Callable[[Span], str] = span_dates) -> str:
        """Describe in one line the cycles that filters select; `dates_of` words their span."""
        return self._queries.scope(filters, dates_of)

    def origin(self, filters: Filters) -> str:
        """Describe in one paragraph the cycles that filters select; see `documents.make_origin`."""
        from goals_tui.services.insights.documents import make_origin

        with self._queries.open(filters) as query:
            return make_origin(query)

    def origin_of(self, compared: Comparison) -> str:
        """Describe in one paragraph the cycles of a comparison: of each side where their filters differ."""
        a, b = compared.a, compared.b
        if a.filters == b.filters:
            return self.origin(a.filters)
        return " ".join(f"{side.part}: {self.origin(side.filters)}" for side in (a, b))

    def explain(self, filters: Filters, *, cancellation: Cancellation | None = None) -> Explanation:
        """Explain why the completion rate differs from that of the previous period."""
        from goals_tui.services.insights.decisions import make_explanation

        with self._queries.open(filters, cancellation) as query:
            return make_explanation(query)

    def explain_release(
        self, release: str, against: str, filters: Filters, *, cancellation: Cancellation | None = None
    ) -> Explanation:
        """Explain why the completion rate of a snapshot differs from that of another, under the other filters."""
        from goals_tui.services.insights.decisions import make_release_explanation

        both = filters.model_copy(
            update={"snapshots": Choice(values=(against, release)), "no_snapshot": False, "any_snapshot": False}
        )
        with self._queries.open(both, cancellation) as query:
            return make_release_explanation(query, release, against)

    def drop_offs(self, goal_id: str, filters: Filters, *, cancellation: Cancellation | None = None) -> DropOffs:
        """Return what became of the cycles that reached each step of a goal, and what followed the drop-offs."""
        from goals_tui.services.insights.decisions import make_drop_offs

        goal = self._goals.get(goal_id)
        with self._queries.open(filters, cancellation) as query:
            return make_drop_offs(query, goal)

    def times(
        self, goal_id: str, filters: Filters, step_id: str | None = None, *, cancellation: Cancellation | None = None
    ) -> Times:
        """Return how long the cycles of a goal took to reach a step or, if `step_id` is None, to complete."""
        from goals_tui.services.insights.decisions import make_times

        goal = self._goals.get(goal_id)
        with self._queries.open(filters, cancellation, goal_id=goal.id) as query:
            return make_times(query, goal, step_id)

    def releases(self, filters: Filters, *, cancellation: Cancellation | None = None) -> list[Release]:
        """Compare each snapshot with the one that appeared before it."""
        from goals_tui.services.insights.decisions import make_releases

        with self._queries.open(filters, cancellation) as query:
            return make_releases(query)

    def tallies(self, goal_id: str, filters: Filters, *, cancellation: Cancellation | None = None) -> GoalTallies:
        """Return the cycles of a goal counted by what they reached, to value them under edited definitions."""
        from goals_tui.services.insights.decisions import GoalTallies

        goal = self._goals.get(goal_id)
        with self._queries.open(filters, cancellation, goal_id=goal.id) as query:
            return GoalTallies(query, goal)

    def step_worths(self, filters: Filters, *, cancellation: Cancellation | None = None) -> list[StepWorth]:
        """Return how many cycles reached each step at each of its worths: the summands of the value of a report."""
        from goals_tui.services.insights.decisions import make_step_worths

        with self._queries.open(filters, cancellation) as query:
            return make_step_worths(query)

    def targets(self, filters: Filters, *, cancellation: Cancellation | None = None) -> list[TargetResult]:
        """Return for each goal with a target, sorted by name, whether it is met."""
        from goals_tui.domain.decisions import TargetResult
        from goals_tui.domain.statistics import target_state

        with self._queries.open(filters, cancellation) as query:
            rows = make_report(query, lambda orphans: _health(query, orphans)).goals
        found = []
        for row in rows:
            target = self._goals.get(row.goal_id).target if row.known else None
            if target is not None:
                state = target_state(row.figures.completed_share, float(target))
                found.append(TargetResult(row.goal_id, row.name, float(target), row.figures, state))
        return found

    def first_appearances(self) -> list[FirstAppearance]:
        """Return when each version of a goal, and each snapshot, first appears in the log."""
        from goals_tui.services.insights.decisions import make_first_appearances

        with self._queries.open(Filters(span="all")) as query:
            return make_first_appearances(query)

    def events_between(self, time_zone: str | None = None) -> tuple[datetime, datetime] | None:
        """Return the times of the first and the last event of the whole log, in the zone; None for an empty log."""
        with self._queries.open(Filters(span="all", time_zone=time_zone)) as query:
            return query.events_between()

    def step(self, text: str, goals: Choice = EVERYTHING) -> tuple[str, str]:
        """Return the ids of the goal and the step with a name or id, among the chosen goals and all their versions.

        Raises NotFoundError with the nearest names, RefusedError where several goals have such a step.
        """
        found: dict[tuple[str, str], str] = {}
        names: set[str] = set()
        for row in self._goals.summaries():
            if goals and (row.id in goals.values) == goals.negated:
                continue
            for version in [*self._goals.versions(row.id), self._goals.get(row.id)]:
                names.update(step.name for step in version.steps)
                # The current version comes last, so that a name means the step that has it now.
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
        """Return whether the log has events of a goal with this id, which need not be in the project."""
        with self._queries.reader() as reader:
            return any(triple.goal_id == goal_id for triple in reader.triples)

    def knows_session(self, session_id: str) -> bool:
        """Return whether the log has events of exactly this session."""
        with self._queries.reader() as reader:
            return reader.has_session(session_id)

    def funnel(
        self, goal_id: str, filters: Filters, *, strict: bool = False, cancellation: Cancellation | None = None
    ) -> Funnel:
        """Return the funnel of a goal: its steps in order, then those that only older versions have.

        If `strict`, a cycle counts at a step only if it reached all steps before it, each no later than the next.
        """
        from goals_tui.services.insights.cycles import make_funnel

        goal = self._goals.get(goal_id)
        with self._queries.open(filters, cancellation, goal_id=goal.id) as query:
            return make_funnel(query, goal, strict=strict)

    def cycle_list(
        self, filters: Filters, drill_down: DrillDown = ALL_CYCLES, *, cancellation: Cancellation | None = None
    ) -> CycleList:
        """Return the list of the cycles of a drill-down, for scrolling. The caller must close it."""
        from goals_tui.services.insights.cycles import CycleList

        return CycleList(self._queries, filters, drill_down, cancellation)

    def left_out_test_cycles(self, filters: Filters, *, cancellation: Cancellation | None = None) -> int:
        """Count the cycles of the Interaction Panel and of playbooks that a span without other cycles leaves out."""
        if filters.include_test:
            return 0
        included = filters.model_copy(update={"include_test": True})
        with self.cycle_list(included, cancellation=cancellation) as found:
            return len(found)

    def cycles(
        self, filters: Filters, drill_down: DrillDown = ALL_CYCLES, *, limit: int | None = None, offset: int = 0
    ) -> list[Cycle]:
        """Return the cycles of a drill-down, newest first."""
        with self.cycle_list(filters, drill_down) as found:
            return found.page(offset, limit)

    def cycle(self, cycle_id: str, goal_id: str | None = None) -> Timeline:
        """Return a cycle with all its events in order. The id may be given as it is stored or as it is shown.

        Raises NotFoundError, or RefusedError where cycles of several goals have the id and no goal is given.
        """
        from goals_tui.services.insights.cycles import make_timeline

        with self._queries.reader() as reader:
            return make_timeline(self._documents, reader, cycle_id, goal_id)

    def dimension_values(self, dimension: Dimension) -> list[str]:
        """Return all values of a dimension that occur in the log, as they are displayed, sorted by name."""
        with self._queries.reader() as reader:
            values = {clean_line(value) for value in reader.values_of(dimension)}
        return sorted(values, key=lambda value: (fold(value), value))

    def health_details(self, filters: Filters = Filters(span="all")) -> list[HealthEntry]:
        """Return each problem of data health with examples, meaning and remedy.

        Unpriced steps, and cycles of the future, are those of the selected cycles; all others concern the whole log.
        """
        from goals_tui.services.insights.health import health_entries

        with self._queries.open(filters) as query:
            report = make_report(query, lambda orphans: _health(query, orphans))
            return health_entries(query, report)


def _is_previous(text: str) -> bool:
    return text.strip().casefold() == "previous"


def _health(query: Query, orphans: int) -> Health:
    return Health(
        orphan_cycles=orphans,
        duplicate_events=query.reader.duplicate_events,
        unknown_goals=len(query.definitions.unknown_goals),
        unknown_versions=len(query.definitions.unknown_versions),
        torn_lines=query.reader.torn_lines,
    )
