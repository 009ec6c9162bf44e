"""The documents of a workspace (goals, flows, project, ...) in TinyDB, saved in transactions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson
from tinydb import TinyDB
from tinydb.storages import Storage
from tinydb.table import Document, Table

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.document_storage import DocumentStorage, Needed, Tables
from goals_tui.store.locks import process_lock

if TYPE_CHECKING:
    from goals_tui.store.events.parts import Prepared

Kind = str
"""A table of goals.json: project, goals, goal_versions, flows, tasks, saved_filters, annotations."""

Fields = dict[str, Any]


class _Table(Table):
    """A TinyDB table with text ids instead of numbers."""

    document_id_class = str  # type: ignore[assignment]  # TinyDB declares int and documents that it may be replaced


class _Database(TinyDB):
    table_class = _Table


class Documents:
    """The documents in goals.json, by kind and id.

    Reading is safe in any thread and costs one stat while the file is unchanged. It returns the cached parse itself:
    treat it as read-only, and save through `transaction`.
    """

    def __init__(self, path: Path, needed: Needed | None = None, settle: Callable[[], None] | None = None) -> None:
        """Open the documents in `path`.

        `needed` lists, by kind, the text fields that a document must have; reading raises if one is missing. `settle`
        finishes or reverts a joint change of documents and events that a killed process left open (see `joint_commit`).
        """
        self._lock = process_lock(path.with_name(f"{path.name}.lock"))
        self._storage = DocumentStorage(path, needed or {}, self._lock)
        self._settle = settle

    @property
    def notices(self) -> list[str]:
        """Messages to the user about the file, such as its recovery from the backup copy."""
        return self._storage.notices

    def get(self, kind: Kind, document_id: str) -> Fields | None:
        """Return the document, or None. Raises UnreadableError."""
        return self._storage.read().get(kind, {}).get(document_id)

    def all(self, kind: Kind) -> dict[str, Fields]:
        """Return every document of a kind by its id. Raises UnreadableError."""
        return self._storage.read().get(kind, {})

    def stamp(self) -> Hashable:
        """Return a value that changes when the file changes on disk; costs one stat."""
        return self._storage.stamp()

    def mark(self) -> str | None:
        """Return the id that marks the file while a joint change of documents and events is open (see `joint_commit`).

        Takes no lock. Raises UnreadableError, also if the file must be recovered from its backup copy first.
        """
        return self._storage.mark()

    @contextlib.contextmanager
    def transaction(self, events: Prepared | None = None) -> Iterator[Transaction]:
        """Collect changes to the latest documents and write all of them after the block, or none after an exception.

        With `events`, a prepared change of the event log, both are committed or neither is. Transactions exclude each
        other among all threads and processes; don't nest them. Raises UnreadableError.
        """
        with self._lock:
            before = self._storage.read(locked=True)
            if self._settle and self._storage.mark():
                self._settle()
                self._storage.write(before, keeps_previous=False)
            transaction = Transaction(before)
            yield transaction
            after = transaction.tables()
            if events is None:
                if after is not None:
                    self._storage.write(after)
            elif after is None:
                events.commit()
            else:
                self._commit(events, after)

    def _commit(self, events: Prepared, after: Tables) -> None:
        storage = self._storage
        events.commit(lambda mark: storage.write(after, mark=mark))
        if storage.mark():
            # The change is committed. If the mark can't be removed now, the next writer removes it.
            with contextlib.suppress(UnreadableError):
                storage.write(after, keeps_previous=False)


class Transaction:
    """The documents as seen inside a transaction; see `Documents.transaction`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._changes: dict[Kind, dict[str, Fields | None]] = {}

    def get(self, kind: Kind, document_id: str) -> Fields | None:
        """Return the document as the transaction sees it, or None."""
        changes = self._changes.get(kind, {})
        return changes[document_id] if document_id in changes else self._tables.get(kind, {}).get(document_id)

    def all(self, kind: Kind) -> dict[str, Fields]:
        """Return every document of a kind by its id, as the transaction sees them."""
        merged = {**self._tables.get(kind, {}), **self._changes.get(kind, {})}
        return {document_id: fields for document_id, fields in merged.items() if fields is not None}

    def put(self, kind: Kind, document_id: str, fields: Mapping[str, Any]) -> None:
        """Add the document, or replace the one with this id. Its fields must be serializable as JSON."""
        self._changes.setdefault(kind, {})[document_id] = orjson.loads(orjson.dumps(fields))

    def delete(self, kind: Kind, document_id: str) -> bool:
        """Delete the document; return False if there was none."""
        there = self.get(kind, document_id) is not None
        if there:
            self._changes.setdefault(kind, {})[document_id] = None
        return there

    def tables(self) -> Tables | None:
        """Return all documents with the changes applied; None if there are no changes."""
        if not self._changes:
            return None
        staged = _Staged(self._tables)
        database = _Database(storage=lambda: staged)
        for kind, changes in self._changes.items():
            table = database.table(kind)
            table.remove(doc_ids=cast(list[int], list(changes)))
            table.insert_multiple(
                Document(fields, cast(int, document_id))
                for document_id, fields in changes.items()
                if fields is not None
            )
        return staged.tables


class _Staged(Storage):
    """Tables in memory, which take TinyDB's single writes so that a transaction is saved only once."""

    def __init__(self, tables: Tables) -> None:
        self.tables = dict(tables)

    def read(self) -> Tables:
        return self.tables

    def write(self, data: Tables) -> None:
        self.tables = data
