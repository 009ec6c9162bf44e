"""Undo and redo of document edits. Each edit is one write and one entry of the history."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goals_tui.domain.errors import ConflictError, RefusedError
from goals_tui.domain.words import fold

if TYPE_CHECKING:
    from goals_tui.store.documents import Documents, Transaction
    from goals_tui.store.events.parts import Prepared

Document = Mapping[str, Any]

MOST_EDITS = 200
"""Number of edits that can be taken back."""

_BOOKKEEPING = ("revision", "changed_at", "version")
"""Fields that may differ between a document and the same document after undo or redo."""

_WORDS = {"goals": "goal", "flows": "flow", "saved_filters": "saved filter", "annotations": "annotation"}
"""Kinds of documents as messages call them."""

_GONE = "The edit can't be {} any more."


@dataclass(frozen=True)
class Change:
    """A document before and after an edit; None where it did not exist."""

    kind: str
    id: str
    before: Document | None
    after: Document | None


@dataclass(frozen=True)
class Edit:
    """The changes that one action of the user made, with a label such as "Edit goal 'Book a Flight'"."""

    label: str
    changes: tuple[Change, ...]

    def places(self) -> list[str]:
        """Return the changed documents in words, except those that the label names."""
        named = (f"{_WORDS[change.kind]} {_name_of(change)!r}" for change in self.changes if change.kind in _WORDS)
        return [each for each in dict.fromkeys(named) if each.partition(" ")[2] not in self.label]


class Editing:
    """The transaction of one edit, which also records the changes for undo."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.changes: dict[tuple[str, str], Change] = {}

    def get(self, kind: str, id_: str) -> Document | None:
        """Return the document as it is now, or None."""
        return self._transaction.get(kind, id_)

    def all(self, kind: str) -> Mapping[str, Document]:
        """Return all documents of a kind by id."""
        return self._transaction.all(kind)

    def put(self, kind: str, id_: str, document: Mapping[str, Any]) -> None:
        """Write a document; it can be undone."""
        self._remember(kind, id_, document)
        self._transaction.put(kind, id_, dict(document))

    def delete(self, kind: str, id_: str) -> None:
        """Delete a document; it can be undone."""
        self._remember(kind, id_, None)
        self._transaction.delete(kind, id_)

    def keep(self, kind: str, id_: str, document: Mapping[str, Any]) -> None:
        """Write a document that undo leaves alone, such as an old version to which events may refer."""
        self._transaction.put(kind, id_, dict(document))

    def drop(self, kind: str, id_: str) -> None:
        """Delete a document for good; undo does not restore it."""
        self._transaction.delete(kind, id_)

    def drop_all(self, kind: str, **fields: Any) -> None:
        """Delete all documents of a kind whose fields have these values, for good; undo does not restore them."""
        self._transaction.delete_all(kind, **fields)

    def _remember(self, kind: str, id_: str, after: Document | None) -> None:
        known = self.changes.get((kind, id_))
        before = known.before if known else self._transaction.get(kind, id_)
        self.changes[kind, id_] = Change(kind, id_, dict(before) if before else None, dict(after) if after else None)


