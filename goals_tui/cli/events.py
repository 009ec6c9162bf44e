"""`goals-tui events` (stats, verify, seal, expire, export, batches, remove, push, check) and `goals-tui activities`."""

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
    Heading,
    ResultFormat,
    ResultFormatOption,
    add_row,
    new_table,
    print_csv,
    print_json,
    print_lines,
    print_list,
    print_table,
    progress_bar,
    say,
)
from goals_tui.cli.output_file import ForceOption, output_file, shown
from goals_tui.cli.run import FOUND_PROBLEMS
from goals_tui.cli.state import services
from goals_tui.domain.model import format_instant
from goals_tui.format import plural

app = Commands(help="Count, check, compact, copy and expire the events.", no_args_is_help=True)
activities = Commands(help="List what happened in sessions, meant as a goal or not.", no_args_is_help=True)


@app.command()
def stats(context: typer.Context, format: FormatOption = Format.TABLE) -> None:
    """Count the events and their files, with the first and the last moment."""
    row = _plain(asdict(services(context).events.stats()))
    if format is Format.JSON:
        print_json(row)
    elif format is Format.CSV:
        print_csv([row], list(row))
    else:
        _print_stats(row)


def _print_stats(row: dict[str, Any]) -> None:
    table = new_table("", ("", "right"))
    table.show_header = False
    for name, value in row.items():
        shown = f"{value:,}" if isinstance(value, int) else str(value or "")[:19].replace("T", " ")
        add_row(table, f"{name} (UTC)" if name in ("first", "last") else name.replace("_", " "), shown)
    print_table(table)


@app.command()
def verify(context: typer.Context, format: FormatOption = Format.TABLE) -> None:
    """Read every event and say what is wrong with the log. Exits with 3 where something is."""
    found = [_plain(asdict(finding)) for finding in services(context).events.verify()]
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
    """Turn the appended events into a Parquet part, and delete what has expired."""
    result = services(context).events.seal()
    gone = result.expired or result.expired_activities
    expired = f" Deleted {_both(result.expired, result.expired_activities)} that had expired." if gone else ""
    say(f"Sealed {plural(result.events, 'event')}.{expired}")


def _both(events: int, activities: int) -> str:
    return f"{plural(events, 'event')} and {plural(activities, 'activity')}"


@app.command()
def expire(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many, and delete nothing.")] = False,
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Delete events past their expiry, and all that is older than the project keeps it. Can't be undone."""
    opened = services(context)
    found = opened.events.expire(dry_run=dry_run)
    if format is ResultFormat.JSON:
        print_json(found.as_json())
        return
    goes = _both(found.events, found.activities)
    print_lines([f"{goes} would be deleted." if dry_run else f"Deleted {goes}."])
    if found.before is None:
        say("The project keeps everything (Settings, Retention): only events past their own expiry go.")
    else:
        zone = opened.project.get().zone
        say(f"The project keeps what is from {found.before.astimezone(zone):%Y-%m-%d %H:%M} or later.")


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
        count = opened.events.export(path)
    say(f"Wrote {plural(count, 'event')} to {shown(output)}.")


@app.command()
def batches(context: typer.Context, format: FormatOption = Format.TABLE) -> None:
    """List what imports and simulations added and is there still, oldest first."""
    opened = services(context)
    found = opened.batches.summaries()
    if format is Format.JSON:
        print_json([one.as_json() for one in found])
    elif format is Format.CSV:
        print_csv([one.as_json() for one in found], ["id", "what", "at", "events", "activities", "goals"])
    else:
        zone = opened.project.get().zone
        table = new_table(
            ("Batch", "whole"), "What", "When", ("Events", "right"), ("Activities", "right"), ("Goals", "right")
        )
        for one in found:
            when = f"{one.at.astimezone(zone):%Y-%m-%d %H:%M}" if one.at else ""
            counts = (f"{count:,}" for count in (one.events, one.activities, one.goals))
            add_row(table, one.id, one.what or "unknown", when, *counts)
        print_table(table)
        if not found:
            say("No import or simulation has added anything that is there still.")


@app.command()
def remove(
    context: typer.Context,
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="A batch's id; `events batches` lists them.")],
    confirm: Annotated[str, typer.Option("--confirm", metavar="BATCH", help="The batch's id once more.")],
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Delete what a batch added: its events, and goals that were neither edited nor wired since. Can't be undone."""
    removed = services(context).batches.remove(batch, confirm=confirm)
    if format is ResultFormat.JSON:
        print_json(removed.as_json())
    else:
        print_lines([f"Removed {removed.what}."])
    for stays in removed.stays:
        say(f"{stays}.")
    if removed.also_in:
        later = plural(removed.also_in, "later import")
        say(f"{later} also contained some of what went. Import that again to have it back.")


EngineUrl = Annotated[
    str, typer.Argument(metavar="URL", help="A log in an engine, such as clickhouse://user@host/db?table=goal_events.")
]


@app.command()
def push(
    context: typer.Context,
    url: EngineUrl,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="Leave out events before, in the project's zone.")
    ] = None,
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Add the events that a log in an engine lacks, by id. It can be stopped and run again."""
    from goals_tui.domain.filters import parse_moment

    first = None if since is None else parse_moment(since, "since")
    opened = services(context)
    with progress_bar() as progress:
        address, pushed = opened.engine_logs.push(url, since=first, progress=progress)
    if format is ResultFormat.JSON:
        print_json({"engine": address.title, **asdict(pushed)})
        return
    if pushed.created:
        say(f"Made {address.log}.")
    print_lines([f"Added {plural(pushed.added, 'event')} to {address.title}; {pushed.known:,} there already."])


@app.command()
def check(context: typer.Context, url: EngineUrl, format: ResultFormatOption = ResultFormat.TABLE) -> None:
    """Compare a log in an engine with the workspace's own. Exits with 3 where it can't be read or differs."""
    checked = services(context).engine_logs.check(url)
    if format is ResultFormat.JSON:
        print_json(checked.as_json())
    else:
        print_lines([f"Connected to {checked.title}."])
        if checked.ids is not None and checked.duplicates is not None:
            table = new_table("", ("Here", "right"), ("There", "right"))
            add_row(table, "Events", f"{checked.ids.here:,}", f"{checked.ids.there:,}")
            add_row(table, "Nowhere else", f"{checked.ids.only_here:,}", f"{checked.ids.only_there:,}")
            add_row(table, "Repeated", *(f"{count:,}" for count in checked.duplicates))
            print_table(table)
        print_lines(checked.problems or ["All columns are there, and the report over all time is the same."])
    if checked.problems:
        raise typer.Exit(FOUND_PROBLEMS)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: format_instant(value) if isinstance(value, datetime) else str(value) if isinstance(value, Path) else value
        for name, value in row.items()
    }


# -- activities


@activities.command("stats")
def activity_stats(context: typer.Context, format: FormatOption = Format.TABLE) -> None:
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
        _print_stats(row | {f"kind {kind}": count for kind, count in found.kinds.items()})


@activities.command()
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


@activities.command("list")
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
