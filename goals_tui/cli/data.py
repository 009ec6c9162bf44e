"""Commands that bring data in: `track`, `simulate`, `import odata`, `import log`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.flows import import_flows
from goals_tui.cli.output import (
    ResultFormat,
    ResultFormatOption,
    add_row,
    new_table,
    print_json,
    print_lines,
    print_table,
    progress_bar,
    say,
)
from goals_tui.cli.run import FOUND_PROBLEMS
from goals_tui.cli.state import services_with_goals
from goals_tui.domain.errors import RefusedError
from goals_tui.domain.text import command_of
from goals_tui.format import plural

if TYPE_CHECKING:
    from goals_tui.services.imports.result import ImportResult, Preview


class Target(StrEnum):
    """The kinds of records that the rows of a log can become."""

    GOAL = "goal"
    ACTIVITIES = "activities"


imports = Commands(help="Bring events, goals and flows in from files.", no_args_is_help=True)
imports.command("flows")(import_flows)

Endpoint = Annotated[str | None, typer.Option("--endpoint", metavar="E", help="The endpoint's name.")]
Locale = Annotated[str | None, typer.Option("--locale", metavar="L", help="The locale's name.")]
Snapshot = Annotated[str | None, typer.Option("--snapshot", metavar="S", help="The snapshot's name.")]


def register(app: Commands, name: str) -> None:
    """Register the command `name`."""
    commands: dict[str, Callable[..., None]] = {"track": track, "simulate": simulate}
    app.command(name)(commands[name])


def track(
    context: typer.Context,
    session: Annotated[str, typer.Option("--session", metavar="S", help="The conversation's session id.")],
    goal: Annotated[str, typer.Option("--goal", metavar="G", help="A goal's name or id.")],
    step: Annotated[list[str], typer.Option("--step", metavar="STEP", help="A step's name or id; may be repeated.")],
    endpoint: Endpoint = None,
    locale: Locale = None,
    snapshot: Snapshot = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="A date, or one with a time (else now); in the project's zone."),
    ] = None,
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Record that a conversation reached steps of a goal."""
    from goals_tui.domain.event import source
    from goals_tui.domain.filters import moment_in, parse_moment

    opened = services_with_goals(context)
    opened.events.check_writable()
    moment = moment_in(parse_moment(at, "at"), opened.project.get().zone) if at is not None else None
    found = opened.goals.get(goal)
    steps = [found.step(name) for name in step]
    origin = source(endpoint, locale, snapshot, opened.project.get().id)
    tracked = opened.tracking.track(session, found.id, [one.id for one in steps], origin, at=moment)
    opened.events.sync()
    missed = [{"step": found.step(step_id).name, "step_id": step_id} for step_id in tracked.not_tracked]
    if format is ResultFormat.JSON:
        events = [event.model_dump(mode="json", by_alias=True) for event in tracked.events]
        print_json({"cycle_id": tracked.cycle_id, "events": events, "not_tracked": missed})
    else:
        print_lines(event.id for event in tracked.events)
        names = ", ".join(found.step(event.step_id).name for event in tracked.events)
        if names:
            say(f"Tracked: {names}.")
    for one in missed:
        say(
            f"Not tracked: {one['step']}. No cycle of {found.name!r} is open in this session; "
            "track the initial step first."
        )
    opened.events.seal_behind()


def simulate(
    context: typer.Context,
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="A flow's name or id.")],
    sessions: Annotated[int, typer.Option("--sessions", metavar="N", min=1, help="How many conversations.")],
    seed: Annotated[int, typer.Option("--seed", metavar="K", help="The same seed gives the same events.")] = 0,
    since: Annotated[str | None, typer.Option("--from", metavar="D", help="First day (else 30 days ago).")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="D", help="Last day (else today).")] = None,
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Run many conversations through a flow, and record their goals."""
    from goals_tui.services.simulation import span_of

    opened = services_with_goals(context)
    start, end = span_of(since, until, opened.clock(), opened.project.get().zone)
    with progress_bar() as progress:
        result = opened.simulation.simulate(
            opened.flows.get(flow).id, sessions=sessions, seed=seed, start=start, end=end, progress=progress
        )
    if format is ResultFormat.JSON:
        print_json(result.as_json())
    else:
        print_lines([f"{plural(result.conversations, 'conversation')}, {plural(result.events, 'event')}"])
        if result.events_added < result.events:
            say(f"New: {plural(result.events_added, 'event')}. The same simulation ran before.")
        if result.not_tracked:
            say(f"Not tracked: {plural(result.not_tracked, 'step')}, for no cycle was open. See: goals-tui check")


@imports.command("odata")
def import_odata(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Files or folders: .json .jsonl .csv, also .gz.")
    ],
    duration_unit: Annotated[
        str | None,
        typer.Option(
            "--duration-unit",
            metavar="UNIT",
            help="What durations are in: milliseconds, seconds (unless told), minutes, hours.",
        ),
    ] = None,
    without_text: Annotated[
        bool, typer.Option("--without-text", help="Of Conversations: leave out what was said.")
    ] = False,
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Import goals, their events and activities as the original system exports them. Importing twice adds nothing."""
    opened = services_with_goals(context)
    with progress_bar() as progress:
        result = opened.imports.odata(paths, duration_unit=duration_unit, without_text=without_text, progress=progress)
    _print_import(result, format)


