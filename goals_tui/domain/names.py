"""Names that are not taken yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from goals_tui.domain.model import MAX_NAME
from goals_tui.domain.words import fold


def free_name(name: str, taken: Iterable[str]) -> str:
    """Return `name`, or `name (2)` and so on where it is taken, within the maximum length of names."""
    folded = {fold(other) for other in taken}
    return first_free(name, lambda one: fold(one) in folded)


def first_free(name: str, is_taken: Callable[[str], bool]) -> str:
    """Return `name`, or the first of `name (2)`, `name (3)`, ... for which `is_taken` is false."""
    free, number = name, 1
    while is_taken(free):
        number += 1
        mark = f" ({number})"
        free = f"{name[: MAX_NAME - len(mark)].rstrip()}{mark}"
    return free
