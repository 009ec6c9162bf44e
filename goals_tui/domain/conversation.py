"""The flow interpreter: one conversation with an AI agent, step by step (docs/semantics.md, *Flow*)."""

from __future__ import annotations

from collections.abc import Mapping

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.program import (
    PAUSE,
    Asked,
    Ended,
    EndReason,
    Fired,
    HandedOver,
    Instruction,
    Output,
    Passed,
    Program,
    Said,
    State,
)

__all__ = [
    "Asked",
    "Conversation",
    "EndReason",
    "Ended",
    "Fired",
    "HandedOver",
    "Output",
    "Passed",
    "Program",
    "Said",
]

MAX_NODES_WITHOUT_INPUT = 1_000_000
"""The most nodes that run in a row without a question; flows that execute each other could run for ever."""


class Conversation:
    """One run through flows, from the start of one of them to the end of the conversation.

    A conversation can't be restarted: another session needs another `Conversation`.
    """

    __slots__ = ("_started", "_state")

    def __init__(self, program: Program, flow_id: str) -> None:
        self._state = State(program.entry(flow_id))
        self._started = False

    @property
    def waiting(self) -> Asked | None:
        """The open question; None if there is none."""
        return self._state.waiting

    @property
    def ended(self) -> Ended | None:
        """The end of the conversation; None while it goes on."""
        return self._state.ended

    @property
    def values(self) -> Mapping[str, str]:
        """The answers that questions saved, by their `save_as` name."""
        return self._state.values

    def start(self) -> list[Output]:
        """Run to the first question or to the end. Raises RefusedError if the conversation has started already."""
        if self._started:
            raise RefusedError("The conversation has started already. Restart it to begin again.")
        self._started = True
        return self._run()

    def answer(self, text: str) -> list[Output]:
        """Answer the open question and run to the next one or to the end. Raises RefusedError if none is open."""
        state = self._state
        asked = state.waiting
        if asked is None:
            raise RefusedError("Nothing was asked: the conversation is over or has not started. Restart it.")
        state.waiting = None
        state.last_answer = text
        if asked.node.save_as:
            state.values[asked.node.save_as] = text
        return self._run()

    def _run(self) -> list[Output]:
        """Run to the next question or to the end.

        Between questions the state is only the current instruction, the return stack and the Once nodes seen. If all
        three repeat, the flow is in an endless loop. The state to compare with is renewed at every power of two,
        which finds a loop of any length (Brent's algorithm).
        """
        state = self._state
        outputs: list[Output] = []
        at = state.next
        mark: Instruction | None = None
        context: tuple[list[Instruction | None], int] = [], 0
        renew_at = 1
        for count in range(MAX_NODES_WITHOUT_INPUT):
            while at is None:
                if not state.stack:
                    state.end(outputs, "end", "The flow has ended.", None)
                    return outputs
                at = state.stack.pop()
            if at is mark and context == (state.stack, len(state.seen)):
                state.end(outputs, "loop", "The flow goes round in a circle without a question.", at.node)
                return outputs
            if count == renew_at:
                mark, context = at, (state.stack[:], len(state.seen))
                renew_at *= 2
            at = at.run(state, outputs)
            if at is PAUSE:
                return outputs
        message = f"{MAX_NODES_WITHOUT_INPUT:,} nodes ran without a question. Add a question or an end."
        state.end(outputs, "loop", message, at.node if at else None)
        return outputs
