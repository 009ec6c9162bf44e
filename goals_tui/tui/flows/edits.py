"""Edits of flows, including those that fix findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from goals_tui.domain import flow_edit
from goals_tui.domain.flow import (
    KIND_TITLES,
    NODE_TYPES,
    Branch,
    Flow,
    Lookup,
    Node,
    NodeKind,
    Question,
    TrackGoal,
    title,
    walk_nodes,
)
from goals_tui.domain.flow_edit import Position
from goals_tui.domain.goal import Goal, Step
from goals_tui.domain.ids import Ids
from goals_tui.domain.wiring import Finding, Fix, Severity
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.tui.flows.blocks import START, slot_key
from goals_tui.tui.flows.layout import Box


@dataclass(frozen=True)
class Edit:
    """A changed flow, the label of the change for undo, and the key of the box to select."""

    flow: Flow
    label: str
    select: str


def question_before(flow: Flow, position: Position) -> Question | None:
    """Return the Question whose answer a node at a position would be about; None if branches may lie between."""
    for node in reversed(flow_edit.siblings(flow, position)[: position.index]):
        if isinstance(node, Question):
            return node
        if node.branches:
            return None
    if position.parent_id is None:
        return None
    return question_before(flow, flow_edit.position_of(flow, position.parent_id))


def lookup_for(question: Question, ids: Ids) -> Lookup:
    """Return a new Lookup with a case for each button of a question."""
    cases = (Branch(kind="case", value=button) for button in dict.fromkeys(question.buttons))
    return Lookup(id=ids.hex24(), of=question.save_as, branches=(*cases, Branch(kind="default")))


def blank_node(kind: NodeKind, ids: Ids) -> Node:
    """Return a new node of a kind, empty except for the kind's branches."""
    return NODE_TYPES[kind](id=ids.hex24())  # type: ignore[return-value]  # the table holds the types of Node


def place_after(box: Box) -> Position:
    """Return the position of a node added at a box: first after Start or in an empty branch, else after the node."""
    if box.key == START:
        return Position(None, 0, 0)
    return Position(box.parent, box.branch, 0 if box.is_slot else box.place + 1)


def add(flow: Flow, position: Position, node: Node) -> Edit:
    """Insert a new node."""
    return Edit(flow_edit.insert_at(flow, position, node), f"Add {KIND_TITLES[node.kind]}", node.id)


def paste(flow: Flow, position: Position, nodes: Sequence[Node], ids: Ids) -> Edit:
    """Insert copies of nodes under new ids; the last one is selected."""
    copies = [flow_edit.with_new_ids(node, ids) for node in nodes]
    return Edit(flow_edit.insert_at(flow, position, *copies), f"Paste {named(nodes)}", copies[-1].id)


def insert(flow: Flow, position: Position, nodes: Sequence[Node]) -> Edit:
    """Insert nodes that are in no flow yet; the last one is selected."""
    return Edit(flow_edit.insert_at(flow, position, *nodes), f"Add {named(nodes)}", nodes[-1].id)


def duplicate(flow: Flow, nodes: Sequence[Node], ids: Ids) -> Edit:
    """Insert copies of a run of nodes right after it, under new ids; the last one is selected."""
    at = flow_edit.position_of(flow, nodes[-1].id)
    edit = paste(flow, replace(at, index=at.index + 1), nodes, ids)
    return replace(edit, label=f"Duplicate {named(nodes)}")


def comment(flow: Flow, nodes: Sequence[Node], text: str) -> Edit | None:
    """Give each of some nodes a comment; return None if nothing differs."""
    return _each(flow, nodes, f"Comment on {named(nodes)}", lambda node: node.model_copy(update={"comment": text}))


def track_instead(flow: Flow, nodes: Sequence[Node], goal: Goal, goals: Mapping[str, Goal]) -> Edit | None:
    """Let the Track Goal Process nodes among some nodes, and in their branches, track another goal.

    The initial step becomes that of the goal; others are matched by name, and left out where it has none of the name.
    """
    tracking = [node for node in walk_nodes(tuple(nodes)) if isinstance(node, TrackGoal)]
    named_steps = {fold(step.name): step.id for step in goal.steps}

    def changed(node: Node) -> Node:
        old = goals.get(node.goal_id) if isinstance(node, TrackGoal) else None
        if not isinstance(node, TrackGoal) or node.goal_id == goal.id:
            return node
        steps = [step for step in old.steps if step.id in node.step_ids] if old else []
        same = (goal.initial.id if step.kind == "initial" else named_steps.get(fold(step.name)) for step in steps)
        return node.model_copy(update={"goal_id": goal.id, "step_ids": goal.in_order(filter(None, same))})

    edit = _each(flow, tracking, f"Track {goal.name!r} in {plural(len(tracking), 'node')}", changed)
    return edit and replace(edit, select=nodes[-1].id)


