"""Filters and spans: the choice of the cycles that a report covers (docs/semantics.md, *Filters*)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple, cast, get_args
from zoneinfo import ZoneInfo

from goals_tui.domain.errors import WrongValueError, nearest_names
from goals_tui.domain.model import Line, Model

SpanName = Literal["today", "last-7-days", "last-30-days", "last-365-days", "this-month", "this-year", "all", "custom"]
SPAN_NAMES: tuple[SpanName, ...] = (
    "today",
    "last-7-days",
    "last-30-days",
    "last-365-days",
    "this-month",
    "this-year",
    "all",
)
"""The spans that are defined by their name; `custom` is defined by `since` and `until`."""

SPANS_BY_LENGTH: tuple[SpanName, ...] = (
    "today",
    "last-7-days",
    "this-month",
    "last-30-days",
    "this-year",
    "last-365-days",
    "all",
)

SPAN_TITLES: dict[SpanName, str] = {
    "today": "Today",
    "last-7-days": "Last 7 days",
    "last-30-days": "Last 30 days",
    "last-365-days": "Last 365 days",
    "this-month": "This month",
    "this-year": "This year",
    "all": "All time",
    "custom": "Custom",
}

PriceBy = Literal["recorded", "current"]

Dimension = Literal["endpoint", "locale", "snapshot", "version", "channel", "session"]
"""The attributes of the conversation in each event, by which cycles are filtered besides their goal."""

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)


class FilterDimension(NamedTuple):
    """A dimension of which filters choose values: options, the dialog, queries and copied commands go by this list."""

    name: Literal["goal", "endpoint", "locale", "snapshot"]
    """The name as an option: `--goal` and `--not-goal`."""

    field: Literal["goals", "endpoints", "locales", "snapshots"]
    """The field of `Filters`, which holds a `Choice`."""


FILTER_DIMENSIONS = (
    FilterDimension("goal", "goals"),
    FilterDimension("endpoint", "endpoints"),
    FilterDimension("locale", "locales"),
    FilterDimension("snapshot", "snapshots"),
)


class Choice(Model):
    """A choice of values of a dimension: only these, or all but these if `negated`; everything if there are none."""

    values: tuple[Line, ...] = ()
    negated: bool = False

    def __bool__(self) -> bool:
        return bool(self.values)


EVERYTHING = Choice.model_construct()

_FIRST_DAY = date(1970, 1, 1)
"""The start of a custom span without a first day; no event is older (`event.EARLIEST`)."""


class Filters(Model):
    """The filters of a report: its span and the cycles that it covers.

    `since` and `until` belong to the custom span: a date (`2026-10-01`: whole days, both included) or a date with a
    time (`2026-10-01T08:00`, half open), in `time_zone` unless it carries an offset. `goals` holds goal ids;
    `endpoints`, `locales` and `snapshots` hold names. `no_snapshot` asks for cycles without a snapshot, in addition to
    the chosen ones; `any_snapshot` for all with one. `include_test` adds the Interaction Panel and playbooks.
    `price_by` chooses the definition that prices cycles: the recorded or the current one.
    """

    span: SpanName = "last-7-days"
    since: str | None = None
    until: str | None = None
    time_zone: str | None = None
    goals: Choice = EVERYTHING
    endpoints: Choice = EVERYTHING
    locales: Choice = EVERYTHING
    snapshots: Choice = EVERYTHING
    no_snapshot: bool = False
    any_snapshot: bool = False
    include_test: bool = False
    price_by: PriceBy = "recorded"

    def choice(self, dimension: FilterDimension) -> Choice:
        """Return the choice of values of a dimension."""
        choice: Choice = getattr(self, dimension.field)
        return choice


class Span(Model):
    """A span of time in a zone, half open. `start` and `end` are None for all time.

    A span that was requested until later than now ends at now, and includes it.
    """

    name: SpanName
    start: datetime | None
    end: datetime | None
    days: int | None
    """The number of calendar days, the last perhaps incomplete; None for all time and for a span with times of day."""

    over: bool = True
    """True if the whole span has passed."""

    asked_end: datetime | None = None
    """The requested end if it is later than now, else None."""

    @property
    def last_day(self) -> date | None:
        """The last calendar day that the span covers, at least in part; None for all time."""
        if self.end is None or self.asked_end is not None:
            return self.end and self.end.date()
        return datetime.fromtimestamp(self.end.timestamp() - 1e-3, self.end.tzinfo).date()

    def previous(self) -> Span | None:
        """Return the previous period: both ends moved back by the number of calendar days, on the zone's clock.

        A span with times of day moves back by its length. Returns None for all time and for a span that starts on
        1970-01-01, because no event can be before.
        """
        if self.start is None or self.end is None or self.start.date() <= _FIRST_DAY:
            return None
        if self.days is not None:
            back = timedelta(days=self.days)
            zone = cast(ZoneInfo, self.start.tzinfo)
            start, end = start_of_day(self.start.date() - back, zone), self.start
            if self.asked_end is not None:
                # If the zone skipped a day, this time on the clock may be later than the start of the span.
                wall = self.end.replace(tzinfo=None, fold=0) - back
                end = max(start, min(moment_in(wall, zone), self.start, key=_instant), key=_instant)
            return Span(name="custom", start=start, end=end, days=self.days)
        length = self.end.timestamp() - self.start.timestamp()
        start = datetime.fromtimestamp(self.start.timestamp() - length, self.start.tzinfo)
        return Span(name="custom", start=start, end=self.start, days=None)


def _instant(moment: datetime) -> float:
    """Return a key to compare moments by; Python compares two datetimes of one zone by clock time instead."""
    return moment.timestamp()


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment of a calendar day in a zone: 00:00, or later if the clock skips midnight."""
    start = datetime.combine(day, time.min, zone)
    # A clock time that is skipped does not survive the conversion to UTC and back.
    real = datetime.fromtimestamp(start.timestamp(), zone)
    if real.replace(tzinfo=None) == start.replace(tzinfo=None):
        return start
    low, high = int(start.timestamp()) - 86400, int(start.timestamp()) + 86400
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).date() < day:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, zone)


