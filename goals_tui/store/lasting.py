"""Keeps from the garbage collector what stays: a large parse, of which it would look at every object for nothing."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def lasting(large: bool = True) -> Iterator[None]:
    """What the block makes stays, and holds no cycles: it is made without the collector and, if `large`, kept from it.

    10,000 goals are a million objects: a key that is pressed while the collector looks at all of them waits for 0.3
    seconds. Whatever is alive then is kept from it too, a form that is open and soon closed: the next time everything
    is looked at once before. The first time there is nothing of the kind, and a start that waits.
    """
    enabled = gc.isenabled()
    if large and gc.get_freeze_count():
        gc.unfreeze()
        gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if large:
            gc.freeze()
        if enabled:
            gc.enable()
