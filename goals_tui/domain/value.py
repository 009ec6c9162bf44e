"""What a step is worth: exact money and whole seconds (the seed's *Success Metrics*)."""

from __future__ import annotations

import operator
import re
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.model import Model

MAX_AMOUNT = Decimal("999999999999.9999")
"""The largest amount of one step, in the project's currency."""

MAX_SECONDS = 9999 * 3600 + 59 * 60 + 59
"""The longest time of one step: 9999:59:59."""

_AMOUNT = re.compile(r"\d{1,12}(\.\d{1,4})?", re.ASCII)
_DURATION = re.compile(r"(\d{1,4}):([0-5]\d):([0-5]\d)", re.ASCII)


def parse_amount(text: str, digits: int = 2) -> Decimal:
    """Money from `150.00`; `digits` is how many decimals the currency has (0 for JPY, 3 for KWD).

    Raises RefusedError for signs, separators, exponents, or more decimals than the currency has.
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
    """Money as `150.00`: at least `digits` decimals, more only where the amount has them."""
    exponent = amount.normalize().as_tuple().exponent
    own = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return f"{amount:.{max(own, digits)}f}"


def parse_duration(text: str) -> int:
    """Seconds from `hh:mm:ss`; the hours may exceed 99. Raises RefusedError."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        too_high = re.fullmatch(r"\d{1,4}:\d\d:\d\d", text.strip(), re.ASCII)
        remedy = "Minutes and seconds go up to 59" if too_high else "Write hours:minutes:seconds"
        raise RefusedError(f"{text.strip()!r} is not a time. {remedy}, for example 02:45:00.")
    hours, minutes, seconds = (int(part) for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds


def format_duration(seconds: float) -> str:
    """`hh:mm:ss`, to the nearest second, with as many digits for the hours as they need; -00:10:00 for ten minutes
    before."""
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
"""An exact amount in the project's currency, never negative; text in JSON."""

Seconds = Annotated[int, Field(ge=0, le=MAX_SECONDS)]
"""A span of time in whole seconds."""


class SuccessMetrics(Model):
    """What reaching a step is worth once; `unpriced` says that this is not all: a value that came in was no amount."""

    cost_savings: Money = Decimal(0)
    revenue: Money = Decimal(0)
    time_saved_seconds: Seconds = 0
    # Left out where it is false, so that version 0.1.0 reads goals that do not need it.
    unpriced: bool = Field(False, exclude_if=operator.not_)

    def __bool__(self) -> bool:
        return bool(self.cost_savings or self.revenue or self.time_saved_seconds)


NO_METRICS = SuccessMetrics()
