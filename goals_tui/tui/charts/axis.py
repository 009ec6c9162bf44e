"""Axes that people can read: round steps, and numbers, money and time in a few characters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from goals_tui.format import long_time, percent

Kind = Literal["count", "percent", "money", "time"]
_TIME_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 18000, 36000)
"""Steps in seconds that read well on an axis, up to ten hours; beyond, hours go up by 1, 2, 5."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a chart's values: counts, rates (1.0 is 100 %), amounts with a currency `sign`, or seconds."""

    kind: Kind = "count"
    sign: str = ""

    def short(self, value: float) -> str:
        """Return a value in about six characters: 1.2k, 38 %, €450, 3 h."""
        if self.kind == "percent":
            return percent(value)
        if self.kind == "money":
            return self.signed(short_number(value))
        if self.kind == "time":
            return short_time(value)
        return short_number(value)

    def signed(self, number: str) -> str:
        """Return the number of an amount with the currency's sign: €450, CHF 450."""
        return f"{self.sign} {number}" if self.sign[-1:].isalpha() else f"{self.sign}{number}"

    def step(self, rough: float) -> float:
        """Return the nearest round step that is not smaller than `rough`."""
        if self.kind == "time":
            for step in _TIME_STEPS:
                if step >= rough:
                    return step
            return _round_up(rough / 3600) * 3600
        if self.kind == "count":
            return max(1, _round_up(rough))
        return _round_up(rough)


COUNT = Unit()
PERCENT = Unit("percent")
TIME = Unit("time")


def _round_up(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1, 2, 2.5, 5, 10):
        if factor == 2.5 and power <= 1:
            continue
        if factor * power >= rough * (1 - 1e-9):
            return factor * power
    return 10 * power


_ROWS_A_STEP = 2
_MOST_STEPS = 5


def marks(top: float, rows: int, unit: Unit = COUNT) -> tuple[float, ...]:
    """Return round values from 0 to one that is not below `top`, for an axis of `rows` rows.

    Of the round steps that fit, this takes one that leaves little of the height unused. A `top` of 0 gives 0 and one
    step, so that an empty axis still shows its unit.
    """
    if unit.kind == "percent":
        step = 0.25 if rows >= 8 else 0.5
        return tuple(step * i for i in range(round(1 / step) + 1))
    if top <= 0:
        return 0, unit.step(1)
    most = max(1, min(_MOST_STEPS, rows // _ROWS_A_STEP))
    steps = [unit.step(top / wanted) for wanted in range(1, most + 1)]
    step = min(steps, key=lambda step: _against(top, step, rows))
    return tuple(step * i for i in range(_count(top, step) + 1))


_FITTED_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)


def fitted_marks(low: float, high: float, rows: int) -> tuple[float, ...]:
    """Return round rates around the range from `low` to `high`, for an axis of `rows` rows that need not begin at 0."""
    most = max(1, min(_MOST_STEPS, rows // _ROWS_A_STEP))
    found = []
    for step in _FITTED_STEPS:
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        last = max(last, first + 1)
        if last - first <= most or step == _FITTED_STEPS[-1]:
            found.append((_waste(high - low, step, last - first, rows - 1), step, first, last))
    _, step, first, last = min(found)
    return tuple(round(step * place, 4) for place in range(first, last + 1))


def _count(top: float, step: float) -> int:
    return max(1, math.ceil(top / step - 1e-9))


def _against(top: float, step: float, rows: int) -> float:
    return _waste(top, step, _count(top, step), rows)


def _waste(shown: float, step: float, count: int, rows: int) -> float:
    """Return a penalty for `count` steps: height without values, rows left over by steps of equal height, few marks."""
    unused = 1 - shown / (step * count)
    left_over = rows % count / rows if rows > 0 else 0
    return unused + left_over + 0.65 / count


def short_number(value: float) -> str:
    """Return a number in five characters at most: 7, 0.5, 450, 1.2k, 13.7k, 2.5M."""
    size = abs(value)
    for limit, divisor, mark in ((999_500_000, 1e9, "bn"), (999_500, 1e6, "M"), (1_000, 1e3, "k")):
        if size >= limit:
            return f"{_trimmed(value / divisor)}{mark}"
    return _trimmed(value)


def _trimmed(value: float) -> str:
    if abs(value) >= 99.95:
        return f"{value:.0f}"
    text = f"{value:.1f}"
    return text.removesuffix(".0")


def short_time(seconds: float) -> str:
    """Return a duration in its largest fitting unit, with a sign where negative: 45 s, 12 min, 3 h, 1.5 h, 1.2k h."""
    if seconds < 0:
        return f"-{short_time(-seconds)}"
    if seconds < 60:
        return f"{_trimmed(seconds)} s" if seconds else "0"
    if seconds < 3600:
        return f"{_trimmed(seconds / 60)} min"
    return f"{short_number(seconds / 3600)} h"


def between_times(start: float, end: float) -> str:
    """Return a range of durations in words: 30 s to 1 min 10 s."""
    return f"{long_time(start)} to {long_time(end)}"


DAYS = (1, 2, 3, 4, 7, 14, 28)
"""The numbers of days for which one label stands well on an axis."""


def round_multiples(step: float) -> tuple[int, ...]:
    """Return how many buckets of `step` seconds make a duration that reads well; none where days do."""
    return tuple(round(each / step) for each in _TIME_STEPS if each >= step and not each % step)


def label_every(widths: Sequence[int], cell: float, multiples: Sequence[int] = DAYS) -> int:
    """Return how many buckets of `cell` columns share one label, so that labels of these widths never touch.

    It is one of `multiples` where one is large enough.
    """
    longest = max(widths, default=1) + 2
    rough = max(1, math.ceil(longest / max(cell, 0.01)))
    for nice in multiples:
        if nice >= rough:
            return nice
    return rough
