from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goals_tui.domain.errors import RefusedError, WrongValueError
from goals_tui.domain.filters import (
    Choice,
    Filters,
    Span,
    SpanName,
    moment_in,
    parse_moment,
    resolve_span,
    span_name,
    start_of_day,
)
from tests.examples import examples

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
"""In Berlin it is 21 November already."""

ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Africa/Cairo", "Asia/Kathmandu", "Pacific/Apia", "Asia/Beirut"]


def span(name: SpanName, zone: ZoneInfo = BERLIN, now: datetime = NOW) -> Span:
    return resolve_span(Filters(span=name), now, zone)


def custom(since: str | None, until: str | None, zone: ZoneInfo = BERLIN) -> Span:
    return resolve_span(Filters(span="custom", since=since, until=until), NOW, zone)


def seconds(made: Span) -> float:
    assert made.start and made.end
    return made.end.timestamp() - made.start.timestamp()


def test_a_start_in_the_future_without_an_end_goes_to_the_end_of_its_day_in_the_zone() -> None:
    """13:00 in UTC is midnight of the next day there."""
    made = custom("2026-12-06T13:00:00+00:00", None, ZoneInfo("Australia/Lord_Howe"))
    assert made.start and made.end
    assert (made.start.isoformat(), made.end.isoformat()) == ("2026-12-07T00:00:00+11:00", "2026-12-08T00:00:00+11:00")


@pytest.mark.parametrize(
    ("name", "start", "days"),
    [
        ("today", "2026-11-21T00:00:00+01:00", 1),
        ("last-7-days", "2026-11-15T00:00:00+01:00", 7),
        ("last-30-days", "2026-10-23T00:00:00+02:00", 30),
        ("last-365-days", "2025-11-22T00:00:00+01:00", 365),
        ("this-month", "2026-11-01T00:00:00+01:00", 21),
        ("this-year", "2026-01-01T00:00:00+01:00", 325),
    ],
)
def test_named_spans_run_until_now(name: SpanName, start: str, days: int) -> None:
    made = span(name)
    assert made.start and made.end and made.asked_end
    assert (made.start.isoformat(), made.end.isoformat(), made.days) == (start, "2026-11-21T00:30:00+01:00", days)
    assert (made.asked_end.isoformat(), made.over) == ("2026-11-22T00:00:00+01:00", False)


def test_all_time_has_no_ends() -> None:
    assert span("all") == Span(name="all", start=None, end=None, days=None, over=False)
    assert span("all").previous() is None


def test_days_of_23_and_25_hours() -> None:
    assert seconds(custom("2026-03-29", "2026-03-29")) == 23 * 3600
    assert seconds(custom("2026-10-25", "2026-10-25")) == 25 * 3600
    week = custom("2026-10-25", "2026-10-31")
    before = week.previous()
    assert before and before.start and before.end == week.start
    assert before.start.isoformat() == "2026-10-18T00:00:00+02:00"
    assert (week.days, before.days) == (7, 7)
    assert seconds(week) - seconds(before) == 3600


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        # The clock skips midnight: the day begins an hour late.
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T01:00:00-02:00"),
        ("Asia/Beirut", date(2022, 3, 27), "2022-03-27T01:00:00+03:00"),
        # The clock passes midnight twice: the day begins with the first time.
        ("America/Havana", date(2026, 11, 1), "2026-11-01T00:00:00-04:00"),
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-29T00:00:00+01:00"),
    ],
)
def test_the_first_moment_of_a_day(zone: str, day: date, start: str) -> None:
    assert start_of_day(day, ZoneInfo(zone)).isoformat() == start


def test_a_day_that_the_zone_skipped_is_empty() -> None:
    # Samoa went over the date line: there was no 30 December 2011.
    apia = ZoneInfo("Pacific/Apia")
    assert start_of_day(date(2011, 12, 30), apia) == start_of_day(date(2011, 12, 31), apia)


def test_leap_days_and_the_turn_of_the_year() -> None:
    assert custom("2028-02-28", "2028-03-01").days == 3
    assert custom("2027-02-28", "2027-03-01").days == 2
    assert custom("2027-12-31", "2028-01-01").days == 2
    leap = datetime(2028, 2, 29, 12, tzinfo=UTC)
    assert span("this-month", now=leap).days == 29
    assert span("last-365-days", now=leap).start == start_of_day(date(2027, 3, 2), BERLIN)
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert span("this-year", now=new_year).days == 1
    assert span("this-year", ZoneInfo("UTC"), new_year).days == 365


