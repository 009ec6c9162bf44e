"""Goals as files that people edit and compare with git: written, compared with the project, and applied to it.

The format is described in `docs/files.md`. A file is read node by node, so that a mistake is reported with its line and
column, and updated in a round trip, so that comments and the order of goals survive.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from goals_tui.domain.activity import Trigger
from goals_tui.domain.errors import ConflictError, RefusedError
from goals_tui.domain.filters import Filters
from goals_tui.domain.goal import Goal, Step, StepKind, problems
from goals_tui.domain.model import reason
from goals_tui.domain.project import currency_digits
from goals_tui.domain.value import SuccessMetrics, format_amount, format_duration, parse_amount, parse_duration
from goals_tui.domain.words import fold
from goals_tui.format import plural
from goals_tui.services.goals import KIND as GOALS
from goals_tui.services.yaml_files import (
    NodeReader,
    NotYamlError,
    Place,
    compose,
    is_mapping,
    place,
    round_trip,
    text_of,
)

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

    from goals_tui.domain.decisions import WhatIf
    from goals_tui.services.context import Services
    from goals_tui.services.history import Editing

_GOAL_KEYS = ("name", "id", "description", "target", "steps")
_STEP_KEYS = ("name", "id", "kind", "description", "cost_savings", "revenue", "time_saved", "unpriced", "triggers")
_TRIGGER_KEYS = ("kind", "name", "text")
_MEANS_MORE = re.compile(r"[-+.\d].*|~|true|false|yes|no|on|off|null|y|n", re.IGNORECASE)
"""Texts that other YAML readers would take for a number, a boolean or null; they are written in quotes."""
_KINDS: tuple[StepKind, ...] = ("initial", "step", "completion")


@dataclass(frozen=True)
class FileStep:
    """A step as it is written in a file; `id` is empty where none is given."""

    at: Place
    id: str
    name: str
    description: str
    kind: StepKind
    metrics: SuccessMetrics
    triggers: tuple[Trigger, ...]


@dataclass(frozen=True)
class FileGoal:
    """A goal as it is written in a file; `id` is empty where none is given."""

    at: Place
    id: str
    name: str
    description: str
    target: Decimal | None
    steps: tuple[FileStep, ...]


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


def export_text(services: Services, goals: Sequence[Goal], before: str = "") -> str:
    """Return goals as the text of a file; `before` is the text of an existing file whose comments and order are kept.

    Goals of that file that the project no longer has are removed from it; its other goals stay as they are if they are
    not among `goals`.
    """
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    project = services.project.get()
    yaml = round_trip()
    document: Any = yaml.load(before) if before.strip() else None
    fresh = document is None
    if fresh:
        document = CommentedMap()
        document.yaml_set_start_comment(
            f"Goals of {project.name}. Amounts are in {project.currency}, exact, as text.\n"
            "Compare: goals-tui goals diff FILE   Make it so: goals-tui goals apply FILE"
        )
    listed = document.get("goals")
    if not isinstance(listed, CommentedSeq):
        listed = document["goals"] = CommentedSeq()
    written = {goal.id: goal for goal in goals}
    known = services.goals.by_id()
    by_name = {fold(goal.name): goal.id for goal in goals}
    kept = CommentedSeq()
    for entry in listed:
        goal_id = str(entry.get("id") or by_name.get(fold(str(entry.get("name", ""))), ""))
        goal = written.pop(goal_id, None)
        if goal is not None:
            _update_goal(entry, goal, currency_digits(project.currency))
            kept.append(entry)
        elif goal_id and goal_id in known:
            kept.append(entry)
    for goal in goals:
        if goal.id in written:
            entry = CommentedMap()
            _update_goal(entry, goal, currency_digits(project.currency))
            kept.append(entry)
    _replace_items(listed, kept)
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()


def read_goals(path: Path, text: str, digits: int) -> list[FileGoal]:
    """Return the goals of a file; amounts have at most `digits` decimals.

    Raises UnreadableError with line and column: for bad YAML, unknown keys, anchors, invalid values, and goals or steps
    that are repeated.
    """
    return _Reader(path, digits).goals(text)


def is_goal_file(text: str) -> bool:
    """Return whether a text is a file of goals, even one with mistakes in its details."""
    try:
        root = compose(text)
    except NotYamlError:
        return False
    return bool(root is not None and is_mapping(root) and any(key.value == "goals" for key, _ in root.value))


class GoalFiles:
    """Writes, reads, compares and applies files of goals in a workspace."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def export(self, wanted: Sequence[str], path: Path | None = None) -> tuple[str, bool]:
        """Return the text of the named goals (all if none is named), and whether it updates an existing file of goals.

        `path` is that file, if any; its comments and order are kept. Raises UnreadableError where it is a file of goals
        with a mistake.
        """
        goals = [self._services.goals.get(name) for name in wanted] or self._services.goals.all()
        before = ""
        if path is not None and path.is_file():
            text = text_of(path)
            if is_goal_file(text):
                self.read(path)
                before = text
        unique = list({goal.id: goal for goal in goals}.values())
        return export_text(self._services, unique, before), bool(before)

    def write(self, path: Path, text: str) -> None:
        """Write a file in one step. Raises UnreadableError."""
        from goals_tui.store.atomic import user_file

        with user_file(path) as file:
            file.write_text(text, "utf-8", newline="")

    def read(self, path: Path) -> list[FileGoal]:
        """Return the goals of a file. Raises UnreadableError."""
        digits = currency_digits(self._services.project.get().currency)
        return read_goals(path, text_of(path), digits)

    def plan(self, path: Path, *, prune: bool = False) -> Plan:
        """Return what applying a file would change; with `prune`, goals that are missing in it are deleted.

        Raises UnreadableError, with line and column, where a goal of the file could not be saved.
        """
        from goals_tui.store.cycles.view import count_events

        services = self._services
        here = {goal.id: goal for goal in services.goals.all()}
        wanted = self.read(path)
        pairs = _matched(path, wanted, here)
        made = [(one, before, self._made(one, before)) for one, before in pairs]
        self._check(path, [(one, goal) for one, _, goal in made], here, prune=prune)
        found = []
        for _, before, goal in made:
            changes = tuple(differences(before, goal, services.project.get().currency))
            if changes:
                kept = {step.id for step in goal.steps}
                gone = tuple(step.id for step in before.steps if step.id not in kept) if before else ()
                found.append(GoalDifference(before, goal, changes, gone))
        named = {goal.id for _, _, goal in made}
        others = [goal for goal in here.values() if goal.id not in named]
        if prune:
            found += [GoalDifference(goal, None, ("deleted",)) for goal in others]
        events: dict[str, int] = {}
        log = services.workspace.events
        for each in found:
            if each.after is None:
                events[each.goal.id] = count_events(log, each.goal.id)[0]
            elif each.deleted_steps:
                events[each.goal.id] = sum(count_events(log, each.goal.id, step)[0] for step in each.deleted_steps)
        events = {goal_id: count for goal_id, count in events.items() if count}
        return Plan(tuple(found), () if prune else tuple(goal.name for goal in others), events)

    def would_read(self, difference: GoalDifference) -> WhatIf | None:
        """Return the last 30 days as recorded and under the goal of the file.

        None for a new or deleted goal, or where there are no events.
        """
        if difference.before is None or difference.after is None or not self._services.has_events():
            return None
        tallies = self._services.insights.tallies(difference.before.id, Filters(span="last-30-days"))
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
        services = self._services
        label = f"Apply {path.name}"
        if doomed:
            label = f"{label} (deleted events stay deleted)"
            with (
                services.workspace.events.deleting(doomed) as deletion,
                services.history.edit(label, deletion) as edit,
            ):
                self._write(edit, plan)
        else:
            with services.history.edit(label) as edit:
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
                self._services.goals.put_changed(edit, each.after, before)

    def _made(self, one: FileGoal, before: Goal | None) -> Goal:
        """Return the goal as it will be saved, with new ids where the file has none."""
        ids = self._services.ids
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
        now = self._services.clock()
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
            for problem in problems(goal, max_steps=self._services.features.max_steps, taken_names=others):
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
        yield f"target {_target(before.target)} to {_target(after.target)}"
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
        was_time, now_time = format_duration(old.time_saved_seconds), format_duration(new.time_saved_seconds)
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
        said.append(f"time saved {format_duration(metrics.time_saved_seconds)}")
    return f" ({', '.join(said)})" if said else ""


