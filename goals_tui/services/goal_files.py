"""Goals as files that people edit and compare with git: what a file would change in the project, and changing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.domain.errors import ConflictError, RefusedError
from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal, Step, problems
from goals_tui.domain.project import currency_digits
from goals_tui.domain.value import SuccessMetrics, format_amount
from goals_tui.domain.words import fold
from goals_tui.format import exact_time, plural
from goals_tui.services.goal_yaml import FileGoal, goals_text, is_goal_file, read_goals, target_text
from goals_tui.services.goals import KIND as GOALS
from goals_tui.services.yaml_files import (
    NodeReader,
    text_of,
)

if TYPE_CHECKING:
    from goals_tui.domain.decisions import WhatIf
    from goals_tui.domain.ids import Ids
    from goals_tui.services.clock import Clock
    from goals_tui.services.features import Features
    from goals_tui.services.goals import GoalService
    from goals_tui.services.history import Editing, History
    from goals_tui.services.insights.service import Insights
    from goals_tui.services.project import ProjectService
    from goals_tui.store.events.log import EventLog


@dataclass(frozen=True)
class GoalDifference:
    """A difference between a file and the project: `before` is None for a new goal, `after` for one to delete."""

    before: Goal | None
    after: Goal | None
    changes: tuple[str, ...]
    deleted_steps: tuple[str, ...] = ()
    """The ids of steps that are missing in the file."""

    @property
    def goal(self) -> Goal:
        """The goal as it will be, or the goal to delete."""
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(frozen=True)
class Plan:
    """The changes that applying a file makes."""

    differences: tuple[GoalDifference, ...]
    not_in_file: tuple[str, ...] = ()
    """The names of goals that are missing in the file and stay in the project."""

    events: Mapping[str, int] = field(default_factory=dict)
    """The number of events of each deleted goal, or of the deleted steps of a goal, by goal id."""


class GoalFiles:
    """Writes, reads, compares and applies files of goals in a workspace."""

    def __init__(
        self,
        log: EventLog,
        history: History,
        project: ProjectService,
        goals: GoalService,
        features: Callable[[], Features],
        insights: Callable[[], Insights | None],
        clock: Clock,
        ids: Ids,
    ) -> None:
        """Make the service. `insights` returns None where the log has no events."""
        self._log = log
        self._history = history
        self._project = project
        self._goals = goals
        self._features = features
        self._insights = insights
        self._clock = clock
        self._ids = ids

    def export(self, wanted: Sequence[str], path: Path | None = None) -> tuple[str, bool]:
        """Return the text of the named goals (all if none is named), and whether it updates an existing file of goals.

        `path` is that file, if any; its comments and order are kept. Raises UnreadableError where it is a file of goals
        with a mistake.
        """
        goals = [self._goals.get(name) for name in wanted] or self._goals.all()
        before = ""
        if path is not None and path.is_file():
            text = text_of(path)
            if is_goal_file(text):
                self.read(path)
                before = text
        unique = list({goal.id: goal for goal in goals}.values())
        return goals_text(unique, self._project.get(), self._goals.by_id(), before), bool(before)

    def write(self, path: Path, text: str) -> None:
        """Write a file in one step. Raises UnreadableError."""
        from goals_tui.store.atomic import user_file

        with user_file(path) as file:
            file.write_text(text, "utf-8", newline="")

    def read(self, path: Path) -> list[FileGoal]:
        """Return the goals of a file. Raises UnreadableError."""
        digits = currency_digits(self._project.get().currency)
        return read_goals(path, text_of(path), digits)

    def plan(self, path: Path, *, prune: bool = False) -> Plan:
        """Return what applying a file would change; with `prune`, goals that are missing in it are deleted.

        Raises UnreadableError, with line and column, where a goal of the file could not be saved.
        """
        from goals_tui.store.cycles.view import count_events

        here = {goal.id: goal for goal in self._goals.all()}
        wanted = self.read(path)
        pairs = _matched(path, wanted, here)
        made = [(one, before, self._made(one, before)) for one, before in pairs]
        self._check(path, [(one, goal) for one, _, goal in made], here, prune=prune)
        found = []
        currency = self._project.get().currency
        for _, before, goal in made:
            changes = tuple(differences(before, goal, currency))
            if changes:
                kept = {step.id for step in goal.steps}
                gone = tuple(step.id for step in before.steps if step.id not in kept) if before else ()
                found.append(GoalDifference(before, goal, changes, gone))
        named = {goal.id for _, _, goal in made}
        others = [goal for goal in here.values() if goal.id not in named]
        if prune:
            found += [GoalDifference(goal, None, ("deleted",)) for goal in others]
        events: dict[str, int] = {}
        for each in found:
            if each.after is None:
                events[each.goal.id] = count_events(self._log, each.goal.id)[0]
            elif each.deleted_steps:
                events[each.goal.id] = sum(
                    count_events(self._log, each.goal.id, step)[0] for step in each.deleted_steps
                )
        events = {goal_id: count for goal_id, count in events.items() if count}
        return Plan(tuple(found), () if prune else tuple(goal.name for goal in others), events)

    def would_read(self, difference: GoalDifference) -> WhatIf | None:
        """Return the last 30 days as recorded and under the goal of the file.

        None for a new or deleted goal, or where there are no events.
        """
        if difference.before is None or difference.after is None or (insights := self._insights()) is None:
            return None
        tallies = insights.tallies(difference.before.id, Filters(span="last-30-days"))
        return tallies.under(difference.after)

    def apply(
        self, path: Path, *, prune: bool = False, delete_analytics: bool = False, confirm: int | None = None
    ) -> Plan:
        """Change the project's goals to match a file, in one edit, and return the changes.

        Deleted steps keep their events unless `delete_analytics` is set; `confirm` must then be the number of events to
        delete. A goal that has events can only be deleted together with them. Raises RefusedError, and UnreadableError
        as `plan` does; nothing is changed then.
        """
        plan = self.plan(path, prune=prune)
        total = sum(plan.events.values())
        kept = [each for each in plan.differences if each.after is None and plan.events.get(each.goal.id)]
        if kept and not delete_analytics:
            names = ", ".join(repr(each.goal.name) for each in kept)
            raise RefusedError(
                f"Deleting {names} takes {plural(total, 'event')} with it. "
                f"Add --delete-analytics --confirm {total}, or leave out --prune."
            )
        if delete_analytics and confirm != total:
            raise RefusedError(f"This deletes {plural(total, 'event')}. To agree, add --confirm {total}.")
        if not plan.differences:
            return plan
        doomed = {
            each.goal.id: None if each.after is None else frozenset(each.deleted_steps)
            for each in plan.differences
            if delete_analytics and plan.events.get(each.goal.id)
        }
        label = f"Apply {path.name}"
        if doomed:
            label = f"{label} (deleted events stay deleted)"
            with self._log.deleting(doomed) as deletion, self._history.edit(label, deletion) as edit:
                self._write(edit, plan)
        else:
            with self._history.edit(label) as edit:
                self._write(edit, plan)
        return plan

    def _write(self, edit: Editing, plan: Plan) -> None:
        for each in plan.differences:
            stored = edit.get(GOALS, each.goal.id)
            before = each.before
            if (stored and stored.get("revision")) != (before and before.revision):
                raise ConflictError("goal", each.goal.name, [], remedy="Run the command again.")
            if each.after is None:
                edit.delete(GOALS, each.goal.id)
            else:
                self._goals.put_changed(edit, each.after, before)

    def _made(self, one: FileGoal, before: Goal | None) -> Goal:
        """Return the goal as it will be saved, with new ids where the file has none."""
        ids = self._ids
        known = {step.id: step for step in before.steps} if before else {}
        names = {fold(step.name): step.id for step in known.values()}
        taken = {step.id for step in one.steps if step.id}
        steps = []
        for step in one.steps:
            same = names.get(fold(step.name), "")
            step_id = step.id or (same if same not in taken else "") or ids.hex24()
            steps.append(
                Step(
                    id=step_id,
                    name=step.name,
                    description=step.description,
                    kind=step.kind,
                    metrics=step.metrics,
                    triggers=step.triggers,
                )
            )
        now = self._clock()
        base = before or Goal(
            id=one.id or ids.hex24(),
            reference_id=ids.uuid(),
            version=ids.uuid(),
            name=one.name,
            steps=tuple(steps),
            created_at=now,
            changed_at=now,
        )
        changed = {"name": one.name, "description": one.description, "target": one.target, "steps": tuple(steps)}
        return base.model_copy(update=changed)

    def _check(
        self, path: Path, made: Sequence[tuple[FileGoal, Goal]], here: Mapping[str, Goal], *, prune: bool
    ) -> None:
        named = {goal.id for _, goal in made}
        others = [] if prune else [goal.name for goal in here.values() if goal.id not in named]
        for one, goal in made:
            places = {step.id: place.at for step, place in zip(goal.steps, one.steps, strict=True)}
            for problem in problems(goal, max_steps=self._features().max_steps, taken_names=others):
                at = places.get(problem.step_id or "", one.at)
                NodeReader(path).refuse(at, f"the goal {goal.name!r} can't be saved. {problem.message}")


def _matched(path: Path, wanted: Sequence[FileGoal], here: Mapping[str, Goal]) -> list[tuple[FileGoal, Goal | None]]:
    """Pair each goal of a file with the project's goal of the same id, or of the same name if it has no id."""
    by_name = {fold(goal.name): goal for goal in here.values()}
    with_id = {one.id for one in wanted if one.id}
    pairs: list[tuple[FileGoal, Goal | None]] = []
    for one in wanted:
        if one.id:
            pairs.append((one, here.get(one.id)))
            continue
        same = by_name.get(fold(one.name))
        if same is not None and same.id in with_id:
            NodeReader(path).refuse(
                one.at, f"the goal {one.name!r} is {same.id}, which this file has already. Keep one of them."
            )
        pairs.append((one, same))
    return pairs


