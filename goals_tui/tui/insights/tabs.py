"""The tabs of the Insights screen: what each asks for, how it is drawn, its command, and its keys.

`TABS` lists them in order. A tab is pure apart from `Tab.fetch`, which `gather` calls in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Generic, Literal, TypeVar

from goals_tui.domain.filters import Dimension, Filters
from goals_tui.domain.report import Funnel, PartFigures, Report
from goals_tui.services.context import Services
from goals_tui.services.insights.service import Cancellation, Cancelled, SeriesPoint
from goals_tui.tui.charts.spec import Nothing
from goals_tui.tui.filters.texts import Formats, empty_span_hint
from goals_tui.tui.insights.model import HOURS_UP_TO, Axis
from goals_tui.tui.insights.views import (
    DIMENSIONS,
    NO_GOALS,
    Metric,
    Rank,
    View,
    breakdown,
    funnel,
    metric_over_time,
    performance,
    rates,
)

TabName = Literal["performance", "rate", "time", "cost", "revenue", "funnel", "breakdown"]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Choices:
    """The user's choices on the tabs. Each tab reads those that concern it."""

    rank: Rank = "top"
    """The goals that Performance shows."""

    goal_id: str | None = None
    """The goal of Funnel; None for the one that was started most often."""

    dimension: Dimension = "endpoint"
    """The dimension of Breakdown."""


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
    left_out: int = 0
    """If nothing was started: the number of test cycles that the filters leave out."""


@dataclass(frozen=True)
class Asked:
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


@dataclass(frozen=True)
class Tab(Generic[Found]):
    """One tab of the screen."""

    title: str
    short: str
    """The title where not all tabs fit in full."""

    letter: int
    """The index of the letter in `title` that is the tab's key."""

    draw: Callable[[Found, Shown], View]
    """Return the view of the answer of `fetch`."""

    command: Callable[[Found, Shown], list[str]]
    """Return the words of the command that prints the numbers of the view."""

    fetch: Callable[[Asked], Found] = lambda asked: None  # type: ignore[assignment,return-value]  # only the report
    """Read what the tab needs besides the report; called in a thread."""

    asks: tuple[str, ...] = ()
    """The fields of `Choices` that `fetch` depends on."""

    keys: Mapping[str, Callable[[Choices], Choices]] | None = None
    """What the keys that only some tabs have change, by the parameter of `InsightsScreen.action_change`."""

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
        found = TABS[wanted.tab].fetch(Asked(services, wanted.filters, wanted.choices, report, cancellation))
    except Cancelled:
        return None
    return InsightsData(wanted, report, found, hours, left_out)


def view_of(data: InsightsData, shown: Shown, key: Callable[[str], str]) -> View:
    """Return the view of the gathered data.

    `key` returns the key of an action of the Insights screen, for the hint in an empty view.
    """
    view = TABS[data.wanted.tab].draw(data.found, shown)
    if data.report.totals.started or not isinstance(view.spec, Nothing) or view.spec is NO_GOALS:
        return view
    hint = empty_span_hint(data.report.events_between, data.left_out, key)
    return replace(view, spec=replace(view.spec, hint=hint))


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


def _performance(found: None, shown: Shown) -> View:
    return performance(shown.report, shown.words, shown.choices.rank)


def _rate(found: None, shown: Shown) -> View:
    return rates(shown.axis, shown.words)


def _over_time(metric: Metric, found: None, shown: Shown) -> View:
    return metric_over_time(shown.axis, metric, shown.words, shown.filters)


def _by_day(found: None, shown: Shown) -> list[str]:
    return ["report", "--by", "day"]


def _fetch_funnel(asked: Asked) -> Funnel | None:
    goal_id = shown_goal(asked.report, asked.choices.goal_id)
    insights = asked.services.insights
    return insights.funnel(goal_id, asked.filters, cancellation=asked.cancellation) if goal_id else None


def _funnel(found: Funnel | None, shown: Shown) -> View:
    return funnel(found)


def _funnel_command(found: Funnel | None, shown: Shown) -> list[str]:
    return ["funnel", named(found.goal, found.goal_id)] if found else ["report"]


def _fetch_breakdown(asked: Asked) -> list[PartFigures]:
    return asked.services.insights.breakdown(asked.choices.dimension, asked.filters, cancellation=asked.cancellation)


def _breakdown(found: list[PartFigures], shown: Shown) -> View:
    return breakdown(found, shown.choices.dimension, shown.words)


_RANKS: tuple[Rank, ...] = ("top", "bottom", "all")

TABS: dict[TabName, Tab[Any]] = {
    "performance": Tab[None](
        "Performance",
        "Goals",
        0,
        _performance,
        lambda found, shown: ["report"],
        keys={"order": lambda choices: replace(choices, rank=_next(_RANKS, choices.rank))},
    ),
    "rate": Tab[None]("Completion rate", "Rate", 11, _rate, _by_day),
    "time": Tab[None]("Time saved", "Time", 0, partial(_over_time, "time"), _by_day),
    "cost": Tab[None]("Cost savings", "Cost", 0, partial(_over_time, "cost"), _by_day),
    "revenue": Tab[None]("Revenue", "Revenue", 1, partial(_over_time, "revenue"), _by_day),
    "funnel": Tab[Funnel | None](
        "Funnel",
        "Funnel",
        2,
        _funnel,
        _funnel_command,
        _fetch_funnel,
        asks=("goal_id",),
        about=lambda found, shown: found.goal if found else "",
    ),
    "breakdown": Tab[list[PartFigures]](
        "Breakdown",
        "Breakdown",
        0,
        _breakdown,
        lambda found, shown: ["breakdown", shown.choices.dimension],
        _fetch_breakdown,
        asks=("dimension",),
        keys={"by": lambda choices: replace(choices, dimension=_next(DIMENSIONS, choices.dimension))},
        about=lambda found, shown: shown.choices.dimension,
    ),
}
"""Every tab by its name, in their order on the screen."""
