"""`goals-tui test`: run saved conversations again and compare their events with the expected ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.output import ResultFormat, ResultFormatOption, print_json, print_lines, say
from goals_tui.cli.run import FOUND_PROBLEMS
from goals_tui.cli.state import services_with_goals
from goals_tui.format import plural

if TYPE_CHECKING:
    from goals_tui.services.conversation_tests import TestResult


def register(app: Commands, name: str) -> None:
    """Register the command `name`."""
    app.command(name)(test)


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
