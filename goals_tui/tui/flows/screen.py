"""The Flows screen: the list of flows, the chart, and a side panel with the node editor or the findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import ContentSwitcher

from goals_tui.domain.flow import Flow
from goals_tui.domain.goal import Goal
from goals_tui.domain.wiring import Finding
from goals_tui.format import plural
from goals_tui.services.flows import FlowSummary
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.screen import FlowPlace, Place
from goals_tui.tui.filters.texts import span_words
from goals_tui.tui.flows import edits, flow_dialogs
from goals_tui.tui.flows.blocks import START
from goals_tui.tui.flows.chart import FlowChart
from goals_tui.tui.flows.chart_pane import ChartPane
from goals_tui.tui.flows.edits import Wiring, needs_form
from goals_tui.tui.flows.findings_list import FindingsList
from goals_tui.tui.flows.flow_list import FlowList, badges, in_short
from goals_tui.tui.flows.kinds import KIND_GLYPHS, Line, Names
from goals_tui.tui.flows.node_actions import NodeActions
from goals_tui.tui.flows.node_editor import NodeEditor
from goals_tui.tui.flows.numbers import numbers_of
from goals_tui.tui.flows.repairs import Repair, choose_repair, repairs
from goals_tui.tui.widgets.empty import Empty

_WHAT_FOR = """\
A flow is what an AI agent says and asks. Track Goal Process nodes
in it record the steps of your goals while conversations run."""

_HELP = f"""\
A **flow** is a sequence of nodes under Start. Branches stand side by side and join again below.

{KIND_GLYPHS["track_goal"]} **Track Goal Process** records steps of a goal: ● the initial step, ○ a step,
◎ a completion step. The initial step has to come first on every path, or nothing of the goal counts:
✖ and ▲ mark where that, or anything else about the wiring, is wrong.

Arrows walk along the lines and across branches, `[` and `]` pass branches by, `( + )` is an empty branch.
Every edit is saved at once; `u` takes it back. `space` begins a selection of several nodes that arrows extend: they are
moved, cut, copied, duplicated, deleted, commented, and made to track another goal together.