@examples(100)
@given(zone=st.sampled_from(ZONES), day=st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_days_follow_each_other_without_gap(zone: str, day: date) -> None:
    tz = ZoneInfo(zone)
    start, end = start_of_day(day, tz), start_of_day(day + timedelta(days=1), tz)
    assert 0 <= end.timestamp() - start.timestamp() <= 26 * 3600
    if end.timestamp() > start.timestamp():
        assert datetime.fromtimestamp(start.timestamp(), tz).date() == day
        assert datetime.fromtimestamp(end.timestamp() - 1, tz).date() == day
    assert datetime.fromtimestamp(start.timestamp() - 1, tz).date() < day


@examples(60)
@given(zone=st.sampled_from(ZONES), since=st.dates(date(2000, 1, 1), date(2050, 1, 1)), length=st.integers(0, 400))
def test_the_span_before_ends_where_this_one_begins(zone: str, since: date, length: int) -> None:
    made = custom(since.isoformat(), (since + timedelta(days=length)).isoformat(), ZoneInfo(zone))
    before = made.previous()
    assert before is not None and before.days == made.days
    if made.over:
        assert before.end == made.start and made.days == length + 1


def wall(moment: datetime | None) -> datetime:
    assert moment is not None
    return moment.replace(tzinfo=None)


CHANGES = {
    "Europe/Berlin": [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)],
    "America/Sao_Paulo": [datetime(2018, 11, 4, 3, tzinfo=UTC), datetime(2018, 2, 18, 2, tzinfo=UTC)],
    "Pacific/Apia": [datetime(2011, 12, 30, 10, tzinfo=UTC)],
    "Asia/Kathmandu": [datetime(1985, 12, 31, 18, 30, tzinfo=UTC)],
}
"""The days on which clocks were put, one of them by a whole day."""


@examples(200)
@given(
    change=st.sampled_from([(zone, moment) for zone, moments in CHANGES.items() for moment in moments]),
    off=st.timedeltas(timedelta(days=-9), timedelta(days=9)),
    name=st.sampled_from(["today", "last-7-days", "last-30-days", "this-month", "this-year"]),
)
def test_both_ends_move_back_by_the_clock(change: tuple[str, datetime], off: timedelta, name: SpanName) -> None:
    """Around changes of the clock: as many days before, until the same time of day, unless the clock skipped it."""
    zone, now = ZoneInfo(change[0]), change[1] + off
    made = span(name, zone, now)
    before = made.previous()
    assert made.start and made.end and made.days and before and before.start and before.end
    assert made.end.timestamp() == now.timestamp() and not made.over
    back = timedelta(days=made.days)
    starts, ends = wall(made.start).date() - back, wall(made.end) - back
    assert before.start == start_of_day(starts, zone)
    assert before.start.timestamp() <= before.end.timestamp() <= made.start.timestamp()
    real = datetime.fromtimestamp(ends.replace(tzinfo=zone).timestamp(), zone)
    if wall(real) == ends:
        assert wall(before.end) == ends
    else:
        assert before.end.timestamp() == min(real.timestamp(), made.start.timestamp()), "the clock skipped that time"


@examples(100)
@given(
    zone=st.sampled_from(ZONES),
    start=st.datetimes(datetime(2000, 1, 1), datetime(2026, 11, 19), timezones=st.just(UTC)),
    length=st.timedeltas(timedelta(seconds=1), timedelta(days=400)),
)
def test_a_span_with_times_moves_back_by_its_length(zone: str, start: datetime, length: timedelta) -> None:
    made = custom(start.isoformat(), (start + length).isoformat(), ZoneInfo(zone))
    before = made.previous()
    assert before and before.end == made.start
    assert abs(seconds(before) - seconds(made)) < 1e-3
    assert made.over == (start + length <= NOW)
    assert made.end and made.end.timestamp() == min(start + length, NOW).timestamp()


def test_the_examples_of_the_design() -> None:
    now = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
    week, today = span("last-7-days", now=now), span("today", now=now)
    for made, ends in (
        (week, ("2026-11-07T00:00", "2026-11-13T14:05")),
        (today, ("2026-11-19T00:00", "2026-11-19T14:05")),
    ):
        before = made.previous()
        assert before and before.start and before.end
        assert (before.start.isoformat()[:16], before.end.isoformat()[:16]) == ends
        assert made.end and made.end.isoformat() == "2026-11-20T14:05:00+01:00"


def test_a_span_that_has_not_begun_is_left_as_it_is() -> None:
    future = custom("2027-01-05", "2027-01-06")
    assert future.end and future.end.isoformat() == "2027-01-07T00:00:00+01:00"
    assert not future.over and future.asked_end is None
    begins = resolve_span(Filters(span="today"), datetime(2026, 11, 19, 23, tzinfo=UTC), BERLIN)
    before = begins.previous()
    assert begins.start == begins.end and begins.last_day == date(2026, 11, 20)
    assert before and before.start == before.end, "the first moment of a day compares with that of the day before"


