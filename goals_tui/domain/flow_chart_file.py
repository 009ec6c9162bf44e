"""Flow files: reading and writing our own, and reading charts from files and packages of the original system."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from goals_tui.domain import flow_chart_nodes
from goals_tui.domain.errors import RefusedError
from goals_tui.domain.flow import MAX_DEPTH, Branch, BranchKind, Flow, Node
from goals_tui.domain.ids import Ids
from goals_tui.domain.model import reason
from goals_tui.domain.text import clean_line

FORMAT = "goals-tui-flow"
FORMAT_VERSION = 2
"""Version 2 allows links to single nodes, and comments; other flows are written as version 1, which 0.1.0 reads."""
MAX_NESTING = 240
"""The deepest nesting of lists and objects in a file that the store can write again."""
_BRANCHES: dict[str, dict[str, BranchKind]] = {
    "if": {"then": "then", "else": "else"},
    "switch": {"case": "case", "default": "default"},
    "once": {"onFirstExecution": "first", "afterwards": "afterwards"},
    "aiAgentJob": {"aiAgentJobDefault": "default"},
}
"""For each type of branching node in a chart, the branch kind of each type of child."""
_WANTED: dict[str, tuple[BranchKind, ...]] = {
    "if": ("then", "else"),
    "switch": ("default",),
    "once": ("first", "afterwards"),
}


@dataclass(frozen=True)
class Origin:
    """Facts about a chart that are not in it: the flow's name and ids in its system, and the locale of the texts."""

    name: str
    id: str = ""
    reference: str = ""
    locale: str = ""
    created_at: object = None
    """Seconds since 1970, as the original system writes it; any other value is ignored."""


@dataclass(frozen=True)
class ReadFlow:
    """A flow as read from a file, before its links are resolved (see `flow_chart_links`)."""

    flow: Flow
    names: frozenset[str]
    """The ids by which links of other flows refer to it."""

    is_chart: bool = False
    nodes: Mapping[str, str] = field(default_factory=dict)
    """The id of each node here, by its reference id; empty for the start node."""

    disabled: int = 0
    """The number of disabled nodes, which are kept as Other and skipped when the flow runs."""

    within_disabled: int = 0
    """The number of nodes that were left out because they are in branches of disabled nodes."""

    unreached: int = 0
    """The number of nodes that were left out because nothing leads to them."""


def to_file(flow: Flow) -> dict[str, Any]:
    """Return a flow as the content of our own file format, ids included."""
    version = FORMAT_VERSION if needs_newest(flow) else 1
    return {"format": FORMAT, "format_version": version, "flow": flow.model_dump(mode="json")}


def needs_newest(flow: Flow) -> bool:
    """Return whether a flow has anything that goals-tui 0.1.0 can't read."""
    return bool(flow.start_reference) or any(node.comment or getattr(node, "node_id", "") for node in flow.walk())


def is_chart(content: object) -> bool:
    """Return whether the content of a file is a chart of the original system."""
    return isinstance(content, dict) and "relations" in content


def is_flow(content: object) -> bool:
    """Return whether the content of a file is a flow in our format or a chart."""
    ours = isinstance(content, dict) and (content.get("format") == FORMAT or {"id", "name", "nodes"} <= content.keys())
    return ours or is_chart(content)


def from_file(
    content: object, ids: Ids, now: datetime, origin: Origin, taken: Container[str] = (), targets: Container[str] = ()
) -> ReadFlow:
    """Return the flow in the content of a file, which is in our format or a chart of the original system.

    The ids of our own format are kept. A chart gets the ids of its `origin` unless they are among `taken`, else new
    ones from `ids`. `now` is its time of change, and of creation if that is unknown. `targets` are the reference ids
    of all nodes that links lead to (see `targets_of`); an End node among them is kept. Raises RefusedError with what
    is wrong in the file.
    """
    content = _plain(content, 0)
    if not isinstance(content, dict):
        raise RefusedError("This is not a flow: give a flow's JSON file, or a chart.json with nodes and relations.")
    if is_chart(content):
        return _from_chart(content, ids, now, origin, taken, targets)
    if content.get("format") == FORMAT:
        if content.get("format_version") not in range(1, FORMAT_VERSION + 1):
            raise RefusedError(
                f"The file has format version {content.get('format_version')!r}, and this program reads "
                f"{FORMAT_VERSION}. Update goals-tui."
            )
        content = content.get("flow")
    elif "format" in content or not {"id", "name", "nodes"} <= content.keys():
        raise RefusedError("This is not a flow: give a flow's JSON file, or a chart.json with nodes and relations.")
    try:
        flow = Flow.model_validate(content)
    except ValidationError as error:
        raise RefusedError(f"The flow in the file is broken: {reason(error)}") from None
    return ReadFlow(flow, frozenset({flow.id, flow.reference_id}))


