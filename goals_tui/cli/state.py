"""The options before the command's name, and the workspace that they choose."""

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
    events: str | None = None
    """The URL of an engine with the events."""

    def path(self) -> Path:
        """Return the workspace's folder: from the option, the environment, or the platform's default."""
        from goals_tui.services.completion_names import default_workspace

        return self.workspace or default_workspace()


def services(context: typer.Context) -> Services:
    """Open the workspace of this command; repairs, also later ones, are reported on standard error."""
    from goals_tui.services.context import open_services

    state = context.ensure_object(State)
    opened = open_services(state.path(), events=state.events)

    def say_notices() -> None:
        for notice in opened.take_notices():
            say(f"goals-tui: {notice}")

    say_notices()
    context.call_on_close(say_notices)
    return opened


def services_with_goals(context: typer.Context) -> Services:
    """Open the workspace for a command about goals.

    Raises RefusedError where goals are switched off (docs/semantics.md).
    """
    opened = services(context)
    enabled, enabled_from = opened.switch
    for warning in opened.values.warnings:
        say(f"goals-tui: {warning}")
    if not enabled:
        raise RefusedError(
            f"Goals are switched off by {enabled_from}. Set FEATURE_USE_GOALS_V2=true there to turn them on."
        )
    return opened
