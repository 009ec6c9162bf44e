"""Links between imported flows, which may be imported in any order.

In the original system a link names a flow and a node by their reference ids. It is resolved to ids of this project as
soon as its target is known: among the flows of the same import, else among existing flows, else within its own flow.
Until then the node keeps the reference ids, so that importing the missing flow later completes the link.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from goals_tui.domain.flow import ExecuteFlow, Flow, GoTo, Node, title
from goals_tui.domain.flow_chart_file import ReadFlow, node_id_of
from goals_tui.domain.flow_edit import every_node


@dataclass(frozen=True)
class Link:
    """A node that leads to a flow. `missing` is "flow" or "node" if that does not exist, else empty."""

    flow: Flow
    node: GoTo | ExecuteFlow
    missing: str

    @property
    def title(self) -> str:
        """The title of the node and the name of its flow."""
        return f"{title(self.node)!r} in {self.flow.name!r}"


def follow(read: Sequence[ReadFlow], here: Iterable[Flow]) -> tuple[list[Flow], list[Flow]]:
    """Resolve the links of imported flows and the links of existing flows to them.

    Returns the imported flows, and those of the existing flows that changed.
    """
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
    """Return every link of these flows; `known` holds all existing flows by id."""
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
