"""What every command knows: which workspace it works on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from goals_tui.services.context import Services


@dataclass
class State:
    """The options that stand before the command's name."""

    workspace: Path | None = None

    def path(self) -> Path:
        """The workspace's folder: told, from the environment, or the platform's."""
        from goals_tui.services.context import default_workspace

        return self.workspace or default_workspace()


def services(context: typer.Context) -> Services:
    """Open the workspace of this command; what had to be repaired is said on standard error."""
    from goals_tui.cli.output import say
    from goals_tui.services.context import open_services

    opened = open_services(context.ensure_object(State).path())
    for notice in opened.workspace.notices:
        say(f"goals-tui: {notice}")
    return opened
