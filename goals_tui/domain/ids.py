"""Identifiers of goals, steps, flows, nodes, events, versions and cycles."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from random import Random


def _random_bits(count: int) -> int:
    # Three times as fast as `secrets.randbits`, from the same source.
    return int.from_bytes(os.urandom(count // 8), "big")


class Ids:
    """A generator of identifiers: random, or reproducible if a `seed` is given."""

    def __init__(self, seed: int | str | None = None) -> None:
        self._bits: Callable[[int], int] = _random_bits if seed is None else Random(seed).getrandbits

    def hex24(self) -> str:
        """Return 24 hex digits, the form of ids of goals, steps, flows, nodes and events."""
        return f"{self._bits(96):024x}"

    def uuid(self) -> str:
        """Return a version 4 UUID, the form of reference ids, versions and cycle ids."""
        return str(uuid.UUID(int=self._bits(128), version=4))
