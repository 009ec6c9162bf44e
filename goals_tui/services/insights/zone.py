"""What the clock of a time zone shows, as pieces of constant offset that a query can compute with exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from goals_tui.store.events.queries import microseconds
from goals_tui.store.events.queries_cycles import Offsets

_DAY = 86_400


def offsets_between(zone: ZoneInfo, first: int, last: int) -> Offsets:
    """The zone's offsets from UTC between two instants: (from then on, so much), all in microseconds."""
    start, end = first // 1_000_000, last // 1_000_000
    pieces = [(0, _offset(zone, start))]
    for year in range(_year(start), _year(end) + 1):
        pieces += [(moment, offset) for moment, offset in _changes(zone, year) if start < moment <= end]
    return tuple((moment * 1_000_000, offset * 1_000_000) for moment, offset in pieces)


@lru_cache(maxsize=1024)
def _changes(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """When in a year (of UTC) the zone changes its offset, and to what; in seconds."""
    start = microseconds(datetime(year, 1, 1, tzinfo=UTC)) // 1_000_000
    end = microseconds(datetime(year + 1, 1, 1, tzinfo=UTC)) // 1_000_000
    found = []
    for day in range(start, end, _DAY):
        before, after = _offset(zone, day), _offset(zone, day + _DAY)
        if before != after:
            low, high = day, day + _DAY
            while high - low > 1:
                middle = (low + high) // 2
                if _offset(zone, middle) == before:
                    low = middle
                else:
                    high = middle
            found.append((high, after))
    return tuple(found)


def _offset(zone: ZoneInfo, moment: int) -> int:
    """Seconds beyond UTC at an instant."""
    offset = datetime.fromtimestamp(moment, zone).utcoffset() or timedelta()
    return offset.days * _DAY + offset.seconds


def _year(moment: int) -> int:
    return datetime.fromtimestamp(moment, UTC).year
