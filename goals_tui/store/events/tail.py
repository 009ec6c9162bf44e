"""Counts appended lines without DuckDB."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from goals_tui.store.atomic import refusal
from goals_tui.store.events.lines import pieces, read_line


@dataclass(slots=True)
class TailCount:
    """What a few files of lines hold."""

    events: int = 0
    torn: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, line: bytes) -> None:
        """Counts one line; blank ones say nothing."""
        fields = read_line(line)
        if fields is not None:
            moment: datetime = fields["timestamp"]
            self.events += 1
            self.first = moment if self.first is None or moment < self.first else self.first
            self.last = moment if self.last is None or moment > self.last else self.last
        elif line.strip():
            self.torn += 1


def count_tail(files: Iterable[Path]) -> TailCount:
    """Events, torn lines and the span of time of these files. Raises UnreadableError."""
    count = TailCount()
    for path in files:
        try:
            with path.open("rb") as file:
                for piece, starts, _ends in pieces(file):
                    if starts:
                        count.add(piece)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise refusal("read", path, error) from error
    return count
