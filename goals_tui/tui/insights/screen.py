"""The Insights screen: tiles, tabs and the view of the current tab."""

from __future__ import annotations

from textual import on, work
from textual.app import ComposeResult, RenderResult
from textual.content import Content
from textual.events import Resize
from textual.reactive import reactive
from textual.style import Style

from goals_tui.domain.drill_down import ORPHANS
from goals_tui.domain.filters import Dimension, Filters
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.charts.canvas import Place
from goals_tui.tui.charts.chart import Chart
from goals_tui.tui.filters.screen import FilterBar, FilteredScreen
from goals_tui.tui.filters.texts import Formats
from goals_tui.tui.insights.dialogs import copy_table, save_table
from goals_tui.tui.insights.model import TABS, InsightsData, InsightsRequest, Tab, axis_of, funnel_goal, gather
from goals_tui.tui.insights.tiles import Tiles, tiles_of
from goals_tui.tui.insights.view_pane import ViewPane
from goals_tui.tui.insights.views import DIMENSIONS, Rank, View, view_of
from goals_tui.tui.widgets.bars import DO, Bar

_TITLES: dict[Tab, tuple[str, str, int]] = {
    "performance": ("Performance", "Goals", 0),
    "rate": ("Completion rate", "Rate", 11),
    "time": ("Time saved", "Time", 0),
    "cost": ("Cost savings", "Cost", 0),
    "revenue": ("Revenue", "Revenue", 1),
    "funnel": ("Funnel", "Funnel", 2),
    "breakdown": ("Breakdown", "Breakdown", 0),
}
"""For each tab: full title, short title, and index of the letter in the full title that is the tab's key."""


class TabStrip(Bar):
    """The titles of all tabs; a click on a title opens the tab."""

    DEFAULT_CSS = """
    TabStrip { height: 1; width: 1fr; }
    """

    tab: reactive[Tab] = reactive("performance")

    def render(self) -> RenderResult:
        full = sum(len(title) + 3 for title, _, _ in _TITLES.values()) <= self.size.width
        parts = []
        for tab, (title, short, letter) in _TITLES.items():
            shown = title if full else short
            key = title[letter]
            place = letter if full else shown.casefold().find(key.casefold())
            look = "bold $block-cursor-foreground on $primary" if tab == self.tab else "$foreground"
            text = Content.styled(f" {shown} ", look)
            if place >= 0:
                text = text.stylize("underline", place + 1, place + 2)
            parts.append(text.stylize(Style.from_meta({DO: f"screen.view('{tab}')"})))
        return Content(" ").join(parts)


_AXIS_ROOM = 10
"""The columns that the value axis of a chart takes up."""


