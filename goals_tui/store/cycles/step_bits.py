"""The step_bits of a query: which bit a step of a goal sets in the mask of what a cycle reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

BITS_PER_WORD = 60
"""How many bits of a mask one BIGINT column holds; goals with more step_bits get more columns."""


class Triple(NamedTuple):
    """A step of a goal under a version, as it occurs in the log."""

    goal_id: str
    version: str
    step_id: str


@dataclass(frozen=True, slots=True)
class StepBit:
    """What a triple sets in the masks of goal number `goal`: bit `place`; an initial step (None) opens the cycle.

    `rank` is the order of the step in its goal: it decides between events of the same moment.
    """

    goal_id: str
    version: str
    step_id: str
    goal: int
    rank: int
    completes: bool
    place: int | None

    @property
    def word(self) -> int:
        """The mask column."""
        return (self.place or 0) // BITS_PER_WORD

    @property
    def bit(self) -> int:
        """What is ORed into it."""
        return 0 if self.place is None else 1 << (self.place % BITS_PER_WORD)

    def same_effect(self, other: StepBit) -> bool:
        """Whether a query need not tell the two apart."""
        return (self.goal, self.rank, self.place) == (other.goal, other.rank, other.place)


def masks_of(places: Iterable[int], words: int) -> tuple[int, ...]:
    """The mask columns in which exactly these places are set."""
    masks = [0] * words
    for place in places:
        masks[place // BITS_PER_WORD] |= 1 << (place % BITS_PER_WORD)
    return tuple(masks)
