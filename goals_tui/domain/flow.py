"""Flows: conversations as sequences of nodes with branches (docs/semantics.md, *Flow*)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, StringConstraints, model_validator

from goals_tui.domain.errors import NotFoundError
from goals_tui.domain.goal import Description, Id, Name, Uuid
from goals_tui.domain.model import MAX_TEXT, Instant, Line, Model, Text

MAX_DEPTH = 40
"""The deepest nesting of branches within branches."""

Spoken = Annotated[Text, StringConstraints(max_length=MAX_TEXT)]
BranchKind = Literal["then", "else", "case", "default", "first", "afterwards", "other"]
Comparison = Literal["equals", "not_equals", "contains", "exists"]

BRANCH_TITLES: dict[BranchKind, str] = {
    "then": "Then",
    "else": "Else",
    "case": "Case",
    "default": "Default",
    "first": "First time",
    "afterwards": "Afterwards",
    "other": "Branch",
}


class Branch(Model):
    """One branch of a node with its nodes. `value` is the text that a Lookup's case compares with."""

    kind: BranchKind
    value: Line = ""
    nodes: tuple[Node, ...] = ()

    @property
    def title(self) -> str:
        """The title of the branch on the chart: a case is called by its value."""
        return self.value if self.kind in ("case", "other") and self.value else BRANCH_TITLES[self.kind]


class Condition(Model):
    """A comparison of the last answer (`of` is empty), or of the value saved as `of`, with the text `to`.

    Case and surrounding white space are ignored. `exists` is true if the value is not empty.
    """

    of: Line = ""
    comparison: Comparison = "equals"
    to: Line = ""

    @property
    def is_complete(self) -> bool:
        """True if there is a value to compare with, where the comparison needs one."""
        return self.comparison == "exists" or bool(self.to.strip())


def _is_empty(text: str) -> bool:
    return not text


class _Node(Model):
    id: Id
    label: Name = ""
    """The name of the node; if it is empty, the node is called by its kind."""

    # Left out if empty, so that version 0.1.0 can read flows that do not use it.
    comment: Spoken = Field("", exclude_if=_is_empty)
    """A note for people who edit the flow; conversations don't show it."""

    branches: tuple[Branch, ...] = ()


class Say(_Node):
    """A node in which the agent says `text`."""

    kind: Literal["say"] = "say"
    text: Spoken = ""


class Question(_Node):
    """A node in which the agent asks and waits for an answer, which is saved as `save_as` if that is set."""

    kind: Literal["question"] = "question"
    text: Spoken = ""
    buttons: tuple[Name, ...] = ()
    save_as: Line = ""


class If(_Node):
    """A node that continues in Then if its condition holds, else in Else."""

    kind: Literal["if"] = "if"
    condition: Condition = Condition()
    branches: tuple[Branch, ...] = Field(default_factory=lambda: (Branch(kind="then"), Branch(kind="else")))


class Lookup(_Node):
    """A node that continues in the case that equals the last answer or the saved value `of`, else in Default."""

    kind: Literal["lookup"] = "lookup"
    of: Line = ""
    branches: tuple[Branch, ...] = Field(default_factory=lambda: (Branch(kind="default"),))


class Once(_Node):
    """A node that continues in First time when a session first passes it, later in Afterwards."""

    kind: Literal["once"] = "once"
    branches: tuple[Branch, ...] = Field(default_factory=lambda: (Branch(kind="first"), Branch(kind="afterwards")))


class _Leading(_Node):
    """A node that leads to a flow: to its start, or to its node with the id `node_id`.

    Until the target flow is imported, both fields hold the reference ids of the original system (see
    `flow_chart_links`).
    """

    flow_id: str = ""
    # Left out if empty, so that version 0.1.0 can read flows that do not use it.
    node_id: str = Field("", exclude_if=_is_empty)


class GoTo(_Leading):
    """A node that continues in another flow, or elsewhere in its own, and does not come back."""

    kind: Literal["go_to"] = "go_to"


class ExecuteFlow(_Leading):
    """A node that runs another flow and comes back."""

    kind: Literal["execute_flow"] = "execute_flow"


