"""Keeps from the garbage collector what stays: a large parse, of which it would look at every object for nothing."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def lasting(large: bool = True) -> Iterator[None]:
    """What the block makes stays, and holds no cycles: it is made without the collector and, if `large`, kept from it.

    10,000 goals are a million objects: a key that is pressed while the collector looks at all of them waits for 0.3
    seconds. Only the first time: whatever is alive then is kept from it, too, and later that may be a form that is open
    and soon closed.
    """
    enabled = gc.isenabled()
    first = large and not gc.get_freeze_count()
    gc.disable()
    try:
        yield
    finally:
        if first:
            gc.freeze()
        if enabled:
            gc.enable()
