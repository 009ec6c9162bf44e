"""Flows as the content of files: ours, and charts as the original system's own command line tool pulls them.

A chart names its nodes and, apart from them, how they are related. Where the original does not document how a node
keeps what it holds, several places are looked at. A kind that is not interpreted becomes Other and keeps all it has.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from goals_tui.domain import flow_chart_nodes
from goals_tui.domain.errors import RefusedError
from goals_tui.domain.flow import MAX_DEPTH, Branch, BranchKind, Flow, Node
from goals_tui.domain.model import Ids, clean_line, reason

FORMAT = "goals-tui-flow"
FORMAT_VERSION = 1

MAX_NESTING = 240
"""How deep lists and objects of a file may lie within each other: what the store can write again."""


_BRANCHES: dict[str, dict[str, BranchKind]] = {
    "if": {"then": "then", "else": "else"},
    "switch": {"case": "case", "default": "default"},
    "once": {"onFirstExecution": "first", "afterwards": "afterwards"},
}
"""By the type of a node, what its children's types are here."""

_WANTED: dict[str, tuple[BranchKind, ...]] = {
    "if": ("then", "else"),
    "switch": ("default",),
    "once": ("first", "afterwards"),
}


def to_file(flow: Flow) -> dict[str, Any]:
    """A flow as our own file holds it, ids kept."""
    return {"format": FORMAT, "format_version": FORMAT_VERSION, "flow": flow.model_dump(mode="json")}


def from_file(content: object, ids: Ids, now: datetime, name: str) -> Flow:
    """The flow that a file holds, ours or the original's chart; raises RefusedError with what is wrong with it.

    The ids of our own format are kept. The nodes of a chart get new ones, for one chart may come in as many flows;
    what else it does not have comes from `ids`, `now` and `name`.
    """
    content = _plain(content, 0)
    if not isinstance(content, dict):
        raise RefusedError("This is not a flow: give a flow's JSON file, or a chart.json with nodes and relations.")
    if "relations" in content:
        return _from_chart(content, ids, now, name)
    if content.get("format") == FORMAT:
        if content.get("format_version") != FORMAT_VERSION:
            raise RefusedError(
                f"The file has format version {content.get('format_version')!r}, and this program reads "
                f"{FORMAT_VERSION}. Update goals-tui."
            )
        content = content.get("flow")
    elif "format" in content or not {"id", "name", "nodes"} <= content.keys():
        raise RefusedError("This is not a flow: give a flow's JSON file, or a chart.json with nodes and relations.")
    try:
        return Flow.model_validate(content)
    except ValidationError as error:
        raise RefusedError(f"The flow in the file is broken: {reason(error)}") from None


def _from_chart(content: Mapping[str, Any], ids: Ids, now: datetime, name: str) -> Flow:
    chart = _Chart(content, ids)
    try:
        return Flow(
            id=ids.hex24(),
            reference_id=ids.uuid(),
            name=clean_line(name)[:300] or "Imported flow",
            nodes=chart.sequence(chart.start(), 0),
            created_at=now,
            changed_at=now,
        )
    except ValidationError as error:
        raise RefusedError(f"The chart is broken: {reason(error)}") from None