def import_log(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Tables (CSV, .xlsx, .ods, Parquet, JSON Lines), or logs in XES, OCEL, OTLP/JSON, of Rasa or Bot "
            "Framework; also .gz; - reads input.",
        ),
    ],
    goal: Annotated[
        str | None, typer.Option("--goal", metavar="NAME", help="The goal; made when it is missing.")
    ] = None,
    target: Annotated[
        Target, typer.Option("--as", help="Events of the goal, or activities of which goals are derived later.")
    ] = Target.GOAL,
    cycle: Annotated[
        str | None, typer.Option("--cycle", metavar="COL", help="Of a table: the column that names the case.")
    ] = None,
    step: Annotated[
        str | None, typer.Option("--step", metavar="COL", help="Of a table: the column with the activity.")
    ] = None,
    time: Annotated[
        str | None, typer.Option("--time", metavar="COL", help="Of a table: the column with the time.")
    ] = None,
    session: Annotated[
        str | None, typer.Option("--session", metavar="COL", help="The column with the session (else the case).")
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="COL", help="The column with the endpoint.")
    ] = None,
    locale: Annotated[str | None, typer.Option("--locale", metavar="COL", help="The column with the locale.")] = None,
    snapshot: Annotated[
        str | None, typer.Option("--snapshot", metavar="COL", help="The column with the snapshot.")
    ] = None,
    initial: Annotated[
        str | None, typer.Option("--initial", metavar="STEP", help="The initial step (else guessed, and said).")
    ] = None,
    completion: Annotated[
        list[str] | None,
        typer.Option(
            "--completion", metavar="STEP", help="A completion step (else guessed, and said); may be repeated."
        ),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option("--time-zone", metavar="Z", help="The zone of times that carry none (else the project's)."),
    ] = None,
    time_format: Annotated[
        str | None,
        typer.Option(
            "--time-format",
            metavar="F",
            help="How times are written: a pattern such as '%d/%m/%Y %H:%M', epoch, epoch-ms or excel.",
        ),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", metavar="E", help="Of CSV (else UTF-8), for example cp1252.")
    ] = None,
    sheet: Annotated[
        str | None, typer.Option("--sheet", metavar="NAME", help="The sheet of a spreadsheet to read.")
    ] = None,
    object_type: Annotated[
        str | None, typer.Option("--object-type", metavar="TYPE", help="Of OCEL: which objects are cases.")
    ] = None,
    without_text: Annotated[
        bool, typer.Option("--without-text", help="Of activities: leave out what was said.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would come in, and change nothing.")] = False,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="F",
            help="csv, xlsx, ods, parquet, jsonl, xes, ocel, otlp, rasa or botframework: what the files are (else told "
            "by their content). table or json: how to print the result.",
        ),
    ] = None,
) -> None:
    """Import any log, and make the goal when it is missing. Importing twice adds nothing."""
    from goals_tui.services.imports.log_import import LogOptions
    from goals_tui.services.imports.log_rows import Columns

    read_as, shown = _formats(formats or [])
    if (goal is None) == (target is Target.GOAL):
        raise typer.BadParameter(
            "Give --goal NAME to read it as attempts at a goal, or --as activities to keep it as it is."
            if goal is None
            else "--goal and --as activities exclude each other."
        )
    columns = None
    if cycle or step or time:
        case = cycle or session
        if not (case and step and time):
            raise typer.BadParameter("A table needs all of --cycle, --step and --time.")
        columns = Columns(case, step, time, session, endpoint, locale, snapshot)
    opened = services_with_goals(context)
    options = LogOptions(
        initial=initial,
        completion=tuple(completion or ()),
        time_zone=time_zone,
        time_format=time_format,
        encoding=encoding,
        sheet=sheet,
        format=read_as,
        object_type=object_type,
        without_text=without_text,
        dry_run=dry_run,
    )
    with progress_bar() as progress:
        result = opened.imports.log(files, goal, columns, options, progress=progress)
    _print_import(result, shown)


imports.command("log")(import_log)
imports.command("csv", help="The same as `import log`.")(import_log)


