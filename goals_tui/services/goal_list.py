"""The list of goals and their uses in flows, read from documents.

No models are imported, so that it stays fast with 10,000 goals.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from goals_tui.domain.text import clean_line, clean_text
from goals_tui.domain.words import fold

if TYPE_CHECKING:
    from goals_tui.domain.goal import StepKind
    from goals_tui.store.documents import Documents

STEP_KINDS = frozenset({"initial", "step", "completion"})
GOAL_KEYS = frozenset(
    {"id", "reference_id", "version", "revision", "name", "description", "steps", "created_at", "changed_at", "target"}
)
STEP_KEYS = frozenset({"id", "name", "description", "kind", "metrics", "triggers"})
METRICS_KEYS = frozenset({"cost_savings", "revenue", "time_saved_seconds", "unpriced"})
TRACKING_TITLE = "Track Goal Process"
"""The title of Track Goal Process nodes.

A test compares these constants with the models, which are not imported here.
"""


@dataclass(frozen=True)
class GoalSummary:
    """A line of the list of goals; `flows` are the names of the flows that track the goal, `target` a rate or None."""

    id: str
    name: str
    description: str
    version: str
    revision: int
    changed_at: str
    step_kinds: tuple[StepKind, ...]
    flows: tuple[str, ...]
    target: float | None = None

    @property
    def steps(self) -> int:
        """The number of steps, the initial step included."""
        return len(self.step_kinds)


@dataclass(frozen=True)
class NodeUse:
    """A Track Goal Process node that tracks a goal. `node` is its title; `label` is its own name, or empty."""

    flow_id: str
    flow: str
    node_id: str
    node: str
    label: str
    step_ids: tuple[str, ...]


class GoalSummaries:
    """The summaries of all goals. After an edit, only those of changed goals are made again. Safe in any thread."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._listed: tuple[Hashable, list[GoalSummary]] | None = None
        self._rows: dict[str, _Row] = {}

    def all(self) -> list[GoalSummary]:
        """Return a summary of every goal, by name.

        Raises UnreadableError for a document that can't be a goal or a flow.
        """
        # The stamp is taken before reading, so that what is kept is never older than it.
        stamp, listed = self._documents.stamp(), self._listed
        if listed is None or listed[0] != stamp:
            listed = self._listed = (stamp, self._read())
        return list(listed[1])

    def _read(self) -> list[GoalSummary]:
        uses = node_uses(self._documents)
        tracked = {goal_id: tuple(dict.fromkeys(use.flow for use in found)) for goal_id, found in uses.items()}
        known, rows = self._rows, {}
        for id_, document in self._documents.all("goals").items():
            flows, row = tracked.get(id_, ()), known.get(id_)
            if row is None or row.document is not document or row.summary.flows != flows:
                summary = _summary(document, flows)
                row = _Row(document, (fold(summary.name), summary.id), summary)
            rows[id_] = row
        self._rows = rows
        return [row.summary for row in sorted(rows.values(), key=attrgetter("order"))]


class _Row(NamedTuple):
    """A summary with the document that it was made of, and the key by which it is sorted."""

    document: Mapping[str, Any]
    order: tuple[str, str]
    summary: GoalSummary


def _summary(document: Mapping[str, Any], flows: tuple[str, ...]) -> GoalSummary:
    """Return the summary of a goal document, reading only what is shown.

    Unknown keys are refused nevertheless, because saving the goal would lose them.
    """
    try:
        steps = document["steps"]
        kinds = tuple(step["kind"] for step in steps)
        target = document.get("target")
        if (
            (target is None or 0 < target <= 1)
            and GOAL_KEYS.issuperset(document)
            and all(map(_is_plain_step, steps))
            and STEP_KINDS.issuperset(kinds)
        ):
            return GoalSummary(
                document["id"],
                clean_line(document["name"]),
                clean_text(document["description"]),
                document["version"],
                document["revision"],
                document["changed_at"],
                kinds,
                flows,
                target,
            )
    except (KeyError, TypeError, AttributeError):
        pass
    from goals_tui.domain.goal import Goal
    from goals_tui.services.stored import parse

    return _summary(parse(Goal, document).model_dump(mode="json"), flows)


def _is_plain_step(step: Mapping[str, Any]) -> bool:
    return STEP_KEYS.issuperset(step) and METRICS_KEYS.issuperset(step.get("metrics", ()))


def node_uses(documents: Documents) -> dict[str, list[NodeUse]]:
    """Return the Track Goal Process nodes by goal id: flow by flow by name, in reading order within each."""
    found: dict[str, list[NodeUse]] = {}
    flows = [(clean_line(flow["name"]), flow["id"], flow) for flow in documents.all("flows").values()]
    for name, flow_id, flow in sorted(flows, key=lambda each: (fold(each[0]), each[1])):
        try:
            uses = [(node["goal_id"], _use(name, flow_id, node)) for node in _tracking(flow["nodes"])]
        except (KeyError, TypeError, AttributeError):
            from goals_tui.domain.flow import Flow
            from goals_tui.services.stored import parse

            nodes = parse(Flow, flow).model_dump(mode="json")["nodes"]
            uses = [(node["goal_id"], _use(name, flow_id, node)) for node in _tracking(nodes)]
        for goal_id, use in uses:
            if goal_id:
                found.setdefault(goal_id, []).append(use)
    return found


def _use(flow: str, flow_id: str, node: Mapping[str, Any]) -> NodeUse:
    label = clean_line(node.get("label", ""))
    return NodeUse(flow_id, flow, node["id"], label or TRACKING_TITLE, label, tuple(node["step_ids"]))


def _tracking(nodes: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the Track Goal Process nodes of a sequence and of the branches within it, in reading order."""
    pending = list(reversed(nodes))
    while pending:
        node = pending.pop()
        if node["kind"] == "track_goal":
            yield node
        for branch in reversed(node.get("branches", ())):
            pending.extend(reversed(branch["nodes"]))
