"""The Sessions screen: the list of cycles, newest first, under the filters that it shares with Insights."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter

from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Button, ContentSwitcher, Input, Label

from goals_tui.domain.drill_down import ALL_CYCLES, NO_FILTERS, DrillDown
from goals_tui.domain.errors import NotFoundError
from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal
from goals_tui.domain.model import MAX_NAME
from goals_tui.domain.report import Cycle, Outcome
from goals_tui.domain.text import clean_line
from goals_tui.services.insights.service import Insights
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import Form
from goals_tui.tui.app.screen import Place
from goals_tui.tui.filters.screen import FilterBar, FilteredScreen
from goals_tui.tui.filters.texts import Formats
from goals_tui.tui.sessions.cycle_list import CycleActions, CyclePages, CycleRows, find
from goals_tui.tui.sessions.drill_down import DrillDownLine, nothing_found, restriction_words
from goals_tui.tui.widgets.empty import Empty, data_ways
from goals_tui.tui.widgets.fields import ProblemLine
from goals_tui.tui.widgets.virtual_list import VirtualList


class SessionsScreen(FilteredScreen, CycleActions):
    """The screen that lists cycles, one per line."""

    AREA = CONTEXT = "sessions"
    BINDINGS = bindings("sessions")
    HELP = """\