def _target(target: Decimal | None) -> str:
    return "none" if target is None else f"{target.normalize():f}"


# -- reading


class _Reader(NodeReader):
    """Reads goals and steps."""

    def __init__(self, path: Path, digits: int) -> None:
        super().__init__(path)
        self._digits = digits

    def goals(self, text: str) -> list[FileGoal]:
        found = self.root(text, ("goals",), "a file of goals")
        goals = [self._goal(node) for node in self.items(found.get("goals"), "goals")]
        self.check_once("id", ((goal.id, goal.at) for goal in goals))
        self.check_once("name", ((fold(goal.name), goal.at) for goal in goals))
        for goal in goals:
            self.check_once("id of a step", ((step.id, step.at) for step in goal.steps))
        return goals

    def _goal(self, node: Node) -> FileGoal:
        fields = self.fields(node, _GOAL_KEYS, "a goal")
        return FileGoal(
            at=place(node),
            id=self.value(fields.get("id"), _read_id, ""),
            name=self.name(node, fields),
            description=self.text(fields.get("description")),
            target=self.value(fields.get("target"), _read_target, None),
            steps=tuple(self._step(each) for each in self.items(fields.get("steps"), "steps")),
        )

    def _step(self, node: Node) -> FileStep:
        fields = self.fields(node, _STEP_KEYS, "a step")
        metrics = SuccessMetrics(
            cost_savings=self.value(fields.get("cost_savings"), self._amount, Decimal(0)),
            revenue=self.value(fields.get("revenue"), self._amount, Decimal(0)),
            time_saved_seconds=self.value(fields.get("time_saved"), parse_duration, 0),
            unpriced=self.value(fields.get("unpriced"), _read_truth, False),
        )
        return FileStep(
            at=place(node),
            id=self.value(fields.get("id"), _read_id, ""),
            name=self.name(node, fields),
            description=self.text(fields.get("description")),
            kind=self.value(fields.get("kind"), _read_kind, "step"),
            metrics=metrics,
            triggers=tuple(self._trigger(each) for each in self.items(fields.get("triggers"), "triggers")),
        )

    def _trigger(self, node: Node) -> Trigger:
        fields = self.fields(node, _TRIGGER_KEYS, "a trigger")
        said = {key: text for key in _TRIGGER_KEYS if (text := self.text(fields.get(key)))}
        try:
            return Trigger.model_validate(said)
        except ValidationError as error:
            self.refuse(place(node), f"{reason(error)}.")

    def _amount(self, text: str) -> Decimal:
        return parse_amount(text, self._digits)


