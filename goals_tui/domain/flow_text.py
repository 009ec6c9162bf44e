"""Flows as text: the tree that `goals-tui flows show` prints, and one-line summaries of nodes."""

from __future__ import annotations

from collections.abc import Mapping

from goals_tui.domain.flow import (
    KIND_TITLES,
    Comparison,
    Condition,
    ExecuteFlow,
    Flow,
    GoTo,
    Handover,
    If,
    Lookup,
    Node,
    Other,
    Question,
    Say,
    TrackGoal,
    place_in,
)
from goals_tui.domain.goal import Goal

BROKEN = "✗"
"""The mark of a reference to something that does not exist."""

_LONGEST = 72
_COMPARISONS: dict[Comparison, str] = {"equals": "=", "not_equals": "≠", "contains": "contains", "exists": "exists"}


def draw(flow: Flow, goals: Mapping[str, Goal] | None, flows: Mapping[str, Flow]) -> list[str]:
    """Return the lines of a flow drawn as a tree, beginning with its name.

    `goals` and `flows`, by id, name the targets of its nodes; if `goals` is None, goals are not shown.
    """
    lines = [f"{flow.name}"]
    if not flow.nodes:
        return [*lines, "└─ (empty)"]
    # A stack: entries are pushed in reverse, so that the first line is popped first.
    pending: list[tuple[str, bool, Node | None, str, tuple[Node, ...]]] = []

    def push(prefix: str, nodes: tuple[Node, ...]) -> None:
        pending.extend(
            (prefix, place == len(nodes) - 1, node, "", ()) for place, node in reversed(list(enumerate(nodes)))
        )

    push("", flow.nodes)
    while pending:
        prefix, last, node, branch, inside = pending.pop()
        corner, deeper = ("└─ ", "   ") if last else ("├─ ", "│  ")
        if node is None:
            lines.append(f"{prefix}{corner}{branch}{'' if inside else ': —'}")
            push(prefix + deeper, inside)
            continue
        lines.append(prefix + corner + line(node, goals, flows))
        pending.extend(
            (prefix + deeper, place == len(node.branches) - 1, None, way.title, way.nodes)
            for place, way in reversed(list(enumerate(node.branches)))
        )
    return lines


def line(node: Node, goals: Mapping[str, Goal] | None, flows: Mapping[str, Flow]) -> str:
    """Return a node in one line: its kind, label and content."""
    kind = node.type if isinstance(node, Other) and node.type else KIND_TITLES[node.kind]
    label = f" “{node.label}”" if node.label and node.label != kind else ""
    content = summary(node, goals, flows)
    return f"{kind}{label}" + (f"  {content}" if content else "")


def search_text(node: Node, goals: Mapping[str, Goal] | None, flows: Mapping[str, Flow]) -> str:
    """Return all texts of a node by which it can be found: those of `line`, in full, and its comment and branches."""
    texts = [line(node, goals, flows), node.comment, *(branch.title for branch in node.branches)]
    if isinstance(node, Say | Handover | Question):
        texts.append(node.text)
    if isinstance(node, Other):
        texts += [str(value) for value in node.content.values() if isinstance(value, str)]
    return " ".join(texts)


def summary(node: Node, goals: Mapping[str, Goal] | None, flows: Mapping[str, Flow]) -> str:
    """Return the content of a node in one line, or an empty text; broken references are marked with ✗."""
    match node:
        case Say() | Handover():
            return _short(node.text)
        case Question():
            buttons = "".join(f" [{button}]" for button in node.buttons)
            return _short(node.text) + buttons + (f" → {node.save_as}" if node.save_as else "")
        case If():
            return _condition(node.condition)
        case Lookup():
            return node.of or "last answer"
        case GoTo() | ExecuteFlow():
            return _target(node, flows)
        case TrackGoal():
            return "" if goals is None else _tracked(node, goals)
        case _:
            return ""


def _condition(condition: Condition) -> str:
    of, comparison = condition.of or "last answer", _COMPARISONS[condition.comparison]
    return f"{of} {comparison}" if condition.comparison == "exists" else f"{of} {comparison} “{condition.to}”"


def _target(node: GoTo | ExecuteFlow, flows: Mapping[str, Flow]) -> str:
    if not node.flow_id:
        return f"{BROKEN} no flow chosen"
    if node.flow_id not in flows:
        return f"{BROKEN} a flow that does not exist"
    return f"→ {place_in(flows[node.flow_id], node.node_id)}"


def _tracked(node: TrackGoal, goals: Mapping[str, Goal]) -> str:
    if not node.goal_id:
        return f"{BROKEN} no goal selected"
    goal = goals.get(node.goal_id)
    if goal is None:
        return f"{BROKEN} a goal that does not exist"
    steps = {step.id: f"{step.glyph} {step.name}" for step in goal.steps}
    shown = [steps.get(step_id, f"{BROKEN} a step that does not exist") for step_id in goal.in_order(node.step_ids)]
    return f"{goal.name}: {', '.join(shown) or f'{BROKEN} no step selected'}"


def _short(text: str) -> str:
    first = " ".join(text.split())
    return first if len(first) <= _LONGEST else first[: _LONGEST - 1].rstrip() + "…"
