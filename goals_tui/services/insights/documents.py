"""Documents of reports, breakdowns and releases, to hand over to others (`domain.document`)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from goals_tui.domain.document import Document, DocumentTable
from goals_tui.domain.filters import SPAN_TITLES, Span
from goals_tui.domain.project import currency_digits
from goals_tui.domain.report import NOTHING, CrossedFigures, DayFigures, Figures
from goals_tui.domain.svg import Bar, OutcomeBars, RateCourse, RatePoint, RateWhiskers
from goals_tui.format import (
    DASH,
    difference_words,
    hours,
    minute_of_day,
    plural,
    points,
    precise_percent,
    short_interval,
    span_range,
)
from goals_tui.services.currencies import format_money, loss_words
from goals_tui.services.insights.query import filter_list
from goals_tui.store.cycles.reader import instant
from goals_tui.version import __version__

if TYPE_CHECKING:
    from datetime import date

    from goals_tui.domain.decisions import ComparedPart, Comparison, Explanation, Release
    from goals_tui.domain.report import Report
    from goals_tui.domain.statistics import Share
    from goals_tui.services.insights.query import Query

MOST_PARTS = 20
"""The number of parts that a table or a chart shows; the others share one row."""

_MOST_GOALS = 20

_HEADINGS = ("Started", "Completed", "Rate (95 %)", "Partial", "Incomplete", "Time saved", "Cost savings", "Revenue")


def report_document(report: Report, origin: str, *, by_day: bool = False) -> Document:
    """Return the document of a report: outcomes by goal, and completion rate by day.

    If `by_day`, the chart of days comes first.
    """
    rows_of: dict[date, list[DayFigures]] = {}
    for row in report.every_day():
        rows_of.setdefault(row.day, []).append(row)
    days = [(day, sum((row.figures for row in rows), NOTHING)) for day, rows in sorted(rows_of.items())]
    today, currency = report.now.date(), report.currency
    charts: list[OutcomeBars | RateCourse] = [
        OutcomeBars("Outcomes by goal", [outcome_bar(row.name, row.figures) for row in report.goals])
    ]
    if len(days) > 1:
        course = [rate_point(f"{day}", figures, over=day < today) for day, figures in days]
        charts.insert(0 if by_day else 1, RateCourse("Completion rate by day", course))
    return Document(
        title=f"Goals: {_span_title(report.span)}",
        sentences=_report_sentences(report),
        charts=charts,
        tables=[
            DocumentTable(
                "By goal",
                ("Goal", *_HEADINGS),
                [
                    *((row.name, *_cells(row.figures, currency)) for row in report.goals),
                    ("Total", *_cells(report.totals, currency)),
                ],
                total=True,
            ),
            DocumentTable(
                "By day",
                ("Day", *_HEADINGS),
                [
                    *((f"{day}{'' if day < today else ' (not over)'}", *_cells(each, currency)) for day, each in days),
                    ("Total", *_cells(report.totals, currency)),
                ],
                total=True,
            ),
        ],
        origin=origin,
    )


def _report_sentences(report: Report) -> list[str]:
    totals, currency = report.totals, report.currency
    if not totals.started:
        return ["Nothing was started in this span."]
    interval = totals.completed_share.interval
    said = [
        f"{totals.completed:,} of {totals.started:,} cycles were completed: {precise_percent(totals.completion_rate)}"
        f"{f' ({short_interval(interval)} % with 95 % confidence)' if interval else ''}. "
        f"They saved {hours(totals.time_saved_seconds)} and {format_money(totals.cost_savings, currency)}, and "
        f"brought {format_money(totals.revenue, currency)}."
    ]
    change, before = report.change, report.previous_span
    if change is not None and before is not None and before.start and before.end:
        said.append(
            f"Against {span_range(before)} "
            f"({precise_percent(change.before.completion_rate)} of {change.before.started:,}): "
            f"{difference_words(change.completion_rate)}."
        )
    if report.largest_loss is not None:
        said.append(loss_words(report.largest_loss, currency))
    if totals.unpriced_steps:
        said.append(f"{plural(totals.unpriced_steps, 'step')} without a price are in no sum.")
    return said


def breakdown_document(
    dimensions: Sequence[str], rows: Sequence[CrossedFigures], span: Span, currency: str, origin: str
) -> Document:
    """Return the document of a breakdown. Parts after the first MOST_PARTS share one row."""
    named = [(part_words(dimensions, row), row.figures) for row in rows[:MOST_PARTS]]
    others = rows[MOST_PARTS:]
    blank = [""] * (len(dimensions) - 1)
    if others:
        named.append(([f"{len(others):,} others", *blank], sum((row.figures for row in others), NOTHING)))
    total = sum((row.figures for row in rows), NOTHING)
    what = " and ".join(dimensions)
    return Document(
        title=f"Goals by {what}: {_span_title(span)}",
        sentences=[f"{plural(total.started, 'cycle')} in {plural(len(rows), 'part')}."],
        charts=[
            OutcomeBars(f"Outcomes by {what}", [outcome_bar(_joined(words), each) for words, each in named]),
            RateWhiskers(f"Completion rate by {what}", [rate_point(_joined(words), each) for words, each in named]),
        ],
        tables=[
            DocumentTable(
                f"By {what}",
                (*(each.capitalize() for each in dimensions), *_HEADINGS),
                [
                    *((*words, *_cells(figures, currency)) for words, figures in named),
                    ("Total", *blank, *_cells(total, currency)),
                ],
                words=len(dimensions),
                total=True,
            )
        ],
        origin=origin,
    )


def _joined(words: Sequence[str]) -> str:
    return ", ".join(filter(None, words))


def part_words(dimensions: Sequence[str], row: CrossedFigures) -> list[str]:
    """Return the names of a row's parts; `no endpoint`, for example, for cycles without one."""
    return [f"no {each}" if part is None else part for each, part in zip(dimensions, row.parts, strict=True)]