def targets_of(content: object) -> Iterator[str]:
    """Yield the reference ids of the nodes that Go To and Execute Flow nodes of a chart lead to."""
    nodes = content.get("nodes") if isinstance(content, dict) else None
    for node in nodes if isinstance(nodes, list) else ():
        if isinstance(node, dict) and node.get("type") in ("goTo", "executeFlow"):
            yield flow_chart_nodes.target_node(flow_chart_nodes.config_of(node))


def node_id_of(flow_id: str, reference: str) -> str:
    """Return the id of an imported node, which depends only on its flow and its reference id."""
    return hashlib.sha256(f"{flow_id} {reference}".encode()).hexdigest()[:24]


_ID = re.compile(r"[0-9a-f]{24}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _from_chart(
    content: Mapping[str, Any],
    ids: Ids,
    now: datetime,
    origin: Origin,
    taken: Container[str],
    targets: Container[str],
) -> ReadFlow:
    flow_id = origin.id if _ID.fullmatch(origin.id) and origin.id not in taken else ids.hex24()
    reference = origin.reference.lower()
    chart = _Chart(content, ids, flow_id, origin.locale, {*targets_of(content)}, targets)
    try:
        flow = Flow(
            id=flow_id,
            reference_id=reference if _UUID.fullmatch(reference) and reference not in taken else ids.uuid(),
            name=clean_line(origin.name)[:300] or "Imported flow",
            nodes=chart.sequence(chart.start(), 0),
            start_reference=chart.start_reference,
            created_at=_moment(origin.created_at) or now,
            changed_at=now,
        )
    except ValidationError as error:
        raise RefusedError(f"The chart is broken: {reason(error)}") from None
    names = frozenset(filter(None, (origin.id, origin.reference, reference)))
    return ReadFlow(flow, names, True, chart.ours, chart.disabled, chart.within_disabled, chart.unreached())