def resolve_span(filters: Filters, now: datetime, zone: ZoneInfo) -> Span:
    """Return the span of `filters` in `zone`, cut at `now`. Raises WrongValueError.

    Named spans end with today: this-month and this-year run from their first day through today. A span that lies
    entirely in the future is not cut.
    """
    return _until_now(requested_span(filters, now, zone), now)


def _until_now(span: Span, now: datetime) -> Span:
    if span.start is None or span.end is None:
        return span.model_copy(update={"over": False})
    if span.end.timestamp() <= now.timestamp():
        return span
    if span.start.timestamp() > now.timestamp():
        return span.model_copy(update={"over": False})
    end = now.astimezone(span.end.tzinfo)
    days = span.days and (end.date() - span.start.date()).days + 1
    return span.model_copy(update={"end": end, "asked_end": span.end, "over": False, "days": days})


def requested_span(filters: Filters, now: datetime, zone: ZoneInfo) -> Span:
    """Return the span of `filters` in full, also if it ends later than `now`. Raises WrongValueError."""
    today = now.astimezone(zone).date()
    if filters.span == "all":
        return Span(name="all", start=None, end=None, days=None)
    if filters.span == "custom":
        return _custom(filters, today, zone)
    first = {
        "today": today,
        "last-7-days": today - timedelta(days=6),
        "last-30-days": today - timedelta(days=29),
        "last-365-days": today - timedelta(days=364),
        "this-month": today.replace(day=1),
        "this-year": today.replace(month=1, day=1),
    }[filters.span]
    return _whole_days(filters.span, first, today, zone)


def _whole_days(name: SpanName, first: date, last: date, zone: ZoneInfo) -> Span:
    start, end = start_of_day(first, zone), start_of_day(last + timedelta(days=1), zone)
    return Span(name=name, start=start, end=end, days=(last - first).days + 1)


def _custom(filters: Filters, today: date, zone: ZoneInfo) -> Span:
    since = None if filters.since is None else parse_moment(filters.since, "from")
    until = None if filters.until is None else parse_moment(filters.until, "to")
    if since is None and until is None:
        raise WrongValueError("A custom span needs a first or a last day: from, to or both.", field="since")
    if since is None:
        since = _FIRST_DAY
    if isinstance(until, datetime) and _ISO_DAY_THERE.fullmatch((filters.until or "").strip()):
        until += timedelta(days=1)
    if until is None:
        until = max(today, moment_in(since, zone).date())
    whole = not isinstance(since, datetime) and not isinstance(until, datetime)
    start = moment_in(since, zone)
    end = moment_in(until if isinstance(until, datetime) else until + timedelta(days=1), zone)
    if not whole and start.timestamp() >= end.timestamp() and _by_the_clock(since, zone) < _by_the_clock(until, zone):
        raise WrongValueError(
            f"The span is empty: the clock of {zone.key} goes from {filters.since} to {filters.until} in no time, "
            "because it skips an hour there. Give a later end.",
            field="until",
        )
    if start.timestamp() > end.timestamp() or (whole and since > until):
        raise WrongValueError(
            f"The span ends before it begins: from {filters.since} to {filters.until}. Swap the two.",
            field="until",
        )
    if start.timestamp() == end.timestamp() and not whole:
        raise WrongValueError(
            f"The span is empty: from {filters.since} to {filters.until}, which is not included. Give a later end.",
            field="until",
        )
    if not isinstance(since, datetime) and not isinstance(until, datetime):
        # Not computed from `end`: if the zone skips the day after `until`, that is two days later.
        return Span(name="custom", start=start, end=end, days=(until - since).days + 1)
    return Span(name="custom", start=start, end=end, days=None)


