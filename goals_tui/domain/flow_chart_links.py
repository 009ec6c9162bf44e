"""Links between flows that came in from the original system, in whatever order they come.

There a link names the reference ids of a flow and of a node. It is followed as soon as both ends are here: among the
flows of one import, else to flows that are here already, else to the flow that holds it. Until then the node keeps the
reference ids, so that an import of the missing flow completes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from goals_tui.domain.flow import ExecuteFlow, Flow, GoTo, Node, title
from goals_tui.domain.flow_chart_file import ReadFlow, node_id_of
from goals_tui.domain.flow_edit import every_node


@dataclass(frozen=True)
class Link:
    """A node that leads somewhere. `missing` says what of its target is not here: its flow, its node, or nothing."""

    flow: Flow
    node: GoTo | ExecuteFlow
    missing: str

    @property
    def title(self) -> str:
        """The node in words."""
        return f"{title(self.node)!r} in {self.flow.name!r}"


def follow(read: Sequence[ReadFlow], here: Iterable[Flow]) -> tuple[list[Flow], list[Flow]]:
    """The flows that were read with their links followed, and those here whose links to them could be followed now."""
    here = list(here)
    coming = {name: one for one in read for name in one.names}
    ids = {flow.id for flow in here} | {one.flow.id for one in read}
    known = {name: flow for flow in here for name in (flow.reference_id, flow.id)}

    def followed(flow: Flow, own: ReadFlow | None) -> Flow:
        def change(node: Node) -> Node:
            if not isinstance(node, GoTo | ExecuteFlow) or not (node.flow_id or node.node_id):
                return node
            if own is None and node.flow_id in ids:
                return node
            target = _target(node, coming, known, own)
            return node if target is None else node.model_copy(update={"flow_id": target[0], "node_id": target[1]})

        nodes = every_node(flow.nodes, change)
        return flow if nodes == flow.nodes else flow.model_copy(update={"nodes": nodes})

    made = [followed(one.flow, one if one.is_chart else None) for one in read]
    changed = [after for flow in here if (after := followed(flow, None)) is not flow]
    return made, changed


def links(flows: Iterable[Flow], known: Mapping[str, Flow]) -> list[Link]:
    """Every node of these flows that names a flow; `known` are all flows that there are, by id."""
    found = []
    nodes: dict[str, set[str]] = {}
    for flow in flows:
        for node in flow.walk():
            if not isinstance(node, GoTo | ExecuteFlow) or not node.flow_id:
                continue
            missing = ""
            if node.flow_id not in known:
                missing = "flow"
            elif node.node_id:
                target = known[node.flow_id]
                if target.id not in nodes:
                    nodes[target.id] = {inner.id for inner in target.walk()}
                missing = "" if node.node_id in nodes[target.id] else "node"
            found.append(Link(flow, node, missing))
    return found


def _target(
    node: GoTo | ExecuteFlow, coming: Mapping[str, ReadFlow], known: Mapping[str, Flow], own: ReadFlow | None
) -> tuple[str, str] | None:
    if (read := coming.get(node.flow_id)) is not None:
        return read.flow.id, _place(read.flow, node.node_id, read.nodes)
    if (flow := known.get(node.flow_id)) is not None:
        return flow.id, _place(flow, node.node_id, {})
    if own is not None and node.node_id in own.nodes:
        return own.flow.id, own.nodes[node.node_id]
    return None


def _place(flow: Flow, reference: str, nodes: Mapping[str, str]) -> str:
    if not reference or reference == flow.start_reference:
        return ""
    return nodes.get(reference) or node_id_of(flow.id, reference)
