"""The Goals screen: every goal in a list, the chosen one as a journey."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from goals_tui.domain.errors import GoalsError
from goals_tui.services.goals import GoalSummary
from goals_tui.tui.actions import bindings
from goals_tui.tui.goals import goal_list
from goals_tui.tui.goals.journey import GoalView, Journey
from goals_tui.tui.goals.rates import Rate, read_rates
from goals_tui.tui.places import GoalPlace, Place
from goals_tui.tui.screen import ScreenFrame
from goals_tui.tui.widgets.columns import Cell, whole
from goals_tui.tui.widgets.virtual_list import AROUND, VirtualList

if TYPE_CHECKING:
    from goals_tui.domain.goal import Goal
    from goals_tui.domain.wiring import Finding

EMPTY = """No goals yet.

A goal is something that a conversation should achieve, such as Book a Flight: an initial step, further steps,
and the step that completes it, each worth money and time.

Press n to define the first one."""

HELP = """
A **goal** is tracked in cycles: the initial step opens one, other steps join it, a completion step completes it.

| | |
|---|---|
| ● | initial step: a cycle begins |
| ○ | step |
| ◎ | completion step: reaching any of them completes the goal |
| 30 days | completed of started cycles in the last 30 days; — where none was started |
| 10 days | completed cycles on each of the last 10 days |
| ✕ ▲ · | findings: what keeps the goal from being tracked, as error, warning or note |
"""


class GoalsScreen(ScreenFrame[None]):
    """The list of goals and the journey of the chosen one."""

    AREA = CONTEXT = "goals"
    HELP = HELP
    BINDINGS = bindings("goals")
    AUTO_FOCUS = "#goals"
    DEFAULT_CSS = """
    GoalsScreen #goals-list { width: 5fr; }
    GoalsScreen #journey { width: 3fr; min-width: 34; margin-left: 2; }
    GoalsScreen.-normal #journey { margin-left: 0; }
    GoalsScreen.-narrow #journey { display: none; }
    GoalsScreen #filter { display: none; margin-bottom: 1; }
    GoalsScreen #filter.-shown { display: block; }
    GoalsScreen #empty { width: 1fr; height: 1fr; content-align: center middle; text-align: center; display: none; }
    GoalsScreen.-empty #empty { display: block; }
    GoalsScreen.-empty #goals-panes { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[GoalSummary] = []
        self.all_rows: list[GoalSummary] = []
        self.order: goal_list.Order = "name"
        self.rates: dict[str, Rate] | None = None
        self.findings: dict[str, list[Finding]] | None = None
        self.money: Callable[[Decimal], str] = str
        self._wanted: str | None = None

    def compose_body(self) -> ComposeResult:
        yield Static("", id="empty", markup=False)
        with Horizontal(id="goals-panes"):
            with Vertical(id="goals-list"):
                yield Input(placeholder="Filter by name, description or flow", id="filter")
                yield VirtualList(id="goals")
            yield Journey(id="journey")

    # -- data

    def on_mount(self) -> None:
        self.place = "Goals"

    def show_data(self) -> None:
        """Read the list now, and what takes longer after it is drawn."""
        enabled = self.attempt(lambda: self.services.features.enabled)
        if not enabled:
            self._show_off()
            return
        self.all_rows = self.attempt(self.services.goals.summaries) or []
        self._show_columns()
        self._show_rows()
        if self.all_rows:
            # Rates need DuckDB (only where there are events), findings walk through all flows and goals.
            self.later(self._read_more)

    def _read_more(self) -> None:
        self.load("rates", lambda: read_rates(self.services), self._show_rates)
        self.load("findings", self._read_findings, self._show_findings)

    def _show_off(self) -> None:
        self.all_rows = []
        where = self.attempt(lambda: self.services.features.enabled_from) or "FEATURE_USE_GOALS_V2"
        self.query_one("#empty", Static).update(
            f"Goals are switched off by {where}.\n\nSet FEATURE_USE_GOALS_V2=true there to turn them on."
        )
        self.set_class(True, "-empty")
        self.refresh_bindings()

    def _show_columns(self) -> None:
        columns = goal_list.columns(self.all_rows)
        self.query_one(VirtualList).set_columns(columns, goal_list.ORDER_COLUMNS[self.order])
        # What the list does not need is the journey's.
        self.query_one("#goals-list").styles.max_width = whole(columns) + AROUND

    def _show_rows(self) -> None:
        chosen = self._wanted or (self.chosen.id if self.chosen else None)
        words = self.query_one("#filter", Input).value
        self.rows = goal_list.arrange(self.all_rows, words, self.order, self.rates or {})
        self.set_class(not self.all_rows, "-empty")
        if not self.all_rows:
            self.query_one("#empty", Static).update(EMPTY)
        ids = [row.id for row in self.rows]
        cursor = ids.index(chosen) if chosen in ids else None
        self._wanted = None if chosen in ids else self._wanted
        self.query_one(VirtualList).show(len(self.rows), self._cells, cursor=cursor)
        many = f"{len(self.rows):,} of {len(self.all_rows):,}" if words else f"{len(self.all_rows):,}"
        goals = "goal" if len(self.all_rows) == 1 else "goals"
        self.note = f"{many} {goals}, {goal_list.ORDER_TITLES[self.order]}" if self.all_rows else ""
        self._show_journey()
        self.refresh_bindings()

    def _cells(self, index: int) -> list[Cell]:
        return goal_list.cells(self.rows[index], self.rates)

    def _show_rates(self, rates: dict[str, Rate]) -> None:
        self.rates = rates
        if self.order == "completion":
            self._show_rows()
        else:
            self.query_one(VirtualList).refresh_rows()
            self._show_journey()

    def _read_findings(self) -> tuple[dict[str, list[Finding]], Callable[[Decimal], str]]:
        from goals_tui.services.currencies import format_money

        found: dict[str, list[Finding]] = {}
        for finding in self.services.flows.findings():
            if finding.goal_id:
                found.setdefault(finding.goal_id, []).append(finding)
        currency = self.services.project.get().currency
        format_money(Decimal(0), currency)
        return found, lambda amount: format_money(amount, currency)

    def _show_findings(self, read: tuple[dict[str, list[Finding]], Callable[[Decimal], str]]) -> None:
        self.findings, self.money = read
        self._show_journey()

    # -- the chosen goal

    @property
    def chosen(self) -> GoalSummary | None:
        """The goal that the cursor is on."""
        cursor = self.query_one(VirtualList).cursor
        return self.rows[cursor] if cursor < len(self.rows) else None

    @on(VirtualList.Highlighted, "#goals")
    def _show_journey(self) -> None:
        panel, row = self.query_one(Journey), self.chosen
        if row is None:
            panel.show(None)
            return
        try:
            goal = self.services.goals.get(row.id)
        except GoalsError:
            return  # It was deleted a moment ago elsewhere: the list is about to be read again.
        rate = (self.rates or {}).get(row.id)
        findings = None if self.findings is None else self.findings.get(row.id, [])
        uses = self.services.goals.where_used(row.id)
        panel.show(GoalView(goal, self.money, uses, findings, rate.sentence if rate and rate.figures.started else ""))

    def open_place(self, place: Place) -> None:
        """Show a goal that another screen or the palette named."""
        if isinstance(place, GoalPlace):
            self.query_one("#filter", Input).value = ""
            self._wanted = place.goal_id
            self._show_rows()
            if place.edit:
                self._edit(place.goal_id)

    # -- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What needs a goal needs one to be chosen."""
        if action in {"edit", "duplicate", "delete", "where_used", "track", "export"}:
            return bool(self.rows)
        if action in {"filter", "sort"}:
            return bool(self.all_rows)
        if action == "clear_filter":
            return self.query_one("#filter").has_class("-shown")
        if action == "new":
            return not self.has_class("-empty") or self._enabled()
        return True

    def _enabled(self) -> bool:
        try:
            return self.services.features.enabled
        except GoalsError:
            return False

    def action_new(self) -> None:
        """Open the editor with an empty form."""
        self._open_editor(self.services.goals.draft())

    @on(VirtualList.Selected, "#goals")
    def action_edit(self) -> None:
        """Open the editor with the chosen goal."""
        if self.chosen:
            self._edit(self.chosen.id)

    def _edit(self, goal_id: str) -> None:
        goal = self.attempt(lambda: self.services.goals.get(goal_id))
        if goal:
            self._open_editor(goal)

    @work
    async def _open_editor(self, goal: Goal) -> None:
        from goals_tui.tui.goals.editor import GoalEditor

        saved = await self.app.push_screen_wait(GoalEditor(goal))
        if saved is not None:
            self._wanted = saved
            self.show_data()

    def action_filter(self) -> None:
        """Type what to look for."""
        field = self.query_one("#filter", Input)
        field.add_class("-shown")
        field.focus()
        self.refresh_bindings()

    @on(Input.Changed, "#filter")
    def _filtered(self) -> None:
        self._show_rows()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.query_one(VirtualList).focus()

    def action_clear_filter(self) -> None:
        """Show all goals again."""
        field = self.query_one("#filter", Input)
        field.value = ""
        field.remove_class("-shown")
        self.query_one(VirtualList).focus()
        self.refresh_bindings()

    def action_sort(self) -> None:
        """The next order."""
        orders = goal_list.ORDERS
        self.order = orders[(orders.index(self.order) + 1) % len(orders)]
        self._show_columns()
        self._show_rows()

    def action_duplicate(self) -> None:
        """A copy of the chosen goal, chosen in its place."""
        row = self.chosen
        copy = self.attempt(lambda: self.services.goals.duplicate(row.id)) if row else None
        if copy:
            self._wanted = copy.id
            self.notify(f"Made {copy.name!r}.")
            self.goals_app.changed()

    @work
    async def action_export(self) -> None:
        """Pack the chosen goal for another project."""
        from goals_tui.tui.packages.steps import export_package

        if self.chosen:
            await export_package(self.goals_app, [self.chosen.id])

    @work
    async def action_where_used(self) -> None:
        """Go to a node that tracks the chosen goal."""
        from goals_tui.tui.goals.dialogs import choose_use

        if self.chosen:
            await choose_use(self, self.chosen)

    @work
    async def action_track(self) -> None:
        """Go to a flow to track the chosen goal there."""
        from goals_tui.tui.goals.dialogs import choose_flow

        if self.chosen:
            await choose_flow(self, self.chosen)

    @work
    async def action_delete(self) -> None:
        """Delete the chosen goal after its name was typed."""
        from goals_tui.tui.goals.delete import DeleteGoal

        row = self.chosen
        if row is None:
            return
        deleted = await self.app.push_screen_wait(DeleteGoal(row))
        if deleted:
            self.notify(f"Deleted {row.name!r} with its analytics.")
            self.goals_app.changed()