def _by_the_clock(moment: date | datetime, zone: ZoneInfo) -> datetime:
    """Return the clock time in `zone` that a user gave, without a zone, even if the clock never shows it."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time.min)
    return (moment.astimezone(zone) if moment.tzinfo else moment).replace(tzinfo=None)


def moment_in(moment: date | datetime, zone: ZoneInfo) -> datetime:
    """Return the moment that a date or time means in `zone`: the start of a day, or the time on the zone's clock.

    A time that the clock skips becomes the one that it shows instead: 03:30 for 02:30 when summer time begins.
    """
    if not isinstance(moment, datetime):
        return start_of_day(moment, zone)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    # The conversion to UTC and back turns a time that the clock skips into one that exists.
    return moment.astimezone(UTC).astimezone(zone)


def parse_moment(text: str, what: str) -> date | datetime:
    """Parse a date, or a date with a time, as `Filters` takes them; `what` names the input in error messages.

    A date with an offset is the moment at which that day begins there. Raises WrongValueError for anything else, and
    for a year outside 1970 to 2199.
    """
    text = text.strip()
    try:
        moment = read_iso(text)
    except ValueError:
        raise WrongValueError(
            f"{text!r} is not a date for {what!r}. Write 2026-10-01, or 2026-10-01T08:30 with a time.",
            field=what,
        ) from None
    if not 1970 <= moment.year < 2200:
        raise WrongValueError(f"The year of {what!r}, {text}, is not between 1970 and 2200.", field=what)
    return moment


_ISO_DATE = r"(?:\d{4}-\d\d-\d\d|\d{8}|\d{4}-W\d\d(?:-[1-7])?|\d{4}W\d\d[1-7]?)"
_ISO_OFFSET = r"(?:Z|[+-]\d\d(?::?\d\d)?)"
_ISO = re.compile(
    rf"(?P<date>{_ISO_DATE})(?:[T ](?P<time>\d\d(?::?\d\d(?::?\d\d(?:[.,]\d+)?)?)?)(?P<offset> ?{_ISO_OFFSET}| UTC)?)?",
    re.ASCII,
)
_ISO_DAY_THERE = re.compile(r"(?P<date>\d{4}-\d\d-\d\d)(?P<offset>Z|[+-]\d\d:\d\d)", re.ASCII)


def read_iso(text: str) -> date | datetime:
    """Parse an ISO 8601 date, or date with a time. Raises ValueError.

    A date with an offset is the start of that day: 2026-10-01+02:00 is 2026-10-01T00:00+02:00. The form is checked
    first, because `fromisoformat` ignores whatever follows eight digits and accepts any character in place of the T.
    """
    if there := _ISO_DAY_THERE.fullmatch(text):
        return datetime.fromisoformat(f"{there['date']}T00:00{there['offset']}")
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not an ISO 8601 date or time")
    if found["time"] is None:
        return date.fromisoformat(found["date"])
    offset = (found["offset"] or "").strip().replace("UTC", "Z")
    return datetime.fromisoformat(f"{found['date']}T{found['time']}{offset}")


def span_name(text: str) -> SpanName:
    """Return `text` as the name of a span. Raises WrongValueError with the nearest name and all names."""
    for name in SPAN_NAMES:
        if name == text:
            return name
    near = nearest_names(text, SPAN_NAMES, 1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise WrongValueError(f"{text!r} is not a span.{hint} Use one of: {', '.join(SPAN_NAMES)}.", field="span")


def span_fields(text: str) -> dict[str, str | None]:
    """Return the fields of filters for a span: its name, a day, or D..D. Raises WrongValueError."""
    since, parted, until = text.strip().partition("..")
    if parted or since[:4].isdecimal():
        # A single day is the span of that day.
        for moment in (since, until):
            if moment:
                parse_moment(moment, "span")
        return {"span": "custom", "since": since or None, "until": (until if parted else since) or None}
    return {"span": span_name(since), "since": None, "until": None}
