"""`goals-tui check`: problems in how goals are wired into flows; `goals-tui test`: conversations run again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.output import (
    Format,
    FormatOption,
    ResultFormat,
    ResultFormatOption,
    add_row,
    new_table,
    print_csv,
    print_json,
    print_lines,
    print_table,
    say,
)
from goals_tui.cli.run import FOUND_PROBLEMS
from goals_tui.cli.state import services_with_goals
from goals_tui.format import plural

if TYPE_CHECKING:
    from goals_tui.services.conversation_tests import TestResult

_COLUMNS = ["code", "severity", "flow", "node", "goal", "step", "message"]
_STYLES = {"error": "red", "warning": "yellow", "info": "dim"}


def register(app: Commands, name: str) -> None:
    """Register the command `name`."""
    commands: dict[str, Callable[..., None]] = {"check": check, "test": test}
    app.command(name)(commands[name])


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


def test(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Conversation tests; those of the workspace if left out."),
    ] = None,
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Run conversation tests through the flows. Exits with 3 where one fails. Nothing is tracked."""
    opened = services_with_goals(context)
    tests = opened.conversation_tests
    results = [tests.run(file) for file in files or tests.files()]
    failed = sum(not result.passed for result in results)
    if format is ResultFormat.JSON:
        print_json(
            [
                {
                    "name": result.name,
                    "passed": result.passed,
                    "problems": list(result.problems),
                    "difference": list(result.difference),
                }
                for result in results
            ]
        )
    else:
        print_lines(line for result in results for line in _lines(result))
        if not results:
            say(f"There are no tests in {tests.folder}. Keep a conversation from the Interaction Panel with f6.")
        else:
            say(f"{plural(len(results) - failed, 'test')} passed, {failed} failed.")
    if failed:
        raise typer.Exit(FOUND_PROBLEMS)


def _lines(result: TestResult) -> list[str]:
    if result.passed:
        return [f"✔ {result.name}"]
    return [
        f"✘ {result.name}",
        *(f"  {problem}" for problem in result.problems),
        *(f"    {x}" for x in result.difference),
    ]
