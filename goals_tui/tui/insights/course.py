"""Under bars that leave room: what the goal of the chosen bar did over time."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from goals_tui.domain.report import NOTHING
from goals_tui.services.insights.service import Behind
from goals_tui.tui.insights.buckets import Axis
from goals_tui.tui.insights.table import Table
from goals_tui.tui.insights.views import Lead, View, outcome_of, outcome_series
from goals_tui.tui.widgets.chart import Chart
from goals_tui.tui.widgets.chart_spec import Columns

LEAST_ROWS = 10
"""Below so many rows the bars stay alone."""


def course(axis: Axis | None, goal_id: str | None) -> View | None:
    """One column a bucket of time: the outcomes of a goal; None where it has none."""
    if axis is None or goal_id not in axis.goals:
        return None
    places = range(len(axis.buckets))
    figures = [axis.of(place, goal_id) for place in places]
    if sum(figures, NOTHING).started == 0:
        return None
    spec = Columns(
        tuple(axis.label(place) for place in places),
        tuple(axis.title(place) for place in places),
        outcome_series(figures),
        totals=tuple(f"{each.started:,} started" for each in figures),
        named=False,
    )
    return View(
        f"{axis.goals[goal_id]} by {axis.unit}{axis.note}",
        spec,
        Table((), ()),
        lambda place: Lead(Behind(goal_id=goal_id, bucket=axis.buckets[place.mark], outcome=outcome_of(place))),
        (),
    )


class Course(Vertical):
    """The chart of a `course` under its title; not there while nothing is shown."""

    DEFAULT_CSS = """
    Course { height: 1fr; display: none; }
    Course.-shown { display: block; }
    Course #course-title { height: 1; margin-top: 1; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.shown: View | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="course-title", markup=False)
        yield Chart(id="course")

    def show(self, view: View | None) -> None:
        """Show another course, or nothing."""
        self.shown = view
        if view is not None:
            self.query_one("#course-title", Static).update(view.title)
            self.query_one(Chart).show(view.spec)
        self.set_class(view is not None, "-shown")
