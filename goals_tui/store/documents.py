"""The documents of a workspace (goals, flows, project, ...) in TinyDB, saved in transactions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson
from tinydb import Query, TinyDB
from tinydb.middlewares import Middleware
from tinydb.table import Document, Table
from tinydb.utils import LRUCache

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.document_storage import DocumentStorage, Needed, Tables
from goals_tui.store.locks import process_lock

if TYPE_CHECKING:
    from goals_tui.store.events.parts import Prepared

Kind = str
"""A table of goals.json: project, goals, goal_versions, flows, tasks, saved_filters, annotations."""

Fields = dict[str, Any]


class _Stored(Document):
    """Documents as the storage has them: made from what is read, it is that object, so that its parse can be cached."""

    def __new__(cls, value: Fields, doc_id: str) -> Any:
        return value


class _New(_Stored):
    """A document to insert, with its id."""

    def __new__(cls, value: Fields, doc_id: str) -> Any:
        return dict.__new__(cls)


class _NoCache(LRUCache[Any, Any]):
    """A cache of queries that keeps none: TinyDB would not notice that another process changed the file."""

    def set(self, key: Any, value: Any) -> None:
        """Do nothing."""


class _Table(Table):
    """A TinyDB table with text ids instead of numbers, whose documents are those of the storage and no copies."""

    document_class: type[Document] = _Stored
    document_id_class = str  # type: ignore[assignment]  # TinyDB declares int and documents that it may be replaced
    query_cache_class = _NoCache

    def by_id(self) -> dict[str, Fields]:
        """Return all documents by id, without a copy."""
        return cast(dict[str, Fields], self._read_table())

    def _update_table(self, updater: Callable[[dict[Any, Any]], None]) -> None:
        """Update the table in place: TinyDB would copy it twice for each document, and `_Staging` has its own copy."""
        tables = cast(Tables, self._storage.read())
        updater(tables.setdefault(self.name, {}))
        self._storage.write(tables)


class _Database(TinyDB):
    table_class = _Table


class _Reading:
    """The documents of a database, by kind and id."""

    def __init__(self, database: _Database) -> None:
        self._database = database

    def get(self, kind: Kind, document_id: str) -> Fields | None:
        """Return the document, or None. Raises UnreadableError."""
        return cast(Fields | None, self._table(kind).get(doc_id=cast(int, document_id)))

    def all(self, kind: Kind) -> dict[str, Fields]:
        """Return every document of a kind by its id. Raises UnreadableError."""
        return self._table(kind).by_id()

    def find(self, kind: Kind, **fields: Any) -> list[Fields]:
        """Return the documents of a kind whose fields have these values. Raises UnreadableError."""
        return cast(list[Fields], self._table(kind).search(Query().fragment(fields)))

    def _table(self, kind: Kind) -> _Table:
        return cast(_Table, self._database.table(kind))


class Documents(_Reading):
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
        super().__init__(_Database(storage=lambda: self._storage))

    @property
    def notices(self) -> list[str]:
        """Messages to the user about the file, such as its recovery from the backup copy."""
        return self._storage.notices

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
            staging = _Staging(lambda: self._storage)
            yield Transaction(_Database(storage=staging))
            after = staging.changed
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


class Transaction(_Reading):
    """The documents as seen inside a transaction; see `Documents.transaction`."""

    def all(self, kind: Kind) -> dict[str, Fields]:
        """Return every document of a kind by its id, as a copy: changes may be made while it is iterated."""
        return dict(super().all(kind))

    def put(self, kind: Kind, document_id: str, fields: Mapping[str, Any]) -> None:
        """Add the document, or replace the one with this id. Its fields must be serializable as JSON."""
        self.delete(kind, document_id)
        self._table(kind).insert(_New(orjson.loads(orjson.dumps(fields)), document_id))

    def delete(self, kind: Kind, document_id: str) -> bool:
        """Delete the document; return False if there was none."""
        there = self.get(kind, document_id) is not None
        if there:
            self._table(kind).remove(doc_ids=[cast(int, document_id)])
        return there

    def delete_all(self, kind: Kind, **fields: Any) -> None:
        """Delete the documents of a kind whose fields have these values."""
        self._table(kind).remove(Query().fragment(fields))


class _Staging(Middleware):
    """A TinyDB middleware that keeps what a transaction writes, so that the file is replaced once, after its end."""

    storage: DocumentStorage

    def __init__(self, storage: Callable[[], DocumentStorage]) -> None:
        super().__init__(storage)
        self._tables: Tables | None = None
        self.changed: Tables | None = None
        """All documents as the transaction left them; None if it changed nothing."""

    def read(self) -> Tables:
        if self._tables is None:
            self._tables = {kind: dict(documents) for kind, documents in self.storage.read(locked=True).items()}
        return self._tables

    def write(self, data: Tables) -> None:
        self.changed = data
