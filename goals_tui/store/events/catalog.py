"""The catalog of sealed parts that make up the event log: events/parts.json, replaced atomically.

Sealing, merging, importing and deleting first write new files next to the old ones and then replace parts.json. That is
the moment at which they take effect: before it nothing has changed for any reader, after it the change is complete.

parts.json may get lost or be replaced by an older version (by a merge in git, a backup, a program that synchronises
folders). So that no event is lost with it and no deleted event returns, every new file describes itself: a part names
the files that it replaces in its `Origin`, a deletion is recorded as a `Deletion`, and a file that is not committed yet
has a marker file (`marker`) next to it.

If goals.json must change at the same moment, the replacement is first announced as an intent (`joint_commit`).
"""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from goals_tui.domain.errors import UnreadableError
from goals_tui.domain.text import clean_line
from goals_tui.store.atomic import refusal, replace_file
from goals_tui.store.duckdb_files import sql_text
from goals_tui.store.twice import key_twice

CATALOG = "parts.json"

FORMAT = 1
"""The version of the file format."""

BATCH = "batch"
"""The column with the id of an event's batch. A part has it only if any of its events was added by a batch."""

OPEN_FORMAT = 2
"""The format version while the file holds an intent, so that versions without intents refuse it."""


_NAME = re.compile(r"[^/\\\0\ud800-\udfff]{1,200}")
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Part:
    """A sealed part: a Parquet file that is never changed, and an index of its sessions."""

    id: str
    events: int
    bytes: int
    first: str | None
    last: str | None
    """The timestamps of the earliest and the latest event, in ISO 8601 and UTC."""

    sessions: int
    checksum: int
    """The number of sessions in the index, and the CRC-32 of its content."""

    file_checksum: int | None = None
    """The CRC-32 of the Parquet file; None for parts made before it was recorded."""

    def file(self, folder: Path) -> Path:
        """Return the path of the Parquet file."""
        return part_file(folder, self.id)

    def index(self, folder: Path) -> Path:
        """Return the path of the index of its sessions (see `sessions`)."""
        return folder / f"part-{self.id}.sessions"


@dataclass(frozen=True, slots=True)
class Origin:
    """A part's record of its origin, stored in the metadata of its file.

    `replaces` lists the parts and set-aside files whose events it holds, and those that they had replaced, newest
    first. `deletions` lists the ids of the deletions applied to it. `batches` says whether it has the column BATCH.
    """

    replaces: tuple[str, ...] = ()
    deletions: tuple[str, ...] = ()
    batches: bool = False

    @classmethod
    def read(cls, note: object) -> Origin | None:
        """Return the origin in a note, or None if the note is not valid."""
        if not isinstance(note, dict):
            return None
        replaces, deletions = note.get("replaces", ()), note.get("deletions", ())
        if not _are_names(replaces) or not _are_names(deletions):
            return None
        return cls(tuple(replaces), tuple(deletions), note.get("batches") is True)

    def note(self) -> dict[str, Any]:
        """Return the note that `read` turns into this origin."""
        note = {"replaces": self.replaces[:_MOST_REMEMBERED], "deletions": self.deletions}
        return {**note, "batches": True} if self.batches else note


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deletion of events of goals, of some of their steps, or of a batch, recorded in events/deleted-*.json.

    `goals` holds goal ids, each with step ids, or None for all steps. A deletion with neither goals nor a batch only
    records what it replaces. `replaces` lists files as in Origin: those that had no other events, so that no part could
    name them.
    """

    id: str
    goals: tuple[tuple[str, tuple[str, ...] | None], ...]
    replaces: tuple[str, ...] = ()
    batch: str | None = None

    @property
    def doomed(self) -> str:
        """The SQL condition for the deleted events, for rows that have the column BATCH."""
        conditions = [] if self.batch is None else [f"coalesce({BATCH} = {sql_text(self.batch)}, false)"]
        for goal_id, step_ids in self.goals:
            condition = f'"goalId" = {sql_text(goal_id)}'
            if step_ids is not None:
                condition += f' AND "stepId" IN ({", ".join(map(sql_text, step_ids))})'
            conditions.append(f"({condition})")
        return " OR ".join(conditions) or "false"

    def has(self, record: Mapping[str, Any]) -> bool:
        """Return whether the deletion includes an event of no batch, given as in `lines.read_line`."""
        return any(
            record["goalId"] == goal_id and (step_ids is None or record["stepId"] in step_ids)
            for goal_id, step_ids in self.goals
        )

    def file(self, folder: Path) -> Path:
        """Return the path of the record."""
        return deletion_file(folder, self.id)

    def save(self, folder: Path) -> None:
        """Write the record, marked as not committed. Raises OSError."""
        replace_file(marker(self.file(folder)), b"")
        replace_file(self.file(folder), orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2) + b"\n")


@dataclass(frozen=True, slots=True)
class Catalog:
    """The files that make up the log.

    `parts` are in the order in which they were added. `absorbed` are set-aside files whose events are in parts.
    `replaced` are parts whose events are in other parts or were deleted, but whose files still exist. `unknown` are
    other Parquet files in the folder, which are ignored. `deletions` are the ids of deletions applied to all parts.
    """

    parts: tuple[Part, ...] = ()
    absorbed: tuple[str, ...] = ()
    torn: int = 0
    """The number of unreadable lines moved to torn-*.jsonl by sealing; 0 once those files are deleted."""

    replaced: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    deletions: tuple[str, ...] = ()

    intent: Intent | None = None
    """The catalog that is about to replace this one; see `joint_commit`."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A catalog that becomes valid when goals.json is marked with this id."""

    id: str
    catalog: Catalog


