"""What a node shows on its box: glyph, title, kind and a few lines, as pieces of text with a tone. No Textual."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from goals_tui.domain.flow import (
    KIND_TITLES,
    Condition,
    ExecuteFlow,
    Flow,
    GoTo,
    Handover,
    If,
    Lookup,
    Node,
    NodeKind,
    Once,
    Other,
    Question,
    Say,
    TrackGoal,
    place_in,
)
from goals_tui.domain.goal import Goal

Tone = Literal["plain", "dim", "title", "goal", "step", "completion", "button", "broken", "target"]
"""The role of a piece of text; the chart gives each a colour of the theme."""

Piece = tuple[Tone, str]
Line = tuple[Piece, ...]

KIND_GLYPHS: dict[NodeKind, str] = {
    "say": "»",
    "question": "?",
    "if": "◇",
    "lookup": "≡",
    "once": "◔",
    "go_to": "→",
    "execute_flow": "⇄",
    "handover": "☏",
    "track_goal": "⚑",
    "end": "■",
    "other": "⋯",
}
"""How a kind is marked, everywhere on the flows screen; each is one cell wide."""

MAX_STEP_LINES = 4
"""A Track Goal Process box lists so many steps, a line each; further ones are counted."""

SHORT_TITLES: dict[NodeKind, str] = {**KIND_TITLES, "track_goal": "Track Goal", "handover": "Handover"}
"""Kinds as narrow boxes name them."""

COMPARISON_WORDS = {"equals": "=", "not_equals": "≠", "contains": "contains", "exists": "exists"}


@dataclass(frozen=True)
class Names:
    """What the ids on nodes stand for."""

    goals: Mapping[str, Goal] = field(default_factory=dict)
    flows: Mapping[str, Flow] = field(default_factory=dict)

    def place(self, flow_id: str, node_id: str) -> str:
        """Where a node leads that names this flow and node; empty where the flow does not exist."""
        return place_in(self.flows[flow_id], node_id) if flow_id in self.flows else ""


@dataclass(frozen=True)
class Face:
    """What is written on a box. `kind` is empty where the title is the kind already."""

    glyph: str
    title: str
    kind: str
    lines: tuple[Line, ...]


def face_of(node: Node, names: Names, *, compact: bool = False) -> Face:
    """The face of a node; a compact one says less: no buttons, and the goal in the place of the kind."""
    titles = SHORT_TITLES if compact else KIND_TITLES
    kind = node.type if isinstance(node, Other) and node.type else titles[node.kind]
    lines = tuple(_lines(node, names))
    if compact:
        goal = names.goals.get(node.goal_id) if isinstance(node, TrackGoal) else None
        if goal is not None:
            return Face(KIND_GLYPHS[node.kind], node.label or goal.name, "", lines[1:])
        lines = lines[:1]
    return Face(KIND_GLYPHS[node.kind], node.label or kind, kind if node.label else "", lines)


def condition_text(condition: Condition) -> str:
    """A condition as one reads it: `answer = yes`, `flight contains Oslo`."""
    of = condition.of or "answer"
    word = COMPARISON_WORDS[condition.comparison]
    return f"{of} {word}" if condition.comparison == "exists" else f"{of} {word} {condition.to or '…'}"


def one_line(text: str) -> str:
    """Text of several lines as one."""
    return " ".join(text.split())


def _lines(node: Node, names: Names) -> list[Line]:
    match node:
        case Say(text=text) | Handover(text=text):
            if text.strip():
                return [(("plain", one_line(text)),)]
            return [(("dim", "says nothing yet"),)] if isinstance(node, Say) else []
        case Question():
            return _question(node)
        case If():
            return [(("plain", condition_text(node.condition)),)]
        case Lookup():
            return [(("plain", f"by {node.of or 'answer'}"),)]
        case Once():
            return []
        case GoTo() | ExecuteFlow():
            return [_target(node, names)]
        case TrackGoal():
            return _tracked(node, names)
        case Other():
            return _other(node)
        case _:
            return []


def _question(node: Question) -> list[Line]:
    lines: list[Line] = [(("plain", one_line(node.text)),) if node.text.strip() else (("dim", "asks nothing yet"),)]
    extra: list[Piece] = []
    for button in node.buttons:
        extra += [("button", f"[{button}]"), ("plain", " ")]
    if node.save_as:
        extra.append(("dim", f"→ {node.save_as}"))
    if extra:
        lines.append(tuple(extra))
    return lines


def _target(node: GoTo | ExecuteFlow, names: Names) -> Line:
    if not node.flow_id:
        return (("broken", "no flow chosen"),)
    place = names.place(node.flow_id, node.node_id)
    return (("target", place),) if place else (("broken", "a flow that does not exist"),)


def _tracked(node: TrackGoal, names: Names) -> list[Line]:
    if not node.goal_id:
        return [(("broken", "no goal selected"),)]
    goal = names.goals.get(node.goal_id)
    if goal is None:
        return [(("broken", "a goal that does not exist"),)]
    steps = [_step(goal, step_id) for step_id in goal.in_order(node.step_ids)] or [("broken", "no step selected")]
    shown = steps if len(steps) <= MAX_STEP_LINES else steps[: MAX_STEP_LINES - 1]
    lines: list[Line] = [(("goal", goal.name),), *((step,) for step in shown)]
    if len(shown) < len(steps):
        lines.append((("dim", f"+ {len(steps) - len(shown)} more steps"),))
    return lines


def _step(goal: Goal, step_id: str) -> Piece:
    for step in goal.steps:
        if step.id == step_id:
            return ("completion" if step.kind == "completion" else "step", f"{step.glyph} {step.name}")
    return "broken", "a step that does not exist"


def _other(node: Other) -> list[Line]:
    words = [f"{key}: {value}" for key, value in node.content.items() if isinstance(value, str | int | float)]
    return [(("dim", one_line(", ".join(words))),)] if words else [(("dim", "kept as it is, passed over"),)]
