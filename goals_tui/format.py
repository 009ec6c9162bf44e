"""Numbers as people read them: counts with their noun, percentages, long times."""

from __future__ import annotations


def plural(number: int, what: str) -> str:
    """A number with its noun: 1 event, 1,200 events."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def long_time(seconds: float) -> str:
    """A length of time in the two units that matter: 45 s, 12 min 30 s, 3 h 05 min, 4 d 2 h; with a sign before 0."""
    whole = round(seconds)
    if whole < 0:
        return f"-{long_time(-whole)}"
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if whole < 60:
        return f"{whole} s"
    if hours == 0:
        return f"{minute} min {second:02d} s" if second else f"{minute} min"
    if days == 0:
        return f"{hour} h {minute:02d} min" if minute else f"{hour} h"
    return f"{days} d {hour} h" if hour else f"{days} d"


def percent(share: float | None) -> str:
    """A rate as 56 %, with a decimal where it would read 0 or 100 and is not; — for none."""
    if share is None:
        return "—"
    rounded = round(share * 100)
    if (rounded == 0 and share > 0) or (rounded == 100 and share < 1):
        return f"{share * 100:.1f} %"
    return f"{rounded} %"
