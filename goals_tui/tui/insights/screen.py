"""The Insights screen: tiles, tabs and the view of the current tab."""

from __future__ import annotations

from dataclasses import replace

from textual import on, work
from textual.app import ComposeResult, RenderResult
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style

from goals_tui.domain.decisions import DropOff, Release
from goals_tui.domain.drill_down import ORPHANS, DrillDown
from goals_tui.domain.filters import Filters
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import Reading
from goals_tui.tui.app.screen import GoalPlace
from goals_tui.tui.charts.canvas import Place
from goals_tui.tui.charts.chart import Chart
from goals_tui.tui.filters.screen import FilterBar, FilteredScreen
from goals_tui.tui.filters.texts import Formats, span_words
from goals_tui.tui.insights.dialogs import copy_table
from goals_tui.tui.insights.focus import Focus, focus_on
from goals_tui.tui.insights.model import axis_of
from goals_tui.tui.insights.steps import FunnelData
from goals_tui.tui.insights.tabs import (
    TABS,
    Choices,
    InsightsData,
    InsightsRequest,
    Shown,
    TabName,
    gather,
    shown_goal,
    view_of,
)
from goals_tui.tui.insights.tiles import Tiles, tiles_of
from goals_tui.tui.insights.view import COUNTED, View
from goals_tui.tui.insights.view_pane import ViewPane
from goals_tui.tui.sessions.drill_down import restriction_words
from goals_tui.tui.widgets.bars import DO, Bar


class TabStrip(Bar):
    """The titles of all tabs; a click on a title opens the tab."""

    DEFAULT_CSS = """
    TabStrip { height: 1; width: 1fr; }
    """

    tab: reactive[TabName] = reactive("performance")

    def render(self) -> RenderResult:
        full = sum(len(tab.title) + 3 for tab in TABS.values()) <= self.size.width
        parts = []
        for name, tab in TABS.items():
            shown = tab.title if full else tab.short
            place = shown.casefold().find(tab.letter)
            look = "bold $block-cursor-foreground on $primary" if name == self.tab else "$foreground"
            text = Content.styled(f" {shown} ", look)
            if place >= 0:
                text = text.stylize("underline", place + 1, place + 2)
            parts.append(text.stylize(Style.from_meta({DO: f"screen.view('{name}')"})))
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

Arrows move over a chart, across its parts too; **tab** goes to the chart below, which has more about the chosen bar:
days, what came next, all others, or for whom a release changed. **Enter** lists the cycles behind the
number. In a table, **space** marks two rows to compare. Rates are of all started; the band, and the numbers in
brackets, are their 95 % interval. Below 20 cycles a rate is dimmed, its point hollow (○). Changes compare with the
previous period, until the same time of day; one that chance explains has no colour. What is not over is hatched, its
line dashed. ◆ is where a version or snapshot first appears, ✎ an annotation made by hand.

**Largest loss** leads to the step, of any goal, after which most money is at stake; **for whom** shows releases side by
side in each goal; **what if** opens the goal's editor, which reads the same cycles under each edit.

