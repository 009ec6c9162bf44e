"""The Goals screen, and its dialogs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.timer import Timer

from goals_tui.domain.errors import GoalsError
from goals_tui.format import plural
from goals_tui.services.currencies import format_money
from goals_tui.services.goal_list import GoalSummary
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.screen import FlowPlace, GoalPlace, Place, ScreenFrame
from goals_tui.tui.app.themes import SEVERITIES
from goals_tui.tui.goals.figures import (
    Rate,
    read_drop_offs,
    read_findings,
    read_rates,
    target_sentence,
)
from goals_tui.tui.goals.goal_list import GoalList, GoalRows
from goals_tui.tui.goals.journey import NONE_STARTED, GoalView, Journey, node_in_words, steps_in_words
from goals_tui.tui.widgets.empty import Empty
from goals_tui.tui.widgets.virtual_list import VirtualList

if TYPE_CHECKING:
    from goals_tui.domain.decisions import DropOffs
    from goals_tui.domain.goal import Goal
    from goals_tui.domain.wiring import Finding

_WHAT_FOR = """\
A goal is something that a conversation should achieve, such as
Book a Flight: an initial step, further steps, and the step that
completes it, each worth money and time."""
HELP = """
A **goal** is tracked in cycles: the initial step opens one, other steps join it, a completion step completes it.

