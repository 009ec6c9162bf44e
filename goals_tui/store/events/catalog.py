"""Which sealed parts the event log consists of: events/parts.json, replaced in one atomic step.

Sealing, merging, importing and deleting first write new files beside the old ones and then replace this one. That
replacement is the moment at which they happen: before it nothing has changed for any reader, after it everything has.

parts.json may get lost, or be an older one again (a merge in git, a backup, a sync tool). So that nothing is lost with
it, and nothing comes back, every new file says what it stands for: a part names what it replaces in its `Origin`, a
deletion leaves a `Deletion`, and what is not committed yet has a mark (`marker`) beside it.

Where goals.json has to change in the same moment, the replacement is announced here first (`joint_commit`).
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
from goals_tui.store.twice import key_twice

CATALOG = "parts.json"

FORMAT = 1
BATCH = "batch"
"""The column of a part that says of which batch an event is. It is there only where one is of any."""

"""The version of the file's format."""

OPEN_FORMAT = 2
"""The format while the file holds an intent. A version that knows no intents refuses it."""


_NAME = re.compile(r"[^/\\\0\ud800-\udfff]{1,200}")
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Part:
    """A sealed part: a Parquet file that is never changed, and an index of its sessions beside it."""

    id: str
    events: int
    bytes: int
    first: str | None
    last: str | None
    """The timestamps of the earliest and the latest event, ISO 8601 in UTC."""

    sessions: int
    checksum: int
    """How many sessions the index holds, and the CRC-32 of its content."""

    file_checksum: int | None = None
    """The CRC-32 of the Parquet file; None for parts that were made before it was noted."""

    def file(self, folder: Path) -> Path:
        """The Parquet file."""
        return part_file(folder, self.id)

    def index(self, folder: Path) -> Path:
        """The index of its sessions (`sessions`)."""
        return folder / f"part-{self.id}.sessions"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a part says of itself in the metadata of its file.

    `replaces`: the parts, and the set-aside files, whose events it holds, and those that these had replaced, newest
    first. `deletions`: the ids of the deletions that are done in it. `batches`: whether it has the column BATCH.
    """

    replaces: tuple[str, ...] = ()
    deletions: tuple[str, ...] = ()
    batches: bool = False

    @classmethod
    def read(cls, note: object) -> Origin | None:
        """The origin in a note; None where it is no such note."""
        if not isinstance(note, dict):
            return None
        replaces, deletions = note.get("replaces", ()), note.get("deletions", ())
        if not _are_names(replaces) or not _are_names(deletions):
            return None
        return cls(tuple(replaces), tuple(deletions), note.get("batches") is True)

    def note(self) -> dict[str, Any]:
        """The inverse of `read`."""
        note = {"replaces": self.replaces[:_MOST_REMEMBERED], "deletions": self.deletions}
        return {**note, "batches": True} if self.batches else note


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a deletion took: events of goals, of some of their steps, or of a batch. It stays, as events/deleted-*.json.

    `goals` holds ids of goals, each with the ids of its steps, None for all of them. Without goals and batch it took
    none of itself: it is recorded for what it replaces. `replaces`: as in Origin, for what had no other events, so that
    no part could name it.
    """

    id: str
    goals: tuple[tuple[str, tuple[str, ...] | None], ...]
    replaces: tuple[str, ...] = ()
    batch: str | None = None

    @property
    def doomed(self) -> str:
        """The condition under which an event is one of these, in SQL, for rows that have the column BATCH."""
        conditions = [] if self.batch is None else [f"coalesce({BATCH} = {quoted(self.batch)}, false)"]
        for goal_id, step_ids in self.goals:
            condition = f'"goalId" = {quoted(goal_id)}'
            if step_ids is not None:
                condition += f' AND "stepId" IN ({", ".join(map(quoted, step_ids))})'
            conditions.append(f"({condition})")
        return " OR ".join(conditions) or "false"

    def has(self, record: Mapping[str, Any]) -> bool:
        """Whether the event of a line (`lines.read_line`), which is of no batch, is one of these."""
        return any(
            record["goalId"] == goal_id and (step_ids is None or record["stepId"] in step_ids)
            for goal_id, step_ids in self.goals
        )

    def file(self, folder: Path) -> Path:
        """Where it is recorded."""
        return deletion_file(folder, self.id)

    def save(self, folder: Path) -> None:
        """Record it, marked as not committed. Raises OSError."""
        replace_file(marker(self.file(folder)), b"")
        replace_file(self.file(folder), orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2) + b"\n")


