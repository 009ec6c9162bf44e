"""Figures, rates and differences in words, for every command that prints numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from goals_tui.cli.output import Heading, say
from goals_tui.domain.statistics import FEW_CYCLES
from goals_tui.domain.value import format_amount
from goals_tui.format import DASH, difference_words, hours, long_time, precise_percent, short_interval
from goals_tui.format import signed as with_sign

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from rich.text import Text

    from goals_tui.domain.filters import Span
    from goals_tui.domain.report import Change, Figures, Stake
    from goals_tui.domain.statistics import Difference, Interval

FIGURES = (
    "started",
    "completed",
    "partial",
    "incomplete",
    "completion_rate",
    "partial_rate",
    "time_saved_seconds",
    "cost_savings",
    "revenue",
    "unpriced_steps",
)
"""The columns of figures in CSV."""

FIGURE_HEADINGS: tuple[Heading, ...] = (
    ("Started", "right"),
    ("✔ Completed (95 %)", "right"),
    ("◐ Partial", "right"),
    ("✕ Incomplete", "right"),
    ("Time saved", "right"),
    ("Cost savings", "money"),
    ("Revenue", "money"),
)
"""The headings of `figure_cells`; the brackets hold the 95 % interval of the completion rate."""

_CLEAR_STYLES = {True: "green", False: "red"}


def figure_cells(figures: Figures, currency: str) -> list[object]:
    """Return a row of figures under `FIGURE_HEADINGS`."""
    from goals_tui.services.currencies import format_money

    return [
        f"{figures.started:,}",
        _with_rate(figures, figures.completed, figures.completion_rate, figures.completed_share.interval),
        _with_rate(figures, figures.partial, figures.partial_rate),
        _with_rate(figures, figures.incomplete, figures.incomplete_rate),
        hours(figures.time_saved_seconds),
        format_money(figures.cost_savings, currency),
        format_money(figures.revenue, currency),
    ]


def _with_rate(figures: Figures, count: int, share: float | None, interval: Interval | None = None) -> object:
    if share is None:
        return DASH
    cell = f"{count:,}  {precise_percent(share):>7}"
    if interval is not None:
        said = f"of {figures.started}" if figures.few else f"({short_interval(interval)})"
        cell += f" {said:>8}"
    return dim(cell) if figures.few else cell


def rate_cell(figures: Figures) -> object:
    """Return the completion rate with its interval; for few cycles, dimmed and with their number instead."""
    interval = figures.completed_share.interval
    if interval is None:
        return DASH
    rate = precise_percent(figures.completion_rate)
    return dim(f"{rate} of {figures.started}") if figures.few else f"{rate} ({short_interval(interval)})"


def share_cell(share: float | None, whole: int) -> object:
    """Return a share of `whole`; where `whole` is small, dimmed and with that number."""
    if share is None or whole >= FEW_CYCLES:
        return precise_percent(share)
    return dim(f"{precise_percent(share)} of {whole}")


def dim(text: str) -> Text:
    """Return a dimmed cell, for a number that rests on little data."""
    from rich.text import Text

    return Text(" ".join(text.split()), style="dim")


def difference_cell(found: Difference) -> object:
    """Return a difference for a table, coloured only where the change is clear."""
    if found.difference is None:
        return DASH
    from rich.text import Text

    return Text(difference_words(found), style=_CLEAR_STYLES[found.difference > 0] if found.clear else "")


def change_sentence(change: Change, before: str = "previous period") -> str:
    """Return a sentence about the change of the completion rate since the figures called `before`."""
    then, now = precise_percent(change.before.completion_rate), precise_percent(change.after.completion_rate)
    return f"Completion rate {now}, {before} {then}: {difference_words(change.completion_rate)}."


def money(amount: Decimal | None, currency: str, *, signed: bool = False) -> str:
    """Return an amount with its currency, or a dash for None. If `signed`, it is a change and has a sign."""
    from goals_tui.services.currencies import format_money

    if amount is None:
        return DASH
    words = format_money(amount, currency)
    return with_sign(words, amount) if signed else words


def since_start(seconds: float | None) -> str:
    """Return the time from the start of a cycle: 2 min 30 s, or 10 min before start if negative; — for None."""
    if seconds is None:
        return DASH
    return f"{long_time(-seconds)} before start" if round(seconds) < 0 else long_time(seconds)


def span_json(span: Span) -> dict[str, str | None]:
    """Return a span under the keys of docs/command-line.md."""
    return {
        "name": span.name,
        "start": span.start.isoformat() if span.start else None,
        "end": span.end.isoformat() if span.end else None,
    }


STAKE_COLUMNS = ("at_stake_cost_savings", "at_stake_revenue", "at_stake_time_saved_seconds")
"""The columns of what is at stake after a step, in CSV."""


def stake_json(stake: Stake | None, digits: int) -> dict[str, Any] | None:
    """Return what is at stake after a step under the keys of docs/command-line.md; None where nobody went on."""
    if stake is None:
        return None
    return {
        "cost_savings": format_amount(round(stake.cost_savings, digits), digits),
        "revenue": format_amount(round(stake.revenue, digits), digits),
        "time_saved_seconds": round(stake.time_saved_seconds, 3),
    }


def stake_columns(stake: dict[str, Any] | None) -> dict[str, Any]:
    """Return the result of `stake_json` as the columns `STAKE_COLUMNS`."""
    return {f"at_stake_{key}": value for key, value in (stake or {}).items()}


def say_when_events_are(between: tuple[datetime, datetime] | None) -> None:
    """Tell from when to when there are events, so that nobody takes a wrong span for a bad week."""
    if between is None:
        say("Nothing was started in this span, and the event log is empty.")
    else:
        first, last = (f"{moment:%Y-%m-%d %H:%M}" for moment in between)
        say(f"Nothing was started in this span. The log has events from {first} to {last}: give another --span.")
