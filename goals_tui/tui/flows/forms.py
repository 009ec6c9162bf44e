"""The form of each kind of node, and its fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Select, Static, TextArea

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.flow import (
    Branch,
    Comparison,
    Condition,
    ExecuteFlow,
    Flow,
    GoTo,
    Handover,
    If,
    Lookup,
    Node,
    Other,
    Question,
    Say,
)
from goals_tui.domain.model import MAX_NAME, MAX_TEXT
from goals_tui.domain.text import clean_line, clean_text
from goals_tui.domain.words import fold
from goals_tui.tui.app.actions import shown_key
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.textual_compat import keymap
from goals_tui.tui.flows.kinds import Names

if TYPE_CHECKING:
    from goals_tui.services.goal_list import GoalSummary, NodeUse


class SpokenField(TextArea):
    """A field for several lines: enter submits, ctrl+j or alt+enter begins a new line, tab moves on."""

    DEFAULT_CSS = """
    SpokenField { min-height: 3; max-height: 12; }
    """

    @dataclass
    class Submitted(Message):
        """Posted when enter is pressed."""

        field: SpokenField

    def __init__(self, text: str, *, id: str) -> None:
        super().__init__(text, id=id, soft_wrap=True, tab_behavior="focus", show_line_numbers=False)
        self.move_cursor(self.document.end)
        # The app's own style sheet gives every TextArea one height; this one grows with its text.
        self.styles.height = "auto"

    def on_key(self, event: events.Key) -> None:
        """Send the text by enter; shift+enter and its like break the line."""
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.post_message(self.Submitted(self))
        elif event.key in ("ctrl+j", "alt+enter", "shift+enter"):
            event.stop()
            event.prevent_default()
            self.insert("\n")


class ListedLine(NamedTuple):
    """A line of a `LineList`: its text, and its index in the initial lines (None for a new line)."""

    origin: int | None
    text: str


class LineList(Vertical):
    """Fields for short texts, one per line; the last one is always empty, and empty lines are ignored."""

    DEFAULT_CSS = """
    LineList { height: auto; }
    """

    class Finished(Message):
        """Posted when enter is pressed on an empty line."""

    def __init__(self, lines: Sequence[str], *, placeholder: str, id: str) -> None:
        super().__init__(id=id)
        self._lines = lines
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        for number, line in enumerate(self._lines):
            yield self._field(line, number)
        yield self._field("", None)

    def lines(self) -> list[ListedLine]:
        """Return the lines that are not empty."""
        fields = self.query(_LineField)
        return [ListedLine(field.origin, field.value.strip()) for field in fields if field.value.strip()]

    @on(Input.Changed)
    def _grow(self, event: Input.Changed) -> None:
        if event.value and event.input is self.query(_LineField).last():
            self.mount(self._field("", None))

    @on(Input.Submitted)
    def _go_on(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.screen.focus_next(_LineField)
        else:
            self.post_message(self.Finished())

    def _field(self, text: str, origin: int | None) -> _LineField:
        return _LineField(text, origin, self._placeholder)


class _LineField(Input):
    def __init__(self, text: str, origin: int | None, placeholder: str) -> None:
        super().__init__(text, placeholder=placeholder, max_length=MAX_NAME, compact=False)
        self.origin = origin


COMPARISONS: tuple[tuple[str, Comparison], ...] = (
    ("equals", "equals"),
    ("does not equal", "not_equals"),
    ("contains", "contains"),
    ("exists", "exists"),
)


@dataclass(frozen=True)
class EditorData:
    """The data from which forms offer choices."""

    names: Names = field(default_factory=Names)
    flow: Flow | None = None
    """The flow that contains the node."""

    answers: tuple[str, ...] = ()
    """The names under which Questions of the flow save answers."""

    uses: Callable[[str], Sequence[NodeUse]] = lambda goal_id: ()
    """A function that returns the nodes that track a goal."""

    goals: Callable[[], Sequence[GoalSummary]] = lambda: ()
    """A function that returns summaries of all goals, sorted by name."""

    @property
    def flow_id(self) -> str:
        """The id of the flow; empty if there is none."""
        return self.flow.id if self.flow else ""


class NodeForm(VerticalScroll, can_focus=False):
    """The base of all node forms: fields of the kind, and the label that every kind has.

    Subclasses override `fields`, and `values` or `branches` to return the entries.
    """

    DEFAULT_CSS = """
    NodeForm { height: 1fr; scrollbar-size-vertical: 1; }
    NodeForm Label { color: $quiet; margin-top: 1; }
    NodeForm Label.-first { margin-top: 0; }
    NodeForm Button { width: 1fr; content-align: left middle; text-align: left; }
    NodeForm Select > SelectCurrent {
        padding: 0 1; background: $surface; border: none; border-left: outer $border-blurred;
    }
    NodeForm Select:focus > SelectCurrent {
        background: $panel; background-tint: transparent; border: none; border-left: outer $primary;
    }
    NodeForm .hint { color: $quiet; width: 1fr; height: auto; }
    """

    class Edited(Message):
        """Posted when a choice has changed."""

    def __init__(self, node: Node, data: EditorData) -> None:
        super().__init__()
        self.node = node
        self.data = data

    def compose(self) -> ComposeResult:
        """Compose the kind's own fields, then the label."""
        yield from self.fields()
        yield Label("Label (optional)")
        yield Input(self.node.label, id="label", max_length=MAX_NAME, placeholder="A name on the chart")

    def fields(self) -> ComposeResult:
        """Compose the kind's own fields."""
        yield from ()

    def values(self) -> dict[str, Any]:
        """Return the values of the kind's own fields. Raises RefusedError for values that can't be saved."""
        return {}

    def branches(self, node: Node) -> tuple[Branch, ...]:
        """Return the branches that a node is to have. Raises RefusedError for branches that can't be saved."""
        return node.branches

    def result(self, stored: Node | None = None) -> Node:
        """Return the stored node, or else the opened one, with the entries. Raises RefusedError."""
        node = stored or self.node
        label = clean_line(self.query_one("#label", Input).value)
        return node.model_copy(update={"label": label, "branches": self.branches(node), **self.values()})

    def first_field(self) -> Widget:
        """Return the field that is focused first."""
        return next(widget for widget in self.query("*") if widget.focusable)

    def line(self, selector: str) -> str:
        """Return the text of an Input."""
        return clean_line(self.query_one(selector, Input).value)

    def spoken(self) -> str:
        """Return the text of the SpokenField. Raises RefusedError if it is too long."""
        text = clean_text(self.query_one(SpokenField).text).strip()
        if len(text) > MAX_TEXT:
            raise RefusedError(f"The text has {len(text):,} characters; {MAX_TEXT:,} are allowed. Shorten it.")
        return text

    def answer_field(self, value: str, id: str) -> Input:
        """Return an Input for the name of a saved answer; empty means the last answer."""
        suggester = SuggestFromList(self.data.answers, case_sensitive=False) if self.data.answers else None
        return Input(value, id=id, max_length=MAX_NAME, placeholder="the last answer", suggester=suggester)