| | |
|---|---|
| ● | initial step: a cycle begins |
| ○ | step |
| ◎ | completion step: reaching any of them completes the goal |
| 30 days | completed of started cycles in the last 30 days; — where none was started |
| Target | whether these 30 days meet the goal's target: only if chance can't explain the distance |
| 10 days | completed cycles on each of the last 10 days; ░ is today, which is not over |
| ✖ ▲ • | findings: what keeps the goal from being tracked, as error, warning or note; `f` lists them |
| ▔▔▔ | how many of the cycles started in the last 30 days reached a step |
| ↘ | cycles that ended after a step without being completed, and what later steps would have been worth |
| ✓ | marked: values, export, copying and deleting are about all marked goals together |
"""


class GoalsScreen(ScreenFrame[None]):
    """The list of goals and the journey of the chosen one."""

    AREA = CONTEXT = "goals"
    HELP = HELP
    BINDINGS = bindings("goals")
    AUTO_FOCUS = "#goals"
    DEFAULT_CSS = """
    GoalsScreen #journey { width: 3fr; min-width: 34; margin-left: 2; }
    GoalsScreen.-normal #journey { margin-left: 0; }
    GoalsScreen.-narrow #journey { display: none; }
    GoalsScreen #empty { display: none; }
    GoalsScreen.-empty #empty { display: block; }
    GoalsScreen.-empty #goals-panes { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.findings: dict[str, list[Finding]] | None = None
        self._resting = Timer(self, 0)
        self._drop_offs: dict[str, DropOffs] = {}
        self._listed = False

    def compose_body(self) -> ComposeResult:
        yield Empty(id="empty", markup=False)
        with Horizontal(id="goals-panes"):
            yield GoalList(id="goals-list")
            yield Journey(id="journey")

    # -- data

    def on_mount(self) -> None:
        self.place = "Goals"

    def show_data(self) -> None:
        """Show the list of goals, and read rates and findings after it is drawn."""
        try:
            enabled, said_by = self.services.switch
        except GoalsError as error:
            self._show_off(str(error))
            return
        if not enabled:
            self._show_off(
                f"Goals are switched off by {said_by}.", "Set FEATURE_USE_GOALS_V2=true there to turn them on."
            )
            return
        if self._listed:
            self.load("goals", self._read_goals, self._show_goals, refused=self._show_none, keys_wait=True)
        else:
            # Nothing else is shown yet, and a thread would only delay the first frame.
            self._listed = True
            self._show_goals(self.attempt(self._read_goals) or GoalRows())

    def _read_goals(self) -> GoalRows:
        return GoalRows(self.services.goals.summaries())

    def _show_none(self, error: BaseException) -> None:
        self.goals_app.show_error(error)
        self._show_goals(GoalRows())

    def _show_goals(self, rows: GoalRows) -> None:
        self.set_class(not rows.all, "-empty")
        if not rows.all:
            key = self.goals_app.named_key
            log = f"{key('app.tasks')}, {key('tasks.import-log')}"
            ways = (
                (key("goals.new"), "define the first one"),
                ("paste", "its name and its steps, a line each"),
                (log, "import a table or a log of any agent"),
            )
            self.query_one(Empty).say("No goals yet", _WHAT_FOR, ways)
        self.goal_list.show(rows)
        if rows.all:
            # They walk through all flows and goals.
            self.later(self._read_findings)

    def _read_findings(self) -> None:
        self.load("findings", lambda: read_findings(self.services), self._show_findings, refused=self._no_findings)

    def _show_off(self, title: str, why: str = "") -> None:
        self.goal_list.show(GoalRows())
        self.query_one(Empty).say(title, why)
        self.set_class(True, "-empty")
        self.refresh_bindings()

    def _show_rates(self, rates: dict[str, Rate]) -> None:
        self.goal_list.show_rates(rates)
        self._drop_offs.clear()
        self._show_journey()

    def _show_findings(self, findings: dict[str, list[Finding]]) -> None:
        self.findings = findings
        self.goal_list.show_findings(findings)
        self._show_journey()
        # Rates need DuckDB (if there are events), whose import would delay the journey, which waits for the findings.
        self.call_after_refresh(self._read_rates)

    def _read_rates(self) -> None:
        self.load("rates", lambda: read_rates(self.services), self._show_rates)

    def _no_findings(self, error: BaseException) -> None:
        self.goals_app.show_error(error)
        self._show_findings({})

    # -- the chosen goal

    @property
    def goal_list(self) -> GoalList:
        """The list of goals."""
        return self.query_one(GoalList)

    @property
    def chosen(self) -> GoalSummary | None:
        """The goal under the cursor; None if no goal is shown."""
        return self.goal_list.chosen

    @on(GoalList.Narrowed)
    def _narrowed(self) -> None:
        self.note = self.goal_list.summary
        if self.chosen is None:
            self._show_journey()
        self.refresh_bindings()

    @on(VirtualList.Highlighted, "#goals")
    def _highlighted(self) -> None:
        self._resting.stop()
        if self.goal_list.typing and self.chosen:
            # Every letter may choose another goal, so draw its journey only when typing pauses.
            self._resting = self.set_timer(self.goals_app.READ_LATER_SECONDS, self._show_journey)
        else:
            self._show_journey()

    def _show_journey(self) -> None:
        panel, row = self.query_one(Journey), self.chosen
        if row is None:
            panel.show(None)
            return
        try:
            goal = self.services.goals.get(row.id)
        except GoalsError:
            return  # It has just been deleted elsewhere: the list is about to be read again.
        rates = self.goal_list.rates
        rate = (rates or {}).get(row.id)
        started = rate.figures.started if rate else 0
        if started and row.id not in self._drop_offs:
            self.later(partial(self._read_drop_offs, row.id))
        target = target_sentence(goal.target, rate) if goal.target is not None and rates is not None else ""
        uses = self.services.goals.where_used(row.id)
        said = "" if rates is None else rate.sentence if rate and started else NONE_STARTED
        currency = self.services.project.get().currency
        panel.show(
            GoalView(
                goal,
                lambda amount: format_money(amount, currency),
                uses,
                self._found(row.id),
                said,
                target,
                self._drop_offs.get(row.id),
                counted=self.services.has_events(),
                key=self.named_key("goals.findings"),
            )
        )

    def _found(self, goal_id: str) -> Sequence[Finding] | None:
        """Return the findings of a goal; None while they are read."""
        return None if self.findings is None else self.findings.get(goal_id, [])

    def _read_drop_offs(self, goal_id: str) -> None:
        if self.chosen is None or self.chosen.id != goal_id:
            return  # The cursor only passed it.

        def show(drop_offs: DropOffs) -> None:
            self._drop_offs[goal_id] = drop_offs
            if self.chosen and self.chosen.id == goal_id:
                self._show_journey()

        self.load("drop-offs", lambda: read_drop_offs(self.services, goal_id), show)

    def open_place(self, place: Place) -> None:
        """Show a goal that another screen or the palette leads to, and open its editor if wanted."""
        if isinstance(place, GoalPlace):
            self.goal_list.choose(place.goal_id, unfiltered=True)
            if place.edit:
                self._edit(place.goal_id)

    # -- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable actions on a goal only if one is chosen, and others only where they apply."""
        if action.startswith("mark"):
            return self.chosen is not None
        if action in {
            "edit",
            "duplicate",
            "delete",
            "derive",
            "where_used",
            "track",
            "export",
            "export_file",
            "set",
            "set_trigger",
        }:
            return self.chosen is not None
        if action == "findings":
            return self.chosen is not None and bool(self._found(self.chosen.id))
        if action in {"filter", "sort"}:
            return not self.has_class("-empty")
        if action == "clear_filter":
            return self.goal_list.filtering or bool(self.goal_list.marked)
        if action in {"new", "lines", "apply_file"}:
            return not self.has_class("-empty") or self._enabled()
        return True

    def _enabled(self) -> bool:
        try:
            return self.services.switch[0]
        except GoalsError:
            return False

    def action_new(self) -> None:
        """Open the editor with an empty form."""
        self._open_editor(self.services.goals.draft())

    def on_paste(self, event: events.Paste) -> None:
        """Make a goal of lines that are pasted into the list."""
        if len(event.text.splitlines()) > 1 and self.check_action("lines", ()):
            event.stop()
            self._goal_of_lines(event.text)

    def action_lines(self) -> None:
        """Ask for lines, and open the editor with a goal made of them."""
        self._goal_of_lines("")

    @work
    async def _goal_of_lines(self, text: str) -> None:
        from goals_tui.tui.goals.pasted import ask_for_goal, goal_of_lines

        lines = await self.app.push_screen_wait(ask_for_goal(self.services, text))
        if lines is not None:
            draft = self.services.goals.draft()
            self._open_editor(draft, goal_of_lines(self.services, draft, lines))

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
    async def _open_editor(self, goal: Goal, filled: Goal | None = None) -> None:
        from goals_tui.tui.goals.editor import GoalEditor

        if self.attempt(lambda: (self.services.project.get(), self.services.features)) is None:
            return  # The form needs the currency and the limit of steps.
        saved = await self.app.push_screen_wait(GoalEditor(goal, filled))
        if saved is not None:
            self.goal_list.choose(saved)
            self.show_data()

    def action_filter(self) -> None:
        """Open the filter."""
        self.goal_list.open_filter()
        self.refresh_bindings()

    def action_clear_filter(self) -> None:
        """Take the marks away; if there are none, show all goals again."""
        if self.goal_list.marked:
            self.goal_list.clear_marks()
        else:
            self.goal_list.close_filter()
        self.refresh_bindings()

    def action_sort(self) -> None:
        """Sort by the next order."""
        self.goal_list.next_order()

    def action_mark(self) -> None:
        """Mark the chosen goal, or take its mark away, and go to the next."""
        self.goal_list.mark()

    def action_mark_down(self) -> None:
        """Mark the chosen goal and the next."""
        self.goal_list.mark(on=True)

    def action_mark_up(self) -> None:
        """Mark the chosen goal and the one before."""
        self.goal_list.mark(on=True, move=-1)

    def action_mark_all(self) -> None:
        """Mark all goals that are shown."""
        self.goal_list.mark_all()

    @property
    def affected(self) -> list[GoalSummary]:
        """The goals that an action is about: the marked ones, or the chosen one if none is marked."""
        return self.goal_list.marked or ([self.chosen] if self.chosen else [])

    @work
    async def action_set(self) -> None:
        """Set a value or the target of the chosen goal, or of all marked ones."""
        from goals_tui.tui.goals.several import SetValues

        rows = self.affected
        changed = await self.app.push_screen_wait(SetValues(rows)) if rows else None
        if changed is not None:
            self.notify(f"Changed {plural(changed, 'goal')}.")
            self.goals_app.changed()

    @work
    async def action_set_trigger(self) -> None:
        """Give steps of the chosen goal, or of all marked ones, a trigger."""
        from goals_tui.tui.goals.several import set_trigger

        rows = self.affected
        changed = await set_trigger(self, rows) if rows else None
        if changed is not None:
            self.notify(f"Changed {plural(changed, 'goal')}.")
            self.goals_app.changed()

    @work
    async def action_duplicate(self) -> None:
        """Copy the chosen goal, or all marked ones, and choose the last copy."""
        ids = [row.id for row in self.affected]
        goals = self.services.goals
        copies = await self.attempt_change("Duplicating the goal", lambda: goals.duplicate_all(ids)) if ids else None
        if copies:
            self.goal_list.clear_marks()
            self.goal_list.choose(copies[-1].id)
            self.notify(f"Created {', '.join(repr(copy.name) for copy in copies)}.")
            self.goals_app.changed()

    @work
    async def action_export(self) -> None:
        """Pack the chosen goal, or all marked ones, for another project."""
        from goals_tui.tui.packages.steps import export_package

        if self.affected:
            await export_package(self.goals_app, [row.id for row in self.affected])

    @work
    async def action_export_file(self) -> None:
        """Write the chosen goal, or all marked ones, to a file of goals."""
        from goals_tui.tui.goals.files import export_goals

        if self.affected:
            await export_goals(self.goals_app, self.affected)

    @work
    async def action_apply_file(self) -> None:
        """Make the goals what a file of goals says."""
        from goals_tui.tui.goals.files import apply_goals

        await apply_goals(self.goals_app)

    @work
    async def action_where_used(self) -> None:
        """Go to a node that tracks the chosen goal."""

        if self.chosen:
            await choose_use(self, self.chosen)

    @work
    async def action_findings(self) -> None:
        """List the findings of the chosen goal, and go to the node of one."""
        if self.chosen:
            await choose_finding(self, self.chosen, self._found(self.chosen.id) or [])

    @work
    async def action_track(self) -> None:
        """Go to a flow to track the chosen goal there."""

        if self.chosen:
            await choose_flow(self, self.chosen)

    @work
    async def action_derive(self) -> None:
        """Derive the chosen goal from activities, after showing what would change."""
        from goals_tui.tui.goals.derive import DeriveDialog

        goal = self.attempt(lambda: self.services.goals.get(row.id)) if (row := self.chosen) else None
        if goal is None:
            return
        if not goal.initial.triggers:
            self.notify(
                f"The initial step {goal.initial.name!r} has no trigger, so no cycle would open. Give it one: "
                f"{self.named_key('goals.edit')}, then {self.named_key('goals.editor.triggers')}.",
                severity="warning",
            )
        elif await self.app.push_screen_wait(DeriveDialog(goal)):
            self.notify(f"The goal is derived in the background. Press {self.named_key('app.tasks')} to follow it.")
            self.goals_app.changed()

    @work
    async def action_delete(self) -> None:
        """Delete the chosen goal after its name was typed, or all marked ones after their number was."""
        from goals_tui.tui.goals.delete import DeleteGoal
        from goals_tui.tui.goals.several import DeleteGoals

        if len(self.affected) > 1:
            gone = await self.app.push_screen_wait(DeleteGoals(self.affected))
            if gone:
                self.notify(f"Deleted {plural(gone, 'goal')} with their analytics.")
                self.goals_app.changed()
            return
        row = next(iter(self.affected), None)
        if row is None:
            return
        deleted = await self.app.push_screen_wait(DeleteGoal(row))
        if deleted:
            self.notify(f"Deleted {row.name!r} with its analytics.")
            self.goals_app.changed()


