"""What can be done on the Tasks screen."""

from __future__ import annotations

from goals_tui.tui.actions import Action

ACTIONS: tuple[Action, ...] = ()
