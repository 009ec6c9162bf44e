"""`goals-tui report`, `breakdown`, `funnel`, `cycles` and `cycle`: Insights for people and for programs."""

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
    lasted,
    money,
    share_cell,
    span_json,
    stake_columns,
    stake_json,
)
from goals_tui.cli.filter_options import Build, TimeZoneOption, with_filters
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
from goals_tui.domain.errors import RefusedError, nearest_names
from goals_tui.domain.model import format_instant
from goals_tui.domain.project import currency_digits
from goals_tui.domain.report import BREAKDOWN_DIMENSIONS, breakdown_dimensions
from goals_tui.domain.value import format_amount, format_duration
from goals_tui.domain.words import fold
from goals_tui.format import DASH, plural, span_dates

if TYPE_CHECKING:
    from datetime import date, datetime
    from decimal import Decimal
    from zoneinfo import ZoneInfo

    from goals_tui.domain.buckets import TimeBucket, Unit
    from goals_tui.domain.drill_down import Part
    from goals_tui.domain.report import Amount, Cycle, DayFigures, Figures, Moment, Report, Timeline
    from goals_tui.services.insights.service import SeriesPoint

_CYCLE = [
    "cycle_id",
    "goal",
    "session_id",
    "started_at",
    "outcome",
    "reached",
    "time_saved_seconds",
    "cost_savings",
    "revenue",
    "endpoint",
    "locale",
    "snapshot",
    "version",
    "unpriced_steps",
]
_SORTED_BY = [name for name in _CYCLE if name not in ("cycle_id", "version")]
_NEWEST_FIRST = "-started_at"
_STYLES = {"completed": "green", "partial": "yellow", "incomplete": "red", "orphan": "dim"}


def register(app: Commands, name: str) -> None:
    """Register the command `name`."""
    filtered: dict[str, Callable[..., None]] = {
        "report": report,
        "breakdown": breakdown,
        "funnel": funnel,
        "cycles": cycles,
    }
    app.command(name)(with_filters(filtered[name]) if name in filtered else cycle)


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
    """Goals completed, partially completed and incomplete, and what they saved."""
    from goals_tui.domain.decisions import parse_limit

    check_excel(excel, format)
    check_document(format, output)
    limits = [parse_limit(text) for text in fail_if or ()]
    opened = services_with_goals(context)
    asked = filters(opened)
    result = opened.insights.report(asked)
    units: dict[By | None, Unit] = {By.HOUR: "hour", By.WEEK: "week", By.MONTH: "month"}
    unit = units.get(by)
    series = opened.insights.series(asked, unit) if unit else []
    if format.document:
        from goals_tui.services.insights.documents import report_document

        document = report_document(result, opened.insights.origin(asked), by_day=by not in (None, By.GOAL))
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
        _print_report(result, by or By.GOAL, series)
    failed = [limit for limit in limits if limit.holds(result.totals) is not False]
    for limit in failed:
        value = limit.value(result.totals)
        said = "there is none: nothing was started" if value is None else f"it is {float(value):.6g}"
        say(f"goals-tui: --fail-if {limit.text!r}: {said}.")
    if failed:
        raise typer.Exit(FOUND_PROBLEMS)


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
        "health": report.health.model_dump(),
        **({"events_between": [format_instant(each) for each in between]} if between else {}),
        **({"later_cycles": report.later_cycles} if report.later_cycles else {}),
    }


def _if_not_over(over: bool) -> dict[str, Any]:
    return {} if over else {"over": False}


def _print_report(report: Report, by: By, series: Sequence[SeriesPoint]) -> None:
    from goals_tui.domain.filters import SPAN_TITLES

    span, words = report.span, partial(figure_cells, currency=report.currency)
    dates = f"{span_dates(span)}{'' if span.over else ' (not over)'}, " if span.start else ""
    title = f"{SPAN_TITLES[span.name]}: {dates}{report.time_zone}"
    heading = "Goal" if by is By.GOAL else (by.value.capitalize(), "whole")
    table = new_table(heading, *FIGURE_HEADINGS, title=title)
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
    if report.previous is not None and report.previous_span is not None:
        sentences = [f"Compared with {span_dates(report.previous_span)}."]
        if report.change is not None and report.totals.started:
            sentences.append(change_sentence(report.change))
        set_caption(table, *sentences)
        add_row(table, "Previous period", *words(report.previous), style="dim")
    print_table(table)
    if not report.totals.started:
        _say_when_events_are(report.events_between)
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