@dataclass(frozen=True, slots=True)
class Catalog:
    """The parts in the order in which they came; `absorbed` are set-aside files whose events are in them.

    `replaced`: parts whose events are in others or were deleted, but whose files are still there. `unknown`: other
    Parquet files that are there and don't count. `deletions`: the ids of those that are done in all parts.
    """

    parts: tuple[Part, ...] = ()
    absorbed: tuple[str, ...] = ()
    torn: int = 0
    """How many unreadable lines were moved to torn-*.jsonl when their file was sealed; 0 once those are deleted."""

    replaced: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    deletions: tuple[str, ...] = ()

    intent: Intent | None = None
    """The catalog that is about to take the place of this one; see `joint_commit`."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A catalog that counts as soon as goals.json is marked with this id."""

    id: str
    catalog: Catalog


class DamagedCatalogError(Exception):
    """parts.json is missing although there are parts, or is not what we wrote."""


class StaleCatalogError(DamagedCatalogError):
    """parts.json knows nothing of a part or a deletion that is there: it is an older one.

    `listed` is what it says; `by_0_1_0` that a program wrote it which passes over deletions.
    """

    def __init__(self, listed: Catalog, *, by_0_1_0: bool) -> None:
        super().__init__("parts.json is an older one")
        self.listed = listed
        self.by_0_1_0 = by_0_1_0


def load_catalog(folder: Path) -> Catalog:
    """The catalog of a log. Raises DamagedCatalogError, and UnreadableError where it can't be read.

    A part that somebody commits meanwhile may stand in the folder and not in what was read before: then both are
    looked at again.
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
            raise UnreadableError(f"{path} is not clear: {clean_line(twice)}. Put a backup of it in its place.")
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
    """A catalog of JSON content. Raises ValueError, KeyError or TypeError where it is none."""
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
    """Makes this the state of the log, or announces it where it has an intent. Raises OSError.

    It happens in one step, for which `lock` is held; whoever holds it already gives none.
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
    """The deletions that were committed. Raises UnreadableError."""
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
    """The names in the log's folder; none where there is no folder. Raises UnreadableError."""
    try:
        return {path.name for path in folder.iterdir()}
    except (FileNotFoundError, NotADirectoryError):
        return set()
    except OSError as error:
        raise refusal("read", folder, error) from error


def committed(names: Iterable[str], begins: str, ends: str, *, marked: bool = False) -> set[str]:
    """The ids of the files whose names begin and end so, without those that are marked as not committed."""
    names = set(names)
    found = {name[len(begins) : -len(ends)] for name in names if name.startswith(begins) and name.endswith(ends)}
    return {one for one in found if _NAME.fullmatch(one) and (marked or f"{begins}{one}.new" not in names)}


def marker(file: Path) -> Path:
    """The empty file that says of another one, while it is there, that it is not committed: unless it is listed."""
    return file.with_suffix(".new")


def part_file(folder: Path, part_id: str) -> Path:
    """The Parquet file of a part."""
    return folder / f"part-{part_id}.parquet"


def deletion_file(folder: Path, deletion_id: str) -> Path:
    """Where a deletion is recorded."""
    return folder / f"deleted-{deletion_id}.json"


def new_id() -> str:
    """A name for a part or a set-aside file. It never shows outside of the folder, so it needs no clock or seed."""
    return uuid.uuid4().hex


def aside(folder: Path, name: str) -> Path:
    """The appended file that was set aside under this name to be sealed."""
    return folder / f"sealing-{name}.jsonl"


def set_aside_name(file: Path) -> str:
    """The inverse of `aside`."""
    return file.stem.removeprefix("sealing-")


def waiting(folder: Path, catalog: Catalog) -> list[Path]:
    """The set-aside files whose events are in no part yet, oldest first: sealing them did not come to its end."""
    absorbed = {aside(folder, name) for name in catalog.absorbed}
    found = []
    for file in folder.glob("sealing-*.jsonl"):
        with contextlib.suppress(FileNotFoundError):
            if file not in absorbed:
                found.append((file.stat().st_mtime_ns, file))
    return [file for _, file in sorted(found)]


def quoted(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"
