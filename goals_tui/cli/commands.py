"""Commands as typer makes them, but with usage lines and messages in our words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import typer
from pydantic import ValidationError
from typer.core import TyperCommand

from goals_tui.domain.model import reason

Function = TypeVar("Function", bound=Callable[..., Any])


class _Command(TyperCommand):
    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """GOAL... where typer writes {GOAL...}..."""
        pieces = super().collect_usage_pieces(ctx)
        return [piece.replace("{", "").replace("}", "").replace("......", "...") for piece in pieces]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments. Raises typer.BadParameter."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            if isinstance(error.__cause__, ValidationError):
                error.message = f"{reason(error.__cause__)}."
            raise


class Commands(typer.Typer):
    """A group of commands."""

    def command(self, *args: Any, **options: Any) -> Callable[[Function], Function]:
        """Add a command, as `typer.Typer.command` does."""
        return super().command(*args, cls=_Command, **options)
