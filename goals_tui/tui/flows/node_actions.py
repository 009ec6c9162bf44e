"""Actions that edit nodes, on the chart and in the editor beside it.

Each edit is saved at once, so that undo and other programs see it; no entry is lost, nor what others changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on, work
from textual.widgets import ContentSwitcher
from textual.worker import Worker

from goals_tui.domain.errors import ConflictError, GoalsError
from goals_tui.domain.flow import ExecuteFlow, Flow, GoTo, Node, TrackGoal, title, walk_nodes
from goals_tui.domain.flow_edit import Position
from goals_tui.domain.wiring import Finding
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.dialogs import AskText, ask_conflict
from goals_tui.tui.app.screen import ScreenFrame
from goals_tui.tui.flows import edits
from goals_tui.tui.flows.chart import FlowChart
from goals_tui.tui.flows.chart_pane import where
from goals_tui.tui.flows.edits import Edit
from goals_tui.tui.flows.flow_editor import FlowEditor
from goals_tui.tui.flows.forms import EditorData, saved_answers
from goals_tui.tui.flows.kinds import KindMenu, Names, one_line
from goals_tui.tui.flows.layout import Box
from goals_tui.tui.flows.node_editor import NodeEditor

Saving = Literal["saved", "asked", "kept", "refused"]
"""The result of saving an edit: saved, a question about a conflict, kept for pasting, or refused with a message."""


class NodeActions(ScreenFrame[None]):
    """Actions of the Flows screen on the nodes of the flow that is shown."""

    names = Names()
    """The goals and flows to which nodes refer."""

    wiring = edits.Wiring()
    """The wiring findings of all flows."""

    question: Worker[bool] | None = None
    """The worker of the last question about a conflict; its result is whether the edit was saved."""

    def __init__(self) -> None:
        super().__init__()
        self._in_turn = asyncio.Lock()
        """Held by an edit until it is saved, and shown."""

    @cached_property
    def _flow_editor(self) -> FlowEditor:
        return FlowEditor(self.services.ids, self.services.flows)

    @property
    def flow_editor(self) -> FlowEditor:
        """The flow that is edited, with what is selected on the chart."""
        self._flow_editor.selected = self.chart.selected
        return self._flow_editor

    @property
    def flow(self) -> Flow | None:
        """The flow that is shown."""
        return self._flow_editor.flow

    @property
    def chart(self) -> FlowChart:
        """The chart of the flow."""
        return self.query_one(FlowChart)

    @property
    def box(self) -> Box | None:
        """The selected box of the chart; None if no flow is shown."""
        return self.chart.box

    @property
    def node(self) -> Node | None:
        """The selected node; None at Start and in an empty branch."""
        box = self.box
        return box.node if box else None

    @property
    def here(self) -> Position:
        """The position of a new node added at the selection."""
        return self.flow_editor.here

    if TYPE_CHECKING:
        # The screen implements these.

        def show_around(self) -> None:
            """Draw the parts around the chart."""

        def show_flow(self, flow: Flow, select: str | None = None) -> None:
            """Show a flow, with a box selected."""

        def draw_flow(self, flow: Flow, select: str | None = None) -> None:
            """Draw a flow that was just saved; the rest of the screen follows when the store reports the change."""

        def fix_finding(self, finding: Finding) -> None:
            """Fix a finding, or open the form that fixes it."""

        def track_here(self, goal_id: str, *, ask: bool, step_id: str | None = None) -> object:
            """Let the user choose a place for a Track Goal Process node on the chart."""

    # -- saving

    async def commit(self, edit: Edit | None, *, said: str = "") -> Saving:
        """Save an edit and show the flow, or ask about a conflict; `said` is the message after saving.

        Await it in a worker.
        """
        if edit is None:
            return "refused"
        # What is saved is shown, also where the worker that waits for it is stopped.
        return await asyncio.shield(self._commit(edit, said))

    async def _commit(self, edit: Edit, said: str) -> Saving:
        editor, read, selected = self.flow_editor, self.flow, self.chart.selected
        try:
            saved = await self.change("Saving the flow", lambda: editor.commit(edit))
        except ConflictError as error:
            return self.ask_conflict(error, edit, edits.written(read, edit))
        except GoalsError as error:
            self.goals_app.show_error(error)
            return "refused"
        if self.flow is not None and self.flow.id == saved.id:
            # Where saving took long, the selection may have been moved meanwhile.
            stays = self.chart.selected == selected
            if stays:
                editor.committed(edit, saved)
            self.draw_flow(saved, edit.select if stays else None)
        self.goals_app.changed()
        if said:
            self.notify(said)
        return "saved"

    def ask_conflict(self, error: ConflictError, edit: Edit, kept: Node | None) -> Saving:
        """Ask how to resolve a conflict between an edit and what somebody else saved."""
        self.question = self._ask_conflict(error, edit, kept)
        return "asked"

    def keep(self, node: Node, said: str) -> None:
        """Keep a node that could not be saved, ready to be pasted."""
        self.flow_editor.clipboard = (node,)
        self.notify(said)
        self.refresh_bindings()

    @work(group="waits")
    async def _ask_conflict(self, error: ConflictError, edit: Edit, kept: Node | None) -> bool:
        """Ask how to resolve a conflict; return whether the edit was saved, in the flow or in a copy.

        Whatever the answer, neither edit is lost. `kept` is the node that this edit wrote, if any.
        """
        outlook = f"Overwrite: {self.named_key('app.undo')} brings theirs back. Reload shows theirs"
        paste = self.named_key("flows.paste")
        outlook += f"; {paste} pastes your {title(kept)!r} into it." if kept else " without your last edit."
        answer = await ask_conflict(self.app, error, one_line(outlook))
        saved = None
        if answer == "overwrite":
            saved = await self.attempt_change(
                "Saving the flow", lambda: self.services.flows.save(edit.flow, label=edit.label, overwrite=True)
            )
        elif answer == "copy":
            saved = await self.attempt_change("Saving the flow", lambda: self.services.flows.save_as_copy(edit.flow))
            if saved is not None:
                self.notify(f"Saved yours as {saved.name!r}.")
        if saved is not None:
            self.goals_app.changed()
            self.show_data()
            self.show_flow(saved, edit.select if answer == "overwrite" else None)
            return True
        if kept is not None:
            self.keep(kept, f"Your {title(kept)!r} is kept: p pastes it.")
        self.show_data()
        return False

    @work(group="waits")
    async def _edit(self, make: Callable[[FlowEditor], Edit | None], said: str = "") -> None:
        """Commit the edit that `make` returns; if making it is refused, show why.

        Edits are made one after the other, each of the flow that the one before left.
        """
        editor = self.flow_editor
        shown, selected, anchor = editor.flow, editor.selected, editor.anchor
        async with self._in_turn:
            if editor.flow is not None and shown is not None and editor.flow.id == shown.id:
                if self.chart.selected != selected:
                    self.chart.select(selected)
                if self.chart.selected == selected:
                    editor.selected, editor.anchor = selected, anchor
                    await self.commit(self.attempt(lambda: make(editor)), said=said)
                    return
        self.notify("What was to be edited is gone by now.", severity="warning")

    # -- keys

    @work(group="waits")
    async def action_add(self) -> None:
        """Add a node after the selected one, or in the selected empty branch."""
        box = self.box
        if self.flow is not None and box is not None:
            await self._add_at(edits.place_after(box), f"It comes {where(box)}. Press a letter.")

    @work(group="waits")
    async def action_add_in_branch(self) -> None:
        """Add a node at the top of a branch of the selected node."""
        node = self.node
        if self.flow is None or node is None or not node.branches:
            return
        options = [
            Option(str(place), branch.title, plural(len(branch.nodes), "node"))
            for place, branch in enumerate(node.branches)
        ]
        chosen = await self.app.push_screen_wait(Choose("In which branch?", options))
        if chosen is not None:
            branch = node.branches[int(chosen)]
            await self._add_at(
                Position(node.id, int(chosen), 0), f"It comes first in {branch.title!r}. Press a letter."
            )

    async def _add_at(self, position: Position, where: str) -> None:
        kind = await self.app.push_screen_wait(KindMenu(where))
        if kind is None or self.flow is None:
            return
        edit = self.attempt(lambda: self.flow_editor.add(kind, position))
        if edit is not None and await self.commit(edit) == "saved" and kind not in ("end", "once"):
            self.open_editor(edit.flow.node(edit.select))

    def action_edit(self) -> None:
        """Edit the selected node; at Start and in an empty branch, add one."""
        if self.node is not None:
            self.open_editor(self.node)
        elif self.box is not None:
            self.action_add()

    def action_rename(self) -> None:
        """Edit the label of the selected node."""
        if self.node is not None:
            self.open_editor(self.node, "label")

    @work(group="waits")
    async def action_comment(self) -> None:
        """Write a comment on the selected nodes; an empty one deletes it."""
        run = self.flow_editor.run
        if not run:
            return
        before = run[0].comment if len({node.comment for node in run}) == 1 else ""
        dialog = AskText(one_line(f"Comment on {edits.named(run)}"), value=before, label="Comment", optional=True)
        text = await self.app.push_screen_wait(dialog)
        if text is not None:
            self._edit(lambda editor: editor.comment(text))

    @work(group="waits")
    async def action_set_goal(self) -> None:
        """Let the selected Track Goal Process nodes track another goal."""
        nodes = self._tracking()
        goals = self.names.goals
        if not nodes:
            return
        options = [Option(goal.id, goal.name, plural(len(goal.steps), "step")) for goal in goals.values()]
        title = f"Which goal do {plural(len(nodes), 'node')} track?" if len(nodes) > 1 else "Which goal does it track?"
        text = "Steps are matched by their names; those that the goal does not have are left out."
        dialog = Choose(title, sorted(options, key=lambda one: fold(one.title)), text=text, chosen=nodes[0].goal_id)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is not None:
            self._edit(lambda editor: editor.track_instead(goals[chosen], goals))

    def _tracking(self) -> list[TrackGoal]:
        """Return the Track Goal Process nodes among the selected nodes and in their branches."""
        return [node for node in walk_nodes(self.flow_editor.run) if isinstance(node, TrackGoal)]

    def action_duplicate(self) -> None:
        """Copy the selected nodes right after them."""
        self._edit(FlowEditor.duplicate)

    def action_mark(self) -> None:
        """Begin or end a run of selected nodes."""
        self.flow_editor.mark()
        self.show_run()

    def action_extend_up(self) -> None:
        """Extend the selected run by the node above."""
        self._extend(up=True)

    def action_extend_down(self) -> None:
        """Extend the selected run by the node below."""
        self._extend(up=False)

    def _extend(self, *, up: bool) -> None:
        self.chart.select(self.flow_editor.extend(up=up))
        self.show_run()

    def show_run(self) -> None:
        """Draw the selected run."""
        editor = self.flow_editor
        self.chart.run = frozenset(node.id for node in editor.run) if editor.anchor else frozenset()
        self.refresh_bindings()

    def action_delete(self) -> None:
        """Delete the selected nodes with their branches."""
        self._take_out(FlowEditor.delete, "Deleted")

    def action_cut(self) -> None:
        """Delete the selected nodes, ready to be pasted."""
        self._take_out(FlowEditor.cut, "Cut")

    def _take_out(self, make: Callable[[FlowEditor], Edit | None], done: str) -> None:
        """Delete nodes, and say how many in branches were deleted with them."""
        run = self.flow_editor.run
        if not run:
            return
        count = edits.count_within(run)
        gone = edits.named(run) + (f" and {plural(count, 'node')} in {edits.their(run)} branches" if count else "")
        undo = f"Press {self.named_key('app.undo')} to bring them back."
        self._edit(make, f"{one_line(f'{done} {gone}.')} {undo}" if count or len(run) > 1 else "")

    def action_copy(self) -> None:
        """Make the selected nodes ready to be pasted."""
        run = self.flow_editor.copy()
        if run:
            paste = self.named_key("flows.paste")
            self.notify(one_line(f"Copied {edits.named(run)}. Press {paste} where to put it, in any flow."))
            self.refresh_bindings()

    def action_paste(self) -> None:
        """Insert what was cut or copied."""
        self._edit(FlowEditor.paste)

    def action_move_up(self) -> None:
        """Move the selected nodes before the one above them."""
        self._edit(lambda editor: editor.move(up=True))

    def action_move_down(self) -> None:
        """Move the selected nodes after the one below them."""
        self._edit(lambda editor: editor.move(up=False))

    def action_collapse(self) -> None:
        """Hide or show the branches of the selected node, or of the node around it."""
        box, chart = self.box, self.chart
        inner = box.key if box and box.node and box.node.branches else box.parent if box else None
        if inner is not None:
            chart.collapsed ^= {inner}
            self.show_run()

    def action_collapse_all(self) -> None:
        """Hide the branches of all nodes, or show all again."""
        flow, chart = self.flow, self.chart
        branching = {node.id for node in flow.walk() if node.branches} if flow else set()
        chart.collapsed = frozenset() if chart.collapsed & branching else frozenset(branching)
        self.show_run()

    def action_follow(self) -> None:
        """Show the flow that a Go To or Execute Flow node leads to."""
        node = self.node
        if isinstance(node, GoTo | ExecuteFlow):
            target = self.attempt(lambda: self.services.flows.get(node.flow_id))
            if target is not None:
                self.show_flow(target, node.node_id if any(one.id == node.node_id for one in target.walk()) else None)

    def action_fix(self) -> None:
        """Fix the worst finding of the selected node that has a fix."""
        found = [finding for finding in self.wiring.of_node(self.chart.selected) if finding.fix]
        if found:
            self.fix_finding(found[0])

    NEEDS_NODE: ClassVar[frozenset[str]] = frozenset(
        "comment rename duplicate delete cut copy move_up move_down mark extend_up extend_down".split()
    )

    def node_action_works(self, action: str) -> bool:
        """Return whether an action of the chart applies to the selection."""
        box, node = self.box, self.node
        if box is None:
            return False
        if action in self.NEEDS_NODE:
            return node is not None
        match action:
            case "set_goal":
                return bool(self._tracking())
            case "collapse":
                return bool(node and node.branches) or box.parent is not None
            case "add_in_branch":
                return node is not None and bool(node.branches)
            case "paste":
                return bool(self._flow_editor.clipboard)
            case "follow":
                return isinstance(node, GoTo | ExecuteFlow) and bool(node.flow_id)
            case "fix":
                return any(finding.fix for finding in self.wiring.of_node(box.key))
            case _:
                return True

    # -- the side panel, and the node editor in it

    @property
    def side(self) -> str:
        """The part that the side panel shows: `editor`, `findings-list`, or empty if it is closed."""
        return (self.query_one("#side", ContentSwitcher).current or "") if self.has_class("-side") else ""

    def open_side(self, part: str) -> None:
        """Show a part in the side panel."""
        self.query_one("#side", ContentSwitcher).current = part
        self.add_class("-side")
        self.refresh_bindings()

    def close_side(self) -> None:
        """Close the side panel, without saving."""
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
        self.open_side("editor")
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
            self.close_side()

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
            self.close_side()

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
        self.close_side()
        if saving == "asked" and self.question is not None:
            return await self.question.wait()
        return saving == "saved"

    async def may_leave(self) -> bool:
        """Save the entries; return whether the screen can be left without losing any."""
        return await self.leave_editor()
