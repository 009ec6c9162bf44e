"""The tabs of the Insights screen: what each asks for, how it is drawn, its command, and its keys.

`TABS` lists them in order. A tab is pure apart from `Tab.fetch`, which `gather` calls in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from goals_tui.domain.decisions import Release, Times
from goals_tui.domain.filters import Choice, Filters
from goals_tui.domain.report import BREAKDOWN_DIMENSIONS, BreakdownDimension, CrossedFigures, Report
from goals_tui.services.annotations import Annotation
from goals_tui.services.insights.service import Cancellation, Cancelled, SeriesPoint
from goals_tui.tui.charts.spec import Nothing
from goals_tui.tui.filters.texts import Formats, empty_span_hint
from goals_tui.tui.insights.model import HOURS_UP_TO, Axis
from goals_tui.tui.insights.over_time import (
    METRIC_TITLES,
    Metric,
    rate,
    value_by_goal,
    value_over_time,
    with_metric_keys,
)
from goals_tui.tui.insights.parts import (
    HEAT_TITLES,
    ORDERS,
    RANKS,
    HeatMetric,
    Order,
    Rank,
    breakdown,
    performance,
    releases,
    when,
)
from goals_tui.tui.insights.steps import FunnelData, funnel, times
from goals_tui.tui.insights.view import NO_GOALS, View, nothing
from goals_tui.tui.widgets.empty import data_ways

if TYPE_CHECKING:
    from goals_tui.services.context import Services

TabName = Literal["performance", "rate", "value", "funnel", "times", "breakdown", "when", "releases"]
Grouping = Literal["goal", "day", "week", "month"]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Choices:
    """The user's choices on the tabs. Each tab reads those that concern it."""

    rank: Rank = "top"
    """The goals that Performance shows."""

    goal_id: str | None = None
    """The goal of Funnel and Times; None for the one that was started most often."""

    rate_goal_id: str | None = None
    """The goal of Rate; None for all goals together."""

    fitted: bool = False
    """True if the axis of Rate shows the range of the rates only."""

    metric: Metric = "cost"
    """The amount that Value shows."""

    grouping: Grouping = "day"
    """By what Value is grouped. A day or two are shown by the hour; where days don't fit, by a coarser unit."""

    strict: bool = False
    """True if Funnel counts a cycle at a step only if it reached all steps before it, in order."""

    step_id: str | None = None
    """The step until which Times are measured; None for the first completion step that each cycle reached."""

    share_first: bool = False
    """True if Times shows the share over time above the histogram."""

    dimensions: tuple[BreakdownDimension, ...] = ("endpoint",)
    """One or two dimensions of Breakdown."""

    order: Order = "started"
    """The order of the rows of Breakdown."""

    heat: HeatMetric = "started"
    """The figure that When shows."""


@dataclass(frozen=True)
class InsightsRequest:
    """A request for the data of one tab.

    Two requests with the same `stamp` were made without a change of the files in between.
    """

    stamp: Hashable
    filters: Filters
    tab: TabName
    choices: Choices = Choices()

    def same_report(self, other: InsightsRequest | None) -> bool:
        """Return whether the report that was read for `other` also answers this request."""
        return other is not None and (self.stamp, self.filters) == (other.stamp, other.filters)

    def same_answer(self, other: InsightsRequest | None) -> bool:
        """Return whether all that was read for `other` also answers this request, which may only be drawn anew."""
        return other is not None and self.same_report(other) and self._question == other._question

    @property
    def _question(self) -> tuple[object, ...]:
        return self.tab, *(getattr(self.choices, name) for name in TABS[self.tab].asks)


@dataclass(frozen=True)
class InsightsData:
    """The data that answers the request `wanted`."""

    wanted: InsightsRequest
    report: Report
    found: Any = None
    """The answer of the tab's own query (`Tab.fetch`)."""

    hours: Sequence[SeriesPoint] | None = None
    annotations: Sequence[Annotation] | None = None
    """The annotations of the time axis; None where no tab has asked for them yet."""

    left_out: int = 0
    """The number of test cycles that the filters leave out, where nothing was started."""


@dataclass(frozen=True)
class TabQuery:
    """The context of a tab's query."""

    services: Services
    filters: Filters
    choices: Choices
    report: Report
    cancellation: Cancellation


@dataclass(frozen=True)
class Shown:
    """The context in which a tab is drawn."""

    report: Report
    filters: Filters
    choices: Choices
    axis: Axis | None
    words: Formats
    width: int
    """The width of the chart in cells."""

    annotations: Sequence[Annotation] = ()


