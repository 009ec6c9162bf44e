"""The Insights screen: filters, tiles, and one chart or table at a time."""

from __future__ import annotations

from pathlib import Path

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import DescendantFocus, Resize
from textual.timer import Timer
from textual.widgets import ContentSwitcher, DataTable, Static

from goals_tui.domain.filters import Choice, Filters
from goals_tui.services.insights import Cancellation, Dimension
from goals_tui.tui.actions import bindings
from goals_tui.tui.insights.buckets import Axis, axis_of
from goals_tui.tui.insights.course import LEAST_ROWS, Course, course
from goals_tui.tui.insights.filter_bar import FilterBar
from goals_tui.tui.insights.filtered_screen import FilteredScreen
from goals_tui.tui.insights.gather import TABS, Gathered, Tab, Wanted, funnel_goal, gather
from goals_tui.tui.insights.tab_strip import TabStrip
from goals_tui.tui.insights.table_view import TableView
from goals_tui.tui.insights.tiles import Tiles, tiles_of
from goals_tui.tui.insights.views import Lead, Rank, View, metric_over_time, performance, rates
from goals_tui.tui.insights.views_steps import DIMENSIONS, breakdown, funnel
from goals_tui.tui.insights.words import Words
from goals_tui.tui.places import CyclesPlace
from goals_tui.tui.widgets.chart import Chart
from goals_tui.tui.widgets.chart_bars import comfortable_rows
from goals_tui.tui.widgets.chart_canvas import Place
from goals_tui.tui.widgets.chart_spec import Bars

LOADING_AFTER = 0.2
"""Seconds after which the screen says that it is loading (STYLE 11)."""

_TITLE_AND_CAPTION = 2
"""Rows around a chart."""

_AXIS_ROOM = 10
"""Columns of a chart that its value axis takes."""


