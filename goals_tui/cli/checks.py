"""`goals-tui check`: problems in how goals are wired into flows."""

from __future__ import annotations

from typing import Annotated

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.output import Format, FormatOption, add_row, new_table, print_csv, print_json, print_table, say
from goals_tui.cli.run import FOUND_PROBLEMS
from goals_tui.cli.state import services_with_goals

_COLUMNS = ["code", "severity", "flow", "node", "goal", "step", "message"]
_STYLES = {"error": "red", "warning": "yellow", "info": "dim"}


def register(app: Commands, name: str) -> None:
    """Register the command `name`."""
    app.command(name)({"check": check}[name])


def check(
    context: typer.Context,
    flow: Annotated[str | None, typer.Argument(metavar="FLOW", help="Only this flow's findings.")] = None,
    format: FormatOption = Format.TABLE,
) -> None:
    """Check the wiring of Track Goal Process nodes. Exits with 3 where there is an error or a warning."""
    opened = services_with_goals(context)
    only = opened.flows.get(flow).id if flow else None
    findings = [finding for finding in opened.flows.findings() if only in (None, finding.flow_id)]
    rows = [{column: getattr(finding, column) for column in _COLUMNS} for finding in findings]
    if format is Format.JSON:
        print_json(rows)
    elif format is Format.CSV:
        print_csv(rows, _COLUMNS)
    elif rows:
        table = new_table(("Code", "whole"), "Severity", "Flow", "Node", "Finding")
        for row in rows:
            add_row(
                table,
                row["code"],
                row["severity"],
                row["flow"],
                row["node"],
                row["message"],
                style=_STYLES[row["severity"]],
            )
        print_table(table)
    else:
        say("No problems found.")
    if any(finding.severity in ("error", "warning") for finding in findings):
        raise typer.Exit(FOUND_PROBLEMS)
