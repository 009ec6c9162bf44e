"""The commands of `goals-tui`, by the names of docs/command-line.md."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from goals_tui.cli.commands import Commands, empty_path
from goals_tui.cli.output import print_lines
from goals_tui.cli.state import State

MODULES = {
    "init": "workspaces",
    "demo": "workspaces",
    "locate": "workspaces",
    "serve": "workspaces",
    "listen": "listen",
    "check": "checks",
    "test": "checks",
    "track": "data",
    "simulate": "data",
    "report": "reports",
    "breakdown": "reports",
    "funnel": "reports",
    "cycles": "cycles",
    "cycle": "cycles",
    **dict.fromkeys(("compare", "explain", "dropoffs", "times", "releases", "targets", "what-if"), "decisions"),
}
"""The module that registers each single command."""

GROUPS = {
    "goals": ("goals", "app"),
    "annotations": ("annotations", "app"),
    "flows": ("flows", "app"),
    "package": ("packages", "app"),
    "events": ("events", "app"),
    "activities": ("events", "activities"),
    "import": ("data", "imports"),
    "sync": ("sync", "app"),
}
"""The module and the attribute of each group of commands."""

SECTIONS = {
    "Workspace": ("demo", "init", "locate", "serve"),
    "Goals": ("goals", "targets", "annotations"),
    "Flows": ("flows", "check", "test", "simulate"),
    "Data": ("track", "import", "sync", "listen", "package", "events", "activities"),
    "Insights": (
        *("report", "breakdown", "funnel", "dropoffs", "times", "cycles", "cycle"),
        *("compare", "explain", "releases", "what-if"),
    ),
}
"""The headings of the help with the commands and groups under each."""


app: Commands
"""The app with all commands, made on first access."""


def __getattr__(name: str) -> Any:
    if name == "app":
        return make_app()
    raise AttributeError(name)


@cache
def make_app(name: str | None = None) -> Commands:
    """Return the app with the command or group called `name`, or with all of them where there is none by that name.

    Importing all commands takes longer than most of them run.
    """
    known = name in MODULES or name in GROUPS
    app = Commands(
        name="goals-tui",
        help="Define goals for AI agents' conversations, wire them into flows, and read what they saved.",
        no_args_is_help=False,
        sections=None if known else SECTIONS,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        add_completion=not known,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_options)
    for single, module in MODULES.items():
        if name == single or not known:
            _module(module).register(app, single)
    for group, (module, attribute) in GROUPS.items():
        if name == group or not known:
            app.add_typer(getattr(_module(module), attribute), name=group)
    return app


def _module(name: str) -> Any:
    return import_module(f"goals_tui.cli.{name}")


def _options(
    context: typer.Context,
    workspace: Annotated[
        str | None,  # a Path, checked by typer, would load pydantic
        typer.Option("--workspace", metavar="DIR", help="The workspace's folder (else GOALS_TUI_WORKSPACE)."),
    ] = None,
    events: Annotated[
        str | None,
        typer.Option("--events", metavar="URL", help="An engine with the events (else GOALS_TUI_EVENTS)."),
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Open the app; with a command: run that instead."""
    if workspace == "":
        raise empty_path(param_hint="'--workspace'")
    context.obj = State(None if workspace is None else Path(workspace), events)
    if version:
        from goals_tui.version import __version__

        print_lines([f"goals-tui {__version__}"])
        raise typer.Exit
    if context.invoked_subcommand is None:
        from goals_tui.cli import workspaces

        workspaces.open_app(context)
