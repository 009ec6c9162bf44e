"""The Insights screen, its charts and tables, its filters and their calendar."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from goals_tui.domain.filters import Filters
from goals_tui.tui.app.choose import Choose
from goals_tui.tui.app.dialogs import AskText
from goals_tui.tui.filters.dialog import FilterDialog
from goals_tui.tui.filters.span import Calendar
from goals_tui.tui.goals.editor import GoalEditor
from goals_tui.tui.insights.annotations import AnnotationForm, AnnotationList
from goals_tui.tui.insights.compare import Compare
from goals_tui.tui.insights.dialogs import CameNext, HealthDialog
from goals_tui.tui.insights.how_made import HowMade
from goals_tui.tui.insights.screen import InsightsScreen
from goals_tui.tui.insights.why import Why
from tests.conftest import make_services
from tests.tui.frame.walking import Do, FromPalette, Proof, Walk, keys, mode, on, words
from tests.tui.harness import running
from tests.tui.insights.conftest import fill, flight, table


def begin(folder: Path) -> AbstractAsyncContextManager[Pilot[Any]]:
    """Ten days of cycles of two goals."""
    services = make_services(folder / "workspace")
    return running(fill(services, [flight(), table()], 10, 12), (80, 24), area="insights")


def shown(fact: Callable[[InsightsScreen], object]) -> Proof:
    """Something is so on the Insights screen."""
    return lambda app: isinstance(app.screen, InsightsScreen) and fact(app.screen)


def tab(name: str) -> Proof:
    """A view is shown, with its numbers."""
    return shown(lambda screen: screen.tab == name and screen.gathered and screen.gathered.wanted.tab == name)


def span(name: str) -> Proof:
    """The filters have this span."""
    return lambda app: app.filters.span == name


def mark(number: int) -> Proof:
    """The cursor of the chart is on this mark."""
    return shown(lambda screen: screen.pane.chart.place and screen.pane.chart.place.mark == number)


def whole(is_whole: bool) -> Proof:
    """The cursor of the chart is on a mark as a whole, or on a part of it."""
    return shown(lambda screen: screen.pane.chart.place and (screen.pane.chart.place.part is None) == is_whole)


def day(text: str) -> Proof:
    """The calendar is on this day."""
    return lambda app: isinstance(app.screen, Calendar) and app.screen.month.day.isoformat() == text


def draft(fact: Callable[[Filters], object]) -> Proof:
    """Something is so about the filters as they stand in the dialog."""
    return lambda app: isinstance(app.screen, FilterDialog) and fact(app.screen.draft)


def by_hand(count: int) -> Proof:
    """The workspace has so many annotations that were made by hand."""
    return lambda app: sum(each.id is not None for each in app.services.annotations.all()) == count


INSIGHTS = Walk(
    "insights",
    begin,
    (
        Do("left_square_bracket", "insights.shorter", span("today")),
        Do("right_square_bracket", "insights.longer", span("last-7-days")),
        keys("right_square_bracket"),
        Do("x", "insights.copy-command", lambda app: app.clipboard.endswith("report --span this-month")),
        Do("S", "insights.save-filters", on(AskText)),
        words("Mine"),
        keys("enter"),
        Do("L", "insights.load-filters", on(Choose)),
        keys("escape"),
        FromPalette("delete saved filters", "insights.delete-filters", on(Choose)),
        keys("escape"),
        Do("I", "insights.test", lambda app: app.filters.include_test),
        Do("backspace", "insights.reset-filters", lambda app: app.filters == Filters()),
        # Views, numbers and the chart.
        Do("down", "insights.chart.down", mark(1)),
        Do("up", "insights.chart.up", mark(0)),
        Do("right", "insights.chart.right", whole(False)),
        Do("left", "insights.chart.left", whole(True)),
        Do("end", "insights.chart.last", mark(1)),
        Do("home", "insights.chart.first", mark(0)),
        Do("o", "insights.rank", shown(lambda screen: screen.choices.rank == "bottom")),
        Do("full_stop", "insights.next-view", tab("rate")),
        Do("comma", "insights.previous-view", tab("performance")),
        Do("r", "insights.rate", tab("rate")),
        Do("plus", "insights.zoom", shown(lambda screen: screen.choices.fitted)),
        Do("e", "insights.value", tab("value")),
        Do("m", "insights.metric", shown(lambda screen: screen.choices.metric == "revenue")),
        Do("t", "insights.times", tab("times")),
        Do("w", "insights.when", tab("when")),
        Do("l", "insights.releases", tab("releases")),
        Do("b", "insights.breakdown", tab("breakdown")),
        Do("d", "insights.dimension", shown(lambda screen: screen.choices.dimensions == ("locale",))),
        Do("D", "insights.second-dimension", shown(lambda screen: screen.choices.dimensions == ("locale", "goal"))),
        keys("l"),
        Do("B", "insights.for-whom", shown(lambda screen: screen.choices.dimensions == ("goal", "snapshot"))),
        Do("N", "insights.largest-loss", tab("funnel")),
        Do("E", "insights.what-if", on(GoalEditor)),
        keys("escape", "3", "b"),
        Do("n", "insights.funnel", tab("funnel")),
        Do("c", "insights.came-next", on(CameNext)),
        keys("escape"),
        Do("g", "insights.goal", on(Choose)),
        keys("escape"),
        Do("p", "insights.performance", tab("performance")),
        # One number: why, how it is made; annotations.
        Do("W", "insights.why", on(Why)),
        Do("x", "insights.why.copy-command", lambda app: " explain " in app.clipboard),
        Do("enter", "insights.why.cycles", mode("sessions"), by_widget=True),
        keys("3"),
        Do("i", "insights.how-made", on(HowMade)),
        Do("x", "insights.how-made.copy-command", lambda app: " report " in app.clipboard),
        Do("enter", "insights.how-made.session", mode("sessions"), by_widget=True),
        keys("3", "r"),
        Do("a", "insights.annotate", on(AnnotationForm)),
        words("Sale"),
        keys("enter"),
        Do("A", "insights.annotations", on(AnnotationList)),
        Do("e", "insights.annotations.edit", on(AnnotationForm)),
        keys("escape"),
        Do("delete", "insights.annotations.delete", by_hand(0)),
        keys("escape", "p"),
        Do("y", "insights.copy-table", lambda app: app.clipboard.startswith("Goal\tStarted\t")),
        Do("s", "insights.save-table", on(AskText)),
        keys("escape"),
        Do("h", "insights.health", on(HealthDialog)),
        keys("escape"),
        Do("z", "insights.full", shown(lambda screen: screen.has_class("-full"))),
        Do("escape", "insights.leave-full", shown(lambda screen: not screen.has_class("-full"))),
        Do("enter", "insights.chart.open", mode("sessions")),
        Do("escape", "sessions.insights", mode("insights")),
        Do("v", "insights.table", shown(lambda screen: screen.pane.as_table)),
        Do("enter", "insights.row.select-cursor", mode("sessions"), by_widget=True),
        keys("3", "b"),
        Do("right", "insights.row.right", shown(lambda screen: screen.pane.table.hidden[0])),
        Do("left", "insights.row.left", shown(lambda screen: not screen.pane.table.hidden[0])),
        keys("p"),
        Do("space", "insights.row.mark", shown(lambda screen: screen.pane.table.marked == [0])),
        keys("down", "space"),
        Do("C", "insights.compare", on(Compare)),
        Do("x", "insights.compare.copy-command", lambda app: " compare goal " in app.clipboard),
        keys("escape"),
        # The filters and the calendar of a day.
        Do("f", "insights.filters", on(FilterDialog)),
        keys("enter", "tab", "down"),
        Do("left", "insights.calendar.left", day("2026-11-19")),
        Do("right", "insights.calendar.right", day("2026-11-20")),
        Do("up", "insights.calendar.up", day("2026-11-13")),
        Do("down", "insights.calendar.down", day("2026-11-20")),
        Do("pageup", "insights.calendar.month-before", day("2026-10-20")),
        Do("pagedown", "insights.calendar.month-after", day("2026-11-20")),
        keys("up"),
        Do("t", "insights.calendar.today", day("2026-11-20")),
        keys("left"),
        Do("enter", "insights.calendar.take", draft(lambda filters: filters.since == "2026-11-19")),
        Do("f6", "insights.edit.save", on(AskText)),
        keys("escape"),
        Do("f5", "insights.edit.reset", draft(lambda filters: filters == Filters())),
        keys("left", "down", "down", "enter", "down", "enter"),
        Do("f2", "insights.edit.apply", lambda app: app.filters.endpoints.values),
    ),
)
