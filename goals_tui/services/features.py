"""Feature flags, read from the environment or else from `values.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from goals_tui.domain.errors import RefusedError
from goals_tui.domain.limits import DEFAULT_MAX_STEPS, HIGHEST_MAX_STEPS

USE_GOALS = ("FEATURE_USE_GOALS_V2", "FEATURE_USE_GOALS")
"""The names of the switch, in order of precedence; `store.values_file.KNOWN_KEYS` lists all names of this module."""

MAX_STEPS = tuple(f"{flag}__MAX_STEPS_PER_GOAL" for flag in USE_GOALS)

_TRUE = {"true", "1", "yes", "on"}
_FALSE = {"false", "0", "no", "off"}
_FEWEST_STEPS = 2
_SHOWN = 60


@dataclass(frozen=True)
class Features:
    """The values of the flags; `max_steps` includes the initial step. The `_from` fields name their sources."""

    enabled: bool = True
    enabled_from: str = "default"
    max_steps: int = DEFAULT_MAX_STEPS
    max_steps_from: str = "default"


def read_features(env: Mapping[str, str], values: Mapping[str, str]) -> Features:
    """Return the flags of the environment, else of `values`, a flat values.yaml.

    Raises RefusedError for an invalid value.
    """
    enabled, enabled_from = read_switch(env, values)
    limit, limit_from = _find(MAX_STEPS, env, values)
    return Features(
        enabled=enabled,
        enabled_from=enabled_from,
        max_steps=_limit(limit, limit_from) if limit is not None else DEFAULT_MAX_STEPS,
        max_steps_from=limit_from,
    )


def read_switch(env: Mapping[str, str], values: Mapping[str, str]) -> tuple[bool, str]:
    """Return whether goals are switched on, and the source of that. Does not check the limit of steps."""
    flag, flag_from = _find(USE_GOALS, env, values)
    return _switch(flag, flag_from) if flag is not None else True, flag_from


def _find(names: tuple[str, ...], env: Mapping[str, str], values: Mapping[str, str]) -> tuple[str | None, str]:
    for place, found in (("the environment", env), ("values.yaml", values)):
        for name in names:
            if found.get(name, "").strip():
                return found[name].strip(), f"{name} in {place}"
    return None, "default"


def _switch(text: str, where: str) -> bool:
    if text.casefold() in _TRUE | _FALSE:
        return text.casefold() in _TRUE
    raise RefusedError(f"{where} is {text[:_SHOWN]!r}. Write true or false.")


def _limit(text: str, where: str) -> int:
    if re.fullmatch("[0-9]{1,9}", text) and _FEWEST_STEPS <= int(text) <= HIGHEST_MAX_STEPS:
        return int(text)
    raise RefusedError(
        f"{where} is {text[:_SHOWN]!r}. Write a number of steps from {_FEWEST_STEPS} to {HIGHEST_MAX_STEPS}."
    )
