"""Flows compiled for the interpreter: linked instructions, and the outputs that they produce."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from goals_tui.domain.errors import NotFoundError
from goals_tui.domain.flow import (
    End,
    ExecuteFlow,
    Flow,
    GoTo,
    Handover,
    If,
    Lookup,
    Node,
    Once,
    Question,
    Say,
    TrackGoal,
)
from goals_tui.domain.goal import Goal
from goals_tui.domain.words import fold

EndReason = Literal["end", "handover", "loop", "missing_flow"]


@dataclass(frozen=True, slots=True)
class Said:
    """The agent said `text`."""

    text: str
    node: Node


@dataclass(frozen=True, slots=True)
class Asked:
    """The agent asked `text`, offered `buttons`, and waits for an answer."""

    text: str
    buttons: tuple[str, ...]
    node: Question


@dataclass(frozen=True, slots=True)
class Fired:
    """A Track Goal Process node fired steps, all at one moment; `step_ids` are in the goal's order."""

    goal_id: str
    step_ids: tuple[str, ...]
    node: TrackGoal


@dataclass(frozen=True, slots=True)
class Passed:
    """Any other node ran; `way` is the title of the branch that was taken, or empty."""

    way: str
    node: Node


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A human agent takes over; `text` is the message to the end user."""

    text: str
    node: Handover


@dataclass(frozen=True, slots=True)
class Ended:
    """The conversation is over. `node` is the one at which it ended, if any; `message` gives the reason in words."""

    reason: EndReason
    message: str
    node: Node | None


Output = Said | Asked | Fired | Passed | HandedOver | Ended
MAX_EXECUTED = 50
"""The deepest nesting of Execute Flow nodes while a conversation runs."""


class State:
    """The state of a conversation. `next` runs next; `stack` holds the instructions to which executed flows return."""

    __slots__ = ("ended", "last_answer", "next", "seen", "stack", "values", "waiting")

    def __init__(self, entry: Instruction | None) -> None:
        self.next = entry
        self.stack: list[Instruction | None] = []
        self.seen: set[Instruction] = set()
        self.values: dict[str, str] = {}
        self.last_answer = ""
        self.waiting: Asked | None = None
        self.ended: Ended | None = None

    def value(self, name: str) -> str:
        """Return the saved value of this name, or the last answer for an empty name."""
        return self.values.get(name, "") if name else self.last_answer

    def end(self, outputs: list[Output], reason: EndReason, message: str, node: Node | None) -> None:
        """End the conversation."""
        self.ended = Ended(reason, message, node)
        outputs.append(self.ended)


class Instruction(ABC):
    """A compiled node. `next` follows it, in its own sequence or an outer one; None ends the flow."""

    __slots__ = ("next", "node")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.next: Instruction | None = None

    @abstractmethod
    def run(self, state: State, outputs: list[Output]) -> Instruction | None:
        """Run the node, and return the next instruction, None at the end of the flow, or PAUSE."""


class _Emit(Instruction):
    """A node with one fixed output: Say, Track Goal Process, and nodes that are skipped."""

    __slots__ = ("output",)

    def __init__(self, node: Node, output: Output) -> None:
        super().__init__(node)
        self.output = output

    def run(self, state: State, outputs: list[Output]) -> Instruction | None:
        outputs.append(self.output)
        return self.next


class _End(_Emit):
    def run(self, state: State, outputs: list[Output]) -> Instruction | None:
        outputs.append(self.output)
        return None


class _Ask(Instruction):
    __slots__ = ("asked",)

    def __init__(self, node: Question) -> None:
        super().__init__(node)
        self.asked = Asked(node.text, node.buttons, node)

    def run(self, state: State, outputs: list[Output]) -> Instruction | None:
        outputs.append(self.asked)
        state.waiting = self.asked
        state.next = self.next
        return PAUSE


class _Handover(Instruction):
    __slots__ = ("handed",)

    def __init__(self, node: Handover) -> None:
        super().__init__(node)
        self.handed = HandedOver(node.text, node)

    def run(self, state: State, outputs: list[Output]) -> Instruction | None:
        outputs.append(self.handed)
        state.end(outputs, "handover", "A human agent has taken over.", self.node)
        return PAUSE


class _Branching(Instruction):
    """A node that chooses one of `ways`, which are in the order of the node's branches."""

    __slots__ = ("outputs", "ways")

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        self.ways: list[Instruction | None] = []
        self.outputs = [Passed(branch.title, node) for branch in node.branches]

    def run(self, state: State, outputs: list[Output]) -> Instruction | None:
        way = self.choose(state)
        if way < 0:
            outputs.append(Passed("", self.node))
            return self.next
        outputs.append(self.outputs[way])
        return self.ways[way]

    @abstractmethod
    def choose(self, state: State) -> int:
        """Return the number of the branch to take, or -1 if no branch fits."""


def _place(node: Node, kind: str) -> int:
    return next((place for place, branch in enumerate(node.branches) if branch.kind == kind), -1)


class _If(_Branching):
    __slots__ = ("comparison", "of", "otherwise", "then", "to")

    def __init__(self, node: If) -> None:
        super().__init__(node)
        self.of, self.comparison, self.to = (
            node.condition.of,
            node.condition.comparison,
            folded_answer(node.condition.to),
        )
        self.then, self.otherwise = _place(node, "then"), _place(node, "else")

    def choose(self, state: State) -> int:
        return self.then if compares(folded_answer(state.value(self.of)), self.comparison, self.to) else self.otherwise


