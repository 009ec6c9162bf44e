"""The user's configuration: theme and keys, in a TOML file whose comments are kept when it is written.

theme = "goals-dark"

[keys]                       # by action id, as the help shows them
"goals.new" = "n,insert"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from goals_tui.domain.errors import UnreadableError, nearest_names
from goals_tui.services.first_start import write_configuration
from goals_tui.tui.app.terminal import TerminalAnswers

SETTINGS = ("theme", "keys", "tour_seen")


@dataclass
class Config:
    """The user's configuration.

    Nothing is written where `path` is None. `warnings` describe what is wrong in the file and not used. `answers` are
    those of the terminal about its colours, asked where no theme is set; they are not written.
    """

    path: Path | None = None
    theme: str | None = None
    keys: dict[str, str] = field(default_factory=dict)
    tour_seen: bool = False
    warnings: tuple[str, ...] = ()
    answers: TerminalAnswers | None = None

    def keep(self, name: str, value: str | bool) -> None:
        """Set one setting and write it to the file; comments and all else stay. Raises UnreadableError."""
        setattr(self, name, value)
        if self.path is None:
            return
        import tomlkit

        try:
            there = self.path.exists()
            document = tomlkit.parse(self.path.read_text("utf-8-sig")) if there else tomlkit.document()
            document[name] = value
            write_configuration(self.path, tomlkit.dumps(document))
        except UnicodeDecodeError as error:
            raise UnreadableError(f"{self.path} can't be read: {error}. Fix it or delete it.") from None
        except OSError as error:
            raise UnreadableError(f"{self.path} can't be written: {error.strerror or error}.") from None
        except tomlkit.exceptions.TOMLKitError as error:
            raise UnreadableError(f"{self.path} is not TOML: {error}. Fix it or delete it.") from None


def load(path: Path) -> Config:
    """Return the configuration in a file, with defaults for whatever is missing or wrong.

    Each warning names the file and the line, and the nearest known name for an unknown one.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return Config(path)
    except (OSError, UnicodeDecodeError) as error:
        return _nothing_of(path, f"{path} can't be read: {error}")
    try:
        found = tomllib.loads(text)
    except ValueError as error:  # not TOML, or a number with too many digits
        return _nothing_of(path, f"{path}: this is not TOML: {error}")
    except RecursionError:
        return _nothing_of(path, f"{path} is nested too deeply")
    return _Reader(path, text).read(found)


def _nothing_of(path: Path, why: str) -> Config:
    return Config(path, warnings=(f"{why}. The defaults are used: fix it or delete it.",))


class _Reader:
    """A reader of the file's settings that knows the line of each."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines = text.splitlines()
        self.warnings: list[str] = []

    def read(self, found: Mapping[str, Any]) -> Config:
        for name in found:
            if name not in SETTINGS:
                self.unknown("setting", name, SETTINGS)
        theme, keys, tour_seen = found.get("theme"), found.get("keys", {}), found.get("tour_seen", False)
        if theme is not None and not isinstance(theme, str):
            self.warn("theme", 'theme is a name in quotes, for example theme = "goals-dark"')
            theme = None
        if not isinstance(keys, dict):
            self.warn("keys", 'keys is a table: [keys], then lines such as "goals.new" = "n"')
            keys = {}
        if not isinstance(tour_seen, bool):
            self.warn("tour_seen", "tour_seen is true or false")
            tour_seen = False
        return Config(self.path, self.theme(theme), self.keys(dict(_flat(keys))), tour_seen, tuple(self.warnings))

    def theme(self, theme: str | None) -> str | None:
        if theme is not None:
            from textual.theme import BUILTIN_THEMES

            from goals_tui.tui.app.themes import OURS

            known = [*(ours.name for ours in OURS), *BUILTIN_THEMES]
            if theme not in known:
                self.unknown("theme", theme, known, name="theme")
                return None
        return theme

    def keys(self, given: dict[str, object]) -> dict[str, str]:
        if not given:
            return {}
        from goals_tui.tui.app.actions import registry

        actions = {action.id: action for action in registry()}
        keys: dict[str, str] = {}
        for id_, value in given.items():
            if id_ not in actions:
                self.unknown("action", id_, actions)
                continue
            if not isinstance(value, str) or not value.strip():
                self.warn(id_, 'keys are text, for example "ctrl+s,f2"')
                continue
            names = [name.strip() for name in value.split(",")]
            wrong = next(filter(None, map(why_not_a_key, names)), None)
            if wrong is None:
                keys[id_] = ",".join(names)
            else:
                self.warn(id_, wrong)
        while (clash := _clash(keys)) is not None:
            wrong, key, other = clash
            self.warn(wrong, f"{key!r} is the key of {other} too")
            del keys[wrong]  # Its default may be the key of another action.
        return keys

    def line_of(self, name: str) -> int:
        last = re.escape(name.rpartition(".")[2])
        pattern = re.compile(rf"""^\s*\[?\s*["'\w.-]*{last}["']?\s*[\]=]""")
        return next((number for number, line in enumerate(self.lines, 1) if pattern.match(line)), 1)

    def warn(self, name: str, message: str) -> None:
        end = "" if message.endswith("?") else "."
        self.warnings.append(f"{self.path}, line {self.line_of(name)}: {message}{end} The default is used.")

    def unknown(self, kind: str, wanted: str, known: Iterable[str], name: str | None = None) -> None:
        known = list(known)
        near = nearest_names(wanted, known)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known[:12])}"
        self.warn(name or wanted, f"there is no {kind} {wanted!r}; {hint}")


def _clash(keys: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return an action with a configured key that another one of its context has, the key, and that other action."""
    from goals_tui.tui.app.actions import registry

    taken: dict[tuple[str, str], str] = {}
    for action in registry():
        for key in filter(None, keys.get(action.id, action.keys).split(",")):
            other = taken.setdefault((action.context, key), action.id)
            if other != action.id:
                return (action.id, key, other) if action.id in keys else (other, key, action.id)
    return None


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield dotted names with their values: `goals.new = "n"` and `"goals.new" = "n"` mean the same."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


_MODIFIERS = ("ctrl", "shift", "alt", "super", "hyper", "meta")


def why_not_a_key(name: str) -> str | None:
    """Return the problem with the name of a key, or None."""
    from textual.keys import Keys

    from goals_tui.tui.app.actions import KEY_NAMES

    *modifiers, last = name.split("+") if name != "+" else [name]
    for modifier in modifiers:
        if modifier not in _MODIFIERS:
            return f"{name!r} is not a key: before the + goes one of {', '.join(_MODIFIERS)}"
    known = {key.value for key in Keys} | set(KEY_NAMES)
    if len(last) == 1 or last in known or name in known:
        return None
    near = nearest_names(last, known)
    return f"{name!r} is not a key" + (f"; did you mean {near[0]!r}?" if near else "")
