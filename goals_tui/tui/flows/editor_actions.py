"""Actions of the node editor beside the chart: open, save and close, without losing entries or others' changes."""

from __future__ import annotations

from textual import on, work
from textual.widgets import ContentSwitcher

from goals_tui.domain.errors import ConflictError, GoalsError
from goals_tui.domain.flow import Node, title
from goals_tui.tui.flows import edits
from goals_tui.tui.flows.flow_actions import FlowActions
from goals_tui.tui.flows.forms import EditorData, saved_answers
from goals_tui.tui.flows.node_actions import Saving
from goals_tui.tui.flows.node_editor import NodeEditor


class EditorActions(FlowActions):
    """Actions that open and close the side panel, and save the entries of its editor."""

    @property
    def side(self) -> str:
        """The part that the side panel shows: `editor`, `findings-list`, or empty if it is closed."""
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
        """Show the editor of a node, after saving the entries of the form that was open before."""
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

    async def _save_editor(self) -> Saving:
        """Save the entries; only this node's fields are written, so that others' changes to the flow are kept."""
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
        return await self.commit(edit)

    def _edited_node(self) -> Node | None:
        """Return the edited node as it is in the flow now; None if it was deleted meanwhile."""
        editor, flow = self.query_one(NodeEditor), self.flow
        if flow is None or editor.node is None or flow.id != editor.flow_id:
            return None
        opened = editor.node
        return next((node for node in flow.walk() if node.id == opened.id and node.kind == opened.kind), None)

    @on(NodeEditor.Done)
    def action_done(self) -> None:
        """Save the entries and close the side panel; the editor stays open if they can't be saved."""
        if self.side == "editor" and self.query_one(NodeEditor).changed:
            self._save_and_close()
        elif not self.side:
            self._flow_editor.anchor = None
            self.show_run()
        else:
            self._close_side()

    @work(group="waits")
    async def _save_and_close(self) -> None:
        editor = self.query_one(NodeEditor)
        opened = editor.node
        async with self._in_turn:
            # By now another node may be edited.
            if editor.node is not opened or self.side != "editor":
                return
            saving = await self._save_editor()
        if saving != "refused" and editor.node is opened and self.side == "editor":
            self._close_side()

    def action_save(self) -> None:
        """Save the entries and close the editor."""
        self.action_done()

    async def leave_editor(self) -> bool:
        """Save the entries and close the editor; return whether nothing is left to save.

        Await it in a worker, as it may ask about a conflict.
        """
        if self.side != "editor":
            return True
        async with self._in_turn:
            saving = await self._save_editor()
        if saving == "refused":
            return False
        self._close_side()
        if saving == "asked" and self.question is not None:
            return await self.question.wait()
        return saving == "saved"

    async def may_leave(self) -> bool:
        """Save the entries; return whether the screen can be left without losing any."""
        return await self.leave_editor()