def _each(flow: Flow, nodes: Sequence[Node], label: str, change: Callable[[Node], Node]) -> Edit | None:
    changed = flow
    for node in nodes:
        # A node in a branch of one that was changed before is another object by now.
        now = changed.node(node.id)
        after = change(now)
        if after != now:
            changed = flow_edit.replace(changed, after)
    return None if changed is flow else Edit(changed, label, nodes[-1].id)


def delete(flow: Flow, nodes: Sequence[Node], *, word: str = "Delete") -> Edit:
    """Delete a run of nodes with their branches, and select the node that takes their place.

    The label says how many nodes the branches hold.
    """
    position = flow_edit.position_of(flow, nodes[0].id)
    changed, _ = flow_edit.remove(flow, nodes[0].id, len(nodes))
    rest = flow_edit.siblings(changed, position)
    if rest:
        select = rest[min(position.index, len(rest) - 1)].id
    elif position.parent_id is not None:
        select = slot_key(position.parent_id, position.branch)
    else:
        select = START
    count, label = count_within(nodes), f"{word} {named(nodes)}"
    return Edit(changed, f"{label} and {plural(count, 'node')} in {their(nodes)} branches" if count else label, select)


def count_within(nodes: Sequence[Node]) -> int:
    """Return how many nodes the branches of a run hold."""
    return sum(1 for _ in walk_nodes(tuple(nodes))) - len(nodes)


def named(nodes: Sequence[Node]) -> str:
    """Return a run of nodes in words: the title of one node, the number of several."""
    return repr(title(nodes[0])) if len(nodes) == 1 else plural(len(nodes), "node")


def their(nodes: Sequence[Node]) -> str:
    """Return the pronoun for a run of nodes."""
    return "its" if len(nodes) == 1 else "their"


def move(flow: Flow, nodes: Sequence[Node], *, up: bool, select: str = "") -> Edit | None:
    """Swap a run of nodes with its neighbour; return None at the end of its sequence."""
    moved = flow_edit.move_up if up else flow_edit.move_down
    changed = moved(flow, nodes[0].id, len(nodes))
    label = f"Move {named(nodes)} {'up' if up else 'down'}"
    return None if changed is flow else Edit(changed, label, select or nodes[0].id)


def change(flow: Flow, node: Node) -> Edit | None:
    """Replace a node by its edited version; return None if nothing differs."""
    before = flow.node(node.id)
    if before == node:
        return None
    return Edit(flow_edit.replace(flow, node), f"Edit {title(node)!r}", node.id)


FIELD_TITLES = {
    "of": "what is compared",
    "branches": "cases",
    "save_as": "name of the answer",
    "flow_id": "flow",
    "goal_id": "goal",
    "step_ids": "steps",
}
"""Titles of the node fields that are not shown under their own names."""


def changed_fields(before: Node, after: Node) -> list[str]:
    """Return the titles of the fields in which two versions of a node differ, ignoring the nodes in its branches."""
    fields = [name for name in type(before).model_fields if _own(before, name) != _own(after, name)]
    return [FIELD_TITLES.get(name, name) for name in fields]


def changed_meanwhile(opened: Node, stored: Node, mine: Node) -> list[str]:
    """Return what others changed since a node was opened and saving `mine` would undo, in words."""
    kept = {node.id for node in walk_nodes((mine,))}
    known = {node.id: node for node in walk_nodes((opened,))}
    lost = [node for node in walk_nodes((stored,)) if node.id not in kept and known.get(node.id) != node]
    return changed_fields(opened, stored) + (["nodes in a case that you cleared"] if lost else [])


def _own(node: Node, field: str) -> object:
    return [(way.kind, way.value) for way in node.branches] if field == "branches" else getattr(node, field)


def track(flow: Flow, position: Position, goal: Goal, step_ids: tuple[str, ...], ids: Ids) -> Edit:
    """Insert a Track Goal Process node for steps of a goal."""
    node = TrackGoal(id=ids.hex24(), goal_id=goal.id, step_ids=goal.in_order(step_ids))
    return Edit(flow_edit.insert_at(flow, position, node), f"Track {goal.name!r}", node.id)


def track_after(flow: Flow, node: Node, called: str, goal: Goal, step: Step, ids: Ids) -> Edit:
    """Insert a Track Goal Process node for a step after a node; `called` is that node in words."""
    at = flow_edit.position_of(flow, node.id)
    edit = track(flow, replace(at, index=at.index + 1), goal, (step.id,), ids)
    return replace(edit, label=f"Track {step.name!r} after {called}")


