"""The storage for TinyDB: one JSON file, parsed once and replaced atomically under a lock."""

from __future__ import annotations

import codecs
import contextlib
import gc
import itertools
import os
import threading
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from tinydb.storages import Storage

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.text import clean_line
from goals_tui.store.atomic import State, check_writable, explained, refusal, replace_file, state_of
from goals_tui.store.locks import Lock
from goals_tui.store.twice import key_twice

FORMAT = 1
"""The version of the file format; newer versions are refused."""
MARKED_FORMAT = 2
"""The format version while the file is marked (see `joint_commit`), so that versions without marks refuse it."""
_VERSION, _MARK = "_format", "_commit"
_LARGE = 1 << 22
"""The size in bytes above which parsed JSON is frozen for the garbage collector: about 1,000 goals."""
_AT_ONCE = 200
"""Number of documents that are turned into JSON at once, which takes about a millisecond."""
Tables = dict[str, dict[str, Any]]
Needed = Mapping[str, tuple[str, ...]]
"""The text fields that every document of a kind must have."""


class DocumentStorage(Storage):
    """A JSON file of tables by name, each with documents by id, and the version of the file format.

    `read` returns the same object until the file changes on disk: treat it as read-only. `notices` collects messages to
    the user, such as the recovery from the backup copy. Methods raise UnreadableError, also for a document that lacks a
    needed field.
    """

    def __init__(self, path: Path, needed: Needed, lock: Lock) -> None:
        """Open the storage in `path`. `lock` is the workspace's lock, held by every writer."""
        self.path = path
        self._name = str(path)
        self._needed = needed
        self._lock = lock
        self.notices: list[str] = []
        self._backup = _copy_of(path)
        self._guard = threading.RLock()
        self._stamp: State | None = None
        self._tables: Tables = {}
        self._mark: str | None = None

    def stamp(self) -> State | None:
        """Return a value that changes with the file; None if there is no file. Raises UnreadableError."""
        try:
            return state_of(self._name)
        except OSError as error:
            raise refusal("read", self.path, error) from error

    def read(self, *, locked: bool = False) -> Tables:
        """Return all tables, parsed again only if the file changed. `locked` says that the caller holds the lock."""
        try:
            return self._newest(recovering=False)
        except _DamagedError:
            # Recovery writes, so it needs the lock; by then another process may have repaired the file.
            with contextlib.nullcontext() if locked else self._lock:
                return self._newest(recovering=True)

    def mark(self) -> str | None:
        """Return the id that marks the file. Raises UnreadableError, also for a file that `read` would recover."""
        try:
            with self._guard:
                self._newest(recovering=False)
                return self._mark
        except _DamagedError as damage:
            raise UnreadableError(f"{self.path} is damaged ({damage}). Open the workspace again.") from None

    def _newest(self, *, recovering: bool) -> Tables:
        with self._guard:
            stamp = self.stamp()
            if stamp is None or stamp != self._stamp:
                self._tables, self._mark = self._load(recovering)
                # The file may have been replaced during the parse: then the next read parses it again.
                self._stamp = stamp if self.stamp() == stamp else None
            return self._tables

    def write(self, data: Tables, *, mark: str | None = None, keeps_previous: bool = True) -> None:
        """Replace the file atomically and keep the previous one as `.bak`. The caller must hold the workspace's lock.

        `mark` is the id of an intent of `joint_commit`.
        """
        head = {_VERSION: MARKED_FORMAT, _MARK: mark} if mark else {_VERSION: FORMAT}
        content = to_json({**head, **data})
        with explained("write", self.path):
            check_writable(self.path)
            if keeps_previous:
                self._keep_previous()
            replace_file(self.path, content + b"\n", lock=self._taking_over(data, mark))
        self._clear_leftovers()

    @contextlib.contextmanager
    def _taking_over(self, data: Tables, mark: str | None) -> Iterator[None]:
        """Make readers wait for the rename alone, not for the disk, and give them the new tables after it."""
        with self._guard:
            yield
            self._tables, self._mark, self._stamp = data, mark, self.stamp()

    def _clear_leftovers(self) -> None:
        """Remove temporary files of writers that were killed; safe because the caller holds the lock."""
        real = Path(os.path.realpath(self.path))
        for path in real.parent.glob(f".{real.name}.*.tmp"):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _keep_previous(self) -> None:
        """Make the current file the backup copy, without the file losing its name at any moment."""
        if not self.path.exists():
            return
        temporary = self._backup.with_name(f".{self._backup.name}.{uuid.uuid4().hex}.tmp")
        try:
            os.link(os.path.realpath(self.path), temporary)
        except OSError:  # a file system without hard links, or a file on another one
            replace_file(self._backup, self.path.read_bytes(), like=self.path)
            return
        try:
            temporary.replace(self._backup)
        finally:
            temporary.unlink(missing_ok=True)

    def _load(self, recovering: bool) -> tuple[Tables, str | None]:
        if not self.path.exists() and not self._backup.exists():
            return {}, None
        try:
            tables, mark = _parse(self.path)
        except _DamagedError as damage:
            if not recovering:
                raise
            tables, mark = self._recover(damage)
        self._check_needed(tables)
        return tables, mark

    def _check_needed(self, tables: Tables) -> None:
        for kind, needed in self._needed.items():
            for key, document in tables.get(kind, {}).items():
                for name in needed:
                    if not isinstance(document.get(name), str):
                        raise UnreadableError(
                            f"{self.path}: the entry {clean_line(key)[:80]!r} of {kind} lacks the text field {name!r}. "
                            f"Correct it there, or put a backup of {self.path.name} in its place."
                        )

    def _recover(self, damage: _DamagedError) -> tuple[Tables, str | None]:
        """Restore the file from its backup copy, keep the damaged file, and add a notice for the user."""
        try:
            recovered = _parse(self._backup)
        except _DamagedError:
            raise UnreadableError(
                f"{self.path} is damaged ({damage}) and so is its copy {self._backup.name}. "
                f"Put a backup of {self.path.name} in its place."
            ) from None
        aside = self._free_name()
        with explained("write", self.path):
            check_writable(self.path)
            if self.path.exists():
                replace_file(aside, self.path.read_bytes(), like=self.path)
            replace_file(self.path, self._backup.read_bytes(), like=None if self.path.exists() else self._backup)
        kept = f"; the damaged one is kept as {aside.name}" if aside.exists() else ""
        self.notices.append(
            f"{self.path.name} was damaged ({damage}) and was recovered from {self._backup.name}, "
            f"as it was before the last change{kept}."
        )
        return recovered

    def _free_name(self) -> Path:
        """Return a path for the damaged file at which no file exists."""
        first = self.path.with_name(f"{self.path.name}.damaged")
        further = (first.with_name(f"{first.name}-{number}") for number in itertools.count(2))
        return next(path for path in itertools.chain([first], further) if not path.exists())


