"""The project's settings: name, currency, time zone and retention."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goals_tui.domain.errors import ConflictError, UnreadableError
from goals_tui.domain.project import Project
from goals_tui.services.currencies import check_currency
from goals_tui.services.stored import parse

if TYPE_CHECKING:
    from goals_tui.services.history import History
    from goals_tui.store.documents import Documents

KIND = "project"
_SETTINGS = ("name", "currency", "time_zone", "retention_days")


class ProjectService:
    """Reads and saves the project of a workspace."""

    def __init__(self, documents: Documents, history: History) -> None:
        self._documents = documents
        self._history = history
        self._cached: tuple[object, Project] | None = None

    def get(self) -> Project:
        """Return the project as it is on disk now."""
        stamp, cached = self._documents.stamp(), self._cached
        if cached is None or cached[0] != stamp:
            document = next(iter(self._documents.all(KIND).values()), None)
            if document is None:
                raise UnreadableError("goals.json holds no project. Create a new workspace with: goals-tui init")
            cached = self._cached = (stamp, parse(Project, document))
        return cached[1]

    def save(self, project: Project, *, overwrite: bool = False) -> Project:
        """Save changed settings and return them. Changing the currency does not convert amounts.

        Raises RefusedError for an unknown currency, and ConflictError when the settings were changed elsewhere, unless
        `overwrite` is set.
        """
        check_currency(project.currency)
        with self._history.edit("Change settings") as edit:
            document = edit.get(KIND, project.id)
            stored = parse(Project, document) if document else project
            if stored.revision != project.revision and not overwrite:
                changed = [key for key in _SETTINGS if _differs(stored, project, key)]
                raise ConflictError("project", stored.name, changed)
            saved = project.model_copy(update={"revision": stored.revision + 1})
            edit.put(KIND, saved.id, saved.model_dump(mode="json"))
        return saved


def _differs(one: Project, other: Project, key: str) -> bool:
    return bool(getattr(one, key) != getattr(other, key))
