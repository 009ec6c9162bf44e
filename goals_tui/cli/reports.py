"""`goals-tui report`, `funnel`, `cycles` and `cycle`: what Insights says, for people and for programs."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.filter_options import Build, TimeZoneOption, with_filters
from goals_tui.cli.output import (
    DASH,
    Format,
    FormatOption,
    add_row,
    new_table,
    percent,
    print_csv,
    print_json,
    print_table,
    say,
)
from goals_tui.cli.state import services_with_goals
from goals_tui.domain.project import currency_digits
from goals_tui.domain.value import format_amount, format_duration
from goals_tui.domain.words import counted

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal
    from zoneinfo import ZoneInfo

    from goals_tui.domain.filters import Span
    from goals_tui.domain.report import Amount, Cycle, Figures, Moment, Report, Timeline

_FIGURES = [
    "started",
    "completed",
    "partial",
    "incomplete",
    "completion_rate",
    "partial_rate",
    "time_saved_seconds",
    "cost_savings",
    "revenue",
    "unpriced_steps",
]
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
_STYLES = {"completed": "green", "partial": "yellow", "incomplete": "red", "orphan": "dim"}


def register(app: Commands) -> None:
    """Add the commands."""
    app.command()(with_filters(report))
    app.command()(with_filters(funnel))
    app.command()(with_filters(cycles))
    app.command()(cycle)


def report(context: typer.Context, filters: Build, format: FormatOption = Format.TABLE) -> None:
    """Goals completed, partially completed and incomplete, and what they saved."""
    opened = services_with_goals(context)
    result = opened.insights.report(filters(opened))
    if format is Format.JSON:
        print_json(report_json(result))
    elif format is Format.CSV:
        print_csv(report_json(result)["days"], ["day", "goal_id", "name", *_FIGURES])
    else:
        _print_report(result)


def report_json(report: Report) -> dict[str, Any]:
    """A report under the keys of DESIGN section 5."""
    digits = currency_digits(report.currency)
    previous, today = report.previous_span, report.now.date()
    return {
        "span": _span_json(report.span),
        **_if_not_over(report.span.over),
        "time_zone": report.time_zone,
        "currency": report.currency,
        "filters": report.filters,
        "totals": report.totals.as_json(digits),
        "previous": {"span": _span_json(previous), **report.previous.as_json(digits)}
        if previous and report.previous
        else None,
        "goals": [{"goal_id": row.goal_id, "name": row.name, **row.figures.as_json(digits)} for row in report.goals],
        "days": [
            {
                "day": row.day.isoformat(),
                **_if_not_over(row.day < today),
                "goal_id": row.goal_id,
                "name": row.name,
                **row.figures.as_json(digits),
            }
            for row in report.days
        ],
        "health": report.health.model_dump(),
        **({"later_cycles": report.later_cycles} if report.later_cycles else {}),
    }


def _span_json(span: Span) -> dict[str, Any]:
    return {
        "name": span.name,
        "start": span.start.isoformat() if span.start else None,
        "end": span.end.isoformat() if span.end else None,
    }


def _if_not_over(over: bool) -> dict[str, Any]:
    return {} if over else {"over": False}


def _print_report(report: Report) -> None:
    from goals_tui.domain.filters import SPAN_TITLES
    from goals_tui.services.currencies import format_money

    def cells(name: str, figures: Figures) -> list[object]:
        return [
            name,
            f"{figures.started:,}",
            _with_rate(figures.completed, figures.completion_rate),
            _with_rate(figures.partial, figures.partial_rate),
            _with_rate(figures.incomplete, figures.incomplete_rate),
            format_duration(figures.time_saved_seconds),
            format_money(figures.cost_savings, report.currency),
            format_money(figures.revenue, report.currency),
        ]

    span = report.span
    dates = f"{_dates(span)}{'' if span.over else ' (not over)'}, " if span.start else ""
    columns = ("Started", "✔ Completed", "◐ Partial", "✕ Incomplete", "Time saved", "Cost savings", "Revenue")
    table = new_table(
        "Goal",
        *((column, "right") for column in columns),
        title=f"{SPAN_TITLES[span.name]}: {dates}{report.time_zone}",
    )
    for row in report.goals:
        add_row(table, *cells(row.name, row.figures))
    table.add_section()
    add_row(table, *cells("Total", report.totals), style="bold")
    if report.previous is not None and report.previous_span is not None:
        table.caption = f"Compared with {_dates(report.previous_span)}."
        add_row(table, *cells("The same length before", report.previous), style="dim")
    print_table(table)
    if report.totals.unpriced_steps:
        unpriced = counted(report.totals.unpriced_steps, "step")
        say(f"Without a price: {unpriced}, whose value, or the version of the goal that has it, is not known here.")
    if report.later_cycles:
        say(f"Left out: {counted(report.later_cycles, 'cycle')} of the span that begin later than now.")
    if report.health:
        odd = ", ".join(
            counted(count, name.replace("_", " ").removesuffix("s"))
            for name, count in report.health.model_dump().items()
            if count
        )
        say(f"Data health: {odd}.")


def _dates(span: Span) -> str:
    return f"{span.start:%Y-%m-%d %H:%M} to {span.end:%Y-%m-%d %H:%M}"


def _with_rate(count: int, share: float | None) -> str:
    return DASH if share is None else f"{count:,}  {percent(share):>7}"


def funnel(
    context: typer.Context,
    wanted: Annotated[str, typer.Argument(metavar="GOAL", help="A goal's name or id.")],
    filters: Build,
    format: FormatOption = Format.TABLE,
) -> None:
    """How far the attempts at one goal got, step by step, and how long it took."""
    opened = services_with_goals(context)
    result = opened.insights.funnel(opened.goals.get(wanted).id, filters(opened))
    steps = [step.model_dump(exclude={"started", "before"}) for step in result.steps]
    columns = ["step_id", "name", "kind", "reached", "from_start", "from_previous", "median_seconds", "p90_seconds"]
    steps = [{column: step[column] for column in columns} for step in steps]
    if format is Format.JSON:
        print_json({"goal": result.goal, "goal_id": result.goal_id, "started": result.started, "steps": steps})
    elif format is Format.CSV:
        print_csv(steps, columns)
    else:
        from goals_tui.domain.goal import GLYPHS

        headings = ("Reached", "Of start", "Of step before", "Median", "90 %")
        table = new_table(
            "",
            "Step",
            *((name, "right") for name in headings),
            ("", "whole"),
            title=f"{result.goal}: {result.started:,} started",
        )
        for step in result.steps:
            add_row(
                table,
                GLYPHS[step.kind],
                step.name,
                f"{step.reached:,}",
                percent(step.from_start),
                percent(step.from_previous),
                _lasted(step.median_seconds),
                _lasted(step.p90_seconds),
                _bar(step.from_start),
            )
        print_table(table)


def _lasted(seconds: float | None) -> str:
    return DASH if seconds is None else format_duration(seconds)


def _bar(share: float | None, width: int = 24) -> str:
    filled = round((share or 0) * width * 8)
    return "█" * (filled // 8) + ("▏▎▍▌▋▊▉"[filled % 8 - 1] if filled % 8 else "")


class OutcomeName(StrEnum):
    """What may stand after --outcome."""

    COMPLETED = "completed"
    PARTIAL = "partial"
    INCOMPLETE = "incomplete"
    ORPHAN = "orphan"


def cycles(
    context: typer.Context,
    filters: Build,
    outcome: Annotated[OutcomeName | None, typer.Option("--outcome", help="Only these.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many, newest first.")] = None,
    format: FormatOption = Format.TABLE,
) -> None:
    """List the cycles: every attempt at a goal, newest first."""
    opened = services_with_goals(context)
    asked = filters(opened)
    found = opened.insights.cycles(asked, outcome=outcome.value if outcome else None, limit=limit)
    project = opened.project.get()
    where = project.zone_or(asked.time_zone)
    rows = [cycle_json(row, currency_digits(project.currency)) for row in found]
    if format is Format.JSON:
        print_json(rows)
    elif format is Format.CSV:
        local = [{**row, "started_at": _local(each.started_at, where)} for row, each in zip(rows, found, strict=True)]
        print_csv(local, _CYCLE)
    else:
        _print_cycles(found, project.currency, where)


def _local(moment: datetime | None, where: ZoneInfo) -> str | None:
    """An instant for a CSV file: by the clock of the zone, with its offset."""
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
        ("Saved", "right"),
    ]
    title = f"Cycles, newest first ({where.key})"
    table = new_table(*columns, ("Revenue", "right"), ("Cycle", "whole"), title=title)
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
    """A sum in words, with a mark where steps without a price belong to it; a dash where there is none."""
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
) -> None:
    """Show one cycle as a timeline: each event, when it fired, what it earned."""
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
        print_csv(local, list(local[0]))
    else:
        from goals_tui.domain.goal import GLYPHS

        found = timeline.cycle
        table = new_table(
            ("When", "whole"),
            ("Since start", "right"),
            "",
            "Step",
            ("Time saved", "right"),
            ("Cost savings", "right"),
            ("Revenue", "right"),
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
    """Time saved, cost savings and revenue of an event, in words."""
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
    """A cycle under the keys of DESIGN section 5; a sum is null where nobody knows it (see `Cycle.known`)."""
    content = cycle.model_dump(mode="json")
    content["time_saved_seconds"] = cycle.known(cycle.time_saved_seconds)
    content["cost_savings"] = _amount(cycle.known(cycle.cost_savings), digits)
    content["revenue"] = _amount(cycle.known(cycle.revenue), digits)
    return {**{key: content[key] for key in _CYCLE}, **content}


def _amount(amount: Decimal | None, digits: int) -> str | None:
    return None if amount is None else format_amount(amount, digits)
