"""Flows as files: ours as JSON, and charts that the original system's own command line tool pulled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goals_tui.domain import flow_chart_file
from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.flow import Flow, Node, TrackGoal
from goals_tui.domain.words import fold
from goals_tui.services.flows import free_name

if TYPE_CHECKING:
    from goals_tui.services.context import Services

LARGEST = 64 * 1024 * 1024
"""The largest flow file that is read, in bytes."""


class FlowFiles:
    """Writes flows to files and reads them from files."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def as_json(self, flow: Flow) -> dict[str, Any]:
        """A flow as the content of its file."""
        return flow_chart_file.to_file(flow)

    def export(self, flow: Flow, path: Path) -> None:
        """Write a flow to `path` at once; raises UnreadableError where that can't be written."""
        from goals_tui.store.atomic import write_atomically

        write_atomically(path, json.dumps(self.as_json(flow), ensure_ascii=False, indent=2).encode())

    def load(self, path: Path, *, name: str | None = None) -> Flow:
        """Read a flow from a file and save it under a free name; raises GoalsError with the file and the reason.

        A flow that is here already (by id) comes in as another one, with new ids, leading to itself if it did. A goal
        of this project may be named by its reference id, its steps by their names.
        """
        content = _read(path)
        try:
            flow = flow_chart_file.from_file(
                content, self._services.ids, self._services.clock(), name or _name_from(path)
            )
        except RefusedError as error:
            raise RefusedError(f"{path}: {error}") from None
        flow = flow.model_copy(update={"nodes": self._with_goals(flow.nodes)})
        taken = [other.name for other in self._services.flows.all()]
        update: dict[str, Any] = {"name": free_name(name or flow.name, taken), "revision": 0}
        if self._services.workspace.documents.get("flows", flow.id) is not None:
            update |= self._fresh_ids(flow)
        return self._services.flows.save(flow.model_copy(update=update), label=f"Import flow {flow.name!r}")

    def _fresh_ids(self, flow: Flow) -> dict[str, Any]:
        from goals_tui.domain.flow_edit import nodes_of_copy

        ids = self._services.ids
        copy_id = ids.hex24()
        return {"id": copy_id, "reference_id": ids.uuid(), "nodes": nodes_of_copy(flow, copy_id, ids)}

    def _with_goals(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """The nodes with the ids of goals and steps that are named otherwise; what nobody knows stays as it is."""
        from goals_tui.domain.flow_edit import every_node

        documents = self._services.workspace.documents.all("goals")
        by_reference = {fold(str(document.get("reference_id"))): id_ for id_, document in documents.items()}

        def known(node: Node) -> Node:
            if not isinstance(node, TrackGoal):
                return node
            goal_id = node.goal_id if node.goal_id in documents else by_reference.get(fold(node.goal_id))
            if goal_id is None:
                return node
            names = {fold(step.name): step.id for step in self._services.goals.get(goal_id).steps}
            steps = dict.fromkeys(names.get(fold(step), step) for step in node.step_ids)
            return node.model_copy(update={"goal_id": goal_id, "step_ids": tuple(steps)})

        return every_node(nodes, known)


def _name_from(path: Path) -> str:
    # The original tool writes flows/NAME/LOCALE/chart.json.
    if path.stem == "chart" and len(path.resolve().parents) > 1:
        return path.resolve().parents[1].name
    return path.stem


def _read(path: Path) -> Any:
    try:
        if path.stat().st_size > LARGEST:
            raise UnreadableError(f"{path} is larger than {LARGEST >> 20} MB. That is not a flow.")
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UnreadableError(f"{path} can't be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise UnreadableError(f"{path} is not JSON. Give a flow's JSON file, or a chart.json.") from None