def releases_document(found: Sequence[Release], span: Span, currency: str, origin: str) -> Document:
    """Return the document that compares each snapshot with the one before."""
    digits = currency_digits(currency)
    rows = []
    for each in found:
        mix, week = each.equal_mix, each.value_per_week
        rows.append(
            (
                each.snapshot,
                difference_words(each.change.completion_rate) if each.change else "first of all",
                each.verdict or DASH,
                f"{each.figures.started:,}",
                rate_words(each.figures),
                points(mix.difference.difference) if mix else DASH,
                precise_percent(mix.covered) if mix else DASH,
                DASH if week is None else format_money(round(week, digits), currency),
            )
        )
    headings = ("Snapshot", "Against the one before", "Verdict", "Started", "Rate (95 %)", "At equal mix", "Covered")
    said = [
        f"{each.snapshot} against {each.against}: {difference_words(each.change.completion_rate)}; "
        f"verdict: {each.verdict}."
        for each in found
        if each.change is not None
    ]
    points_of = [rate_point(each.snapshot, each.figures) for each in found]
    return Document(
        title=f"Releases: {_span_title(span)}",
        sentences=said or ["There are no two snapshots to compare in this span."],
        charts=[RateWhiskers("Completion rate by snapshot", points_of)],
        tables=[DocumentTable("Snapshots in their order", (*headings, "Value a week"), rows, words=3)],
        origin=origin,
    )


def comparison_document(result: Comparison, currency: str, origin: str) -> Document:
    """Return the document that puts two parts, spans or saved filters side by side."""
    sides = [(side_name(result, side), side.figures) for side in (result.a, result.b)]
    (a, _), (b, _) = sides
    return Document(
        title=f"{b} against {a}",
        sentences=comparison_sentences(result, currency),
        charts=[
            RateWhiskers(f"Completion rate by {result.dimension}", [rate_point(name, each) for name, each in sides]),
            OutcomeBars(f"Outcomes by {result.dimension}", [outcome_bar(name, each) for name, each in sides]),
        ],
        tables=[
            DocumentTable(
                "Side by side",
                (result.dimension.capitalize(), *_HEADINGS, "Value per cycle"),
                [(name, *_cells(each, currency), per_cycle(each, currency)) for name, each in sides],
            )
        ],
        origin=origin,
    )


def comparison_sentences(result: Comparison, currency: str) -> list[str]:
    """Return the differences of a comparison in sentences; those of spans and saved filters say when they are."""
    a, b, change = side_name(result, result.a), side_name(result, result.b), result.change
    said = [
        f"Completion rate, {b} against {a}: {difference_words(change.completion_rate)}.",
        f"Partially completed: {difference_words(change.partial_rate)}.",
    ]
    value = change.shown_value_per_cycle(currency_digits(currency))
    if value is not None:
        signed = f"{'+' if value > 0 else ''}{format_money(value, currency)}"
        said.append(f"Value per cycle (cost savings and revenue): {signed}, without an interval.")
    for name, side in ((a, result.a), (b, result.b)):
        if side.span is not None:
            said.append(f"{name}: {span_range(side.span)}{'' if side.span.over else ' (not over)'}.")
    return said


def side_name(result: Comparison, side: ComparedPart) -> str:
    """Return the name of one side of a comparison in a table."""
    return f"no {result.dimension}" if side.part is None else side.part


def per_cycle(figures: Figures, currency: str) -> str:
    """Return the value per cycle for a table."""
    value = figures.shown_value_per_cycle(currency_digits(currency))
    return DASH if value is None else format_money(value, currency)


