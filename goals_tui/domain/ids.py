"""Identifiers of goals, steps, flows, nodes, events, versions and cycles."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from random import Random


def _random_bits(count: int) -> int:
    # A third of the time that `secrets.randbits` takes, from the same source.
    return int.from_bytes(os.urandom(count // 8), "big")


class Ids:
    """Makes identifiers: random ones, or the same ones again for the same `seed`."""

    def __init__(self, seed: int | str | None = None) -> None:
        self._bits: Callable[[int], int] = _random_bits if seed is None else Random(seed).getrandbits

    def hex24(self) -> str:
        """24 hex digits: goals, steps, flows, nodes, events."""
        return f"{self._bits(96):024x}"

    def uuid(self) -> str:
        """A version 4 UUID: references, versions, cycles."""
        return str(uuid.UUID(int=self._bits(128), version=4))