def _say_when_events_are(between: tuple[datetime, datetime] | None) -> None:
    """Tell from when to when there are events, so that nobody takes a wrong span for a bad week."""
    if between is None:
        say("Nothing was started in this span, and the event log is empty.")
    else:
        first, last = (f"{moment:%Y-%m-%d %H:%M}" for moment in between)
        say(f"Nothing was started in this span. The log has events from {first} to {last}: give another --span.")


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
    """The figures of each endpoint, snapshot, weekday and so on, or of the combinations of two of them."""
    from goals_tui.domain.report import NOTHING

    check_excel(excel, format)
    check_document(format, output)
    dimensions = breakdown_dimensions(wanted)
    opened = services_with_goals(context)
    asked = filters(opened)
    rows = opened.insights.crossed_breakdown(dimensions, asked)
    currency = opened.project.get().currency
    digits = currency_digits(currency)
    if format.document:
        from goals_tui.services.insights.documents import breakdown_document

        span = opened.insights.span(asked)
        document = breakdown_document(dimensions, rows, span, currency, opened.insights.origin(asked))
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

        table = new_table(*(each.capitalize() for each in dimensions), *FIGURE_HEADINGS)
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
            _say_when_events_are(opened.insights.events_between(asked.time_zone))


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
    """How far the cycles of one goal got, step by step, how long it took, where they dropped, and what is at stake."""
    check_excel(excel, format)
    opened = services_with_goals(context)
    asked = filters(opened)
    goal_id = opened.goals.get(wanted).id
    result = opened.insights.funnel(goal_id, asked, strict=strict)
    # In strict order, a cycle that took the steps in another order dropped nowhere in particular.
    dropped = {} if strict else {step.step_id: step for step in opened.insights.drop_offs(goal_id, asked).steps}
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
                lasted(step.median_seconds),
                lasted(step.p90_seconds),
                _bar(step.from_start, 12),
            )
        set_caption(table, *result.notes)
        print_table(table)
        if not result.started:
            _say_when_events_are(opened.insights.events_between(asked.time_zone))