class _Lookup(_Branching):
    __slots__ = ("cases", "default", "of")

    def __init__(self, node: Lookup) -> None:
        super().__init__(node)
        self.of = node.of
        self.default = _place(node, "default")
        self.cases: dict[str, int] = {}
        for place, branch in enumerate(node.branches):
            if branch.kind == "case":
                self.cases.setdefault(folded_answer(branch.value), place)

    def choose(self, state: State) -> int:
        return self.cases.get(folded_answer(state.value(self.of)), self.default)


class _Once(_Branching):
    __slots__ = ("afterwards", "first")

    def __init__(self, node: Once) -> None:
        super().__init__(node)
        self.first, self.afterwards = _place(node, "first"), _place(node, "afterwards")

    def choose(self, state: State) -> int:
        if self in state.seen:
            return self.afterwards
        state.seen.add(self)
        return self.first


class _Enter(Instruction):
    """A Go To or Execute Flow node. Its target is looked up when it runs, because it may be compiled later."""

    __slots__ = ("at", "comes_back", "output", "program", "target")

    def __init__(self, node: GoTo | ExecuteFlow, program: Program) -> None:
        super().__init__(node)
        self.target, self.at = node.flow_id, node.node_id
        self.comes_back = isinstance(node, ExecuteFlow)
        self.program = program
        self.output = Passed("", node)

    def run(self, state: State, outputs: list[Output]) -> Instruction | None:
        outputs.append(self.output)
        entries = self.program.entries
        if self.target not in entries:
            message = "The flow to go on in does not exist." if self.target else "No flow was chosen to go on in."
            state.end(outputs, "missing_flow", message, self.node)
            return PAUSE
        # An Execute Flow at the end of its flow has nothing to return to, so it needs no entry in the stack.
        if self.comes_back and self.next is not None:
            if len(state.stack) >= MAX_EXECUTED:
                message = f"Flows execute each other more than {MAX_EXECUTED} deep: they go round in a circle."
                state.end(outputs, "loop", message, self.node)
                return PAUSE
            state.stack.append(self.next)
        # If the target node was deleted, its flow is still the intended one; the flow check reports the node.
        return self.program.places[self.target].get(self.at, entries[self.target])


PAUSE: Final = _End(End(id="0" * 24), Ended("end", "", None))
"""Returned by instructions that stop the conversation, because it waits for an answer or is over."""


class Program:
    """Compiled flows. If `goals` are given, steps fire in the goal's order, and steps that were deleted do not fire."""

    def __init__(self, flows: Iterable[Flow], goals: Iterable[Goal] | None = None) -> None:
        self.entries: dict[str, Instruction | None] = {}
        self.places: dict[str, dict[str, Instruction]] = {}
        self._names: dict[str, str] = {}
        self._goals = None if goals is None else {goal.id: goal for goal in goals}
        for flow in flows:
            self._names[flow.id] = flow.name
            self.entries[flow.id] = self._compile(flow)

    def entry(self, flow_id: str) -> Instruction | None:
        """Return the first instruction of a flow, or None for an empty flow. Raises NotFoundError."""
        if flow_id not in self.entries:
            raise NotFoundError("flow", flow_id, self._names.values())
        return self.entries[flow_id]

    def _compile(self, flow: Flow) -> Instruction | None:
        made = self.places[flow.id] = {node.id: self._instruction(node) for node in flow.walk()}
        pending: list[tuple[tuple[Node, ...], Instruction | None]] = [(flow.nodes, None)]
        while pending:
            nodes, after = pending.pop()
            for node in reversed(nodes):
                instruction = made[node.id]
                instruction.next = after
                if isinstance(instruction, _Branching):
                    for branch in node.branches:
                        instruction.ways.append(made[branch.nodes[0].id] if branch.nodes else after)
                        pending.append((branch.nodes, after))
                after = instruction
        return made[flow.nodes[0].id] if flow.nodes else None

    def _instruction(self, node: Node) -> Instruction:
        match node:
            case Say():
                return _Emit(node, Said(node.text, node))
            case Question():
                return _Ask(node)
            case If():
                return _If(node)
            case Lookup():
                return _Lookup(node)
            case Once():
                return _Once(node)
            case GoTo() | ExecuteFlow():
                return _Enter(node, self)
            case Handover():
                return _Handover(node)
            case End():
                return _End(node, Passed("", node))
            case TrackGoal():
                steps = self._steps(node)
                return _Emit(node, Fired(node.goal_id, steps, node) if steps else Passed("", node))
            case _:
                return _Emit(node, Passed("", node))

    def _steps(self, node: TrackGoal) -> tuple[str, ...]:
        if self._goals is None:
            return tuple(dict.fromkeys(node.step_ids)) if node.goal_id else ()
        goal = self._goals.get(node.goal_id)
        if goal is None:
            return ()
        known = {step.id for step in goal.steps}
        return goal.in_order(step_id for step_id in node.step_ids if step_id in known)


def compares(value: str, comparison: str, to: str) -> bool:
    """Return whether an answer or saved value meets a condition; both are `folded_answer`."""
    if comparison == "equals":
        return value == to
    if comparison == "not_equals":
        return value != to
    return to in value if comparison == "contains" else value != ""


def folded_answer(text: str) -> str:
    """Return a text as conditions and cases compare it: without case and surrounding white space."""
    return fold(text.strip())