class DamagedCatalogError(Exception):
    """parts.json is missing although there are parts, or its content is not valid."""


class StaleCatalogError(DamagedCatalogError):
    """parts.json is an older version, which lacks a part or a deletion that exists.

    `listed` is its content; `by_0_1_0` says that it was written by a program that ignores deletions.
    """

    def __init__(self, listed: Catalog, *, by_0_1_0: bool) -> None:
        super().__init__("parts.json is an older one")
        self.listed = listed
        self.by_0_1_0 = by_0_1_0


def load_catalog(folder: Path) -> Catalog:
    """Return the catalog of a log. Raises DamagedCatalogError, and UnreadableError if it can't be read.

    A catalog that seems stale is read a second time, because a part may have been committed between looking at the
    folder and reading the file.
    """
    try:
        return _load(folder)
    except StaleCatalogError:
        return _load(folder)


def _load(folder: Path) -> Catalog:
    names = file_names(folder)
    path = folder / CATALOG
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if committed(names, "part-", ".parquet") or committed(names, "deleted-", ".json"):
            raise DamagedCatalogError(f"{path} is missing") from None
        return Catalog()
    except OSError as error:
        raise refusal("read", path, error) from error
    try:
        data = orjson.loads(content)
        twice = key_twice(content, data)
        if twice:
            raise UnreadableError(f"{path} is ambiguous: {clean_line(twice)}. Put a backup of it in its place.")
        is_open = "intent" in data
        if _is_count(data["format"]) and data["format"] > (OPEN_FORMAT if is_open else FORMAT):
            raise UnreadableError(f"{path} was written by a newer goals-tui. Update goals-tui.")
        catalog = _without_lost_lines(_read(data), names)
        if is_open:
            if not _are_names([data["intent"]["id"]]):
                raise ValueError
            intended = _without_lost_lines(_read({"format": data["format"], **data["intent"]}), names)
            catalog = replace(catalog, intent=Intent(data["intent"]["id"], intended))
    except (orjson.JSONDecodeError, TypeError, KeyError, ValueError) as error:
        raise DamagedCatalogError(f"{path} is damaged") from error
    known = {*(part.id for part in catalog.parts), *catalog.replaced, *catalog.unknown}
    if committed(names, "part-", ".parquet") - known or committed(names, "deleted-", ".json") - {*catalog.deletions}:
        raise StaleCatalogError(catalog, by_0_1_0="deletions" not in data)
    return catalog


def _without_lost_lines(catalog: Catalog, names: Iterable[str]) -> Catalog:
    if catalog.torn and not any(name.startswith("torn-") for name in names):
        return replace(catalog, torn=0)
    return catalog


def _read(data: Any) -> Catalog:
    """Return the catalog in JSON content. Raises ValueError, KeyError or TypeError if it is not valid."""
    names = {name: data.get(name, []) for name in ("replaced", "unknown", "deletions")}
    catalog = Catalog(
        parts=tuple(Part(**part) for part in data["parts"]),
        absorbed=tuple(data["absorbed"]),
        torn=data["torn"],
        replaced=tuple(names["replaced"]),
        unknown=tuple(names["unknown"]),
        deletions=tuple(names["deletions"]),
    )
    right = (
        _is_count(data["format"])
        and _is_count(catalog.torn)
        and all(map(_are_names, (data["absorbed"], *names.values())))
        and all(map(_is_part, catalog.parts))
        and len({part.id for part in catalog.parts}) == len(catalog.parts)
    )
    if not right:
        raise ValueError
    return catalog


def _is_part(part: Part) -> bool:
    counts = (part.events, part.bytes, part.sessions, part.checksum, part.file_checksum or 0)
    moments = [datetime.fromisoformat(moment) for moment in (part.first, part.last) if moment is not None]
    return _are_names([part.id]) and all(map(_is_count, counts)) and all(moment.tzinfo for moment in moments)


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _are_names(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, str) and _NAME.fullmatch(one) for one in value)


