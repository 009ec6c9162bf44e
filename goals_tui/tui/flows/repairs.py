"""Repairs of wiring findings: the edits that fix a finding, and the dialog in which the user chooses one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal

from goals_tui.domain import flow_edit
from goals_tui.domain.flow import Flow, Node, TrackGoal, title, walk_nodes
from goals_tui.domain.flow_edit import Position
from goals_tui.domain.flow_text import summary
from goals_tui.domain.goal import Goal
from goals_tui.domain.ids import Ids
from goals_tui.domain.wiring import Finding
from goals_tui.format import plural
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.dialogs import Answer, Ask
from goals_tui.tui.flows import edits
from goals_tui.tui.flows.edits import Edit
from goals_tui.tui.flows.kinds import KIND_GLYPHS, Names, one_line

if TYPE_CHECKING:
    from goals_tui.tui.flows.node_actions import NodeActions

MOST_PLACES = 10
"""The maximum number of places to try; on the chart the user can choose any place."""


@dataclass(frozen=True)
class Repair:
    """One way to fix a finding: an edit, whose label names the place, and a note on its side effects."""

    edit: Edit
    note: str = ""


def repairs(
    finding: Finding, flow: Flow, names: Names, check: Callable[[Flow], Iterable[Finding]], ids: Ids
) -> list[Repair]:
    """Return the edits that fix a finding in a flow, outermost place first; none if a form is needed.

    Places that would raise new findings are left out if there are others. `check` returns all findings with an unsaved
    flow in place of the stored one; it takes 0.5 s for 2,400 nodes.
    """
    goal, node_id = names.goals.get(finding.goal_id or ""), finding.node_id or ""
    if finding.fix == "remove_node":
        node = flow.node(node_id)
        inside = len(list(walk_nodes((node,)))) - 1
        note = f"with {plural(inside, 'node')} in its branches" if inside else ""
        return [Repair(edits.delete(flow, [node], word="Remove"), note)]
    found: list[Repair] = []
    if finding.fix == "insert_initial" and goal:
        for position, where in _places_before(flow, node_id, names):
            edit = edits.track_first(flow, position, where, goal, ids)
            found.append(Repair(edit, _no_longer(flow, edit.flow, goal)))
    elif finding.fix == "track_goal" and goal and node_id:
        step = goal.step(finding.step_id or goal.initial.id)
        uses = (node for node in flow.walk() if isinstance(node, TrackGoal) and node.goal_id == goal.id)
        after = (edits.track_after(flow, node, _called(node, names), goal, step, ids) for node in uses)
        found.extend(map(Repair, islice(after, MOST_PLACES)))
    return _that_fix(found, finding, check(flow), check)


def _that_fix(
    found: list[Repair], finding: Finding, before: Iterable[Finding], check: Callable[[Flow], Iterable[Finding]]
) -> list[Repair]:
    """Return the repairs that settle a finding and raise no other, else those that settle it, else all."""
    known = list(before)
    settling: list[Repair] = []
    clean: list[Repair] = []
    for repair in found:
        after = list(check(repair.edit.flow))
        if _like(finding, after) < _like(finding, known):
            settling.append(repair)
            if {_place(one) for one in after} <= {_place(one) for one in known}:
                clean.append(repair)
    return clean or settling or found


def _like(finding: Finding, others: Iterable[Finding]) -> int:
    """Return how many findings have the same code, goal and step as a finding, at any node."""
    return sum(_place(one)[:3] == _place(finding)[:3] for one in others)


def _place(finding: Finding) -> tuple[str | None, ...]:
    return finding.code, finding.goal_id, finding.step_id, finding.node_id


def _places_before(flow: Flow, node_id: str, names: Names) -> Iterator[tuple[Position, str]]:
    """Yield the start, and the places before a node and before each node that contains it, outermost first."""
    start = Position(None, 0, 0)
    yield start, "at the start"
    around: list[tuple[Position, str]] = []
    inner: str | None = node_id
    while inner is not None and len(around) < MOST_PLACES:
        position = flow_edit.position_of(flow, inner)
        around.append((position, f"before {_called(flow.node(inner), names)}"))
        inner = position.parent_id
    yield from (place for place in reversed(around) if place[0] != start)


def _no_longer(before: Flow, after: Flow, goal: Goal) -> str:
    """Return how many nodes an edit removes or changes that tracked the initial step before it, in words."""
    now = {node.id: node for node in after.walk()}
    tracked = [node for node in before.walk() if isinstance(node, TrackGoal) and goal.initial.id in node.step_ids]
    gone = sum(node.id not in now for node in tracked)
    changed = sum(node.id in now and now[node.id] != node for node in tracked)
    parts = [f"removes {plural(gone, 'node')}"] if gone else []
    return " and ".join([*parts, *([f"takes it out of {plural(changed, 'node')}"] if changed else [])])


def _called(node: Node, names: Names) -> str:
    """Return a node in words, as the chart shows it: its label, or its content after the glyph of its kind."""
    content = summary(node, names.goals, names.flows)
    if isinstance(node, TrackGoal) and node.goal_id in names.goals:
        goal = names.goals[node.goal_id]
        content = ", ".join(step.name for step in goal.steps if step.id in node.step_ids)
    return repr(title(node)) if node.label or not content else one_line(f"{KIND_GLYPHS[node.kind]} {content}")


async def choose_repair(screen: NodeActions, finding: Finding, found: list[Repair]) -> Edit | Literal["chart"] | None:
    """Describe the fix of a finding, or let the user choose among several; return the edit.

    The result is "chart" if the user wants to choose a place on the chart. Await it in a worker.
    """
    options = [Option(str(number), repair.edit.label, repair.note) for number, repair in enumerate(found)]
    if finding.fix == "track_goal":
        options.append(Option("chart", "At a place that you choose on the chart"))
    if len(options) == 1:
        what = f"{finding.message}\n\n{options[0].title}{f': {options[0].note}' if options[0].note else ''}."
        chosen = await screen.app.push_screen_wait(
            Ask("Fix", what, [Answer("0", "Do it"), Answer("", "Cancel", nothing=True)])
        )
    else:
        chosen = await screen.app.push_screen_wait(Choose("Fix: choose what to do", options, text=finding.message))
    if chosen == "chart":
        return "chart"
    return found[int(chosen)].edit if chosen else None
