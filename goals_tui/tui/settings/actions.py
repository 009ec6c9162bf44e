"""Actions and default keys of the Settings screen."""

from __future__ import annotations

from goals_tui.tui.app.actions import Action

ACTIONS: tuple[Action, ...] = (
    Action("settings.change", "enter,o", "Change", "Change the chosen setting", "Settings"),
    Action("settings.back", "escape", "Back", "Back from the list of keys to the settings", "Settings", palette=False),
    Action("settings.copy", "c,y", "Copy", "Copy the value of the chosen setting, for example a path", "Settings"),
)
