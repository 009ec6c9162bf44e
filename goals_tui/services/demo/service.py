"""The demo: a workspace of its own with goals, flows and ninety days of conversations up to now."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from goals_tui.domain.errors import GoalsError, RefusedError, UnreadableError
from goals_tui.domain.ids import Ids
from goals_tui.domain.project import zone

if TYPE_CHECKING:
    from goals_tui.services.clock import Clock
    from goals_tui.services.project import ProjectService


@dataclass(frozen=True)
class Demo:
    """The folder of the demo, and a message for the user."""

    path: Path
    message: str


def make_demo(path: Path, *, fresh: bool = False, clock: Clock | None = None) -> Demo:
    """Create the demo in `path`, or leave an existing one as it is; `fresh` creates it again, up to today.

    Other files in its folder stay. If the process is killed, either the old or the new demo remains, complete. Raises
    RefusedError where `path` holds something else, UnreadableError where it can't be written.
    """
    from goals_tui.services.clock import clock_of

    path = path.absolute()
    there = _is_demo(path)
    if there and not fresh:
        return Demo(path, f"The demo at {path} is as you left it. --fresh creates it again, up to today.")
    if not there and path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise RefusedError(f"{path} holds something else than the demo. Choose a folder that is empty or not there.")
    # Imported here, because opening an existing demo does not need these modules.
    from goals_tui.services.demo.content import TIME_ZONE
    from goals_tui.services.demo.filling import DAYS, fill
    from goals_tui.store.folder_swap import replacing_folder
    from goals_tui.store.workspace import belongs_to_workspace

    now = (clock or clock_of(os.environ, lambda: zone(TIME_ZONE)))()
    try:
        with replacing_folder(path, belongs_to_workspace) as made:
            count = fill(made, now, Ids(SEED))
    except OSError as error:
        raise UnreadableError(f"Can't write {path}: {error.strerror or error}. Choose another folder.") from error
    return Demo(path, f"Created the demo at {path}: 3 goals, {count:,} conversations in {DAYS} days.")


def _is_demo(path: Path) -> bool:
    from goals_tui.services.context import open_services

    try:
        return (path / "goals.json").exists() and is_demo(open_services(path, env={}).project)
    except GoalsError:
        return False


SEED = "goals-tui demo"
"""The seed of all ids of the demo, beginning with the project's."""


def demo_is_at(path: Path) -> bool:
    """Return whether a folder holds the demo's workspace, without opening it."""
    try:
        return f'"{Ids(SEED).hex24()}"' in (path / "goals.json").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def is_demo(project: ProjectService) -> bool:
    """Return whether an open workspace is the demo, by its project."""
    return project.get().id == Ids(SEED).hex24()