def _formats(given: Sequence[str]) -> tuple[str | None, ResultFormat]:
    """Return the format of the files (None: detect it) and the format of the output, from all `--format` options.

    Raises typer.BadParameter where either is given twice.
    """
    printed = [one for one in given if one in set(ResultFormat)]
    read_as = [one for one in given if one not in set(ResultFormat)]
    if len(read_as) > 1 or len(printed) > 1:
        raise typer.BadParameter("--format may say once what the files are and once how to print, table or json.")
    return read_as[0] if read_as else None, ResultFormat(printed[0]) if printed else ResultFormat.TABLE


def _print_preview(result: ImportResult, preview: Preview) -> None:
    print_lines(
        [
            "Dry run: nothing was changed.",
            f"Columns: {', '.join(f'{what} = {name}' for what, name in preview.mapping.items())}",
            *([f"Not used: {', '.join(preview.unused_columns)}"] if preview.unused_columns else []),
            "First rows:",
        ]
    )
    shown = [what for what in ("cycle", "time", "step", *preview.mapping) if what in preview.mapping]
    table = new_table(*dict.fromkeys(shown))
    for row in preview.first_rows:
        add_row(table, *(row[what] for what in dict.fromkeys(shown)))
    print_table(table)
    goal = preview.goal
    if goal is None:
        print_lines(
            [
                f"Would add {result.activities_added:,} activities in {plural(result.cases or 0, 'session')}; "
                f"{result.activities_known:,} known already."
            ]
        )
        return
    marks = {"initial": "●", "step": "○", "completion": "◎"}
    print_lines(
        [
            f"Goal: {goal['name']} ({'would be made' if goal['new'] else 'is there'}): "
            + ", ".join(f"{marks[step['kind']]} {step['name']}" for step in goal["steps"]),
            f"Would add {plural(result.events_added, 'event')} in {plural(result.cases or 0, 'cycle')}; "
            f"{result.events_known:,} known already.",
        ]
    )


def _print_import(result: ImportResult, format: ResultFormat) -> None:
    """Print what was imported, what was left out and what was guessed.

    Raises RefusedError where nothing was imported because all of it is broken, and typer.Exit with code 3 where some
    records were left out.
    """
    if format is ResultFormat.JSON:
        print_json(result.as_json())
    if result.nothing:
        raise RefusedError(
            f"Nothing came in: {plural(result.broken_total, 'record')} left out. {result.broken[0]}."
            + " --format json lists them." * (result.broken_total > 1 and format is not ResultFormat.JSON)
        )
    if format is ResultFormat.TABLE:
        if result.preview is not None:
            _print_preview(result, result.preview)
        else:
            print_lines([result.summary()])
    say_import(result)
    if result.left_out:
        raise typer.Exit(FOUND_PROBLEMS)


def say_import(result: ImportResult) -> None:
    """Say on standard error what an import guessed, changed and left out."""
    from goals_tui.services.imports.result import unpriced_text

    if result.rows is not None and result.left_out:
        used = result.rows - result.broken_total
        say(f"Read: {plural(result.rows, 'row')}, of which {used:,} in {plural(result.cases or 0, 'case')} came in.")
    for note in result.notes:
        say(note)
    for guess in result.guesses:
        if guess.what != "time_zone":
            say(str(guess))
    if result.assumed_time_zone:
        say(f"Times without a zone were read as {result.assumed_time_zone}; --time-zone says another one.")
    if result.events_unknown_goal:
        say(
            f"{plural(result.events_unknown_goal, 'event')} of goals that this project does not have: they are in no "
            "number of a report until the goals come in with their steps, or as a package."
        )
    if result.assumed_duration_unit:
        say(f"Durations were read as {result.assumed_duration_unit}; --duration-unit says another unit.")
    if result.amounts_rounded:
        amounts = plural(result.amounts_rounded, "amount")
        say(f"Rounded: {amounts} to the decimals of the currency, by less than 0.000001 each.")
    for goal, step in result.unpriced:
        say(f"{unpriced_text(goal, step)}.")
    for missing in result.incomplete:
        say(f"Missing: {missing}.")
    for file in result.unused:
        say(f"Not used: {file.file} {file.why}.")
    for why, count in result.reasons.items():
        say(f"Left out: {plural(count, 'row')} {why}.")
    for record in result.broken:
        say(f"Left out: {record}.")
    if result.broken_total > len(result.broken):
        say(f"Left out: {plural(result.broken_total - len(result.broken), 'more record')}.")
    if result.batch and (result.guesses or result.left_out):
        remove = command_of(["goals-tui", "events", "remove", result.batch, "--confirm", result.batch])
        say(f"To take all of it back, and import it in another way: {remove}")
