"""Uses of goals in flows, and changes to their nodes before a goal or step is deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from goals_tui.services.goal_list import NodeUse, node_uses
from goals_tui.services.stored import parse

if TYPE_CHECKING:
    from goals_tui.domain.flow import TrackGoal
    from goals_tui.domain.goal import Goal
    from goals_tui.services.flows import FlowService
    from goals_tui.services.history import History
    from goals_tui.store.documents import Documents


class GoalUses:
    """The Track Goal Process nodes of all flows, by goal."""

    def __init__(
        self, documents: Documents, history: History, goal: Callable[[str], Goal], flows: Callable[[], FlowService]
    ) -> None:
        """Make the service. `goal` returns a goal by its id.

        `flows` is called where nodes are changed: reading uses needs no models of flows.
        """
        self._documents = documents
        self._history = history
        self._goal = goal
        self._flows = flows
        self._cached: tuple[object, dict[str, list[NodeUse]]] = (None, {})

    def of(self, goal_id: str, step_id: str | None = None) -> list[NodeUse]:
        """Return the nodes that track a goal, or one of its steps: flow by flow, in reading order."""
        uses = self._by_goal().get(goal_id, [])
        return [use for use in uses if step_id is None or step_id in use.step_ids]

    def replace_goal(self, goal_id: str, other_id: str, steps: Mapping[str, str]) -> int:
        """Make every node of a goal track another goal instead, and return the number of changed nodes.

        `steps` maps step ids of the goal to steps of the other goal. Steps that it does not name stay in their nodes,
        where `check` reports them. Raises NotFoundError for a step that the other goal does not have.
        """
        old, new = self._goal(goal_id), self._goal(other_id)
        match = {step_id: new.step(other).id for step_id, other in steps.items()}

        def replaced(node: TrackGoal) -> TrackGoal:
            found = new.in_order(match.get(step_id, step_id) for step_id in node.step_ids)
            return node.model_copy(update={"goal_id": new.id, "step_ids": found})

        return self._rewrite(f"Track {new.name!r} instead of {old.name!r}", old.id, None, replaced)

    def remove_goal(self, goal_id: str) -> int:
        """Remove every node that tracks a goal, and return their number."""
        name = self._goal(goal_id).name
        return self._rewrite(f"Remove the nodes of {name!r}", goal_id, None, lambda node: None)

    def replace_step(self, goal_id: str, step_id: str, other_id: str) -> int:
        """Make every node that tracks a step track another step of the goal instead; return the number of nodes."""
        goal = self._goal(goal_id)

        def replaced(node: TrackGoal) -> TrackGoal:
            return _with_steps(node, goal, [other_id if step == step_id else step for step in node.step_ids])

        names = f"{goal.step(other_id).name!r} instead of {goal.step(step_id).name!r}"
        return self._rewrite(f"Track {names}", goal_id, step_id, replaced)

    def remove_step(self, goal_id: str, step_id: str) -> int:
        """Remove a step from the nodes that track it, and return their number.

        Nodes that tracked nothing else are removed.
        """
        goal = self._goal(goal_id)

        def without(node: TrackGoal) -> TrackGoal | None:
            rest = [step for step in node.step_ids if step != step_id]
            return _with_steps(node, goal, rest) if rest else None

        return self._rewrite(f"Stop tracking {goal.step(step_id).name!r}", goal_id, step_id, without)

    def _rewrite(
        self, label: str, goal_id: str, step_id: str | None, change: Callable[[TrackGoal], TrackGoal | None]
    ) -> int:
        from goals_tui.domain import flow_edit
        from goals_tui.domain.flow import Flow, TrackGoal

        changed = 0
        with self._history.edit(label) as edit:
            for document in list(edit.all("flows").values()):
                flow = before = parse(Flow, document)
                for node in before.walk():
                    if not isinstance(node, TrackGoal) or node.goal_id != goal_id:
                        continue
                    if step_id is not None and step_id not in node.step_ids:
                        continue
                    after = change(node)
                    flow = flow_edit.replace(flow, after) if after else flow_edit.remove(flow, node.id)[0]
                    changed += 1
                if flow is not before:
                    self._flows().put(edit, flow)
        return changed

    def _by_goal(self) -> dict[str, list[NodeUse]]:
        stamp, cached = self._documents.stamp(), self._cached
        if cached[0] != stamp:
            cached = self._cached = (stamp, node_uses(self._documents))
        return cached[1]


def _with_steps(node: TrackGoal, goal: Goal, steps: list[str]) -> TrackGoal:
    return node.model_copy(update={"step_ids": goal.in_order(steps)})