NEW_FLOW = "new flow"


async def choose_use(screen: ScreenFrame[Any], row: GoalSummary) -> None:
    """List the nodes that track a goal and go to the one that is chosen."""
    from goals_tui.tui.app.choose import Choose, Option

    uses = screen.services.goals.where_used(row.id)
    if not uses:
        screen.notify(f"No flow tracks {row.name!r} yet. Press {screen.named_key('goals.track')} to track it in one.")
        return
    goal = screen.services.goals.get(row.id)
    options = [
        Option(str(place), f"{use.flow} › {node_in_words(use, goal)}", steps_in_words(use, goal) if use.label else "")
        for place, use in enumerate(uses)
    ]
    chosen = await screen.app.push_screen_wait(Choose(f"Where {row.name} is tracked", options))
    if chosen is not None:
        use = uses[int(chosen)]
        screen.goals_app.go(FlowPlace(use.flow_id, use.node_id))


async def choose_finding(screen: ScreenFrame[Any], row: GoalSummary, findings: Sequence[Finding]) -> None:
    """List the findings of a goal and go to the node of the one that is chosen, if it is about one."""
    from goals_tui.tui.app.choose import Choose, Option

    options = []
    for place, finding in enumerate(findings):
        where = " › ".join(filter(None, (finding.flow, finding.node))) or finding.step or row.name
        options.append(Option(str(place), f"{SEVERITIES[finding.severity][0]} {where}", finding.message))
    chosen = await screen.app.push_screen_wait(Choose(f"What is wrong with {row.name}", options))
    found = None if chosen is None else findings[int(chosen)]
    if found is not None and found.flow_id:
        screen.goals_app.go(FlowPlace(found.flow_id, found.node_id))


async def choose_flow(screen: ScreenFrame[Any], row: GoalSummary) -> None:
    """Ask for a flow, or create one, and go there to add a Track Goal Process node for a goal."""
    from goals_tui.tui.app.choose import Choose, Option

    flows = screen.services.flows.summaries()
    options = [Option(flow.id, flow.name, plural(flow.nodes, "node")) for flow in flows]
    options.append(Option(NEW_FLOW, "New flow", f"called {row.name}"))
    chosen = await screen.app.push_screen_wait(
        Choose(f"Track {row.name}", options, text="In which flow? Choose where in it on the next screen.")
    )
    if chosen is None:
        return
    if chosen == NEW_FLOW:
        from goals_tui.domain.names import free_name

        name = free_name(row.name, [flow.name for flow in flows])
        made = await screen.attempt_change("Creating the flow", lambda: screen.services.flows.create(name))
        if made is None:
            return
        screen.goals_app.changed()
        chosen = made.id
    screen.goals_app.go(FlowPlace(chosen, track_goal_id=row.id))
