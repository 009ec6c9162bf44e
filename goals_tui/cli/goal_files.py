"""`goals-tui goals export`, `diff` and `apply`: goals as files that people edit and git compares."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.output import ResultFormat, ResultFormatOption, print_json, print_lines, say
from goals_tui.cli.output_file import STANDARD_OUTPUT, ForceOption, check_replaceable
from goals_tui.cli.run import FOUND_PROBLEMS
from goals_tui.cli.state import services_with_goals
from goals_tui.format import hours, percent, plural

if TYPE_CHECKING:
    from goals_tui.domain.decisions import WhatIf
    from goals_tui.services.goal_files import GoalDifference, Plan

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A file of goals, as `goals export` writes it.")]
PruneOption = Annotated[bool, typer.Option("--prune", help="Also delete the goals that the file does not have.")]


def register(app: Commands) -> None:
    """Register the commands in the group `goals`."""
    app.command("export")(export_goals)
    app.command("diff")(diff_goals)
    app.command("apply")(apply_goals)


def export_goals(
    context: typer.Context,
    goals: Annotated[
        list[str] | None, typer.Argument(metavar="[GOAL]...", help="Names or ids; all of them if none.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to (else, and for -, printed).")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Write goals as YAML. A file of goals is brought up to date: its comments and order stay."""
    opened = services_with_goals(context)
    if output is None or output == STANDARD_OUTPUT:
        text, _ = opened.goal_files.export(goals or [])
        print_lines(text.splitlines())
        return
    text, updates = opened.goal_files.export(goals or [], output)
    check_replaceable(output, force or updates)
    opened.goal_files.write(output, text)
    say(f"{'Updated' if updates else 'Wrote'} {output}.")


def diff_goals(
    context: typer.Context,
    file: FileArgument,
    prune: PruneOption = False,
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Say how a file of goals differs from the project; ends with 3 where it does."""
    opened = services_with_goals(context)
    plan = opened.goal_files.plan(file, prune=prune)
    project = opened.project.get()
    read = {each.goal.id: read for each in plan.differences if (read := opened.goal_files.would_read(each))}
    if format is ResultFormat.JSON:
        from goals_tui.domain.project import currency_digits

        digits = currency_digits(project.currency)
        print_json([_difference_json(each, read.get(each.goal.id), digits) for each in plan.differences])
    else:
        for each in plan.differences:
            print_lines([*_lines(each), *_reading(read.get(each.goal.id), project.currency)])
        _say_what_stays(plan)
        if not plan.differences:
            say("Nothing differs.")
    if plan.differences:
        raise typer.Exit(FOUND_PROBLEMS)


def apply_goals(
    context: typer.Context,
    file: FileArgument,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    prune: PruneOption = False,
    delete_analytics: Annotated[
        bool, typer.Option("--delete-analytics", help="Delete the events of deleted goals and steps, too.")
    ] = False,
    confirm: Annotated[
        int | None, typer.Option("--confirm", metavar="N", help="How many events that deletes: it can't be undone.")
    ] = None,
) -> None:
    """Make the project's goals what a file says, all of it or nothing."""
    opened = services_with_goals(context)
    if dry_run:
        plan = opened.goal_files.plan(file, prune=prune)
    else:
        plan = opened.goal_files.apply(file, prune=prune, delete_analytics=delete_analytics, confirm=confirm)
    print_lines(line for each in plan.differences for line in _lines(each))
    events = sum(plan.events.values())
    if events and delete_analytics:
        say(f"{plural(events, 'event')} {'would go' if dry_run else 'went'} with what is deleted.")
    elif events:
        say(f"{plural(events, 'event')} of what is deleted {'would stay' if dry_run else 'stayed'}.")
    _say_what_stays(plan)
    if not plan.differences:
        say("Nothing differs.")
    elif dry_run:
        say("Nothing was changed: this was a dry run.")


def _difference_json(each: GoalDifference, read: WhatIf | None, digits: int) -> dict[str, Any]:
    what = "added" if each.before is None else "deleted" if each.after is None else "changed"
    content: dict[str, Any] = {
        "goal": each.goal.name,
        "id": each.goal.id,
        "what": what,
        "changes": list(each.changes),
        "last_30_days": None,
    }
    if read is not None:
        sides = {"recorded": read.recorded.as_json(digits), "what_if": read.edited.as_json(digits)}
        content["last_30_days"] = sides
    return content


def _lines(each: GoalDifference) -> list[str]:
    return [each.goal.name if each.before is None else each.before.name, *(f"  {change}" for change in each.changes)]


def _reading(read: WhatIf | None, currency: str) -> list[str]:
    """Return the effect of a difference on the last 30 days, in lines; none without cycles."""
    if read is None or not read.recorded.started:
        return []
    from goals_tui.services.currencies import format_money

    sides = []
    for figures in (read.recorded, read.edited):
        money = format_money(figures.cost_savings + figures.revenue, currency)
        rate = percent(figures.completion_rate)
        sides.append(f"{rate} completed, {money}, {hours(figures.time_saved_seconds)}")
    if sides[0] == sides[1]:
        return [f"  last 30 days: as before ({sides[0]})"]
    return [f"  last 30 days: {sides[0]}", f"  would read:   {sides[1]}"]


def _say_what_stays(plan: Plan) -> None:
    if plan.not_in_file:
        say(f"{plural(len(plan.not_in_file), 'goal')} of the project not in the file: unchanged. --prune deletes them.")