class InsightsScreen(FilteredScreen):
    """The screen of figures about goals, under the filters that it shares with the Sessions screen."""

    AREA = CONTEXT = "insights"
    BINDINGS = bindings("insights")
    HELP = """\
A **cycle** is one attempt at a goal in a session. It is ✔ *completed* when a completion step was reached, ◐ *partial*
when any step beyond the initial one was, else ✕ *incomplete*. It counts on the day it started, with all it reached.

Arrows move over a chart, across its parts too; **tab** goes to the chart below. **Enter** lists the cycles behind the
number. Rates are of all started.
Changes compare with the previous period, until the same time of day. What is not over is marked … and pale.
"""
    CSS = """
    InsightsScreen #body { padding: 1 2 0 2; }
    InsightsScreen.-low #body { padding: 0 1; }
    InsightsScreen FilterBar { margin-bottom: 1; }
    InsightsScreen.-low FilterBar { margin-bottom: 0; }
    InsightsScreen.-low #view-title { margin-top: 0; }
    InsightsScreen.-loading #view { opacity: 60%; }
    InsightsScreen.-full Tiles, InsightsScreen.-full TabStrip { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.tab: Tab = "performance"
        self.rank: Rank = "top"
        self.goal_id: str | None = None
        self.dimension: Dimension = "endpoint"
        self.gathered: InsightsData | None = None
        self.pane = ViewPane()

    @property
    def shown(self) -> View | None:
        """The view of the current tab, or None before the first data arrived."""
        return self.pane.view

    def compose_body(self) -> ComposeResult:
        yield FilterBar()
        yield Tiles()
        yield TabStrip()
        yield self.pane

    def on_mount(self) -> None:
        self.place = "Insights"
        self.query_one(Chart).focus()

    # -- numbers

    def show_data(self) -> None:
        """Read the data of the current tab in the background. A new request cancels the previous one."""
        services, known = self.services, self.gathered
        wanted = InsightsRequest(self.goals_app.stamp, self.goals_app.filters, self.tab, self.goal_id, self.dimension)
        self.show_filters()
        self.ask("insights", lambda cancellation: gather(services, wanted, known, cancellation), self._take)

    def _take(self, found: InsightsData) -> None:
        self.gathered = found
        odd = [count for count in found.report.health.model_dump().values() if count]
        self.query_one(FilterBar).odd = (
            len(odd) + bool(found.report.totals.unpriced_steps) + bool(found.report.later_cycles)
        )
        self.show_filters()
        self._draw()

    def _draw(self) -> None:
        """Draw the data that was gathered last at the current size of the terminal."""
        found, pane = self.gathered, self.pane
        if found is None or found.wanted.tab != self.tab:
            return
        words = Formats(found.report.currency)
        axis = axis_of(found.report, max(10, pane.size.width - _AXIS_ROOM), found.hours)
        with self.app.batch_update():
            self.query_one(Tiles).show(tiles_of(found.report, axis, words))
            self.query_one(TabStrip).tab = self.tab
            pane.show(view_of(found, axis, words, self.rank, self.own_key), axis)
        self.refresh_bindings()

    def on_resize(self, event: Resize) -> None:
        """Adapt the spacing to the height of the terminal, and the time buckets to its width."""
        low = event.size.height < 30
        self.set_class(low, "-low")
        self.query_one(Tiles).set_class(low, "-low")
        self.call_after_refresh(self._draw)

    def on_screen_resume(self) -> None:
        """Read the data again if the filters were changed on the Sessions screen."""
        if self.gathered is not None and self.gathered.wanted.filters != self.goals_app.filters:
            self.show_data()

    # -- views

    def action_view(self, tab: Tab) -> None:
        """Open a tab."""
        self.tab = tab
        self.query_one(TabStrip).tab = tab
        self.show_data()

    def action_turn(self, step: int) -> None:
        """Open the tab that is `step` places further on, wrapping around at the ends."""
        self.action_view(TABS[(TABS.index(self.tab) + step) % len(TABS)])

    def action_table(self) -> None:
        """Switch between the chart and its table."""
        self.pane.turn()
        self.refresh_bindings()

    def action_full(self) -> None:
        """Switch full screen on or off."""
        self._fill(not self.has_class("-full"))

    def action_leave_full(self) -> None:
        """Leave full screen."""
        self._fill(False)

    def _fill(self, full: bool) -> None:
        self.set_class(full, "-full")
        self.pane.set_alone(full)
        self.refresh_bindings()

    def action_rank(self) -> None:
        """Show the top goals, the bottom goals or all goals, in turn."""
        ranks: tuple[Rank, ...] = ("top", "bottom", "all")
        self.rank = ranks[(ranks.index(self.rank) + 1) % len(ranks)]
        self._draw()
        self.pane.chart.select(Place(0))

    def action_dimension(self) -> None:
        """Show the breakdown by the next dimension."""
        self.dimension = DIMENSIONS[(DIMENSIONS.index(self.dimension) + 1) % len(DIMENSIONS)]
        self.show_data()

    @work
    async def action_goal(self) -> None:
        """Ask for a goal and show its funnel."""
        from goals_tui.tui.app.choose import Choose, Option

        if self.gathered is None:
            return
        goals = [goal for goal in self.gathered.report.goals if goal.known]
        options = [Option(goal.goal_id, goal.name, f"{goal.figures.started:,} started") for goal in goals]
        chosen = funnel_goal(self.gathered.report, self.goal_id)
        goal_id = await self.app.push_screen_wait(Choose("Funnel of", options, chosen=chosen))
        if goal_id is not None:
            self.goal_id = goal_id
            self.action_view("funnel")

    def command(self) -> tuple[list[str], Filters]:
        """Return the words and the filters of the command that prints the numbers of the current tab."""
        goal_id = funnel_goal(self.gathered.report, self.goal_id) if self.gathered else None
        if self.tab == "funnel" and goal_id is not None:
            name = self.goal_names().get(goal_id, goal_id)
            # The command line would read a name that begins with a dash as an option.
            return ["funnel", goal_id if name.startswith("-") else name], self.filters
        if self.tab == "breakdown":
            return ["breakdown", self.dimension], self.filters
        return ["report"] if self.tab in ("performance", "funnel") else ["report", "--by", "day"], self.filters

    # -- the table

    def action_copy_table(self) -> None:
        """Copy the table of the current tab to the clipboard."""
        if self.shown is not None:
            copy_table(self, self.shown)

    @work
    async def action_save_table(self) -> None:
        """Ask for a file and save the table of the current tab there."""
        if self.shown is not None:
            await save_table(self, self.shown, self._holds())

    def _holds(self) -> str:
        """Return a description of the current table from which a file name is made."""
        found = self.gathered
        span = found.report.span if found else None
        days = f"{span.start.date()} to {span.last_day}" if span and span.start else "all"
        of = {"funnel": found.funnel.goal if found and found.funnel else "", "breakdown": self.dimension}
        return f"insights {self.tab} {days} {of.get(self.tab, '')}"

    @work
    async def action_health(self) -> None:
        """Show the data health dialog, then the orphan cycles if the user chose them."""
        from goals_tui.tui.insights.dialogs import HealthDialog

        answer = await self.app.push_screen_wait(HealthDialog(self.filters))
        if answer == "orphans":
            self.goals_app.go(ORPHANS)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the actions that would do nothing on the current tab."""
        only = {"goal": "funnel", "dimension": "breakdown"}
        if action == "rank":
            # The table always lists all goals.
            return self.tab == "performance" and not self.pane.as_table and bool(self.shown and self.shown.table.rows)
        if action in only:
            return self.tab == only[action]
        if action == "leave_full":
            return self.has_class("-full")
        if action in ("copy_table", "save_table", "table"):
            return self.shown is not None and bool(self.shown.table.rows)
        return super().check_action(action, parameters)

    @on(ViewPane.CyclesRequested)
    def _show_cycles(self, event: ViewPane.CyclesRequested) -> None:
        self.goals_app.go(event.drill_down)