def save_catalog(folder: Path, catalog: Catalog, lock: AbstractContextManager[object] | None = None) -> None:
    """Make this the state of the log or, if it has an intent, announce that. Raises OSError.

    The file is replaced atomically while `lock` is held; a caller that holds the lock already passes None.
    """
    names = file_names(folder)
    data = {"format": FORMAT, **_fields(folder, catalog, names)}
    if catalog.intent:
        intended = _fields(folder, catalog.intent.catalog, names)
        data |= {"format": OPEN_FORMAT, "intent": {"id": catalog.intent.id, **intended}}
    replace_file(folder / CATALOG, orjson.dumps(data, option=orjson.OPT_INDENT_2) + b"\n", lock=lock)


def _fields(folder: Path, catalog: Catalog, names: Collection[str]) -> dict[str, Any]:
    there = committed(names, "part-", ".parquet", marked=True)
    kept = replace(
        catalog,
        absorbed=tuple(name for name in catalog.absorbed if aside(folder, name).name in names),
        replaced=tuple(name for name in dict.fromkeys(catalog.replaced) if name in there),
        unknown=tuple(name for name in dict.fromkeys(catalog.unknown) if name in there),
        intent=None,
    )
    fields = asdict(kept)
    del fields["intent"]
    return fields


def load_deletions(folder: Path) -> list[Deletion]:
    """Return the committed deletions. Raises UnreadableError."""
    found = []
    for name in sorted(committed(file_names(folder), "deleted-", ".json")):
        path = deletion_file(folder, name)
        try:
            data = orjson.loads(path.read_bytes())
            goals = tuple((goal_id, None if steps is None else tuple(steps)) for goal_id, steps in data["goals"])
            if not all(isinstance(one, str) for goal_id, steps in goals for one in (goal_id, *(steps or ()))):
                raise ValueError
            batch = data.get("batch")
            if not isinstance(batch, str | None):
                raise ValueError
            replaces = data["replaces"] if _are_names(data["replaces"]) else ()
            found.append(Deletion(name, goals, tuple(replaces), batch))
        except OSError as error:
            raise refusal("read", path, error) from error
        except (ValueError, TypeError, KeyError):
            raise UnreadableError(
                f"{path}, which says what was deleted, is damaged. Put it back from a backup, or delete it."
            ) from None
    return found


def file_names(folder: Path) -> set[str]:
    """Return the file names in the log's folder; empty if it doesn't exist. Raises UnreadableError."""
    try:
        return {path.name for path in folder.iterdir()}
    except (FileNotFoundError, NotADirectoryError):
        return set()
    except OSError as error:
        raise refusal("read", folder, error) from error


def committed(names: Iterable[str], begins: str, ends: str, *, marked: bool = False) -> set[str]:
    """Return the ids in file names with this prefix and suffix; uncommitted files are included only if `marked`."""
    names = set(names)
    found = {name[len(begins) : -len(ends)] for name in names if name.startswith(begins) and name.endswith(ends)}
    return {one for one in found if _NAME.fullmatch(one) and (marked or f"{begins}{one}.new" not in names)}


def marker(file: Path) -> Path:
    """Return the path of the empty file that marks another file as not committed, unless the catalog lists that."""
    return file.with_suffix(".new")


def part_file(folder: Path, part_id: str) -> Path:
    """Return the path of a part's Parquet file."""
    return folder / f"part-{part_id}.parquet"


def deletion_file(folder: Path, deletion_id: str) -> Path:
    """Return the path of a deletion's record."""
    return folder / f"deleted-{deletion_id}.json"


def new_id() -> str:
    """Return an id for a part or a set-aside file. It is random, as it is never visible outside of the folder."""
    return uuid.uuid4().hex


def aside(folder: Path, name: str) -> Path:
    """Return the path of the appended file that was set aside under this name to be sealed."""
    return folder / f"sealing-{name}.jsonl"


def set_aside_name(file: Path) -> str:
    """Return the name of a set-aside file: the inverse of `aside`."""
    return file.stem.removeprefix("sealing-")


def waiting(folder: Path, catalog: Catalog) -> list[Path]:
    """Return the set-aside files whose events are in no part yet, oldest first, because sealing was not completed."""
    absorbed = {aside(folder, name) for name in catalog.absorbed}
    found = []
    for file in folder.glob("sealing-*.jsonl"):
        with contextlib.suppress(FileNotFoundError):
            if file not in absorbed:
                found.append((file.stat().st_mtime_ns, file))
    return [file for _, file in sorted(found)]
