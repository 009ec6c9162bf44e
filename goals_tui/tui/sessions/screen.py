"""The Sessions screen: the cycles under the filters that Insights has too, newest first, any number of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Resize
from textual.timer import Timer
from textual.widgets import ContentSwitcher, Static

from goals_tui.domain.errors import NotFoundError
from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal
from goals_tui.domain.report import OUTCOME_GLYPHS, OUTCOME_TITLES, Cycle, Outcome
from goals_tui.services.insights import Behind, Cancellation
from goals_tui.tui.actions import bindings
from goals_tui.tui.insights.filter_bar import FilterBar
from goals_tui.tui.insights.filtered_screen import FilteredScreen
from goals_tui.tui.insights.words import Words, day_title
from goals_tui.tui.places import CyclesPlace, GoalPlace, Place, SessionPlace
from goals_tui.tui.sessions.pages import CyclePages, find
from goals_tui.tui.sessions.rows import COLUMNS, cells
from goals_tui.tui.widgets.virtual_list import VirtualList

EVERYTHING_THERE_IS = Filters(span="all", include_test=True)
"""The filters under which the cycles of one session are shown."""

LOADING_AFTER = 0.2
"""Seconds after which the screen says that it is loading (STYLE 11)."""


class SessionsScreen(FilteredScreen):
    """Every attempt at a goal, one line each."""

    AREA = CONTEXT = "sessions"
    BINDINGS = bindings("sessions")
    HELP = """\
