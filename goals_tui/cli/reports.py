"""`goals-tui report`, `breakdown` and `funnel`: the figures of Insights for people and for programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.documents import (
    DocumentFormat,
    DocumentFormatOption,
    DocumentOutputOption,
    check_document,
    hand_over,
)
from goals_tui.cli.figures import (
    FIGURE_HEADINGS,
    FIGURES,
    STAKE_COLUMNS,
    change_sentence,
    figure_cells,
    money,
    say_when_events_are,
    share_cell,
    since_start,
    span_json,
    stake_columns,
    stake_json,
)
from goals_tui.cli.filter_options import Build, with_filters
from goals_tui.cli.output import (
    ExcelOption,
    Format,
    FormatOption,
    add_row,
    check_excel,
    new_table,
    print_csv,
    print_json,
    print_table,
    say,
    set_caption,
)
from goals_tui.cli.output_file import ForceOption
from goals_tui.cli.run import FOUND_PROBLEMS
from goals_tui.cli.state import services_with_goals
from goals_tui.domain.model import format_instant
from goals_tui.domain.project import currency_digits
from goals_tui.domain.report import BREAKDOWN_DIMENSIONS, breakdown_dimensions
from goals_tui.format import DASH, plural, span_dates

if TYPE_CHECKING:
    from datetime import date

    from goals_tui.domain.buckets import TimeBucket, Unit
    from goals_tui.domain.decisions import Limit
    from goals_tui.domain.report import DayFigures, Figures, Loss, Report
    from goals_tui.services.insights.service import SeriesPoint


def register(app: Commands, name: str) -> None:
    """Register the command `name`."""
    commands: dict[str, Callable[..., None]] = {"report": report, "breakdown": breakdown, "funnel": funnel}
    app.command(name)(with_filters(commands[name]))


class By(StrEnum):
    """The kinds of rows of a report."""

    GOAL = "goal"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def report(
    context: typer.Context,
    filters: Build,
    by: Annotated[
        By | None,
        typer.Option(
            "--by",
            help="A row a goal, hour, day, week or month. Default: goals in a table, days in CSV; JSON has both.",
        ),
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-if",
            metavar="CONDITION",
            help="End with 3 where this is true of the totals, or unknown: 'completion_rate < 0.35'.",
        ),
    ] = None,
    format: DocumentFormatOption = DocumentFormat.TABLE,
    output: DocumentOutputOption = None,
    force: ForceOption = False,
    excel: ExcelOption = False,
) -> None:
    """Count completed, partial and incomplete cycles by goal or time.

    Says what they saved, and whether the completion rate changed.
    """
    check_excel(excel, format)
    check_document(format, output)
    limits = _limits(fail_if) if fail_if else []
    opened = services_with_goals(context)
    applied = filters(opened)
    result = opened.insights.report(applied)
    units: dict[By | None, Unit] = {By.HOUR: "hour", By.WEEK: "week", By.MONTH: "month"}
    unit = units.get(by)
    series = opened.insights.series(applied, unit) if unit else []
    if format.document:
        from goals_tui.services.insights.documents import report_document

        document = report_document(result, opened.insights.origin(applied), by_day=by not in (None, By.GOAL))
        hand_over(document, format, output, force)
    elif format is DocumentFormat.JSON:
        print_json({**report_json(result), **({f"{unit}s": _buckets_json(result, series, unit)} if unit else {})})
    elif format is DocumentFormat.CSV and unit:
        rows = _buckets_json(result, series, unit)
        for row in rows:
            row["over"] = str(row.get("over", True)).lower()
        print_csv(rows, [unit, "goal_id", "name", *FIGURES, "over"], excel=excel)
    elif format is DocumentFormat.CSV and by is By.GOAL:
        print_csv(report_json(result)["goals"], ["goal_id", "name", *FIGURES], excel=excel)
    elif format is DocumentFormat.CSV:
        digits, today = currency_digits(result.currency), result.now.date()
        days = ({**_day_json(row, digits), "over": str(row.day < today).lower()} for row in result.every_day())
        print_csv(days, ["day", "goal_id", "name", *FIGURES, "over"], excel=excel)
    else:
        _print_report(result, by or By.GOAL, series, opened.insights.scope(applied))
    failed = [limit for limit in limits if limit.holds(result.totals) is not False]
    for limit in failed:
        value = limit.value(result.totals)
        said = "there is none: nothing was started" if value is None else f"it is {float(value):.6g}"
        say(f"goals-tui: --fail-if {limit.text!r}: {said}.")
    if failed:
        raise typer.Exit(FOUND_PROBLEMS)


def _limits(conditions: Sequence[str]) -> list[Limit]:
    from goals_tui.domain.decisions import parse_limit

    return [parse_limit(text) for text in conditions]


def _day_json(row: DayFigures, digits: int) -> dict[str, Any]:
    return {"day": row.day.isoformat(), "goal_id": row.goal_id, "name": row.name, **row.figures.as_json(digits)}


def _buckets_json(report: Report, series: Sequence[SeriesPoint], unit: Unit) -> list[dict[str, Any]]:
    """Return the figures of each goal in each hour, week or month that has cycles, by its beginning."""
    digits = currency_digits(report.currency)
    return [
        {
            unit: point.bucket.start.isoformat() if unit == "hour" else point.bucket.first.isoformat(),
            "goal_id": point.goal_id,
            "name": point.name,
            **point.figures.as_json(digits),
            **_if_not_over(point.bucket.end.timestamp() <= report.now.timestamp()),
        }
        for point in series
    ]


def report_json(report: Report) -> dict[str, Any]:
    """Return a report under the keys of docs/command-line.md."""
    digits = currency_digits(report.currency)
    previous, today, between = report.previous_span, report.now.date(), report.events_between
    return {
        "span": span_json(report.span),
        **_if_not_over(report.span.over),
        "time_zone": report.time_zone,
        "currency": report.currency,
        "filters": report.filters,
        "totals": report.totals.as_json(digits),
        "previous": {"span": span_json(previous), **report.previous.as_json(digits)}
        if previous and report.previous
        else None,
        "change": report.change and report.change.as_json(digits),
        "goals": [{"goal_id": row.goal_id, "name": row.name, **row.figures.as_json(digits)} for row in report.goals],
        "days": [{**_day_json(row, digits), **_if_not_over(row.day < today)} for row in report.days],
        "largest_loss": report.largest_loss and _loss_json(report.largest_loss, digits),
        "health": report.health.model_dump(),
        **({"events_between": [format_instant(each) for each in between]} if between else {}),
        **({"later_cycles": report.later_cycles} if report.later_cycles else {}),
    }


def _loss_json(loss: Loss, digits: int) -> dict[str, Any]:
    return {
        "goal_id": loss.goal_id,
        "goal": loss.goal,
        "step_id": loss.step_id,
        "step": loss.step,
        "reached": loss.reached,
        "dropped": loss.dropped,
        "at_stake": stake_json(loss.stake, digits),
    }


def _if_not_over(over: bool) -> dict[str, Any]:
    return {} if over else {"over": False}


def _print_report(report: Report, by: By, series: Sequence[SeriesPoint], scope: str) -> None:
    from goals_tui.services.currencies import decimals_of, loss_words

    words = partial(figure_cells, currency=report.currency)
    heading = "Goal" if by is By.GOAL else (by.value.capitalize(), "whole")
    table = new_table(heading, *FIGURE_HEADINGS, scope=scope)
    if by is By.GOAL:
        for row in report.goals:
            add_row(table, row.name, *words(row.figures))
    elif by is By.DAY:
        for day, figures in _by_day(report).items():
            add_row(table, f"{day}{'' if day < report.now.date() else ' (not over)'}", *words(figures))
    else:
        for bucket, figures in _by_bucket(series).items():
            name = f"{bucket.start:%Y-%m-%d %H:%M}" if by is By.HOUR else f"{bucket.first}"
            over = bucket.end.timestamp() <= report.now.timestamp()
            add_row(table, f"{name}{'' if over else ' (not over)'}", *words(figures))
    table.add_section()
    add_row(table, "Total", *words(report.totals), style="bold")
    sentences = []
    if report.previous is not None and report.previous_span is not None:
        sentences.append(f"Compared with {span_dates(report.previous_span)}.")
        if report.change is not None and report.totals.started:
            sentences.append(change_sentence(report.change))
        add_row(table, "Previous period", *words(report.previous), style="dim")
    if report.largest_loss is not None:
        amounts = [amount for row in report.goals for amount in (row.figures.cost_savings, row.figures.revenue)]
        decimals = max(decimals_of(amount, report.currency) for amount in amounts)
        sentences.append(loss_words(report.largest_loss, report.currency, decimals))
    if sentences:
        set_caption(table, *sentences)
    print_table(table)
    if not report.totals.started:
        say_when_events_are(report.events_between)
    if report.totals.unpriced_steps:
        unpriced = plural(report.totals.unpriced_steps, "step")
        say(f"Unpriced: {unpriced}, whose value, or the version of the goal that has it, is not known here.")
    if report.later_cycles:
        say(f"Left out: {plural(report.later_cycles, 'cycle')} of the span that begin later than now.")
    if report.health:
        odd = ", ".join(
            plural(count, name.replace("_", " ").removesuffix("s"))
            for name, count in report.health.model_dump().items()
            if count
        )
        say(f"Data health: {odd}.")


def _by_day(report: Report) -> dict[date, Figures]:
    """Return the figures of every day, of all goals together."""
    from goals_tui.domain.report import NOTHING

    found: dict[date, Figures] = {}
    for row in report.every_day():
        found[row.day] = found.get(row.day, NOTHING) + row.figures
    return found


def _by_bucket(series: Sequence[SeriesPoint]) -> dict[TimeBucket, Figures]:
    """Return the figures of every bucket that has cycles, of all goals together."""
    from goals_tui.domain.report import NOTHING

    found: dict[TimeBucket, Figures] = {}
    for point in series:
        found[point.bucket] = found.get(point.bucket, NOTHING) + point.figures
    return found


def breakdown(
    context: typer.Context,
    wanted: Annotated[
        str, typer.Argument(metavar="DIM[,DIM]", help=f"One or two of: {', '.join(BREAKDOWN_DIMENSIONS)}.")
    ],
    filters: Build,
    format: DocumentFormatOption = DocumentFormat.TABLE,
    output: DocumentOutputOption = None,
    force: ForceOption = False,
    excel: ExcelOption = False,
) -> None:
    """Count by endpoint, snapshot, weekday and so on, or by a pair."""
    from goals_tui.domain.report import NOTHING

    check_excel(excel, format)
    check_document(format, output)
    dimensions = breakdown_dimensions(wanted)
    opened = services_with_goals(context)
    applied = filters(opened)
    rows = opened.insights.crossed_breakdown(dimensions, applied)
    currency = opened.project.get().currency
    digits = currency_digits(currency)
    if format.document:
        from goals_tui.services.insights.documents import breakdown_document

        span = opened.insights.span(applied)
        document = breakdown_document(dimensions, rows, span, currency, opened.insights.origin(applied))
        hand_over(document, format, output, force)
        return
    named = [dict(zip(dimensions, row.parts, strict=True)) for row in rows]
    if format is DocumentFormat.JSON:
        figures = [{"parts": parts, **row.figures.as_json(digits)} for parts, row in zip(named, rows, strict=True)]
        print_json({"dimensions": dimensions, "rows": figures})
    elif format is DocumentFormat.CSV:
        flat = ({**parts, **row.figures.as_json(digits)} for parts, row in zip(named, rows, strict=True))
        print_csv(flat, [*dimensions, *FIGURES], excel=excel)
    else:
        from goals_tui.services.insights.documents import MOST_PARTS, part_words

        headings = [each.capitalize() for each in dimensions]
        table = new_table(*headings, *FIGURE_HEADINGS, scope=opened.insights.scope(applied))
        for row in rows[:MOST_PARTS]:
            add_row(table, *part_words(dimensions, row), *figure_cells(row.figures, currency))
        blank = [""] * (len(dimensions) - 1)
        others = rows[MOST_PARTS:]
        if others:
            rest = sum((row.figures for row in others), NOTHING)
            add_row(table, f"{len(others):,} others", *blank, *figure_cells(rest, currency), style="dim")
        table.add_section()
        total = sum((row.figures for row in rows), NOTHING)
        add_row(table, "Total", *blank, *figure_cells(total, currency), style="bold")
        print_table(table)
        if not rows:
            say_when_events_are(opened.insights.events_between(applied.time_zone))


def funnel(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="GOAL", help="A goal's name or id.")],
    filters: Build,
    strict: Annotated[
        bool, typer.Option("--strict", help="Count a cycle at a step only if it reached all steps before, in order.")
    ] = False,
    format: FormatOption = Format.TABLE,
    excel: ExcelOption = False,
) -> None:
    """Show how far the cycles of a goal got, step by step.

    Each step says how long it took, how many dropped off after it, and what is at stake.
    """
    check_excel(excel, format)
    opened = services_with_goals(context)
    applied = filters(opened)
    goal_id = opened.goals.get(wanted).id
    result = opened.insights.funnel(goal_id, applied, strict=strict)
    # In strict order, a cycle that took the steps in another order dropped nowhere in particular.
    dropped = {} if strict else {step.step_id: step for step in opened.insights.drop_offs(goal_id, applied).steps}
    currency = opened.project.get().currency
    digits = currency_digits(currency)
    steps = [step.model_dump(exclude={"started", "before"}) for step in result.steps]
    columns = ["step_id", "name", "kind", "reached", "from_start", "from_previous", "median_seconds", "p90_seconds"]
    columns.append("kind_differs")
    steps = [{column: step[column] for column in columns} for step in steps]
    for row in steps:
        drop = dropped.get(row["step_id"])
        row["dropped"] = drop and drop.dropped
        row["at_stake"] = stake_json(drop.stake, digits) if drop else None
    if format is Format.JSON:
        intervals = [step.from_start_interval for step in result.steps]
        print_json(
            {
                "goal": result.goal,
                "goal_id": result.goal_id,
                "started": result.started,
                "steps": [{**step, "from_start_interval": found} for step, found in zip(steps, intervals, strict=True)],
                "notes": result.notes,
            }
        )
    elif format is Format.CSV:
        flat = ({**row, **stake_columns(row["at_stake"])} for row in steps)
        print_csv(flat, [*columns, "dropped", *STAKE_COLUMNS], excel=excel)
    else:
        from goals_tui.domain.goal import GLYPHS

        headings = ("Cycles", "Of start", "Of previous", "Dropped", "At stake", "Median", "90 % within")
        table = new_table(
            "",
            "Step",
            *((name, "right") for name in headings),
            ("", "whole"),
            title=f"{result.goal}: {result.started:,} started{', steps in strict order' if strict else ''}",
            scope=opened.insights.scope(applied),
        )
        for step in result.steps:
            drop = dropped.get(step.step_id)
            add_row(
                table,
                GLYPHS[step.kind],
                step.name,
                f"{step.reached:,}",
                share_cell(step.from_start, step.started),
                share_cell(step.from_previous, step.before or 0),
                f"{drop.dropped:,}" if drop else DASH,
                money(drop.stake.value(digits), currency) if drop and drop.stake else DASH,
                since_start(step.median_seconds),
                since_start(step.p90_seconds),
                _bar(step.from_start, 12),
            )
        set_caption(table, *result.notes)
        print_table(table)
        if not result.started:
            say_when_events_are(opened.insights.events_between(applied.time_zone))


def _bar(share: float | None, width: int) -> str:
    filled = round((share or 0) * width * 8)
    return "█" * (filled // 8) + ("▏▎▍▌▋▊▉"[filled % 8 - 1] if filled % 8 else "")
