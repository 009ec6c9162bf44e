"""The table of a view leaves the app: to the clipboard, or to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from goals_tui.tui.insights.views import View
from goals_tui.tui.screen import ScreenFrame


def copy_table(screen: ScreenFrame[Any], view: View) -> None:
    """Put the table on the clipboard, and say so."""
    screen.app.copy_to_clipboard(view.table.as_text())
    count = len(view.table.rows)
    screen.app.notify(f"{count} row{'' if count == 1 else 's'} copied: {view.title}")


async def save_table(screen: ScreenFrame[Any], view: View, holds: str) -> None:
    """Ask for a path, and write the table there as CSV. `holds` says what is in it, for the proposed name."""
    from goals_tui.services.packages.paths import proposed, typed
    from goals_tui.services.save_text import save_text
    from goals_tui.tui.dialogs import AskText

    text = view.table.as_csv()
    asked = AskText("Save the table as CSV", value=Path(proposed(holds, ".csv")).name, label="File")
    path = await screen.app.push_screen_wait(asked)
    if path is not None:
        saved = screen.attempt(lambda: save_text(typed(path), text))
        if saved is not None:
            screen.app.notify(f"Saved {saved}")
