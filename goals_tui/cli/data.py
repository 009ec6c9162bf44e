"""Commands that bring data in: `track`, `simulate`, `import odata`, `import csv`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goals_tui.cli.commands import Commands
from goals_tui.cli.flows import import_flows
from goals_tui.cli.output import ResultFormat, ResultFormatOption, print_json, print_lines, say
from goals_tui.cli.run import FOUND_PROBLEMS
from goals_tui.cli.state import services_with_goals
from goals_tui.domain.errors import RefusedError
from goals_tui.domain.words import counted

if TYPE_CHECKING:
    from goals_tui.services.imports.service import ImportResult

imports = Commands(help="Bring events, goals and flows in from files.", no_args_is_help=True)
imports.command("flows")(import_flows)

Endpoint = Annotated[str | None, typer.Option("--endpoint", metavar="E", help="The endpoint's name.")]
Locale = Annotated[str | None, typer.Option("--locale", metavar="L", help="The locale's name.")]
Snapshot = Annotated[str | None, typer.Option("--snapshot", metavar="S", help="The snapshot's name.")]


def register(app: Commands) -> None:
    """Add the commands that stand by themselves."""
    app.command()(track)
    app.command()(simulate)


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
    moment = moment_in(parse_moment(at, "at"), opened.project.get().zone) if at is not None else None
    found = opened.goals.get(goal)
    steps = [found.step(name) for name in step]
    origin = source(endpoint, locale, snapshot, opened.project.get().id)
    tracked = opened.tracking.track(session, found.id, [one.id for one in steps], origin, at=moment)
    opened.workspace.events.sync()
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


def simulate(
    context: typer.Context,
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="A flow's name or id.")],
    sessions: Annotated[int, typer.Option("--sessions", metavar="N", min=1, help="How many conversations.")],
    seed: Annotated[int, typer.Option("--seed", metavar="K", help="The same seed gives the same events.")] = 0,
    since: Annotated[str | None, typer.Option("--from", metavar="D", help="First day (else 30 days ago).")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="D", help="Last day (else today).")] = None,
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Run many conversations through a flow, and record the goals that they reach."""
    from goals_tui.services.simulation import span_of

    opened = services_with_goals(context)
    start, end = span_of(since, until, opened.clock(), opened.project.get().zone)
    with _progress() as progress:
        result = opened.simulation.simulate(
            opened.flows.get(flow).id, sessions=sessions, seed=seed, start=start, end=end, progress=progress
        )
    if format is ResultFormat.JSON:
        print_json(result.as_json())
    else:
        print_lines([f"{counted(result.conversations, 'conversation')}, {counted(result.events, 'event')}"])
        if result.events_added < result.events:
            say(f"New: {counted(result.events_added, 'event')}. The same simulation ran before.")
        if result.not_tracked:
            say(f"Not tracked: {counted(result.not_tracked, 'step')}, for no cycle was open. See: goals-tui check")


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
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Import goals and their events as the original system exports them. Importing twice adds nothing."""
    opened = services_with_goals(context)
    with _progress() as progress:
        result = opened.imports.odata(paths, duration_unit=duration_unit, progress=progress)
    _print_import(result, format)


@imports.command("csv")
def import_csv(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A log with a case, an activity and a time; also .gz.")],
    goal: Annotated[str, typer.Option("--goal", metavar="NAME", help="The goal; made when it is missing.")],
    cycle: Annotated[str, typer.Option("--cycle", metavar="COL", help="The column that names the case.")],
    step: Annotated[str, typer.Option("--step", metavar="COL", help="The column with the activity.")],
    time: Annotated[str, typer.Option("--time", metavar="COL", help="The column with the time.")],
    session: Annotated[str | None, typer.Option("--session", metavar="COL")] = None,
    endpoint: Annotated[str | None, typer.Option("--endpoint", metavar="COL")] = None,
    locale: Annotated[str | None, typer.Option("--locale", metavar="COL")] = None,
    snapshot: Annotated[str | None, typer.Option("--snapshot", metavar="COL")] = None,
    initial: Annotated[str | None, typer.Option("--initial", metavar="STEP", help="The initial step.")] = None,
    completion: Annotated[
        list[str] | None, typer.Option("--completion", metavar="STEP", help="A completion step; may be repeated.")
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option("--time-zone", metavar="Z", help="The zone of times that carry none (else the project's)."),
    ] = None,
    format: ResultFormatOption = ResultFormat.TABLE,
) -> None:
    """Import the events of any log, and make the goal when it is missing."""
    opened = services_with_goals(context)
    with _progress() as progress:
        result = opened.imports.csv(
            file,
            goal=goal,
            cycle=cycle,
            step=step,
            time=time,
            session=session,
            endpoint=endpoint,
            locale=locale,
            snapshot=snapshot,
            initial=initial,
            completion=tuple(completion or ()),
            time_zone=time_zone,
            progress=progress,
        )
    _print_import(result, format)


def _print_import(result: ImportResult, format: ResultFormat) -> None:
    """Say what came in; exit 3 where something was left out. Raises RefusedError where all of it is broken."""
    from goals_tui.services.imports.result import unpriced_text

    if format is ResultFormat.JSON:
        print_json(result.as_json())
    if result.nothing:
        raise RefusedError(
            f"Nothing came in: {counted(result.broken_total, 'record')} left out. {result.broken[0]}."
            + " --format json lists them." * (result.broken_total > 1 and format is not ResultFormat.JSON)
        )
    if format is ResultFormat.TABLE:
        print_lines([result.summary()])
    if result.events_unknown_goal:
        say(
            f"{counted(result.events_unknown_goal, 'event')} of goals that this project does not have: they are in no "
            "number of a report until the goals come in with their steps, or as a package."
        )
    if result.assumed_time_zone:
        say(f"Times without a zone were read as {result.assumed_time_zone}; --time-zone says another one.")
    if result.assumed_duration_unit:
        say(f"Durations were read as {result.assumed_duration_unit}; --duration-unit says another unit.")
    if result.amounts_rounded:
        amounts = counted(result.amounts_rounded, "amount")
        say(f"Rounded: {amounts} to the decimals of the currency, by less than 0.000001 each.")
    for goal, step in result.unpriced:
        say(f"{unpriced_text(goal, step)}.")
    for missing in result.incomplete:
        say(f"Missing: {missing}.")
    for file in result.unused:
        say(f"Not used: {file.file} {file.why}.")
    for record in result.broken:
        say(f"Left out: {record}.")
    if result.broken_total > len(result.broken):
        say(f"Left out: {counted(result.broken_total - len(result.broken), 'more record')}.")
    if result.left_out:
        raise typer.Exit(FOUND_PROBLEMS)


@contextmanager
def _progress() -> Iterator[Callable[[float, str], None] | None]:
    """A progress bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda fraction, text: bar.update(task, completed=fraction, description=text)
