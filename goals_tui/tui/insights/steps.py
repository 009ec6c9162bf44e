"""Views of the steps of one goal: the funnel with its drop-offs, and the times until a step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from goals_tui.domain.decisions import DropOff, DropOffs, Times
from goals_tui.domain.drill_down import DrillDown
from goals_tui.domain.goal import GLYPHS
from goals_tui.domain.report import Funnel
from goals_tui.domain.statistics import FEW_CYCLES
from goals_tui.format import DASH, long_time, percent
from goals_tui.tui.charts.axis import PERCENT, TIME, between_times, round_multiples
from goals_tui.tui.charts.canvas import Place
from goals_tui.tui.charts.spec import Bars, Column, Columns, Lines, Nothing, Series
from goals_tui.tui.filters.texts import Formats, count_cell, lasted_cell, rate_cell, text_cell
from goals_tui.tui.insights.table import Cell, Heading, Table
from goals_tui.tui.insights.view import NO_GOALS, View, nothing


@dataclass(frozen=True)
class FunnelData:
    """A funnel and where its cycles dropped off; the latter is None for a funnel in strict order."""

    funnel: Funnel
    drop_offs: DropOffs | None

    def after(self, step_id: str) -> DropOff | None:
        """Return what became of the cycles that reached a step."""
        steps = self.drop_offs.steps if self.drop_offs else ()
        return next((step for step in steps if step.step_id == step_id), None)


def funnel(found: FunnelData | None, words: Formats) -> View:
    """Return the funnel view: how many cycles reached each step of a goal, dropped off there, and what that costs.

    A bar is what went on or completed there, then what dropped off there. In strict order it has one part.
    """
    if found is None:
        return nothing("Funnel", NO_GOALS)
    steps, started, strict = found.funnel.steps, found.funnel.started, found.funnel.strict
    title = f"Funnel · {found.funnel.goal}{' · steps in strict order' if strict else ''}"
    if not started:
        hint = "Press ] for a longer span, or g for another goal."
        return nothing(title, Nothing(f"{found.funnel.goal} was not started in this span", hint))
    drops = [found.after(step.step_id) for step in steps]
    lasted = [(lasted_cell(step.median_seconds), lasted_cell(step.p90_seconds)) for step in steps]
    few = 0 < started < FEW_CYCLES
    lost = tuple(drop.dropped if drop else 0 for drop in drops)
    stayed = Series(
        "Reached" if strict else "Went on or completed",
        "primary",
        tuple(step.reached - dropped for step, dropped in zip(steps, lost, strict=True)),
        texts=tuple(f"{step.reached - dropped:,}" for step, dropped in zip(steps, lost, strict=True)),
    )
    left = Series(
        "Dropped off there",
        "incomplete",
        lost,
        "▨",
        tuple(f"{n:,} of {step.reached:,} ({percent(n / step.reached if step.reached else None)})"
              for n, step in zip(lost, steps, strict=True)),
    )  # fmt: skip
    stakes = tuple(_stake(drop, words) for drop in drops)
    columns = [
        Column("Cycles", tuple(f"{step.reached:,}" for step in steps)),
        Column("Of start", tuple(_of(step.from_start, started) for step in steps), "primary"),
        Column("Of previous", tuple(_of(step.from_previous, step.before or 0) for step in steps), wide_only=True),
    ]
    if not strict:
        columns += [
            Column(
                "Dropped",
                _dropped(drops),
                tones=tuple("incomplete" if n else "muted" for n in lost),
            ),
            Column("At stake", stakes),
        ]
    columns += [
        Column("Median", tuple(median.text for median, _ in lasted), "muted", wide_only=True),
        Column("90 % within", tuple(p90.text for _, p90 in lasted), "muted", wide_only=True),
    ]
    spec = Bars(
        labels=tuple(step.name for step in steps),
        series=(stayed,) if strict else (stayed, left),
        columns=tuple(columns),
        glyphs=tuple(GLYPHS[step.kind] for step in steps),
        top=max(started, *(step.reached for step in steps)),
        ghost=True,
        few=frozenset(range(len(steps))) if few else frozenset(),
    )
    table = Table(
        (
            Heading("Step", "step", numeric=False),
            Heading("Kind", "kind", numeric=False, minor=True),
            Heading("Cycles", "reached"),
            Heading("Of start", "from_start"),
            Heading("Of previous", "from_previous", brief_title="Of prev."),
            Heading("Dropped", "dropped"),
            Heading("At stake", "at_stake", brief=words.brief_money),
            Heading("Median", "median_seconds"),
            Heading("90 % within", "p90_seconds", brief_title="90 %"),
        ),
        tuple(
            (
                text_cell(step.name),
                text_cell(step.kind),
                count_cell(step.reached),
                rate_cell(step.from_start),
                rate_cell(step.from_previous),
                Cell(f"{drop.dropped:,}", drop.dropped) if drop else Cell(DASH, None),
                words.money_cell(drop.stake.value(words.digits)) if drop and drop.stake else Cell(DASH, None),
                *lasted[place],
            )
            for place, (step, drop) in enumerate(zip(steps, drops, strict=True))
        ),
    )
    goal_id = found.funnel.goal_id

    def drill_down(place: Place) -> DrillDown | None:
        step_id = steps[place.mark].step_id
        if strict:
            return DrillDown(goal_id=goal_id, step_id=step_id, in_order=True)
        if place.part == 0:
            return None
        if place.part == 1:
            return DrillDown(goal_id=goal_id, dropped_after=step_id)
        return DrillDown(goal_id=goal_id, step_id=step_id)

    return View(
        title,
        spec,
        lambda: table,
        drill_down,
        tuple(DrillDown(goal_id=goal_id, step_id=step.step_id, in_order=strict) for step in steps),
        notes=tuple(found.funnel.notes),
        hints=(("g", "goal"), ("o", "any order" if strict else "strict order"), ("c", "what came next")),
        below=None if strict else lambda place: _came_next(drops[min(place.mark, len(drops) - 1)], goal_id),
    )


def _came_next(drop: DropOff | None, goal_id: str) -> View | None:
    """Return the view of what came next in the sessions of the cycles that dropped off after a step."""
    if drop is None:
        return None
    title = f"What came next · {drop.name}"
    if not drop.next:
        return nothing(title, Nothing("No cycle dropped off after this step", ""))
    counts = tuple(count for _, count in drop.next)
    spec = Bars(
        tuple(f"{what[:1].upper()}{what[1:]}" for what, _ in drop.next),
        (
            Series(
                "Dropped off after the step",
                "incomplete",
                counts,
                "▨",
                tuple(f"{count:,} of {drop.dropped:,}" for count in counts),
            ),
        ),
        (
            Column("Dropped", tuple(f"{count:,}" for count in counts)),
            Column("Share", tuple(percent(count / drop.dropped) for count in counts), "incomplete"),
        ),
        top=drop.dropped,
        ghost=True,
    )
    lead = DrillDown(goal_id=goal_id, dropped_after=drop.step_id)
    return View(title, spec, lambda: Table((), ()), lambda place: lead, (lead,) * len(counts))


def _of(rate: float | None, whole: int) -> str:
    return f"{percent(rate)} of {whole}" if rate is not None and 0 < whole < FEW_CYCLES else percent(rate)


def _dropped(drops: Sequence[DropOff | None]) -> tuple[str, ...]:
    """Return how many dropped off after each step, and their share of those that reached it, below each other."""
    counts = [DASH if drop is None else f"{drop.dropped:,}" for drop in drops]
    shares = [percent(drop.dropped / drop.reached) if drop and drop.dropped else "" for drop in drops]
    wide, beside = max(map(len, counts), default=0), max(map(len, shares), default=0)
    return tuple(f"{count:>{wide}}  {share:>{beside}}" for count, share in zip(counts, shares, strict=True))


def _stake(drop: DropOff | None, words: Formats) -> str:
    if drop is None or not drop.dropped:
        return ""
    return DASH if drop.stake is None else words.money(drop.stake.value(words.digits))


def times(found: Times, width: int, goal_id: str, step_id: str | None = None, *, share_first: bool = False) -> View:
    """Return the view of times until a step: a histogram, and the share of all cycles that had reached it by then.

    A bar and its row lead to the cycles that took so long, a point to those that had reached the step by then.
    """
    until = f"until {found.step}" if found.step else "until completed"
    title = f"Times · {found.goal} {until}"
    if not found.reached:
        why = f"No cycle of {found.started:,} reached it" if found.started else f"{found.goal} was not started"
        hint = "Press ] for a longer span, g for another goal, or d for another step."
        return nothing(title, Nothing(f"{why} in this span", hint))
    summary = (
        f"{found.reached:,} of {found.started:,} reached it, half within {long_time(found.median or 0)}, "
        f"90 % within {long_time(found.p90 or 0)}" + (f"; {found.open:,} open" if found.open else "")
    )
    by_then = _shares(found)
    bins = found.histogram
    names = tuple(between_times(each.start, each.end) for each in bins)
    leads = tuple(
        DrillDown(goal_id=goal_id, step_id=step_id, took=(round(each.start), round(each.end))) for each in bins
    )
    histogram = Columns(
        tuple(long_time(each.start) for each in bins),
        names,
        (
            Series(
                "Cycles that took so long",
                "primary",
                tuple(each.count for each in bins),
                texts=tuple(f"{each.count:,} of {found.reached:,}" for each in bins),
            ),
        ),
        named=False,
        multiples=round_multiples(bins[0].end - bins[0].start),
    )
    table = Table(
        (
            Heading("From", "from"),
            Heading("To", "to"),
            Heading("Cycles", "count"),
            Heading("Share of all by then", "share"),
        ),
        tuple(
            (lasted_cell(each.start), lasted_cell(each.end), count_cell(each.count), rate_cell(share))
            for each, share in zip(bins, by_then, strict=True)
        ),
    )
    few = (f"Only {found.reached} cycles: take the times as hints.",) if found.reached < FEW_CYCLES else ()
    hints = (("g", "goal"), ("d", "step"), ("o", "histogram" if share_first else "share over time"))
    moments = _moments(found, width)
    first = round(bins[0].start)
    by_moment = tuple(DrillDown(goal_id=goal_id, step_id=step_id, took=(first, int(each) + 1)) for each in moments)
    charts = [
        View(f"{title} · how long it took", histogram, lambda: table, lambda place: leads[place.mark], leads),
        View(
            f"{title} · share of all that had reached it",
            _course(found, moments),
            lambda: table,
            lambda place: by_moment[place.mark],
            leads,
        ),
    ]
    upper, lower = reversed(charts) if share_first else charts
    return replace(upper, summary=summary, notes=few, hints=hints, below=lambda place: lower)


def _shares(found: Times) -> list[float]:
    """Return the share that had reached the step by the end of each bin of the histogram."""
    shares, place, share = [], 0, 0.0
    for each in found.histogram:
        while place < len(found.incidence) and found.incidence[place][0] < each.end:
            share = found.incidence[place][1]
            place += 1
        shares.append(share)
    return shares


_MOST_POINTS = 60


def _moments(found: Times, width: int) -> list[float]:
    """Return moments a round time apart, as many as the width shows; a last wide bin of the histogram is cut off."""
    bins = found.histogram
    wide = len(bins) > 1 and bins[-1].end - bins[-1].start > bins[0].end - bins[0].start
    last = bins[-1].start if wide else bins[-1].end
    first = max(0.0, bins[0].start)
    step = TIME.step(max(1.0, (last - first) / max(1, min(_MOST_POINTS, width // 2) - 1)))
    return [first + step * n for n in range(max(1, math.ceil((last - first) / step)) + 1)]


def _course(found: Times, moments: Sequence[float]) -> Lines:
    """Return the share of all cycles that had reached the step at each moment."""
    shares, place, share = [], 0, 0.0
    for moment in moments:
        while place < len(found.incidence) and found.incidence[place][0] <= moment:
            share = found.incidence[place][1]
            place += 1
        shares.append(share)
    names = tuple(long_time(moment) for moment in moments)
    return Lines(
        names,
        tuple(f"after {name}" for name in names),
        (
            Series(
                "Reached by then",
                "primary",
                tuple(shares),
                texts=tuple(f"{percent(share)} of {found.started:,}" for share in shares),
            ),
        ),
        PERCENT,
        named=False,
        multiples=round_multiples(moments[1] - moments[0]),
    )
