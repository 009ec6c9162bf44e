"""Times as tables hold them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from goals_tui.domain.model import clean_line

ACCEPTED = "2026-10-01T08:00:00Z, 2026-10-01 08:00, 2026/10/01 08:00, or seconds since 1970"
"""What `read_time` takes, for messages."""

_SECONDS = re.compile(r"\d{9,10}(\.\d+)?", re.ASCII)
_SLASHES = re.compile(r"\d{4}/\d\d/\d\d\b", re.ASCII)


def read_time(text: str) -> datetime:
    """The time that a cell holds, without a zone where it says none. Raises ValueError with what is accepted.

    Nine or ten digits are seconds since 1970 (from 1973 on); eight are a date, 20261001.
    """
    text = text.strip()
    if _SECONDS.fullmatch(text):
        return datetime.fromtimestamp(float(text), UTC)
    if _SLASHES.match(text):
        text = text.replace("/", "-", 2)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{clean_line(text)[:40]!r} is not a time: write {ACCEPTED}") from None
