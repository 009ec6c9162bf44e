"""`goals-tui sync`: sources that are read again and again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.data import say_import
from goals_tui.cli.output import (
    Format,
    FormatOption,
    Heading,
    ResultFormat,
    ResultFormatOption,
    print_json,
    print_lines,
    print_list,
    progress_bar,
    say,
)
from goals_tui.cli.run import FOUND_PROBLEMS
from goals_tui.cli.state import services_with_goals
from goals_tui.domain.errors import GoalsError

if TYPE_CHECKING:
    from goals_tui.services.context import Services
    from goals_tui.services.sync import Synced

app = Commands(
    help="Read what is new from OData services.\n\n`sync NAME` means `sync run NAME`.",
    runs_by_default=True,
)

ERROR = 1


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the source is called here.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="The service's address, up to its version.")],
    key_env: Annotated[
        str | None,
        typer.Option("--key-env", metavar="VARIABLE", help="The environment variable that will hold the key."),
    ] = None,
    activities: Annotated[
        bool, typer.Option("--activities", help="Read Conversations and ExecutedSteps, too, as activities.")
    ] = False,
    duration_unit: Annotated[
        str | None,
        typer.Option(
            "--duration-unit",
            metavar="UNIT",
            help="What durations are in: milliseconds, seconds (unless told), minutes, hours.",
        ),
    ] = None,
) -> None:
    """Add a source. Nothing is read yet."""
    syncs = services_with_goals(context).syncs
    source = syncs.add(name, url, key_env=key_env, activities=activities, duration_unit=duration_unit)
    print_lines([source.name])


@app.command("list")
def list_sources(context: typer.Context, format: FormatOption = Format.TABLE) -> None:
    """List the sources, and when each was last read to its end."""
    rows = [source.as_json() for source in services_with_goals(context).syncs.all()]
    headings: dict[Heading, str] = {
        "Name": "name",
        "Address": "url",
        "Key in": "key_env",
        ("Last read (UTC)", "whole"): "last",
        ("Events until (UTC)", "whole"): "cursor",
    }
    names = ["name", "url", "key_env", "activities", "duration_unit", "last", "cursor"]
    print_list(rows, names, format, headings)


@app.command()
def remove(context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME", help="The source.")]) -> None:
    """Remove a source. What it brought stays; `events batches` lists it."""
    say(f"Removed the source {services_with_goals(context).syncs.remove(name).name!r}.")


@app.command()
def run(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The source, else all.")] = None,
    watch: Annotated[
        int | None,
        typer.Option("--watch", min=1, metavar="SECONDS", help="Read again after so many seconds, until ctrl+c."),
    ] = None,
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Read what is new, from where it stopped, and import it."""
    opened = services_with_goals(context)
    sources = [opened.syncs.get(name).name] if name is not None else [source.name for source in opened.syncs.all()]
    if not sources:
        say("There is no source. Add one with: goals-tui sync add NAME URL --key-env VARIABLE")
    while True:
        found = [_read(opened, source, keeps_on=watch is not None) for source in sources]
        done = [one for one in found if one is not None]
        if format is ResultFormat.JSON:
            print_json([one.as_json() for one in done])
        else:
            print_lines([one.summary() for one in done])
        for one in done:
            for result in one.imports:
                say_import(result)
            if one.problem:
                say(one.problem)
        if watch is None:
            break
        time.sleep(watch)
    if any(one.problem for one in done):
        raise typer.Exit(ERROR)
    if any(one.left_out for one in done):
        raise typer.Exit(FOUND_PROBLEMS)


def _read(opened: Services, source: str, *, keeps_on: bool) -> Synced | None:
    with progress_bar() as progress:
        try:
            return opened.syncs.run(source, progress) if progress else opened.syncs.run(source)
        except GoalsError as error:
            if not keeps_on:
                raise
            problem = str(error)
    say(problem)
    return None
