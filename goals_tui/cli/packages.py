"""`goals-tui package`: goals and flows as files for other projects."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.output import print_lines, say
from goals_tui.cli.state import services_with_goals


class OnConflict(StrEnum):
    """What to do with a goal or flow of the package that is here already."""

    ASK = "ask"
    SKIP = "skip"
    REPLACE = "replace"
    DUPLICATE = "duplicate"


app = Commands(help="Export goals to other projects, and import them.", no_args_is_help=True)


@app.command()
def export(
    context: typer.Context,
    goals: Annotated[list[str], typer.Argument(metavar="GOAL...", help="Names or ids of goals.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The package to write (.zip).")],
    with_events: Annotated[bool, typer.Option("--with-events", help="Also their analytics data.")] = False,
    flow: Annotated[
        list[str] | None, typer.Option("--flow", metavar="FLOW", help="Also this flow; repeatable.")
    ] = None,
) -> None:
    """Write goals, with the flows asked for, as a package."""
    opened = services_with_goals(context)
    ids = [opened.goals.get(goal).id for goal in goals]
    flows = [opened.flows.get(name).id for name in flow or ()]
    result = opened.packages.export(ids, output, with_events=with_events, flows=flows)
    say(result.summary())
    print_lines([str(output)])


@app.command("import")
def import_package(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A package.")],
    on_conflict: Annotated[
        OnConflict, typer.Option("--on-conflict", help="What to do with what is here already.")
    ] = OnConflict.ASK,
) -> None:
    """Bring the goals and flows of a package in: all of it, or nothing."""
    result = services_with_goals(context).packages.import_package(file, on_conflict=on_conflict.value)
    for notice in result.notices:
        say(notice)
    print_lines([result.summary()])
