"""Statistics of rates: intervals, differences, effects, incidence and verdicts (docs/semantics.md, *Uncertainty*).

All functions take counts. Rates and shares are fractions of 1; intervals have a confidence of 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, TypeVar

Interval = tuple[float, float]

CONFIDENCE = 0.95
_Z = 1.9599639845400536
"""The quantile of the normal distribution at (1 + CONFIDENCE) / 2; the module `statistics` is slow to import."""

FEW_CYCLES = 20
"""Rates of fewer cycles are dimmed and shown with the number of cycles."""

FEWEST_FOR_VERDICT = 100
"""The fewest cycles of each release; with fewer the verdict is *too little data*."""

FEWEST_FOR_TARGET = 30
"""With fewer cycles, the state of a target is *too little data*."""

Part = TypeVar("Part", bound=Hashable)


def wilson_interval(part: int, whole: int) -> Interval | None:
    """Return the Wilson score interval of `part` of `whole`; None for 0 of 0."""
    if not whole:
        return None
    share, squared = part / whole, _Z * _Z
    middle = (share + squared / (2 * whole)) / (1 + squared / whole)
    half = _Z / (1 + squared / whole) * math.sqrt(share * (1 - share) / whole + squared / (4 * whole * whole))
    # The formula is inexact in floating point; the ends at 0 and 1 must be exact.
    return (0.0 if part == 0 else max(0.0, middle - half), 1.0 if part == whole else min(1.0, middle + half))


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two rates, B - A, with its interval; both are None if either side has no cycles."""

    difference: float | None = None
    interval: Interval | None = None

    @property
    def clear(self) -> bool:
        """True if the interval excludes 0; only then is a difference called higher or lower."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


NO_DIFFERENCE = Difference()


@dataclass(frozen=True, slots=True)
class Share:
    """A number of cycles, `part`, out of `whole`."""

    part: int
    whole: int

    @property
    def rate(self) -> float | None:
        """The share as a fraction, not rounded; None for 0 of 0."""
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> Interval | None:
        """The Wilson score interval of the share; None for 0 of 0."""
        return wilson_interval(self.part, self.whole)

    def __add__(self, other: Share) -> Share:
        return Share(self.part + other.part, self.whole + other.whole)


NO_CYCLES = Share(0, 0)


def difference(a: Share, b: Share) -> Difference:
    """Return `b` - `a` with Newcombe's interval (the square-and-add method on Wilson intervals)."""
    return _weighted_difference([(1.0, a, b)])


def _weighted_difference(cells: Iterable[tuple[float, Share, Share]]) -> Difference:
    """Return the weighted sum of the differences of cells (weight, a, b).

    The squares are added as in Newcombe's interval, so that one cell of weight 1 gives exactly that.
    """
    differences, squares_below, squares_above = [], [], []
    for weight, a, b in cells:
        if a.rate is None or b.rate is None or a.interval is None or b.interval is None:
            return NO_DIFFERENCE
        differences.append(weight * (b.rate - a.rate))
        squares_below.append(weight**2 * ((b.rate - b.interval[0]) ** 2 + (a.interval[1] - a.rate) ** 2))
        squares_above.append(weight**2 * ((b.interval[1] - b.rate) ** 2 + (a.rate - a.interval[0]) ** 2))
    # Cells come in any order, on which the result must not depend: fsum is exact.
    total, below, above = map(math.fsum, (differences, squares_below, squares_above))
    return Difference(total, (max(-1.0, total - math.sqrt(below)), min(1.0, total + math.sqrt(above))))


@dataclass(frozen=True, slots=True)
class EqualMix:
    """A difference adjusted to an equal mix of cells; `covered` is the share of all cycles in common cells."""

    difference: Difference
    covered: float | None


def at_equal_mix(a: Mapping[Part, Share], b: Mapping[Part, Share]) -> EqualMix:
    """Return `b` - `a` standardised to the pooled shares of the cells that both have.

    There is no difference if they have no cell in common; `covered` is None if there are no cycles at all.
    """
    common = [cell for cell in a if cell in b and a[cell].whole and b[cell].whole]
    pooled = sum(a[cell].whole + b[cell].whole for cell in common)
    everything = sum(share.whole for side in (a, b) for share in side.values())
    covered = pooled / everything if everything else None
    if not common:
        return EqualMix(NO_DIFFERENCE, covered)
    cells = [((a[cell].whole + b[cell].whole) / pooled, a[cell], b[cell]) for cell in common]
    return EqualMix(_weighted_difference(cells), covered)