@dataclass(frozen=True)
class Tab(Generic[Found]):
    """One tab of the screen."""

    title: str
    short: str
    """The title where not all tabs fit in full."""

    letter: str
    """The letter of the title that is marked as the tab's key."""

    draw: Callable[[Found, Shown], View]
    """Return the view of the answer of `fetch`."""

    command: Callable[[Found, Shown], tuple[list[str], Filters]]
    """Return the words and the filters of the command that prints the numbers of the view."""

    fetch: Callable[[TabQuery], Found] = lambda query: None  # type: ignore[assignment,return-value]  # only the report
    """Read what the tab needs besides the report; called in a thread."""

    asks: tuple[str, ...] = ()
    """The fields of `Choices` that `fetch` depends on."""

    keys: Mapping[str, Callable[[Found, Shown], Choices]] | None = None
    """The choices after a key that only some tabs have, by the parameter of `InsightsScreen.action_change`."""

    goal: Literal["", "goal_id", "rate_goal_id"] = ""
    """The field of `Choices` that holds the goal of the tab, if it shows one goal."""

    annotated: bool = False
    """True if the view has a time axis with annotations."""

    about: Callable[[Found, Shown], str] = lambda found, shown: ""
    """Return what the numbers are of besides tab and span, for the names of files."""


def gather(
    services: Services, wanted: InsightsRequest, known: InsightsData | None, cancellation: Cancellation
) -> InsightsData | None:
    """Return the data for a request, or None if the query was cancelled.

    The report of `known` is reused if it is still valid for the request.
    """
    insights = services.insights
    try:
        if known is not None and wanted.same_report(known.wanted):
            report, hours, left_out = known.report, known.hours, known.left_out
        else:
            report, hours, left_out = insights.report(wanted.filters, cancellation=cancellation), None, 0
            if not report.totals.started:
                left_out = insights.left_out_test_cycles(wanted.filters, cancellation=cancellation)
            covered = report.days_covered
            if covered is not None and (covered[1] - covered[0]).days < HOURS_UP_TO:
                hours = insights.series(wanted.filters, "hour", cancellation=cancellation)
        tab = TABS[wanted.tab]
        found = (
            known.found
            if known is not None and wanted.same_answer(known.wanted)
            else tab.fetch(TabQuery(services, wanted.filters, wanted.choices, report, cancellation))
        )
        same_log = known is not None and known.wanted.stamp == wanted.stamp
        annotations = known.annotations if known is not None and same_log else None
        if annotations is None and tab.annotated:
            annotations = services.annotations.all()
    except Cancelled:
        return None
    return InsightsData(wanted, report, found, hours, annotations, left_out)


def view_of(data: InsightsData, shown: Shown, key: Callable[[str], str]) -> View:
    """Return the view of the gathered data. `key` returns the key of an action, for the hint in an empty view."""
    view = TABS[data.wanted.tab].draw(data.found, shown)
    if data.report.totals.started or not isinstance(view.spec, Nothing):
        return view
    between = data.report.events_between
    if view.spec is NO_GOALS:
        return view if between else replace(view, spec=replace(view.spec, ways=data_ways(key)))
    hint = empty_span_hint(between, data.left_out, lambda action: key(f"insights.{action}"))
    return replace(view, spec=replace(view.spec, hint=hint, ways=() if between else data_ways(key)))


def shown_goal(report: Report, chosen: str | None) -> str | None:
    """Return the id of the goal of a tab that shows one goal only, or None if there is no goal.

    It is the chosen goal if the report has it, else the goal that was started most often.
    """
    known = [goal for goal in report.goals if goal.known]
    if chosen in [goal.goal_id for goal in known]:
        return chosen
    return max(known, key=lambda goal: goal.figures.started).goal_id if known else None


def named(text: str, id_: str) -> str:
    """Return a name for the command line, or the id if the command line would read the name as an option."""
    return id_ if text.startswith("-") else text


def _next(values: Sequence[Any], here: Any) -> Any:
    return values[(values.index(here) + 1) % len(values)] if here in values else values[0]


# -- the tabs


def _of_goal(shown: Shown, goal_id: str) -> Filters:
    return shown.filters.model_copy(update={"goals": Choice(values=(goal_id,))})


def _performance(found: None, shown: Shown) -> View:
    return performance(shown.report, shown.axis, shown.words, shown.choices.rank)


def _fetch_target(query: TabQuery) -> float | None:
    """Return the target of the goal that Rate shows: of the chosen one, or of the only one that was started."""
    started = [goal for goal in query.report.goals if goal.known and goal.figures.started]
    chosen = query.choices.rate_goal_id or (started[0].goal_id if len(started) == 1 else None)
    if chosen is None or all(goal.goal_id != chosen for goal in started):
        return None
    target = query.services.goals.get(chosen).target
    return None if target is None else float(target)


