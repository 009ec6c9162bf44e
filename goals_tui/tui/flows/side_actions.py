"""What the side of the Flows screen does: the editor of a node, the findings and their fixes."""

from __future__ import annotations

from textual import on, work
from textual.widgets import ContentSwitcher

from goals_tui.domain.flow import Node
from goals_tui.domain.wiring import Finding
from goals_tui.tui.flows import edits, fixes
from goals_tui.tui.flows.faces import Names
from goals_tui.tui.flows.findings_list import FindingsList
from goals_tui.tui.flows.flow_actions import FlowActions
from goals_tui.tui.flows.forms import EditorData, saved_answers
from goals_tui.tui.flows.node_editor import NodeEditor


class SideActions(FlowActions):
    """Opens and closes the side, saves what was typed there, fixes what is wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.names = Names()
        self.findings: list[Finding] = []

    @property
    def side(self) -> str:
        """Which part the side shows: `editor`, `findings-list`, or empty."""
        return (self.query_one("#side", ContentSwitcher).current or "") if self.has_class("-side") else ""

    def _open_side(self, part: str) -> None:
        self.query_one("#side", ContentSwitcher).current = part
        self.add_class("-side")
        self.refresh_bindings()

    def _close_side(self) -> None:
        self.remove_class("-side")
        self.chart.focus()
        self.refresh_bindings()

    @work(group="editor", exclusive=True)
    async def open_editor(self, node: Node, field: str | None = None) -> None:
        """Show the editor of a node."""
        flow = self.flow
        if flow is None:
            return
        data = EditorData(
            names=self.names,
            flow=flow,
            answers=saved_answers(list(flow.walk())),
            uses=self.services.goals.where_used,
            goals=self.services.goals.summaries,
        )
        self._open_side("editor")
        await self.query_one(NodeEditor).edit(node, data, field=field)

    def _save_editor(self) -> bool:
        """Save what was typed; whether the editor may be left."""
        editor, flow = self.query_one(NodeEditor), self.flow
        node = editor.result()
        if node is None:
            return False
        if flow is not None:
            edit = self.attempt(lambda: edits.change(flow, node))
            if edit is not None:
                self.commit(edit)
        return True

    @on(NodeEditor.Done)
    def action_done(self) -> None:
        """Leave the side; what was typed is saved."""
        if self.side != "editor" or self._save_editor():
            self._close_side()

    def action_save(self) -> None:
        """Save what was typed, and leave the editor."""
        self.action_done()

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
        self.commit(edit, said=f"{edit.label}. Press u to take it back." if edit else "")
