"""`goals-tui annotations`: list, add, delete."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.output import (
    Format,
    FormatOption,
    Heading,
    ResultFormat,
    ResultFormatOption,
    print_json,
    print_lines,
    print_list,
    say,
)
from goals_tui.cli.state import services_with_goals

app = Commands(help="Note releases, campaigns and whatever else explains a number.", no_args_is_help=True)

_FIELDS = ["id", "at", "text", "goal", "kind"]


@app.command("list")
def list_annotations(context: typer.Context, format: FormatOption = Format.TABLE) -> None:
    """List the annotations, oldest first; those of versions and snapshots come by themselves and have no id."""
    opened = services_with_goals(context)
    zone = opened.project.get().zone
    rows: list[dict[str, Any]] = [each.model_dump(mode="json") for each in opened.annotations.all()]
    if format is Format.TABLE:
        from datetime import datetime

        for row in rows:
            row["at"] = f"{datetime.fromisoformat(row['at']).astimezone(zone):%Y-%m-%d %H:%M}"
    headings: dict[Heading, str] = {("When", "whole"): "at", "What": "text", "Goal": "goal", ("Id", "whole"): "id"}
    print_list(rows, _FIELDS, format, headings)


@app.command()
def add(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What happened.")],
    at: Annotated[str | None, typer.Option("--at", metavar="DATE", help="A day, or a date with a time.")] = None,
    goal: Annotated[str | None, typer.Option("--goal", metavar="G", help="The goal that it is about.")] = None,
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Annotate a day or a moment, now unless told; prints the id."""
    opened = services_with_goals(context)
    goal_id = opened.goals.get(goal).id if goal is not None else None
    made = opened.annotations.add(text, at=at, goal_id=goal_id)
    if format is ResultFormat.JSON:
        print_json(made.model_dump(mode="json"))
    else:
        print_lines([made.id or ""])


@app.command()
def delete(
    context: typer.Context,
    id_: Annotated[str, typer.Argument(metavar="ID", help="Its id, as `annotations list` shows it, or its beginning.")],
) -> None:
    """Delete an annotation."""
    text = services_with_goals(context).annotations.delete(id_)
    say(f"Deleted the annotation {text!r}.")
