"""The goal that a log of activities suggests: what opens a case, in which order the others come, and what ends it."""

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

    from goals_tui.services.context import Services

_SELDOM = 0.1
"""A further completion step ends at least this share of the cases."""

_ENDING = 0.8
"""A further completion step is the last of at least this share of the cases that it occurs in."""


@dataclass(frozen=True, slots=True)
class _Activity:
    """What is known of one activity: in how many `cases` it occurs, and how many it `begins` and `ends`."""

    name: str
    cases: int
    place: float
    begins: int
    ends: int

    @property
    def reach(self) -> float:
        """How much it looks like the end: in how many cases it is, and how seldom something follows."""
        return self.ends * self.ends / self.cases


class GoalSketch:
    """A goal drawn from the rows of a log.

    The initial step is the one told, else the activity with which most cases begin. The others follow by their
    median position among the different activities of a case. Completion steps are those told; else the activity that
    ends most cases, where one that other activities seldom follow counts more, and further ones like it.
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
        self, services: Services, initial: str | None, completion: Sequence[str], left_out: str
    ) -> tuple[Goal, list[Guess]]:
        """The goal, not saved yet, and what of it was guessed. `left_out` says what rows could not be used.

        Raises NotFoundError for an activity that is not there, RefusedError where there are too few or too many.
        """
        self._check_count(services.features.max_steps, left_out)
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
            guesses.append(Guess("initial", self._spelling[first], why, "--initial STEP"))
        if not ends:
            ends = dict.fromkeys(_endings([(key, found[key]) for key in further], cases))
            shares = " and ".join(f"{found[key].ends:,}" for key in ends)
            why = f"{'ends' if len(ends) == 1 else 'end'} {shares} of {plural(cases, 'case')}"
            names = [self._spelling[key] for key in ends]
            guesses.append(Guess("completion", names, why, "--completion STEP (may be repeated)"))
        new = services.goals.new_step
        steps: list[Step] = [new("initial").model_copy(update={"name": self._spelling[first]})]
        steps += [
            new("completion" if key in ends else "step").model_copy(update={"name": self._spelling[key]})
            for key in further
        ]
        return services.goals.draft().model_copy(update={"name": self._name, "steps": tuple(steps)}), guesses

    def _look(self) -> tuple[dict[str, _Activity], int]:
        """Each activity, by its key, and how many cases there are."""
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
    """The keys of the activities that seem to complete a case, in their order; at least one."""
    # Where none ends a case, or several are equal, it is the later one.
    best, most = max(further, key=lambda one: (one[1].reach, one[1].place))
    if not most.ends:
        return [further[-1][0]]
    return [
        key for key, one in further if key == best or (one.ends >= _SELDOM * cases and one.ends >= _ENDING * one.cases)
    ]


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
