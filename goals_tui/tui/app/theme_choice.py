"""The choice of a theme: moving through the list shows each one, and the chosen one is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goals_tui.domain.errors import GoalsError
from goals_tui.tui.app.choose import Choose, Option
from goals_tui.tui.app.themes import OURS

if TYPE_CHECKING:
    from goals_tui.tui.app.app import GoalsApp


async def choose_theme(app: GoalsApp) -> None:
    """Let the user choose a theme and write it to the configuration; escape restores the previous one.

    Await it in a worker.
    """
    before = app.theme
    ours = [theme.name for theme in OURS]
    names = [*ours, *sorted(set(app.available_themes) - set(ours))]
    options = [Option(name, name, "ours" if name in ours else "") for name in names]
    dialog = Choose("Theme", options, chosen=before, preview=lambda name: setattr(app, "theme", name))
    name = await app.push_screen_wait(dialog)
    if name is None:
        app.theme = before
        return
    app.theme = name
    try:
        app.config.keep("theme", app.theme)
    except GoalsError as error:
        app.show_error(error)
