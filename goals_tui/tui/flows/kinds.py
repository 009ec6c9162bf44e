"""Kinds of nodes: their glyphs, titles and texts on the chart, and the menu that adds a node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content

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
from goals_tui.tui.app.actions import bindings
from goals_tui.tui.app.dialogs import Dialog
from goals_tui.tui.widgets.fields import Hanging
from goals_tui.tui.widgets.search_list import Option, SearchList

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
"""The glyph of each kind on the Flows screen; each is one cell wide."""
MAX_STEP_LINES = 4
"""Maximum lines for steps in a Track Goal Process box; if there are more steps, the last line counts the rest."""
SHORT_TITLES: dict[NodeKind, str] = {**KIND_TITLES, "track_goal": "Track Goal", "handover": "Handover"}
"""The titles of kinds on narrow boxes."""
COMPARISON_WORDS = {"equals": "=", "not_equals": "≠", "contains": "contains", "exists": "exists"}


@dataclass(frozen=True)
class Names:
    """Goals and flows by id, for naming those that nodes refer to."""

    goals: Mapping[str, Goal] = field(default_factory=dict)
    flows: Mapping[str, Flow] = field(default_factory=dict)

    def place(self, flow_id: str, node_id: str) -> str:
        """Return the name of a place that a node leads to; empty if the flow does not exist."""
        return place_in(self.flows[flow_id], node_id) if flow_id in self.flows else ""


@dataclass(frozen=True)
class Appearance:
    """The texts on a box; `kind` is empty if it is not shown beside the title."""

    glyph: str
    title: str
    kind: str
    lines: tuple[Line, ...]


def appearance_of(node: Node, names: Names, *, compact: bool = False) -> Appearance:
    """Return the texts on a node's box; a compact box shows no buttons, and the goal in place of the kind."""
    titles = SHORT_TITLES if compact else KIND_TITLES
    kind = node.type if isinstance(node, Other) and node.type else titles[node.kind]
    lines = tuple(_lines(node, names))
    if node.comment and not compact:
        lines = (*lines, (("dim", f"✎ {one_line(node.comment)}"),))
    if compact:
        goal = names.goals.get(node.goal_id) if isinstance(node, TrackGoal) else None
        if goal is not None:
            return Appearance(KIND_GLYPHS[node.kind], node.label or goal.name, "", lines[1:])
        lines = lines[:1]
    return Appearance(KIND_GLYPHS[node.kind], node.label or kind, kind if node.label else "", lines)


def condition_text(condition: Condition) -> str:
    """Return a condition as text: `answer = yes`, `flight contains Oslo`."""
    of = condition.of or "answer"
    word = COMPARISON_WORDS[condition.comparison]
    return f"{of} {word}" if condition.comparison == "exists" else f"{of} {word} {condition.to or '…'}"


def one_line(text: str) -> str:
    """Join the lines of a text into one."""
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


KINDS: tuple[tuple[str, NodeKind, str], ...] = (
    ("s", "say", "the agent says something"),
    ("q", "question", "the agent asks and waits for an answer"),
    ("t", "track_goal", "records steps of a goal"),
    ("i", "if", "two branches by a condition"),
    ("l", "lookup", "a branch for each value, and a default"),
    ("o", "once", "first time, and afterwards"),
    ("g", "go_to", "continues in another flow"),
    ("x", "execute_flow", "runs another flow and comes back"),
    ("h", "handover", "a human agent takes over"),
    ("e", "end", "ends the flow here"),
)
"""The letter, kind and description of each entry of the menu."""


class KindMenu(Dialog[NodeKind]):
    """A dialog that asks which kind of node to add."""

    CONTEXT = "flows.kinds"
    BINDINGS = bindings("flows.kinds")
    DEFAULT_CSS = """
    KindMenu > #dialog { width: 78; }
    KindMenu #dialog-buttons { display: none; }
    KindMenu SearchList { height: auto; }
    KindMenu Search { display: none; }
    KindMenu.-searching Search { display: block; margin: 1 0; }
    KindMenu Options { height: auto; max-height: 12; }
    """

    def __init__(self, where: str) -> None:
        super().__init__("Add a node")
        self.where = where

    def compose_dialog(self) -> ComposeResult:
        from textual.widgets import Static

        yield Static(self.where, classes="dialog-text quiet", markup=False)
        yield SearchList(_row, focus_list=True)

    def on_mount(self) -> None:
        """List all kinds and focus the list, so that letters choose a kind."""
        found = self.query_one(SearchList)
        found.fill(Option(kind, KIND_TITLES[kind], text) for _, kind, text in KINDS)
        found.rows.focus()

    def action_search(self) -> None:
        """Open the search field."""
        self.add_class("-searching")
        self.query_one(SearchList).search.focus()

    def on_key(self, event: events.Key) -> None:
        """Choose a kind by its letter, unless the search is open."""
        if self.has_class("-searching"):
            return
        for letter, kind, _ in KINDS:
            if event.key == letter:
                event.stop()
                self.dismiss(kind)

    @on(SearchList.Chosen)
    def _chosen(self, event: SearchList.Chosen) -> None:
        self.dismiss(cast(NodeKind, event.option.value))


_LETTERS = {kind: letter for letter, kind, _ in KINDS}


def _row(option: Option) -> Hanging:
    kind = cast(NodeKind, option.value)
    begin = Content.assemble((f" {_LETTERS[kind]} ", "bold $primary"), f" {KIND_GLYPHS[kind]} ", f"{option.title:<20}")
    return Hanging(begin, Content.styled(option.note, "$quiet"))
