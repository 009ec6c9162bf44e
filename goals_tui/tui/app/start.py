"""Opening the app on a workspace folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App

    from goals_tui.services.context import Services
    from goals_tui.services.first_start import Start


def start(path: Path, events: str | None = None) -> None:
    """Run the app on the workspace at `path`, after the welcome where there is none.

    `events` is the URL of an engine with the events.

    Raises GoalsError where it can't be opened, SystemExit where a signal ended the app.
    """
    from goals_tui.services.first_start import Start, configuration_path, is_missing
    from goals_tui.tui.app.config import load
    from goals_tui.tui.app.terminal import asking

    config = load(configuration_path())
    # The terminal answers while Textual is imported, so that nobody waits for it.
    with asking(config.theme is None) as config.answers:
        from goals_tui.tui.app.app import GoalsApp
    begin: Start | None = Start(path)
    if is_missing(path):
        from goals_tui.tui.welcome.app import WelcomeApp

        welcome = WelcomeApp(path, config)
        begin = welcome.run()
        _end_with(welcome)
    if begin is None:
        return
    app = GoalsApp(partial(_open, begin, events), config)
    app.run()
    if app.refusal is not None:
        raise app.refusal
    _end_with(app)


def _end_with(app: App[Any]) -> None:
    if app.return_code:
        raise SystemExit(app.return_code)


def _open(begin: Start, events: str | None) -> Services:
    from goals_tui.services.context import open_services

    services = open_services(begin.path, events=events)
    bring_in(services, begin)
    return services


def bring_in(services: Services, begin: Start) -> None:
    """Start the import that was chosen in the welcome, as a task."""
    if begin.brings is None:
        return
    from goals_tui.services.tasks import start as start_task

    if begin.brings_package:
        start_task.import_package(services, begin.brings, "ask")
    else:
        start_task.import_events(services, [begin.brings])