class _DamagedError(Exception):
    """The content of a file is not what was written; the message says how, in a few words."""


def to_json(content: Mapping[str, Any]) -> bytes:
    """JSON as orjson writes it, indented and with sorted keys; of many documents some at a time.

    No other thread runs while orjson works, and the one that draws must not wait long.
    """
    pieces = []
    for name in sorted(content):
        value = content[name]
        if not isinstance(value, dict) or len(value) <= _AT_ONCE:
            pieces.append(_fields({name: value}))
            continue
        keys = sorted(value)
        chunks = (keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE))
        inner = [b"  " + _fields({key: value[key] for key in chunk}).replace(b"\n", b"\n  ") for chunk in chunks]
        pieces.append(b"  " + orjson.dumps(name) + b": {\n" + b",\n".join(inner) + b"\n  }")
    return b"{\n" + b",\n".join(pieces) + b"\n}"


def _fields(content: dict[str, Any]) -> bytes:
    """Return the lines between the braces of an object."""
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)[2:-2]


def _copy_of(path: Path) -> Path:
    """Return the path of the file's backup copy."""
    return path.with_name(path.name + ".bak")


def _parse(path: Path) -> tuple[Tables, str | None]:
    """Return the tables of a file and its mark. Raises _DamagedError for its content, UnreadableError otherwise."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise _DamagedError("it is missing") from None
    except OSError as error:
        raise refusal("read", path, error) from error
    try:
        with without_garbage_collection(large=len(content) > _LARGE):
            data = orjson.loads(content.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        if content.rstrip().endswith(b"}") and content.count(b"\n", error.pos):
            # The file is complete but has a syntax error: probably a user's edit, which a recovery would discard.
            where = f"at line {error.lineno}, column {error.colno} " if error.pos else ""
            raise UnreadableError(
                f"{path} is not JSON {where}({error.msg}). Correct it there, or put {_copy_of(path).name} in its place."
            ) from None
        raise _DamagedError("it is cut short or is not JSON" if content.strip() else "it is empty") from None
    if not isinstance(data, dict):
        raise _DamagedError("it holds something else than documents")
    twice = key_twice(content, data)
    if twice:
        raise UnreadableError(
            f"{path} is ambiguous: {clean_line(twice)}. Keep one of them, or make one of both, "
            f"or put {_copy_of(path).name} in its place."
        )
    version, mark = data.pop(_VERSION, None), data.pop(_MARK, None)
    if isinstance(version, int) and version > (MARKED_FORMAT if isinstance(mark, str) else FORMAT):
        raise UnreadableError(
            f"{path} was written by a newer goals-tui (format {version}, this one knows {FORMAT}). Update goals-tui."
        )
    if version != (MARKED_FORMAT if mark else FORMAT):
        raise _DamagedError("it does not say its format")
    for table in data.values():
        if not isinstance(table, dict) or not all(isinstance(document, dict) for document in table.values()):
            raise _DamagedError("it holds something else than documents")
    return data, mark


@contextlib.contextmanager
def without_garbage_collection(large: bool = True) -> Iterator[None]:
    """Run the block without garbage collection and, if `large`, freeze the objects that it made.

    Meant for blocks that build long-lived objects without reference cycles. 10,000 goals are a million objects, and a
    collection that visits them all delays a key press by 0.3 seconds. Objects are frozen only the first time, because
    `gc.freeze` takes everything that is alive: later that may include short-lived objects, such as an open form.
    """
    enabled = gc.isenabled()
    first = large and not gc.get_freeze_count()
    gc.disable()
    try:
        yield
    finally:
        if first:
            gc.freeze()
        if enabled:
            gc.enable()
