"""`goals-tui goals`: list, show, set, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from goals_tui.cli import goal_files
from goals_tui.cli.commands import Commands
from goals_tui.cli.output import (
    Format,
    FormatOption,
    Heading,
    ResultFormat,
    ResultFormatOption,
    add_row,
    new_table,
    print_csv,
    print_json,
    print_lines,
    print_list,
    print_table,
    say,
)
from goals_tui.cli.state import services_with_goals
from goals_tui.format import exact_time, plural, precise_percent

if TYPE_CHECKING:
    from decimal import Decimal

    from goals_tui.domain.goal import Goal

app = Commands(help="List, show, export and change goals.", no_args_is_help=True)

GoalArgument = Annotated[str, typer.Argument(metavar="GOAL", help="A goal's name or id.")]


@app.command("list")
def list_goals(context: typer.Context, format: FormatOption = Format.TABLE) -> None:
    """List the goals with the flows that track them."""
    rows = [
        {
            "id": goal.id,
            "name": goal.name,
            "description": goal.description,
            "version": goal.version,
            "steps": goal.steps,
            "flows": list(goal.flows),
        }
        for goal in services_with_goals(context).goal_summaries()
    ]
    headings: dict[Heading, str] = {
        "Goal": "name",
        ("Steps", "right"): "steps",
        "Flows": "flows",
        "Description": "description",
        ("Id", "whole"): "id",
    }
    print_list(rows, ["id", "name", "description", "version", "steps", "flows"], format, headings)


@app.command()
def show(context: typer.Context, goal: GoalArgument, format: FormatOption = Format.TABLE) -> None:
    """Show one goal with its steps and what each is worth."""
    from goals_tui.domain.project import currency_digits

    opened = services_with_goals(context)
    found = opened.goals.get(goal)
    currency = opened.project.get().currency
    content = goal_json(found, currency_digits(currency))
    if format is Format.JSON:
        print_json(content)
    elif format is Format.CSV:
        print_csv(content["steps"], list(content["steps"][0]))
    else:
        from goals_tui.services.currencies import format_money

        print_lines([found.name, *filter(None, [found.description])])
        table = new_table(
            "",
            "Step",
            ("Cost savings", "money"),
            ("Revenue", "money"),
            ("Time saved", "right"),
            "Description",
        )
        for step in found.steps:
            worth = step.metrics
            add_row(
                table,
                step.glyph,
                step.name,
                *(
                    format_money(amount, currency) if amount else "unpriced" if worth.unpriced else None
                    for amount in (worth.cost_savings, worth.revenue)
                ),
                exact_time(worth.time_saved_seconds) if worth.time_saved_seconds else None,
                step.description,
            )
        print_table(table)
        say("● initial step   ○ step   ◎ completion step")


@app.command("set")
def set_(
    context: typer.Context,
    goal: GoalArgument,
    target: Annotated[
        str, typer.Option("--target", metavar="RATE", help="The completion rate to reach: 0.6, 60% or none.")
    ],
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Give a goal a target completion rate. Makes no new version of it."""
    from goals_tui.domain.project import currency_digits

    opened = services_with_goals(context)
    saved = opened.goals.set_target(opened.goals.get(goal).id, _target(target))
    if format is ResultFormat.JSON:
        print_json(goal_json(saved, currency_digits(opened.project.get().currency)))
    elif saved.target is None:
        say(f"{saved.name!r} has no target.")
    else:
        say(f"{saved.name!r} has the target {precise_percent(float(saved.target))}.")


def _target(text: str) -> Decimal | None:
    """Return a target as a share of 1, or None for `none`. Raises typer.BadParameter."""
    from goals_tui.domain.errors import RefusedError
    from goals_tui.domain.goal import parse_target

    if text.strip().casefold() == "none":
        return None
    try:
        return parse_target(text)
    except RefusedError:
        expected = "a rate above 0 and up to 1, such as 0.6 or 60%, or none"
        raise typer.BadParameter(f"--target is {expected}; not {text.strip()!r}.") from None


