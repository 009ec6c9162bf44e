"""Checks of how goals are wired into flows, for `goals-tui check` and the badges of the flow chart.

A step is tracked only if the goal's initial step fires before it or with it. `check` finds places where that may not
be the case, and anything else that keeps a goal from being measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from goals_tui.domain.flow import End, ExecuteFlow, Flow, GoTo, Handover, If, Node, Once, TrackGoal, title
from goals_tui.domain.goal import Goal, Step
from goals_tui.domain.wiring_graph import FlowGraph, Paths

Severity = Literal["error", "warning", "info"]
Fix = Literal["choose_goal", "choose_steps", "choose_flow", "insert_initial", "remove_node", "track_goal", "set_value"]
"""The fix that a screen can offer for a finding."""

Code = Literal[
    "no-goal",
    "unknown-goal",
    "no-step",
    "unknown-step",
    "before-initial",
    "maybe-before-initial",
    "initial-in-loop",
    "initial-again",
    "goal-untracked",
    "step-untracked",
    "completion-unreachable",
    "node-unreachable",
    "unknown-flow",
    "unknown-node",
    "if-without-value",
]

_RULES: dict[Code, tuple[Severity, Fix | None]] = {
    "no-goal": ("error", "choose_goal"),
    "unknown-goal": ("error", "choose_goal"),
    "no-step": ("error", "choose_steps"),
    "unknown-step": ("error", "choose_steps"),
    "unknown-flow": ("error", "choose_flow"),
    "before-initial": ("error", "insert_initial"),
    "completion-unreachable": ("error", None),
    "maybe-before-initial": ("warning", "insert_initial"),
    "initial-in-loop": ("warning", None),
    "node-unreachable": ("warning", "remove_node"),
    "unknown-node": ("warning", "choose_flow"),
    "goal-untracked": ("warning", "track_goal"),
    "step-untracked": ("info", "track_goal"),
    "initial-again": ("info", None),
    "if-without-value": ("info", "set_value"),
}
_RANKS: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True)
class Finding:
    """A problem that keeps a goal from being measured, with its place and its fix.

    `flow`, `node`, `goal` and `step` are names for display. They and the ids are None if the finding is not about one.
    """

    code: Code
    severity: Severity
    message: str
    fix: Fix | None
    flow_id: str | None = None
    flow: str | None = None
    node_id: str | None = None
    node: str | None = None
    goal_id: str | None = None
    goal: str | None = None
    step_id: str | None = None
    step: str | None = None


def check(flows: Sequence[Flow], goals: Sequence[Goal], entries: Iterable[str] | None = None) -> list[Finding]:
    """Return all findings, sorted by severity (errors first), then by flow and place in it.

    `entries` are the ids of the flows in which conversations start; the default is the flows to which no other leads.
    """
    checker = _Check(flows, goals, entries)
    found = [*checker.nodes(), *checker.goals()]
    places = {(g.flow.id, node_id): place for g in checker.paths.graphs for node_id, place in g.place.items()}
    orders = {(goal.id, step.id): place for goal in goals for place, step in enumerate(goal.steps)}

    def order(finding: Finding) -> tuple[int, str, str, int, str, str, int, str]:
        return (
            _RANKS[finding.severity],
            finding.flow or "",
            finding.flow_id or "",
            places.get((finding.flow_id or "", finding.node_id or ""), -1),
            finding.goal or "",
            finding.goal_id or "",
            orders.get((finding.goal_id or "", finding.step_id or ""), -1),
            finding.code,
        )

    return sorted(found, key=order)


class _Check:
    def __init__(self, flows: Sequence[Flow], goals: Sequence[Goal], entries: Iterable[str] | None) -> None:
        self._all_goals = goals
        self._by_id = {goal.id: goal for goal in goals}
        self.paths = Paths(flows, goals, entries)
        self._tracked: dict[str, list[tuple[FlowGraph, TrackGoal]]] = {}
        for graph in sorted(self.paths.graphs, key=lambda graph: (graph.flow.name, graph.flow.id)):
            for node in graph.nodes:
                if isinstance(node, TrackGoal):
                    self._tracked.setdefault(node.goal_id, []).append((graph, node))

    def nodes(self) -> Iterator[Finding]:
        for graph in self.paths.graphs:
            for node in graph.nodes:
                if isinstance(node, TrackGoal):
                    yield from self._track(graph, node)
                elif isinstance(node, GoTo | ExecuteFlow):
                    yield from self._leading(graph, node)
                elif isinstance(node, If) and not node.condition.is_complete:
                    message = f"{title(node)!r} compares with nothing. Say which answer leads to Then."
                    yield _at("if-without-value", graph, node, message)
            if self.paths.is_run(graph):
                yield from self._unreachable(graph)

    def goals(self) -> Iterator[Finding]:
        for goal in self._all_goals:
            uses = self._tracked.get(goal.id)
            if not uses:
                message = f"No flow tracks {goal.name!r}. Add a Track Goal Process node for it."
                yield _about("goal-untracked", goal, None, message)
                continue
            tracked = {step_id for _, node in uses for step_id in node.step_ids}
            if not tracked & {step.id for step in goal.steps}:
                continue
            for step in goal.steps:
                if step.id not in tracked:
                    message = f"No flow tracks {step.name!r} of {goal.name!r}, so no cycle can reach it."
                    yield _about("step-untracked", goal, step, message)
            yield from self._completion(goal, uses)

    def _track(self, graph: FlowGraph, node: TrackGoal) -> Iterator[Finding]:
        if not node.goal_id:
            yield _at("no-goal", graph, node, f"{title(node)!r} tracks no goal. Select one.")
            return
        goal = self._by_id.get(node.goal_id)
        if goal is None:
            message = f"{title(node)!r} tracks a goal that no longer exists. Select another one."
            yield _at("unknown-goal", graph, node, message)
            return
        if not node.step_ids:
            message = f"{title(node)!r} tracks no step of {goal.name!r}. Select its steps."
            yield _at("no-step", graph, node, message, goal)
        known = {step.id: step for step in goal.steps}
        for step_id in dict.fromkeys(node.step_ids):
            step = known.get(step_id)
            if step is None:
                message = f"{title(node)!r} tracks a step that {goal.name!r} does not have. Select another one."
                yield _at("unknown-step", graph, node, message, goal)
            elif step.kind == "initial":
                yield from self._initial(graph, node, goal)
            elif not self.paths.tracks_initial(node):
                yield from self._further(graph, node, goal, step)

    def _leading(self, graph: FlowGraph, node: GoTo | ExecuteFlow) -> Iterator[Finding]:
        target = self.paths.known.get(node.flow_id)
        if target is None:
            where = "a flow that does not exist. Choose another one." if node.flow_id else "no flow. Choose one."
            yield _at("unknown-flow", graph, node, f"{title(node)!r} leads to {where}")
        elif node.node_id and node.node_id not in self.paths.graph_of[target.id].place:
            message = (
                f"{title(node)!r} leads to a node that {target.name!r} does not have, and so to its start. "
                "Choose the flow again."
            )
            yield _at("unknown-node", graph, node, message)

    def _initial(self, graph: FlowGraph, node: TrackGoal, goal: Goal) -> Iterator[Finding]:
        place = graph.place[node.id]
        if self.paths.runs_again(graph, place):
            message = (
                f"{goal.initial.name!r} can fire again in the same conversation, and then opens a new cycle. "
                "Put the node before the loop or into a Once."
            )
            yield _at("initial-in-loop", graph, node, message, goal, goal.initial)
        elif self.paths.may_be_open(graph, place, goal):
            message = (
                f"{goal.initial.name!r} can come while a cycle is open already, and then opens a second one. "
                "Unless a new attempt begins here, track it once on each path."
            )
            yield _at("initial-again", graph, node, message, goal, goal.initial)

    def _further(self, graph: FlowGraph, node: TrackGoal, goal: Goal, step: Step) -> Iterator[Finding]:
        place = graph.place[node.id]
        if not self.paths.may_be_closed(graph, place, goal):
            return
        if self.paths.may_be_open(graph, place, goal):
            message = (
                f"On some paths {step.name!r} comes before {goal.initial.name!r} and is not tracked. "
                "Put the initial step where every path passes it."
            )
            yield _at("maybe-before-initial", graph, node, message, goal, step)
        else:
            message = (
                f"{step.name!r} is never tracked here, because no path passes the initial step "
                f"{goal.initial.name!r} first."
            )
            yield _at("before-initial", graph, node, message, goal, step)

    def _completion(self, goal: Goal, uses: list[tuple[FlowGraph, TrackGoal]]) -> Iterator[Finding]:
        completions = {step.id: step for step in goal.steps if step.kind == "completion"}
        places = [(graph, node) for graph, node in uses if completions.keys() & set(node.step_ids)]
        for graph, node in places:
            place = graph.place[node.id]
            opens = self.paths.tracks_initial(node) and self.paths.reached(graph, place)
            if opens or self.paths.may_be_open(graph, place, goal):
                return
        if places:
            graph, node = places[0]
            step = next(completions[step_id] for step_id in node.step_ids if step_id in completions)
            message = (
                f"{goal.name!r} can never be completed, because no path leads from {goal.initial.name!r} "
                f"to a completion step such as {step.name!r}."
            )
            yield _at("completion-unreachable", graph, node, message, goal, step)
        else:
            names = " or ".join(repr(step.name) for step in completions.values()) or "a completion step"
            message = f"{goal.name!r} can never be completed, because no node tracks {names}."
            missing = next(iter(completions.values()), None)
            # The missing step can be added to a node that tracks the goal already.
            fix: Fix | None = "track_goal" if missing else None
            yield replace(_at("completion-unreachable", *uses[0], message, goal, missing), fix=fix)

    def _unreachable(self, graph: FlowGraph) -> Iterator[Finding]:
        pending: list[tuple[tuple[Node, ...], Node | None]] = [(graph.flow.nodes, None)]
        while pending:
            nodes, before = pending.pop()
            for place, node in enumerate(nodes):
                if self.paths.reached(graph, graph.place[node.id]):
                    # Without a loop nothing returns to a Once node, so an unreachable Afterwards is not a mistake.
                    once = isinstance(node, Once)
                    pending += [(way.nodes, node) for way in node.branches if not (once and way.kind == "afterwards")]
                    before = node
                    continue
                rest = len(nodes) - place - 1
                also = f" (nor the {'node' if rest == 1 else f'{rest} nodes'} after it)" if rest else ""
                message = f"Nothing reaches {title(node)!r}{also}, because {_why_left(before)}. Move or remove it."
                yield _at("node-unreachable", graph, node, message)
                break


def _why_left(before: Node | None) -> str:
    if before is None:
        return "other flows lead to later nodes only"
    if isinstance(before, GoTo):
        return f"{title(before)!r} continues elsewhere and does not come back"
    if isinstance(before, ExecuteFlow):
        return f"the flow that {title(before)!r} executes does not come back"
    if isinstance(before, Handover | End):
        return f"{title(before)!r} ends it here"
    return f"no branch of {title(before)!r} goes on here"


def _at(
    code: Code, graph: FlowGraph, node: Node, message: str, goal: Goal | None = None, step: Step | None = None
) -> Finding:
    severity, fix = _RULES[code]
    return Finding(
        code=code,
        severity=severity,
        message=message,
        fix=fix,
        flow_id=graph.flow.id,
        flow=graph.flow.name,
        node_id=node.id,
        node=title(node),
        goal_id=goal.id if goal else getattr(node, "goal_id", None),
        goal=goal.name if goal else None,
        step_id=step.id if step else None,
        step=step.name if step else None,
    )


def _about(code: Code, goal: Goal, step: Step | None, message: str) -> Finding:
    severity, fix = _RULES[code]
    return Finding(
        code=code,
        severity=severity,
        message=message,
        fix=fix,
        goal_id=goal.id,
        goal=goal.name,
        step_id=step.id if step else None,
        step=step.name if step else None,
    )
