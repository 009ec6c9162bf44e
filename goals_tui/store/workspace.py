"""A workspace: the folder that holds one project, its documents and its events (DESIGN 3)."""

from __future__ import annotations

import os
from pathlib import Path

from goals_tui.domain.errors import RefusedError, UnreadableError
from goals_tui.domain.project import Project
from goals_tui.store.atomic import make_folder, make_workspace_folder, refusal
from goals_tui.store.documents import Documents
from goals_tui.store.duckdb_files import unusable
from goals_tui.store.events.log import EventLog

DOCUMENTS = "goals.json"
EVENTS = "events"

NEEDED = {
    "project": ("id", "name"),
    "goals": ("id", "name"),
    "goal_versions": ("id", "name"),
    "flows": ("id", "name"),
    "saved_filters": ("id", "name"),
    "tasks": ("id",),
}
"""What is relied on in a document before it is parsed: lists of goals look at no more than that."""


class Workspace:
    """An opened workspace. `documents` and `events` are safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.documents = Documents(path / DOCUMENTS, NEEDED)
        self.events = EventLog(path / EVENTS)

    @property
    def notices(self) -> list[str]:
        """What the user should be told about the workspace, such as a recovery of damaged documents."""
        return self.documents.notices

    @classmethod
    def create(cls, path: Path, project: Project) -> Workspace:
        """Makes a workspace with this project in `path`, a new or empty folder or one that holds other things.

        Raises RefusedError where a workspace is already, UnreadableError where nothing can be written.
        """
        if (path / DOCUMENTS).exists():
            raise RefusedError(f"There is a workspace at {path} already. Open it, or choose another folder.")
        why = unusable(path / EVENTS)
        if why:
            shown = os.fsencode(path).decode(errors="replace")
            raise RefusedError(f"No workspace can be in {shown!r}: {why}. Choose another folder.")
        try:
            make_workspace_folder(path)
            make_folder(path / EVENTS)
        except OSError as error:
            raise refusal("write", path, error) from error
        workspace = cls(path)
        with workspace.documents.transaction() as transaction:
            transaction.put("project", project.id, project.model_dump(mode="json"))
        return workspace

    @classmethod
    def open(cls, path: Path) -> Workspace:
        """Opens the workspace in `path` and reads its documents. Raises UnreadableError with what to do."""
        if not (path / DOCUMENTS).exists() and not (path / f"{DOCUMENTS}.bak").exists():
            _check_readable(path)
            raise UnreadableError(
                f"There is no workspace at {path}. "
                f"Create one with: goals-tui init {path} --name 'My Project', or goals-tui demo."
            )
        workspace = cls(path)
        if not workspace.documents.all("project"):
            raise UnreadableError(f"{path / DOCUMENTS} holds no project. Put a backup of it in its place.")
        return workspace


def _check_readable(path: Path) -> None:
    try:
        if path.exists():
            next(path.iterdir(), None)
    except OSError as error:
        raise refusal("read", path, error) from error
