"""Plan of a package import: additions, replacements and conflicts."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from goals_tui.domain.event import GoalEvent
from goals_tui.domain.flow import ExecuteFlow, Flow, GoTo, Node, TrackGoal
from goals_tui.domain.flow_edit import every_node
from goals_tui.domain.goal import Goal, same_definition, with_triggers_of
from goals_tui.domain.ids import Ids
from goals_tui.domain.names import free_name
from goals_tui.domain.package import ConflictsError, Contents, Decision, Item, ItemKind, OnConflict
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.services.stored import parse


@dataclass(frozen=True)
class GoalMove:
    """The decision for one goal of a package, with its id and name in this project."""

    goal: Goal
    decision: Decision | None
    """The decision; None without a conflict."""

    id: str
    name: str
    steps: Mapping[str, str]
    """The new ids of steps whose ids change, by their old ids."""

    @property
    def salt(self) -> str | None:
        """The salt for new ids of events and cycles; None where they keep their ids."""
        return self.id if self.decision == "duplicate" else None


@dataclass
class Plan:
    """The documents to write, by kind and id, and the changes of ids in events."""

    now: datetime
    goals: dict[str, Goal] = field(default_factory=dict)
    versions: dict[str, Goal] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    moves: dict[str, GoalMove] = field(default_factory=dict)
    version_ids: dict[tuple[str, str], str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)

    def event(self, event: GoalEvent) -> GoalEvent | None:
        """Return an event of the package as it will be stored; None if its goal is skipped."""
        move = self.moves[event.goal_id]
        if move.decision == "skip":
            return None
        changes: dict[str, Any] = {
            "goal_id": move.id,
            "step_id": move.steps.get(event.step_id, event.step_id),
            "version": self.version_ids.get((event.goal_id, event.version), event.version),
        }
        if move.salt is not None:
            changes["id"] = _salted(move.salt, event.id)
            changes["goal_cycle_id"] = str(uuid.UUID(_salted(move.salt, event.goal_cycle_id, 32)))
        return event.model_copy(update=changes)


def make_plan(
    contents: Contents,
    here: Here,
    versions_here: Mapping[str, Mapping[str, Any]],
    chosen: Answers,
    ids: Ids,
    now: datetime,
) -> Plan:
    """Return what to write. `versions_here` holds all goal versions of the project, by version."""
    plan = Plan(now)
    _plan_goals(plan, contents, here, chosen, ids)
    _plan_versions(plan, contents, here, versions_here, ids)
    _plan_flows(plan, contents, here, chosen, ids)
    return plan


def _plan_goals(plan: Plan, contents: Contents, here: Here, chosen: Answers, ids: Ids) -> None:
    names = _Names(contents.goals, here.goals, chosen)
    others = facing(contents.goals, here.goals)
    # Goals with the same id as one here come first: they take precedence over goals with the same name.
    for goal in sorted(contents.goals, key=lambda goal: goal.id not in here.goals):
        other, decision = others[goal.id], chosen.get(goal.id)
        if other is not None and decision in ("skip", "replace") and names.first_for(other, goal, decision):
            name = other.name if decision == "skip" else names.give(goal.name, instead_of=other.name)
            plan.moves[goal.id] = GoalMove(goal, decision, other.id, name, _matched_steps(goal, other))
        elif decision == "duplicate":
            steps = {step.id: ids.hex24() for version in _states(contents, goal) for step in version.steps}
            plan.moves[goal.id] = GoalMove(goal, decision, ids.hex24(), names.give(goal.name), steps)
        else:
            plan.moves[goal.id] = GoalMove(goal, None, goal.id, names.give(goal.name), {})
    for move in plan.moves.values():
        if move.decision == "skip":
            plan.skipped.append(move.goal.name)
        elif move.name != move.goal.name:
            plan.renamed.append((f"goal {move.goal.name!r}", move.name))


def _plan_versions(
    plan: Plan, contents: Contents, here: Here, versions_here: Mapping[str, Mapping[str, Any]], ids: Ids
) -> None:
    for move in plan.moves.values():
        if move.decision == "skip":
            continue
        reference = ids.uuid() if move.decision == "duplicate" else move.goal.reference_id
        for state in _states(contents, move.goal):
            moved = _moved(state, move, reference)
            kept = versions_here.get(state.version)
            if move.decision == "duplicate" or (kept is not None and parse(Goal, kept) != moved):
                moved = moved.model_copy(update={"version": ids.uuid()})
            plan.version_ids[move.goal.id, state.version] = moved.version
            plan.versions[moved.version] = moved
            if state.version == move.goal.version:
                current = moved.model_copy(update={"name": move.name})
        if move.decision != "replace":
            plan.goals[move.id] = plan.versions[current.version] = current
            continue
        before = here.goals[move.id]
        after = current.model_copy(
            update={
                "reference_id": before.reference_id,
                "version": ids.uuid(),
                "revision": before.revision + 1,
                "created_at": before.created_at,
                "changed_at": plan.now,
                "target": before.target if current.target is None else current.target,
            }
        )
        after = with_triggers_of(after, before)
        if not same_definition(before, after):
            plan.goals[move.id] = plan.versions[after.version] = after


def _plan_flows(plan: Plan, contents: Contents, here: Here, chosen: Answers, ids: Ids) -> None:
    names = _Names(contents.flows, here.flows, chosen)
    others = facing(contents.flows, here.flows)
    targets: dict[str, tuple[str, Flow | None, str]] = {}
    for flow in sorted(contents.flows, key=lambda flow: flow.id not in here.flows):
        other, decision = others[flow.id], chosen.get(flow.id)
        if other is not None and decision in ("skip", "replace") and names.first_for(other, flow, decision):
            if decision == "skip":
                plan.skipped.append(flow.name)
                targets[flow.id] = (other.id, None, "")
            else:
                targets[flow.id] = (other.id, other, names.give(flow.name, instead_of=other.name))
        else:
            id_ = ids.hex24() if decision == "duplicate" else flow.id
            targets[flow.id] = (id_, None, names.give(flow.name))
    flow_ids = {old: new for old, (new, _, _) in targets.items()}
    node_ids = {
        (flow.id, node.id): ids.hex24()
        for flow in contents.flows
        if chosen.get(flow.id) == "duplicate"
        for node in flow.walk()
    }

    def moved_node(flow: Flow) -> Callable[[Node], Node]:
        def change(node: Node) -> Node:
            changes: dict[str, Any] = {"id": node_ids.get((flow.id, node.id), node.id)}
            if isinstance(node, TrackGoal) and (move := plan.moves.get(node.goal_id)):
                changes["goal_id"] = move.id
                changes["step_ids"] = tuple(move.steps.get(step, step) for step in node.step_ids)
            elif isinstance(node, GoTo | ExecuteFlow):
                changes["flow_id"] = flow_ids.get(node.flow_id, node.flow_id)
                changes["node_id"] = node_ids.get((node.flow_id, node.node_id), node.node_id)
            return node.model_copy(update=changes)

        return change

    for flow in contents.flows:
        id_, other, name = targets[flow.id]
        if not name:
            continue
        if name != flow.name:
            plan.renamed.append((f"flow {flow.name!r}", name))
        duplicated = chosen.get(flow.id) == "duplicate"
        moved = flow.model_copy(
            update={
                "id": id_,
                "name": name,
                "nodes": every_node(flow.nodes, moved_node(flow)),
                "reference_id": ids.uuid() if duplicated else flow.reference_id,
            }
        )
        if other is not None:
            moved = moved.model_copy(
                update={
                    "reference_id": other.reference_id,
                    "revision": other.revision + 1,
                    "created_at": other.created_at,
                    "changed_at": plan.now,
                }
            )
        if other is None or not same_flow(other, moved):
            plan.flows[id_] = moved


class _Names:
    """Assigns free names to the goals (or flows) of a package, and lets each existing one be replaced only once."""

    def __init__(self, coming: Sequence[Goal | Flow], here: Mapping[str, Goal | Flow], chosen: Answers) -> None:
        self._taken = [thing.name for thing in here.values()]
        self._coming = {thing.name for thing in coming}
        self._replaced: set[str] = set()

    def first_for(self, other: Goal | Flow, thing: Goal | Flow, decision: Decision) -> bool:
        """Return whether `thing` may take the place of `other`, which can be replaced only once.

        A goal or flow with the same id takes precedence over one with the same name.
        """
        if decision == "skip":
            return True
        if other.id in self._replaced and other.id != thing.id:
            return False
        self._replaced.add(other.id)
        return True

    def give(self, name: str, instead_of: str | None = None) -> str:
        """Return the name, or a free one like it; `instead_of` is a name that becomes free by the replacement."""
        if instead_of is not None:
            self._taken.remove(instead_of)
        free = free_name(name, self._taken)
        if free != name:
            free = free_name(name, [*self._taken, *self._coming])
        self._taken.append(free)
        return free


def _states(contents: Contents, goal: Goal) -> list[Goal]:
    """Return every version of a goal that the package holds, the current one included."""
    states = {version.version: version for version in contents.versions if version.id == goal.id}
    return [*{**states, goal.version: goal}.values()]


def _matched_steps(coming: Goal, other: Goal) -> dict[str, str]:
    """Map steps to those of `other`: by id, the initial step to the initial step, the rest by name."""
    known = {step.id for step in other.steps}
    match = {step.id: step.id for step in coming.steps if step.id in known}
    free = {fold(step.name): step.id for step in other.further if step.id not in match}
    if coming.initial.id not in match and other.initial.id not in match:
        match[coming.initial.id] = other.initial.id
    for step in coming.further:
        if step.id not in match and (found := free.pop(fold(step.name), None)):
            match[step.id] = found
    return match


def _moved(state: Goal, move: GoalMove, reference: str) -> Goal:
    steps = tuple(step.model_copy(update={"id": move.steps.get(step.id, step.id)}) for step in state.steps)
    return state.model_copy(update={"id": move.id, "reference_id": reference, "steps": steps})


def _salted(salt: str, id_: str, digits: int = 24) -> str:
    return hashlib.sha256(f"{salt} {id_}".encode()).hexdigest()[:digits]


Answers = Mapping[str, Decision]
"""The decision for each goal and flow of the package, by its id there."""
Thing = TypeVar("Thing", Goal, Flow)


@dataclass(frozen=True)
class Here:
    """The goals and flows of the importing project, by id."""

    goals: Mapping[str, Goal]
    flows: Mapping[str, Flow]


def items(contents: Contents, here: Here) -> tuple[Item, ...]:
    """Return every goal and flow of the package, with the one here that has the same id or name."""
    goals = facing(contents.goals, here.goals)
    flows = facing(contents.flows, here.flows)
    return (
        *(_item("goal", goal, f"{len(goal.steps)} steps", goals[goal.id], same_definition) for goal in contents.goals),
        *(_item("flow", flow, _nodes(flow), flows[flow.id], same_flow) for flow in contents.flows),
    )


def answers(found: Sequence[Item], on_conflict: OnConflict | Answers) -> Answers:
    """Return the decision for each conflict. Raises ConflictsError for undecided ones."""
    conflicts = [item for item in found if item.conflict]
    if isinstance(on_conflict, str):
        if on_conflict == "ask":
            if conflicts:
                raise ConflictsError(conflicts)
            return {}
        return {item.id: on_conflict for item in conflicts}
    if undecided := [item for item in conflicts if item.id not in on_conflict]:
        raise ConflictsError(undecided)
    return {item.id: on_conflict[item.id] for item in conflicts}


def facing(coming: Iterable[Thing], here: Mapping[str, Thing]) -> dict[str, Thing | None]:
    """Map each goal or flow of the package to the one here with its id, else with its name, else None."""
    by_name = {fold(thing.name): thing for thing in here.values()}
    return {thing.id: here.get(thing.id) or by_name.get(fold(thing.name)) for thing in coming}


def _item(kind: ItemKind, thing: Thing, detail: str, other: Thing | None, same: Callable[[Thing, Thing], bool]) -> Item:
    if other is None:
        return Item(kind=kind, id=thing.id, name=thing.name, detail=detail)
    return Item(
        kind=kind,
        id=thing.id,
        name=thing.name,
        detail=detail,
        here=other.id,
        here_name=other.name,
        same_id=other.id == thing.id,
        same_content=same(other, thing),
    )


def _nodes(flow: Flow) -> str:
    return plural(sum(1 for _ in flow.walk()), "node")


def same_flow(one: Flow, other: Flow) -> bool:
    """Return whether two flows are the same, apart from reference, revision and times."""
    return (one.id, one.name, one.description, one.nodes) == (other.id, other.name, other.description, other.nodes)
