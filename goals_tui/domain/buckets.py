"""The stretches of a time axis: hours, days, weeks and months of a zone. What counts and what draws use the same."""

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
    """A stretch of a chart's time axis in the project's zone: [start, end), covering the days first to last.

    An hour is an hour of the clock: the one that comes twice in autumn makes two buckets. Where the clock is put by
    half an hour, an hour ends or begins there.
    """

    unit: Unit
    start: datetime
    end: datetime
    first: date
    last: date


def hour_at(moment: datetime, zone: ZoneInfo) -> TimeBucket:
    """The hour of the zone's clock that an instant lies in."""
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
    """Every hour from the one that `start` lies in until `end`."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    while start < end:
        bucket = hour_at(start, zone)
        yield bucket
        start = bucket.end.astimezone(UTC)


def days_at(unit: Unit, day: date, zone: ZoneInfo) -> TimeBucket:
    """The day, week (from Monday) or month that a day lies in."""
    first, last = day, day
    if unit == "week":
        first = day - timedelta(days=day.weekday())
        last = first + timedelta(days=6)
    elif unit == "month":
        first = day.replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return TimeBucket(unit, start_of_day(first, zone), start_of_day(last + timedelta(days=1), zone), first, last)


def days_between(unit: Unit, first: date, last: date, zone: ZoneInfo) -> Iterator[TimeBucket]:
    """Every day, week or month from the one of `first` to the one of `last`."""
    while first <= last:
        bucket = days_at(unit, first, zone)
        yield bucket
        first = bucket.last + timedelta(days=1)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second between two instants from which on the zone's clock goes as it does at `after`."""
    low, high = int(before.timestamp()), int(after.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == _offset(before, zone):
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
