"""Opening the app, and the commands about workspaces: `init`, `demo`, `locate`, `serve`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from goals_tui.cli.commands import Commands, HostOption
from goals_tui.cli.output import Format, FormatOption, print_csv, print_json, print_lines, say
from goals_tui.cli.state import State
from goals_tui.domain.errors import RefusedError
from goals_tui.domain.text import quoted
from goals_tui.format import plural

WEB_DRIVER = "TEXTUAL_DRIVER"
"""Set where the app is drawn into a browser (`serve`), so that it needs no terminal."""


def register(app: Commands, name: str) -> None:
    """Register the command `name`."""
    commands: dict[str, Callable[..., None]] = {"init": init, "demo": demo, "locate": locate, "serve": serve}
    app.command(name)(commands[name])


def open_app(context: typer.Context) -> None:
    """Open the app on the workspace of this command."""
    state = context.ensure_object(State)
    _open(state.path(), state.events)


def _open(path: Path, events: str | None = None) -> None:
    if WEB_DRIVER not in os.environ:
        _check_terminal()
    from goals_tui.tui.app.start import start

    # ctrl+c is a key of the app. As a signal it is handled by asyncio, which requires Python's own handler.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    start(path, events)


def _check_terminal() -> None:
    """Raise RefusedError where the app can't be drawn."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise RefusedError("The app needs a terminal. In a script use a command instead: goals-tui --help lists them.")
    terminal = os.environ.get("TERM", "")
    if not _can_move_the_cursor(terminal):
        raise RefusedError(
            f"The app needs a terminal that can move its cursor, and TERM is {terminal!r}. Set TERM to what your "
            "terminal is, for example xterm-256color, or use a command instead: goals-tui --help lists them."
        )


def _can_move_the_cursor(terminal: str) -> bool:
    """Return whether a terminal of this name can move its cursor; True for one that terminfo does not know."""
    if sys.platform == "win32":
        return True
    if terminal in ("", "dumb", "unknown"):
        return False
    import curses

    try:
        curses.setupterm(terminal, sys.stdout.fileno())
    except curses.error:
        return True
    return bool(curses.tigetstr("cup"))


def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, or any that holds no workspace yet.")],
    name: Annotated[str, typer.Option("--name", metavar="N", help="The project's name.")],
    currency: Annotated[str, typer.Option("--currency", metavar="EUR", help="ISO 4217.")] = "EUR",
    time_zone: Annotated[str, typer.Option("--time-zone", metavar="Europe/Berlin", help="IANA name.")] = "UTC",
) -> None:
    """Make a workspace with a new project."""
    from goals_tui.services.context import create_workspace

    opened = create_workspace(folder, name=name, currency=currency, time_zone=time_zone)
    project = opened.project.get()
    say(f"Made {project.name!r} ({project.currency}, {project.time_zone}).")
    there = f"goals-tui --workspace {quoted(str(folder))}"
    say(f"Next: {there} import odata PATH..., or just {there}")
    print_lines([str(opened.path)])


def demo(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="Where to (else beside the workspace).")] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Create it without opening the app.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Create it again, up to today.")] = False,
    live: Annotated[bool, typer.Option("--live", help="Let conversations arrive while it is open.")] = False,
    speed: Annotated[
        float, typer.Option("--speed", min=0.1, max=1000, help="How much faster than people they talk, with --live.")
    ] = 1.0,
) -> None:
    """Make the demo workspace and open it."""
    from goals_tui.services.completion_names import default_workspace
    from goals_tui.services.demo.service import make_demo

    path = folder or context.ensure_object(State).workspace or default_workspace().parent / "goals-tui-demo"
    made = make_demo(path, fresh=fresh)
    say(made.message)
    if no_open:
        print_lines([str(path)])
    with _conversations(path, speed) if live else nullcontext():
        if not no_open:
            _open(path)
        elif live:
            say("Conversations arrive until ctrl+c.")
            threading.Event().wait()


@contextmanager
def _conversations(path: Path, speed: float) -> Iterator[None]:
    """Let conversations arrive in the demo at `path` meanwhile."""
    from goals_tui.services.context import open_services
    from goals_tui.services.demo.live import LiveDemo

    opened = open_services(path)
    live, ended = (
        LiveDemo(opened.flows, opened.simulation, opened.tracking, opened.clock, opened.ids, speed=speed),
        threading.Event(),
    )
    thread = threading.Thread(target=live.run, args=(ended,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        began, reached = plural(live.conversations, "conversation"), plural(live.steps, "step")
        say(f"Meanwhile {began} began, and {reached} of goals fired.")


def locate(context: typer.Context, format: FormatOption = Format.TABLE) -> None:
    """Say where the workspace and the configuration are."""
    from goals_tui.services.first_start import configuration_path

    path = context.ensure_object(State).path().absolute()
    places = {"workspace": path, "goals": path / "goals.json", "events": path / "events"}
    places["configuration"] = configuration_path().absolute()
    if format is Format.JSON:
        print_json({what: {"path": str(place), "exists": place.exists()} for what, place in places.items()})
    elif format is Format.CSV:
        rows = [{"what": what, "path": str(place), "exists": place.exists()} for what, place in places.items()]
        print_csv(rows, ["what", "path", "exists"])
    else:
        width = max(len(what) for what in places)
        print_lines(
            f"{what:<{width}}  {place}{'' if place.exists() else '  (not there yet)'}" for what, place in places.items()
        )


def serve(
    context: typer.Context,
    host: HostOption = "localhost",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen at.")] = 8000,
    public_url: Annotated[
        str | None,
        typer.Option("--public-url", metavar="URL", help="The address that browsers use, where a proxy is between."),
    ] = None,
) -> None:
    """Show the app in a browser (extra `web`)."""
    from goals_tui.cli.serve import serve as run_server

    state = context.ensure_object(State)
    run_server(state.path(), host, port, public_url, state.events)
