"""values.yaml: feature flags by the names that the seed uses (DESIGN 3)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from goals_tui.domain.errors import UnreadableError
from goals_tui.store.atomic import refusal

VALUES = "values.yaml"
MAX_BYTES = 1 << 20
_MAX_DEPTH = 20
_MAX_VALUES = 10_000


def read_values(path: Path) -> dict[str, str]:
    """The values of a workspace (or of the file itself) as text; nothing where there is no file.

    A value inside others is found under its own name and under all names joined by `__`. True and false
    become "true" and "false". Raises UnreadableError for a file that can't be read or is not YAML.
    """
    path = path / VALUES if path.is_dir() else path
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UnreadableError(f"{path} is too large ({size:,} bytes). It should hold a few feature flags.")
        content = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise refusal("read", path, error) from error
    except UnicodeDecodeError:
        raise UnreadableError(f"{path} is not UTF-8 text. Save it as UTF-8.") from None
    values: dict[str, str] = {}
    for names, value in _leaves(_parse(path, content), ()):
        values["__".join(names)] = value
        values.setdefault(names[-1], value)
        if len(values) > _MAX_VALUES:
            raise UnreadableError(f"{path} holds more than {_MAX_VALUES:,} values. It should hold a few feature flags.")
    return values


def _parse(path: Path, content: str) -> dict[Any, Any]:
    import yaml

    try:
        data = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        reason = getattr(error, "problem", None) or "it can't be understood"
        raise UnreadableError(f"{path} is not YAML{where}: {reason}. Write lines such as NAME: value.") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UnreadableError(f"{path} holds no names with values. Write lines such as NAME: value.")
    return data


def _leaves(data: dict[Any, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every value with the names that lead to it. Lazily: aliases can make a small file hold endlessly many."""
    for key, value in data.items():
        names = (*above, str(key))
        if isinstance(value, dict):
            if len(names) < _MAX_DEPTH:
                yield from _leaves(value, names)
        elif isinstance(value, bool):
            yield names, str(value).lower()
        elif isinstance(value, int | float | str):
            yield names, str(value)
