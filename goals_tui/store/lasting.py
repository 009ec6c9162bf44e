"""Keeps from the garbage collector what stays: a large parse, of which it would look at every object for nothing."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def lasting(large: bool = True) -> Iterator[None]:
    """What the block makes stays, and holds no cycles: it is made without the collector and, if `large`, kept from it.

    10,000 goals are a million objects: a key that is pressed while the collector looks at all of them waits for 0.3
    seconds. What is garbage already is collected before, or it would be kept for good; the first time there is hardly
    any, and a start that waits for it.
    """
    enabled = gc.isenabled()
    if large and gc.get_freeze_count():
        gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if large:
            gc.freeze()
        if enabled:
            gc.enable()
