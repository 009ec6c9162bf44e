"""What a conversation gives back while it runs: what was said, asked, tracked, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from goals_tui.domain.flow import Handover, Node, Question, TrackGoal

EndReason = Literal["end", "handover", "loop", "missing_flow"]


@dataclass(frozen=True, slots=True)
class Said:
    """The agent said `text`."""

    text: str
    node: Node


@dataclass(frozen=True, slots=True)
class Asked:
    """The agent asked `text`, with `buttons` to choose from, and waits for an answer."""

    text: str
    buttons: tuple[str, ...]
    node: Question


@dataclass(frozen=True, slots=True)
class Fired:
    """A Track Goal Process node ran: `step_ids` in the goal's order, the initial one first, all at one moment."""

    goal_id: str
    step_ids: tuple[str, ...]
    node: TrackGoal


@dataclass(frozen=True, slots=True)
class Passed:
    """Any other node ran; `way` is the branch that was taken, the flow that was entered, or empty."""

    way: str
    node: Node


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A human agent takes over; `text` is what the end user is told."""

    text: str
    node: Handover


@dataclass(frozen=True, slots=True)
class Ended:
    """The conversation is over. `node` is where, if it was at a node; `message` says why, for a person."""

    reason: EndReason
    message: str
    node: Node | None


Output = Said | Asked | Fired | Passed | HandedOver | Ended
