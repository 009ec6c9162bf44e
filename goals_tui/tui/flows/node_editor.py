"""The editor of a node in the side panel: the form of its kind under a title."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Select, Static, TextArea

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.flow import KIND_TITLES, Node
from goals_tui.tui.flows.forms import (
    ConditionForm,
    EditorData,
    LineList,
    LookupForm,
    NodeForm,
    OtherForm,
    QuestionForm,
    SpokenField,
    SpokenForm,
    TargetForm,
)
from goals_tui.tui.flows.kinds import KIND_GLYPHS
from goals_tui.tui.flows.track_form import TrackForm
from goals_tui.tui.widgets.fields import ProblemLine

_FORMS: dict[str, type[NodeForm]] = {
    "say": SpokenForm,
    "handover": SpokenForm,
    "question": QuestionForm,
    "if": ConditionForm,
    "lookup": LookupForm,
    "go_to": TargetForm,
    "execute_flow": TargetForm,
    "track_goal": TrackForm,
    "other": OtherForm,
}


class NodeEditor(Vertical):
    """An editor of one node at a time.

    Enter in a field posts `Done`; the screen then saves the node that `result` returns.
    """

    DEFAULT_CSS = """
    NodeEditor { height: 1fr; }
    NodeEditor #editor-title { color: $primary; text-style: bold; margin-bottom: 1; height: 1; width: 1fr; }
    """

    @dataclass
    class Done(Message):
        """Posted when the entries are to be saved and the editor closed."""

        editor: NodeEditor

    class Edited(Message):
        """Posted when something was typed or chosen."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.node: Node | None = None
        """The node as it was when its form was opened; None until then."""

        self.flow_id = ""
        """The id of the flow that contains the node."""

    def compose(self) -> ComposeResult:
        yield Static("", id="editor-title", markup=False)
        yield ProblemLine(id="editor-problem")

    async def edit(self, node: Node, data: EditorData, *, field: str | None = None) -> None:
        """Show the form of a node, with the focus in its first field or in `field`."""
        self.node = None
        await self.query(NodeForm).remove()
        form = _FORMS.get(node.kind, NodeForm)(node, data)
        self.query_one("#editor-title", Static).update(
            Content.assemble(f"{KIND_GLYPHS[node.kind]} ", Content(KIND_TITLES[node.kind]))
        )
        self.show_problem("")
        await self.mount(form, before="#editor-problem")
        self.node, self.flow_id = node, data.flow_id
        target = form.query_one(f"#{field}") if field else form.first_field()
        if self.screen.is_current:
            target.focus()
            if isinstance(target, Input):
                target.select_all()

    async def close(self) -> None:
        """Remove the form."""
        self.node = None
        await self.query(NodeForm).remove()

    @property
    def changed(self) -> bool:
        """True if there are unsaved entries, including entries that can't be saved."""
        try:
            return self.node is not None and self.query_one(NodeForm).result() != self.node
        except RefusedError:
            return True

    def result(self, stored: Node | None) -> Node | None:
        """Return the stored node, or else the opened one, with the entries; show why and return None if refused."""
        try:
            node = self.query_one(NodeForm).result(stored)
        except RefusedError as error:
            self.show_problem(str(error))
            return None
        self.show_problem("")
        return node

    def show_problem(self, text: str) -> None:
        """Show why the node can't be saved; an empty text hides the message."""
        problem = self.query_one("#editor-problem", ProblemLine)
        problem.say(text)
        problem.display = bool(text)

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Select.Changed)
    @on(NodeForm.Edited)
    def _edited(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Edited())

    @on(Input.Submitted)
    @on(SpokenField.Submitted)
    @on(LineList.Finished)
    def _done(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Done(self))