class SpokenForm(NodeForm):
    """The form of Say and Handover to Agent."""

    def fields(self) -> ComposeResult:
        assert isinstance(self.node, Say | Handover)
        yield Label("The agent says", classes="-first")
        yield SpokenField(self.node.text, id="text")
        yield Static("enter saves, ctrl+j begins a new line", classes="hint")

    def values(self) -> dict[str, Any]:
        return {"text": self.spoken()}


class QuestionForm(NodeForm):
    """The form of Question: text, buttons, and the name under which the answer is saved."""

    def fields(self) -> ComposeResult:
        yield Label("The agent asks", classes="-first")
        yield SpokenField(self._node.text, id="text")
        yield Static("enter saves, tab goes on to the buttons", classes="hint")
        yield Label("Buttons (optional)")
        yield LineList(self._node.buttons, placeholder="A button", id="buttons")
        yield Label("Keep the answer as (optional)")
        yield Input(self._node.save_as, id="save-as", max_length=MAX_NAME, placeholder="for example: passenger")

    def values(self) -> dict[str, Any]:
        buttons = tuple(clean_line(line.text) for line in self.query_one("#buttons", LineList).lines())
        twice = _first_twice(buttons)
        if twice and buttons != self._node.buttons:
            raise RefusedError(f"There are two buttons {twice!r}. Change one of them.", field="buttons")
        return {"text": self.spoken(), "buttons": buttons, "save_as": self.line("#save-as")}

    @property
    def _node(self) -> Question:
        assert isinstance(self.node, Question)
        return self.node


