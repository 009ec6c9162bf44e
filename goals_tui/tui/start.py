"""Opening the app on a workspace folder."""

from __future__ import annotations

from pathlib import Path


def start(path: Path) -> None:
    """Open the workspace at `path` in the app. Raises GoalsError before anything is drawn where that can't be."""
    from goals_tui.services.configuration import configuration_path
    from goals_tui.services.context import open_services
    from goals_tui.tui.app import GoalsApp
    from goals_tui.tui.config import load

    config = load(configuration_path())
    GoalsApp(open_services(path), config).run()
