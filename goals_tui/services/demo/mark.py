"""How the demo is told from other workspaces: its project's id follows from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goals_tui.domain.ids import Ids

if TYPE_CHECKING:
    from goals_tui.services.context import Services

SEED = "goals-tui demo"
"""All ids of the demo follow from it, the project's first."""


def is_demo(services: Services) -> bool:
    """Whether the open workspace is the demo."""
    return services.project.get().id == Ids(SEED).hex24()
