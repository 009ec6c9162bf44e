"""Derive a goal from a log: its initial step, the order of its steps, and its completion steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.goal import Goal, Step
from goals_tui.domain.limits import HIGHEST_MAX_STEPS
from goals_tui.domain.text import clean_line
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.services.imports.result import Guess

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from goals_tui.services.goals import GoalService

_SELDOM = 0.1
"""The smallest share of all cases that an additional completion step must end."""

_ENDING = 0.8
"""An additional completion step must be the last one in at least this share of the cases in which it occurs."""


@dataclass(frozen=True, slots=True)
class _Activity:
    """Statistics of one activity: the number of cases in which it occurs, and of those that it begins and ends.

    `place` is the median of its position, from 1, among the different activities of a case.
    """

    name: str
    cases: int
    place: float
    begins: int
    ends: int

    @property
    def reach(self) -> float:
        """A score for how likely the activity completes a case.

        It grows with the number of cases that the activity ends, and with their share of the cases in which it occurs.
        """
        return self.ends * self.ends / self.cases


class GoalSketch:
    """Derives a goal from the rows of a log.

    The initial step is the given one, else the activity that begins most cases. The other steps are ordered by their
    median position among the different activities of a case. Completion steps are the given ones; else the activity
    with the highest `reach`, and others that end enough cases.
    """

    def __init__(self, connection: DuckDBPyConnection, activities: Sequence[str], name: str, file: str) -> None:
        self._db = connection
        self._name = name
        self._file = file
        self._spelling: dict[str, str] = {}
        self._activities = activities
        for activity in activities:
            self._spelling.setdefault(fold(activity), activity)

    def draw(
        self, goals: GoalService, max_steps: int, initial: str | None, completion: Sequence[str], left_out: str
    ) -> tuple[Goal, list[Guess]]:
        """Return the goal, which is not saved yet, and the guesses that it is based on.

        `left_out` is a sentence for messages about rows that could not be used. Raises NotFoundError for an unknown
        activity, RefusedError where there are too few or too many activities, or one is both the initial and a
        completion step.
        """
        self._check_count(max_steps, left_out)
        told = None if initial is None else self._key(initial)
        ends = dict.fromkeys(self._key(name) for name in completion)
        found, cases = self._look()
        first = told or min(found, key=lambda key: (-found[key].begins, key))
        if first in ends:
            raise RefusedError(
                f"{self._spelling[first]!r} can't be the initial and a completion step. Give another --completion.",
                field="completion",
            )
        further = sorted(
            (key for key in found if key != first), key=lambda key: (found[key].place, -found[key].cases, key)
        )
        guesses = []
        if told is None:
            why = f"begins {found[first].begins:,} of {plural(cases, 'case')}"
            why += "; the others are in no outcome" * (found[first].begins < cases)
            guesses.append(Guess("initial", self._spelling[first], why, "--initial STEP"))
        if not ends:
            ends = dict.fromkeys(_endings([(key, found[key]) for key in further], cases))
            shares = " and ".join(f"{found[key].ends:,}" for key in ends)
            why = f"{'ends' if len(ends) == 1 else 'end'} {shares} of {plural(cases, 'case')}"
            names = [self._spelling[key] for key in ends]
            guesses.append(Guess("completion", names, why, "--completion STEP (may be repeated)"))
        new = goals.new_step
        steps: list[Step] = [new("initial").model_copy(update={"name": self._spelling[first]})]
        steps += [
            new("completion" if key in ends else "step").model_copy(update={"name": self._spelling[key]})
            for key in further
        ]
        return goals.draft().model_copy(update={"name": self._name, "steps": tuple(steps)}), guesses

    def _look(self) -> tuple[dict[str, _Activity], int]:
        """Return the statistics of each activity by its key, and the number of cases."""
        keys = list(self._spelling)
        places = [keys.index(fold(activity)) for activity in self._activities]
        self._db.execute("CREATE TABLE spelling (activity VARCHAR, key INTEGER)")
        self._db.execute(
            "INSERT INTO spelling SELECT unnest(?::VARCHAR[]), unnest(?::INTEGER[])", [list(self._activities), places]
        )
        found = self._db.execute(
            """
            WITH reached AS (
                SELECT "case", key, min(instant) AS first, max(instant) AS last
                FROM (SELECT "case", step, epoch_us(moment)::HUGEINT * 4294967296 + number AS instant FROM rows
                      WHERE reason IS NULL) JOIN spelling ON activity = step GROUP BY "case", key
            ), placed AS (
                SELECT key, row_number() OVER (PARTITION BY "case" ORDER BY first) AS place,
                last = max(last) OVER (PARTITION BY "case") AS is_last FROM reached
            )
            SELECT key, count(*), median(place), count(*) FILTER (place = 1), count(*) FILTER (is_last)
            FROM placed GROUP BY key
            """
        ).fetchall()
        activities = {
            keys[key]: _Activity(self._spelling[keys[key]], cases, place, begins, ends)
            for key, cases, place, begins, ends in found
        }
        return activities, sum(one.begins for one in activities.values())

    def _check_count(self, most: int, left_out: str) -> None:
        count = len(self._spelling)
        if count < 2:
            [only] = self._spelling.values()
            raise RefusedError(
                f"{self._file} has one activity only, {only!r}; a goal needs an initial step and one more."
                f"{left_out} Check --cycle, --step and --time."
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


def _endings(further: Sequence[tuple[str, _Activity]], cases: int) -> list[str]:
    """Return the keys of the activities that seem to complete a case, in order; at least one."""
    # Among equals the later one wins; where none ends a case, the last one is taken.
    best, most = max(further, key=lambda one: (one[1].reach, one[1].place))
    if not most.ends:
        return [further[-1][0]]
    return [
        key for key, one in further if key == best or (one.ends >= _SELDOM * cases and one.ends >= _ENDING * one.cases)
    ]


def check_told(goal: Goal, initial: str | None, completion: Sequence[str]) -> None:
    """Check that the given initial and completion steps are those of an existing goal.

    Raises NotFoundError for an unknown step, RefusedError for a step of another kind.
    """
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
