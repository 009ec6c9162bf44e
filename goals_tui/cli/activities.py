"""`goals-tui activities`: stats, names, list."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.output import (
    Format,
    FormatOption,
    Heading,
    add_row,
    new_table,
    print_csv,
    print_json,
    print_list,
    print_table,
)
from goals_tui.cli.state import services
from goals_tui.domain.model import format_instant

app = Commands(help="List what happened in sessions, meant as a goal or not.", no_args_is_help=True)


@app.command()
def stats(context: typer.Context, format: FormatOption = Format.TABLE) -> None:
    """Count the activities: how many, in how many sessions, from when to when, of which kinds."""
    found = services(context).activities.stats()
    row: dict[str, Any] = {
        "activities": found.activities,
        "sessions": found.sessions,
        "first": format_instant(found.first) if found.first else None,
        "last": format_instant(found.last) if found.last else None,
    }
    if format is Format.JSON:
        print_json({**row, "kinds": found.kinds})
    elif format is Format.CSV:
        row |= found.kinds
        print_csv([row], list(row))
    else:
        table = new_table("", ("", "right"))
        table.show_header = False
        for name, value in row.items():
            shown = f"{value:,}" if isinstance(value, int) else str(value or "")[:19].replace("T", " ")
            add_row(table, f"{name} (UTC)" if name in ("first", "last") else name, shown)
        for kind, count in found.kinds.items():
            add_row(table, f"kind {kind}", f"{count:,}")
        print_table(table)


@app.command()
def names(context: typer.Context, format: FormatOption = Format.TABLE) -> None:
    """List the names of activities by kind, the most frequent first."""
    rows = [asdict(one) for one in services(context).activities.names()]
    headings: dict[Heading, str] = {
        "Kind": "kind",
        "Name": "name",
        ("Count", "right"): "count",
        ("Sessions", "right"): "sessions",
    }
    print_list(rows, ["kind", "name", "count", "sessions"], format, headings)


@app.command("list")
def list_activities(
    context: typer.Context,
    session: Annotated[str, typer.Option("--session", metavar="S", help="The session's id.")],
    format: FormatOption = Format.TABLE,
) -> None:
    """List what happened in a session, in order."""
    rows = [
        one.model_dump(mode="json", exclude={"position"}) for one in services(context).activities.of_session(session)
    ]
    headings: dict[Heading, str] = {"Time (UTC)": "timestamp", "Kind": "kind", "Name": "name", "Text": "text"}
    print_list(rows, list(rows[0]), format, headings)
