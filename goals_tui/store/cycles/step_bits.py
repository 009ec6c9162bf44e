"""The bits that stand for steps in a query: the mask of a cycle has the bits of the steps that it reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

BITS_PER_WORD = 60
"""The number of bits of a mask in one BIGINT column; goals with more step bits get more columns."""


class Triple(NamedTuple):
    """A step of a goal under a version, as found in the log."""

    goal_id: str
    version: str
    step_id: str


@dataclass(frozen=True, slots=True)
class StepBit:
    """The effect of a triple on the masks of goal number `goal`: it sets bit `place`, or opens a cycle.

    `place` is None for an initial step, which opens a cycle. `rank` is the step's position in its
    goal, which orders events of the same time.
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
        """The number of the mask column."""
        return (self.place or 0) // BITS_PER_WORD

    @property
    def bit(self) -> int:
        """The value that is ORed into the mask column."""
        return 0 if self.place is None else 1 << (self.place % BITS_PER_WORD)

    def same_effect(self, other: StepBit) -> bool:
        """Return whether a query can treat both alike."""
        return (self.goal, self.rank, self.place) == (other.goal, other.rank, other.place)


def masks_of(places: Iterable[int], words: int) -> tuple[int, ...]:
    """Return the mask columns in which exactly these places are set."""
    masks = [0] * words
    for place in places:
        masks[place // BITS_PER_WORD] |= 1 << (place % BITS_PER_WORD)
    return tuple(masks)
