"""The list of goals and their uses in flows, read from documents.

No models are imported, so that it stays fast with 10,000 goals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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


def list_goals(documents: Documents) -> list[GoalSummary]:
    """Return a summary of every goal, by name. Raises UnreadableError for a document that can't be a goal or a flow."""
    flows = {goal: tuple(dict.fromkeys(use.flow for use in uses)) for goal, uses in node_uses(documents).items()}
    rows = [_summary(document, flows) for document in documents.all("goals").values()]
    return sorted(rows, key=lambda row: (fold(row.name), row.id))


def _summary(document: Mapping[str, Any], flows: Mapping[str, tuple[str, ...]]) -> GoalSummary:
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
                flows.get(document["id"], ()),
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