class ConditionForm(NodeForm):
    """The form of If: the answer, the comparison, and the value to compare with."""

    def fields(self) -> ComposeResult:
        assert isinstance(self.node, If)
        condition = self.node.condition
        yield Label("Then applies if", classes="-first")
        yield self.answer_field(condition.of, "of")
        yield Select(COMPARISONS, value=condition.comparison, allow_blank=False, id="comparison")
        yield Input(condition.to, id="to", max_length=MAX_NAME, placeholder="for example: yes")
        yield Static("Case is ignored.", classes="hint")

    def on_mount(self) -> None:
        """Hide the value if the comparison is `exists`, which has none."""
        self._show_to()

    @on(Select.Changed, "#comparison")
    def _show_to(self) -> None:
        self.query_one("#to").display = self.query_one("#comparison", Select).value != "exists"

    def values(self) -> dict[str, Any]:
        comparison = self.query_one("#comparison", Select).value
        to = "" if comparison == "exists" else self.line("#to")
        return {"condition": Condition.model_validate({"of": self.line("#of"), "comparison": comparison, "to": to})}


class LookupForm(NodeForm):
    """The form of Lookup: the answer and its cases. Clearing a case deletes its nodes."""

    def fields(self) -> ComposeResult:
        assert isinstance(self.node, Lookup)
        yield Label("Look up", classes="-first")
        yield self.answer_field(self.node.of, "of")
        yield Label("Cases, besides Default")
        yield LineList([branch.value for branch in self._cases()], placeholder="A value", id="cases")
        back = shown_key(keymap(self.app), "app.undo")
        yield Static(f"Clearing a case deletes its nodes; {back} brings them back.", classes="hint")

    def values(self) -> dict[str, Any]:
        return {"of": self.line("#of")}

    def branches(self, node: Node) -> tuple[Branch, ...]:
        old, now = self._cases(), {case.value: case.nodes for case in node.branches if case.kind == "case"}
        cases: list[Branch] = []
        for line in self.query_one("#cases", LineList).lines():
            was = old[line.origin] if line.origin is not None else None
            nodes = now.get(was.value, was.nodes) if was else ()
            cases.append(Branch(kind="case", value=clean_line(line.text), nodes=nodes))
        values = [case.value for case in cases]
        twice = _first_twice(values)
        if twice and values != [case.value for case in old]:
            raise RefusedError(f"There are two cases {twice!r}. Change one of them.", field="cases")
        return (*cases, *(branch for branch in node.branches if branch.kind != "case"))

    def _cases(self) -> list[Branch]:
        return [branch for branch in self.node.branches if branch.kind == "case"]


class TargetForm(NodeForm):
    """The form of Go To and Execute Flow: the target flow."""

    def __init__(self, node: Node, data: EditorData) -> None:
        super().__init__(node, data)
        assert isinstance(node, GoTo | ExecuteFlow)
        self.flow_id, self.node_id = node.flow_id, node.node_id

    def fields(self) -> ComposeResult:
        yield Label("Flow", classes="-first")
        yield Button(Content(self._title()), id="target")

    def on_mount(self) -> None:
        """Ask for the flow at once if none is chosen."""
        if not self.flow_id:
            self.choose()

    def _title(self) -> str:
        return self.data.names.place(self.flow_id, self.node_id) or "Choose a flow…"

    @on(Button.Pressed, "#target")
    @work(group="waits")
    async def choose(self) -> None:
        """Ask for the target flow."""
        options = [
            Option(flow_id, flow.name, "this flow" if flow_id == self.data.flow_id else "")
            for flow_id, flow in self.data.names.flows.items()
        ]
        chosen = await self.app.push_screen_wait(Choose("Choose a flow", options, chosen=self.flow_id))
        if chosen is not None:
            self.flow_id, self.node_id = chosen, ""
            self.query_one("#target", Button).label = Content(self._title())
            self.post_message(self.Edited())
            self.query_one("#label").focus()

    def values(self) -> dict[str, Any]:
        return {"flow_id": self.flow_id, "node_id": self.node_id}


class OtherForm(NodeForm):
    """The form of Other, which shows its content and keeps it unchanged."""

    def fields(self) -> ComposeResult:
        assert isinstance(self.node, Other)
        yield Label("Kept as it is, and passed over when run", classes="-first")
        yield Static(self.node.type, markup=False)
        content = json.dumps(self.node.content, indent=2, ensure_ascii=False, default=str)
        yield Static(content if self.node.content else "", markup=False, classes="hint")


def _first_twice(texts: Sequence[str]) -> str:
    """Return the first text that repeats an earlier one, ignoring case; empty if none does."""
    seen: set[str] = set()
    for text in texts:
        if fold(text) in seen:
            return text
        seen.add(fold(text))
    return ""


def saved_answers(nodes: Sequence[Node]) -> tuple[str, ...]:
    """Return the names under which Questions among nodes save answers, without duplicates."""
    return tuple(dict.fromkeys(node.save_as for node in nodes if isinstance(node, Question) and node.save_as))