def _read_id(text: str) -> str:
    text = text.strip()
    if len(text) != 24 or not set(text) <= set("0123456789abcdef"):
        raise RefusedError(f"{text!r} is no id (24 digits or letters a to f). Leave it out for a new one.")
    return text


def _read_target(text: str) -> Decimal:
    try:
        target = Decimal(text)
    except InvalidOperation:
        target = Decimal(0)
    if not 0 < target <= 1:
        raise RefusedError(f"{text!r} is no target: a completion rate above 0, up to 1, for example 0.6.")
    return target


def _read_truth(text: str) -> bool:
    if text.casefold() not in ("true", "false"):
        raise RefusedError(f"{text!r} is neither true nor false.")
    return text.casefold() == "true"


def _read_kind(text: str) -> StepKind:
    for kind in _KINDS:
        if text == kind:
            return kind
    raise RefusedError(f"{text!r} is no kind of step. Write one of {', '.join(_KINDS)}.")


# -- writing


def _update_goal(entry: Any, goal: Goal, digits: int) -> None:
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    _set(entry, "name", goal.name)
    _set(entry, "id", goal.id, quoted=True)
    _set(entry, "description", goal.description)
    _set(entry, "target", "" if goal.target is None else _target(goal.target), same=_same_target)
    steps = entry.get("steps")
    if not isinstance(steps, CommentedSeq):
        steps = entry["steps"] = CommentedSeq()
    by_id = {str(each.get("id")): each for each in steps if each.get("id")}
    by_name = {fold(str(each.get("name", ""))): each for each in steps if not each.get("id")}
    kept = CommentedSeq()
    for step in goal.steps:
        written = by_id.get(step.id)
        if written is None:
            written = by_name.pop(fold(step.name), None)
        if written is None:
            written = CommentedMap()
        _update_step(written, step, digits)
        kept.append(written)
    _replace_items(steps, kept)


