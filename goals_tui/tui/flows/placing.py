"""The dialog that proposes where in a flow the steps of a goal belong."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from goals_tui.domain.flow import Flow, TrackGoal
from goals_tui.domain.goal import Goal
from goals_tui.domain.placement import Placement, Unplaced, placements, unplaced
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.flows.edits import Edit, track, track_first
from goals_tui.tui.flows.node_actions import NodeActions


async def propose_places(screen: NodeActions) -> None:
    """Propose places for the steps of a goal: enter inserts one, and the list of the others follows.

    Await it in a worker.
    """
    goal = await _goal_to_place(screen)
    while goal is not None and screen.flow is not None:
        flow, flows = screen.flow, screen.names.flows
        found, without = await asyncio.to_thread(_both, flow, goal, flows)
        if not found:
            told = f"This flow tracks every step of {goal.name!r}" + (
                " for which a place can be told:" if without else "."
            )
            screen.notify("\n".join([told, *map(_why_not, without)]))
            return
        options = [
            Option(str(number), f"{one.step.glyph} {one.step.name} {one.where}", one.reason)
            for number, one in enumerate(found)
        ]
        text = "\n".join(["enter inserts the step there.", *map(_why_not, without)])
        dialog = Choose(f"Where the steps of {goal.name} belong", options, text=text)
        chosen = await screen.app.push_screen_wait(dialog)
        if chosen is None or await screen.commit(_inserted(screen, flow, goal, found[int(chosen)])) != "saved":
            return


def _both(flow: Flow, goal: Goal, flows: Mapping[str, Flow]) -> tuple[list[Placement], list[Unplaced]]:
    return placements(flow, goal, flows), unplaced(flow, goal, flows)


def _why_not(one: Unplaced) -> str:
    return f"{one.step.glyph} {one.step.name}: no place. {one.reason}"


def _inserted(screen: NodeActions, flow: Flow, goal: Goal, placement: Placement) -> Edit | None:
    at, step, ids = placement.position, placement.step, screen.services.ids
    if step.kind == "initial":
        return screen.attempt(lambda: track_first(flow, at, placement.where, goal, ids))
    edit = screen.attempt(lambda: track(flow, at, goal, (step.id,), ids))
    return edit and replace(edit, label=f"Track {step.name!r} {placement.where}")


async def _goal_to_place(screen: NodeActions) -> Goal | None:
    """Return the goal of the selected node, or else ask for one; None if there is none."""
    goals, node = screen.names.goals, screen.node
    if isinstance(node, TrackGoal) and node.goal_id in goals:
        return goals[node.goal_id]
    rows = screen.services.goals.summaries()
    if not rows:
        screen.notify("There is no goal yet. Create one on the Goals screen.")
        return None
    here = screen.flow.name if screen.flow else ""
    rows = sorted(rows, key=lambda row: here not in row.flows)  # Those that the flow tracks come first.
    options = [Option(row.id, row.name, ", ".join(row.flows)) for row in rows]
    chosen = (
        rows[0].id
        if len(rows) == 1
        else await screen.app.push_screen_wait(Choose("Place the steps of which goal?", options))
    )
    return goals.get(chosen) if chosen else None
