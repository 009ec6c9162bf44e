"""Which sealed parts the event log consists of: events/parts.json, replaced in one atomic step.

Sealing, merging, importing and deleting first write new parts beside the old ones and then replace this
file. That replacement is the moment at which they happen: before it nothing has changed for any reader,
after it everything has. Whatever else lies in the folder is left over from a killed process.
"""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import orjson

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.atomic import refusal, replace_file

CATALOG = "parts.json"
FORMAT = 1


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
        return folder / f"part-{self.id}.parquet"

    def index(self, folder: Path) -> Path:
        """The index of its sessions (`sessions`)."""
        return folder / f"part-{self.id}.sessions"


@dataclass(frozen=True, slots=True)
class Catalog:
    """The parts in the order in which they came; `absorbed` are set-aside files whose events are in them."""

    parts: tuple[Part, ...] = ()
    absorbed: tuple[str, ...] = ()
    torn: int = 0
    """How many unreadable lines were moved to torn-*.jsonl when their file was sealed; 0 once those are deleted."""


class DamagedCatalogError(Exception):
    """parts.json is missing although there are parts, or is not what we wrote."""


def load_catalog(folder: Path) -> Catalog:
    """The catalog of a log. Raises DamagedCatalogError, and UnreadableError where it can't be read."""
    path = folder / CATALOG
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if next(folder.glob("part-*.parquet"), None) is not None:
            raise DamagedCatalogError(f"{path} is missing") from None
        return Catalog()
    except OSError as error:
        raise refusal("read", path, error) from error
    try:
        data = orjson.loads(content)
        if data["format"] > FORMAT:
            raise UnreadableError(f"{path} was written by a newer goals-tui. Update goals-tui.")
        return Catalog(
            parts=tuple(Part(**part) for part in data["parts"]),
            absorbed=tuple(data["absorbed"]),
            torn=data["torn"] if data["torn"] and any(folder.glob("torn-*.jsonl")) else 0,
        )
    except (orjson.JSONDecodeError, TypeError, KeyError) as error:
        raise DamagedCatalogError(f"{path} is damaged") from error


def save_catalog(folder: Path, catalog: Catalog) -> None:
    """Makes this the state of the log. Raises OSError."""
    still_there = tuple(name for name in catalog.absorbed if aside(folder, name).exists())
    data = {"format": FORMAT, **asdict(replace(catalog, absorbed=still_there))}
    replace_file(folder / CATALOG, orjson.dumps(data, option=orjson.OPT_INDENT_2) + b"\n")


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