def explanation_document(result: Explanation, origin: str) -> Document:
    """Return the document that explains the change of the completion rate; all parts of every dimension are in it."""
    if result.before is None or result.before_span is None:
        said = ["All time has nothing before it to compare with."]
        chart = RateWhiskers("Completion rate", [rate_point("All time", result.after)])
        return Document("Why the completion rate changed", said, [chart], [], origin)
    sides = [("Previous period", result.before), ("Now", result.after)]
    tables = [
        DocumentTable(
            f"By {each.dimension}",
            (each.dimension.capitalize(), "Previous", "Now", "By its rate", "By its share", "Together"),
            [
                *(
                    (
                        f"no {each.dimension}" if part.part is None else part.part,
                        _share_words(part.before),
                        _share_words(part.after),
                        *map(points, (part.rate_effect, part.mix_effect, part.contribution)),
                    )
                    for part in each.parts
                ),
                (
                    "All",
                    *(_share_words(figures.completed_share) for _, figures in sides),
                    *map(points, (each.rate_effect, each.mix_effect, each.rate_effect + each.mix_effect)),
                ),
            ],
            total=True,
        )
        for each in result.dimensions
        if len(each.parts) > 1
    ]
    return Document(
        title=f"Why the completion rate changed: {_span_title(result.span)}",
        sentences=[f"Compared with {span_range(result.before_span)}.", *explanation_sentences(result)],
        charts=[RateWhiskers("Completion rate", [rate_point(name, figures) for name, figures in sides])],
        tables=tables,
        origin=origin,
    )


def explanation_sentences(result: Explanation) -> list[str]:
    """Return the change in sentences, and how its parts are to be read."""
    if result.before is None:
        return []
    said = [
        f"Completion rate {_share_words(result.after.completed_share)}, previous period "
        f"{_share_words(result.before.completed_share)}: {difference_words(result.change)}."
    ]
    if not result.dimensions:
        return said
    if not result.change.clear:
        said.append("The change as a whole is within what chance does: take its parts as hints.")
    said.append(
        "By its rate: what changed within a part. By its share: what changed because the part had more or fewer of all "
        "cycles. Each dimension explains the whole difference in its own way; the dimensions don't add up. Each number "
        "is rounded by itself."
    )
    alone = [each.dimension for each in result.dimensions if len(each.parts) == 1]
    if alone:
        said.append(f"One part only, so nothing to explain: {', '.join(alone)}.")
    return said


def _share_words(share: Share) -> str:
    return DASH if share.rate is None else f"{precise_percent(share.rate)} of {share.whole:,}"


def outcome_bar(label: str, figures: Figures) -> Bar:
    """Return a row for a chart of outcomes."""
    return Bar(label, figures.completed, figures.partial, figures.incomplete, rate_words(figures))


def rate_point(label: str, figures: Figures, *, over: bool = True) -> RatePoint:
    """Return a point for a chart of completion rates. `over` is false for a day that is not over yet."""
    share = figures.completed_share
    return RatePoint(label, share.rate, share.interval, f"{rate_words(figures)} of {figures.started:,}", over)


def rate_words(figures: Figures) -> str:
    """Return the completion rate with its interval, or with the number of cycles where there are few."""
    interval = figures.completed_share.interval
    if interval is None:
        return DASH
    rate = precise_percent(figures.completion_rate)
    return f"{rate} (only {figures.started})" if figures.few else f"{rate} ({short_interval(interval)})"


def _cells(figures: Figures, currency: str) -> list[str]:
    return [
        f"{figures.started:,}",
        f"{figures.completed:,}",
        rate_words(figures),
        f"{figures.partial:,}",
        f"{figures.incomplete:,}",
        hours(figures.time_saved_seconds),
        _money(figures.cost_savings, currency),
        _money(figures.revenue, currency),
    ]


def _money(amount: Decimal, currency: str) -> str:
    return format_money(amount, currency)


def _span_title(span: Span) -> str:
    if span.start is None or span.end is None or span.last_day is None:
        return SPAN_TITLES[span.name].lower()
    not_over = "" if span.over else " (not over)"
    return f"{span_range(span)}{not_over}"


def make_origin(query: Query) -> str:
    """Describe the cycles of a document: span, filters, zone, versions of goals, and the state of the event log."""
    span, definitions = query.span, query.definitions
    if span.start is None or span.end is None:
        when = "Cycles of all time"
    else:
        when = f"Cycles that started {span_range(span)}"
        when += "" if span.over else " (not over)"
    filters = "; ".join(filter_list(query.filters_in_words()))
    priced = "today's definition" if query.filters.price_by == "current" else "the definition that they recorded"
    numbers = definitions.numbers(query.filters.goals)
    goals = [each for each in definitions.by_number if each.current and (numbers is None or each.number in numbers)]
    versions = [
        f"{each.version_title(each.current.version)} ({each.current.version[:8]})" for each in goals if each.current
    ]
    more = len(versions) - _MOST_GOALS
    listed = ", ".join(versions[:_MOST_GOALS]) + (f" and {more} more" if more > 0 else "")
    count, latest = query.reader.size()
    last = f", the last of {minute_of_day(instant(latest).astimezone(query.zone))}" if count else ""
    torn = f", {plural(query.reader.torn_lines, 'unreadable line')}" if query.reader.torn_lines else ""
    twice = query.reader.duplicate_events
    return (
        f"{when}, time zone {query.zone.key}. Filters: {filters or 'none'}"
        f"{'' if query.filters.include_test else ' (without the Interaction Panel and playbooks)'}. "
        f"Cycles are valued by {priced}. Goals: {listed or 'none'}. "
        f"Event log: {plural(count, 'event')}{last}{torn}{f', {twice:,} of them twice' if twice else ''}. "
        f"Made {minute_of_day(query.now.astimezone(query.zone))} by goals-tui {__version__}."
    )
