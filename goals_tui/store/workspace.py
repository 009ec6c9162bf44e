"""A workspace: a folder with values.yaml, documents and event log."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from goals_tui.domain.errors import RefusedError, UnreadableError, nearest_names
from goals_tui.domain.text import quoted
from goals_tui.format import plural
from goals_tui.store.atomic import make_folder, make_workspace_folder, refusal
from goals_tui.store.documents import Documents

if TYPE_CHECKING:
    from ruamel.yaml import events as yaml

    from goals_tui.domain.activity import Activity
    from goals_tui.domain.project import Project
    from goals_tui.store.events.log import EventLog, Log

VALUES = "values.yaml"
EVENTS_KEY = "events"
"""The key with the URL of an engine that holds the events. Unlike the others it is never nested."""

KNOWN_KEYS = (
    EVENTS_KEY,
    "FEATURE_USE_GOALS",
    "FEATURE_USE_GOALS_V2",
    "FEATURE_USE_GOALS__MAX_STEPS_PER_GOAL",
    "FEATURE_USE_GOALS_V2__MAX_STEPS_PER_GOAL",
)
"""The keys that are understood; others cause a warning. A key may be nested in other keys (`features: KEY: ...`) or be
split into them (`FEATURE_USE_GOALS: MAX_STEPS_PER_GOAL: 12`)."""
MAX_BYTES = 64 << 10
_MAX_DEPTH = 20
_MOST_WARNINGS = 3
_LONGEST = 60
"""The number of characters of a key that are shown, and compared with the known keys."""


@dataclass
class Values:
    """The content of a values.yaml: known keys with their text, and a warning line for each key that was ignored."""

    known: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def read_values(path: Path) -> Values:
    """Return the values of a workspace; empty ones if there is no file.

    Only mappings of keys to single values are read, and values stay text as written. Raises UnreadableError, with the
    line, for a file that can't be read, is not YAML, or uses anything else of YAML: an alias, a tag, a repeated key, a
    list for a known key.
    """
    path = path / VALUES
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UnreadableError(f"{path} is too large ({size:,} bytes). It should hold a few feature flags.")
        content = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Values()
    except OSError as error:
        raise refusal("read", path, error) from error
    except UnicodeDecodeError:
        raise UnreadableError(f"{path} is not UTF-8 text. Save it as UTF-8.") from None
    return _Reader(path, content).read()


class _Reader:
    """A reader of YAML events that builds no objects, so that a small file can't expand into a large structure."""

    def __init__(self, path: Path, content: str) -> None:
        self._path = path
        self._events = self._parsed(content)
        self._known: dict[str, str] = {}
        self._warnings: list[str] = []
        self._unknown = 0

    def read(self) -> Values:
        from ruamel.yaml import events as yaml

        next(self._events)  # the stream's start
        if isinstance(next(self._events), yaml.DocumentStartEvent):
            first = next(self._events)
            if isinstance(first, yaml.MappingStartEvent):
                self._mapping(())
            elif not _is_nothing(first):
                raise UnreadableError(f"{self._path} holds no keys with values. Write lines such as KEY: value.")
            next(self._events)  # the document's end
            if isinstance(next(self._events), yaml.DocumentStartEvent):
                raise UnreadableError(f"{self._path} holds several documents. Write one, without --- between.")
        if more := self._unknown - len(self._warnings):
            self._warnings.append(f"{self._path}: {plural(more, 'more unknown key')}.")
        return Values(self._known, self._warnings)

    def _parsed(self, content: str) -> Iterator[yaml.Event]:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError

        try:
            for event in YAML(typ="safe", pure=True).parse(content):
                if getattr(event, "anchor", None):
                    self._refuse(event, "this is an anchor or an alias (& or *). Write the value itself")
                if getattr(event, "tag", None):
                    self._refuse(event, "this is a tag (!). Write the value alone")
                yield event
        except (YAMLError, ValueError, OverflowError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            where = f" in line {mark.line + 1}" if mark else ""
            reason = getattr(error, "problem", None) or "it can't be understood"
            raise UnreadableError(
                f"{self._path} is not YAML{where}: {reason}. Write lines such as KEY: value."
            ) from None

    def _mapping(self, above: tuple[str, ...]) -> None:
        from ruamel.yaml import events as yaml

        seen: set[str] = set()
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                return
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(event, "a key is a single word. Write lines such as KEY: value")
            names = (*above, event.value)
            if event.value in seen:
                self._refuse(event, f"{_shown(event.value)} stands twice. Keep one of the lines")
            seen.add(event.value)
            value = next(self._events)
            if isinstance(value, yaml.MappingStartEvent):
                self._check_depth(value, len(names))
                self._mapping(names)
            elif isinstance(value, yaml.SequenceStartEvent):
                if _known_name(names):
                    self._refuse(value, f"{_shown(event.value)} has a list. Write a single value")
                self._keep(event, names, None)
                self._pass_over_list()
            elif isinstance(value, yaml.ScalarEvent):
                self._keep(event, names, None if _is_nothing(value) else value.value)

    def _pass_over_list(self) -> None:
        from ruamel.yaml import events as yaml

        depth = 1
        while depth:
            event = next(self._events)
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                self._check_depth(event, depth)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1

    def _check_depth(self, event: yaml.Event, depth: int) -> None:
        if depth >= _MAX_DEPTH:
            self._refuse(event, "this is nested too deeply")

    def _keep(self, key: yaml.ScalarEvent, names: tuple[str, ...], value: str | None) -> None:
        known = _known_name(names)
        if known is None:
            self._unknown += 1
            if self._unknown <= _MOST_WARNINGS:
                spelled = (names[-1], "__".join(names))
                near = [found for name in spelled for found in nearest_names(name[:_LONGEST], KNOWN_KEYS, 1)]
                hint = f" Did you mean {near[0]}?" if near else ""
                self._warnings.append(f"{self._at(key)}: there is no key {_shown(names[-1])}.{hint}")
        elif value is not None and (known == "__".join(names) or known not in self._known):
            self._known[known] = value

    def _at(self, event: yaml.Event) -> str:
        mark = event.start_mark
        return f"{self._path}, line {mark.line + 1}" if mark else str(self._path)

    def _refuse(self, event: yaml.Event, reason: str) -> NoReturn:
        raise UnreadableError(f"{self._at(event)}: {reason}.")


def _known_name(names: tuple[str, ...]) -> str | None:
    if names[-1] == EVENTS_KEY:
        return EVENTS_KEY if len(names) == 1 else None
    return next((name for name in ("__".join(names), names[-1]) if name in KNOWN_KEYS), None)


def _is_nothing(event: yaml.Event) -> bool:
    from ruamel.yaml import events as yaml

    if not isinstance(event, yaml.ScalarEvent):
        return False
    return event.style is None and event.value in ("", "~", "null", "Null", "NULL")


def _shown(key: str) -> str:
    return repr(key[:_LONGEST])


DOCUMENTS = "goals.json"
EVENTS = "events"
ACTIVITIES_FOLDER = "activities"
NEEDED = {
    "project": ("id", "name"),
    "goals": ("id", "name"),
    "goal_versions": ("id", "name"),
    "flows": ("id", "name"),
    "saved_filters": ("id", "name"),
    "annotations": ("id", "text"),
    "tasks": ("id",),
    "batches": ("id", "what"),
    "syncs": ("id", "name", "url"),
}
"""The text fields that a document must have before it is parsed: lists of goals read only these."""


def belongs_to_workspace(name: str) -> bool:
    """Return whether a file or folder of this name belongs to the workspace, except for the user's `values.yaml`."""
    return (
        name in (DOCUMENTS, EVENTS, ACTIVITIES_FOLDER)
        or name.startswith((f"{DOCUMENTS}.", f".{DOCUMENTS}."))
        or name.endswith(".lock")
    )


class Workspace:
    """An opened workspace. Its documents and logs are safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.documents = Documents(path / DOCUMENTS, NEEDED, settle=lambda: self.events.settle())
        self._events: EventLog | None = None
        self.why_read_only: Callable[[], str | None] = lambda: None
        """Returns why no events can be added or deleted, as a message; None where they can."""

        self._activities: Log[Activity] | None = None
        self._opening = threading.RLock()

    @property
    def events(self) -> EventLog:
        """The event log, imported only when it is first used."""
        with self._opening:
            if self._events is None:
                from goals_tui.store.events.log import EventLog

                self._events = EventLog(self.path / EVENTS, self.documents, lambda: self.why_read_only())
            return self._events

    @property
    def activities(self) -> Log[Activity]:
        """The log of activities, imported only when it is first used."""
        with self._opening:
            if self._activities is None:
                from goals_tui.store.events.log import Log
                from goals_tui.store.events.schema import ACTIVITIES

                self._activities = Log(self.path / ACTIVITIES_FOLDER, ACTIVITIES)
            return self._activities

    @property
    def notices(self) -> list[str]:
        """Messages to the user about the workspace, such as the recovery of damaged documents."""
        return self.documents.notices

    @classmethod
    def create(cls, path: Path, project: Project) -> Workspace:
        """Make a workspace with this project in `path`, a folder that is new, empty, or holds other files.

        Raises RefusedError if there is a workspace already or DuckDB can't use the path, UnreadableError if it can't be
        written.
        """
        from goals_tui.store.duckdb_files import unusable

        if (path / DOCUMENTS).exists():
            raise RefusedError(f"There is a workspace at {path} already. Open it, or choose another folder.")
        why = unusable(path / EVENTS)
        if why:
            shown = os.fsencode(path).decode(errors="replace")
            raise RefusedError(f"No workspace can be in {shown!r}: {why}. Choose another folder.")
        try:
            make_workspace_folder(path)
            make_folder(path / EVENTS)
        except OSError as error:
            raise refusal("write", path, error) from error
        workspace = cls(path)
        with workspace.documents.transaction() as transaction:
            transaction.put("project", project.id, project.model_dump(mode="json"))
        return workspace

    @classmethod
    def open(cls, path: Path) -> Workspace:
        """Open the workspace in `path` and read its documents. Raises UnreadableError that says what to do."""
        if not (path / DOCUMENTS).exists() and not (path / f"{DOCUMENTS}.bak").exists():
            _check_readable(path)
            raise UnreadableError(
                f"There is no workspace at {path}. "
                f"Create one with: goals-tui init {quoted(str(path))} --name 'My Project', or goals-tui demo."
            )
        workspace = cls(path)
        if not workspace.documents.all("project"):
            raise UnreadableError(f"{path / DOCUMENTS} holds no project. Put a backup of it in its place.")
        return workspace


def _check_readable(path: Path) -> None:
    try:
        if path.exists():
            next(path.iterdir(), None)
    except OSError as error:
        raise refusal("read", path, error) from error
