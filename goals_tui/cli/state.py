"""What every command knows: which workspace it works on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from goals_tui.cli.output import say
from goals_tui.domain.errors import RefusedError

if TYPE_CHECKING:
    from goals_tui.services.context import Services


@dataclass
class State:
    """The options that stand before the command's name."""

    workspace: Path | None = None

    def path(self) -> Path:
        """The workspace's folder: told, from the environment, or the platform's."""
        from goals_tui.services.completion_names import default_workspace

        return self.workspace or default_workspace()


def services(context: typer.Context) -> Services:
    """Open the workspace of this command; what had to be repaired, also later, is said on standard error."""
    from goals_tui.services.context import open_services

    opened = open_services(context.ensure_object(State).path())

    def say_notices() -> None:
        while opened.workspace.notices:
            say(f"goals-tui: {opened.workspace.notices.pop(0)}")

    say_notices()
    context.call_on_close(say_notices)
    return opened


def services_with_goals(context: typer.Context) -> Services:
    """The same for a command about goals; raises RefusedError where they are switched off (docs/semantics.md)."""
    opened = services(context)
    enabled, enabled_from = opened.switch
    for warning in opened.values.warnings:
        say(f"goals-tui: {warning}")
    if not enabled:
        raise RefusedError(
            f"Goals are switched off by {enabled_from}. Set FEATURE_USE_GOALS_V2=true there to turn them on."
        )
    return opened