def test_custom_spans_with_times_are_half_open() -> None:
    made = custom("2026-10-01T08:00", "2026-10-01T09:30")
    assert made.start and made.start.isoformat() == "2026-10-01T08:00:00+02:00"
    assert (seconds(made), made.days) == (5400, None)
    before = made.previous()
    assert before and before.end == made.start and seconds(before) == 5400
    assert custom("2026-10-01T00:00", "2026-10-03T00:00").days is None
    offset = custom("2026-10-01T08:00:00Z", "2026-10-01T09:00:00+00:00")
    assert offset.start and offset.start.isoformat() == "2026-10-01T10:00:00+02:00"


def test_a_span_with_one_end_is_open_to_the_other_side() -> None:
    assert custom("2026-11-20", None).days == 2
    until = custom(None, "2026-11-20")
    assert until.start and until.start.year == 1970
    future = custom("2027-01-05", None)
    assert future.days == 1


def test_nothing_is_before_a_span_without_a_first_day() -> None:
    assert custom(None, "2026-11-20").previous() is None
    assert custom("1970-01-01", "1970-01-31").previous() is None
    assert custom("1970-01-02", "1970-01-31").previous() is not None


@pytest.mark.parametrize(
    ("since", "start"),
    [
        # The clock goes from 02:00 to 03:00: there is no 02:30.
        ("2026-03-29T02:30", "2026-03-29T03:30:00+02:00"),
        ("2026-03-29T01:59", "2026-03-29T01:59:00+01:00"),
        ("2026-10-25T02:30", "2026-10-25T02:30:00+02:00"),
    ],
)
def test_a_time_that_the_clock_skips_is_the_one_that_it_shows(since: str, start: str) -> None:
    made = custom(since, "2026-12-01T00:00")
    assert made.start and made.start.isoformat() == start


def test_what_somebody_means_by_a_date_or_a_time() -> None:
    assert moment_in(date(2026, 10, 1), BERLIN).isoformat() == "2026-10-01T00:00:00+02:00"
    assert moment_in(datetime(2026, 10, 1, 8), BERLIN).isoformat() == "2026-10-01T08:00:00+02:00"
    assert moment_in(datetime(2026, 10, 1, 8, tzinfo=UTC), BERLIN).isoformat() == "2026-10-01T10:00:00+02:00"


@pytest.mark.parametrize(
    ("since", "until", "message"),
    [
        (None, None, "A custom span needs a first or a last day: from, to or both."),
        (
            "2026-10-02",
            "2026-10-01",
            "The span ends before it begins: from 2026-10-02 to 2026-10-01. Swap the two.",
        ),
        ("2026-10-01T10:00", "2026-10-01T09:00", "The span ends before it begins"),
        (
            "2026-10-01T10:00",
            "2026-10-01T10:00",
            "The span is empty: from 2026-10-01T10:00 to 2026-10-01T10:00, which is not included. Give a later end.",
        ),
        ("2026-10-01T10:00:00+02:00", "2026-10-01T08:00:00Z", "The span is empty"),
        (
            "01.10.2026",
            None,
            "'01.10.2026' is not a date for 'from'. Write 2026-10-01, or 2026-10-01T08:30 with a time.",
        ),
        (None, "2026-02-29", "'2026-02-29' is not a date for 'to'."),
        (None, "2026-10-01T25:00", "'2026-10-01T25:00' is not a date for 'to'."),
        ("1969-12-31", None, "The year of 'from', 1969-12-31, is not between 1970 and 2200."),
        (None, "2200-01-01", "The year of 'to', 2200-01-01, is not between 1970 and 2200."),
    ],
)
def test_refused_spans(since: str | None, until: str | None, message: str) -> None:
    with pytest.raises(WrongValueError) as refused:
        custom(since, until)
    assert message in str(refused.value)


def test_names_of_spans() -> None:
    assert span_name("this-month") == "this-month"
    every = "Use one of: today, last-7-days, last-30-days, last-365-days, this-month, this-year, all."
    with pytest.raises(RefusedError, match=f"is not a span. Did you mean last-7-days\\? {every}"):
        span_name("last-7-day")
    with pytest.raises(RefusedError, match=f"'\\?' is not a span. {every}"):
        span_name("?")


def test_moments_are_dates_or_times() -> None:
    assert parse_moment(" 2026-10-01 ", "from") == date(2026, 10, 1)
    assert parse_moment("2026-10-01T08:30", "from") == datetime(2026, 10, 1, 8, 30)


def test_a_choice_of_nothing_is_everything() -> None:
    assert not Choice() and not Choice(negated=True) and Choice(values=("a",))
    assert Filters.model_validate_json(Filters(goals=Choice(values=("a",))).model_dump_json()).goals.values == ("a",)
