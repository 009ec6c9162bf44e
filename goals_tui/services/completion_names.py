"""Names for shell completion, read from goals.json alone: opening a workspace would take too long for a key press."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # importing typing takes too long for a key press
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Any

_LARGE = 2_000_000
"""Size in bytes from which on orjson is faster than json, although importing it takes 40 ms."""

TABLES = {"goal": "goals", "step": "goals", "flow": "flows", "filter": "saved_filters"}
"""The table of goals.json that holds the names of each kind."""


def default_workspace(env: Mapping[str, str] | None = None) -> Path:
    """Return the default workspace: GOALS_TUI_WORKSPACE, else the platform's user data folder."""
    from pathlib import Path

    env = os.environ if env is None else env
    if env.get("GOALS_TUI_WORKSPACE"):
        return Path(env["GOALS_TUI_WORKSPACE"]).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("goals-tui", appauthor=False))


def names(kind: str, workspace: str) -> list[str]:
    """Return the sorted names of goals, flows, saved filters or steps; none where the file can't be read."""
    try:
        with open(f"{workspace}/goals.json", "rb") as file:  # noqa: PTH123  # importing pathlib takes long for a key
            content = file.read()
        if len(content) < _LARGE:
            import json

            tables = json.loads(content)
        else:
            import orjson

            tables = orjson.loads(content)
        documents = tables[TABLES[kind]].values()
        found = {str(each["name"]) for each in (_steps(documents) if kind == "step" else documents)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    return sorted(found, key=str.casefold)


def _steps(goals: Any) -> Iterator[Any]:
    for goal in goals:
        yield from goal["steps"]
