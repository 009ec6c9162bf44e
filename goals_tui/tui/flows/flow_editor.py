"""The flow that is edited on the Flows screen, without the screen: selection, clipboard, edits and saving."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from goals_tui.domain import flow_edit
from goals_tui.domain.errors import ConflictError, GoalsError
from goals_tui.domain.flow import Flow, Node, NodeKind
from goals_tui.domain.flow_edit import Position
from goals_tui.domain.goal import Goal
from goals_tui.domain.ids import Ids
from goals_tui.services.flows import changed_parts
from goals_tui.tui.flows import edits
from goals_tui.tui.flows.blocks import START
from goals_tui.tui.flows.edits import Edit


class Flows(Protocol):
    """The part of `FlowService` that saves flows."""

    def get(self, wanted: str) -> Flow:
        """Return the stored flow."""

    def save(self, flow: Flow, *, label: str | None = None, overwrite: bool = False) -> Flow:
        """Save a flow and return it."""


class FlowEditor:
    """A flow with a selection: one box of its chart, or a run of nodes from `anchor` to the selected one.

    Methods that edit return an `Edit`, or None where there is nothing to do; `commit` saves it. Nothing here draws, and
    nothing waits for the disk but `commit`.
    """

    def __init__(self, ids: Ids, flows: Flows) -> None:
        self._ids = ids
        self._flows = flows
        self.flow: Flow | None = None
        self.selected = START
        """The key of the selected box: `layout.START`, the id of a node, or a `layout.slot_key`."""

        self.anchor: str | None = None
        """The id of the node at the other end of the selected run; None while no run is selected."""

        self.clipboard: tuple[Node, ...] = ()
        """The nodes that were cut or copied last; they can be pasted in any flow."""

    # -- selection

    def show(self, flow: Flow | None) -> None:
        """Take a flow to edit. A run stays selected while its nodes are there."""
        self.flow = flow
        if self.anchor is not None and self._find(self.anchor) is None:
            self.anchor = None

    @property
    def node(self) -> Node | None:
        """The selected node; None at Start and in an empty branch."""
        return self._find(self.selected)

    @property
    def run(self) -> tuple[Node, ...]:
        """The selected nodes in order: the run, or the selected node alone; empty at Start and in an empty branch.

        Where the ends of the run are in different branches, it is of the nodes that contain them.
        """
        node = self.node
        if self.flow is None or node is None:
            return ()
        return (node,) if self.anchor is None else flow_edit.run_between(self.flow, self.anchor, node.id)

    @property
    def here(self) -> Position:
        """The position of a node that is added at the selection: after it, or first in an empty branch."""
        if self.flow is None or self.selected == START:
            return Position(None, 0, 0)
        run = self.run
        if run:
            last = flow_edit.position_of(self.flow, run[-1].id)
            return Position(last.parent_id, last.branch, last.index + 1)
        parent, _, branch = self.selected.rpartition("/")
        return Position(parent, int(branch), 0)

    def mark(self) -> bool:
        """Begin a run at the selected node, or end it; return whether a run is selected now."""
        node = self.node
        self.anchor = None if self.anchor is not None or node is None else node.id
        return self.anchor is not None

    def extend(self, *, up: bool) -> str:
        """Extend the run by the node above or below in its sequence; return the key of the box to select."""
        node = self.node
        if self.flow is None or node is None:
            return self.selected
        self.anchor = self.anchor or node.id
        at = flow_edit.position_of(self.flow, node.id)
        sequence, index = flow_edit.siblings(self.flow, at), at.index + (-1 if up else 1)
        if 0 <= index < len(sequence):
            self.selected = sequence[index].id
        return self.selected

    # -- edits

    def add(self, kind: NodeKind, position: Position) -> Edit | None:
        """Add a new node; a Lookup gets a case for each button of the question before it. Raises RefusedError."""
        if self.flow is None:
            return None
        question = edits.question_before(self.flow, position) if kind == "lookup" else None
        node = edits.lookup_for(question, self._ids) if question else edits.blank_node(kind, self._ids)
        return edits.add(self.flow, position, node)

    def delete(self, *, word: str = "Delete") -> Edit | None:
        """Delete the selected nodes with their branches."""
        run = self.run
        return edits.delete(self.flow, run, word=word) if self.flow and run else None

    def cut(self) -> Edit | None:
        """Delete the selected nodes, and keep them for pasting."""
        return self.delete(word="Cut") if self.copy() else None

    def copy(self) -> tuple[Node, ...]:
        """Keep the selected nodes for pasting, and return them."""
        run = self.run
        if run:
            self.clipboard = run
        return run

    def paste(self) -> Edit | None:
        """Insert copies of what was cut or copied at the selection. Raises RefusedError."""
        if self.flow is None or not self.clipboard:
            return None
        edit = edits.paste(self.flow, self.here, self.clipboard, self._ids)
        self.anchor = None
        return edit

    def duplicate(self) -> Edit | None:
        """Insert copies of the selected nodes after them. Raises RefusedError."""
        run = self.run
        if self.flow is None or not run:
            return None
        edit = edits.duplicate(self.flow, run, self._ids)
        self.anchor = None
        return edit

    def move(self, *, up: bool) -> Edit | None:
        """Swap the selected nodes with their neighbour above or below."""
        run = self.run
        return edits.move(self.flow, run, up=up, select=self.selected) if self.flow and run else None

    def comment(self, text: str) -> Edit | None:
        """Give the selected nodes a comment."""
        run = self.run
        return self._selected_edit(edits.comment(self.flow, run, text)) if self.flow and run else None

    def track_instead(self, goal: Goal, goals: Mapping[str, Goal]) -> Edit | None:
        """Let the selected Track Goal Process nodes track another goal; `goals` are all goals by id."""
        run = self.run
        return self._selected_edit(edits.track_instead(self.flow, run, goal, goals)) if self.flow and run else None

    def _selected_edit(self, edit: Edit | None) -> Edit | None:
        """Return an edit after which the same box is selected as before."""
        return edit and replace(edit, select=self.selected)

    # -- saving

    def commit(self, edit: Edit) -> Flow:
        """Save an edit and return the stored flow. Waits for the disk: call it in a thread.

        Raises ConflictError, which names only what others changed since the flow was read, and GoalsError.
        """
        read = self.flow
        try:
            return self._flows.save(edit.flow, label=edit.label)
        except ConflictError as conflict:
            stored = None if conflict.deleted or read is None else _attempt(lambda: self._flows.get(edit.flow.id))
            if read is None or stored is None:
                raise
            raise ConflictError(conflict.kind, stored.name, changed_parts(read, stored)) from None

    def committed(self, edit: Edit, saved: Flow) -> None:
        """Take the stored flow of an edit, and its selection; a run stays selected where its nodes are moved."""
        self.show(saved)
        self.selected = edit.select

    def _find(self, key: str) -> Node | None:
        return next((node for node in self.flow.walk() if node.id == key), None) if self.flow else None


def _attempt(call: Callable[[], Flow]) -> Flow | None:
    try:
        return call()
    except GoalsError:
        return None
