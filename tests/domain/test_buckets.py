"""Hours, days, weeks and months of a zone, one after the other without a gap."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.buckets import TimeBucket, Unit, days_between, hour_at, hours_between
from tests.examples import examples

HALF_AN_HOUR = "Australia/Lord_Howe"
"""Its summer time is half an hour."""


def clock(bucket: TimeBucket) -> str:
    return f"{bucket.start:%H:%M}-{bucket.end:%H:%M}"


@pytest.mark.parametrize(
    ("zone", "since", "expected"),
    [
        ("Europe/Berlin", datetime(2026, 3, 29, 0, 30), ["01:00-03:00", "03:00-04:00", "04:00-05:00"]),
        ("Europe/Berlin", datetime(2026, 10, 25, 0, 30), ["02:00-02:00", "02:00-03:00", "03:00-04:00"]),
        (HALF_AN_HOUR, datetime(2026, 10, 3, 15, 10), ["01:00-02:30", "02:30-03:00", "03:00-04:00"]),
        (HALF_AN_HOUR, datetime(2026, 4, 4, 14, 10), ["01:00-01:30", "01:30-02:00", "02:00-03:00"]),
        ("Asia/Kathmandu", datetime(2026, 4, 4, 0, 20), ["06:00-07:00", "07:00-08:00", "08:00-09:00"]),
    ],
)
def test_hours_are_those_of_the_clock(zone: str, since: datetime, expected: list[str]) -> None:
    start = since.replace(tzinfo=UTC)
    found = hours_between(start, start + timedelta(hours=3), ZoneInfo(zone))
    assert [clock(bucket) for bucket in found][:3] == expected


@given(st.sampled_from(sorted(available_timezones())), st.integers(0, 2**32))
@examples(300)
def test_an_hour_begins_where_the_one_before_it_ends_and_every_instant_in_it_says_so(zone: str, at: int) -> None:
    where, moment = ZoneInfo(zone), datetime.fromtimestamp(at, UTC)
    first, second, *_ = hours_between(moment, moment + timedelta(hours=2), where)
    assert first.start.astimezone(UTC) <= moment < first.end.astimezone(UTC) == second.start.astimezone(UTC)
    for inside in (first.start.astimezone(UTC), first.end.astimezone(UTC) - timedelta(microseconds=1)):
        assert hour_at(inside, where) == first


@pytest.mark.parametrize("unit", ["day", "week", "month"])
def test_buckets_of_days_cover_every_day_once(unit: Unit) -> None:
    buckets = list(days_between(unit, date(2026, 2, 25), date(2026, 4, 2), ZoneInfo("Europe/Berlin")))
    assert buckets[0].first <= date(2026, 2, 25)
    assert buckets[-1].last >= date(2026, 4, 2)
    for one, following in itertools.pairwise(buckets):
        assert (one.end, one.last + timedelta(days=1)) == (following.start, following.first)
