"""The garbage collector of benchmarks that run in this process is that of the program."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def collected_as_by_the_program() -> Iterator[None]:
    """What the tests have loaded is not looked through, and the threshold is the one that `goals_tui.__main__` sets."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000)
    yield
    gc.set_threshold(*before)
    gc.unfreeze()
