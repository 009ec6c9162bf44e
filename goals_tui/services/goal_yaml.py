"""The format of files of goals (docs/files.md): read node by node, and written with the comments that are there.

Reading reports a mistake with its line and column. Writing updates a file in a round trip, so that comments and the
order of goals survive.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from goals_tui.domain.activity import Trigger
from goals_tui.domain.errors import RefusedError
from goals_tui.domain.goal import Goal, Step, StepKind
from goals_tui.domain.model import reason
from goals_tui.domain.project import Project, currency_digits
from goals_tui.domain.value import SuccessMetrics, format_amount, format_duration, parse_amount, parse_duration
from goals_tui.domain.words import fold
from goals_tui.services.yaml_files import NodeReader, NotYamlError, Place, compose, is_mapping, place, round_trip

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

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


def goals_text(goals: Sequence[Goal], project: Project, known: Collection[str], before: str = "") -> str:
    """Return goals as the text of a file; `before` is the text of an existing file whose comments and order are kept.

    Goals of that file that the project no longer has are removed from it; its other goals stay as they are if they are
    not among `goals`. `known` are the ids of all goals of the project.
    """
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

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
    digits = currency_digits(project.currency)
    written = {goal.id: goal for goal in goals}
    by_name = {fold(goal.name): goal.id for goal in goals}
    kept = CommentedSeq()
    for entry in listed:
        goal_id = str(entry.get("id") or by_name.get(fold(str(entry.get("name", ""))), ""))
        goal = written.pop(goal_id, None)
        if goal is not None:
            _update_goal(entry, goal, digits)
            kept.append(entry)
        elif goal_id and goal_id in known:
            kept.append(entry)
    for goal in goals:
        if goal.id in written:
            entry = CommentedMap()
            _update_goal(entry, goal, digits)
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


def target_text(target: Decimal | None) -> str:
    """Return a target as it is written: 0.6, or "none"."""
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
    _set(entry, "target", "" if goal.target is None else target_text(goal.target), same=_same_target)
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
        entry["triggers"] = CommentedSeq(
            CommentedMap((key, _scalar(text)) for key, text in each.items()) for each in new
        )


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
    entry: Any, key: str, new: str, *, quoted: bool = False, same: Callable[[str, str], bool] | None = None
) -> None:
    """Write a value unless the file has an equivalent one; an empty value removes the key."""
    there = entry.get(key)
    text = "" if there is None else str(there)
    if (same or str.__eq__)(text, new):
        return
    if not new:
        entry.pop(key, None)
        return
    value = _scalar(new, quoted=quoted)
    if key in entry:
        entry[key] = value
    else:
        order = _STEP_KEYS if key in _STEP_KEYS and "steps" not in entry else _GOAL_KEYS
        before = order[: order.index(key)]
        place = 1 + max((list(entry).index(other) for other in before if other in entry), default=-1)
        entry.insert(place, key, value)


def _scalar(text: str, *, quoted: bool = False) -> Any:
    """Return a text in the style in which it is written."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

    if "\n" in text:
        return LiteralScalarString(text)
    return DoubleQuotedScalarString(text) if quoted or _MEANS_MORE.fullmatch(text) else text


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
