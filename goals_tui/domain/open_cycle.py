"""Which cycle a step belongs to when it fires (DESIGN 4, *Cycle*): one rule for tracking and for simulation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from goals_tui.domain.goal import Goal


class Joined(NamedTuple):
    """What steps that fired together amount to. `cycle_id` is None where none of them was tracked."""

    cycle_id: str | None
    tracked: tuple[str, ...]
    not_tracked: tuple[str, ...]


def join_cycle(goal: Goal, step_ids: Sequence[str], open_cycle: str | None, new_cycle: Callable[[], str]) -> Joined:
    """Assign steps of `goal` that fire at one moment to a cycle, in the goal's order.

    The initial step opens a new cycle, even where one is open; the others join it, else the open one. Where
    there is none they are not tracked.
    """
    steps = tuple(step_ids) if len(step_ids) == 1 else goal.in_order(step_ids)
    if goal.steps[0].id in steps:
        return Joined(new_cycle(), steps, ())
    if open_cycle is not None:
        return Joined(open_cycle, steps, ())
    return Joined(None, (), steps)