class History:
    """The edits made through one `Services`, newest last. Safe in several threads: one edit or undo at a time."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._done: deque[Edit] = deque(maxlen=MOST_EDITS)
        self._undone: deque[Edit] = deque(maxlen=MOST_EDITS)
        self._lock = threading.RLock()

    @property
    def undo_label(self) -> str | None:
        """The label of the edit that undo would take back, or None."""
        return _label_of(self.next_undo)

    @property
    def redo_label(self) -> str | None:
        """The label of the edit that redo would do again, or None."""
        return _label_of(self.next_redo)

    @property
    def next_undo(self) -> Edit | None:
        """The edit that undo would take back, or None."""
        return _last(self._done)

    @property
    def next_redo(self) -> Edit | None:
        """The edit that redo would do again, or None."""
        return _last(self._undone)

    @contextmanager
    def edit(self, label: str, events: Prepared | None = None) -> Iterator[Editing]:
        """Open an edit: its changes are written together at the end of the block, or not at all.

        `events` is a prepared change of the event log that is committed in the same step; undo leaves it alone.
        """
        with self._lock:
            with self._documents.transaction(events) as transaction:
                editing = Editing(transaction)
                yield editing
            if editing.changes:
                self._done.append(Edit(label, tuple(editing.changes.values())))
                self._undone.clear()

    def undo(self) -> str:
        """Take back the last edit and return its label.

        Raises RefusedError where there is none, and ConflictError where a changed document was edited elsewhere since,
        or its former name is taken. After a conflict the edit is dropped, so that the next undo concerns the one
        before.
        """
        with self._lock:
            if not self._done:
                raise RefusedError("There is nothing to undo.")
            return self._turn_back(self._done, self._undone, "undone")

    def redo(self) -> str:
        """Do the last undone edit again and return its label. Raises the same errors as `undo`."""
        with self._lock:
            if not self._undone:
                raise RefusedError("There is nothing to redo.")
            return self._turn_back(self._undone, self._done, "done again")

    def forget(self, kind: str, id_: str) -> None:
        """Drop the edits of a document that was deleted for good."""
        with self._lock:
            for edits in (self._done, self._undone):
                kept = [edit for edit in edits if not any((c.kind, c.id) == (kind, id_) for c in edit.changes)]
                edits.clear()
                edits.extend(kept)

    def _turn_back(self, edits: deque[Edit], others: deque[Edit], done: str) -> str:
        """Reverse the last of `edits`, and add its inverse to `others`."""
        edit = edits[-1]
        try:
            others.append(self._put_back(edit, done))
        except ConflictError:
            edits.pop()
            raise
        edits.pop()
        return edit.label

    def _put_back(self, edit: Edit, done: str) -> Edit:
        inverse = []
        with self._documents.transaction() as transaction:
            for change in edit.changes:
                current = transaction.get(change.kind, change.id)
                if _content(current) != _content(change.after):
                    raise ConflictError(
                        _WORDS.get(change.kind, change.kind),
                        _name_of(change),
                        ["edited since"],
                        deleted=current is None,
                        remedy=_GONE.format(done),
                    )
                if change.before is None:
                    transaction.delete(change.kind, change.id)
                    written = None
                else:
                    written = dict(change.before)
                    # Records of tasks have none.
                    if "revision" in written:
                        written["revision"] = max(_revision(current), _revision(change.before)) + 1
                    transaction.put(change.kind, change.id, written)
                inverse.append(Change(change.kind, change.id, dict(current) if current else None, written))
            _check_names(transaction, inverse, done)
        return Edit(edit.label, tuple(inverse))


def _check_names(transaction: Transaction, changes: Sequence[Change], done: str) -> None:
    """Raise ConflictError where the name of a restored document is taken by another document."""
    taken = {
        kind: Counter(fold(str(document.get("name", ""))) for document in transaction.all(kind).values())
        for kind in {change.kind for change in changes}
    }
    for change in changes:
        name = (change.after or {}).get("name")
        if name is None or name == (change.before or {}).get("name"):
            continue
        if taken[change.kind][fold(str(name))] > 1:
            kind = _WORDS.get(change.kind, change.kind)
            what = "can't have its name again: another one has it now"
            raise ConflictError(kind, str(name), ["name"], what=what, remedy=_GONE.format(done))


def _last(edits: deque[Edit]) -> Edit | None:
    """Return the last edit, without the lock: a screen must not wait for a long edit of another thread."""
    try:
        return edits[-1]
    except IndexError:
        return None


def _label_of(edit: Edit | None) -> str | None:
    return edit.label if edit else None


def _content(document: Document | None) -> dict[str, Any] | None:
    if document is None:
        return None
    return {key: value for key, value in document.items() if key not in _BOOKKEEPING}


def _revision(document: Document | None) -> int:
    return int((document or {}).get("revision", 0))


def _name_of(change: Change) -> str:
    return str((change.after or change.before or {}).get("name", change.id))