def _update_step(entry: Any, step: Step, digits: int) -> None:
    worth = step.metrics
    _set(entry, "name", step.name)
    _set(entry, "id", step.id, quoted=True)
    _set(entry, "kind", "" if step.kind == "step" else step.kind, same=_same_kind)
    _set(entry, "description", step.description)
    for key, amount in (("cost_savings", worth.cost_savings), ("revenue", worth.revenue)):
        said = format_amount(amount, digits) if amount else ""
        _set(entry, key, said, quoted=True, same=_same_amount)
    said = format_duration(worth.time_saved_seconds) if worth.time_saved_seconds else ""
    _set(entry, "time_saved", said, quoted=True, same=_same_duration)
    _set(entry, "unpriced", "true" if worth.unpriced else "", same=_same_truth)
    _set_triggers(entry, step)


def _set_triggers(entry: Any, step: Step) -> None:
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    new = [{key: str(text) for key in _TRIGGER_KEYS if (text := getattr(each, key))} for each in step.triggers]
    if [{key: str(text) for key, text in each.items()} for each in entry.get("triggers") or ()] == new:
        return
    entry.pop("triggers", None)
    if new:
        listed = entry["triggers"] = CommentedSeq()
        for said in new:
            written = CommentedMap()
            for key, text in said.items():
                _set(written, key, text, order=_TRIGGER_KEYS)
            listed.append(written)


def _same_kind(text: str, new: str) -> bool:
    return (text or "step") == (new or "step")


def _same_truth(text: str, new: str) -> bool:
    return (text.casefold() == "true") == (new == "true")


def _same_amount(text: str, new: str) -> bool:
    return Decimal(text.strip() or 0) == Decimal(new or 0)


def _same_duration(text: str, new: str) -> bool:
    return (parse_duration(text) if text else 0) == (parse_duration(new) if new else 0)


def _same_target(text: str, new: str) -> bool:
    return (Decimal(text) if text else None) == (Decimal(new) if new else None)


def _set(
    entry: Any,
    key: str,
    new: str,
    *,
    quoted: bool = False,
    same: Callable[[str, str], bool] | None = None,
    order: Sequence[str] | None = None,
) -> None:
    """Write a value unless the file has an equivalent one; an empty value removes the key."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

    there = entry.get(key)
    text = "" if there is None else str(there)
    if (same or str.__eq__)(text, new):
        return
    if not new:
        entry.pop(key, None)
        return
    value: Any = new
    if "\n" in new:
        value = LiteralScalarString(new)
    elif quoted or _MEANS_MORE.fullmatch(new):
        value = DoubleQuotedScalarString(new)
    if key in entry:
        entry[key] = value
    else:
        order = order or (_STEP_KEYS if key in _STEP_KEYS and "steps" not in entry else _GOAL_KEYS)
        before = order[: order.index(key)]
        place = 1 + max((list(entry).index(other) for other in before if other in entry), default=-1)
        entry.insert(place, key, value)


def _replace_items(listed: Any, kept: Any) -> None:
    """Replace the items of a list, keeping their comments."""
    if len(listed) == len(kept) and all(one is other for one, other in zip(listed, kept, strict=True)):
        return
    comments = {id(item): listed.ca.items.get(number) for number, item in enumerate(listed)}
    listed.ca.items.clear()
    del listed[:]
    for number, item in enumerate(kept):
        listed.append(item)
        if comments.get(id(item)) is not None:
            listed.ca.items[number] = comments[id(item)]
