"""Atomic changes of goals.json together with the sealed events, whenever the process dies.

Deleting a goal or a step, and importing, change both, but one atomic step replaces only one file. Therefore a change
takes four steps:

1. Intent: parts.json is replaced by a file that lists the current parts and, under a new id, the parts of the changed
   log. The parts themselves were written before.
2. Commit: goals.json is replaced by the new documents, marked with that id. This is the moment at which the change
   takes effect, for documents and events alike.
3. parts.json is replaced by a file that lists only the parts of the changed log.
4. goals.json is replaced by the same documents without the mark.

While parts.json holds an intent, the mark in goals.json decides which of the two lists is valid: the new one if the ids
are equal, else the old one. So readers need no lock, and see either the old state or the new one. If the process dies
or the disk is full before step 2, nothing has changed, and the next process that makes parts removes the intent. After
step 2 the change is complete, and the next process that makes parts or saves documents performs step 3.

From step 1 to step 4 the files have a higher format version (`catalog.OPEN_FORMAT`, `document_storage.MARKED_FORMAT`),
so that a version of goals-tui without intents refuses them instead of changing one file without the other.

Locks are taken in this order: parts.lock, goals.json.lock, events.lock. A process that makes a change holds all of them
during the four steps. Therefore a process that holds events.lock and finds an intent knows that its maker is gone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from goals_tui.domain.errors import GoalsError, UnreadableError
from goals_tui.store.events.catalog import Catalog, Intent, load_catalog, new_id, save_catalog

WriteDocuments = Callable[[str | None], None]
"""A function that replaces goals.json, marked with an id or, for None, without a mark."""


class Marked(Protocol):
    """The part of `documents.Documents` that the event log needs."""

    def mark(self) -> str | None:
        """Return the id that marks goals.json, or None. Raises UnreadableError."""

    def stamp(self) -> object:
        """Return a value that changes with goals.json."""


class NotMarked:
    """A substitute for the documents of an event log that has none."""

    def mark(self) -> None:
        """Return None, which is never the id of an intent."""

    def stamp(self) -> None:
        """Return None, which never changes."""


def counting(catalog: Catalog, documents: Marked) -> Catalog:
    """Return the valid catalog: the intended one if goals.json carries the intent's mark. Raises UnreadableError."""
    if catalog.intent is None:
        return catalog
    if documents.mark() == catalog.intent.id:
        return catalog.intent.catalog
    return replace(catalog, intent=None)


def commit(folder: Path, before: Catalog, after: Catalog, write: WriteDocuments, documents: Marked) -> None:
    """Replace the catalog of the log in `folder` by `after` at the moment at which `write` replaces goals.json.

    The caller must hold all three locks. Raises OSError and UnreadableError; nothing has changed then, unless the
    message says so.
    """
    intent = Intent(new_id(), after)
    try:
        save_catalog(folder, replace(before, intent=intent))
        write(intent.id)
    except BaseException as error:
        if _is_marked(documents, intent.id):
            with contextlib.suppress(OSError):
                save_catalog(folder, after)
            if isinstance(error, OSError | GoalsError):
                raise UnreadableError(f"This is done, but may not survive a power cut: {error}") from error
        else:
            # If this fails as well, the intent has no effect, and the next process that makes parts removes it.
            with contextlib.suppress(OSError):
                save_catalog(folder, before)
        raise
    # The change is committed: if this fails, the next writer repeats it.
    with contextlib.suppress(OSError):
        save_catalog(folder, after)


def settle(folder: Path, documents: Marked) -> None:
    """Finish or revert a change that another process left open. The caller must hold events.lock.

    Raises OSError, UnreadableError, DamagedCatalogError.
    """
    catalog = load_catalog(folder)
    if catalog.intent is not None:
        save_catalog(folder, counting(catalog, documents))


def _is_marked(documents: Marked, intent: str) -> bool:
    try:
        return documents.mark() == intent
    except GoalsError:
        return False
