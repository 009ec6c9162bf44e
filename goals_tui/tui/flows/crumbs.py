"""The breadcrumb above the chart: `Book a Flight › Paid? (answer = yes) › Then › Say`."""

from __future__ import annotations

from textual.content import Content

from goals_tui.domain.flow import Flow, If, Lookup, Node, title
from goals_tui.tui.flows.faces import KIND_GLYPHS, condition_text
from goals_tui.tui.flows.layout import Layout, Spot

_LONGEST = 28


def crumbs(flow: Flow, layout: Layout, spot: Spot, width: int) -> Content:
    """Where a spot lies. In too little width the flow and what is nearest to the spot stay, the middle goes."""
    parts: list[Content] = []
    at = spot
    while at.parent is not None:
        parent = layout.spots[at.parent]
        assert parent.node is not None
        parts += [_short(parent.node.branches[at.branch].title, "$text-secondary italic"), _stop(parent.node)]
        at = parent
    parts.append(_short(flow.name, "bold"))
    last = _short("empty branch" if spot.is_slot else "Start", "$quiet") if spot.node is None else _stop(spot.node)
    way = whole = [*reversed(parts), last]
    if not flow.nodes:
        return Content.assemble(_joined(way), Content.styled("   This flow is empty: add a node.", "$quiet"))
    for first in range(2, len(way)):
        if _joined(way).cell_length <= width:
            break
        way = [way[0], Content.styled("…", "$quiet"), *whole[first:]]
    return _joined(way)


def _joined(way: list[Content]) -> Content:
    return Content.styled(" › ", "$quiet").join(way)


def _stop(node: Node) -> Content:
    text = title(node)
    if isinstance(node, If):
        condition = condition_text(node.condition)
        text = f"{node.label} ({condition})" if node.label else f"If {condition}"
    elif isinstance(node, Lookup) and not node.label:
        text = f"Lookup {node.of or 'answer'}"
    return Content.assemble(f"{KIND_GLYPHS[node.kind]} ", _short(text, ""))


def _short(text: str, style: str) -> Content:
    return Content.styled(text, style).truncate(_LONGEST, ellipsis=True)
