"""`goals-tui flows`: list, show, export, import."""

from __future__ import annotations

from pathlib import Path
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
from goals_tui.cli.output_file import STANDARD_OUTPUT, ForceOption, check_replaceable
from goals_tui.cli.run import FOUND_PROBLEMS
from goals_tui.cli.state import services

app = Commands(help="List, draw, export and import flows.", no_args_is_help=True)

FlowArgument = Annotated[str, typer.Argument(metavar="FLOW", help="A flow's name or id.")]


@app.command("list")
def list_flows(context: typer.Context, format: FormatOption = Format.TABLE) -> None:
    """List the flows with the goals that they track, unless goals are switched off."""
    opened = services(context)
    shown, _ = opened.switch
    names = {goal.id: goal.name for goal in opened.goals.summaries()} if shown else {}
    rows: list[dict[str, Any]] = [
        {
            "id": flow.id,
            "name": flow.name,
            "description": flow.description,
            "nodes": flow.nodes,
            **({"goals": [names.get(goal, goal) for goal in flow.goals]} if shown else {}),
        }
        for flow in opened.flows.summaries()
    ]
    headings: dict[Heading, str] = {
        "Flow": "name",
        ("Nodes", "right"): "nodes",
        **({"Goals": "goals"} if shown else {}),
        "Description": "description",
        ("Id", "whole"): "id",
    }
    print_list(rows, ["id", "name", "description", "nodes", *(["goals"] if shown else [])], format, headings)


@app.command()
def show(context: typer.Context, flow: FlowArgument, format: ResultFormatOption = ResultFormat.TABLE) -> None:
    """Draw a flow as text; as JSON: the flow as it is stored."""
    from goals_tui.domain.flow_text import draw

    opened = services(context)
    found = opened.flows.get(flow)
    if format is ResultFormat.JSON:
        print_json(found.model_dump(mode="json"))
    else:
        shown, _ = opened.switch
        goals = {goal.id: goal for goal in opened.goals.all()} if shown else None
        print_lines(draw(found, goals, {other.id: other for other in opened.flows.all()}))


@app.command()
def export(
    context: typer.Context,
    flow: FlowArgument,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to (else, and for -, printed).")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Write a flow as JSON."""
    opened = services(context)
    found = opened.flows.get(flow)
    if output is None or output == STANDARD_OUTPUT:
        print_json(opened.flow_files.as_json(found))
    else:
        check_replaceable(output, force)
        opened.flow_files.export(found, output)
        say(f"Wrote {found.name!r} to {output}.")


@app.command("import")
def import_flows(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="Flows of ours; of the original: a chart.json, a folder that its tool pulled, a package (.zip).",
        ),
    ],
    name: Annotated[str | None, typer.Option("--name", metavar="N", help="The name of a single flow.")] = None,
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Bring flows in, with the links between them; node kinds that are not interpreted are kept as Other.

    Exit 3 where something was left out.
    """
    result = services(context).flow_files.load(paths, name=name)
    if format is ResultFormat.JSON:
        print_json(result.as_json())
    else:
        print_lines(one.flow.id for one in result.flows)
    say(result.summary())
    for line in result.details():
        say(line)
    if result.left_out:
        raise typer.Exit(FOUND_PROBLEMS)
