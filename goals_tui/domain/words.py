"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """A number with its noun: 1 event, 1,200 events."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
