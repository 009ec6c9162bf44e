"""The time axis of the charts of Insights: buckets that fit the width, and the figures in each."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from operator import attrgetter
from zoneinfo import ZoneInfo

from goals_tui.domain.buckets import TimeBucket, Unit, days_between, hour_at, hours_between
from goals_tui.domain.filters import start_of_day
from goals_tui.domain.report import NOTHING, Figures, Report
from goals_tui.services.insights.service import SeriesPoint
from goals_tui.tui.filters.texts import day_label, day_title

HOURS_UP_TO = 2
"""The longest span, in days, that may be shown by the hour."""
NOT_OVER = " not over"
"""The end of the title of a chart whose last bucket is incomplete."""


@dataclass(frozen=True)
class Axis:
    """The time buckets of a chart, without gaps, and the figures of each goal in each bucket."""

    unit: Unit
    buckets: tuple[TimeBucket, ...]
    figures: dict[tuple[int, str], Figures]
    """Figures by index of the bucket and id of the goal. A missing entry means that nothing was started."""

    goals: dict[str, str]
    """Names, by id, of the goals that have figures."""

    now: datetime | None = None
    """The time at which the report was made, or None. A bucket that contains it is incomplete."""

    @cached_property
    def totals(self) -> tuple[Figures, ...]:
        """The figures of all goals together, one entry per bucket."""
        found: list[list[Figures]] = [[] for _ in self.buckets]
        for (place, _), figures in self.figures.items():
            found[place].append(figures)
        return tuple(_sum(each) for each in found)

    def of(self, place: int, goal_id: str) -> Figures:
        """Return the figures of one goal in the bucket at index `place`."""
        return self.figures.get((place, goal_id), NOTHING)

    @property
    def running_place(self) -> int | None:
        """The index of the bucket that has not ended yet, or None."""
        last = len(self.buckets) - 1
        return last if last >= 0 and self.running(last) else None

    @property
    def note(self) -> str:
        """A suffix for the title of a chart that names the incomplete last bucket, or an empty string."""
        last = len(self.buckets) - 1
        return f" · {self.label(last)}{NOT_OVER}" if self.running(last) else ""

    def running(self, place: int) -> bool:
        """Return whether the bucket has not ended yet, so that its figures are still incomplete."""
        bucket = self.buckets[place]
        return self.now is not None and bucket.start.timestamp() <= self.now.timestamp() < bucket.end.timestamp()

    def label(self, place: int) -> str:
        """Return the short name of a bucket for the axis, such as "14:00", "12 Oct" or "Oct"."""
        bucket = self.buckets[place]
        if self.unit == "hour":
            return f"{bucket.start:%H:%M}"
        if self.unit == "month":
            return f"{bucket.first:%b}" if bucket.first.month > 1 and place else f"{bucket.first:%b %Y}"
        return day_label(bucket.first)

    def title(self, place: int) -> str:
        """Return the full name of a bucket, such as "Mon 12 Oct 2026".

        If the bucket has not ended yet, the name includes the time up to which it has figures.
        """
        if not self.running(place) or self.now is None:
            return self._title(place)
        until = (
            f"{self.now:%H:%M}" if self.unit in ("hour", "day") else f"{day_label(self.now.date())} {self.now:%H:%M}"
        )
        return f"{self._title(place)}, until {until}"

    def _title(self, place: int) -> str:
        bucket = self.buckets[place]
        if self.unit == "hour":
            return f"{day_title(bucket.first)} {bucket.start:%H:%M}–{bucket.end:%H:%M}"
        if self.unit == "week":
            return f"{day_title(bucket.first)} – {day_title(bucket.last)}"
        if self.unit == "month":
            return f"{bucket.first:%B %Y}"
        return day_title(bucket.first)


def _sum(figures: list[Figures]) -> Figures:
    """Return the sum of many figures.

    Adding field by field makes one object instead of one per addition; there are up to goals × days of them.
    """
    if not figures:
        return NOTHING
    return Figures(**{field.name: sum(map(attrgetter(field.name), figures)) for field in fields(Figures)})


def unit_for(days: int, width: int) -> Unit:
    """Return the finest unit whose buckets, over this many days, each get a column of their own.

    `width` is the number of columns. If even weeks do not fit, the unit is the month.
    """
    if days <= HOURS_UP_TO and days * 24 <= width:
        return "hour"
    if days <= width:
        return "day"
    return "week" if days // 7 + 2 <= width else "month"


_COARSER: tuple[Unit, ...] = ("hour", "day", "week", "month")


def axis_of(
    report: Report, width: int, hours: Sequence[SeriesPoint] | None = None, unit: Unit | None = None
) -> Axis | None:
    """Return the time axis of a report for a chart of `width` columns, or None if the report covers no days.

    `hours` holds the figures of the report by the hour. Without it, short spans are shown by the day. `unit` is the
    finest unit that is wanted; where its buckets do not fit, the next coarser one is taken.
    """
    covered = report.days_covered
    if covered is None:
        return None
    first, last = covered
    zone = ZoneInfo(report.time_zone)
    shown = max(unit_for((last - first).days + 1, width), unit or "hour", key=_COARSER.index)
    if shown == "hour" and hours is None:
        shown = "day"
    if shown == "hour":
        return _by_hour(report, first, last, zone, hours or ())
    buckets = tuple(days_between(shown, first, last, zone))
    starts = [bucket.first for bucket in buckets]
    figures: dict[tuple[int, str], Figures] = {}
    for row in report.days:
        key = bisect(starts, row.day) - 1, row.goal_id
        known = figures.get(key)
        figures[key] = row.figures if known is None else known + row.figures
    return Axis(shown, buckets, figures, {row.goal_id: row.name for row in report.days}, report.now)


def _by_hour(report: Report, first: date, last: date, zone: ZoneInfo, hours: Sequence[SeriesPoint]) -> Axis:
    span = report.span
    start = span.start or start_of_day(first, zone)
    end = span.end or start_of_day(last + timedelta(days=1), zone)
    if span.asked_end is not None:
        # Leave out hours in the future: they would look like hours in which nothing happened.
        end = hour_at(end, zone).end
    buckets = tuple(hours_between(start, end, zone))
    # Compare in UTC: datetimes with the same tzinfo are compared by wall-clock time, which is ambiguous around DST.
    starts = [bucket.start.astimezone(UTC) for bucket in buckets]
    until = buckets[-1].end.astimezone(UTC)
    # The hours were read after the report: meanwhile midnight may have passed, or the first cycle of a new day begun.
    inside = [point for point in hours if starts[0] <= point.bucket.start.astimezone(UTC) < until]
    figures = {(bisect(starts, p.bucket.start.astimezone(UTC)) - 1, p.goal_id): p.figures for p in inside}
    return Axis("hour", buckets, figures, {point.goal_id: point.name for point in inside}, report.now)
