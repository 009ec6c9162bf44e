"""Views of parts: goals, endpoints, snapshots and other dimensions, weekdays and hours, releases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from goals_tui.domain.decisions import Release
from goals_tui.domain.drill_down import DrillDown, Part
from goals_tui.domain.report import (
    NOTHING,
    BreakdownDimension,
    CrossedFigures,
    Figures,
    GoalFigures,
    Outcome,
    Report,
)
from goals_tui.domain.words import fold
from goals_tui.format import DASH, difference_words, percent, points, short_interval
from goals_tui.services.currencies import loss_words
from goals_tui.services.insights.report import WEEKDAYS
from goals_tui.tui.charts.axis import COUNT, PERCENT, short_number
from goals_tui.tui.charts.spec import Bars, Column, Heat, Nothing, Series
from goals_tui.tui.filters.texts import Formats, count_cell, rate_cell, text_cell
from goals_tui.tui.insights.model import Axis
from goals_tui.tui.insights.table import Cell, Heading, Table
from goals_tui.tui.insights.view import (
    View,
    few_of,
    figure_table,
    goal_trend,
    nothing,
    outcome_bars,
    outcome_of,
    rate_of,
)

Rank = Literal["top", "bottom", "all"]
RANKS: tuple[Rank, ...] = ("top", "bottom", "all")
RANKED = 10
"""The number of goals in the top and bottom rankings of the performance view, as in the original report."""
_NEXT_RANK: dict[Rank, str] = {"top": f"bottom {RANKED}", "bottom": "all goals", "all": f"top {RANKED}"}


def by_completed(goals: tuple[GoalFigures, ...]) -> list[GoalFigures]:
    """Return the goals ranked by completed cycles, then by started cycles (most first), then by name."""
    return sorted(goals, key=lambda g: (-g.figures.completed, -g.figures.started, fold(g.name), g.goal_id))


def performance(report: Report, axis: Axis | None, words: Formats, rank: Rank = "top") -> View:
    """Return the performance view: one stacked bar of outcomes per goal, and below it the trend of the chosen goal."""
    title, ordered = "Goals performance", by_completed(report.goals)
    shown = {"top": ordered[:RANKED], "bottom": ordered[::-1][:RANKED], "all": ordered}[rank]
    if not report.totals.started:
        return nothing(title)
    count = len(ordered)
    everything = f"{title} · all {count} goals, most completed first" if count > 1 else title
    which = f"all {count} goals" if count <= RANKED or rank == "all" else f"{rank} {RANKED} of {count} goals"
    order = "fewest completed first" if rank == "bottom" else "most completed first"
    names = [[text_cell(goal.name)] for goal in ordered]
    return View(
        f"{title} · {which}, {order}" if count > 1 else title,
        outcome_bars(
            [goal.name if goal.known else f"{goal.name} (unknown)" for goal in shown],
            [goal.figures for goal in shown],
        ),
        lambda: figure_table(
            [Heading("Goal", "goal", numeric=False)], names, [goal.figures for goal in ordered], words
        ),
        lambda place: DrillDown(goal_id=shown[place.mark].goal_id, outcome=outcome_of(place)),
        tuple(DrillDown(goal_id=goal.goal_id) for goal in ordered),
        everything,
        summary=loss_words(report.largest_loss, report.currency) if report.largest_loss else "",
        hints=(
            *((("o", _NEXT_RANK[rank]),) if count > RANKED else ()),
            *((("N", "largest loss"),) if report.largest_loss else ()),
        ),
        below=lambda place: goal_trend(axis, shown[place.mark].goal_id if place.mark < len(shown) else None),
    )


# -- breakdown

Order = Literal["started", "highest", "lowest", "value", "name"]
ORDERS: dict[Order, str] = {
    "started": "most started first",
    "highest": "highest rate first",
    "lowest": "lowest rate first",
    "value": "most value first",
    "name": "by name",
}
_IN_TIME = ("weekday", "hour")


def breakdown(
    rows: Sequence[CrossedFigures],
    dimensions: tuple[BreakdownDimension, ...],
    words: Formats,
    goal_ids: Mapping[str, str],
    order: Order = "started",
    following: str = "",
) -> View:
    """Return the breakdown view: one stacked bar of outcomes for each part, or each combination of parts.

    `goal_ids` maps the names of goals to their ids. `following` names the dimension that comes next.
    """
    title = f"By {' and '.join(dimensions)}"
    if not rows:
        return nothing(title)
    rows = _ordered(rows, order)
    labels = [" · ".join(_part_words(d, part) for d, part in zip(dimensions, row.parts, strict=True)) for row in rows]
    figures = [row.figures for row in rows]
    headings = [Heading(each.capitalize(), each, numeric=False) for each in dimensions]
    names = [[Cell(_part_words(d, part), part) for d, part in zip(dimensions, row.parts, strict=True)] for row in rows]
    as_it_comes = order == "started" and any(each in _IN_TIME for each in dimensions)
    return View(
        f"{title} · {'in order' if as_it_comes else ORDERS[order]}",
        outcome_bars(labels, figures),
        lambda: figure_table(headings, names, figures, words),
        lambda place: part_link(dimensions, rows[place.mark], goal_ids, outcome_of(place)),
        tuple(part_link(dimensions, row, goal_ids) for row in rows),
        hints=(("o", "order"), ("d", f"by {following}"), ("D", "a second" if len(dimensions) == 1 else "other second")),
    )


def _ordered(rows: Sequence[CrossedFigures], order: Order) -> Sequence[CrossedFigures]:
    """Return the rows in an order. By rate, parts with few cycles come last, whatever their rate is."""
    if order == "started":
        return rows
    if order == "name":
        return sorted(rows, key=lambda row: [(part is None, fold(part or "")) for part in row.parts])
    if order == "value":
        return sorted(rows, key=lambda row: -row.figures.value)
    sign = -1 if order == "highest" else 1
    return sorted(rows, key=lambda row: (row.figures.few, sign * (row.figures.completed_share.rate or 0)))


def _part_words(dimension: str, part: str | None) -> str:
    if part is None:
        return f"no {dimension}"
    return f"{part}:00" if dimension == "hour" else part


def part_link(
    dimensions: Sequence[BreakdownDimension],
    row: CrossedFigures,
    goal_ids: Mapping[str, str],
    outcome: Outcome | None = None,
) -> DrillDown:
    """Return the link to the cycles of a row of a breakdown."""
    parts: list[Part] = []
    goal_id = None
    for dimension, part in zip(dimensions, row.parts, strict=True):
        if dimension == "goal":
            goal_id = goal_ids.get(part or "", part)
        else:
            parts.append((dimension, part))
    return DrillDown(goal_id=goal_id, parts=tuple(parts), outcome=outcome)


# -- when

HeatMetric = Literal["started", "rate", "value"]
HEAT_TITLES: dict[HeatMetric, str] = {
    "started": "started cycles",
    "rate": "completion rate",
    "value": "cost savings and revenue",
}


def when(rows: Sequence[CrossedFigures], metric: HeatMetric, words: Formats) -> View:
    """Return the view of weekdays by hours, as the clock of the zone showed them when cycles started."""
    title = f"When · {HEAT_TITLES[metric]} by weekday and hour"
    if not rows:
        return nothing(title)
    by_place = {(row.parts[0], row.parts[1]): row.figures for row in rows}
    places = [(day, f"{hour:02d}") for day in WEEKDAYS for hour in range(24)]
    figures = [by_place.get(place, NOTHING) for place in places]
    unit = {"started": COUNT, "rate": PERCENT, "value": words.money_unit}[metric]
    following = list(HEAT_TITLES)[(list(HEAT_TITLES).index(metric) + 1) % len(HEAT_TITLES)]
    spec = Heat(
        tuple(day[:3] for day in WEEKDAYS),
        tuple(f"{hour:02d}" for hour in range(24)),
        tuple(f"{day} {hour}:00–{hour}:59" for day, hour in places),
        tuple(_heat_value(each, metric) for each in figures),
        tuple(_heat_text(each, metric) for each in figures),
        tuple(_heat_words(each, words) for each in figures),
        HEAT_TITLES[metric].capitalize(),
        unit,
        few=few_of(figures) if metric == "rate" else frozenset(),
        tone="completed" if metric == "rate" else "primary",
    )
    names = [[Cell(str(row.parts[0]), row.parts[0]), Cell(f"{row.parts[1]}:00", row.parts[1])] for row in rows]
    headings = [Heading("Weekday", "weekday", numeric=False), Heading("Hour", "hour", numeric=False)]
    few = metric == "rate" and all(each.few for each in figures if each.started)
    return View(
        title,
        spec,
        lambda: figure_table(headings, names, [row.figures for row in rows], words),
        lambda place: DrillDown(parts=(("weekday", places[place.mark][0]), ("hour", places[place.mark][1]))),
        tuple(DrillDown(parts=(("weekday", row.parts[0]), ("hour", row.parts[1]))) for row in rows),
        notes=("Every hour has fewer than 20 cycles: no rate is coloured. A longer span has more.",) if few else (),
        hints=(("m", HEAT_TITLES[following]),),
    )


def _heat_value(figures: Figures, metric: HeatMetric) -> float | None:
    if not figures.started:
        return None
    if metric == "started":
        return float(figures.started)
    return figures.completed_share.rate if metric == "rate" else float(figures.value)


def _heat_text(figures: Figures, metric: HeatMetric) -> str:
    value = _heat_value(figures, metric)
    if value is None:
        return "·"
    return f"{value * 100:.0f}" if metric == "rate" else _three(value)


def _three(value: float) -> str:
    """Return a number in three characters at most: 0.4, 87, 870, 1k, 12k, +++."""
    for text in (short_number(value), f"{value:.0f}", f"{value / 1000:.0f}k", f"{value / 1e6:.0f}M"):
        if len(text) <= 3:
            return text
    return "+++"


def _heat_words(figures: Figures, words: Formats) -> str:
    if not figures.started:
        return "nothing"
    interval = figures.completed_share.interval
    known = f" ({short_interval(interval)})" if interval and not figures.few else ""
    return (
        f"{figures.started:,} started, {rate_of(figures.completion_rate, figures)}{known} completed, "
        f"{words.money(figures.value)} of value"
    )


# -- releases

_VERDICT_TONES = {"better": "completed", "worse": "incomplete"}


def releases(found: Sequence[Release], words: Formats) -> View:
    """Return the view of snapshots, each with its completion rate and interval against the one before it."""
    title = "Releases · each against the one before, with its 95 % interval"
    if not found:
        hint = "A release is a snapshot that events name. Press ] for a longer span."
        return nothing(title, Nothing("No cycle of this span has a snapshot", hint))
    rates = [
        None if interval is None else (share.rate or 0.0, interval)
        for share, interval in ((each.figures.completed_share, each.figures.completed_share.interval) for each in found)
    ]
    ends = [end for each in rates if each for end in each[1]]
    changes = [each.change.completion_rate if each.change else None for each in found]
    tones = tuple(_VERDICT_TONES.get(each.verdict or "", "text") for each in found)
    weeks = [each.value_per_week for each in found]
    money = words.aligned(round(week, words.digits) for week in weeks if week is not None)
    mixes = [each.equal_mix.difference.difference if each.equal_mix else None for each in found]
    spec = Bars(
        tuple(each.snapshot for each in found),
        (
            Series(
                "Completed",
                "completed",
                tuple(each.figures.completed_share.rate for each in found),
                "●",
                tuple(_release_words(each) for each in found),
            ),
        ),
        (
            Column("Rate", tuple(rate_of(each.figures.completion_rate, each.figures) for each in found), "completed"),
            Column("Change", tuple(points(c.difference if c else None, "pts") for c in changes), tones=tones),
            Column("Same mix", tuple(points(mix, "pts") for mix in mixes), "muted", wide_only=True),
            Column(
                "A week",
                tuple(DASH if w is None else money.money(round(w, words.digits)) for w in weeks),
                wide_only=True,
            ),
            Column("Verdict", tuple(each.verdict or "first here" for each in found), tones=tones),
            Column("Started", tuple(f"{each.figures.started:,}" for each in found), "muted"),
        ),
        PERCENT,
        top=min(1.0, -(-max(ends, default=1.0) * 10 // 1) / 10) or 1.0,
        low=max(0.0, min(ends, default=0.0) * 10 // 1 / 10),
        few=few_of([each.figures for each in found]),
        intervals=tuple(rates),
    )
    table = Table(
        (
            Heading("Snapshot", "snapshot", numeric=False),
            Heading("Started", "started"),
            Heading("✔ %", "completion_rate"),
            Heading("Change", "difference"),
            Heading("Verdict", "verdict", numeric=False),
            Heading("Same mix", "at_equal_mix"),
            Heading("Covered", "covered"),
            Heading("Value a week", "value_per_week", brief_title="A week"),
        ),
        tuple(
            (
                text_cell(each.snapshot),
                count_cell(each.figures.started),
                rate_cell(each.figures.completion_rate),
                Cell(points(change.difference if change else None, "pts"), change.difference if change else None),
                text_cell(each.verdict or ""),
                Cell(points(mix, "pts"), mix),
                Cell(
                    percent(each.equal_mix.covered if each.equal_mix else None),
                    each.equal_mix.covered if each.equal_mix else None,
                ),
                Cell(DASH, None) if week is None else money.money_cell(round(week, words.digits)),
            )
            for each, change, mix, week in zip(found, changes, mixes, weeks, strict=True)
        ),
    )
    leads = tuple(DrillDown(parts=(("snapshot", each.snapshot),)) for each in found)
    notes = ("Only one snapshot has cycles in this span: a longer one has more to compare.",) if len(found) == 1 else ()
    hints = (("B", "for whom"),) if len(found) > 1 else ()
    return View(title, spec, lambda: table, lambda place: leads[place.mark], leads, notes=notes, hints=hints)


def _release_words(release: Release) -> str:
    share = release.figures.completed_share
    said = f"{share.part:,} of {share.whole:,}"
    if release.change is None:
        return f"{said}; nothing before it in this span"
    # Rate and verdict stand in the row. The end is cut off where there is no room.
    numbers, _, _ = difference_words(release.change.completion_rate).rpartition(": ")
    return f"{said}, {numbers} against {release.against}"