A **cycle** is one attempt at a goal in a session: ✔ completed, ◐ partially completed, ✕ incomplete.
**Steps** shows the goal's steps in order: ● initial, ○ step, ◎ completion step where reached, · where not.
In a narrow terminal they stand beside the outcome, and a day is said once.
An **orphan** (?) has no initial step: it is in no number of a report.
`✓` marked (`space`, `shift` with arrows): ids are copied, and cycles exported, of all marked cycles together.
"""
    CSS = """
    SessionsScreen.-low #body { padding: 0 1; }
    SessionsScreen #list { height: 1fr; margin-top: 1; }
    SessionsScreen.-low #list { margin-top: 0; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows = CycleRows(id="list")
        self.drill_down = ALL_CYCLES
        self._shown_filters: Filters | None = None
        self._from_insights = False
        self._goals: dict[str, Goal | None] = {}
        self._versions: dict[str, dict[str, Goal]] = {}

    def compose_body(self) -> ComposeResult:
        yield FilterBar()
        yield DrillDownLine()
        with ContentSwitcher(initial="list", id="view"):
            yield self.rows
            yield Empty(id="empty", markup=False)

    def on_mount(self) -> None:
        self.place = "Sessions"
        self.rows.focus()

    def on_unmount(self) -> None:
        """Close the list of cycles, which releases the event log."""
        self.rows.close()

    @property
    def pages(self) -> CyclePages | None:
        """The cycles that are shown, or None until they were found."""
        return self.rows.pages

    @property
    def chosen(self) -> Cycle | None:
        """The cycle with the cursor, or None while it is being fetched."""
        return self.rows.chosen

    @property
    def affected(self) -> list[Cycle]:
        """The cycles that are copied or exported: the marked ones, newest first, or the chosen one."""
        if not self.rows.marks:
            return super().affected
        started = [cycle for cycle in self.rows.marks.rows if cycle.started_at is not None]
        orphans = [cycle for cycle in self.rows.marks.rows if cycle.started_at is None]
        return sorted(started, key=attrgetter("started_at"), reverse=True) + orphans

    @property
    def filters(self) -> Filters:
        """The filters of the drill-down if it has its own, else the shared filters."""
        return self.drill_down.filters or self.goals_app.filters

    # -- data

    def show_data(self) -> None:
        """Find the cycles again in the background, and keep the cursor on the chosen one."""
        services, filters, drill_down = self.services, self.filters, self.drill_down
        chosen = self.chosen
        cursor, before = self.rows.cursor, self.pages.count if self.pages else 0
        self._shown_filters = filters
        self._show_restriction()
        self.ask(
            "cycles",
            lambda cancellation: find(services, filters, drill_down, cancellation, cursor, chosen, before),
            self._take,
        )

    def _take(self, found: tuple[CyclePages, int]) -> None:
        pages, cursor = found
        self._goals.clear()
        self._versions.clear()
        project = self.services.project.get()
        where = project.zone_or(self.filters.time_zone)
        self.rows.show_pages(pages, cursor, self._drawn_by, Formats(project.currency), where, self._span())
        self._show_note()
        self.query_one("#view", ContentSwitcher).current = "list" if pages.count else "empty"
        if not pages.count:
            self._say_why_empty()
        self.refresh_bindings()

    def _show_note(self) -> None:
        count = self.pages.count if self.pages else 0
        marked = f", {len(self.rows.marks):,} marked" if self.rows.marks else ""
        self.note = f"{count:,} cycle{'' if count == 1 else 's'}{marked}"

    def _say_why_empty(self) -> None:
        insights, filters = self.services.insights, self.filters

        def read() -> tuple[tuple[datetime, datetime] | None, int]:
            return insights.events_between(filters.time_zone), insights.left_out_test_cycles(filters)

        def say(found: tuple[tuple[datetime, datetime] | None, int]) -> None:
            title, why = nothing_found(self.drill_down, self.own_key, *found)
            is_filled = found[0] is not None
            self.query_one(Empty).say(title, why, () if is_filled else data_ways(self.goals_app.named_key))

        self.load("empty", read, say)

    def _goal(self, goal_id: str) -> Goal | None:
        if goal_id not in self._goals:
            try:
                self._goals[goal_id] = self.services.goals.get(goal_id)
            except NotFoundError:
                self._goals[goal_id] = None
        return self._goals[goal_id]

    def _drawn_by(self, cycle: Cycle) -> Goal | None:
        """Return the version of the goal that a cycle recorded, or the current one if that is unknown."""
        if cycle.goal_id not in self._versions:
            versions = self.services.goals.versions(cycle.goal_id)
            self._versions[cycle.goal_id] = {goal.version: goal for goal in versions}
        return self._versions[cycle.goal_id].get(cycle.version) or self._goal(cycle.goal_id)

    @on(VirtualList.Missing)
    def _fetch(self, event: VirtualList.Missing) -> None:
        pages = self.pages
        if pages is not None:
            self.load("page", lambda: pages.fetch(event.first, event.last), self._fetched)

    def _fetched(self, something: bool) -> None:
        if something:
            self.rows.refresh_rows()
            self.refresh_bindings()

    # -- what is shown

    def _show_restriction(self) -> None:
        self.show_filters()
        words = restriction_words(self.drill_down, self._goal)
        self.query_one(DrillDownLine).say(words, from_insights=self._from_insights)

    def open_place(self, place: Place) -> None:
        """Show the cycles of a number of Insights, or those of a session."""
        if isinstance(place, DrillDown):
            self._from_insights = place.session_id is None
            self.restrict(place)

    def restrict(self, drill_down: DrillDown) -> None:
        """Show the cycles of a drill-down."""
        self.drill_down = drill_down
        # A mark of a row that is no longer listed could not be seen.
        self.rows.marks.put(())
        self.rows.cursor = 0
        self.rows.close()
        self.show_data()

    def use_filters(self, filters: Filters) -> None:
        """Apply other filters. The restriction ends, except to its outcome."""
        self.goals_app.filters = filters
        self.restrict(DrillDown(outcome=self.drill_down.outcome))

    def on_screen_resume(self) -> None:
        """Find the cycles again if the filters were changed on the Insights screen."""
        if self._shown_filters is not None and self._shown_filters != self.filters:
            self.restrict(self.drill_down)

    def command(self) -> tuple[list[str], Filters]:
        """Return the words and the filters of the command that lists these cycles."""
        from goals_tui.services.insights.saved_filters import cycles_command, with_drill_down

        filters, drill_down = self.filters, self.drill_down
        where = self.services.project.get().zone_or(filters.time_zone)
        goal = self._goal(drill_down.goal_id) if drill_down.goal_id is not None else None
        return cycles_command(drill_down, goal), with_drill_down(filters, drill_down, self._span(), where)

    # -- actions

    def action_outcome(self, outcome: Outcome) -> None:
        """Show only cycles with one outcome."""
        self.restrict(self.drill_down.to_outcome(outcome))

    def action_all(self) -> None:
        """Show all cycles that the filters let through."""
        self.restrict(ALL_CYCLES)

    def action_mark(self) -> None:
        """Mark the chosen cycle, or take its mark away, and go to the next."""
        self.rows.marks.mark()

    def action_mark_down(self) -> None:
        """Mark the chosen cycle and the next."""
        self.rows.marks.mark(on=True)

    def action_mark_up(self) -> None:
        """Mark the chosen cycle and the one before."""
        self.rows.marks.mark(on=True, move=-1)

    @on(VirtualList.Marked)
    def _marked(self) -> None:
        self._show_note()
        self.refresh_bindings()

    @work
    async def action_export(self) -> None:
        """Write the chosen cycle, or all marked ones, to a CSV file."""
        from goals_tui.tui.sessions.export import export_cycles

        await export_cycles(self, self.affected, self.filters)

    def action_insights(self) -> None:
        """Remove the restriction and go back to the Insights screen."""
        self._from_insights = False
        self.restrict(ALL_CYCLES)
        self.app.switch_mode("insights")

    @on(VirtualList.Selected)
    def action_open(self) -> None:
        """Open the timeline of the chosen cycle."""
        if self.chosen is not None:
            self._timeline(self.chosen, self.rows)

    def _timeline(self, cycle: Cycle, rows: CycleRows | None = None) -> None:
        from goals_tui.tui.sessions.timeline import TimelineScreen

        self.app.push_screen(TimelineScreen(cycle.cycle_id, cycle.goal_id, rows))

    def action_session(self) -> None:
        """Show all cycles of the chosen cycle's session."""
        if self.chosen is not None:
            self.restrict(DrillDown.of_session(self.chosen.session_id))

    @work
    async def action_find(self) -> None:
        """Ask for an id and open the cycle or the session with it."""
        found = await self.app.push_screen_wait(FindDialog())
        if isinstance(found, DrillDown):
            self.open_place(found)
        elif found is not None:
            self._timeline(found)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the actions that would do nothing."""
        if action in ("open", "session") or action.startswith("mark"):
            return self.chosen is not None
        if action in ("copy_id", "copy_session", "export"):
            return bool(self.affected)
        if action == "goal":
            return self.chosen is not None and self._goal(self.chosen.goal_id) is not None
        if action == "outcome":
            return parameters != (self.drill_down.outcome,)
        if action == "insights":
            return self._from_insights
        if action == "all":
            return self.drill_down != ALL_CYCLES
        return super().check_action(action, parameters)


Found = Cycle | DrillDown


class FindDialog(Form[Found]):
    """A dialog that asks for an id and returns the cycle or the session with it.

    While no cycle or session has the id, it shows a message and stays open.
    """

    def __init__(self) -> None:
        super().__init__("Find")

    def compose_dialog(self) -> ComposeResult:
        yield Label("Id of a cycle or a session", classes="quiet")
        yield Input(id="text", max_length=MAX_NAME)
        yield ProblemLine()

    def compose_buttons(self) -> ComposeResult:
        yield Button("Cancel", id="cancel")
        yield Button("Find", id="find", variant="primary")

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    @on(Input.Submitted)
    @on(Button.Pressed, "#find")
    def _find(self) -> None:
        wanted = clean_line(self.query_one(Input).value)
        if not wanted:
            self._say("Type or paste an id.")
            return
        insights = self.services.insights
        self.load("find", lambda: look_for(insights, wanted), lambda found: self._take(wanted, found))

    def _take(self, wanted: str, found: list[Found]) -> None:
        if found:
            self.dismiss(found[0])
        else:
            self._say(f"No session or cycle has the id {wanted!r}.")

    def _say(self, problem: str) -> None:
        self.query_one(ProblemLine).say(problem)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._say("")

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)


def look_for(insights: Insights, wanted: str) -> list[Found]:
    """Return a list of the one cycle or session with this id, or an empty list.

    Raise UnreadableError if the data can't be read, and RefusedError if cycles of several goals have the id.
    """
    try:
        return [insights.cycle(wanted).cycle]
    except NotFoundError:
        session = DrillDown.of_session(wanted)
        return [session] if insights.cycles(NO_FILTERS, session, limit=1) else []