@dataclass(frozen=True, slots=True)
class PartEffect(Generic[Part]):
    """The contribution of a part to the difference of two rates, by its own rate and by its share of all cycles."""

    part: Part
    before: Share
    after: Share
    rate_effect: float
    mix_effect: float

    @property
    def contribution(self) -> float:
        """The sum of both effects."""
        return self.rate_effect + self.mix_effect


def effects(before: Mapping[Part, Share], after: Mapping[Part, Share]) -> list[PartEffect[Part]]:
    """Split the difference of two overall rates into the effects of parts, the largest contribution first.

    The effects add up to the difference. A part that is missing in one period has a share of 0 there, and the rate
    of the other period. If either period has no cycles, the list is empty.
    """
    whole_before = sum(before.values(), NO_CYCLES)
    whole_after = sum(after.values(), NO_CYCLES)
    if whole_before.rate is None or whole_after.rate is None:
        return []
    middle = (whole_before.rate + whole_after.rate) / 2
    found = []
    for part in dict.fromkeys([*before, *after]):
        then, now = before.get(part, NO_CYCLES), after.get(part, NO_CYCLES)
        known = then.rate if now.rate is None else now.rate
        if known is None:
            continue
        rate_then, rate_now = known if then.rate is None else then.rate, known
        share_then, share_now = then.whole / whole_before.whole, now.whole / whole_after.whole
        rate_effect = (share_then + share_now) / 2 * (rate_now - rate_then)
        mix_effect = (share_now - share_then) * ((rate_then + rate_now) / 2 - middle)
        found.append(PartEffect(part, then, now, rate_effect, mix_effect))
    return sorted(found, key=lambda effect: (-abs(effect.contribution), str(effect.part)))


class Departures(NamedTuple):
    """The cycles that left the risk set at a time: they reached the step, were superseded, or are still open."""

    seconds: float
    reached: int = 0
    superseded: int = 0
    open: int = 0


def incidence(departures: Sequence[Departures]) -> list[tuple[float, float]]:
    """Return pairs (seconds, share that had reached the step by then) by the Aalen-Johansen estimator.

    There is a pair for each time at which some cycle reached the step. Open cycles are censored; being superseded is
    a competing event. Cycles that are censored at a time are still at risk at that time.
    """
    at_risk = sum(each.reached + each.superseded + each.open for each in departures)
    waiting, share = 1.0, 0.0
    found: list[tuple[float, float]] = []
    for seconds, reached, superseded, still_open in _by_time(departures):
        if reached:
            share += waiting * reached / at_risk
            found.append((seconds, min(share, 1.0)))
        if reached or superseded:
            waiting *= 1 - (reached + superseded) / at_risk
        at_risk -= reached + superseded + still_open
    return found


def _by_time(departures: Sequence[Departures]) -> list[Departures]:
    """Return the departures in order of time, those of the same time as one."""
    found: list[Departures] = []
    for each in sorted(departures):
        if found and found[-1].seconds == each.seconds:
            last = found.pop()
            each = Departures(
                each.seconds, last.reached + each.reached, last.superseded + each.superseded, last.open + each.open
            )
        found.append(each)
    return found


def quantile(counts: Sequence[tuple[float, int]], share: float) -> float | None:
    """Return a quantile of (value, count) pairs sorted by value, linear between ranks; None if there are none."""
    total = sum(count for _, count in counts)
    if not total:
        return None
    rank = share * (total - 1)
    lower, upper = _at_rank(counts, math.floor(rank)), _at_rank(counts, math.ceil(rank))
    return lower + (upper - lower) * (rank - math.floor(rank))


def _at_rank(counts: Sequence[tuple[float, int]], rank: int) -> float:
    for value, count in counts:
        if rank < count:
            return value
        rank -= count
    return counts[-1][0]


Verdict = Literal["better", "worse", "no clear change", "too little data"]
TargetState = Literal["met", "missed", "too close to call", "too little data"]


def verdict(before: Share, after: Share) -> Verdict:
    """Return the verdict on `after` against `before`: better or worse only if the difference is clear."""
    if min(before.whole, after.whole) < FEWEST_FOR_VERDICT:
        return "too little data"
    found = difference(before, after)
    if not found.clear or found.difference is None:
        return "no clear change"
    return "better" if found.difference > 0 else "worse"


def target_state(share: Share, target: float) -> TargetState:
    """Return whether a target rate is met or missed, which is decided only if the interval excludes it."""
    interval = share.interval
    if share.whole < FEWEST_FOR_TARGET or interval is None:
        return "too little data"
    if interval[0] > target:
        return "met"
    return "missed" if interval[1] < target else "too close to call"
