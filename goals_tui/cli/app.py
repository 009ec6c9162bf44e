"""The commands of `goals-tui`, by the names of docs/command-line.md."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from goals_tui.cli import (
    activities,
    checks,
    conversation_tests,
    data,
    decisions,
    events,
    flows,
    goal_files,
    goals,
    packages,
    reports,
    workspaces,
)
from goals_tui.cli import annotations as annotation_commands
from goals_tui.cli.commands import Commands
from goals_tui.cli.output import print_lines
from goals_tui.cli.state import State

app = Commands(
    name="goals-tui",
    help="Define goals for AI agents' conversations, wire them into flows, and read what they saved.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", metavar="DIR", help="The workspace's folder (else GOALS_TUI_WORKSPACE)."),
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Open the app; with a command: run that instead."""
    context.obj = State(workspace)
    if version:
        from goals_tui import __version__

        print_lines([f"goals-tui {__version__}"])
        raise typer.Exit
    if context.invoked_subcommand is None:
        workspaces.open_app(context)


for _module in (workspaces, checks, conversation_tests, data, reports, decisions):
    _module.register(app)
goal_files.register(goals.app)
app.add_typer(goals.app, name="goals")
app.add_typer(annotation_commands.app, name="annotations")
app.add_typer(flows.app, name="flows")
app.add_typer(packages.app, name="package")
app.add_typer(events.app, name="events")
app.add_typer(activities.app, name="activities")
app.add_typer(data.imports, name="import")