class _Chart:
    """A chart while it is read. Nodes that Start does not lead to are left out, as the original never runs them."""

    def __init__(self, content: Mapping[str, Any], ids: Ids) -> None:
        self._ids = ids
        self._nodes: dict[str, Mapping[str, Any]] = {}
        self._next: dict[str, str | None] = {}
        self._children: dict[str, tuple[str, ...]] = {}
        self._placed: set[str] = set()
        for node in _objects(content.get("nodes"), "nodes"):
            key = _key(node.get("_id") or node.get("id"), "A node of the chart has no _id.")
            if key in self._nodes:
                raise RefusedError(f"Two nodes of the chart have the id {key}.")
            self._nodes[key] = node
        for relation in _objects(content["relations"], "relations"):
            key = _key(relation.get("node"), "A relation of the chart has no node.")
            if key in self._next:
                raise RefusedError(f"Two relations of the chart are about the node {key}.")
            after, children = relation.get("next"), relation.get("children") or []
            if not isinstance(children, list):
                raise RefusedError(f"The children of the node {key} are not a list.")
            self._next[key] = None if after is None else _key(after, f"The next of the node {key} is not an id.")
            self._children[key] = tuple(_key(child, f"A child of the node {key} is not an id.") for child in children)

    def start(self) -> str | None:
        """The first node: the one of the type start, else the one that nothing leads to."""
        for key, node in self._nodes.items():
            if node.get("type") == "start":
                return key
        if not self._nodes:
            return None
        led_to = {*self._next.values(), *(child for children in self._children.values() for child in children)}
        for key in self._nodes:
            if key not in led_to:
                return key
        raise RefusedError("The chart has no start: every node comes after another one.")

    def sequence(self, head: str | None, depth: int) -> tuple[Node, ...]:
        """The nodes from `head` on, with the branches within them."""
        if depth > MAX_DEPTH:
            raise RefusedError(f"Branches of the chart lie within branches more than {MAX_DEPTH} deep.")
        nodes: list[Node] = []
        while head is not None:
            node = self._take(head)
            after = self._next.get(head)
            # The original closes every flow with an end; ours need none.
            closing = node.get("type") == "end" and depth == 0 and after is None
            if node.get("type") != "start" and not closing:
                nodes.append(self._node(head, node, depth))
            head = after
        return tuple(nodes)

    def _take(self, key: str) -> Mapping[str, Any]:
        if key not in self._nodes:
            raise RefusedError(f"The chart leads to the node {key}, which it does not have.")
        if key in self._placed:
            raise RefusedError(f"The chart goes round in a circle, or two ways lead to the same node: {key}.")
        self._placed.add(key)
        return self._nodes[key]

    def _node(self, key: str, node: Mapping[str, Any], depth: int) -> Node:
        kind = str(node.get("type") or "")
        made = flow_chart_nodes.node(node, self._ids.hex24())
        branches = tuple(self._branch(kind, child, depth + 1) for child in self._children.get(key, ()))
        have = {branch.kind for branch in branches}
        missing = tuple(Branch(kind=wanted) for wanted in _WANTED.get(kind, ()) if wanted not in have)
        return made.model_copy(update={"branches": (*branches, *missing)})

    def _branch(self, kind: str, child: str, depth: int) -> Branch:
        marker = self._nodes.get(child, {})
        ours = _BRANCHES.get(kind, {}).get(str(marker.get("type") or ""))
        if ours is None:
            # The child is a node of its own kind, such as a tool of an agent: it stays, at the head of its branch.
            label = clean_line(str(marker.get("label") or marker.get("type") or ""))[:300]
            return Branch(kind="other", value=label, nodes=self.sequence(child, depth))
        self._take(child)
        value = flow_chart_nodes.case_value(marker) if ours == "case" else ""
        return Branch(kind=ours, value=value, nodes=self.sequence(self._next.get(child), depth))


def _objects(value: object, what: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise RefusedError(f"The {what} of the chart are not a list of objects.")
    return value


def _key(value: object, otherwise: str) -> str:
    if not isinstance(value, str) or not value:
        raise RefusedError(otherwise)
    return value[:100]


def _plain(value: object, depth: int) -> Any:
    """A value of a file as the store can write it again: no endless numbers, no half characters, not too deep."""
    if depth > MAX_NESTING:
        raise RefusedError(f"The file nests lists and objects more than {MAX_NESTING} deep. That is not a flow.")
    match value:
        case dict():
            return {str(_plain(str(key), depth)): _plain(item, depth + 1) for key, item in value.items()}
        case list():
            return [_plain(item, depth + 1) for item in value]
        case str():
            return value.encode("utf-8", "replace").decode()
        case float() if not math.isfinite(value):
            return None
        case int() if not isinstance(value, bool) and not -(2**63) <= value < 2**63:
            return float(value) if abs(value) < 10**300 else None
        case _:
            return value
