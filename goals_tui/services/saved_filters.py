"""Filters that are kept under a name (DESIGN 4, *Filters*). Saving and deleting them can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from goals_tui.domain.errors import NotFoundError, RefusedError
from goals_tui.domain.filters import Filters
from goals_tui.domain.model import MAX_NAME, Model
from goals_tui.domain.text import clean_line
from goals_tui.domain.words import fold

if TYPE_CHECKING:
    from goals_tui.services.context import Services

KIND = "saved_filters"


class SavedFilter(Model):
    """Filters under a name that no other saved filters have, upper and lower case alike."""

    id: str
    revision: int = 0
    name: str
    filters: Filters


class SavedFilters:
    """The saved filters of the workspace."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def all(self) -> list[SavedFilter]:
        """Every saved filter, by name. One that this version can't read (a later version's) is left out."""
        found = []
        for document in self._services.workspace.documents.all(KIND).values():
            try:
                found.append(SavedFilter.model_validate(document))
            except ValidationError:
                continue
        return sorted(found, key=lambda saved: (fold(saved.name), saved.id))

    def get(self, name: str) -> Filters:
        """The filters saved under this name; raises NotFoundError with the nearest names."""
        return self._find(name).filters

    def save(self, name: str, filters: Filters) -> SavedFilter:
        """Keep filters under a name, instead of those that had it. Raises RefusedError for an empty or long name."""
        name = clean_line(name)
        if not name:
            raise RefusedError("Saved filters need a name, for example 'October without tests'.", field="name")
        if len(name) > MAX_NAME:
            raise RefusedError(f"The name is {len(name)} characters long, {MAX_NAME} at most.", field="name")
        with self._services.history.edit(f"Save filters {name!r}") as edit:
            stored = [
                (id_, int(document.get("revision", 0)))
                for id_, document in edit.all(KIND).items()
                if fold(str(document.get("name", ""))) == fold(name)
            ]
            id_, revision = stored[0] if stored else (self._services.ids.hex24(), 0)
            saved = SavedFilter(id=id_, revision=revision + 1, name=name, filters=filters)
            # Without what was not asked for: a version that lacks a filter reads those that don't use it.
            asked = filters.model_dump(mode="json", exclude_defaults=True)
            edit.put(KIND, saved.id, {**saved.model_dump(mode="json"), "filters": asked})
        return saved

    def delete(self, name: str) -> SavedFilter:
        """Forget the filters of this name; raises NotFoundError with the nearest names."""
        saved = self._find(name)
        with self._services.history.edit(f"Delete filters {saved.name!r}") as edit:
            edit.delete(KIND, saved.id)
        return saved

    def _find(self, name: str) -> SavedFilter:
        saved = {fold(one.name): one for one in self.all()}
        wanted = fold(clean_line(name))
        if wanted not in saved:
            raise NotFoundError("saved filter called", name, [one.name for one in saved.values()])
        return saved[wanted]
