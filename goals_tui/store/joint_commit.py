"""Changes goals.json and the sealed events as one: both change or neither does, whenever the process dies.

Deleting a goal or a step and importing change both, and one atomic step replaces one file only. So there are four:

1. Intent: parts.json is replaced by one that lists what counts now and, under a new id, what is to count. The parts
   themselves were written before.
2. Commit: goals.json is replaced by the new documents, marked with that id. This is the moment at which the
   change happens, for goals and events alike.
3. parts.json is replaced by one that lists what counts now, and nothing else.
4. goals.json is replaced by the same documents without the mark.

While parts.json holds an intent, the mark in goals.json says which of the two lists counts: the new one if the ids are
equal, else the old one. So readers need no lock, and see the old state or the new one. Where the process dies or the
disk is full before step 2, nothing has happened, and the next process that makes parts takes the intent out. After
step 2 everything has, and the next one that makes parts or saves documents takes the third step.

From step 1 to 4 the files say a higher format (`catalog.OPEN_FORMAT`, `document_storage.MARKED_FORMAT`): a version of
goals-tui that does not know about intents refuses them, instead of changing one file without the other.

Locks are taken in this order: parts.lock, goals.json.lock, events.lock. Whoever makes the change holds all of them over
the four steps; who finds an intent and holds events.lock therefore knows that its maker is gone.
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
"""Replaces goals.json, marked with an id or, for None, without a mark."""


class Marked(Protocol):
    """What the event log asks of `documents.Documents`."""

    def mark(self) -> str | None:
        """The id that goals.json is marked with. Raises UnreadableError."""

    def stamp(self) -> object:
        """What changes when goals.json does."""


class NotMarked:
    """Stands for the documents where there is an event log alone."""

    def mark(self) -> None:
        """Never the id of an intent."""

    def stamp(self) -> None:
        """Never changes."""


def counting(catalog: Catalog, documents: Marked) -> Catalog:
    """The catalog that counts: the intended one where goals.json was replaced for it. Raises UnreadableError."""
    if catalog.intent is None:
        return catalog
    if documents.mark() == catalog.intent.id:
        return catalog.intent.catalog
    return replace(catalog, intent=None)


def commit(folder: Path, before: Catalog, after: Catalog, write: WriteDocuments, documents: Marked) -> None:
    """Makes `after` the catalog of the log in `folder` in the moment in which `write` replaces goals.json.

    Needs all three locks. Raises OSError and UnreadableError; then neither has changed, or the message says so.
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
            # Where even this fails, the intent counts for nothing and is taken out by the next maker of parts.
            with contextlib.suppress(OSError):
                save_catalog(folder, before)
        raise
    # It has happened: what fails from here on is made good by the next writer.
    with contextlib.suppress(OSError):
        save_catalog(folder, after)


def settle(folder: Path, documents: Marked) -> None:
    """Brings a change that its maker left open to its end, or takes it back. Needs events.lock.

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