def _rate(found: float | None, shown: Shown) -> View:
    return rate(
        shown.axis,
        shown.words,
        goal_id=shown.choices.rate_goal_id,
        target=found,
        annotations=shown.annotations,
        fitted=shown.choices.fitted,
    )


def _rate_command(found: float | None, shown: Shown) -> tuple[list[str], Filters]:
    goal_id = shown.choices.rate_goal_id
    words = ["report", "--by", shown.axis.unit if shown.axis else "day"]
    return words, _of_goal(shown, goal_id) if goal_id else shown.filters


_GROUPINGS: tuple[Grouping, ...] = ("day", "week", "month", "goal")


def _next_metric(found: None, shown: Shown) -> Choices:
    return replace(shown.choices, metric=_next(list(METRIC_TITLES), shown.choices.metric))


def _next_grouping(found: None, shown: Shown) -> Choices:
    """Group by the next coarser unit than the one that is shown, after months by goal, and then by days again."""
    grouping: Grouping = shown.choices.grouping
    if grouping != "goal" and shown.axis is not None:
        # A day or two, shown by the hour, have no weeks and months to compare.
        grouping = "month" if shown.axis.unit == "hour" else shown.axis.unit
    return replace(shown.choices, grouping=_next(_GROUPINGS, grouping))


def _value(found: None, shown: Shown) -> View:
    metric, grouping = shown.choices.metric, shown.choices.grouping
    if grouping == "goal":
        view = value_by_goal(shown.report.goals, metric, shown.words)
    else:
        view = value_over_time(shown.axis, metric, shown.words, shown.filters, shown.annotations)
    return with_metric_keys(view, metric, f"by {_next_grouping(found, shown).grouping}")


def _value_command(found: None, shown: Shown) -> tuple[list[str], Filters]:
    by_goal = shown.choices.grouping == "goal" or shown.axis is None
    return ["report", "--by", "goal" if by_goal or shown.axis is None else shown.axis.unit], shown.filters


def _fetch_funnel(query: TabQuery) -> FunnelData | None:
    goal_id = shown_goal(query.report, query.choices.goal_id)
    if goal_id is None:
        return None
    insights, filters, strict = query.services.insights, query.filters, query.choices.strict
    found = insights.funnel(goal_id, filters, strict=strict, cancellation=query.cancellation)
    dropped = None if strict else insights.drop_offs(goal_id, filters, cancellation=query.cancellation)
    return FunnelData(found, dropped)


def _funnel(found: FunnelData | None, shown: Shown) -> View:
    return funnel(found, shown.words)


def _funnel_command(found: FunnelData | None, shown: Shown) -> tuple[list[str], Filters]:
    if found is None:
        return ["report"], shown.filters
    strict = ["--strict"] if shown.choices.strict else []
    return ["funnel", named(found.funnel.goal, found.funnel.goal_id), *strict], shown.filters


@dataclass(frozen=True)
class TimesData:
    """Times, and of which goal; `steps` maps the ids of its steps to their names."""

    times: Times
    goal_id: str
    steps: Mapping[str, str]


def _fetch_times(query: TabQuery) -> TimesData | None:
    goal_id = shown_goal(query.report, query.choices.goal_id)
    if goal_id is None:
        return None
    steps = {step.id: step.name for step in query.services.goals.get(goal_id).further}
    step_id = query.choices.step_id if query.choices.step_id in steps else None
    found = query.services.insights.times(goal_id, query.filters, step_id, cancellation=query.cancellation)
    return TimesData(found, goal_id, steps)


def _times(found: TimesData | None, shown: Shown) -> View:
    if found is None:
        return nothing("Times", NO_GOALS)
    step_id = shown.choices.step_id if shown.choices.step_id in found.steps else None
    return times(found.times, shown.width, found.goal_id, step_id, share_first=shown.choices.share_first)


def _times_command(found: TimesData | None, shown: Shown) -> tuple[list[str], Filters]:
    if found is None:
        return ["report"], shown.filters
    step_id = shown.choices.step_id
    step = ["--step", named(found.steps[step_id], step_id)] if step_id in found.steps and step_id else []
    return ["times", named(found.times.goal, found.goal_id), *step], shown.filters


def _next_step(found: TimesData | None, shown: Shown) -> Choices:
    steps = (None, *(found.steps if found else ()))
    return replace(shown.choices, step_id=_next(steps, shown.choices.step_id))