def differences(before: Goal | None, after: Goal, currency: str) -> Iterator[str]:
    """Yield the differences between two states of a goal, in words."""
    if before is None:
        yield f"added, with {len(after.steps)} steps"
        return
    if before.name != after.name:
        yield f"renamed from {before.name!r} to {after.name!r}"
    if before.description != after.description:
        yield "description changed"
    if before.target != after.target:
        yield f"target {target_text(before.target)} to {target_text(after.target)}"
    old = {step.id: step for step in before.steps}
    kept = {step.id for step in after.steps}
    for step in before.steps:
        if step.id not in kept:
            yield f"step {step.name!r} deleted"
    for step in after.steps:
        if step.id not in old:
            kind = {"completion": "completion step", "initial": "initial step"}.get(step.kind, "step")
            yield f"{kind} {step.name!r} added{_worth(step.metrics, currency)}"
        else:
            yield from _step_differences(old[step.id], step, currency)
    both = [step.id for step in before.steps if step.id in kept]
    if both != [step.id for step in after.steps if step.id in old]:
        yield f"order: {', '.join(step.name for step in after.steps)}"


def _step_differences(before: Step, after: Step, currency: str) -> Iterator[str]:
    if before.name != after.name:
        yield f"step {before.name!r} renamed to {after.name!r}"
    if before.description != after.description:
        yield f"description of {after.name!r} changed"
    if before.kind != after.kind:
        yield f"{after.name!r} is {_KIND_CHANGES[before.kind, after.kind]}"
    digits = currency_digits(currency)
    old, new = before.metrics, after.metrics
    for what, was, now in (
        ("cost savings", old.cost_savings, new.cost_savings),
        ("revenue", old.revenue, new.revenue),
    ):
        if was != now:
            yield f"{what} of {after.name!r}: {format_amount(was, digits)} to {format_amount(now, digits)} {currency}"
    if old.time_saved_seconds != new.time_saved_seconds:
        was_time, now_time = exact_time(old.time_saved_seconds), exact_time(new.time_saved_seconds)
        yield f"time saved of {after.name!r}: {was_time} to {now_time}"
    if before.triggers != after.triggers:
        said = "; ".join(map(str, after.triggers)) or "none"
        yield f"triggers of {after.name!r}: {said}"
    if old.unpriced != new.unpriced:
        yield f"{after.name!r} is {'unpriced' if new.unpriced else 'priced'} now"


_KIND_CHANGES: Mapping[tuple[str, str], str] = {
    ("step", "completion"): "a completion step now",
    ("completion", "step"): "no completion step any more",
    ("step", "initial"): "the initial step now",
    ("completion", "initial"): "the initial step now, and no completion step",
    ("initial", "step"): "not the initial step any more",
    ("initial", "completion"): "a completion step now, and not the initial step",
}


def _worth(metrics: SuccessMetrics, currency: str) -> str:
    digits = currency_digits(currency)
    said = [
        f"{what} {format_amount(amount, digits)} {currency}"
        for what, amount in (("cost savings", metrics.cost_savings), ("revenue", metrics.revenue))
        if amount
    ]
    if metrics.time_saved_seconds:
        said.append(f"time saved {exact_time(metrics.time_saved_seconds)}")
    return f" ({', '.join(said)})" if said else ""
