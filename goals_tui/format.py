"""Format numbers for people: counts with their noun, percentages, durations, sparklines. And rows as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from goals_tui.domain.spreadsheet import harmless
from goals_tui.domain.text import clean_line, clean_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime
    from decimal import Decimal

    from goals_tui.domain.filters import Span
    from goals_tui.domain.statistics import Difference, Interval

DASH = "—"
"""Shown instead of a number that does not exist: 0 of 0 is not 0 %."""


def plural(number: int, what: str) -> str:
    """Return a number with its noun: 1 event, 1,200 events, 2 activities, 3 days."""
    if number != 1:
        ends_in_ies = what.endswith("y") and what[-2:-1] not in "aeiou"
        what = f"{what[:-1]}ies" if ends_in_ies else f"{what}s"
    return f"{number:,} {what}"


def hours(seconds: float) -> str:
    """Return time saved in its two largest units, never in days: 45 s, 12 min 30 s, 43 h 50 min, 1,234 h, or -45 s."""
    shown = shown_time(seconds)
    if shown < 0:
        return f"-{hours(-shown)}"
    if shown < 60:
        return f"{shown} s"
    minutes, second = divmod(shown, 60)
    if minutes < 60:
        return f"{minutes} min {second:02d} s" if second else f"{minutes} min"
    whole, minute = divmod(minutes, 60)
    return f"{whole:,} h {minute:02d} min" if minute else f"{whole:,} h"


def shown_time(seconds: float) -> int:
    """Return a time as `hours` shows it: in whole minutes from an hour on, in whole hours from 1,000.

    A change that stands beside both times is the difference of these, so that a reader finds it by subtracting.
    """
    if seconds < 0:
        return -shown_time(-seconds)
    whole = round(seconds)
    if whole < 3600:
        return whole
    minutes = round(whole / 60)
    return minutes * 60 if minutes < 60_000 else minutes // 60 * 3600


def long_time(seconds: float) -> str:
    """Return time that passed: as `hours` does, and from a day on in days: 4 d 2 h."""
    if round(seconds) < 0:
        return f"-{long_time(-seconds)}"
    if shown_time(seconds) < 24 * 3600:
        return hours(seconds)
    days, hour = divmod(round(seconds / 3600), 24)
    return f"{days} d {hour} h" if hour else f"{days} d"


def exact_time(seconds: int) -> str:
    """Return the time saved of a step, to the second: 2 min 30 s, 1 h 05 min 10 s."""
    if seconds < 3600:
        return hours(seconds)
    minutes, second = divmod(seconds, 60)
    whole, minute = divmod(minutes, 60)
    words = f"{whole:,} h {minute:02d} min" if minute or second else f"{whole:,} h"
    return f"{words} {second:02d} s" if second else words


def value_words(money: Callable[[Decimal], str], cost_savings: Decimal, seconds: int, revenue: Decimal) -> list[str]:
    """Return what something is worth, part by part: saves €1.80, 2 min 30 s, earns €23.00; what is 0 is left out.

    `money` formats an amount with its currency.
    """
    saved = [money(cost_savings)] if cost_savings else []
    saved += [exact_time(seconds)] if seconds else []
    return [*([f"saves {saved[0]}", *saved[1:]] if saved else []), *([f"earns {money(revenue)}"] if revenue else [])]


def percent(share: float | None) -> str:
    """Return a rate as 56 %, with one decimal if rounding would make it 0 or 100; — for None."""
    if share is None:
        return DASH
    rounded = round(share * 100)
    if (rounded == 0 and share > 0) or (rounded == 100 and share < 1):
        return f"{share * 100:.1f} %"
    return f"{rounded} %"


def precise_percent(share: float | None) -> str:
    """Return a share with one decimal: 56.4 %; — for None."""
    return DASH if share is None else f"{share * 100:.1f} %"


def short_interval(interval: Interval) -> str:
    """Return an interval in whole percent: 71–83."""
    low, high = interval
    return f"{low * 100:.0f}–{high * 100:.0f}"


def points(difference: float | None, unit: str = "points") -> str:
    """Return a difference of rates in percentage points, with its sign: +2.5 points; — for None.

    `unit` is `pts` where room is short, or empty where a heading says it.
    """
    if difference is None:
        return DASH
    # `or 0.0` avoids -0.0: a difference that rounds to 0.0 has no direction.
    return f"{round(difference * 100, 1) or 0.0:+.1f} {unit}".rstrip()


def signed(words: str, change: float | Decimal) -> str:
    """Return a change in words with its sign, which `words` lack where it is a gain: +€1.80, -2 min 30 s."""
    return f"+{words}" if change > 0 else words


def difference_words(found: Difference) -> str:
    """Return a difference of rates with its interval, and whether it is clear."""
    if found.difference is None or found.interval is None:
        return "no difference: one side has no cycles"
    low, high = (points(end, "") for end in found.interval)
    said = ("clearly higher" if found.difference > 0 else "clearly lower") if found.clear else "no clear change"
    return f"{points(found.difference)} ({low} to {high}): {said}"


def span_dates(span: Span) -> str:
    """Return the start and the end of a span in the form of ISO 8601, as commands print and read it."""
    if span.start is None or span.end is None:
        return "all time"
    return f"{span.start:%Y-%m-%d %H:%M} to {span.end:%Y-%m-%d %H:%M}"


def day_of_year(day: date) -> str:
    """Return a day with its year, as people read it on the screen: 20 Nov 2026."""
    return f"{day.day} {day:%b %Y}"


def minute_of_day(moment: datetime) -> str:
    """Return a moment with its day, to the minute, as people read it on the screen: 20 Nov 2026 17:15."""
    return f"{day_of_year(moment)} {moment:%H:%M}"


def span_range(span: Span) -> str:
    """Return the days of a span as people read them on the screen: 22 Oct – 20 Nov 2026, until 17:30.

    The time of day is said where the last day isn't whole, and both where the span has times of day.
    """
    if span.start is None or span.end is None or span.last_day is None:
        return "all time"
    if span.days is None:
        return f"{minute_of_day(span.start)} – {minute_of_day(span.end)}"
    first, last = span.start.date(), span.last_day
    start = "" if first == last else f"{first.day} {first:%b} – "
    if first.year != last.year:
        start = f"{day_of_year(first)} – "
    until = f", until {span.end:%H:%M}" if span.end.date() == last else ""
    return f"{start}{day_of_year(last)}{until}"


_SPARKS = " ▁▂▃▄▅▆▇█"
RUNNING = "░"
"""The character of a sparkline for a bucket that is not over, however low it is until now."""


def sparkline(values: Sequence[float | None], width: int, *, top: int = 8) -> str:
    """Return the values as blocks of at most `top` eighths of a line; anything above 0 shows the lowest at least."""
    bins = _means(values, width)
    highest = max(bins, default=0)
    if highest <= 0:
        return "▁" * len(bins)
    return "".join(_SPARKS[max(1, round(value / highest * top))] if value > 0 else "▁" for value in bins)


def _means(values: Sequence[float | None], width: int) -> tuple[float, ...]:
    """Return the means of the values in at most `width` bins; a bin without any value is 0."""
    bins = min(width, len(values))
    edges = [round(i * len(values) / bins) for i in range(bins + 1)] if bins > 0 else []
    known = ([value for value in values[low:high] if value is not None] for low, high in pairwise(edges))
    return tuple(sum(values) / len(values) if values else 0 for values in known)


def csv_text(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> str:
    """Return rows as CSV with a header; cells that a spreadsheet would run as a formula are made harmless."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_csv_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def _csv_cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return harmless("; ".join(clean_line(str(item)) for item in value))
    return harmless(clean_text(value)) if isinstance(value, str) else str(value)
