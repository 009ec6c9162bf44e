"""The list of findings beside the chart, and their fixes."""

from __future__ import annotations

from textual import on

from goals_tui.domain.wiring import Finding
from goals_tui.tui.flows import edits as fixes
from goals_tui.tui.flows.editor_actions import EditorActions
from goals_tui.tui.flows.findings_list import FindingsList


class FindingActions(EditorActions):
    """Lists what is wrong, and fixes it."""

    def __init__(self) -> None:
        super().__init__()
        self.findings: list[Finding] = []

    def findings_of(self, node_id: str) -> list[Finding]:
        """What is wrong with a node of the flow that is shown."""
        return [finding for finding in self.findings if finding.node_id == node_id]

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
        """Go to where a finding is, and do what fixes it, or open the form that does."""
        if finding.flow_id:
            target = self.attempt(lambda: self.services.flows.get(finding.flow_id or ""))
            if target is None:
                return
            self.show_flow(target, finding.node_id)
        flow = self.flow
        if flow is None or finding.fix is None:
            # On narrow screens the findings cover the chart: keys go to what is seen.
            self._close_side()
            return
        if fixes.needs_form(finding) and finding.node_id:
            self.open_editor(flow.node(finding.node_id))
            return
        at = self.here
        edit = self.attempt(lambda: fixes.fix(finding, flow, at, self.names.goals, self.services.ids))
        back = self.named_key("app.undo")
        self.commit(edit, said=f"{edit.label}. Press {back} to take it back." if edit else "")
