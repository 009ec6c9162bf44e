"""`goals-tui package`: goals and flows as files for other projects."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.output import print_lines, say
from goals_tui.cli.output_file import STANDARD_OUTPUT, ForceOption, output_file
from goals_tui.cli.state import services_with_goals
from goals_tui.domain.package import DECISIONS, ConflictsError, Decision, Item


class OnConflict(StrEnum):
    """The ways to handle a goal or flow of a package that exists already."""

    ASK = "ask"
    SKIP = "skip"
    REPLACE = "replace"
    DUPLICATE = "duplicate"


app = Commands(help="Move goals with flows and events between projects.", no_args_is_help=True)


@app.command()
def export(
    context: typer.Context,
    goals: Annotated[list[str], typer.Argument(metavar="GOAL...", help="Names or ids of goals.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="The package to write (.zip); - is standard output.")
    ],
    with_events: Annotated[bool, typer.Option("--with-events", help="Also their analytics data.")] = False,
    flow: Annotated[
        list[str] | None, typer.Option("--flow", metavar="FLOW", help="Also this flow; repeatable.")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Write goals, with the flows asked for, as a package."""
    opened = services_with_goals(context)
    ids = [opened.goals.get(goal).id for goal in goals]
    flows = [opened.flows.get(name).id for name in flow or ()]
    with output_file(output, force, ".zip") as path:
        result = opened.packages.export(ids, path, with_events=with_events, flows=flows)
    say(result.summary())
    if output != STANDARD_OUTPUT:
        print_lines([str(output)])


@app.command("import")
def import_package(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A package.")],
    on_conflict: Annotated[
        OnConflict,
        typer.Option("--on-conflict", help="What to do with what is here already; without a terminal ask refuses it."),
    ] = OnConflict.ASK,
) -> None:
    """Bring the goals and flows of a package in: all of it, or nothing."""
    packages = services_with_goals(context).packages
    can_ask = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
    asked = _ask(packages.inspect(file).conflicts) if on_conflict is OnConflict.ASK and can_ask else None
    result = packages.import_package(file, on_conflict=on_conflict.value if asked is None else asked)
    for notice in result.notices:
        say(notice)
    print_lines([result.summary()])


def _ask(conflicts: Sequence[Item]) -> dict[str, Decision]:
    """Ask about each conflict and return the decisions by id. Raises ConflictsError where the input ends early."""
    chosen: dict[str, Decision] = {}
    for item in conflicts:
        if item.id in chosen:
            continue
        say(f"The {item.kind} {item.name!r}: {item.reason}.")
        try:
            # Python writes the end of the prompt to standard output; it belongs with the rest on standard error.
            with redirect_stdout(sys.stderr):
                text = "skip, replace or duplicate? (skip all: the others, too)"
                answer, all_others = typer.prompt(text, default=item.proposed, value_proc=_answer, err=True)
        except typer.Abort:
            say("")
            raise ConflictsError(conflicts) from None
        chosen |= (
            {other.id: answer for other in conflicts if other.id not in chosen} if all_others else {item.id: answer}
        )
    return chosen


def _answer(text: str) -> tuple[Decision, bool]:
    """Return the decision of an answer, and whether it holds for all others: replace, r, replace all.

    Raises typer.BadParameter.
    """
    word, *rest = text.casefold().split() or [""]
    for decision in DECISIONS:
        if word and decision.startswith(word) and rest in ([], ["all"]):
            return decision, bool(rest)
    raise typer.BadParameter("Write skip, replace or duplicate, or one of them with all, as in: skip all.")
