"""Views of parts: goals, endpoints, snapshots and other dimensions, weekdays and hours, releases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from goals_tui.domain.decisions import Release, ReleasedGoal
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
from goals_tui.domain.statistics import NO_CYCLES, Difference, Share, difference
from goals_tui.domain.words import fold
from goals_tui.format import DASH, difference_words, hours, percent, points, short_interval
from goals_tui.services.currencies import loss_words
from goals_tui.services.insights.report import WEEKDAYS
from goals_tui.tui.charts.axis import COUNT, PERCENT, short_number
from goals_tui.tui.charts.spec import Column, Heat, Nothing
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
    whiskers,
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
        below=lambda place: _against_others(rows, labels, dimensions, words, goal_ids) if len(rows) > 1 else None,
    )


def _against_others(
    rows: Sequence[CrossedFigures],
    labels: Sequence[str],
    dimensions: Sequence[BreakdownDimension],
    words: Formats,
    goal_ids: Mapping[str, str],
) -> View:
    """Return the view of the completion rate of each part against that of all others together, and of its value."""
    figures = [row.figures for row in rows]
    every = sum((each.completed_share for each in figures), NO_CYCLES)
    others = [
        Share(every.part - each.completed_share.part, every.whole - each.completed_share.whole) for each in figures
    ]
    changes = [difference(rest, each.completed_share) for rest, each in zip(others, figures, strict=True)]
    few = few_of(figures)
    clear = [change.clear and mark not in few for mark, change in enumerate(changes)]
    tones = tuple(
        ("completed" if (change.difference or 0) > 0 else "incomplete") if is_clear else "text"
        for change, is_clear in zip(changes, clear, strict=True)
    )
    money = words.aligned(each.value for each in figures)
    per_cycle = [each.shown_value_per_cycle(words.digits) for each in figures]
    spec = whiskers(
        labels,
        [each.completed_share for each in figures],
        (
            Column("Rate", tuple(rate_of(each.completion_rate, each) for each in figures), "completed"),
            Column("Others", tuple(percent(rest.rate) for rest in others), "muted"),
            Column("Difference", tuple(points(change.difference, "pts") for change in changes), tones=tones),
            Column("", tuple(_clear_words(c, is_clear) for c, is_clear in zip(changes, clear, strict=True)),
                   tones=tones),
            Column("Per cycle", tuple(DASH if v is None else words.money(v) for v in per_cycle), wide_only=True),
            Column("Value", tuple(money.money(each.value) for each in figures), wide_only=True),
            Column("Time saved", tuple(hours(each.time_saved_seconds) for each in figures), wide_only=True),
        ),
        few,
        tuple(f"{each.completed:,} of {each.started:,}, {difference_words(change)}"
              for each, change in zip(figures, changes, strict=True)),
    )  # fmt: skip
    leads = tuple(part_link(dimensions, row, goal_ids) for row in rows)
    title = f"Each {' and '.join(dimensions)} against all others · completion rate with its 95 % interval"
    return View(title, spec, lambda: Table((), ()), lambda place: leads[place.mark], leads)


def _clear_words(change: Difference, is_clear: bool) -> str:
    if not is_clear or change.difference is None:
        return "no clear difference"
    return "clearly higher" if change.difference > 0 else "clearly lower"


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
    changes = [each.change.completion_rate if each.change else None for each in found]
    tones = tuple(_VERDICT_TONES.get(each.verdict or "", "text") for each in found)
    weeks = [each.value_per_week for each in found]
    money = words.aligned(round(week, words.digits) for week in weeks if week is not None)
    mixes = [each.equal_mix.difference.difference if each.equal_mix else None for each in found]
    spec = whiskers(
        [each.snapshot for each in found],
        [each.figures.completed_share for each in found],
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
        few_of([each.figures for each in found]),
        tuple(_release_words(each) for each in found),
        start=len(found) - 1,
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
    notes = (
        ("Only one snapshot has cycles in this span: press ] for a longer one, which has more to compare.",)
        if len(found) == 1
        else ()
    )
    hints = (("B", "for whom"),) if len(found) > 1 else ()
    return View(
        title,
        spec,
        lambda: table,
        lambda place: leads[place.mark],
        leads,
        notes=notes,
        hints=hints,
        below=lambda place: _for_whom(found[min(place.mark, len(found) - 1)]),
    )


def _for_whom(release: Release) -> View:
    """Return the view of each goal in a release, against the release before it."""
    goals = release.goals
    changes = [each.change.completion_rate if each.change else None for each in goals]
    tones = tuple(_VERDICT_TONES.get(each.verdict or "", "text") for each in goals)
    columns = [Column("Rate", tuple(rate_of(g.figures.completion_rate, g.figures) for g in goals), "completed")]
    if release.against is not None:
        before = [each.before or NOTHING for each in goals]
        columns += [
            Column("Before", tuple(rate_of(each.completion_rate, each) for each in before), "muted", wide_only=True),
            Column("Change", tuple(points(c.difference if c else None, "pts") for c in changes), tones=tones),
            Column("Verdict", tuple(each.verdict or "" for each in goals), tones=tones),
        ]
    columns.append(Column("Started", tuple(f"{each.figures.started:,}" for each in goals), "muted"))
    spec = whiskers(
        [each.goal for each in goals],
        [each.figures.completed_share for each in goals],
        tuple(columns),
        few_of([each.figures for each in goals]),
        tuple(_share_words(each, release.against) for each in goals),
    )
    leads = tuple(DrillDown(goal_id=each.goal_id, parts=(("snapshot", release.snapshot),)) for each in goals)
    against = f" against {release.against}" if release.against is not None else ""
    title = f"For whom · {release.snapshot}{against}, by goal"
    return View(title, spec, lambda: Table((), ()), lambda place: leads[place.mark], leads)


def _release_words(release: Release) -> str:
    if release.change is None:
        share = release.figures.completed_share
        return f"{share.part:,} of {share.whole:,}; nothing before it in this span"
    return _share_words(release, release.against)


def _share_words(each: Release | ReleasedGoal, against: str | None) -> str:
    share = each.figures.completed_share
    said = f"{share.part:,} of {share.whole:,}"
    if each.change is None:
        return said
    # Rate and verdict stand in the row. The end is cut off where there is no room.
    numbers, _, _ = difference_words(each.change.completion_rate).rpartition(": ")
    return f"{said}, {numbers} against {against}" if numbers else f"{said}; not started in {against}"