def _moment(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 4_000_000_000:
        return None
    return datetime.fromtimestamp(int(seconds), UTC)


class _Chart:
    """The conversion of one chart.

    Nodes that Start does not lead to are left out, because the original system never runs them.
    """

    def __init__(
        self,
        content: Mapping[str, Any],
        ids: Ids,
        flow_id: str,
        locale: str,
        *targets: Container[str],
    ) -> None:
        self._ids = ids
        self._flow_id = flow_id
        self._locale = locale
        self._targets = targets
        self.start_reference = ""
        self.ours: dict[str, str] = {}
        self.disabled = 0
        self.within_disabled = 0
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
        """Return the key of the first node: the start node, else one that nothing leads to; None without any nodes."""
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
        """Return the nodes from `head` on, with their branches."""
        if depth > MAX_DEPTH:
            raise RefusedError(f"Branches of the chart lie within branches more than {MAX_DEPTH} deep.")
        nodes: list[Node] = []
        while head is not None:
            node = self._take(head)
            after = self._next.get(head)
            # The original system closes every flow with an End node, which is needed here only if a link leads to it.
            closing = node.get("type") == "end" and depth == 0 and after is None
            if node.get("type") == "start":
                self.start_reference = self.start_reference or _reference(head, node)
                self.ours[_reference(head, node)] = ""
            elif not closing or any(_reference(head, node) in targets for targets in self._targets):
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
        reference = _reference(key, node)
        if node.get("isDisabled") is True:
            self.disabled += 1
            self.within_disabled += self._pass_over(self._children.get(key, ()))
            return flow_chart_nodes.disabled(node, self._id(reference))
        made = flow_chart_nodes.node(node, self._id(reference), self._locale)
        children = self._children.get(key, ())
        branches = tuple(filter(None, (self._branch(kind, child, depth + 1) for child in children)))
        have = {branch.kind for branch in branches}
        missing = tuple(Branch(kind=wanted) for wanted in _WANTED.get(kind, ()) if wanted not in have)
        return made.model_copy(update={"branches": (*branches, *missing)})

    def _id(self, reference: str) -> str:
        made = node_id_of(self._flow_id, reference)
        if made in self.ours.values():
            return self._ids.hex24()
        self.ours[reference] = made
        return made

    def _pass_over(self, heads: tuple[str, ...]) -> int:
        """Mark the nodes of skipped branches as placed, and return their number without Then, Else and so on."""
        pending, count = list(heads), 0
        while pending:
            head: str | None = pending.pop()
            while head is not None:
                node = self._take(head)
                count += node.get("type") not in _MARKERS
                pending.extend(self._children.get(head, ()))
                head = self._next.get(head)
        return count

    def unreached(self) -> int:
        """Return the number of nodes that nothing leads to."""
        return len(self._nodes.keys() - self._placed)

    def _branch(self, kind: str, child: str, depth: int) -> Branch | None:
        marker = self._nodes.get(child, {})
        ours = _BRANCHES.get(kind, {}).get(str(marker.get("type") or ""))
        if ours is None:
            # The child is a node itself, such as a tool of an agent: it is kept as the first node of its branch.
            label = clean_line(str(marker.get("label") or marker.get("type") or ""))[:300]
            return Branch(kind="other", value=label, nodes=self.sequence(child, depth))
        if marker.get("isDisabled") is True:
            self.disabled += 1
            self.within_disabled += self._pass_over((child,))
            return None
        self._take(child)
        value = flow_chart_nodes.case_value(marker, self._locale) if ours == "case" else ""
        return Branch(kind=ours, value=value, nodes=self.sequence(self._next.get(child), depth))


_MARKERS = frozenset(marker for markers in _BRANCHES.values() for marker in markers)


def _reference(key: str, node: Mapping[str, Any]) -> str:
    """Return the id by which links refer to a node."""
    reference = node.get("referenceId")
    return reference[:100] if isinstance(reference, str) and reference else key


def _objects(value: object, what: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise RefusedError(f"The {what} of the chart are not a list of objects.")
    return value


def _key(value: object, otherwise: str) -> str:
    if not isinstance(value, str) or not value:
        raise RefusedError(otherwise)
    return value[:100]


def _plain(value: object, depth: int) -> Any:
    """Return a value of a file in a form that the store can write.

    Infinite numbers become None, huge integers floats or None, and lone surrogates "?". Raises RefusedError if the
    value nests too deep.
    """
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


Resources = Mapping[str, Mapping[str, Mapping[str, Any]]]
KINDS = ("flow", "chart", "nodeData", "locale")
"""The kinds of resources that are read from a package, which has many more."""


def charts_of_package(resources: Resources) -> Iterator[tuple[Origin, dict[str, Any] | None]]:
    """Yield the origin of each flow of a package, and its chart or None if the package does not have it."""
    charts = resources.get("chart", {})
    by_flow = {str(chart.get("resourceReference")): chart for chart in charts.values()}
    nodes: dict[str, list[Mapping[str, Any]]] = {}
    for node in resources.get("nodeData", {}).values():
        nodes.setdefault(str(node.get("chartReference")), []).append(node)
    locale = next((id_ for id_, one in resources.get("locale", {}).items() if one.get("primary") is True), "")
    for flow_id, flow in resources.get("flow", {}).items():
        origin = Origin(
            name=str(flow.get("name") or ""),
            id=flow_id,
            reference=str(flow.get("referenceId") or ""),
            locale=locale,
            created_at=flow.get("createdAt"),
        )
        chart = charts.get(str(flow.get("chartReference"))) or by_flow.get(flow_id)
        if chart is None:
            yield origin, None
        else:
            own = chart.get("nodes") or nodes.get(str(chart.get("_id")), [])
            yield origin, {"nodes": own, "relations": chart.get("relations")}
