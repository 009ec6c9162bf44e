"""`goals-tui cycles` and `cycle`: attempts at goals, listed, and one as a timeline."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.figures import say_when_events_are, since_start
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
)
from goals_tui.cli.state import services_with_goals
from goals_tui.domain.errors import RefusedError, nearest_names
from goals_tui.domain.project import currency_digits
from goals_tui.domain.value import format_amount, parse_seconds_between
from goals_tui.domain.words import fold
from goals_tui.format import DASH, exact_time
from goals_tui.services.insights.cycle_fields import CYCLE_COLUMNS, cycle_fields, in_zone

if TYPE_CHECKING:
    from decimal import Decimal
    from zoneinfo import ZoneInfo

    from goals_tui.domain.drill_down import Part
    from goals_tui.domain.report import Amount, Cycle, Moment, Timeline

_SORTED_BY = [name for name in CYCLE_COLUMNS if name not in ("cycle_id", "version")]
_NEWEST_FIRST = "-started_at"
_STYLES = {"completed": "green", "partial": "yellow", "incomplete": "red", "orphan": "dim"}


def register(app: Commands, name: str) -> None:
    """Register the command `name`."""
    app.command(name)(with_filters(cycles) if name == "cycles" else cycle)


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
    strict: Annotated[
        bool,
        typer.Option("--strict", help="With --reached: only those that reached all steps before it, in their order."),
    ] = False,
    took: Annotated[
        str | None,
        typer.Option(
            "--took",
            metavar="A..B",
            help="Only those that took from A until before B seconds to complete (with --goal), or to reach the "
            "step of --reached.",
        ),
    ] = None,
    sort: Annotated[
        str,
        typer.Option("--sort", metavar="COLUMN", help=f"By one of: {', '.join(_SORTED_BY)}; -COLUMN for falling."),
    ] = _NEWEST_FIRST,
    columns: Annotated[
        str | None,
        typer.Option("--columns", metavar="A,B", help=f"Only these, in this order: {', '.join(CYCLE_COLUMNS)}."),
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    offset: Annotated[int, typer.Option("--offset", min=0, help="Leave out the first so many.")] = 0,
    format: FormatOption = Format.TABLE,
    excel: ExcelOption = False,
) -> None:
    """List the cycles, newest first unless sorted otherwise."""
    from goals_tui.domain.drill_down import DrillDown

    check_excel(excel, format)
    chosen = _names(columns, CYCLE_COLUMNS, "--columns") if columns is not None else None
    key, falling = _names(sort.removeprefix("-"), _SORTED_BY, "--sort")[0], sort.startswith("-")
    opened = services_with_goals(context)
    applied = filters(opened)
    goal_id, step_id = opened.insights.step(reached, applied.goals) if reached is not None else (None, None)
    dropped_goal, dropped_id = (
        opened.insights.step(dropped_after, applied.goals) if dropped_after is not None else (None, None)
    )
    if goal_id is not None and dropped_goal is not None and goal_id != dropped_goal:
        raise RefusedError("--reached and --dropped-after name steps of two goals: no cycle belongs to both.")
    if strict and step_id is None:
        raise typer.BadParameter("--strict is about the steps before one: give it with --reached STEP.")
    goal_id = goal_id or dropped_goal
    if took is not None and goal_id is None:
        if len(applied.goals.values) != 1 or applied.goals.negated:
            raise typer.BadParameter("--took is about one goal: give --goal GOAL, or --reached STEP.")
        goal_id = applied.goals.values[0]
    drill_down = DrillDown(
        outcome=outcome.value if outcome else None,
        goal_id=goal_id,
        step_id=step_id,
        parts=tuple(_part(text) for text in part or ()),
        dropped_after=dropped_id,
        in_order=strict,
        took=None if took is None else parse_seconds_between(took),
    )
    with opened.insights.cycle_list(applied, drill_down) as listed:
        if sort == _NEWEST_FIRST:
            found = listed.page(offset, limit)
        else:
            everything = sorted(listed.page(), key=partial(_sort_key, key), reverse=falling)
            found = everything[offset:] if limit is None else everything[offset : offset + limit]
    project = opened.project.get()
    where = project.zone_or(applied.time_zone)
    rows = [cycle_fields(row, currency_digits(project.currency)) for row in found]
    local = [in_zone(row, each, where) for row, each in zip(rows, found, strict=True)]
    if format is Format.JSON:
        print_json(rows if chosen is None else [{name: row[name] for name in chosen} for row in rows])
    elif format is Format.CSV:
        print_csv(local, chosen or CYCLE_COLUMNS, excel=excel)
    elif chosen is not None:
        table = new_table(*((name, "whole") if name == "cycle_id" else name for name in chosen))
        for row in local:
            add_row(table, *(row[name] for name in chosen))
        print_table(table)
    else:
        _print_cycles(found, project.currency, where)
        if not found and outcome is not OutcomeName.ORPHAN:
            say_when_events_are(opened.insights.events_between(applied.time_zone))


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
    """Show one cycle as a timeline: its events and what they earned."""
    check_excel(excel, format)
    opened = services_with_goals(context)
    timeline = opened.insights.cycle(cycle_id, opened.goals.get(goal).id if goal else None)
    project = opened.project.get()
    where = project.zone_or(time_zone)
    digits = currency_digits(project.currency)
    events = _moments(timeline, digits)
    if format is Format.JSON:
        print_json({**cycle_fields(timeline.cycle, digits), "events": events})
    elif format is Format.CSV:
        moments = zip(events, timeline.moments, strict=True)
        local = [{**row, "timestamp": moment.event.timestamp.astimezone(where).isoformat()} for row, moment in moments]
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
                since_start(moment.since_start),
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
        exact_time(moment.time_saved_seconds) if moment.time_saved_seconds else None,
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


def _amount(amount: Decimal | None, digits: int) -> str | None:
    return None if amount is None else format_amount(amount, digits)