A **cycle** is one attempt at a goal in a session: ✔ completed, ◐ partially completed, ✕ incomplete.
**Steps** shows the goal's steps in order: ● initial, ○ step, ◎ completion step where reached, · where not.
An **orphan** (?) has no initial step: it is in no number of a report.
"""
    CSS = """
    SessionsScreen.-low #body { padding: 0 1; }
    SessionsScreen #behind { height: 1; color: $primary; display: none; }
    SessionsScreen #behind.-on { display: block; }
    SessionsScreen #list { height: 1fr; margin-top: 1; }
    SessionsScreen.-low #list { margin-top: 0; }
    SessionsScreen #empty { height: 1fr; content-align: center middle; text-align: center; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.behind = Behind()
        self.part_title = ""
        """The part that `behind` names, in words."""

        self.narrowed: Filters | None = None
        """Filters of a number of Insights that hold only while its cycles are shown."""

        self.pages: CyclePages | None = None
        self._cancellation = Cancellation()
        self._slow: Timer | None = None
        self._shown_filters: Filters | None = None
        self._goals: dict[str, Goal | None] = {}

    def compose_body(self) -> ComposeResult:
        yield FilterBar()
        yield Static("", id="behind", markup=False)
        with ContentSwitcher(initial="list", id="view"):
            yield VirtualList(COLUMNS, id="list")
            yield Static("", id="empty", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.place = "Sessions"
        self.query_one(VirtualList).focus()

    def on_unmount(self) -> None:
        """Let go of the log."""
        self._cancellation.cancel()
        if self.pages is not None:
            self.pages.close()

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.height < 30, "-low")

    @property
    def filters(self) -> Filters:
        """The shared filters, or those of the number whose cycles are shown."""
        return self.narrowed or self.goals_app.filters

    # -- data

    def show_data(self) -> None:
        """Find the cycles anew; the chosen one stays chosen."""
        self._cancellation.cancel()
        cancellation = self._cancellation = Cancellation()
        services, filters, behind = self.services, self.filters, self.behind
        chosen = self.chosen
        cursor, before = self.query_one(VirtualList).cursor, self.pages.count if self.pages else 0
        cycle_id = chosen.cycle_id if chosen else None
        self._shown_filters = filters
        self._show_restriction()
        if self._slow is None:
            self._slow = self.set_timer(LOADING_AFTER, self._say_loading)
        self.load("cycles", lambda: find(services, filters, behind, cancellation, cursor, cycle_id, before), self._take)

    def _say_loading(self) -> None:
        if self._slow is None:
            return  # The cycles came while this was on its way.
        self.query_one(FilterBar).busy = True

    def _take(self, found: tuple[CyclePages, int] | None) -> None:
        if found is None:
            return
        if self._slow is not None:
            self._slow.stop()
            self._slow = None
        self.query_one(FilterBar).busy = False
        if self.pages is not None:
            self.pages.close()
        self.pages, cursor = found
        self._goals.clear()
        project = self.services.project.get()
        words, zone = Words(project.currency), project.zone
        pages = self.pages

        def row(index: int) -> Sequence[Content] | None:
            cycle = pages.at(index)
            return None if cycle is None else cells(cycle, self._goal(cycle.goal_id), words, zone)

        self.query_one(VirtualList).show(pages.count, row, cursor=cursor)
        self.note = f"{pages.count:,} cycle{'' if pages.count == 1 else 's'}"
        self.query_one("#view", ContentSwitcher).current = "list" if pages.count else "empty"
        if not pages.count:
            self.query_one("#empty", Static).update(self._empty())
        self.refresh_bindings()

    def _empty(self) -> Content:
        if self.behind == Behind(outcome="orphan"):
            hint = "Every cycle has its initial step. Press a for the cycles of the filters."
            return Content.assemble(("No orphans\n", "bold"), (hint, "$quiet"))
        if self.behind != Behind():
            return Content.assemble(("No such cycle in this span\n", "bold"), ("Press a for all cycles.", "$quiet"))
        hint = "Press ] for a longer span, or f to change the filters."
        return Content.assemble(("No goal was started in this span\n", "bold"), (hint, "$quiet"))

    def _goal(self, goal_id: str) -> Goal | None:
        if goal_id not in self._goals:
            try:
                self._goals[goal_id] = self.services.goals.get(goal_id)
            except NotFoundError:
                self._goals[goal_id] = None
        return self._goals[goal_id]

    @on(VirtualList.Missing)
    def _fetch(self, event: VirtualList.Missing) -> None:
        pages = self.pages
        if pages is not None:
            self.load("page", lambda: pages.fetch(event.first, event.last), self._fetched)

    def _fetched(self, something: bool) -> None:
        if something:
            self.query_one(VirtualList).refresh_rows()
            self.refresh_bindings()

    # -- what is shown

    def _show_restriction(self) -> None:
        self.show_filters()
        words = self.restriction()
        line = self.query_one("#behind", Static)
        line.set_class(bool(words), "-on")
        line.update(Content.assemble("└ only ", (" · ".join(words), "bold"), ("   a shows all", "$quiet")))

    def restriction(self) -> list[str]:
        """What narrows the list beyond the filters, in words."""
        behind, words = self.behind, []
        if self.narrowed is not None and self.narrowed != EVERYTHING_THERE_IS:
            words.append("some goals")
        if behind.goal_id is not None:
            goal = self._goal(behind.goal_id)
            words.append(goal.name if goal else behind.goal_id)
            if goal and behind.step_id is not None:
                names = {step.id: step.name for step in goal.steps}
                words.append(f"reached {names.get(behind.step_id, behind.step_id)}")
        if behind.bucket is not None:
            first, last = behind.bucket.first, behind.bucket.last
            hour = f" {behind.bucket.start:%H:%M}–{behind.bucket.end:%H:%M}" if behind.bucket.unit == "hour" else ""
            words.append(day_title(first) + (hour if first == last else f" – {day_title(last)}"))
        if behind.day is not None:
            words.append(day_title(behind.day))
        if behind.part is not None:
            dimension, value = behind.part
            words.append(
                f"session {value}" if dimension == "session" else self.part_title or value or f"no {dimension}"
            )
        if behind.outcome is not None:
            words.append(f"{OUTCOME_GLYPHS[behind.outcome]} {OUTCOME_TITLES[behind.outcome]}")
        return words

    def open_place(self, place: Place) -> None:
        """Show the cycles behind a number."""
        if isinstance(place, CyclesPlace):
            self.narrowed, self.part_title = place.filters, place.part_title
            self.behind = Behind(place.outcome, place.goal_id, place.step_id, place.day, place.bucket, place.part)
            self._start_over()
        elif isinstance(place, SessionPlace):
            self.narrowed = EVERYTHING_THERE_IS
            self.behind = Behind(part=("session", place.session_id))
            self._start_over()

    def _start_over(self) -> None:
        self.query_one(VirtualList).cursor = 0
        if self.pages is not None:
            self.pages.close()
            self.pages = None
        self.show_data()

    def use_filters(self, filters: Filters) -> None:
        """Other filters; what narrowed the list beyond them ends."""
        self.narrowed, self.behind = None, Behind(outcome=self.behind.outcome)
        self.goals_app.filters = filters
        self._start_over()

    def on_screen_resume(self) -> None:
        """Filters may have changed on the Insights screen meanwhile."""
        super().on_screen_resume()
        if self._shown_filters is not None and self._shown_filters != self.filters:
            self._start_over()

    # -- actions

    @property
    def chosen(self) -> Cycle | None:
        """The cycle that the cursor is on."""
        return None if self.pages is None else self.pages.at(self.query_one(VirtualList).cursor)

    def step(self, rows: int) -> Cycle | None:
        """Move the cursor and say which cycle it is on now."""
        rows_widget = self.query_one(VirtualList)
        rows_widget.cursor += rows
        return self.chosen

    def reaches(self, rows: int) -> bool:
        """Whether there is a row so far from the cursor."""
        return self.pages is not None and 0 <= self.query_one(VirtualList).cursor + rows < self.pages.count

    def action_outcome(self, outcome: Outcome) -> None:
        """Only cycles of one outcome."""
        self.behind = Behind(outcome=outcome) if outcome == "orphan" else self._with(outcome)
        self._start_over()

    def _with(self, outcome: Outcome) -> Behind:
        behind = self.behind
        return Behind(outcome, behind.goal_id, behind.step_id, behind.day, behind.bucket, behind.part)

    def action_all(self) -> None:
        """All cycles under the filters."""
        self.narrowed, self.behind = None, Behind()
        self._start_over()

    @on(VirtualList.Selected)
    def action_open(self) -> None:
        """The timeline of the chosen cycle."""
        if self.chosen is not None:
            self._timeline(self.chosen.cycle_id, self.step, self.reaches)

    def _timeline(self, cycle_id: str, step: Callable[[int], Cycle | None], reaches: Callable[[int], bool]) -> None:
        from goals_tui.tui.sessions.timeline import TimelineScreen

        self.app.push_screen(TimelineScreen(cycle_id, step, reaches))

    def action_session(self) -> None:
        """Every cycle of the chosen cycle's session."""
        if self.chosen is not None:
            self.open_place(SessionPlace(self.chosen.session_id))

    @work
    async def action_find(self) -> None:
        """A cycle or a session by its id."""
        from goals_tui.tui.dialogs import AskText

        wanted = await self.app.push_screen_wait(AskText("Find", label="Id of a cycle or a session", save="Find"))
        if wanted is None:
            return
        insights = self.services.insights
        self.load(
            "find",
            lambda: insights.cycle(wanted),
            lambda found: self._timeline(found.cycle.cycle_id, lambda _rows: None, lambda _rows: False),
            refused=lambda _error: self.open_place(SessionPlace(wanted)),
        )

    def action_copy_id(self) -> None:
        """Copy the id of the chosen cycle."""
        if self.chosen is not None:
            self.app.copy_to_clipboard(self.chosen.cycle_id)
            self.app.notify(self.chosen.cycle_id, title="Cycle id copied")

    def action_copy_session(self) -> None:
        """Copy the id of the chosen cycle's session."""
        if self.chosen is not None:
            self.app.copy_to_clipboard(self.chosen.session_id)
            self.app.notify(self.chosen.session_id, title="Session id copied")

    def action_goal(self) -> None:
        """Go to the goal of the chosen cycle."""
        if self.chosen is not None:
            self.goals_app.go(GoalPlace(self.chosen.goal_id))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing are off."""
        if action in ("open", "copy_id", "copy_session", "session"):
            return self.chosen is not None
        if action == "goal":
            return self.chosen is not None and self._goal(self.chosen.goal_id) is not None
        if action == "outcome":
            return parameters != (self.behind.outcome,)
        if action == "all":
            return self.behind != Behind() or self.narrowed is not None
        if action == "reset_filters":
            return self.goals_app.filters != Filters()
        return True
