"""The pane that shows one view: its chart or table and, if there is room, the trend of the chosen goal."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import DescendantFocus
from textual.message import Message
from textual.widgets import ContentSwitcher, Static

from goals_tui.domain.drill_down import ALL_CYCLES, DrillDown
from goals_tui.domain.report import NOTHING
from goals_tui.tui.app.actions import shown_key
from goals_tui.tui.app.textual_compat import keymap
from goals_tui.tui.charts.bars import WIDE, comfortable_rows
from goals_tui.tui.charts.canvas import Place
from goals_tui.tui.charts.chart import Chart
from goals_tui.tui.charts.spec import Bars, Columns
from goals_tui.tui.insights.model import Axis
from goals_tui.tui.insights.table import Table, TableView
from goals_tui.tui.insights.views import View, outcome_of, outcome_series
from goals_tui.tui.widgets.virtual_list import VirtualList

LEAST_ROWS = 10
"""The fewest free rows below the bars in which the trend of a goal is shown."""


def goal_trend(axis: Axis | None, goal_id: str | None) -> View | None:
    """Return a view of the outcomes of a goal, one column per time bucket, or None if it was not started."""
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
        lambda place: DrillDown(goal_id=goal_id, bucket=axis.buckets[place.mark], outcome=outcome_of(place)),
        (),
    )


class GoalTrend(Vertical):
    """The chart of a goal's trend under its title; hidden while there is nothing to show."""

    DEFAULT_CSS = """
    GoalTrend { height: 1fr; display: none; }
    GoalTrend.-shown { display: block; }
    GoalTrend #course-title { height: 1; margin-top: 1; text-style: bold; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.shown: View | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="course-title", markup=False)
        yield Chart(id="course")

    def show(self, view: View | None) -> None:
        """Show another trend, or hide the chart if `view` is None."""
        self.shown = view
        if view is not None:
            self.query_one("#course-title", Static).update(view.title)
            self.query_one(Chart).show(view.spec)
        self.set_class(view is not None, "-shown")


_TITLE_AND_CAPTION = 2
"""The rows that the title and the caption of a chart take up."""
_HEADING_AND_AIR = 2
"""The rows that the heading of a table below a chart and its margin take up."""


class ViewPane(Vertical):
    """The pane that shows a `View`.

    If bars leave enough room, the trend of the chosen goal is shown below them, or else their table.
    """

    DEFAULT_CSS = """
    ViewPane #view-title { height: 1; margin-top: 1; }
    ViewPane #view { height: 1fr; }
    ViewPane #below { height: 1fr; margin-top: 1; display: none; }
    ViewPane #below.-shown { display: block; }
    ViewPane #notes { height: auto; color: $warning; display: none; }
    ViewPane #notes.-shown { display: block; }
    ViewPane #caption { height: 1; color: $quiet; }
    """

    @dataclass
    class CyclesRequested(Message):
        """Posted when the user opens a number to see its cycles."""

        drill_down: DrillDown

    def __init__(self) -> None:
        super().__init__(id="views")
        self.view: View | None = None
        self._axis: Axis | None = None
        self._alone = False

    def compose(self) -> ComposeResult:
        yield Static("", id="view-title", markup=False)
        with ContentSwitcher(initial="chart", id="view"):
            yield Chart(id="chart")
            yield TableView(id="table")
        yield GoalTrend()
        yield TableView(id="below")
        yield Static("", id="notes", markup=False)
        yield Static("", id="caption", markup=False)

    def on_mount(self) -> None:
        # The caption keeps the colours of the theme under which it was rendered.
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._say())

    @property
    def chart(self) -> Chart:
        """The chart of the view, not the one below it."""
        return self.query_one("#chart", Chart)

    @property
    def table(self) -> TableView:
        """The table that can be shown in place of the chart, not the one below it."""
        return self.query_one("#table", TableView)

    @property
    def as_table(self) -> bool:
        """Whether the table is shown in place of the chart."""
        return self.query_one("#view", ContentSwitcher).current == "table"

    def show(self, view: View, axis: Axis | None) -> None:
        """Show a view. `axis` holds the figures over time, from which the trend of a goal is drawn."""
        self.view, self._axis = view, axis
        notes = self.query_one("#notes", Static)
        notes.update("\n".join(view.notes))
        notes.set_class(bool(view.notes), "-shown")
        self.chart.show(view.spec)
        self.table.show_table(view.table)
        self.fill()

    def turn(self) -> None:
        """Switch between the chart and its table."""
        switcher = self.query_one("#view", ContentSwitcher)
        switcher.current = "chart" if self.as_table else "table"
        self.fill()
        self.query_one(f"#{switcher.current}").focus()

    # -- the room below

    def set_alone(self, alone: bool) -> None:
        """Set whether the chart takes all the room, with nothing below it."""
        self._alone = alone
        self.fill()

    def fill(self) -> None:
        """Give bars the height that they need, and show a trend or the table in the room below them."""
        place, under, below = self.query_one("#view"), self.query_one(GoalTrend), self.query_one("#below", TableView)
        found, tabled, height = None, False, 0
        view = self.view
        if view is not None and isinstance(view.spec, Bars) and not (self._alone or self.as_table):
            height = comfortable_rows(view.spec, place.size.width)
            notes = sum(-(-cell_len(note) // max(1, self.size.width)) for note in view.notes)
            room = self.size.height - height - _TITLE_AND_CAPTION - notes
            if room >= LEAST_ROWS:
                found = goal_trend(self._axis, view.lead(self.chart.place or Place(0)).goal_id)
            wide = place.size.width >= WIDE
            tabled = found is None and wide and room >= len(view.table.lines) + _HEADING_AND_AIR
            if tabled:
                below.show_table(view.table)
        place.styles.height = height if found is not None or tabled else "1fr"
        if (found is None and under.has_focus_within) or (not tabled and below.has_focus):
            self.chart.focus()
        under.show(found)
        below.set_class(tabled, "-shown")
        self._say()

    # -- words

    @on(DescendantFocus)
    @on(TableView.Turned)
    def _say(self) -> None:
        """Update the title and the caption, which describes the mark with the cursor or lists keys of the table."""
        view = self.view
        if view is None:
            return
        title = self.query_one("#view-title", Static)
        name = Content.styled(view.table_title or view.title if self.as_table else view.title, "bold")
        only_chart = self.as_table and bool(view.table_title)
        key, does = ("", "") if view.hint is None or only_chart else view.hint
        hint = Content.assemble((key, "bold $primary"), (f" {does}", "$quiet"))
        room = self.size.width - hint.cell_length - 1
        name = name.truncate(max(1, room), ellipsis=True)
        title.update(Content.assemble(name, " " * max(1, room - name.cell_length + 1), hint))
        caption = self.query_one("#caption", Static)
        under = self.query_one(GoalTrend).query_one(Chart)
        if self.as_table:
            before, after = self.table.hidden
            turns = " · ".join([f"← {before} more"] * bool(before) + [f"→ {after} more"] * bool(after))
            keys = (shown_key(keymap(self.app), f"insights.{name}") for name in ("table", "copy-table", "save-table"))
            can = map("{} {}".format, keys, ("shows the chart", "copies it", "saves it as CSV"))
            text = Content(" · ".join(filter(None, [turns, *can])))
        else:
            text = (under if under.has_focus else self.chart).caption(caption.size.width)
        caption.update(text.truncate(max(1, caption.size.width), ellipsis=True))

    @on(Chart.Moved)
    def _follow(self, event: Chart.Moved) -> None:
        if event.chart is self.chart:
            self.fill()
        else:
            self._say()

    # -- the cycles behind a number

    @on(Chart.Opened)
    def _open_place(self, event: Chart.Opened) -> None:
        event.stop()
        view = self.view if event.chart is self.chart else self.query_one(GoalTrend).shown
        if view is not None:
            self.post_message(self.CyclesRequested(view.lead(event.place)))

    @on(VirtualList.Selected)
    def _open_row(self, event: VirtualList.Selected) -> None:
        event.stop()
        if self.view is not None:
            rows = self.view.rows
            self.post_message(self.CyclesRequested(rows[event.index] if event.index < len(rows) else ALL_CYCLES))