def _fetch_breakdown(query: TabQuery) -> list[CrossedFigures]:
    insights = query.services.insights
    return insights.crossed_breakdown(query.choices.dimensions, query.filters, cancellation=query.cancellation)


def _breakdown(found: list[CrossedFigures], shown: Shown) -> View:
    goal_ids = {goal.name: goal.goal_id for goal in shown.report.goals}
    dimensions, order = shown.choices.dimensions, shown.choices.order
    following = _next_dimension(found, shown).dimensions[0]
    return breakdown(found, dimensions, shown.words, goal_ids, order, following)


def _next_dimension(found: object, shown: Shown) -> Choices:
    first, *rest = shown.choices.dimensions
    following = _next([each for each in BREAKDOWN_DIMENSIONS if each not in rest], first)
    return replace(shown.choices, dimensions=(following, *rest))


def _next_second(found: object, shown: Shown) -> Choices:
    first, *rest = shown.choices.dimensions
    second = _next([None, *(each for each in BREAKDOWN_DIMENSIONS if each != first)], rest[0] if rest else None)
    return replace(shown.choices, dimensions=(first,) if second is None else (first, second))


def _fetch_when(query: TabQuery) -> list[CrossedFigures]:
    return query.services.insights.crossed_breakdown(
        ["weekday", "hour"], query.filters, cancellation=query.cancellation
    )


def _when(found: list[CrossedFigures], shown: Shown) -> View:
    return when(found, shown.choices.heat, shown.words)


def _fetch_releases(query: TabQuery) -> list[Release]:
    return query.services.insights.releases(query.filters, cancellation=query.cancellation)


def _releases(found: list[Release], shown: Shown) -> View:
    return releases(found, shown.words)


TABS: dict[TabName, Tab[Any]] = {
    "performance": Tab[None](
        "Performance",
        "Goals",
        "p",
        _performance,
        lambda found, shown: (["report"], shown.filters),
        keys={"order": lambda found, shown: replace(shown.choices, rank=_next(RANKS, shown.choices.rank))},
    ),
    "rate": Tab[float | None](
        "Rate",
        "Rate",
        "r",
        _rate,
        _rate_command,
        _fetch_target,
        asks=("rate_goal_id",),
        keys={"zoom": lambda found, shown: replace(shown.choices, fitted=not shown.choices.fitted)},
        goal="rate_goal_id",
        annotated=True,
    ),
    "value": Tab[None](
        "Value",
        "Value",
        "e",
        _value,
        _value_command,
        keys={
            "metric": _next_metric,
            "by": _next_grouping,
        },
        annotated=True,
        about=lambda found, shown: METRIC_TITLES[shown.choices.metric],
    ),
    "funnel": Tab[FunnelData | None](
        "Funnel",
        "Funnel",
        "n",
        _funnel,
        _funnel_command,
        _fetch_funnel,
        asks=("goal_id", "strict"),
        keys={"order": lambda found, shown: replace(shown.choices, strict=not shown.choices.strict)},
        goal="goal_id",
        about=lambda found, shown: found.funnel.goal if found else "",
    ),
    "times": Tab[TimesData | None](
        "Times",
        "Times",
        "t",
        _times,
        _times_command,
        _fetch_times,
        asks=("goal_id", "step_id"),
        keys={
            "by": _next_step,
            "order": lambda found, shown: replace(shown.choices, share_first=not shown.choices.share_first),
        },
        goal="goal_id",
        about=lambda found, shown: found.times.goal if found else "",
    ),
    "breakdown": Tab[list[CrossedFigures]](
        "Breakdown",
        "Parts",
        "b",
        _breakdown,
        lambda found, shown: (["breakdown", ",".join(shown.choices.dimensions)], shown.filters),
        _fetch_breakdown,
        asks=("dimensions",),
        keys={
            "by": _next_dimension,
            "second": _next_second,
            "order": lambda found, shown: replace(shown.choices, order=_next(list(ORDERS), shown.choices.order)),
        },
        about=lambda found, shown: " ".join(shown.choices.dimensions),
    ),
    "when": Tab[list[CrossedFigures]](
        "When",
        "When",
        "w",
        _when,
        lambda found, shown: (["breakdown", "weekday,hour"], shown.filters),
        _fetch_when,
        keys={"metric": lambda found, shown: replace(shown.choices, heat=_next(list(HEAT_TITLES), shown.choices.heat))},
        about=lambda found, shown: HEAT_TITLES[shown.choices.heat],
    ),
    "releases": Tab[list[Release]](
        "Releases",
        "Releases",
        "l",
        _releases,
        lambda found, shown: (["releases"], shown.filters),
        _fetch_releases,
    ),
}
"""Every tab by its name, in their order on the screen."""