def track_first(flow: Flow, position: Position, where: str, goal: Goal, ids: Ids) -> Edit:
    """Track the initial step at a position, and no longer after it, where it would open a second cycle.

    Nodes that then track nothing and have no branches are deleted. `where` is the position in words.
    """
    initial, rest = goal.initial, flow
    tracking = [node.id for node in _nodes_after(flow, position) if initial.id in _tracked((node,), goal)]
    for node_id in tracking:
        node = rest.node(node_id)
        assert isinstance(node, TrackGoal)
        others = tuple(step_id for step_id in node.step_ids if step_id != initial.id)
        if others or node.branches:
            rest = flow_edit.replace(rest, node.model_copy(update={"step_ids": others}))
        else:
            rest, _ = flow_edit.remove(rest, node_id)
    edit = track(rest, position, goal, (initial.id,), ids)
    moved = ", no longer further down" if tracking else ""
    return replace(edit, label=f"Track {initial.name!r} {where}{moved}")


def step_to_track(flow: Flow, position: Position, goal: Goal) -> str:
    """Return the id of the step that a new Track Goal Process node at a position most likely tracks.

    This is the initial step if the goal is not tracked before that position, as no other step would count; otherwise
    the first step that the flow does not track yet.
    """
    before = _tracked(_nodes_before(flow, position), goal)
    if not before:
        return goal.initial.id
    tracked = _tracked(flow.walk(), goal)
    return next((step.id for step in goal.steps if step.id not in tracked), goal.initial.id)


def _tracked(nodes: Iterable[Node], goal: Goal) -> set[str]:
    found = (node for node in nodes if isinstance(node, TrackGoal) and node.goal_id == goal.id)
    return {step_id for node in found for step_id in node.step_ids}


def _nodes_before(flow: Flow, position: Position) -> Iterator[Node]:
    yield from walk_nodes(flow_edit.siblings(flow, position)[: position.index])
    if position.parent_id is not None:
        yield from _nodes_before(flow, flow_edit.position_of(flow, position.parent_id))


def _nodes_after(flow: Flow, position: Position) -> Iterator[Node]:
    yield from walk_nodes(flow_edit.siblings(flow, position)[position.index :])
    if position.parent_id is not None:
        outer = flow_edit.position_of(flow, position.parent_id)
        yield from _nodes_after(flow, replace(outer, index=outer.index + 1))


def written(before: Flow | None, edit: Edit) -> Node | None:
    """Return the node that an edit added or changed; None if it only moved or deleted one."""
    now = next((node for node in edit.flow.walk() if node.id == edit.select), None)
    was = next((node for node in before.walk() if node.id == edit.select), None) if before else None
    return None if now == was else now


FIX_TITLES: dict[Fix, str] = {
    "choose_goal": "Choose a goal",
    "choose_steps": "Choose steps",
    "choose_flow": "Choose a flow",
    "insert_initial": "Track the initial step first…",
    "remove_node": "Remove the node…",
    "track_goal": "Choose where to track it…",
    "set_value": "Say what it compares with",
}
RANKS: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


class Wiring:
    """The findings of all flows, sorted for the screen.

    With 10,000 goals there may be as many findings: make it in a thread.
    """

    def __init__(self, findings: Iterable[Finding] = ()) -> None:
        self.findings = tuple(findings)
        self._of_node: dict[str, list[Finding]] = {}
        self._of_flow: dict[str, list[Finding]] = {}
        for finding in self.findings:
            self._of_flow.setdefault(finding.flow_id or "", []).append(finding)
            if finding.node_id:
                self._of_node.setdefault(finding.node_id, []).append(finding)
        self.counts = {flow_id: counts(found) for flow_id, found in self._of_flow.items()}
        """The number of findings of each severity, by flow id; the empty id is for findings without a flow."""

    def of_node(self, node_id: str) -> list[Finding]:
        """Return the findings of a node."""
        return self._of_node.get(node_id, [])

    def worst_by_node(self, flow_id: str) -> dict[str, Severity]:
        """Return the severity of the worst finding of each node of a flow, by node id."""
        worst: dict[str, Severity] = {}
        for finding in self._of_flow.get(flow_id, ()):
            if finding.node_id:
                before = worst.get(finding.node_id, finding.severity)
                worst[finding.node_id] = min(before, finding.severity, key=RANKS.__getitem__)
        return worst

    def of_flow_first(self, flow_id: str | None) -> list[Finding]:
        """Return all findings: those of a flow, then those without a flow (untracked goals), then the others."""
        return sorted(self.findings, key=lambda found: 0 if found.flow_id == flow_id else 2 if found.flow_id else 1)


def counts(findings: Iterable[Finding]) -> dict[Severity, int]:
    """Return the number of findings of each severity."""
    found: dict[Severity, int] = {}
    for finding in findings:
        found[finding.severity] = found.get(finding.severity, 0) + 1
    return found


def needs_form(finding: Finding) -> bool:
    """Return whether a finding is fixed by a choice in the node's editor."""
    return cast(str, finding.fix) in ("choose_goal", "choose_steps", "choose_flow", "set_value")