**Why** and **how made** are about the number under the cursor: a tile (tab leads there), a bar, a point or a row.
"""
    CSS = """
    InsightsScreen #body { padding: 1 2 0 2; }
    InsightsScreen.-low #body { padding: 0 1; }
    InsightsScreen FilterBar { margin-bottom: 1; }
    InsightsScreen.-low FilterBar { margin-bottom: 0; }
    InsightsScreen.-low Tiles { margin-bottom: 0; }
    InsightsScreen.-low Tile { margin-right: 0; }
    InsightsScreen.-low #view-title { margin-top: 0; }
    InsightsScreen.-loading #view { opacity: 60%; }
    InsightsScreen.-full Tiles, InsightsScreen.-full TabStrip { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.tab: TabName = "performance"
        self.choices = Choices()
        self.gathered: InsightsData | None = None
        self._to_step = ""
        """The step of Funnel to which the cursor goes once its numbers are there."""

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
        wanted = self._wanted
        self.show_filters()
        self.ask("insights", lambda cancellation: gather(services, wanted, known, cancellation), self._take)

    @property
    def _wanted(self) -> InsightsRequest:
        return InsightsRequest(self.goals_app.stamp, self.goals_app.filters, self.tab, self.choices)

    def _take(self, found: InsightsData) -> None:
        self.gathered = found
        odd = [count for count in found.report.health.model_dump().values() if count]
        before = found.report.previous
        self.query_one(FilterBar).new = before is not None and not before.started and bool(found.report.totals.started)
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
        shown = self.drawing_of(found)
        with self.app.batch_update():
            self.query_one(Tiles).show(tiles_of(found.report, shown.axis, shown.words))
            self.query_one(TabStrip).tab = self.tab
            pane.show(view_of(found, shown, self.goals_app.named_key))
            if isinstance(found.found, FunnelData) and self._to_step:
                steps = [step.step_id for step in found.found.funnel.steps]
                if self._to_step in steps:
                    pane.chart.select(Place(steps.index(self._to_step), 1))
                    self._to_step = ""
        self.refresh_bindings()

    def drawing_of(self, found: InsightsData) -> Shown:
        """Return the context in which the current tab is drawn."""
        width, choices = self.pane.size.width, self.choices
        # "day" stands for the finest unit: spans of a day or two are shown by the hour.
        unit = choices.grouping if self.tab == "value" and choices.grouping in ("week", "month") else None
        axis = axis_of(found.report, max(10, width - _AXIS_ROOM), found.hours, unit)
        words, annotations = Formats(found.report.currency), found.annotations or ()
        return Shown(found.report, found.wanted.filters, choices, axis, words, width, annotations)

    def on_resize(self) -> None:
        """Adapt the time buckets to the width of the terminal."""
        self.call_after_refresh(self._draw)

    def on_screen_resume(self) -> None:
        """Read the data again if the filters were changed on the Sessions screen."""
        if self.gathered is not None and self.gathered.wanted.filters != self.goals_app.filters:
            self.show_data()

    # -- views

    def action_view(self, tab: TabName) -> None:
        """Open a tab."""
        self.tab = tab
        self.query_one(TabStrip).tab = tab
        # The arrows, enter, and what is said of a number belong to the tab, not to a tile or a chart below of before.
        self.pane.focus_upper()
        self.show_data()

    def action_turn(self, step: int) -> None:
        """Open the tab that is `step` places further on, wrapping around at the ends."""
        tabs = list(TABS)
        self.action_view(tabs[(tabs.index(self.tab) + step) % len(tabs)])

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

    def action_change(self, what: str) -> None:
        """Take the next of the choices that only this tab offers, such as its order (`Tab.keys`)."""
        found = self.gathered
        if found is not None and found.wanted.tab == self.tab:
            self.choose((TABS[self.tab].keys or {})[what](found.found, self.drawing_of(found)))
            if what == "order":
                self.pane.chart.select(Place(0))

    def choose(self, choices: Choices) -> None:
        """Show the tab under other choices. Nothing is read again if only the drawing depends on them."""
        self.choices = choices
        found = self.gathered
        if found is not None and self._wanted.same_answer(found.wanted):
            self._draw()
        else:
            self.show_data()

    @work
    async def action_goal(self) -> None:
        """Ask for the goal of the current tab; Rate can be of all goals, too."""
        from goals_tui.tui.app.choose import Choose, Option

        field = TABS[self.tab].goal
        if self.gathered is None or not field:
            return
        goals = [goal for goal in self.gathered.report.goals if goal.known]
        options = [Option(goal.goal_id, goal.name, f"{goal.figures.started:,} started") for goal in goals]
        if field == "goal_id":
            chosen = shown_goal(self.gathered.report, self.choices.goal_id)
        else:
            chosen = self.choices.rate_goal_id
            options.insert(0, Option("", "All goals", f"{self.gathered.report.totals.started:,} started"))
        goal_id = await self.app.push_screen_wait(Choose(f"{TABS[self.tab].title} of", options, chosen=chosen or ""))
        if goal_id is not None and field == "goal_id":
            self.choose(replace(self.choices, goal_id=goal_id, step_id=None))
        elif goal_id is not None:
            self.choose(replace(self.choices, rate_goal_id=goal_id or None))

    def action_largest_loss(self) -> None:
        """Show in Funnel the drop-offs with most money at stake, of all goals."""
        loss = self.gathered.report.largest_loss if self.gathered is not None else None
        if loss is not None:
            self.choices = replace(self.choices, goal_id=loss.goal_id, strict=False, step_id=None)
            self._to_step = loss.step_id
            if self.pane.as_table:
                self.pane.turn()
            self.action_view("funnel")

    def action_for_whom(self) -> None:
        """Show the releases side by side for each goal; the keys of Breakdown take other dimensions."""
        self.choices = replace(self.choices, dimensions=("goal", "snapshot"), order="name")
        self.action_view("breakdown")

    @property
    def _editable_goal(self) -> str | None:
        """The id of the goal with the cursor, else of the goal that the tab shows, else of the one started most."""
        if self.gathered is None:
            return None
        chosen = self.pane.chosen
        asked = (chosen and chosen.goal_id) or (TABS[self.tab].goal and getattr(self.choices, TABS[self.tab].goal))
        return shown_goal(self.gathered.report, asked or None)

    def action_what_if(self) -> None:
        """Open the editor of the goal, whose What-if reads the cycles under the edit."""
        goal_id = self._editable_goal
        if goal_id is not None:
            self.goals_app.go(GoalPlace(goal_id, edit=True))

    @work
    async def action_came_next(self) -> None:
        """Show what the cycles that dropped off after the chosen step did next in their sessions."""
        from goals_tui.tui.insights.dialogs import CameNext

        drop = self._chosen_drop_off
        if drop is not None:
            await self.app.push_screen_wait(CameNext(drop))

    @property
    def _chosen_drop_off(self) -> DropOff | None:
        """The drop-offs after the step with the cursor, if there are any."""
        found, place = self.gathered, self.pane.chart.place
        if self.tab != "funnel" or found is None or not isinstance(found.found, FunnelData) or place is None:
            return None
        drop = found.found.after(found.found.funnel.steps[place.mark].step_id)
        return drop if drop is not None and drop.next else None

    def command(self) -> tuple[list[str], Filters]:
        """Return the words and the filters of the command that prints the numbers of the current tab."""
        found = self.gathered
        if found is None or found.wanted.tab != self.tab:
            return ["report"], self.filters
        return TABS[self.tab].command(found.found, self.drawing_of(found))

    # -- one number

    def _focus(self, *, all_outcomes: bool = False, releases: bool = False) -> Focus | None:
        """Return the number of the tile, the mark or the row with the cursor; None if it has no cycles of its own.

        With `all_outcomes`, the focus is on all cycles of its goal, time and part, whatever they reached. Those of a
        snapshot are then those of all snapshots, unless `releases` are compared.
        """
        figure = self.query_one(Tiles).chosen
        if figure is None:
            drill_down = self.pane.chosen
            metric = {"time": "time_saved_seconds", "cost": "cost_savings"}.get(self.choices.metric, "revenue")
            metric = metric if self.tab == "value" else ""
        else:
            outcome = COUNTED[Tiles.FIGURES.index(figure)] if figure in ("completed", "partial") else None
            drill_down, metric = DrillDown(outcome=outcome), "" if outcome else figure
        if drill_down is None:
            return None
        if all_outcomes:
            drill_down = replace(drill_down, outcome=None, step_id=None, dropped_after=None, in_order=False, took=None)
        words = restriction_words(drill_down, lambda id_: self.attempt(lambda: self.services.goals.get(id_)))
        title = " · ".join(words) or "All cycles"
        zone = self.services.project.get().zone_or(self.filters.time_zone)
        # The period before a release hasn't got it: its effect shows among all, in the rows by snapshot.
        narrow = releases or not all_outcomes
        return focus_on(title, drill_down, self.filters, self._span(), zone, metric=metric, releases=narrow)

    @work
    async def action_why(self) -> None:
        """Explain why the completion rate of the cycles behind a number changed; go to the cycles of a part."""
        from goals_tui.tui.insights.why import Why

        release = self._chosen_release
        focus = self._focus(all_outcomes=True, releases=release is not None)
        if focus is None:
            return
        if release is not None:
            if release.against is None:
                self.notify(f"{release.snapshot} is the first release here: there is none to compare it with.")
                return
            focus = replace(focus, releases=(release.against, release.snapshot))
        await self._go_on(Why(focus))

    @property
    def _chosen_release(self) -> Release | None:
        """The release with the cursor, if there is one."""
        found, chosen = self.gathered, self.pane.chosen
        if self.tab != "releases" or found is None or self.query_one(Tiles).chosen is not None or chosen is None:
            return None
        snapshot = dict(chosen.parts).get("snapshot")
        return next((each for each in found.found if each.snapshot == snapshot), None)

    @work
    async def action_how_made(self) -> None:
        """Show how a number is made; go to the session of an example."""
        from goals_tui.tui.insights.how_made import HowMade

        focus = self._focus()
        if focus is not None:
            await self._go_on(HowMade(focus))

    async def _go_on(self, dialog: Reading[DrillDown]) -> None:
        drill_down = await self.app.push_screen_wait(dialog)
        if drill_down is not None:
            self.goals_app.go(drill_down)

    @work
    async def action_compare(self) -> None:
        """Compare the marked rows of the table or, where no rows are marked, two saved filters."""
        from goals_tui.tui.insights.compare import Compare, choose_saved, pair_of

        rows = [self.shown.rows[place] for place in self.pane.table.marked] if self.shown else []
        a, b = (*rows, None, None)[:2]
        if a is not None and b is not None:
            pair = self.attempt(lambda: pair_of(a, b, self.filters, self.goal_names()))
        else:
            pair = await choose_saved(self)
        if pair is not None:
            await self.app.push_screen_wait(Compare(pair))

    @work
    async def action_annotate(self) -> None:
        """Annotate the day or hour with the cursor; on a tab that shows one goal, about that goal."""
        from goals_tui.tui.insights.annotations import annotate

        chosen = self.pane.chosen
        if chosen is not None and chosen.bucket is not None:
            bucket = chosen.bucket
            hour = bucket.unit == "hour"
            at = f"{bucket.start:%Y-%m-%dT%H:%M}" if hour else bucket.first.isoformat()
            goal = self.goal_names().get(chosen.goal_id, "") if chosen.goal_id else ""
            await annotate(self, at, chosen.goal_id, goal)

    @work
    async def action_annotations(self) -> None:
        """List the annotations."""
        from goals_tui.tui.insights.annotations import AnnotationList

        await self.app.push_screen_wait(AnnotationList())

    # -- the table

    def action_copy_table(self) -> None:
        """Copy the table of the current tab to the clipboard."""
        if self.shown is not None:
            copy_table(self, self.shown)

    @work
    async def action_save_table(self) -> None:
        """Ask for a file and save the view there: its table, or a document with its chart."""
        from goals_tui.tui.insights.saving import save_view

        if self.shown is not None and self.gathered is not None:
            filters = self.gathered.wanted.filters
            span = span_words(filters, self._span())
            await save_view(self, self.shown, self._holds(), span, filters)

    def _holds(self) -> str:
        """Return a description of the current table from which a file name is made."""
        found = self.gathered
        span = found.report.span if found else None
        days = f"{span.start.date()} to {span.last_day}" if span and span.start else "all"
        about = TABS[self.tab].about(found.found, self.drawing_of(found)) if found else ""
        return f"insights {self.tab} {days} {about}"

    @work
    async def action_health(self) -> None:
        """Show the data health dialog, then the orphan cycles if the user chose them."""
        from goals_tui.tui.insights.dialogs import HealthDialog

        answer = await self.app.push_screen_wait(HealthDialog(self.filters))
        if answer == "orphans":
            self.goals_app.go(ORPHANS)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the actions that would do nothing on the current tab."""
        if action == "change":
            # The table of Performance always lists all goals.
            listed = self.tab == "performance" and self.pane.as_table
            empty = self.gathered is not None and not self.gathered.report.totals.started
            return parameters[0] in (TABS[self.tab].keys or {}) and not listed and not empty
        if action == "goal":
            return bool(TABS[self.tab].goal)
        if action == "for_whom":
            return self.tab == "releases"
        if action == "what_if":
            return self.is_mounted and self._editable_goal is not None
        if action == "largest_loss":
            return self.gathered is not None and self.gathered.report.largest_loss is not None
        if action == "came_next":
            return self._chosen_drop_off is not None
        if action == "annotate":
            chosen = self.pane.chosen if self.is_mounted else None
            return chosen is not None and chosen.bucket is not None
        if action == "leave_full":
            return self.has_class("-full")
        if action in ("copy_table", "save_table", "table"):
            return self.shown is not None and bool(self.shown.rows)
        return super().check_action(action, parameters)

    @on(ViewPane.CyclesRequested)
    def _show_cycles(self, event: ViewPane.CyclesRequested) -> None:
        self.goals_app.go(event.drill_down)
