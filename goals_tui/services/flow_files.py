"""Flows as files: our own JSON format, and flows of the original system from its tools and its API."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from goals_tui.domain import flow_chart_file
from goals_tui.domain.errors import RefusedError
from goals_tui.domain.flow import Flow, Node, Other, TrackGoal, title
from goals_tui.domain.flow_chart_file import ReadFlow
from goals_tui.domain.flow_chart_links import Link, follow, links
from goals_tui.domain.names import free_name
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.services.export_files import replace_text
from goals_tui.services.flow_sources import FoundFlow, find_flows
from goals_tui.services.imports.result import Broken, BrokenRecord

if TYPE_CHECKING:
    from goals_tui.domain.ids import Ids
    from goals_tui.services.clock import Clock
    from goals_tui.services.flows import FlowService
    from goals_tui.services.goals import GoalService
    from goals_tui.services.history import History
    from goals_tui.store.documents import Documents


@dataclass(frozen=True)
class ImportedFlow:
    """A flow that was imported.

    `file` is its source and `called` its name there; `of_here` is the name of the same flow that was here already, or
    None.
    """

    flow: Flow
    file: str
    called: str
    read: ReadFlow
    of_here: str | None
    other_locales: tuple[str, ...]

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return sum(1 for _ in self.flow.walk())

    @property
    def kept(self) -> dict[str, int]:
        """The numbers of nodes kept as Other by their original kind, without disabled ones."""
        kinds = (node.type for node in self.flow.walk() if isinstance(node, Other))
        return dict(Counter(kind for kind in kinds if not kind.endswith("(disabled)")).most_common())

    def as_json(self) -> dict[str, Any]:
        """Return the fields for JSON output."""
        return {
            "id": self.flow.id,
            "name": self.flow.name,
            "file": self.file,
            "nodes": self.nodes,
            "disabled": self.read.disabled,
            "within_disabled": self.read.within_disabled,
            "unreached": self.read.unreached,
            "not_interpreted": self.kept,
            "other_locales": list(self.other_locales),
        }


@dataclass(frozen=True)
class FlowImport:
    """The result of importing flows.

    `completed` are flows that were here already and whose links now lead to imported flows. `goals_missing` is the
    number of nodes whose goal this project does not have.
    """

    flows: tuple[ImportedFlow, ...]
    completed: tuple[Flow, ...]
    links: tuple[Link, ...]
    goals_missing: int
    broken: tuple[BrokenRecord, ...]
    broken_total: int

    @property
    def left_out(self) -> int:
        """The number of files and nodes that were left out."""
        return self.broken_total + sum(one.read.unreached for one in self.flows)

    def as_json(self) -> dict[str, Any]:
        """Return the fields for JSON output."""
        missing = [
            {"flow": link.flow.name, "node": title(link.node), "node_id": link.node.id, "missing": link.missing}
            for link in self.links
            if link.missing
        ]
        return {
            "flows": [one.as_json() for one in self.flows],
            "links": len(self.links),
            "links_missing": missing,
            "completed": [flow.name for flow in self.completed],
            "goals_missing": self.goals_missing,
            "broken_total": self.broken_total,
            "broken": [{"file": one.file, "record": one.record, "why": one.why} for one in self.broken],
        }

    def summary(self) -> str:
        """Return one line for the user."""
        if len(self.flows) == 1:
            return f"Imported the flow {self.flows[0].flow.name!r} with {plural(self.flows[0].nodes, 'node')}."
        nodes = plural(sum(one.nodes for one in self.flows), "node")
        return f"Imported {plural(len(self.flows), 'flow')} with {nodes}."

    def details(self) -> list[str]:
        """Return further lines for the user: links, nodes that are not interpreted, and what was left out."""
        lines = [f"  {one.flow.name}: {plural(one.nodes, 'node')}, from {one.file}" for one in self.flows]
        lines = lines if len(lines) > 1 else []
        for one in self.flows:
            lines += _said_of(one)
        if self.completed:
            names = ", ".join(repr(flow.name) for flow in self.completed)
            lines.append(f"Links of flows that were here already lead to what came in now: {names}.")
        followed = sum(not link.missing for link in self.links)
        if followed:
            lines.append(f"{plural(followed, 'link')} between flows followed.")
        for link in self.links:
            if link.missing == "flow":
                lines.append(
                    f"{link.title} leads to a flow that is not here ({link.node.flow_id}). Import it, too, and the "
                    "link leads there; or choose another flow in the node."
                )
            elif link.missing:
                lines.append(f"{link.title} leads to a node that its flow does not have: it goes on at the start.")
        if self.goals_missing:
            what = plural(self.goals_missing, "Track Goal Process node")
            lines.append(
                f"{what} of goals that are not here. Import the goals (goals-tui import odata, package import), or "
                "choose others in the nodes; goals-tui check lists them."
            )
        lines += [f"Left out: {one}" for one in self.broken]
        if self.broken_total > len(self.broken):
            lines.append(f"Left out: {plural(self.broken_total - len(self.broken), 'more file')}.")
        return lines


def _said_of(one: ImportedFlow) -> list[str]:
    name, read = repr(one.flow.name), one.read
    lines = []
    if one.of_here is not None:
        lines.append(f"{one.of_here!r} is the same flow and was here already; this one came in beside it as {name}.")
    elif fold(one.called) != fold(one.flow.name):
        lines.append(
            f"There is a flow {one.called!r} already; this one is called {name}. Rename it on the Flows screen."
        )
    if one.other_locales:
        also = ", ".join(one.other_locales)
        read_now = PurePath(one.file).parent.name
        lines.append(f"{name}: its texts are those of {read_now}; not read: {also}. Give that folder to read it.")
    if read.disabled:
        within = f"; {plural(read.within_disabled, 'node')} within them left out" if read.within_disabled else ""
        lines.append(f"{name}: {plural(read.disabled, 'disabled node')} kept, and passed over{within}.")
    if kept := one.kept:
        kinds = ", ".join(f"{kind} {count}" for kind, count in kept.items())
        lines.append(f"{name}: {plural(sum(kept.values()), 'node')} not interpreted, kept and passed over: {kinds}.")
    if read.unreached:
        lines.append(f"Left out: {plural(read.unreached, 'node')} of {name} that nothing leads to.")
    return lines


class FlowFiles:
    """Writes and reads files of flows."""

    def __init__(
        self, documents: Documents, history: History, flows: FlowService, goals: GoalService, clock: Clock, ids: Ids
    ) -> None:
        self._documents = documents
        self._history = history
        self._flows = flows
        self._goals = goals
        self._clock = clock
        self._ids = ids

    def as_json(self, flow: Flow) -> dict[str, Any]:
        """Return a flow as the content of its file."""
        return flow_chart_file.to_file(flow)

    def export(self, flow: Flow, path: Path) -> None:
        """Write a flow to `path` in one step. Raises UnreadableError where it can't be written."""
        replace_text(path, json.dumps(self.as_json(flow), ensure_ascii=False, indent=2))

    def load(self, paths: Sequence[Path], *, name: str | None = None) -> FlowImport:
        """Import flows from files, folders and packages of the original, in one edit and under free names.

        A flow whose id is here already is imported as a new flow with new ids; links to itself lead to the new flow.
        Links between the flows are followed whatever their order. Nodes may name a goal of this project by its
        reference id, and its steps by their names.

        Raises GoalsError, with file and reason, for a file that was given by itself and can't be used; within a folder
        or a package such files are left out and reported. `name` renames a single flow.
        """
        broken = Broken()
        charts = [chart for path in paths for chart in find_flows(path, broken)]
        if name is not None and len(charts) != 1:
            raise RefusedError(f"--name is for one flow; there are {len(charts)} here. Leave it out.", field="name")
        targets = {target for chart in charts for target in flow_chart_file.targets_of(chart.content)}
        here = self._flows.all()
        taken = {key for flow in here for key in (flow.id, flow.reference_id)}
        read: list[tuple[FoundFlow, ReadFlow]] = []
        for chart in charts:
            origin = chart.origin if name is None else replace(chart.origin, name=name)
            try:
                one = flow_chart_file.from_file(chart.content, self._ids, self._clock(), origin, taken, targets)
            except RefusedError as error:
                if chart.named:
                    raise RefusedError(f"{chart.file}: {error}") from None
                broken.add(chart.file, None, str(error))
                continue
            if not one.is_chart and one.flow.id in taken:
                one = replace(one, flow=one.flow.model_copy(update=self._fresh_ids(one.flow)))
            taken |= {one.flow.id, one.flow.reference_id}
            read.append((chart, one))
        if not read:
            raise RefusedError(f"Nothing was imported: {plural(broken.total, 'file')} left out. {broken.named[0]}")
        return self._save(read, here, name, broken)

    def _save(
        self, read: Sequence[tuple[FoundFlow, ReadFlow]], here: Sequence[Flow], name: str | None, broken: Broken
    ) -> FlowImport:
        references = {key: flow.name for flow in here for key in (flow.id, flow.reference_id)}
        made, completed = follow([one for _, one in read], here)
        names = [flow.name for flow in here]
        imported, saved = [], []
        label = f"Import flow {read[0][1].flow.name!r}" if len(made) == 1 else f"Import {len(made)} flows"
        with self._history.edit(label) as edit:
            for (chart, one), flow in zip(read, made, strict=True):
                called = name or flow.name
                free = free_name(called, names)
                names.append(free)
                nodes = self._with_goals(flow.nodes)
                kept = self._flows.put(edit, flow.model_copy(update={"name": free, "revision": 0, "nodes": nodes}))
                same = next((references[key] for key in sorted(one.names) if key in references), None)
                imported.append(ImportedFlow(kept, chart.file, called, one, same, chart.other_locales))
                saved.append(kept)
            completed = [self._flows.put(edit, flow) for flow in completed]
        known = {flow.id: flow for flow in (*here, *completed, *saved)}
        goals = self._documents.all("goals")
        tracking = [node for flow in saved for node in flow.walk() if isinstance(node, TrackGoal)]
        return FlowImport(
            flows=tuple(imported),
            completed=tuple(completed),
            links=tuple(links(saved, known)),
            goals_missing=sum(bool(node.goal_id) and node.goal_id not in goals for node in tracking),
            broken=tuple(broken.named),
            broken_total=broken.total,
        )

    def _fresh_ids(self, flow: Flow) -> dict[str, Any]:
        from goals_tui.domain.flow_edit import nodes_of_copy

        ids = self._ids
        copy_id = ids.hex24()
        return {"id": copy_id, "reference_id": ids.uuid(), "nodes": nodes_of_copy(flow, copy_id, ids)}

    def _with_goals(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """Replace reference ids of goals and names of steps by their ids; unknown ones stay as they are."""
        from goals_tui.domain.flow_edit import every_node

        documents = self._documents.all("goals")
        by_reference = {fold(str(document.get("reference_id"))): id_ for id_, document in documents.items()}

        def known(node: Node) -> Node:
            if not isinstance(node, TrackGoal):
                return node
            goal_id = node.goal_id if node.goal_id in documents else by_reference.get(fold(node.goal_id))
            if goal_id is None:
                return node
            names = {fold(step.name): step.id for step in self._goals.get(goal_id).steps}
            steps = dict.fromkeys(names.get(fold(step), step) for step in node.step_ids)
            return node.model_copy(update={"goal_id": goal_id, "step_ids": tuple(steps)})

        return every_node(nodes, known)
