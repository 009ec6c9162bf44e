"""`goals-tui events`: stats, verify, seal, export."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.output import (
    Format,
    FormatOption,
    add_row,
    new_table,
    print_csv,
    print_json,
    print_table,
    say,
)
from goals_tui.cli.output_file import ForceOption, output_file, shown
from goals_tui.cli.run import FOUND_PROBLEMS
from goals_tui.cli.state import services
from goals_tui.domain.model import format_instant
from goals_tui.format import plural

app = Commands(help="The event log.", no_args_is_help=True)


@app.command()
def stats(context: typer.Context, format: FormatOption = Format.TABLE) -> None:
    """How many events there are, from when to when, in how many files."""
    row = _plain(asdict(services(context).workspace.events.stats()))
    if format is Format.JSON:
        print_json(row)
    elif format is Format.CSV:
        print_csv([row], list(row))
    else:
        table = new_table("", ("", "right"))
        table.show_header = False
        for name, value in row.items():
            shown = f"{value:,}" if isinstance(value, int) else str(value or "")[:19].replace("T", " ")
            add_row(table, f"{name} (UTC)" if name in ("first", "last") else name.replace("_", " "), shown)
        print_table(table)


@app.command()
def verify(context: typer.Context, format: FormatOption = Format.TABLE) -> None:
    """Read every event and say what is wrong with the log. Exits with 3 where something is."""
    found = [_plain(asdict(finding)) for finding in services(context).workspace.events.verify()]
    if format is Format.JSON:
        print_json(found)
    elif format is Format.CSV:
        print_csv(found, ["code", "file", "message"])
    elif found:
        table = new_table(("Code", "whole"), "File", "Message")
        for row in found:
            add_row(table, *row.values())
        print_table(table)
    if found:
        raise typer.Exit(FOUND_PROBLEMS)
    say("Every event can be read, and each is there once.")


@app.command()
def seal(context: typer.Context) -> None:
    """Turn the appended events into a Parquet part."""
    result = services(context).workspace.events.seal()
    say(f"Sealed {plural(result.events, 'event')}.")


@app.command()
def export(
    context: typer.Context,
    output: Annotated[
        Path,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help=".jsonl, .jsonl.gz, .csv or .parquet by its ending; - is standard output (.jsonl).",
        ),
    ],
    force: ForceOption = False,
) -> None:
    """Write all events to one file."""
    opened = services(context)
    with output_file(output, force, ".jsonl") as path:
        count = opened.workspace.events.export(path)
    say(f"Wrote {plural(count, 'event')} to {shown(output)}.")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: format_instant(value) if isinstance(value, datetime) else str(value) if isinstance(value, Path) else value
        for name, value in row.items()
    }
