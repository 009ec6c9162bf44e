"""The editor of a node beside the chart: opened, saved and left without losing what was typed, or what others did."""

from __future__ import annotations

from textual import on, work
from textual.widgets import ContentSwitcher

from goals_tui.domain.errors import ConflictError, GoalsError
from goals_tui.domain.flow import Node, title
from goals_tui.tui.flows import edits
from goals_tui.tui.flows.flow_actions import FlowActions
from goals_tui.tui.flows.forms import EditorData, saved_answers
from goals_tui.tui.flows.kinds import Names
from goals_tui.tui.flows.node_actions import Saving
from goals_tui.tui.flows.node_editor import NodeEditor


class EditorActions(FlowActions):
    """Opens and closes the side, and saves what was typed in the editor there."""

    def __init__(self) -> None:
        super().__init__()
        self.names = Names()

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
        self.set_class(self.flow is None, "-empty")
        self.unsaved = False
        self.chart.focus()
        self.refresh_bindings()

    @work(group="editor", exclusive=True)
    async def open_editor(self, node: Node, field: str | None = None) -> None:
        """Show the editor of a node; what was typed in another form is saved before."""
        if not await self.leave_editor() or self.flow is None:
            return
        flow = self.flow
        data = EditorData(
            names=self.names,
            flow=flow,
            answers=saved_answers(list(flow.walk())),
            uses=self.services.goals.where_used,
            goals=self.services.goals.summaries,
        )
        self._open_side("editor")
        now = next((each for each in flow.walk() if each.id == node.id), node)
        await self.query_one(NodeEditor).edit(now, data, field=field)

    @on(NodeEditor.Edited)
    def _edited(self) -> None:
        self.unsaved = self.side == "editor" and self.query_one(NodeEditor).changed

    def _save_editor(self) -> Saving:
        """Save what was typed; the fields of this node alone are written, whatever others did to the flow."""
        editor, flow = self.query_one(NodeEditor), self.flow
        if editor.node is None or not editor.changed:
            return "saved"
        stored = self._edited_node()
        mine = editor.result(stored)
        if mine is None:
            return "refused"
        if flow is None or stored is None:
            self.keep(mine, f"{title(mine)!r} was deleted elsewhere. Yours is kept: p pastes it.")
            return "kept"
        try:
            edit = edits.change(flow, mine)
        except GoalsError as error:
            self.goals_app.show_error(error)
            return "refused"
        theirs = edits.changed_meanwhile(editor.node, stored, mine)
        if edit is None:
            return "saved"
        if theirs:
            return self.ask_conflict(ConflictError("node", title(stored), theirs), edit, mine)
        return self.commit(edit)

    def _edited_node(self) -> Node | None:
        """The node of the editor as it is now; None where it was deleted meanwhile."""
        editor, flow = self.query_one(NodeEditor), self.flow
        if flow is None or editor.node is None or flow.id != editor.flow_id:
            return None
        opened = editor.node
        return next((node for node in flow.walk() if node.id == opened.id and node.kind == opened.kind), None)

    @on(NodeEditor.Done)
    def action_done(self) -> None:
        """Leave the side; what was typed is saved. Where it can't be saved, the editor stays."""
        if self.side != "editor" or self._save_editor() != "refused":
            self._close_side()

    def action_save(self) -> None:
        """Save what was typed, and leave the editor."""
        self.action_done()

    async def leave_editor(self) -> bool:
        """Save what was typed and close the editor; whether nothing of it is left to save. Await it in a worker."""
        if self.side != "editor":
            return True
        saving = self._save_editor()
        if saving == "refused":
            return False
        self._close_side()
        if saving == "asked" and self.question is not None:
            return await self.question.wait()
        return saving == "saved"

    async def may_leave(self) -> bool:
        """Save what was typed; nothing else is lost with the screen."""
        return await self.leave_editor()