def _bar(share: float | None, width: int) -> str:
    filled = round((share or 0) * width * 8)
    return "█" * (filled // 8) + ("▏▎▍▌▋▊▉"[filled % 8 - 1] if filled % 8 else "")


class OutcomeName(StrEnum):
    """The values of `--outcome`."""

    COMPLETED = "completed"
    PARTIAL = "partial"
    INCOMPLETE = "incomplete"
    ORPHAN = "orphan"


def cycles(
    context: typer.Context,
    filters: Build,
    outcome: Annotated[OutcomeName | None, typer.Option("--outcome", help="Only these.")] = None,
    reached: Annotated[
        str | None, typer.Option("--reached", metavar="STEP", help="Only those that reached this step.")
    ] = None,
    part: Annotated[
        list[str] | None,
        typer.Option(
            "--part",
            metavar="DIM=VALUE",
            help="Only this part of a breakdown: endpoint, locale, snapshot, version, channel, session, weekday "
            "(Monday) or hour (09). Nothing after = for those without. Several: those in all of them.",
        ),
    ] = None,
    dropped_after: Annotated[
        str | None,
        typer.Option(
            "--dropped-after",
            metavar="STEP",
            help="Only those whose last step, in the goal's order, was this one, and that are not completed.",
        ),
    ] = None,
    sort: Annotated[
        str,
        typer.Option("--sort", metavar="COLUMN", help=f"By one of: {', '.join(_SORTED_BY)}; -COLUMN for falling."),
    ] = _NEWEST_FIRST,
    columns: Annotated[
        str | None,
        typer.Option("--columns", metavar="A,B", help=f"Only these, in this order: {', '.join(_CYCLE)}."),
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    offset: Annotated[int, typer.Option("--offset", min=0, help="Leave out the first so many.")] = 0,
    format: FormatOption = Format.TABLE,
    excel: ExcelOption = False,
) -> None:
    """List the cycles: every attempt at a goal, newest first unless sorted otherwise."""
    from goals_tui.domain.drill_down import DrillDown

    check_excel(excel, format)
    chosen = _names(columns, _CYCLE, "--columns") if columns is not None else None
    key, falling = _names(sort.removeprefix("-"), _SORTED_BY, "--sort")[0], sort.startswith("-")
    opened = services_with_goals(context)
    asked = filters(opened)
    goal_id, step_id = opened.insights.step(reached, asked.goals) if reached is not None else (None, None)
    dropped_goal, dropped_id = (
        opened.insights.step(dropped_after, asked.goals) if dropped_after is not None else (None, None)
    )
    if goal_id is not None and dropped_goal is not None and goal_id != dropped_goal:
        raise RefusedError("--reached and --dropped-after name steps of two goals: no cycle belongs to both.")
    drill_down = DrillDown(
        outcome=outcome.value if outcome else None,
        goal_id=goal_id or dropped_goal,
        step_id=step_id,
        parts=tuple(_part(text) for text in part or ()),
        dropped_after=dropped_id,
    )
    with opened.insights.cycle_list(asked, drill_down) as listed:
        if sort == _NEWEST_FIRST:
            found = listed.page(offset, limit)
        else:
            everything = sorted(listed.page(), key=partial(_sort_key, key), reverse=falling)
            found = everything[offset:] if limit is None else everything[offset : offset + limit]
    project = opened.project.get()
    where = project.zone_or(asked.time_zone)
    rows = [cycle_json(row, currency_digits(project.currency)) for row in found]
    local = ({**row, "started_at": _local(each.started_at, where)} for row, each in zip(rows, found, strict=True))
    if format is Format.JSON:
        print_json(rows if chosen is None else [{name: row[name] for name in chosen} for row in rows])
    elif format is Format.CSV:
        print_csv(local, chosen or _CYCLE, excel=excel)
    elif chosen is not None:
        table = new_table(*((name, "whole") if name == "cycle_id" else name for name in chosen))
        for row in local:
            add_row(table, *(row[name] for name in chosen))
        print_table(table)
    else:
        _print_cycles(found, project.currency, where)
        if not found and outcome is not OutcomeName.ORPHAN:
            _say_when_events_are(opened.insights.events_between(asked.time_zone))


def _names(text: str, known: Sequence[str], option: str) -> list[str]:
    """Return the names in a comma-separated list. Raises typer.BadParameter with the nearest known name."""
    found = [name.strip() for name in text.split(",")]
    for name in found:
        if name not in known:
            near = nearest_names(name, known, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise typer.BadParameter(f"{option}: {name!r} is none of them.{hint} Use: {', '.join(known)}.")
    return found


def _sort_key(column: str, cycle: Cycle) -> tuple[object, ...]:
    """Return the key that sorts a cycle: empty values first, then by value, then by start."""
    value = getattr(cycle, column)
    if column == "reached":
        value = len(cycle.reached)
    elif isinstance(value, str):
        value = fold(value)
    started = cycle.started_at.timestamp() if cycle.started_at else 0.0
    return (value is not None, 0 if value is None else value, started, cycle.cycle_id)


def _part(text: str) -> Part:
    """Return a part of a breakdown, from DIM=VALUE. Raises typer.BadParameter."""
    from goals_tui.domain.drill_down import PART_DIMENSIONS
    from goals_tui.services.insights.report import WEEKDAYS

    name, parted, value = text.partition("=")
    dimension = next((each for each in PART_DIMENSIONS if each == name), None)
    if dimension is None or not parted:
        raise typer.BadParameter(f"--part is DIM=VALUE, where DIM is one of: {', '.join(PART_DIMENSIONS)}.")
    if dimension == "weekday":
        value = next((day for day in WEEKDAYS if fold(day) == fold(value)), "")
        if not value:
            raise typer.BadParameter(f"--part weekday= takes one of: {', '.join(WEEKDAYS)}.")
    if dimension == "hour":
        if not (value.isdecimal() and int(value) < 24):
            raise typer.BadParameter("--part hour= takes an hour of the day, from 00 to 23.")
        value = f"{int(value):02d}"
    return dimension, value or None


def _local(moment: datetime | None, where: ZoneInfo) -> str | None:
    """Return an instant for CSV: in the zone's time, with its offset."""
    return None if moment is None else moment.astimezone(where).isoformat()


def _print_cycles(found: list[Cycle], currency: str, where: ZoneInfo) -> None:
    from goals_tui.domain.report import OUTCOME_GLYPHS
    from goals_tui.services.currencies import format_money

    def money(row: Cycle, amount: Decimal) -> str:
        return _or_unpriced(row.known(amount), row.unpriced_steps, format_money(amount, currency))

    columns: list[str | tuple[str, str]] = [
        ("Started", "whole"),
        "Goal",
        ("Outcome", "whole"),
        "Reached",
        ("Cost savings", "money"),
    ]
    title = f"Cycles, newest first ({where.key})"
    table = new_table(*columns, ("Revenue", "money"), ("Cycle", "whole"), title=title)
    for row in found:
        add_row(
            table,
            f"{row.started_at.astimezone(where):%Y-%m-%d %H:%M}" if row.started_at else DASH,
            row.goal,
            f"{OUTCOME_GLYPHS[row.outcome]} {row.outcome}",
            row.reached[-1] if row.reached else DASH,
            money(row, row.cost_savings),
            money(row, row.revenue),
            row.cycle_id,
            style=_STYLES[row.outcome],
        )
    print_table(table)


def _or_unpriced(known: object, unpriced: int, worded: str) -> str:
    """Return a sum in words, with a mark for unpriced steps; a dash where there is neither."""
    if known is None:
        return "unpriced" if unpriced else DASH
    return f"{worded} + unpriced" if unpriced else worded


def cycle(
    context: typer.Context,
    cycle_id: Annotated[str, typer.Argument(metavar="ID", help="A cycle's id, as `cycles` lists it.")],
    goal: Annotated[
        str | None, typer.Option("--goal", metavar="G", help="Its goal, where cycles of several goals have this id.")
    ] = None,
    time_zone: TimeZoneOption = None,
    format: FormatOption = Format.TABLE,
    excel: ExcelOption = False,
) -> None:
    """Show one cycle as a timeline: each event, when it fired, what it earned."""
    check_excel(excel, format)
    opened = services_with_goals(context)
    timeline = opened.insights.cycle(cycle_id, opened.goals.get(goal).id if goal else None)
    project = opened.project.get()
    where = project.zone_or(time_zone)
    digits = currency_digits(project.currency)
    events = _moments(timeline, digits)
    if format is Format.JSON:
        print_json({**cycle_json(timeline.cycle, digits), "events": events})
    elif format is Format.CSV:
        moments = zip(events, timeline.moments, strict=True)
        local = [{**row, "timestamp": _local(moment.event.timestamp, where)} for row, moment in moments]
        print_csv(local, list(local[0]), excel=excel)
    else:
        from goals_tui.domain.goal import GLYPHS

        found = timeline.cycle
        table = new_table(
            ("When", "whole"),
            ("Since start", "right"),
            "",
            "Step",
            ("Time saved", "right"),
            ("Cost savings", "money"),
            ("Revenue", "money"),
            title=f"{found.goal}: {found.outcome}, session {found.session_id} ({where.key})",
        )
        for moment in timeline.moments:
            add_row(
                table,
                f"{moment.event.timestamp.astimezone(where):%Y-%m-%d %H:%M:%S}",
                format_duration(moment.since_start),
                GLYPHS[moment.kind] if moment.kind else "?",
                moment.step,
                *_earned(timeline, moment, project.currency),
                style=None if moment.counts else "dim",
            )
        print_table(table)


def _earned(timeline: Timeline, moment: Moment, currency: str) -> list[str | None]:
    """Return the time saved, cost savings and revenue of an event, in words."""
    from goals_tui.services.currencies import format_money

    if moment.counts and not moment.priced and timeline.cycle.outcome != "orphan":
        return ["unpriced"] * 3
    return [
        format_duration(moment.time_saved_seconds) if moment.time_saved_seconds else None,
        format_money(moment.cost_savings, currency) if moment.cost_savings else None,
        format_money(moment.revenue, currency) if moment.revenue else None,
    ]


def _moments(timeline: Timeline, digits: int) -> list[dict[str, Any]]:
    orphan = timeline.cycle.outcome == "orphan"

    def known(moment: Moment, amount: Amount) -> Amount | None:
        return amount if moment.priced and not orphan else None

    return [
        {
            **moment.event.model_dump(mode="json", by_alias=True),
            "step": moment.step,
            "kind": moment.kind,
            "since_start_seconds": moment.since_start,
            "since_previous_seconds": moment.since_previous,
            "counts": moment.counts,
            "priced": moment.priced,
            "time_saved_seconds": known(moment, moment.time_saved_seconds),
            "cost_savings": _amount(known(moment, moment.cost_savings), digits),
            "revenue": _amount(known(moment, moment.revenue), digits),
        }
        for moment in timeline.moments
    ]


def cycle_json(cycle: Cycle, digits: int) -> dict[str, Any]:
    """Return a cycle under the keys of docs/command-line.md; an unknown sum is null (see `Cycle.known`)."""
    content = cycle.model_dump(mode="json")
    content["time_saved_seconds"] = cycle.known(cycle.time_saved_seconds)
    content["cost_savings"] = _amount(cycle.known(cycle.cost_savings), digits)
    content["revenue"] = _amount(cycle.known(cycle.revenue), digits)
    return {**{key: content[key] for key in _CYCLE}, **content}


def _amount(amount: Decimal | None, digits: int) -> str | None:
    return None if amount is None else format_amount(amount, digits)
