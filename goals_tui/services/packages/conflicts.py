"""What a package brings beside what is here: the goals and flows of both, and what to do where they collide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from goals_tui.domain.flow import Flow
from goals_tui.domain.goal import Goal, same_definition
from goals_tui.domain.package import ConflictsError, Contents, Decision, Item, ItemKind, OnConflict
from goals_tui.domain.words import counted, fold

Answers = Mapping[str, Decision]
"""What to do with each goal and flow of the package, by its id there."""

Thing = TypeVar("Thing", Goal, Flow)


@dataclass(frozen=True)
class Here:
    """The goals and flows of the project that imports, by id."""

    goals: Mapping[str, Goal]
    flows: Mapping[str, Flow]


def items(contents: Contents, here: Here) -> tuple[Item, ...]:
    """Every goal and flow of the package, with what is here of the same id or name."""
    goals = facing(contents.goals, here.goals)
    flows = facing(contents.flows, here.flows)
    return (
        *(_item("goal", goal, f"{len(goal.steps)} steps", goals[goal.id], same_definition) for goal in contents.goals),
        *(_item("flow", flow, _nodes(flow), flows[flow.id], same_flow) for flow in contents.flows),
    )


def answers(found: Sequence[Item], on_conflict: OnConflict | Answers) -> Answers:
    """What to do with each conflict; raises ConflictsError for those that nobody decided."""
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
    """For each thing of a package: the one here with its id, else the one with its name."""
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
    return counted(sum(1 for _ in flow.walk()), "node")


def same_flow(one: Flow, other: Flow) -> bool:
    """Whether two flows are the same, apart from reference, revision and times."""
    return (one.id, one.name, one.description, one.nodes) == (other.id, other.name, other.description, other.nodes)
