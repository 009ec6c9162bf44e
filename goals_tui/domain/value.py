"""The value of a step: exact amounts of money and whole seconds (docs/semantics.md, *Value*)."""

from __future__ import annotations

import operator
import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from goals_tui.domain.errors import RefusedError, WrongValueError
from goals_tui.domain.model import Model

MAX_AMOUNT = Decimal("999999999999.9999")
"""The largest amount of one step, in the project's currency."""

MAX_SECONDS = 9999 * 3600 + 59 * 60 + 59
"""The longest time of one step: 9999:59:59."""

_LONGEST_DURATION = 60
"""The longest duration accepted, in characters: a number of a million digits would take too long to parse."""

_AMOUNT = re.compile(r"\d{1,12}(\.\d{1,4})?", re.ASCII)
_CLOCK = re.compile(r"(\d{1,4}):(\d\d)(?::(\d\d))?", re.ASCII)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?", re.ASCII)
_WORDED = re.compile(
    r"(?:(?P<hours>\d+(?:[.,]\d+)?)\s*h(?:(?:ou)?rs?)?\.?(?=\s|\d|$))?\s*"
    r"(?:(?P<minutes>\d+(?:[.,]\d+)?)\s*m(?:in(?:ute)?s?)?\.?(?=\s|\d|$))?\s*"
    r"(?:(?P<seconds>\d+)\s*s(?:ec(?:ond)?s?)?\.?)?",
    re.ASCII | re.IGNORECASE,
)


def parse_amount(text: str, digits: int = 2) -> Decimal:
    """Parse an amount such as `150.00`; `digits` is the number of decimals of the currency (0 for JPY, 3 for KWD).

    Raises RefusedError for signs, separators, exponents, and more decimals than the currency has.
    """
    text = text.strip()
    example = f"{150:.{digits}f}"
    if text.startswith("-"):
        raise RefusedError(f"An amount can't be negative: {text!r}. Write for example {example}.")
    if not _AMOUNT.fullmatch(text):
        raise RefusedError(f"{text!r} is not an amount. Write it with a point, for example {example}.")
    _, _, decimals = text.partition(".")
    if len(decimals.rstrip("0")) > digits:
        how_many = "no decimals" if digits == 0 else f"{digits} decimals at most"
        raise RefusedError(f"{text!r} has too many decimals: this currency has {how_many}, for example {example}.")
    return Decimal(text)


def format_amount(amount: Decimal, digits: int = 2) -> str:
    """Return an amount as `150.00`, with at least `digits` decimals, more only if the amount has more."""
    exponent = amount.normalize().as_tuple().exponent
    own = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return f"{amount:.{max(own, digits)}f}"


def parse_duration(text: str) -> int:
    """Parse a duration such as `02:45:00`, `2:45` (hours:minutes), `1h 30m`, `1.5h`, `90 min` or `45s` into seconds.

    Hours may exceed 99. Raises RefusedError, also for a number without a unit and for fractions of a second.
    """
    text = text.strip()
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        if minutes > 59 or seconds > 59:
            raise RefusedError(f"{text!r} is not a time. Minutes and seconds go up to 59, for example 02:45:00.")
        return hours * 3600 + minutes * 60 + seconds
    if _NUMBER.fullmatch(text) and text.strip("0.,"):
        raise RefusedError(f"{text!r} has no unit. Write {text}h, {text}m or {text}s, or hours:minutes:seconds.")
    worded = _WORDED.fullmatch(f"{text}s" if _NUMBER.fullmatch(text) else text)
    if not text or len(text) > _LONGEST_DURATION or worded is None:
        raise RefusedError(f"{text!r} is not a time. Write for example 02:45:00, 1h 30m, 1.5h or 90m.")
    parts = (Fraction((part or "0").replace(",", ".")) for part in worded.groups())
    total = sum(part * unit for part, unit in zip(parts, (3600, 60, 1), strict=True))
    if total.denominator != 1:
        raise RefusedError(f"{text!r} is no whole number of seconds. Write for example 00:00:30 or 30s.")
    if total > MAX_SECONDS:
        raise RefusedError(f"{text!r} is too long: {format_duration(MAX_SECONDS)} at most.")
    return int(total)


def parse_seconds_between(text: str) -> tuple[int, int]:
    """Parse `30..60`: at least 30 and less than 60 seconds. Raises WrongValueError; either may be negative."""
    found = re.fullmatch(r"(-?\d{1,10})\.\.(-?\d{1,10})", text, re.ASCII)
    if found is None or int(found[1]) >= int(found[2]):
        raise WrongValueError(
            f"{text!r} is not A..B in seconds, A below B. Write 'took' for example as 30..60.", field="took"
        )
    return int(found[1]), int(found[2])


def format_duration(seconds: float) -> str:
    """Return seconds, rounded, as `hh:mm:ss`, with more digits for the hours if needed and a minus sign if negative."""
    whole = round(seconds)
    minutes, second = divmod(abs(whole), 60)
    hours, minute = divmod(minutes, 60)
    return f"{'-' if whole < 0 else ''}{hours:02d}:{minute:02d}:{second:02d}"


def _exact(value: object) -> object:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, str):
        try:
            return Decimal(value)
        except InvalidOperation:
            raise ValueError(f"{value!r} is not an amount, for example 150.00") from None
    return value


def _amount(value: Decimal) -> Decimal:
    if not value.is_finite() or value < 0 or value > MAX_AMOUNT:
        raise ValueError(f"an amount lies between 0 and {MAX_AMOUNT}, not {value}")
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -4:
        raise ValueError(f"an amount has 4 decimals at most, not {value}")
    return value


Money = Annotated[
    Decimal, BeforeValidator(_exact), AfterValidator(_amount), PlainSerializer(format_amount, return_type=str)
]
"""An exact amount in the project's currency, never negative; written to JSON as text."""

Seconds = Annotated[int, Field(ge=0, le=MAX_SECONDS)]
"""A duration in whole seconds."""


class SuccessMetrics(Model):
    """The value of reaching a step once; `unpriced` if it is incomplete because an imported value was not an amount."""

    cost_savings: Money = Decimal(0)
    revenue: Money = Decimal(0)
    time_saved_seconds: Seconds = 0
    # Left out if false, so that version 0.1.0 can read goals that do not need it.
    unpriced: bool = Field(False, exclude_if=operator.not_)

    def __bool__(self) -> bool:
        return bool(self.cost_savings or self.revenue or self.time_saved_seconds)


NO_METRICS = SuccessMetrics.model_construct()