**Numbers** (`N`) at a Track Goal Process node count the cycles of its step in the span of Insights: how many went on to
a later step, completed or left, and what those that left would have been worth (*at stake*).
"""

CHART_ACTIONS = NodeActions.NEEDS_NODE | frozenset("add add_in_branch edit paste follow fix collapse set_goal".split())
FLOW_ACTIONS = frozenset(
    "find propose numbers collapse_all overview findings talk simulate".split()
    + "rename_flow duplicate_flow delete_flow export compact".split()
)


PLACING_STOPS = CHART_ACTIONS | FLOW_ACTIONS | {"done", "save", "new", "lines", "import", "choose"}
"""The actions that are disabled while the user chooses a place for a new node."""

_LONG = 10
"""Seconds that the notification of a deletion stays, as the key may have been pressed by mistake."""


class FlowsScreen(NodeActions):
    """The Flows screen."""

    AREA = CONTEXT = "flows"
    HELP = _HELP
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("flows")]
    DEFAULT_CSS = """
    FlowsScreen #flows { height: 1fr; }
    FlowsScreen #no-flows { display: none; }
    FlowsScreen FlowList { display: none; }
    FlowsScreen.-wide FlowList, FlowsScreen.-huge FlowList { display: block; }
    FlowsScreen.-wide.-side FlowList { display: none; }
    FlowsScreen #side { width: 46; height: 1fr; display: none; padding: 0 0 0 2; margin-left: 1;
                        border-left: vkey $border-blurred; }
    FlowsScreen.-side #side { display: block; }
    FlowsScreen.-huge #side { width: 60; }
    FlowsScreen.-narrow.-side #center, FlowsScreen.-normal.-side #center { display: none; }
    FlowsScreen.-narrow #side, FlowsScreen.-normal #side { width: 1fr; padding: 0; margin: 0; border: none; }
    FlowsScreen.-empty #no-flows { display: block; }
    FlowsScreen.-empty #flows { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._summaries: list[FlowSummary] = []
        self._selected: dict[str, str] = {}
        self._placed: Goal | None = None
        """The goal to track at the place that the user is choosing."""

        self._placed_step: str | None = None
        self._shows_numbers = False
        self._debug: bool | None = None
        """True if the Interaction Panel was last in debug mode; None until the user has chosen."""

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="flows"):
            yield FlowList(id="flow-list")
            yield ChartPane(id="center")
            with ContentSwitcher(id="side", initial="editor"):
                yield NodeEditor(id="editor")
                yield FindingsList(id="findings-list")
        yield Empty(id="no-flows", markup=False)

    def on_mount(self) -> None:
        """Focus the chart, and say what to do where there is no flow."""
        self.chart.focus()
        key = self.goals_app.named_key
        ways = (
            (key("flows.new"), "create the first one"),
            ("paste", "what it says and asks, a line each"),
            (key("flows.import"), "import one from a file"),
        )
        self.query_one(Empty).say("No flows yet", _WHAT_FOR, ways)

    # -- data

    def shows(self, kind: str, id_: str) -> bool:
        """Return whether the object that changed is the flow that is shown."""
        return kind == "flows" and self.flow is not None and self.flow.id == id_

    def show_data(self) -> None:
        """Read flows and goals, and draw the screen."""
        read = self.attempt(lambda: (self.services.flows.all(), self.services.goals.by_id()))
        if read is None:
            return
        flows, goals = read
        self._summaries = self.services.flows.summaries()
        self.names = Names(goals, {flow.id: flow for flow in flows})
        wanted = self.flow.id if self.flow else ""
        if flows:
            self.show_flow(next((flow for flow in flows if flow.id == wanted), flows[0]))
        else:
            self._flow_editor.show(None)
            self.place, self.note = "Flows", ""
            self.chart.show(None, self.names, {})
            self.refresh_bindings()
        if self.side == "editor" and (self.flow is None or self.flow.id != wanted):
            self.action_done()
        self.set_class(self.flow is None and self.side != "editor", "-empty")

    def show_flow(self, flow: Flow, select: str | None = None) -> None:
        """Show a flow with a box selected, and check the wiring."""
        self.draw_flow(flow, select)
        self.show_around()
        self.load("findings", lambda: self._check(flow), self._show_findings)
        self.read_numbers()

    def draw_flow(self, flow: Flow, select: str | None = None) -> None:
        """Draw a flow with a box selected, by default the one that was selected there last."""
        chart = self.chart
        if self.flow is not None and self.flow.id != flow.id:
            self._selected[self.flow.id] = chart.selected
            self._flow_editor.anchor = None
            select = select or self._selected.get(flow.id, START)
        self._flow_editor.show(flow)
        chart.show(flow, self.names, self.wiring.worst_by_node(flow.id))
        if select is not None:
            chart.select(select)
        self.show_run()
        self._show_way()

    def _check(self, flow: Flow) -> Wiring:
        found = Wiring(self.services.flows.findings(flow))
        return self.wiring if found.findings == self.wiring.findings else found

    def _show_findings(self, wiring: Wiring) -> None:
        self.wiring = wiring
        if self.flow is not None:
            self.chart.show(self.flow, self.names, wiring.worst_by_node(self.flow.id))
        self.show_around()

    def show_around(self) -> None:
        """Draw the parts around the chart."""
        flow = self.flow
        if flow is None:
            return
        by_flow = self.wiring.counts
        self.query_one(FlowList).show(self._summaries, by_flow, flow.id)
        self.query_one(FindingsList).show(self.wiring, flow.id)
        short = next((in_short(summary) for summary in self._summaries if summary.id == flow.id), "")
        self.place = flow.name
        self.note = "  ".join(filter(None, [short, badges(by_flow.get(flow.id, {})).plain, self.numbers_note]))
        self._show_way()

    def _show_way(self) -> None:
        """Show the way to the selection above the chart."""
        self.query_one(ChartPane).show_way(self.flow, self._placed)
        self.refresh_bindings()

    def open_place(self, place: Place) -> None:
        """Show a flow at a node, or track a goal in it."""
        if isinstance(place, FlowPlace):
            self._open_place(place)

    @work(group="waits")
    async def _open_place(self, place: FlowPlace) -> None:
        if not await self.leave_editor():
            return
        wanted = place.flow_id
        flow = self.attempt(lambda: self.services.flows.get(wanted)) if wanted else self.flow
        if flow is not None:
            self.show_flow(flow, place.node_id)
            self.chart.focus()
        if place.track_goal_id:
            self.track_here(place.track_goal_id, ask=place.flow_id is None)

    @work(group="waits")
    async def track_here(self, goal_id: str, *, ask: bool, step_id: str | None = None) -> None:
        """Let the user choose a place for a Track Goal Process node on the chart.

        In an empty flow the node is added at once. `ask` lets the user choose the flow first; `step_id` is the step to
        track, by default the most likely one at the chosen place.
        """
        if ask and len(self.names.flows) > 1 and not await self.choose_flow("Track this goal in which flow?"):
            return
        flow, goal = self.flow, self.names.goals.get(goal_id)
        if flow is None:
            new = self.named_key("flows.new")
            self.notify(f"There is no flow yet. Press {new} to create one, then add a Track Goal Process node.")
        elif goal is not None:
            if self.side:
                self.action_done()
            self._placed, self._placed_step = goal, step_id
            self.chart.focus()
            self._show_way()
            if not flow.nodes:
                self.chart.action_here()

    @on(FlowChart.Placed)
    @work(group="waits")
    async def _place(self, event: FlowChart.Placed) -> None:
        flow, goal, at = self.flow, self._placed, self.here
        self._placed = None
        self._show_way()
        if flow is None or goal is None or not event.here:
            return
        steps = (self._placed_step or edits.step_to_track(flow, at, goal),)
        edit = self.attempt(lambda: edits.track(flow, at, goal, steps, self.services.ids))
        if edit is not None and await self.commit(edit) == "saved":
            self.open_editor(edit.flow.node(edit.select), "steps")

    # -- actions on whole flows

    async def choose_flow(self, title: str) -> bool:
        """Ask for a flow and show it; return whether one was chosen."""
        flow = await flow_dialogs.choose_flow(self, title)
        if flow is not None:
            self.show_flow(flow)
            self.chart.focus()
        return flow is not None

    @work(group="waits")
    async def action_choose(self) -> None:
        """Choose another flow."""
        await self.choose_flow("Open a flow")

    @work(group="waits")
    async def action_find(self) -> None:
        """Find a node of the flow by any text."""
        found = await flow_dialogs.find_node(self, self.flow) if self.flow else None
        if found is not None:
            self.chart.select(found)
            self.chart.focus()

    @work(group="waits")
    async def action_new(self) -> None:
        """Create a flow."""
        self._after(await flow_dialogs.create(self))

    @work(group="waits")
    async def action_lines(self) -> None:
        """Ask for lines that the agent says or asks, and make nodes or a flow of them."""
        self._after(await flow_dialogs.from_lines(self, ""))

    @on(events.Paste)
    @work(group="waits")
    async def _pasted(self, event: events.Paste) -> None:
        if self.side != "editor" and len(event.text.splitlines()) > 1 and self._placed is None:
            self._after(await flow_dialogs.from_lines(self, event.text))

    @work(group="waits")
    async def action_rename_flow(self) -> None:
        """Rename the flow that is shown."""
        if self.flow is not None:
            self._after(await flow_dialogs.rename(self, self.flow))

    @work(group="waits")
    async def action_duplicate_flow(self) -> None:
        """Copy the flow that is shown."""
        flow = self.flow
        if flow is not None:
            self._after(await self.attempt_change("Copying the flow", lambda: self.services.flows.duplicate(flow.id)))

    @work(group="waits")
    async def action_delete_flow(self) -> None:
        """Delete the flow that is shown, after asking if other flows lead to it; undo brings it back."""
        flow = self.flow
        if flow is not None and await flow_dialogs.delete(self, flow):
            self._flow_editor.show(None)
            back = self.named_key("app.undo")
            self.notify(f"{flow.name!r} is deleted.", title=f"{back} brings it back", timeout=_LONG)
            self.goals_app.changed()
            self.chart.focus()

    @work(group="waits")
    async def action_export(self) -> None:
        """Write the flow that is shown to a file."""
        from goals_tui.tui.flows.files import export_flow

        if self.flow is not None:
            await export_flow(self.goals_app, self.flow)

    @work(group="waits")
    async def action_import(self) -> None:
        """Import flows from a file or folder."""
        from goals_tui.tui.flows.files import import_flow

        self._after(await import_flow(self.goals_app))

    def action_compact(self) -> None:
        """Switch between narrow and wide boxes."""
        self.chart.compact = not self.chart.is_compact

    def action_talk(self) -> None:
        """Open the Interaction Panel for the flow that is shown."""
        from goals_tui.tui.flows.panel import PanelScreen

        if self.flow is not None:
            self.app.push_screen(PanelScreen(self.flow, self._debug, self._remember_debug))

    def _remember_debug(self, debug: bool) -> None:
        self._debug = debug

    @work(group="waits")
    async def action_simulate(self) -> None:
        """Run many conversations through the flow."""
        from goals_tui.tui.flows.simulate import SimulateDialog

        if self.flow is None:
            return
        task = await self.app.push_screen_wait(SimulateDialog(self.flow))
        if task is not None:
            self.notify(f"The simulation runs in the background. Press {self.named_key('app.tasks')} to follow it.")
            self.goals_app.changed()

    def action_tests(self) -> None:
        """Run every conversation test of the workspace and show the results."""
        from goals_tui.tui.flows.conversation_tests import run_all

        run_all(self)

    def _after(self, flow: Flow | None) -> None:
        """Show a flow that was created or changed; None does nothing."""
        if flow is not None:
            self.goals_app.changed()
            self.show_data()
            self.show_flow(flow)
            self.chart.focus()

    # -- findings, places and numbers

    def action_findings(self) -> None:
        """Open the list of findings, or close it."""
        if self.side == "findings-list":
            self.close_side()
        else:
            self.open_side("findings-list")
            self.query_one(FindingsList).focus_list()

    @on(FindingsList.Shown)
    def _show_finding(self, event: FindingsList.Shown) -> None:
        if self.flow is not None and event.finding.flow_id == self.flow.id and event.finding.node_id:
            self.chart.select(event.finding.node_id)

    @on(FindingsList.Chosen)
    def _choose_finding(self, event: FindingsList.Chosen) -> None:
        self.fix_finding(event.finding)

    def fix_finding(self, finding: Finding) -> None:
        """Go to a finding, then ask how to fix it or open the form that fixes it."""
        if finding.flow_id:
            target = self.attempt(lambda: self.services.flows.get(finding.flow_id or ""))
            if target is None:
                return
            self.show_flow(target, finding.node_id)
        flow = self.flow
        if flow is None or finding.fix is None:
            # On narrow screens the findings cover the chart: close them, so that the node can be seen.
            self.close_side()
            return
        if needs_form(finding) and finding.node_id:
            self.open_editor(flow.node(finding.node_id))
        elif finding.node_id:
            names, ids, check = self.names, self.services.ids, self.services.flows.findings

            def ask(found: list[Repair]) -> None:
                self._ask_to_repair(finding, flow, found)

            self.load("fix", lambda: repairs(finding, flow, names, check, ids), ask)
        elif finding.goal_id:
            self.track_here(finding.goal_id, ask=True, step_id=finding.step_id)

    @work(group="waits")
    async def _ask_to_repair(self, finding: Finding, flow: Flow, found: list[Repair]) -> None:
        """Let the user choose how to fix a finding, and fix it."""
        edit = await choose_repair(self, finding, found)
        if edit == "chart":
            self.track_here(finding.goal_id or "", ask=False, step_id=finding.step_id)
        elif edit is not None and self.flow is not None and self.flow.id == flow.id:
            await self.commit(edit, said=f"{edit.label}. Press {self.named_key('app.undo')} to take it back.")

    @work(group="waits")
    async def action_propose(self) -> None:
        """Propose places for the steps of a goal."""
        from goals_tui.tui.flows.placing import propose_places

        await propose_places(self)

    def action_numbers(self) -> None:
        """Show or hide how many cycles went on and left at each Track Goal Process node, and what is at stake."""
        self._shows_numbers = not self._shows_numbers
        if self._shows_numbers:
            self.read_numbers()
        else:
            self.chart.numbers = {}
            self.show_around()

    def read_numbers(self) -> None:
        """Read the numbers of the flow that is shown, for the span of Insights, if they are shown."""
        flow, filters, services = self.flow, self.goals_app.filters, self.services
        if self._shows_numbers and flow is not None:
            self.load("numbers", lambda: numbers_of(flow, services, filters), self._show_numbers)

    def _show_numbers(self, numbers: Mapping[str, tuple[Line, ...]]) -> None:
        if self._shows_numbers:
            self.chart.numbers = numbers
            self.show_around()

    @property
    def numbers_note(self) -> str:
        """How many nodes have numbers, as none of them may be in view, and of which span; empty if they are hidden."""
        if not self._shows_numbers:
            return ""
        words, nodes = span_words(self.goals_app.filters, None), len(self.chart.numbers)
        return f"numbers at {plural(nodes, 'node')}: {words}" if nodes else f"numbers: {words}, no cycles"

    # -- messages of the widgets

    @on(FlowChart.Selected)
    def _selected_on_chart(self) -> None:
        editor = self.query_one(NodeEditor)
        if self.side == "editor" and editor.node and editor.node.id != self.chart.selected and self.chart.has_focus:
            self.action_done()
        self.show_run()
        self._show_way()

    def action_overview(self) -> None:
        """Show or hide the map of the whole flow."""
        self.query_one(ChartPane).toggle_map()

    @on(FlowChart.Opened)
    def _opened_on_chart(self) -> None:
        self.action_edit()

    @on(FlowList.Moved)
    @work(group="waits")
    async def _moved_in_list(self, event: FlowList.Moved) -> None:
        if self.flow is None or event.flow_id == self.flow.id:
            return
        editing = self.side == "editor"
        if not await self.leave_editor():
            self.show_around()
            return
        flow = self.attempt(lambda: self.services.flows.get(event.flow_id))
        if flow is not None:
            self.show_flow(flow)
        if editing:
            self.query_one(FlowList).focus()

    @on(FlowList.OptionSelected)
    def _entered_list(self) -> None:
        self.chart.focus()

    # -- which keys work

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable chart actions on the chart, flow actions if there is a flow, and neither while editing."""
        if self._placed is not None and action in PLACING_STOPS:
            return False
        editing = self.side == "editor"
        if action in ("done", "save"):
            return editing or (action == "done" and bool(self.side or self._flow_editor.anchor))
        if action in CHART_ACTIONS:
            return self.flow is not None and self.chart.has_focus and self.node_action_works(action)
        if action in FLOW_ACTIONS:
            return self.flow is not None and not editing
        if action in ("new", "lines", "import", "choose"):
            return not editing and (action != "choose" or len(self.names.flows) > 1)
        return super().check_action(action, parameters)

    def on_descendant_focus(self) -> None:
        """Update the keys, which depend on the focus."""
        self.refresh_bindings()
