"""The side panel in which a node is edited: its kind's form under its title."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.flow import KIND_TITLES, Node
from goals_tui.tui.flows.faces import KIND_GLYPHS
from goals_tui.tui.flows.fields import LineList, SpokenField
from goals_tui.tui.flows.forms import EditorData, NodeForm, forms_by_kind


class NodeEditor(Vertical):
    """Edits one node at a time. Enter in a field posts `Done`; the screen saves what `result` gives."""

    DEFAULT_CSS = """
    NodeEditor { height: 1fr; }
    NodeEditor #editor-title { color: $primary; text-style: bold; margin-bottom: 1; height: 1; width: 1fr; }
    NodeEditor #editor-problem { color: $error; height: auto; width: 1fr; }
    """

    @dataclass
    class Done(Message):
        """What was entered is to be saved, and the editor left."""

        editor: NodeEditor

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.node: Node | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="editor-title", markup=False)
        yield Static("", id="editor-problem", markup=False)

    async def edit(self, node: Node, data: EditorData, *, field: str | None = None) -> None:
        """Show the form of a node, with the focus in its first field or in `field`."""
        self.node = node
        await self.query(NodeForm).remove()
        form = forms_by_kind().get(node.kind, NodeForm)(node, data)
        self.query_one("#editor-title", Static).update(
            Content.assemble(f"{KIND_GLYPHS[node.kind]} ", Content(KIND_TITLES[node.kind]))
        )
        self.show_problem("")
        await self.mount(form, before="#editor-problem")
        target = form.query_one(f"#{field}") if field else form.first_field()
        if self.screen.is_current:
            target.focus()
            if isinstance(target, Input):
                target.select_all()

    async def close(self) -> None:
        """Edit nothing."""
        self.node = None
        await self.query(NodeForm).remove()

    def result(self) -> Node | None:
        """The node as it was entered, or None after saying what can't be saved."""
        try:
            node = self.query_one(NodeForm).result()
        except RefusedError as error:
            self.show_problem(str(error))
            return None
        self.show_problem("")
        return node

    def show_problem(self, text: str) -> None:
        """Say what can't be saved; empty for nothing."""
        problem = self.query_one("#editor-problem", Static)
        problem.update(text)
        problem.display = bool(text)

    @on(Input.Submitted)
    @on(SpokenField.Submitted)
    @on(LineList.Finished)
    def _done(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Done(self))
