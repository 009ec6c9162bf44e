"""goals-tui: goals for AI agents' conversations, in the terminal; `open_workspace` records from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from goals_tui.version import __version__

if TYPE_CHECKING:
    from goals_tui.recorder import Activity, GoalsError, Recorder, Tracked, open_workspace

__all__ = ["Activity", "GoalsError", "Recorder", "Tracked", "__version__", "open_workspace"]


def __getattr__(name: str) -> Any:
    """Import the recorder when it is first used: commands start without it."""
    if name in __all__:
        from goals_tui import recorder

        return getattr(recorder, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
