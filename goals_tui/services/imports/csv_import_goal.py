"""The goal that a log of activities suggests: which one opens a case, in which order they come, what ends it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING

from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.goal import Goal, Step
from goals_tui.domain.goal_rules import HIGHEST_MAX_STEPS
from goals_tui.domain.model import clean_line
from goals_tui.domain.words import counted, fold
from goals_tui.services.imports.result import Broken

if TYPE_CHECKING:
    from goals_tui.services.context import Services


class GoalSketch:
    """Collects activities, upper and lower case alike, and draws a goal from them.

    The initial step is the one told, else the activity with which most cases begin. The others follow by their
    median position among the different activities of a case. Completion steps are those told, else the last one.
    """

    def __init__(self, name: str, file: str) -> None:
        self._name = name
        self._file = file
        self._cases: dict[str, dict[str, datetime]] = defaultdict(dict)
        self._spelling: dict[str, str] = {}

    def add(self, case: str, activity: str, moment: datetime) -> None:
        """Take what a row says."""
        key = fold(activity)
        self._spelling.setdefault(key, activity)
        first = self._cases[case].get(key)
        if first is None or moment < first:
            self._cases[case][key] = moment

    def draw(self, services: Services, initial: str | None, completion: Sequence[str], unusable: Broken) -> Goal:
        """The goal, not saved yet; `unusable` are the rows that could not be added.

        Raises NotFoundError for an activity that is not there, RefusedError.
        """
        self._check_count(services.features.max_steps, unusable)
        told = None if initial is None else self._key(initial)
        ends = {self._key(name) for name in completion}
        positions: dict[str, list[int]] = defaultdict(list)
        firsts: Counter[str] = Counter()
        for times in self._cases.values():
            # Sorting keeps the order of the file for activities of one moment.
            in_order = sorted(times, key=times.__getitem__)
            firsts[in_order[0]] += 1
            for place, key in enumerate(in_order):
                positions[key].append(place)
        first = told or min(firsts, key=lambda key: (-firsts[key], key))
        if first in ends:
            raise RefusedError(
                f"{self._spelling[first]!r} can't be the initial and a completion step. Give another --completion.",
                field="completion",
            )
        further = sorted(
            (key for key in positions if key != first),
            key=lambda key: (median(positions[key]), -len(positions[key]), key),
        )
        ends = ends or {further[-1]}
        new = services.goals.new_step
        steps: list[Step] = [new("initial").model_copy(update={"name": self._spelling[first]})]
        steps += [
            new("completion" if key in ends else "step").model_copy(update={"name": self._spelling[key]})
            for key in further
        ]
        return services.goals.draft().model_copy(update={"name": self._name, "steps": tuple(steps)})

    def _check_count(self, most: int, unusable: Broken) -> None:
        count = len(self._spelling)
        if not count and unusable.named:
            raise RefusedError(f"{self._file} has no row that can be used. {unusable.named[0]}.")
        if count < 2:
            what = (
                "no row that can be used"
                if not count
                else f"one activity only, {next(iter(self._spelling.values()))!r}"
            )
            left_out = ""
            if unusable.named:
                left_out = f" {counted(unusable.total, 'row')} could not be used. {unusable.named[0]}."
            raise RefusedError(
                f"{self._file} has {what}; a goal needs an initial step and one more.{left_out}"
                " Check --cycle, --step and --time."
            )
        if count > most:
            how = f", set FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL (up to {HIGHEST_MAX_STEPS})" * (
                most < HIGHEST_MAX_STEPS
            )
            raise RefusedError(
                f"{self._file} has {count} activities, and a goal has at most {most} steps. Make the goal "
                f"{self._name!r} with the steps that matter first{how}, or take rows out of the file."
            )

    def _key(self, activity: str) -> str:
        key = fold(clean_line(activity))
        if key not in self._spelling:
            raise NotFoundError(f"activity in {self._file} called", activity, self._spelling.values())
        return key


def check_told(goal: Goal, initial: str | None, completion: Sequence[str]) -> None:
    """For a goal that exists: what was told must be what it is. Raises NotFoundError, RefusedError."""
    if initial is not None and goal.step(initial).kind != "initial":
        raise RefusedError(
            f"The initial step of {goal.name!r} is {goal.initial.name!r}, not {initial!r}. Leave --initial out.",
            field="initial",
        )
    for name in completion:
        if goal.step(name).kind != "completion":
            raise RefusedError(
                f"{name!r} is not a completion step of {goal.name!r}. Leave --completion out, or edit the goal.",
                field="completion",
            )