class Handover(_Node):
    """A node that hands the conversation over to a human agent, which ends it for the AI agent."""

    kind: Literal["handover"] = "handover"
    text: Spoken = ""


class TrackGoal(_Node):
    """A Track Goal Process node, which fires steps of one goal."""

    kind: Literal["track_goal"] = "track_goal"
    goal_id: str = ""
    step_ids: tuple[str, ...] = ()


class End(_Node):
    """A node that ends its flow; a flow that executed it continues after the Execute Flow node."""

    kind: Literal["end"] = "end"


class Other(_Node):
    """A node of a kind that is not interpreted: kept with its whole content, and skipped when the flow runs."""

    kind: Literal["other"] = "other"
    type: Line = ""
    content: dict[str, Any] = {}


Node = Annotated[
    Say | Question | If | Lookup | Once | GoTo | ExecuteFlow | Handover | TrackGoal | End | Other,
    Discriminator("kind"),
]
NodeKind = Literal[
    "say",
    "question",
    "if",
    "lookup",
    "once",
    "go_to",
    "execute_flow",
    "handover",
    "track_goal",
    "end",
    "other",
]

KIND_TITLES: dict[NodeKind, str] = {
    "say": "Say",
    "question": "Question",
    "if": "If",
    "lookup": "Lookup",
    "once": "Once",
    "go_to": "Go To",
    "execute_flow": "Execute Flow",
    "handover": "Handover to Agent",
    "track_goal": "Track Goal Process",
    "end": "End",
    "other": "Other",
}

NODE_TYPES: dict[NodeKind, type[_Node]] = {
    "say": Say,
    "question": Question,
    "if": If,
    "lookup": Lookup,
    "once": Once,
    "go_to": GoTo,
    "execute_flow": ExecuteFlow,
    "handover": Handover,
    "track_goal": TrackGoal,
    "end": End,
    "other": Other,
}


class Flow(Model):
    """A flow as it is saved; `nodes` are those under Start, in order."""

    id: Id
    reference_id: Uuid
    revision: int = 0
    name: Name
    description: Description = ""
    nodes: tuple[Node, ...] = ()
    start_reference: str = Field("", exclude_if=_is_empty)
    """The start node's reference id in the original system, to which flows that are imported later may lead."""

    created_at: Instant
    changed_at: Instant

    @model_validator(mode="after")
    def _sound(self) -> Flow:
        seen: set[str] = set()
        for node, depth in _walk(self.nodes):
            if depth > MAX_DEPTH:
                raise ValueError(f"branches lie within branches at most {MAX_DEPTH} deep")
            if node.id in seen:
                raise ValueError(f"two nodes have the id {node.id}")
            seen.add(node.id)
        return self

    def walk(self) -> Iterator[Node]:
        """Iterate over all nodes in reading order: a node, its branches, then the next node."""
        return (node for node, _ in _walk(self.nodes))

    def node(self, node_id: str) -> Node:
        """Return the node with this id. Raises NotFoundError."""
        for node in self.walk():
            if node.id == node_id:
                return node
        raise NotFoundError(f"node of the flow {self.name!r} with the id", node_id)


def place_in(flow: Flow, node_id: str) -> str:
    """Return the title of a target: the flow's name, followed by the node's if `node_id` is not empty."""
    if not node_id:
        return flow.name
    node = next((node for node in flow.walk() if node.id == node_id), None)
    return f"{flow.name} › {title(node) if node else '✗ a node that does not exist'}"


def title(node: Node) -> str:
    """Return the title of a node: its label, else the name of its kind."""
    if node.label:
        return node.label
    if isinstance(node, Other) and node.type:
        return node.type
    return KIND_TITLES[node.kind]


def walk_nodes(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """Iterate over all nodes of a sequence, those in branches included, in reading order."""
    return (node for node, _ in _walk(nodes))


def _walk(nodes: tuple[Node, ...]) -> Iterator[tuple[Node, int]]:
    pending: list[tuple[Node, int]] = [(node, 0) for node in reversed(nodes)]
    while pending:
        node, depth = pending.pop()
        yield node, depth
        for branch in reversed(node.branches):
            pending.extend((child, depth + 1) for child in reversed(branch.nodes))


Branch.model_rebuild()
