"""The flows in a package of the original system: one JSON object a resource, by kind and id.

A flow names its chart, a chart how its nodes are related, and each node is a resource of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from goals_tui.domain.flow_chart_file import Origin

Resources = Mapping[str, Mapping[str, Mapping[str, Any]]]

KINDS = ("flow", "chart", "nodeData", "locale")
"""The kinds of resources that are read; a package holds many more."""


def charts_of_package(resources: Resources) -> Iterator[tuple[Origin, dict[str, Any] | None]]:
    """Each flow of a package with its chart; None where the package does not hold it."""
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
