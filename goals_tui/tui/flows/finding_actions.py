"""The list of findings beside the chart, and their fixes."""

from __future__ import annotations

from textual import on, work

from goals_tui.domain.flow import Flow
from goals_tui.domain.wiring import Finding
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.dialogs import Answer, Ask
from goals_tui.tui.flows.editor_actions import EditorActions
from goals_tui.tui.flows.edits import needs_form
from goals_tui.tui.flows.findings_list import FindingsList
from goals_tui.tui.flows.repairs import Repair, repairs

_ON_CHART = "chart"
"""The value of the option to choose a place on the chart."""


class FindingActions(EditorActions):
    """Actions that list findings and fix them."""

    def action_findings(self) -> None:
        """Open the list of findings, or close it."""
        if self.side == "findings-list":
            self._close_side()
        else:
            self._open_side("findings-list")
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
            self._close_side()
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
        """Describe the fix of a finding, let the user choose among several, and apply it."""
        options = [Option(str(number), repair.edit.label, repair.note) for number, repair in enumerate(found)]
        if finding.fix == "track_goal":
            options.append(Option(_ON_CHART, "At a place that you choose on the chart"))
        if len(options) == 1:
            what = f"{finding.message}\n\n{options[0].title}{f': {options[0].note}' if options[0].note else ''}."
            chosen = await self.app.push_screen_wait(Ask("Fix", what, [Answer("0", "Do it"), Answer("", "Cancel")]))
        else:
            chosen = await self.app.push_screen_wait(Choose("Fix: choose what to do", options, text=finding.message))
        if chosen == _ON_CHART and finding.goal_id:
            self.track_here(finding.goal_id, ask=False, step_id=finding.step_id)
        elif chosen and self.flow is not None and self.flow.id == flow.id:
            edit = found[int(chosen)].edit
            await self.commit(edit, said=f"{edit.label}. Press {self.named_key('app.undo')} to take it back.")