class InsightsScreen(FilteredScreen):
    """What the goals' events say, under the filters that Sessions shares."""

    AREA = CONTEXT = "insights"
    BINDINGS = bindings("insights")
    HELP = """\
A **cycle** is one attempt at a goal in a session. It is ✔ *completed* when a completion step was reached, ◐ *partial*
when any step beyond the initial one was, else ✕ *incomplete*. It counts on the day it started, with all it reached.

Arrows move over a chart, across its parts too; **tab** goes to the chart below. **Enter** lists the cycles behind the
number. Rates are of all started.
Changes compare with the span of the same length before.
"""
    CSS = """
    InsightsScreen #body { padding: 1 2 0 2; }
    InsightsScreen.-low #body { padding: 0 1; }
    InsightsScreen FilterBar { margin-bottom: 1; }
    InsightsScreen.-low FilterBar { margin-bottom: 0; }
    InsightsScreen #view-title { height: 1; text-style: bold; margin-top: 1; }
    InsightsScreen.-low #view-title { margin-top: 0; }
    InsightsScreen #view { height: 1fr; }
    InsightsScreen #view.-stale { opacity: 60%; }
    InsightsScreen #caption { height: 1; color: $quiet; }
    InsightsScreen.-full Tiles, InsightsScreen.-full TabStrip { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.tab: Tab = "performance"
        self.rank: Rank = "top"
        self.goal_id: str | None = None
        self.dimension: Dimension = "endpoint"
        self.gathered: Gathered | None = None
        self.shown: View | None = None
        self._axis: Axis | None = None
        self._cancellation = Cancellation()
        self._slow: Timer | None = None

    def compose_body(self) -> ComposeResult:
        yield FilterBar()
        yield Tiles()
        yield TabStrip()
        with Vertical(id="views"):
            yield Static("", id="view-title", markup=False)
            with ContentSwitcher(initial="chart", id="view"):
                yield Chart(id="chart")
                yield TableView(id="table")
            yield Course()
            yield Static("", id="caption", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.place = "Insights"
        self.query_one(Chart).focus()

    # -- numbers

    def show_data(self) -> None:
        """Ask for what is shown; the last one asked wins, and those before it stop."""
        self._cancellation.cancel()
        cancellation = self._cancellation = Cancellation()
        services, known = self.services, self.gathered
        wanted = Wanted(self.goals_app.stamp, self.goals_app.filters, self.tab, self.goal_id, self.dimension)
        self.show_filters()
        if self._slow is None:
            self._slow = self.set_timer(LOADING_AFTER, self._say_loading)
        self.load("insights", lambda: gather(services, wanted, known, cancellation), self._take)

    def _say_loading(self) -> None:
        if self._slow is None:
            return  # The numbers came while this was on its way.
        self.query_one(FilterBar).busy = True
        self.query_one("#view").add_class("-stale")

    def _take(self, found: Gathered | None) -> None:
        if found is None:
            return
        self.gathered = found
        if self._slow is not None:
            self._slow.stop()
            self._slow = None
        bar = self.query_one(FilterBar)
        bar.busy = False
        odd = [count for count in found.report.health.model_dump().values() if count]
        bar.odd = len(odd) + bool(found.report.totals.unpriced_steps)
        self.query_one("#view").remove_class("-stale")
        self.show_filters()
        self._draw()

    def _draw(self) -> None:
        """Show what was gathered at the present size."""
        found = self.gathered
        if found is None or found.wanted.tab != self.tab:
            return
        words = Words(found.report.currency)
        axis = self._axis = axis_of(found.report, max(10, self.query_one("#view").size.width - _AXIS_ROOM), found.hours)
        with self.app.batch_update():
            self.query_one(Tiles).show(tiles_of(found.report, axis, words))
            if self.tab == "performance":
                view = performance(found.report, words, self.rank)
            elif self.tab == "rate":
                view = rates(axis, words)
            elif self.tab == "funnel":
                view = funnel(found.funnel)
            elif self.tab == "breakdown":
                view = breakdown(list(found.parts or ()), self.dimension, words)
            else:
                view = metric_over_time(axis, self.tab, words)
            self.shown = view
            self.query_one(TabStrip).tab = self.tab
            self.query_one(Chart).show(view.spec)
            self.query_one(TableView).show(view.table)
            self._show_course()
            self._caption()
        self.refresh_bindings()

    def _show_course(self) -> None:
        """Under bars of goals or steps that leave room: the course of the chosen one's goal."""
        chart, view, shown = self.query_one("#chart", Chart), self.query_one("#view"), self.shown
        found, height = None, 0
        alone = self.as_table or self.has_class("-full") or self.tab not in ("performance", "funnel")
        if shown is not None and isinstance(shown.spec, Bars) and not alone:
            height = comfortable_rows(shown.spec, view.size.width)
            if self.query_one("#views").size.height - height - _TITLE_AND_CAPTION >= LEAST_ROWS:
                found = course(self._axis, shown.lead(chart.place or Place(0)).behind.goal_id)
        view.styles.height = height if found is not None else "1fr"
        below = self.query_one(Course)
        if found is None and below.has_focus_within:
            chart.focus()
        below.show(found)

    def on_resize(self, event: Resize) -> None:
        """Small terminals get small tiles; the buckets of time follow the width."""
        low = event.size.height < 30
        self.set_class(low, "-low")
        self.query_one(Tiles).set_class(low, "-low")
        self.call_after_refresh(self._draw)

    def on_screen_resume(self) -> None:
        """Filters may have changed on the Sessions screen meanwhile."""
        super().on_screen_resume()
        if self.gathered is not None and self.gathered.wanted.filters != self.goals_app.filters:
            self.show_data()

    # -- views

    def action_view(self, tab: Tab) -> None:
        """Show one of the tabs."""
        self.tab = tab
        self.query_one(TabStrip).tab = tab
        self.show_data()

    def action_turn(self, step: int) -> None:
        """The next tab, or the one before."""
        self.action_view(TABS[(TABS.index(self.tab) + step) % len(TABS)])

    @property
    def as_table(self) -> bool:
        """Whether the table is shown in place of the chart."""
        return self.query_one("#view", ContentSwitcher).current == "table"

    def action_table(self) -> None:
        """The chart as its table, or back."""
        switcher = self.query_one("#view", ContentSwitcher)
        switcher.current = "chart" if self.as_table else "table"
        self._show_course()
        self.query_one(f"#{switcher.current}").focus()
        self._caption()

    def action_full(self) -> None:
        """Only the chart, or everything again."""
        self.toggle_class("-full")
        self._show_course()
        self.refresh_bindings()

    def action_leave_full(self) -> None:
        """Everything again."""
        self.remove_class("-full")
        self._show_course()
        self.refresh_bindings()

    def action_rank(self) -> None:
        """Top goals, bottom goals, all goals."""
        ranks: tuple[Rank, ...] = ("top", "bottom", "all")
        self.rank = ranks[(ranks.index(self.rank) + 1) % len(ranks)]
        self._draw()
        self.query_one(Chart).select(Place(0))

    def action_dimension(self) -> None:
        """The next dimension of the breakdown."""
        self.dimension = DIMENSIONS[(DIMENSIONS.index(self.dimension) + 1) % len(DIMENSIONS)]
        self.show_data()

    @work
    async def action_goal(self) -> None:
        """Choose whose funnel is shown."""
        from goals_tui.tui.dialogs import Choose, Option

        if self.gathered is None:
            return
        goals = [goal for goal in self.gathered.report.goals if goal.known]
        options = [Option(goal.goal_id, goal.name, f"{goal.figures.started:,} started") for goal in goals]
        chosen = funnel_goal(self.gathered.report, self.goal_id)
        goal_id = await self.app.push_screen_wait(Choose("Funnel of", options, chosen=chosen))
        if goal_id is not None:
            self.goal_id = goal_id
            self.action_view("funnel")

    # -- the table

    def action_copy_table(self) -> None:
        """Put the table on the clipboard."""
        if self.shown is not None:
            self.app.copy_to_clipboard(self.shown.table.as_text())
            self.app.notify(f"{len(self.shown.table.rows)} rows copied: {self.shown.title}")

    @work
    async def action_save_table(self) -> None:
        """Write the table to a file."""
        from goals_tui.services.save_text import save_text
        from goals_tui.tui.dialogs import AskText

        if self.shown is None:
            return
        text, today = self.shown.table.as_csv(), self.services.clock().date()
        asked = AskText("Save the table as CSV", value=f"insights-{self.tab}-{today}.csv", label="File")
        path = await self.app.push_screen_wait(asked)
        if path is not None:
            saved = self.attempt(lambda: save_text(Path(path), text))
            if saved is not None:
                self.app.notify(f"Saved {saved}")

    @work
    async def action_health(self) -> None:
        """What is odd about the data."""
        from goals_tui.tui.insights.health import HealthDialog

        answer = await self.app.push_screen_wait(HealthDialog(self.filters))
        if answer == "orphans":
            self.goals_app.go(CyclesPlace(outcome="orphan"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing on this tab are off."""
        only = {"goal": "funnel", "dimension": "breakdown"}
        if action == "rank":
            return self.tab == "performance" and self.shown is not None and bool(self.shown.table.rows)
        if action in only:
            return self.tab == only[action]
        if action == "leave_full":
            return self.has_class("-full")
        if action in ("copy_table", "save_table", "table"):
            return self.shown is not None and bool(self.shown.table.rows)
        if action == "reset_filters":
            return self.goals_app.filters != Filters()
        return True

    # -- the cursor, and what is behind it

    @on(Chart.Moved, "#chart")
    def _follow(self) -> None:
        self._show_course()

    @on(Chart.Moved)
    @on(DescendantFocus)
    def _caption(self) -> None:
        chart = self.query_one(Course).query_one(Chart)
        chart = chart if chart.has_focus else self.query_one("#chart", Chart)
        caption = self.query_one("#caption", Static)
        if self.as_table:
            text = Content("v shows the chart · y copies the table · s saves it as CSV")
        else:
            text = chart.caption(caption.size.width)
        caption.update(text.truncate(max(1, caption.size.width), ellipsis=True))
        if self.shown is not None:
            title = self.shown.title
            self.query_one("#view-title", Static).update(self.shown.table_title or title if self.as_table else title)

    @on(Chart.Opened)
    def _open_place(self, event: Chart.Opened) -> None:
        shown = self.shown if event.chart.id == "chart" else self.query_one(Course).shown
        if shown is not None:
            self._lead(shown.lead(event.place))

    @on(DataTable.RowSelected)
    def _open_row(self, event: DataTable.RowSelected) -> None:
        if self.shown is not None:
            rows = self.shown.rows
            self._lead(rows[event.cursor_row] if event.cursor_row < len(rows) else Lead())

    def _lead(self, lead: Lead) -> None:
        behind = lead.behind
        narrowed = self.filters.model_copy(update={"goals": Choice(values=lead.goals)}) if lead.goals else None
        self.goals_app.go(
            CyclesPlace(
                filters=narrowed,
                outcome=behind.outcome,
                goal_id=behind.goal_id,
                step_id=behind.step_id,
                bucket=behind.bucket,
                part=behind.part,
                part_title=lead.part_title,
            )
        )
