"""The buckets of a time axis: hours, days, weeks and months in a time zone. Queries and charts share them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from goals_tui.domain.filters import start_of_day

Unit = Literal["hour", "day", "week", "month"]

_HOUR = timedelta(hours=1)
_TINY = timedelta(microseconds=1)


@dataclass(frozen=True)
class TimeBucket:
    """One bucket of a time axis: the time from `start` until before `end`, on the days `first` to `last`.

    An hour is one on the zone's clock: the hour that comes twice in autumn gives two buckets, and where the clock
    changes within an hour, such as by half an hour, the bucket ends or begins at the change.
    """

    unit: Unit
    start: datetime
    end: datetime
    first: date
    last: date


def hour_at(moment: datetime, zone: ZoneInfo) -> TimeBucket:
    """Return the hour of the zone's clock that contains a moment."""
    moment = moment.astimezone(UTC)
    local = moment.astimezone(zone)
    start = moment - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    end = start + _HOUR
    if _offset(start, zone) != _offset(moment, zone):
        start = _change(start, moment, zone)
    if _offset(end - _TINY, zone) != _offset(moment, zone):
        end = _change(moment, end - _TINY, zone)
    day = local.date()
    return TimeBucket("hour", start.astimezone(zone), end.astimezone(zone), day, day)


def hours_between(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[TimeBucket]:
    """Yield every hour from the one that contains `start` until `end`."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    while start < end:
        bucket = hour_at(start, zone)
        yield bucket
        start = bucket.end.astimezone(UTC)


def days_at(unit: Unit, day: date, zone: ZoneInfo) -> TimeBucket:
    """Return the day, week (from Monday) or month that contains a day."""
    first, last = day, day
    if unit == "week":
        first = day - timedelta(days=day.weekday())
        last = first + timedelta(days=6)
    elif unit == "month":
        first = day.replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return TimeBucket(unit, start_of_day(first, zone), start_of_day(last + timedelta(days=1), zone), first, last)


def days_between(unit: Unit, first: date, last: date, zone: ZoneInfo) -> Iterator[TimeBucket]:
    """Yield every day, week or month from the one that contains `first` to the one that contains `last`."""
    while first <= last:
        bucket = days_at(unit, first, zone)
        yield bucket
        first = bucket.last + timedelta(days=1)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the first second of the UTC offset that holds at `after`; it changes once between the two moments."""
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == _offset(before, zone):
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
