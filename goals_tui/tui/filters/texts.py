"""Numbers as Insights shows them: counts, rates with both their numbers, money, time, changes, moments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from goals_tui.domain.filters import SPAN_TITLES, Filters, Span
from goals_tui.domain.project import currency_digits
from goals_tui.domain.value import format_amount
from goals_tui.format import DASH, day_of_year, hours, long_time, minute_of_day, percent, plural
from goals_tui.tui.charts.axis import Unit
from goals_tui.tui.insights.table import Cell, Value


@dataclass(frozen=True)
class Formats:
    """The formats of amounts in one currency."""

    currency: str
    decimals: int = 0
    """The least number of decimals of an amount."""

    brief_decimals: int | None = None
    """The number of decimals where room is short; None for fewer decimals in large amounts."""

    @property
    def digits(self) -> int:
        """The number of decimals that the currency has."""
        return currency_digits(self.currency)

    def aligned(self, amounts: Iterable[Decimal]) -> Formats:
        """Return the formats of one table: all its amounts get the same number of decimals."""
        from goals_tui.services.currencies import decimals_of

        found = list(amounts)
        whole = all(amount == amount.to_integral_value() for amount in found)
        large = any(abs(amount) >= 100 for amount in found)
        decimals = max((decimals_of(amount, self.currency) for amount in found), default=0)
        return replace(self, decimals=decimals, brief_decimals=0 if whole or large else decimals)

    @cached_property
    def money_unit(self) -> Unit:
        """The unit of charts about money."""
        from goals_tui.services.currencies import symbol

        return Unit("money", symbol(self.currency))

    def money(self, amount: Decimal) -> str:
        """Return an amount with its currency: €1,234.50."""
        from goals_tui.services.currencies import format_money

        return format_money(amount, self.currency, self.decimals)

    def brief_money(self, amount: Value) -> str:
        """Return an amount in short: €1,235, €0.40 and €1.2M."""
        value = Decimal(str(amount))
        if self.brief_decimals is not None:
            return self.money_unit.signed(f"{value:,.{self.brief_decimals}f}")
        if abs(value) >= 1_000_000:
            return self.money_unit.short(float(value))
        digits = 0 if abs(value) >= 100 or value == value.to_integral_value() else 2
        return self.money_unit.signed(f"{value:,.{digits}f}")

    def money_cell(self, amount: Decimal) -> Cell:
        """Return an amount for a table."""
        return Cell(self.money(amount), format_amount(amount, currency_digits(self.currency)))


def count_cell(count: int) -> Cell:
    """Return a count for a table."""
    return Cell(f"{count:,}", count)


def rate_cell(share: float | None) -> Cell:
    """Return a rate for a table."""
    return Cell(percent(share), share)


def time_cell(seconds: int) -> Cell:
    """Return time saved for a table."""
    return Cell(hours(seconds), seconds)


def lasted_cell(seconds: float | None) -> Cell:
    """Return the time from the start of a cycle for a table, or a dash for None."""
    return Cell(DASH if seconds is None else long_time(seconds), seconds)


def text_cell(text: str) -> Cell:
    """Return a name for a table."""
    return Cell(text, text)


def day_label(day: date) -> str:
    """Return a day without its year: 12 Oct."""
    return f"{day.day} {day:%b}"


def day_title(day: date) -> str:
    """Return a day with its weekday and year: Mon 12 Oct 2026."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """Return an instant in a zone, to the second: 12 Oct 2026 14:05:33."""
    return f"{minute(instant, zone)}:{instant.astimezone(zone):%S}"


def minute(instant: datetime, zone: ZoneInfo) -> str:
    """Return an instant in a zone, to the minute: 12 Oct 2026 14:05."""
    return minute_of_day(instant.astimezone(zone))


def empty_span_hint(events_between: tuple[datetime, datetime] | None, left_out: int, key: Callable[[str], str]) -> str:
    """Return the reason why a span has no cycle, and keys that help, a sentence a line.

    `left_out` is the number of test cycles; `key` returns the key of an action that Insights and Sessions have.
    """
    if events_between is None:
        return "The event log is empty. Any of these brings events in:"
    first, last = map(minute_of_day, events_between)
    why = f"The log has events from {first} to {last}."
    if left_out:
        cycles, them = plural(left_out, "cycle"), "it" if left_out == 1 else "them"
        isnt = "is" if left_out == 1 else "are"
        why = f"{cycles} of the Interaction Panel {isnt} left out: press {key('test')} to show {them}."
    return f"{why}\nPress {key('longer')} for a longer span, or {key('filters')} to change the filters."


def span_words(filters: Filters, span: Span | None) -> str:
    """Return the dates of a span in words: Last 7 days (14 Nov – 20 Nov, until 13:00); its dates alone if custom."""
    title = SPAN_TITLES[filters.span]
    if span is None or span.start is None or span.end is None:
        written = [f"from {filters.since}"] if filters.since else []
        written += [f"to {filters.until}"] if filters.until else []
        return " ".join([title, *written])
    if span.days is None:
        dates = f"{minute_of_day(span.start)} – {minute_of_day(span.asked_end or span.end)}"
    else:
        first, last = span.start.date(), date.fromordinal((span.asked_end or span.end).date().toordinal() - 1)
        dates = day_label(first) if first == last else f"{day_label(first)} – {day_label(last)}"
        if first.year != last.year or filters.span == "custom":
            dates = f"{day_of_year(first)} – {day_of_year(last)}"
    if span.asked_end is not None:
        day = f"{day_label(span.end.date())} " if filters.span == "custom" else ""
        dates += f", until {day}{span.end:%H:%M}"
    return dates if filters.span == "custom" else f"{title} ({dates})"