@app.command()
def trigger(
    context: typer.Context,
    goal: GoalArgument,
    step: Annotated[str, typer.Argument(metavar="STEP", help="A step's name or id.")],
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="K", help="step, user, agent, tool, handover or event.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="N", help="The exact name; * stands for any characters.")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", metavar="T", help="A part of the text, in any case.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take the triggers that are there away first.")] = False,
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Say which activities fire a step, beside those that do already. Makes no new version of the goal."""
    from goals_tui.domain.project import currency_digits
    from goals_tui.services.deriving import new_trigger

    given = kind is not None or name is not None or text is not None
    if not given and not clear:
        raise typer.BadParameter("Give --kind, --name or --text, or --clear.")
    opened = services_with_goals(context)
    found = opened.goals.get(goal)
    before = found.step(step)
    triggers = [*(() if clear else before.triggers), *([new_trigger(kind, name, text)] if given else [])]
    saved = opened.goals.set_triggers(found.id, before.id, triggers)
    if format is ResultFormat.JSON:
        print_json(goal_json(saved, currency_digits(opened.project.get().currency)))
        return
    now = saved.step(before.id).triggers
    say(f"{before.name!r} is fired by: {', or '.join(map(str, now))}." if now else f"Nothing fires {before.name!r}.")


@app.command()
def derive(
    context: typer.Context,
    goal: GoalArgument,
    since: Annotated[
        str | None, typer.Option("--from", metavar="D", help="The first day, or a moment (else the first activity).")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="D", help="The last day, or a moment (else the last activity).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Read a goal out of activities by the triggers of its steps. Deriving again replaces what was derived before."""
    from goals_tui.services.deriving import span_of

    opened = services_with_goals(context)
    found = opened.goals.get(goal)
    start, end = span_of(since, until, opened.clock(), opened.project.get().zone)
    done = opened.deriving.derive(found.id, start, end, dry_run=dry_run)
    if format is ResultFormat.JSON:
        print_json(done.as_json())
        return
    print_lines([done.summary()])
    if dry_run:
        say("Dry run: nothing was changed.")
    for line in done.left_out():
        say(line)


@app.command()
def delete(
    context: typer.Context,
    goal: GoalArgument,
    confirm: Annotated[str, typer.Option("--confirm", metavar="NAME", help="The goal's name: it can't be undone.")],
) -> None:
    """Delete a goal with all its analytics data. Its nodes in flows stay and stop working.

    The id of a goal that is gone, also as NAME, deletes the events that are left of it.
    """
    taken = services_with_goals(context).goals.delete(goal, confirm=confirm)
    say(f"Deleted {taken.name!r}: {plural(taken.events, 'event')} of {plural(taken.cycles, 'cycle')} went with it.")
    for use in taken.uses:
        say(f"  The node {use.node!r} of the flow {use.flow!r} stopped working.")


def goal_json(goal: Goal, digits: int) -> dict[str, Any]:
    """Return a goal as the command line prints it: its fields, and the steps in order with their values.

    Money is text with at least the currency's `digits` decimals, as in a report; null where it is not known.
    """
    from goals_tui.domain.model import format_instant

    return {
        "id": goal.id,
        "reference_id": goal.reference_id,
        "version": goal.version,
        "revision": goal.revision,
        "name": goal.name,
        "description": goal.description,
        "created_at": format_instant(goal.created_at),
        "changed_at": format_instant(goal.changed_at),
        "target": None if goal.target is None else float(goal.target),
        "steps": [
            {
                "id": step.id,
                "name": step.name,
                "description": step.description,
                "kind": step.kind,
                "cost_savings": _amount(step.metrics.cost_savings, step.metrics.unpriced, digits),
                "revenue": _amount(step.metrics.revenue, step.metrics.unpriced, digits),
                "time_saved_seconds": step.metrics.time_saved_seconds,
                "unpriced": step.metrics.unpriced,
                "triggers": [one.model_dump(mode="json") for one in step.triggers],
            }
            for step in goal.steps
        ],
    }


def _amount(amount: Decimal, unpriced: bool, digits: int) -> str | None:
    from goals_tui.domain.value import format_amount

    return None if unpriced and not amount else format_amount(amount, digits)


goal_files.register(app)
