"""The list of goals, from the documents as they are: quick with 10,000 goals, and without importing any model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goals_tui.domain.text import clean_line, clean_text
from goals_tui.domain.words import fold

if TYPE_CHECKING:
    from goals_tui.domain.goal import StepKind
    from goals_tui.store.documents import Documents

STEP_KINDS = frozenset({"initial", "step", "completion"})
GOAL_KEYS = frozenset(
    {"id", "reference_id", "version", "revision", "name", "description", "steps", "created_at", "changed_at"}
)
STEP_KEYS = frozenset({"id", "name", "description", "kind", "metrics"})
METRICS_KEYS = frozenset({"cost_savings", "revenue", "time_saved_seconds", "unpriced"})
"""The fields of the models, which are not imported here; a test compares them."""


@dataclass(frozen=True)
class GoalSummary:
    """A line of the list of goals. `steps` counts the initial one; `flows` are the names of those that track it."""

    id: str
    name: str
    description: str
    version: str
    revision: int
    changed_at: str
    step_kinds: tuple[StepKind, ...]
    flows: tuple[str, ...]

    @property
    def steps(self) -> int:
        """How many steps the goal has, the initial one included."""
        return len(self.step_kinds)


def list_goals(documents: Documents) -> list[GoalSummary]:
    """Return every goal in short, by name. Raises UnreadableError for a document that can't be a goal or a flow."""
    flows = _flow_names(documents)
    rows = [_summary(document, flows) for document in documents.all("goals").values()]
    return sorted(rows, key=lambda row: (fold(row.name), row.id))


def _summary(document: Mapping[str, Any], flows: Mapping[str, tuple[str, ...]]) -> GoalSummary:
    """Read no more than is shown; but a key that is not ours is refused, because saving the goal would lose it."""
    try:
        steps = document["steps"]
        kinds = tuple(step["kind"] for step in steps)
        if GOAL_KEYS.issuperset(document) and all(map(_is_plain_step, steps)) and STEP_KINDS.issuperset(kinds):
            return GoalSummary(
                document["id"],
                clean_line(document["name"]),
                clean_text(document["description"]),
                document["version"],
                document["revision"],
                document["changed_at"],
                kinds,
                flows.get(document["id"], ()),
            )
    except (KeyError, TypeError, AttributeError):
        pass
    from goals_tui.domain.goal import Goal
    from goals_tui.services.stored import parse

    return _summary(parse(Goal, document).model_dump(mode="json"), flows)


def _is_plain_step(step: Mapping[str, Any]) -> bool:
    return STEP_KEYS.issuperset(step) and METRICS_KEYS.issuperset(step.get("metrics", ()))


def _flow_names(documents: Documents) -> dict[str, tuple[str, ...]]:
    """Return the names of the flows that track a goal, by the goal's id."""
    found: dict[str, dict[str, None]] = {}
    flows = [(clean_line(flow["name"]), flow["id"], flow) for flow in documents.all("flows").values()]
    for name, _, flow in sorted(flows, key=lambda each: (fold(each[0]), each[1])):
        try:
            goals = list(_tracked(flow["nodes"]))
        except (KeyError, TypeError, AttributeError):
            from goals_tui.domain.flow import Flow, TrackGoal
            from goals_tui.services.stored import parse

            goals = [node.goal_id for node in parse(Flow, flow).walk() if isinstance(node, TrackGoal)]
        for goal in goals:
            found.setdefault(goal, {})[name] = None
    return {goal: tuple(names) for goal, names in found.items()}


def _tracked(nodes: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the ids of the goals that Track Goal Process nodes of a sequence track, and of the branches within it."""
    pending = [nodes]
    while pending:
        for node in pending.pop():
            if node["kind"] == "track_goal":
                yield node["goal_id"]
            pending.extend(branch["nodes"] for branch in node.get("branches", ()))
